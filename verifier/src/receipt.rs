//! A claim with its proof: one canonical byte string.

use crate::claim::Claim;
use crate::codec::{Put, Reader};
use crate::error::VerifyError;
use crate::kind::FileKind;
use crate::link::LinkProof;
use alloc::vec::Vec;

/// Longest halo2 proof in bytes.
pub const MAX_PROOF: usize = 1 << 20;
/// Longest claim in bytes: two full lists of values of at most 6 bytes, and the fixed parts.
pub(crate) const MAX_CLAIM: usize = 13 << 20;

/// A claim, the halo2 proof for it, and the proof that the linked columns are the committed ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What is stated.
    pub claim: Claim,
    /// The halo2 proof, at most [`MAX_PROOF`] bytes.
    pub proof: Vec<u8>,
    /// Ties the linked columns of the proof to their commitments.
    pub link: LinkProof,
}

impl Receipt {
    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::Receipt);
        out.put_bytes(&self.claim.to_bytes());
        out.put_bytes(&self.proof);
        self.link.put(&mut out);
        out
    }

    /// Decodes canonical bytes; refuses anything that [`to_bytes`](Self::to_bytes) would not have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut reader = Reader::new(bytes);
        reader.head(FileKind::Receipt)?;
        let receipt = Self {
            claim: Claim::from_bytes(reader.bytes(MAX_CLAIM)?)?,
            proof: reader.bytes(MAX_PROOF)?.to_vec(),
            link: LinkProof::read(&mut reader)?,
        };
        reader.finish()?;
        Ok(receipt)
    }
}
