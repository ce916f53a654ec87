//! Sums of many elements, reduced once.

use crate::fp::{mac, subtract, sum};
use crate::{Fp, Modulus};
use core::marker::PhantomData;

/// Lower half of a limb.
const HALF: u64 = u32::MAX as u64;

/// A sum of at most `2^32` elements. Halves of limbs are summed by themselves: no carry passes between them, and none overflows.
#[derive(Clone, Copy, Debug)]
pub struct Sum<M> {
    low: [u64; 4],
    high: [u64; 4],
    modulus: PhantomData<M>,
}

impl<M: Modulus> Sum<M> {
    /// Of nothing.
    pub const ZERO: Self = Self {
        low: [0; 4],
        high: [0; 4],
        modulus: PhantomData,
    };

    /// `2^317 / p`, between `2^63` and `2^64`.
    const RECIPROCAL: u64 = {
        // `2^253` is below the modulus; one bit of the quotient for each doubling of the remainder.
        let (mut remainder, mut quotient) = ([0, 0, 0, 1 << 61], 0);
        let mut bit = 0;
        while bit < 64 {
            let (less, borrow) = subtract(&sum(&remainder, &remainder), &M::LIMBS);
            (remainder, quotient) = match borrow {
                0 => (less, quotient << 1 | 1),
                _ => (sum(&remainder, &remainder), quotient << 1),
            };
            bit += 1;
        }
        quotient
    };

    /// One more.
    #[inline(always)]
    pub fn add(&mut self, element: &Fp<M>) {
        for ((low, high), limb) in self.low.iter_mut().zip(&mut self.high).zip(element.0) {
            *low += limb & HALF;
            *high += limb >> 32;
        }
    }

    /// The element that it is.
    ///
    /// The sum `s` is below `2^286`. With `h = floor(s / 2^224)` and `c = floor(2^317 / p)`, `q = floor(h c / 2^93)` is at most `s / p`, and less by
    /// at most `1 + 2^224 / p + h / 2^93 < 2`: so `s - q p` is below `2 p`.
    pub fn total(&self) -> Fp<M> {
        let (mut limbs, mut carry) = ([0; 4], 0u128);
        for ((limb, low), high) in limbs.iter_mut().zip(self.low).zip(self.high) {
            carry += u128::from(low) + (u128::from(high) << 32);
            *limb = carry as u64;
            carry >>= 64;
        }
        let high = (carry as u64) << 32 | limbs[3] >> 32;
        let quotient = ((u128::from(high) * u128::from(Self::RECIPROCAL)) >> 93) as u64;
        let (mut multiple, mut carry) = ([0; 4], 0);
        for (limb, p) in multiple.iter_mut().zip(M::LIMBS) {
            (*limb, carry) = mac(0, quotient, p, carry);
        }
        Fp(Fp::<M>::reduced(subtract(&limbs, &multiple).0), PhantomData)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fr;

    /// A sum of one element so many times, which nobody would add.
    fn times<M: Modulus>(element: Fp<M>, count: u64) -> Sum<M> {
        Sum {
            low: element.0.map(|limb| (limb & HALF) * count),
            high: element.0.map(|limb| (limb >> 32) * count),
            modulus: PhantomData,
        }
    }

    fn agrees<M: Modulus>() {
        let largest = Fp::<M>(subtract(&M::LIMBS, &[1, 0, 0, 0]).0, PhantomData);
        let half = Fp::<M>(Fp::<M>::shifted(M::LIMBS, 1), PhantomData);
        let others = [1u64, 2, u64::MAX].map(|value| Fp::<M>::from(value).invert().unwrap_or_default());
        for element in [largest, half, Fp::ONE, Fp::ZERO].into_iter().chain(others) {
            for count in (0..70).chain([1 << 16, (1 << 28) + 3, (1 << 32) - 1, 1 << 32]) {
                assert_eq!(times(element, count).total(), element * Fp::from(count), "{count}");
            }
        }
        // Multiples of the modulus, and what is next to them.
        for count in 1..1000 {
            let (mut all, mut one_more) = (times(largest, count), times(largest, count));
            (0..count).for_each(|_| all.add(&Fp([1, 0, 0, 0], PhantomData)));
            (0..=count).for_each(|_| one_more.add(&Fp([1, 0, 0, 0], PhantomData)));
            assert!(all.total().is_zero());
            assert_eq!(one_more.total().0, [1, 0, 0, 0]);
        }
    }

    #[test]
    fn sums_are_those_of_reduced_elements() {
        agrees::<crate::FrModulus>();
        agrees::<crate::FqModulus>();
        let (mut sum, mut expected) = (Sum::ZERO, Fr::ZERO);
        let mut element = Fr::from(3).invert().unwrap_or_default();
        for _ in 0..10_000 {
            sum.add(&element);
            expected += element;
            element *= element;
            element += Fr::ONE;
            assert_eq!(sum.total(), expected);
        }
    }
}
