//! The public description of a committed model, as far as verification needs it.

use crate::codec::{at_most, digest32, Put, Reader};
use crate::error::VerifyError;
use crate::key::VerifyingKey;
use crate::kind::FileKind;
use crate::link::LinkProof;
use crate::receipt::MAX_PROOF;
use crate::registration::{self, Registration};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Longest description in bytes.
pub const MAX_DESCRIPTION: usize = 256 << 10;
/// Largest card in bytes: the bound for whoever reads one from a file. Of a model in segments it holds for the whole card.
pub const MAX_CARD: usize = 128 << 20;
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
    /// Compressed commitments to the weight columns, in the order of `key.linked.weights`.
    pub commitments: Vec<[u8; 32]>,
    /// Shows that the committed weights are in range, see [`check`](Self::check).
    pub registration: Registration,
    /// A JSON text for people, bound by the model id; [`schema`](Self::schema) reads it, verification does not.
    pub description: String,
}

impl ModelCard {
    /// Canonical bytes. Of a valid card (see [`validate`](Self::validate)) they decode to the same card.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.bytes_before_proof();
        out.put_bytes(&self.registration.proof);
        self.registration.link.put(&mut out);
        out
    }

    /// Blake2b-512 of everything on the card but the proof of its registration, which depends on it.
    pub fn registration_digest(&self) -> [u8; 64] {
        let hash = blake2b_simd::Params::new()
            .hash_length(64)
            .personal(b"Provenn-Register")
            .hash(&self.bytes_before_proof());
        *hash.as_array()
    }

    fn bytes_before_proof(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::Card);
        out.put_bytes(&self.key.to_bytes());
        out.put(&self.srs_id);
        out.put(&self.quantization);
        out.put_list(&self.commitments, |out, point| out.put(point));
        out.put_bytes(&self.registration.key.to_bytes());
        out.put_bytes(self.description.as_bytes());
        out
    }

    /// Decodes canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let card = Self::read(bytes)?;
        card.validate()?;
        Ok(card)
    }

    /// The same of the card of a segment, or of a stage: no model by itself, but a part of a [`ChainCard`](crate::ChainCard).
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes).
    pub fn read_segment(bytes: &[u8]) -> Result<Self, VerifyError> {
        let card = Self::read(bytes)?;
        card.validate_segment()?;
        Ok(card)
    }

    fn read(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut reader = Reader::new(bytes);
        reader.head(FileKind::Card)?;
        let key = VerifyingKey::from_bytes(reader.bytes(MAX_KEY)?)?;
        let (srs_id, quantization) = (reader.array()?, reader.array()?);
        let commitments = reader.list(MAX_COMMITMENTS, 32, Reader::array)?;
        let registration_key = VerifyingKey::from_bytes(reader.bytes(MAX_KEY)?)?;
        let description = core::str::from_utf8(reader.bytes(MAX_DESCRIPTION)?).map_err(|_| VerifyError::BadUtf8)?;
        let card = Self {
            key,
            srs_id,
            quantization,
            commitments,
            description: description.to_owned(),
            registration: Registration {
                key: registration_key,
                proof: reader.bytes(MAX_PROOF)?.to_vec(),
                link: LinkProof::read(&mut reader)?,
            },
        };
        reader.finish()?;
        Ok(card)
    }

    /// Checks that there is one commitment for each committed column, that both keys are of their kind, and the bounds of
    /// the format. Commitments are decoded, and the registration is verified, by [`check`](Self::check).
    pub fn validate(&self) -> Result<(), VerifyError> {
        if self.key.purpose.segment().is_some() {
            return Err(VerifyError::StageCard);
        }
        self.validate_parts(self.key.purpose.layout().is_some())
    }

    /// The same of a segment.
    pub(crate) fn validate_segment(&self) -> Result<(), VerifyError> {
        self.validate_parts(self.key.purpose.segment().is_some())
    }

    fn validate_parts(&self, of_its_kind: bool) -> Result<(), VerifyError> {
        let (expected, got) = (self.key.linked.weights.commitments(), self.commitments.len());
        if expected != got {
            return Err(VerifyError::CommitmentCount {
                expected: crate::codec::wide(expected),
                got: crate::codec::wide(got),
            });
        }
        if !of_its_kind {
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
