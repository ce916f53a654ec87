//! The public statement of a receipt and its canonical bytes.

use crate::codec::{at_most, Put, Reader};
use crate::error::VerifyError;
use crate::kind::FORMAT_VERSION;
use crate::statement::Statement;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// The proof system a claim is for: halo2 (axiom 0.5), KZG over BN254, SHPLONK, Blake2b transcript, link proof.
pub const PROOF_SYSTEM: [u8; 16] = *b"halo2kzg-bn254-2";
/// Largest number of values in a list of a claim.
pub const MAX_VALUES: usize = 1 << 20;
/// Values, scores and thresholds lie strictly between `-VALUE_BOUND` and `VALUE_BOUND`.
pub const VALUE_BOUND: i64 = 1 << 40;
/// Longest audience in bytes.
pub const MAX_AUDIENCE: usize = 255;

/// What a receipt states, under which parameters and circuit, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// [`SrsVerifyingKey::id`](crate::SrsVerifyingKey::id).
    pub srs_id: [u8; 32],
    /// [`VerifyingKey::digest`](crate::VerifyingKey::digest).
    pub key_digest: [u8; 32],
    /// For whom and how long the receipt is meant.
    pub context: Context,
    /// What is stated.
    pub body: Statement,
}

/// For whom and how long a receipt is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Who asked, at most 255 bytes.
    pub audience: String,
    /// The verifier's challenge against replay.
    pub nonce: [u8; 32],
    /// Last second of validity (unix time), 0 for no end.
    pub not_after: u64,
}

impl Context {
    fn put(&self, out: &mut Vec<u8>) {
        out.put_bytes(self.audience.as_bytes());
        out.put(&self.nonce);
        out.put(&self.not_after.to_le_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let audience = core::str::from_utf8(reader.bytes(MAX_AUDIENCE)?);
        Ok(Self {
            audience: audience.map_err(|_| VerifyError::BadUtf8)?.to_owned(),
            nonce: reader.array()?,
            not_after: reader.u64()?,
        })
    }
}

/// The bound of the format on integers.
pub(crate) fn values_in_bound(values: &[i64]) -> Result<(), VerifyError> {
    at_most(MAX_VALUES, values.len())?;
    let maximum = VALUE_BOUND.unsigned_abs().saturating_sub(1);
    match values.iter().map(|v| v.unsigned_abs()).find(|v| *v > maximum) {
        Some(got) => Err(VerifyError::TooLarge { maximum, got }),
        None => Ok(()),
    }
}

impl Claim {
    /// Canonical bytes. Of a valid claim (see [`validate`](Self::validate)) they decode to the same claim.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put(&FORMAT_VERSION.to_le_bytes());
        out.put(&PROOF_SYSTEM);
        out.put(&self.srs_id);
        out.put(&self.key_digest);
        self.context.put(&mut out);
        self.body.put(&mut out);
        out
    }

    /// Decodes canonical bytes: every byte string that decodes is the encoding of its claim.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut reader = Reader::new(bytes);
        reader.version()?;
        if reader.array::<16>()? != PROOF_SYSTEM {
            return Err(VerifyError::BadProofSystem);
        }
        let claim = Self {
            srs_id: reader.array()?,
            key_digest: reader.array()?,
            context: Context::read(&mut reader)?,
            body: Statement::read(&mut reader)?,
        };
        reader.finish()?;
        claim.validate()?;
        Ok(claim)
    }

    /// Checks the bounds of the format. Decoding does this; call it on a claim built in memory.
    pub fn validate(&self) -> Result<(), VerifyError> {
        self.body.validate()?;
        at_most(MAX_AUDIENCE, self.context.audience.len())
    }

    /// Blake2b-512 of the canonical bytes.
    pub fn digest(&self) -> [u8; 64] {
        *blake2b_simd::Params::new()
            .hash_length(64)
            .personal(b"Provenn-Claim---")
            .hash(&self.to_bytes())
            .as_array()
    }

    /// The digest as a scalar: the first thing that the proof's transcript absorbs.
    pub fn claim_scalar(&self) -> Fr {
        Fr::from_wide_bytes(&self.digest())
    }
}
