//! One claim about a model in segments, with a proof for each of them.

use super::MAX_SEGMENTS;
use crate::claim::Claim;
use crate::codec::{at_most, length, Put, Reader};
use crate::error::VerifyError;
use crate::kind::FileKind;
use crate::link::LinkProof;
use crate::receipt::{MAX_CLAIM, MAX_PROOF};
use crate::statement::inference::MAX_POINTS;
use alloc::vec::Vec;

/// The proof of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentProof {
    /// The halo2 proof, at most [`MAX_PROOF`] bytes.
    pub proof: Vec<u8>,
    /// Ties its linked columns to their commitments.
    pub link: LinkProof,
}

/// A claim, what the segments give to one another, and their proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReceipt {
    /// What is stated, of the whole model.
    pub claim: Claim,
    /// The commitments to what each segment but the last gives, one for each column.
    pub between: Vec<Vec<[u8; 32]>>,
    /// The proofs, in the order of the segments.
    pub segments: Vec<SegmentProof>,
}

impl ChainReceipt {
    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::ChainReceipt);
        out.put_bytes(&self.claim.to_bytes());
        self.put_between(&mut out);
        out.put_list(&self.segments, |out, segment| {
            out.put_bytes(&segment.proof);
            segment.link.put(out);
        });
        out
    }

    fn put_between(&self, out: &mut Vec<u8>) {
        out.put_list(&self.between, |out, points| {
            out.put_list(points, |out, point| out.put(point));
        });
    }

    /// Decodes canonical bytes; refuses anything that [`to_bytes`](Self::to_bytes) would not have written.
    ///
    /// # Errors
    /// What is not of the format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut reader = Reader::new(bytes);
        reader.head(FileKind::ChainReceipt)?;
        let receipt = Self {
            claim: Claim::from_bytes(reader.bytes(MAX_CLAIM)?)?,
            between: reader.list(MAX_SEGMENTS, 4, |reader| reader.list(MAX_POINTS, 32, Reader::array))?,
            segments: reader.list(MAX_SEGMENTS, 40, |reader| {
                Ok(SegmentProof {
                    proof: reader.bytes(MAX_PROOF)?.to_vec(),
                    link: LinkProof::read(reader)?,
                })
            })?,
        };
        reader.finish()?;
        // Decoding a point takes a square root: what a receipt may cost is bounded for all of them together.
        let points = receipt
            .between
            .iter()
            .fold(0usize, |sum, points| sum.saturating_add(points.len()));
        at_most(MAX_POINTS, points)?;
        Ok(receipt)
    }

    /// What the proof of a segment is bound to: the claim, everything that the segments give to one another, and its place.
    pub fn segment_digest(&self, index: usize) -> [u8; 64] {
        let mut between = Vec::new();
        self.put_between(&mut between);
        *blake2b_simd::Params::new()
            .hash_length(64)
            .personal(b"Provenn-Segment-")
            .to_state()
            .update(&self.claim.digest())
            .update(&length(index).to_le_bytes())
            .update(&between)
            .finalize()
            .as_array()
    }
}
