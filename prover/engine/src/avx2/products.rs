//! Products of limbs of 52 bits by fused multiply-add, whose result is rounded once.
//!
//! For limbs `a` and `b` let `H` be `a b / 2^52`, rounded, and `L = a b - 2^52 H`, so that `|L| <= 2^51`.
//!
//! - `high = 2^104 + a b`, rounded, is `2^104 + 2^52 H`: from `2^104` to `2^105` floating-point numbers are multiples of `2^52`. Its bits are
//!   those of `2^104` plus `H`.
//! - `(2^104 - 1.5 2^52) - high` is `-(2 H + 3) 2^51`, and a floating-point number: `a b` is at most `(2^52 - 1)^2`, so `2 H + 3 < 2^53`.
//! - `low`, that plus `a b`, is `L - 1.5 2^52`: an integer from `-2^53` to `-2^52`, where all integers are floating-point numbers. Its bits are those of
//!   `-1.5 2^52` minus `L`.
//!
//! So sums of bits are sums of halves plus constants that are known, and the sums begin with what makes up for these.

mod starts;

use super::lanes::{add, all, and, both, left, right, subtract, Integers};
use crate::limbs::{Constants, Limbs, MASK};
use starts::{expecting, Start, PRODUCT, SQUARE};
use std::arch::x86_64::*;

/// Eight floating-point numbers.
type Floats = [__m256d; 2];

const TOP: f64 = (1u128 << 104) as f64;
const OFFSET: f64 = (3u64 << 51) as f64;
const HIGH: u64 = TOP.to_bits();
const LOW: u64 = (-OFFSET).to_bits();
const TWO_52: u64 = 0x4330_0000_0000_0000;

/// Constants of a field as floating-point numbers, which limbs are.
trait Factors: Constants {
    const P: [f64; 5] = floats(Self::P1);
    const STEP: [f64; 5] = floats(<Self as Constants>::STEP);
    const K: f64 = <Self as Constants>::K as f64;
}

impl<M: Constants> Factors for M {}

const fn floats([a, b, c, d, e]: Limbs) -> [f64; 5] {
    [a as f64, b as f64, c as f64, d as f64, e as f64]
}

/// Integers below `2^52`.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn float(integers: Integers) -> Floats {
    let top = [_mm256_castsi256_pd(_mm256_set1_epi64x(TWO_52 as i64)); 2];
    let bits = both!(_mm256_castsi256_pd(integers));
    let above = both!(_mm256_or_pd(bits, top));
    both!(_mm256_sub_pd(above, top))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn every(value: f64) -> Floats {
    [_mm256_set1_pd(value); 2]
}

/// Sums of products of limbs.
pub struct Sums([Integers; 10]);

impl Sums {
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn new(start: Start) -> Self {
        let mut sums = [all(0); 10];
        for (sum, start) in sums.iter_mut().zip(start) {
            *sum = all(start);
        }
        Self(sums)
    }

    /// Adds a product at a place.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn add(&mut self, place: usize, a: Floats, b: Floats) {
        let (top, below) = (every(TOP), every(TOP - OFFSET));
        let high = both!(_mm256_fmadd_pd(a, b, top));
        let rest = both!(_mm256_sub_pd(below, high));
        let low = both!(_mm256_fmadd_pd(a, b, rest));
        let (high, low) = (both!(_mm256_castpd_si256(high)), both!(_mm256_castpd_si256(low)));
        self.0[place] = subtract(self.0[place], low);
        self.0[place + 1] = add(self.0[place + 1], high);
    }

    /// The product of two elements.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    pub fn product(a: [Integers; 5], b: [Integers; 5]) -> Self {
        let mut sums = Self::new(PRODUCT);
        let b = [float(b[0]), float(b[1]), float(b[2]), float(b[3]), float(b[4])];
        for (i, a) in a.into_iter().enumerate() {
            let a = float(a);
            for (j, b) in b.into_iter().enumerate() {
                sums.add(i + j, a, b);
            }
        }
        sums
    }

    /// The square of an element.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    pub fn square(a: [Integers; 5]) -> Self {
        let mut sums = Self::new(SQUARE[0]);
        let a = [float(a[0]), float(a[1]), float(a[2]), float(a[3]), float(a[4])];
        for i in 0..5 {
            for j in i + 1..5 {
                sums.add(i + j, a[i], a[j]);
            }
        }
        for (sum, start) in sums.0.iter_mut().zip(SQUARE[1]) {
            *sum = add(left::<1>(*sum), all(start));
        }
        for (i, a) in a.into_iter().enumerate() {
            sums.add(2 * i, a, a);
        }
        sums
    }

    /// Montgomery's reduction. The four lowest limbs go by [`Constants::STEP`], which needs no product to know its factor; each adds less than
    /// `p 2^52` at its place, the fifth less than `p 2^52` in all. So what is left is below `t / R + 2 p`.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    pub fn reduced<M: Constants>(mut self) -> [Integers; 5] {
        let mask = all(MASK);
        for i in 0..4 {
            let lowest = float(and(self.0[i], mask));
            self.0[i + 1] = add(self.0[i + 1], right::<52>(self.0[i]));
            for j in 0..5 {
                self.add(i + j + 1, lowest, every(<M as Factors>::STEP[j]));
            }
        }
        let mut factor = Self::new(expecting([0; 10], 0));
        factor.add(0, float(and(self.0[4], mask)), every(<M as Factors>::K));
        let factor = float(and(factor.0[0], mask));
        self.0[4] = add(self.0[4], all(LOW));
        for j in 0..5 {
            self.add(j + 4, factor, every(<M as Factors>::P[j]));
        }
        let [.., last, a, b, c, d, e] = self.0;
        let mut limbs = [a, b, c, d, e];
        limbs[0] = add(limbs[0], right::<52>(last));
        for i in 0..4 {
            limbs[i + 1] = add(limbs[i + 1], right::<52>(limbs[i]));
            limbs[i] = and(limbs[i], mask);
        }
        limbs
    }
}
