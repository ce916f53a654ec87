//! The base field.

use crate::fp::{Fp, Modulus};

/// The modulus of [`Fq`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FqModulus;

impl Modulus for FqModulus {
    const LIMBS: [u64; 4] = [
        0x3c20_8c16_d87c_fd47,
        0x9781_6a91_6871_ca8d,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ];
}

/// The field that the coordinates of G1 are in.
pub type Fq = Fp<FqModulus>;
