//! The path of machines with AVX2 and fused multiply-add, which have no product of integers that is wide enough: products of limbs are those of
//! floating-point numbers, both halves without an error.

mod lanes;
mod products;

use crate::columns::{Columns, Ratio, BLOCK};
use crate::eight::columns::FORM;
use crate::eight::points::{Row, Step};
use crate::eight::program::Registers;
use crate::eight::transform::{Twiddles, Values};
use crate::kernel::{Collision, Ref};
use crate::program::Compiled;
use halo2curves::bn256::{Fr, G1Affine};

/// The AVX2 path. A value of this type exists only on a machine that has what its functions use.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// The path, if the machine has it.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

path!(Avx2, "avx2,fma");
