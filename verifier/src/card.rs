//! The public description of a committed model, as far as verification needs it.

use crate::codec::{at_most, digest32, Put, Reader};
use crate::curve;
use crate::error::VerifyError;
use crate::key::VerifyingKey;
use crate::kind::FileKind;
use crate::receipt::MAX_PROOF;
use crate::registration::{self, Registration};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Longest description in bytes.
pub const MAX_DESCRIPTION: usize = 256 << 10;
const MAX_KEY: usize = 64 << 20;
const MAX_COMMITMENTS: usize = 4096;

/// A model: circuit, SRS, quantization, weight commitments and their registration. Its digest is the model id.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCard {
    /// Verifying key of the circuit.
    pub key: VerifyingKey,
    /// [`SrsVerifyingKey::id`](crate::SrsVerifyingKey::id) of the parameters the commitments were made with.
    pub srs_id: [u8; 32],
    /// Digest of the quantization recipe.
    pub quantization: [u8; 32],
    /// Compressed commitments to the weight columns, in the order of `key.linked.model`.
    pub commitments: Vec<[u8; 32]>,
    /// Shows that the committed weights are in range, see [`check`](Self::check).
    pub registration: Registration,
    /// A JSON text for people, bound by the model id, not interpreted here.
    pub description: String,
}

impl ModelCard {
    /// Canonical bytes. Of a valid card (see [`validate`](Self::validate)) they decode to the same card.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::Card);
        out.put_bytes(&self.key.to_bytes());
        out.put(&self.srs_id);
        out.put(&self.quantization);
        out.put_list(&self.commitments, |out, point| out.put(point));
        out.put_bytes(&self.registration.key.to_bytes());
        out.put_bytes(&self.registration.proof);
        out.put_bytes(self.description.as_bytes());
        out
    }

    /// Decodes canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut reader = Reader::new(bytes);
        reader.head(FileKind::Card)?;
        let card = Self {
            key: VerifyingKey::from_bytes(reader.bytes(MAX_KEY)?)?,
            srs_id: reader.array()?,
            quantization: reader.array()?,
            commitments: reader.list(MAX_COMMITMENTS, 32, Reader::array)?,
            registration: Registration {
                key: VerifyingKey::from_bytes(reader.bytes(MAX_KEY)?)?,
                proof: reader.bytes(MAX_PROOF)?.to_vec(),
            },
            description: core::str::from_utf8(reader.bytes(MAX_DESCRIPTION)?)
                .map_err(|_| VerifyError::BadUtf8)?
                .to_owned(),
        };
        reader.finish()?;
        card.validate()?;
        Ok(card)
    }

    /// Checks that there is one valid commitment for each linked weight column, that both keys are of their kind, and
    /// the bounds of the format. The registration is verified by [`check`](Self::check).
    pub fn validate(&self) -> Result<(), VerifyError> {
        let (expected, got) = (self.key.linked.model.len(), self.commitments.len());
        if expected != got {
            return Err(VerifyError::CommitmentCount {
                expected: crate::codec::wide(expected),
                got: crate::codec::wide(got),
            });
        }
        for point in &self.commitments {
            curve::g1_nonzero(point)?;
        }
        if self.key.layout.is_none() {
            return Err(VerifyError::KeyInvalid {
                reason: "a model has public columns",
            });
        }
        registration::validate(&self.registration, self.commitments.len())?;
        at_most(MAX_PROOF, self.registration.proof.len())?;
        at_most(MAX_DESCRIPTION, self.description.len())
    }

    /// Blake2b-256 of the canonical bytes: names everything in the card.
    pub fn model_id(&self) -> [u8; 32] {
        digest32(b"Provenn-Model---", &self.to_bytes())
    }
}
