//! Eight elements of a field at once, as two vectors of four: what [`eight`] says of each function holds here.

use super::products::Sums;
use super::Avx2;
use crate::eight::transform::{dft, Twiddles};
use crate::eight::{self, Vectors};
use crate::limbs::{Constants, Limbs, MASK};
use halo2curves::bn256::Fr;
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// Eight integers of 64 bits.
pub type Integers = [__m256i; 2];

/// Eight elements.
#[derive(Clone, Copy)]
pub struct Lanes<M>([Integers; 5], PhantomData<M>);

/// Eight sums of elements.
#[derive(Clone, Copy)]
pub struct Wide<M>([Integers; 5], PhantomData<M>);

/// The four words of each of eight elements, first words first.
type Words = [Integers; 4];

/// Both halves by one operation.
macro_rules! both {
    ($operation:ident($($vector:expr),+)) => {
        [$operation($($vector[0]),+), $operation($($vector[1]),+)]
    };
}
pub(super) use both;

#[inline]
#[target_feature(enable = "avx2,fma")]
pub fn all(value: u64) -> Integers {
    [_mm256_set1_epi64x(value as i64); 2]
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub fn add(a: Integers, b: Integers) -> Integers {
    both!(_mm256_add_epi64(a, b))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub fn subtract(a: Integers, b: Integers) -> Integers {
    both!(_mm256_sub_epi64(a, b))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub fn and(a: Integers, b: Integers) -> Integers {
    both!(_mm256_and_si256(a, b))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub fn right<const BITS: i32>(a: Integers) -> Integers {
    [_mm256_srli_epi64::<BITS>(a[0]), _mm256_srli_epi64::<BITS>(a[1])]
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub fn left<const BITS: i32>(a: Integers) -> Integers {
    [_mm256_slli_epi64::<BITS>(a[0]), _mm256_slli_epi64::<BITS>(a[1])]
}

/// What a limb with a sign carries: there is no shift that keeps the sign, so `2^62` is added before and `2^10` taken off after.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn carry(limb: Integers) -> Integers {
    subtract(right::<52>(add(limb, all(1 << 62))), all(1 << 10))
}

impl<M: Constants> Wide<M> {
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn add(self, other: Self) -> Self {
        let mut sum = self;
        for (a, b) in sum.0.iter_mut().zip(other.0) {
            *a = add(*a, b);
        }
        sum
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn sub(self, other: Self) -> Self {
        let mut difference = self;
        for (a, b) in difference.0.iter_mut().zip(other.0) {
            *a = subtract(*a, b);
        }
        difference
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn plus(self, limbs: Limbs) -> Self {
        let mut sum = self;
        for (a, limb) in sum.0.iter_mut().zip(limbs) {
            *a = add(*a, all(limb));
        }
        sum
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn negate_where(self, mask: u8) -> Self {
        let bits = [_mm256_setr_epi64x(1, 2, 4, 8), _mm256_setr_epi64x(16, 32, 64, 128)];
        let chosen = and(all(u64::from(mask)), bits);
        let chosen = both!(_mm256_cmpeq_epi64(chosen, bits));
        let mut result = self;
        for (a, p) in result.0.iter_mut().zip(M::P2) {
            let negated = subtract(all(p), *a);
            *a = both!(_mm256_blendv_epi8(a, negated, chosen));
        }
        result
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn carried(self) -> Lanes<M> {
        let (mut limbs, mask) = (self.0, all(MASK));
        for i in 0..4 {
            limbs[i + 1] = add(limbs[i + 1], carry(limbs[i]));
            limbs[i] = and(limbs[i], mask);
        }
        Lanes(limbs, PhantomData)
    }

    /// Products are of 32 bits: `q` is at most 16, so that `q p` is made of two for each limb, and 84 is multiplied with `h / 2^20`, which takes
    /// less than `2^-25` off what is rounded down.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn narrowed(self) -> Lanes<M> {
        let zero = all(0);
        let positive = both!(_mm256_cmpgt_epi64(self.0[4], zero));
        let high = right::<20>(and(self.0[4], positive));
        let q = right::<32>(times(high, 84));
        let mut rest = self;
        for (limb, p) in rest.0.iter_mut().zip(M::P1) {
            let multiple = add(times(q, p as u32), left::<32>(times(q, (p >> 32) as u32)));
            *limb = subtract(*limb, multiple);
        }
        rest.carried()
    }
}

/// The lower halves of integers times a number.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn times(a: Integers, by: u32) -> Integers {
    let by = all(u64::from(by));
    both!(_mm256_mul_epu32(a, by))
}

impl<M: Constants> Lanes<M> {
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn from_words(w: Words) -> Self {
        let mask = all(MASK);
        let join = |low: Integers, high: Integers| and(both!(_mm256_or_si256(low, high)), mask);
        Self(
            [
                and(w[0], mask),
                join(right::<52>(w[0]), left::<12>(w[1])),
                join(right::<40>(w[1]), left::<24>(w[2])),
                join(right::<28>(w[2]), left::<36>(w[3])),
                right::<16>(w[3]),
            ],
            PhantomData,
        )
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn to_words(self) -> Words {
        let l = self.0;
        let join = |low: Integers, high: Integers| both!(_mm256_or_si256(low, high));
        [
            join(l[0], left::<52>(l[1])),
            join(right::<12>(l[1]), left::<40>(l[2])),
            join(right::<24>(l[2]), left::<28>(l[3])),
            join(right::<36>(l[3]), left::<16>(l[4])),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn mul(self, other: Self) -> Self {
        Self(Sums::product(self.0, other.0).reduced::<M>(), PhantomData)
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn square(self) -> Self {
        Self(Sums::square(self.0).reduced::<M>(), PhantomData)
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn canonical(self) -> Self {
        let value = Wide::<M>(self.0, PhantomData).narrowed();
        let mut less = Wide(value.0, PhantomData);
        for (limb, p) in less.0.iter_mut().zip(M::P1) {
            *limb = subtract(*limb, all(p));
        }
        let mut result: Self = less.carried();
        // The sign of the highest limb is that of the number.
        let below = both!(_mm256_cmpgt_epi64(all(0), result.0[4]));
        for (limb, kept) in result.0.iter_mut().zip(value.0) {
            *limb = both!(_mm256_blendv_epi8(limb, kept, below));
        }
        result
    }
}

/// Four rows of four words as columns, and the other way around.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn turned([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    let (even, odd) = (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
    let (even2, odd2) = (_mm256_unpacklo_epi64(c, d), _mm256_unpackhi_epi64(c, d));
    [
        _mm256_permute2x128_si256::<0x20>(even, even2),
        _mm256_permute2x128_si256::<0x20>(odd, odd2),
        _mm256_permute2x128_si256::<0x31>(even, even2),
        _mm256_permute2x128_si256::<0x31>(odd, odd2),
    ]
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn splat<M: Constants>(_: Avx2, limbs: Limbs) -> Lanes<M> {
    let [a, b, c, d, e] = limbs;
    Lanes([all(a), all(b), all(c), all(d), all(e)], PhantomData)
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn gathered<M: Constants>(_: Avx2, rows: [&[u64; 4]; 8]) -> Lanes<M> {
    let [a, b, c, d, e, f, g, h] = rows;
    let front = turned([load(a), load(b), load(c), load(d)]);
    let back = turned([load(e), load(f), load(g), load(h)]);
    Lanes::from_words([0, 1, 2, 3].map(|word| [front[word], back[word]]))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn scattered<M: Constants>(lanes: Lanes<M>) -> [[u64; 4]; 8] {
    let words = lanes.to_words();
    let mut elements = [[0; 4]; 8];
    for (half, elements) in elements.chunks_exact_mut(4).enumerate() {
        let rows = turned(words.map(|word| word[half]));
        elements
            .iter_mut()
            .zip(rows)
            .for_each(|(element, row)| store(element, row));
    }
    elements
}

#[inline]
#[target_feature(enable = "avx2,fma")]
#[allow(unsafe_code)]
fn load(words: &[u64; 4]) -> __m256i {
    // SAFETY: the reference is to 32 bytes; no alignment is asked for.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
#[allow(unsafe_code)]
fn store(words: &mut [u64; 4], value: __m256i) {
    // SAFETY: the reference is to 32 bytes; no alignment is asked for.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), value) }
}

vectors!(Avx2, "avx2,fma");
