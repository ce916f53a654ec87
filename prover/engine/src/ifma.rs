//! The path of machines with AVX-512 IFMA.

mod lanes;

use crate::columns::{Columns, Ratio, BLOCK};
use crate::eight::columns::FORM;
use crate::eight::points::{Row, Step};
use crate::eight::program::Registers;
use crate::eight::transform::{Twiddles, Values};
use crate::kernel::{Collision, Ref};
use crate::program::Compiled;
use halo2curves::bn256::{Fr, G1Affine};

/// The IFMA path. A value of this type exists only on a machine that has what its functions use.
#[derive(Clone, Copy, Debug)]
pub struct Ifma(());

impl Ifma {
    /// The path, if the machine has it.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")).then_some(Self(()))
    }
}

path!(Ifma, "avx512f,avx512ifma");
