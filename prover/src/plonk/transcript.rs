//! The transcript of a proof, as the verifier reads it.

use crate::error::{Defect, ProveError};
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, Transcript, TranscriptWrite, TranscriptWriterBuffer};
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::group::Curve;

/// Writes the messages of a proof and draws its challenges.
pub(super) struct Writer(Blake2bWrite<Vec<u8>, G1Affine, Challenge255<G1Affine>>);

impl Default for Writer {
    fn default() -> Self {
        Self(Blake2bWrite::init(vec![]))
    }
}

impl Writer {
    /// A scalar that is not part of the proof.
    pub fn absorb(&mut self, scalar: Fr) -> Result<(), ProveError> {
        self.0.common_scalar(scalar).map_err(failed)
    }

    pub fn scalar(&mut self, scalar: Fr) -> Result<(), ProveError> {
        self.0.write_scalar(scalar).map_err(failed)
    }

    /// Writes points, and returns them.
    pub fn points(&mut self, points: &[G1]) -> Result<Vec<G1Affine>, ProveError> {
        let mut affine = vec![G1Affine::default(); points.len()];
        G1::batch_normalize(points, &mut affine);
        for point in &affine {
            self.0.write_point(*point).map_err(failed)?;
        }
        Ok(affine)
    }

    pub fn challenge(&mut self) -> Fr {
        *self.0.squeeze_challenge_scalar::<()>()
    }

    /// The bytes of the proof.
    pub fn finish(self) -> Vec<u8> {
        self.0.finalize()
    }
}

fn failed(e: std::io::Error) -> ProveError {
    Defect::Transcript(e).into()
}
