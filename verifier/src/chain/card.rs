//! The public description of a model in segments.

use crate::card::{ModelCard, MAX_CARD, MAX_DESCRIPTION};
use crate::codec::{at_most, digest32, Put, Reader};
use crate::error::VerifyError;
use crate::key::{InputLayout, InstanceLayout};
use crate::kind::FileKind;
use crate::srs::SrsVerifyingKey;
use crate::statement::inference::Identity;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Deref;
use provenn_bn254::G1Affine;

/// Most segments of a chain.
pub const MAX_SEGMENTS: usize = 64;

/// A model in segments, in their order. Its digest is the model id.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainCard {
    /// Each with circuit, weight commitments and registration of its own.
    pub segments: Vec<ModelCard>,
    /// A JSON text for people about the whole model, as that of a [`ModelCard`].
    pub description: String,
}

impl ChainCard {
    /// Canonical bytes. Of a valid card they decode to the same card.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::ChainCard);
        out.put_list(&self.segments, |out, segment| out.put_bytes(&segment.to_bytes()));
        out.put_bytes(self.description.as_bytes());
        out
    }

    /// Decodes canonical bytes.
    ///
    /// # Errors
    /// What is not of the format, and those of [`validate`](Self::validate).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        at_most(MAX_CARD, bytes.len())?;
        let mut reader = Reader::new(bytes);
        reader.head(FileKind::ChainCard)?;
        let segments = reader.list(MAX_SEGMENTS, 4, |reader| {
            ModelCard::read_segment(reader.bytes(MAX_CARD)?)
        })?;
        let description = core::str::from_utf8(reader.bytes(MAX_DESCRIPTION)?).map_err(|_| VerifyError::BadUtf8)?;
        let card = Self {
            segments,
            description: description.to_owned(),
        };
        reader.finish()?;
        card.validate()?;
        Ok(card)
    }

    /// Checks that the segments follow one another: the first takes the inputs of the model, each other what the one before gives, in the same
    /// cells, and the last has the outputs; under the same parameters. Stages that were committed apart have recipes of their own.
    ///
    /// # Errors
    /// [`VerifyError::KeyInvalid`], and the bounds of the format.
    pub fn validate(&self) -> Result<(), VerifyError> {
        let invalid = |reason| Err(VerifyError::KeyInvalid { reason });
        at_most(MAX_SEGMENTS, self.segments.len())?;
        at_most(MAX_DESCRIPTION, self.description.len())?;
        let [first, .., _] = self.segments.as_slice() else {
            return invalid("a chain has two segments at least");
        };
        let shared = |card: &ModelCard| (card.srs_id, card.key.k);
        let mut before: Option<Cells<'_>> = None;
        for (index, card) in self.segments.iter().enumerate() {
            card.validate_segment()?;
            let Some(segment) = card.key.purpose.segment() else {
                return invalid("a segment has the key of one");
            };
            if shared(card) != shared(first) {
                return invalid("segments of different parameters");
            }
            // The key has one input then.
            let taken = segment.instances.inputs.first().filter(|_| segment.takes);
            let taken = taken.map(|tensor| Cells {
                tensor,
                lanes: segment.instances.lanes,
            });
            if !Cells::meet(before, taken) {
                return invalid("a segment takes what the one before gives");
            }
            before = segment.gives.as_ref().map(|tensor| Cells {
                tensor,
                lanes: segment.given_lanes(),
            });
            if before.is_none() != (index.checked_add(1) == Some(self.segments.len())) {
                return invalid("the last segment of a chain has its outputs");
            }
        }
        Ok(())
    }

    /// Blake2b-256 of the canonical bytes: names everything in the card.
    pub fn model_id(&self) -> [u8; 32] {
        digest32(b"Provenn-Chain---", &self.to_bytes())
    }

    /// Blake2b-256 of the digests of the segments' keys, which claims name as that of the model's circuit.
    pub fn key_digest(&self) -> [u8; 32] {
        let digests: Vec<[u8; 32]> = self.segments.iter().map(|card| card.key.digest()).collect();
        digest32(b"Provenn-ChainKey", &digests.concat())
    }

    /// Digest of the quantization recipe, which claims name: that of the model; of stages with recipes of their own Blake2b-256 of theirs, in their
    /// order.
    pub fn quantization(&self) -> [u8; 32] {
        let all: Vec<[u8; 32]> = self.segments.iter().map(|card| card.quantization).collect();
        match all.split_first() {
            Some((first, others)) if others.iter().all(|other| other == first) => *first,
            _ => digest32(b"Provenn-ChainQnt", &all.concat()),
        }
    }

    /// Inputs of the first segment, outputs of the last: those of the model.
    pub fn layout(&self) -> Option<InstanceLayout> {
        let ends = self.segments.first().zip(self.segments.last());
        let (first, last) =
            ends.and_then(|(first, last)| first.key.purpose.segment().zip(last.key.purpose.segment()))?;
        Some(InstanceLayout {
            outputs: last.instances.outputs.clone(),
            ..first.instances.clone()
        })
    }

    /// What claims and SRS must name.
    pub(crate) fn identity_of(&self, model_id: [u8; 32]) -> Identity {
        let first = self.segments.first();
        Identity {
            model_id,
            srs_id: first.map_or([0; 32], |card| card.srs_id),
            quantization: self.quantization(),
            key_digest: self.key_digest(),
        }
    }

    /// Verifies the registrations; once for each card, before any of its receipts.
    ///
    /// # Errors
    /// As [`ModelCard::check`], and those of [`validate`](Self::validate).
    pub fn check(self, srs: &SrsVerifyingKey) -> Result<CheckedChain, VerifyError> {
        self.validate()?;
        let points = self
            .segments
            .iter()
            .map(|card| card.registered(srs))
            .collect::<Result<_, _>>()?;
        let identity = self.identity_of(self.model_id());
        Ok(CheckedChain {
            card: self,
            identity,
            points,
        })
    }
}

/// Where a tensor between two segments lies.
#[derive(Clone, Copy)]
struct Cells<'a> {
    tensor: &'a InputLayout,
    lanes: u32,
}

impl Cells<'_> {
    /// Whether what is given is what is taken: the same values in the same cells. With a lane for each channel on both sides every position is one
    /// row, channel `c` on lane `c`, so that the number of lanes makes no difference; otherwise it must be one.
    fn meet(given: Option<Self>, taken: Option<Self>) -> bool {
        match (given, taken) {
            (None, None) => true,
            (Some(given), Some(taken)) => {
                let in_one_row = given.tensor.channels <= given.lanes.min(taken.lanes);
                given.tensor == taken.tensor && (given.lanes == taken.lanes || in_one_row)
            }
            _ => false,
        }
    }
}

/// A card whose registrations hold under an SRS. Only [`ChainCard::check`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedChain {
    card: ChainCard,
    identity: Identity,
    /// The commitments of each segment, decoded once for all receipts.
    points: Vec<Vec<G1Affine>>,
}

impl Deref for CheckedChain {
    type Target = ChainCard;

    fn deref(&self) -> &ChainCard {
        &self.card
    }
}

impl CheckedChain {
    /// See [`ChainCard::model_id`].
    pub fn model_id(&self) -> [u8; 32] {
        self.identity.model_id
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    pub(crate) fn points(&self) -> &[Vec<G1Affine>] {
        &self.points
    }
}
