//! The public statement of a receipt and its canonical bytes.

use crate::codec::{at_most, Put, Reader};
use crate::curve;
use crate::error::VerifyError;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// Version of the claim encoding.
pub const CLAIM_VERSION: u16 = 1;
/// The proof system a claim is for: halo2 (axiom 0.5), KZG over BN254, SHPLONK, Blake2b transcript, link proof.
pub const PROOF_SYSTEM: [u8; 16] = *b"halo2kzg-bn254-1";
/// Largest number of values in a claim.
pub const MAX_VALUES: usize = 1 << 20;
/// Largest number of input commitments in a claim: no key links more columns.
pub const MAX_POINTS: usize = 1 << 12;
/// Values, scores and thresholds lie strictly between `-VALUE_BOUND` and `VALUE_BOUND`.
pub const VALUE_BOUND: i64 = 1 << 40;
/// Longest audience in bytes.
pub const MAX_AUDIENCE: usize = 255;

/// What a receipt states: this model, on this input, gave an output that satisfies this policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// [`SrsVerifyingKey::id`](crate::SrsVerifyingKey::id).
    pub srs_id: [u8; 32],
    /// [`VerifyingKey::digest`](crate::VerifyingKey::digest).
    pub key_digest: [u8; 32],
    /// [`ModelCard::model_id`](crate::ModelCard::model_id).
    pub model_id: [u8; 32],
    /// Digest of the quantization recipe, as on the card.
    pub quantization: [u8; 32],
    /// The policy with its parameters and the output it lets out.
    pub policy: Policy,
    /// What the input is known by.
    pub input: InputBinding,
    /// For whom and how long the receipt is meant.
    pub context: Context,
}

/// An output constraint, with parameters and output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// All outputs, in integers of the quantized model.
    Scores {
        /// One score per output.
        scores: Vec<i64>,
    },
    /// The index of the largest output, the lowest one among equals.
    Label {
        /// That index.
        label: u32,
    },
    /// Whether output `output` is at least `threshold`.
    ThresholdBit {
        /// Index of the output.
        output: u32,
        /// The threshold, in integers of the quantized model.
        threshold: i64,
        /// The answer.
        bit: bool,
    },
    /// Output `output` is at least `threshold`; a receipt exists for this answer only.
    YesOnly {
        /// Index of the output.
        output: u32,
        /// The threshold, in integers of the quantized model.
        threshold: i64,
    },
}

/// A policy with its parameters, without the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// See [`Policy::Scores`].
    Scores,
    /// See [`Policy::Label`].
    Label,
    /// See [`Policy::ThresholdBit`].
    ThresholdBit {
        /// Index of the output.
        output: u32,
        /// The threshold.
        threshold: i64,
    },
    /// See [`Policy::YesOnly`].
    YesOnly {
        /// Index of the output.
        output: u32,
        /// The threshold.
        threshold: i64,
    },
}

/// What the input of a claim is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputBinding {
    /// The quantized values themselves, channel by channel.
    Public {
        /// `channels * positions` values.
        values: Vec<i64>,
    },
    /// Commitments to the input columns (compressed G1 points), one for each linked input column.
    Committed {
        /// The points.
        points: Vec<[u8; 32]>,
    },
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

impl PolicyKind {
    /// Name of the policy, the same on cards, on the command line and in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Label => "label",
            Self::ThresholdBit { .. } => "threshold",
            Self::YesOnly { .. } => "yes-only",
        }
    }
}

impl Policy {
    /// The policy without its output.
    pub fn kind(&self) -> PolicyKind {
        match *self {
            Self::Scores { .. } => PolicyKind::Scores,
            Self::Label { .. } => PolicyKind::Label,
            Self::ThresholdBit { output, threshold, .. } => PolicyKind::ThresholdBit { output, threshold },
            Self::YesOnly { output, threshold } => PolicyKind::YesOnly { output, threshold },
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Scores { scores } => {
                out.put(&[1]);
                out.put_integers(scores);
            }
            Self::Label { label } => {
                out.put(&[2]);
                out.put_u32(*label);
            }
            Self::ThresholdBit { output, threshold, bit } => {
                out.put(&[3]);
                out.put_u32(*output);
                out.put(&threshold.to_le_bytes());
                out.put(&[u8::from(*bit)]);
            }
            Self::YesOnly { output, threshold } => {
                out.put(&[4]);
                out.put_u32(*output);
                out.put(&threshold.to_le_bytes());
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        match reader.u8()? {
            1 => Ok(Self::Scores {
                scores: reader.integers(MAX_VALUES)?,
            }),
            2 => Ok(Self::Label { label: reader.u32()? }),
            3 => Ok(Self::ThresholdBit {
                output: reader.u32()?,
                threshold: reader.i64()?,
                bit: reader.flag()?,
            }),
            4 => Ok(Self::YesOnly {
                output: reader.u32()?,
                threshold: reader.i64()?,
            }),
            got => Err(VerifyError::BadTag { got }),
        }
    }

    fn validate(&self) -> Result<(), VerifyError> {
        match self {
            Self::Scores { scores } => values_in_bound(scores),
            Self::Label { .. } => Ok(()),
            Self::ThresholdBit { threshold, .. } | Self::YesOnly { threshold, .. } => values_in_bound(&[*threshold]),
        }
    }
}

impl InputBinding {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Public { values } => {
                out.put(&[1]);
                out.put_integers(values);
            }
            Self::Committed { points } => {
                out.put(&[2]);
                out.put_list(points, |out, point| out.put(point));
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        match reader.u8()? {
            1 => Ok(Self::Public {
                values: reader.integers(MAX_VALUES)?,
            }),
            2 => Ok(Self::Committed {
                points: reader.list(MAX_POINTS, 32, Reader::array)?,
            }),
            got => Err(VerifyError::BadTag { got }),
        }
    }

    fn validate(&self) -> Result<(), VerifyError> {
        match self {
            Self::Public { values } => values_in_bound(values),
            Self::Committed { points } => {
                at_most(MAX_POINTS, points.len())?;
                points.iter().try_for_each(|point| curve::g1_nonzero(point).map(drop))
            }
        }
    }
}

fn values_in_bound(values: &[i64]) -> Result<(), VerifyError> {
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
        out.put(&CLAIM_VERSION.to_le_bytes());
        out.put(&PROOF_SYSTEM);
        out.put(&self.srs_id);
        out.put(&self.key_digest);
        out.put(&self.model_id);
        out.put(&self.quantization);
        self.policy.put(&mut out);
        self.input.put(&mut out);
        out.put_bytes(self.context.audience.as_bytes());
        out.put(&self.context.nonce);
        out.put(&self.context.not_after.to_le_bytes());
        out
    }

    /// Decodes canonical bytes: every byte string that decodes is the encoding of its claim.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut reader = Reader::new(bytes);
        reader.version(CLAIM_VERSION)?;
        if reader.array::<16>()? != PROOF_SYSTEM {
            return Err(VerifyError::BadProofSystem);
        }
        let claim = Self {
            srs_id: reader.array()?,
            key_digest: reader.array()?,
            model_id: reader.array()?,
            quantization: reader.array()?,
            policy: Policy::read(&mut reader)?,
            input: InputBinding::read(&mut reader)?,
            context: Context {
                audience: core::str::from_utf8(reader.bytes(MAX_AUDIENCE)?)
                    .map_err(|_| VerifyError::BadUtf8)?
                    .to_owned(),
                nonce: reader.array()?,
                not_after: reader.u64()?,
            },
        };
        reader.finish()?;
        claim.validate()?;
        Ok(claim)
    }

    /// Checks the bounds of the format. Decoding does this; call it on a claim built in memory.
    pub fn validate(&self) -> Result<(), VerifyError> {
        self.policy.validate()?;
        self.input.validate()?;
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
