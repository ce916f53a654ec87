//! The Fiat-Shamir transcript of the proof: Blake2b-512, one prefix byte before each message.

use crate::codec::Reader;
use crate::error::VerifyError;
use alloc::vec::Vec;
use provenn_bn254::{Fr, G1Affine};

const CHALLENGE: u8 = 0;
const POINT: u8 = 1;
const SCALAR: u8 = 2;

/// Absorbs the messages of a proof while reading them.
pub(crate) struct Transcript<'a> {
    state: blake2b_simd::State,
    proof: Reader<'a>,
}

impl<'a> Transcript<'a> {
    pub(crate) fn new(proof: &'a [u8]) -> Self {
        Self {
            state: blake2b_simd::Params::new()
                .hash_length(64)
                .personal(b"Halo2-Transcript")
                .to_state(),
            proof: Reader::new(proof),
        }
    }

    /// Absorbs a scalar that is not part of the proof.
    pub(crate) fn common_scalar(&mut self, scalar: &Fr) {
        self.state.update(&[SCALAR]);
        self.state.update(&scalar.to_bytes());
    }

    pub(crate) fn scalar(&mut self) -> Result<Fr, VerifyError> {
        let scalar = self.proof.scalar()?;
        self.common_scalar(&scalar);
        Ok(scalar)
    }

    pub(crate) fn scalars(&mut self, count: usize) -> Result<Vec<Fr>, VerifyError> {
        (0..count).map(|_| self.scalar()).collect()
    }

    /// A point of the proof; never the identity.
    pub(crate) fn point(&mut self) -> Result<G1Affine, VerifyError> {
        let point = self.proof.point()?;
        let (x, y) = point.coordinates();
        self.state.update(&[POINT]);
        self.state.update(&x.to_bytes());
        self.state.update(&y.to_bytes());
        Ok(point)
    }

    pub(crate) fn points(&mut self, count: usize) -> Result<Vec<G1Affine>, VerifyError> {
        (0..count).map(|_| self.point()).collect()
    }

    pub(crate) fn challenge(&mut self) -> Fr {
        self.state.update(&[CHALLENGE]);
        Fr::from_wide_bytes(self.state.finalize().as_array())
    }

    /// Requires that all bytes of the proof were read.
    pub(crate) fn finish(self) -> Result<(), VerifyError> {
        self.proof.finish()
    }
}
