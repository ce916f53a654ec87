//! The scalar field.

use crate::fp::{Fp, Modulus};

/// The modulus of [`Fr`], the order of G1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FrModulus;

impl Modulus for FrModulus {
    const LIMBS: [u64; 4] = [
        0x43e1_f593_f000_0001,
        0x2833_e848_79b9_7091,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ];
}

/// The field of scalars.
pub type Fr = Fp<FrModulus>;

impl Fr {
    /// The multiplicative group has `2^TWO_ADICITY` as the largest power of two that divides its order.
    pub const TWO_ADICITY: u32 = 28;
    /// Generates the multiplicative group.
    const GENERATOR: Self = Self::from_limbs([7, 0, 0, 0]);
    /// Generates the subgroup of order `2^28`.
    pub const ROOT_OF_UNITY: Self = Self::GENERATOR.power(&Self::shifted(FrModulus::LIMBS, Self::TWO_ADICITY));
    /// Its inverse.
    pub const ROOT_OF_UNITY_INVERSE: Self = Self::ROOT_OF_UNITY.power(&Self::MINUS_TWO);
    /// `2^28`-th power of a generator: generates the subgroup of odd order.
    pub const DELTA: Self = Self::GENERATOR.power(&[1 << Self::TWO_ADICITY, 0, 0, 0]);
}
