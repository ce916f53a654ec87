//! What jobs are asked to do: one type from the door to the worker. A request is parsed once; nothing in it can be missing later.

use super::api::Binding;
use super::error::ApiError;
use super::ids::{AgreementDigest, JobId, ModelId, ObjectDigest};
use super::inputs::{fields, PerInput};
use crate::bytes::{hex, hex32};
use crate::policy::Asked;
use provenn_prover::about::About;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The highest level of jobs that this program knows. A kind or a request that older workers would do wrong gets a higher one.
pub const LEVEL: i64 = 2;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobRequest {
    /// Commit to an uploaded model.
    Commit(Commit),
    /// Commit to an uploaded input.
    Opening(Opening),
    /// Make a receipt of an inference.
    Proof(Proof),
    /// Make a receipt of a colouring.
    Colouring(Colouring),
    /// Prove a segment of a run: the service itself asks for it.
    Segment(Segment),
}

/// Digests of uploads, and how receipts bind their inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    pub model: ObjectDigest,
    pub calibration: PerInput<ObjectDigest>,
    pub held_out: Option<PerInput<ObjectDigest>>,
    /// Items of a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// How many, of a model in segments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<u32>,
    /// The tensors where it is cut, in place of how many segments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut_at: Vec<String>,
    /// What the card says of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    #[serde(flatten, with = "fields")]
    pub bindings: PerInput<Binding>,
}

impl Commit {
    /// How many segments the model has; none in one circuit.
    pub fn parts(&self) -> Option<u32> {
        match self.cut_at.len() {
            0 => self.segments,
            cuts => u32::try_from(cuts + 1).ok(),
        }
    }
}

/// A committed model, the digest of an upload, and which input of the model it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    pub model: ModelId,
    pub input: ObjectDigest,
    /// Of a model with several inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A committed model, the digests of uploaded inputs, and what the receipt states for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub model: ModelId,
    #[serde(flatten, with = "fields")]
    pub inputs: PerInput<ObjectDigest>,
    pub policy: Asked,
    /// The labels or groups of items that the policy takes beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<ObjectDigest>,
    pub audience: String,
    pub nonce: Nonce,
    pub not_after: u64,
    /// The agreement that the audience names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<Under>,
}

/// An agreement, its file, and the files of the signatures of inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Under {
    pub agreement: AgreementDigest,
    pub file: ObjectDigest,
    pub signatures: Vec<ObjectDigest>,
}

/// The digests of an uploaded graph and of its colouring, and what the receipt states for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colouring {
    pub graph: ObjectDigest,
    pub colouring: ObjectDigest,
    pub colours: u32,
    pub audience: String,
    pub nonce: Nonce,
    pub not_after: u64,
}

/// A proof whose model was run, the model, the secret run, and which segment of it, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub proof: JobId,
    pub model: ModelId,
    pub run: ObjectDigest,
    pub segment: u32,
}

/// A verifier's challenge, in text 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(pub [u8; 32]);

impl FromStr for Nonce {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        hex32(text).map(Self)
    }
}

impl TryFrom<String> for Nonce {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        nonce.to_string()
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl JobRequest {
    /// The kind of the job.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Commit(_) => "commit",
            Self::Opening(_) => "opening",
            Self::Proof(_) => "proof",
            Self::Colouring(_) => "colouring",
            Self::Segment(_) => "segment",
        }
    }

    /// What a worker has to know to do it: jobs of a higher level than its own are not its.
    pub fn level(&self) -> i64 {
        match self {
            Self::Commit(asked) if !asked.cut_at.is_empty() => 2,
            Self::Segment(_) => 2,
            Self::Commit(_) | Self::Opening(_) | Self::Proof(_) | Self::Colouring(_) => 1,
        }
    }

    /// The request as a document, for clients and the database.
    ///
    /// # Errors
    /// None that a value of this type has.
    pub fn document(&self) -> Result<Value, ApiError> {
        Ok(match self {
            Self::Commit(asked) => serde_json::to_value(asked),
            Self::Opening(asked) => serde_json::to_value(asked),
            Self::Proof(asked) => serde_json::to_value(asked),
            Self::Colouring(asked) => serde_json::to_value(asked),
            Self::Segment(asked) => serde_json::to_value(asked),
        }?)
    }

    /// What [`document`](Self::document) wrote.
    ///
    /// # Errors
    /// A kind or a document of another version.
    pub fn stored(kind: &str, document: &Value) -> Result<Self, ApiError> {
        let document = document.clone();
        Ok(match kind {
            "commit" => Self::Commit(serde_json::from_value(document)?),
            "opening" => Self::Opening(serde_json::from_value(document)?),
            "proof" => Self::Proof(serde_json::from_value(document)?),
            "colouring" => Self::Colouring(serde_json::from_value(document)?),
            "segment" => Self::Segment(serde_json::from_value(document)?),
            other => return Err(ApiError::Internal(format!("unknown kind of job {other}"))),
        })
    }

    /// Digest of what is asked for: equal exactly for jobs that ask for the same thing.
    ///
    /// # Errors
    /// As [`document`](Self::document).
    pub fn statement(&self) -> Result<String, ApiError> {
        let kind = self.kind();
        Ok(match self {
            Self::Commit(_) | Self::Colouring(_) => digest(&[kind, &self.document()?.to_string()]),
            Self::Segment(asked) => digest(&[kind, asked.proof.as_str(), &asked.segment.to_string()]),
            Self::Opening(asked) => {
                let parts = [kind, asked.model.as_str(), asked.input.as_str()];
                digest(&parts.into_iter().chain(asked.name.as_deref()).collect::<Vec<_>>())
            }
            Self::Proof(asked) => {
                let (policy, nonce, end) = (
                    asked.policy.to_string(),
                    asked.nonce.to_string(),
                    asked.not_after.to_string(),
                );
                let inputs = asked
                    .inputs
                    .iter()
                    .flat_map(|(name, sha256)| name.into_iter().chain([sha256.as_str()]));
                let parts = [kind, asked.model.as_str()].into_iter().chain(inputs);
                let context = [policy.as_str(), asked.audience.as_str(), nonce.as_str(), end.as_str()];
                let labels = asked.labels.iter().map(ObjectDigest::as_str);
                digest(&parts.chain(context).chain(labels).collect::<Vec<_>>())
            }
        })
    }

    /// The agreement that a receipt is made under.
    pub fn agreement(&self) -> Option<&AgreementDigest> {
        match self {
            Self::Proof(asked) => asked.under.as_ref().map(|under| &under.agreement),
            _ => None,
        }
    }

    /// Where the job is seen.
    pub fn place(&self) -> &'static str {
        match self {
            Self::Commit(_) | Self::Opening(_) => "/v1/jobs",
            Self::Proof(_) | Self::Colouring(_) | Self::Segment(_) => "/v1/proofs",
        }
    }
}

/// Which jobs an address is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    All,
    /// Those that make receipts.
    Receipts,
}

impl Kinds {
    /// For queries: whether a job has to be of a kind that makes receipts.
    pub fn receipts(self) -> i64 {
        i64::from(self == Self::Receipts)
    }
}

/// Digest of texts, each with its length.
pub fn digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    hex(&digest.finalize())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
