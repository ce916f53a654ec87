//! A card of either kind: of a model in one circuit, or in segments.

use crate::error::CliError;
use crate::files::Part;
use provenn_prover::commit::Description;
use provenn_prover::{chain, store, ProveError};
use provenn_verifier::{
    ChainCard, ChainReceipt, CheckedCard, CheckedChain, Claim, FileKind, ModelCard, Receipt, Reference,
    SrsVerifyingKey, Subject, VerifyError,
};

/// A card, not checked.
#[derive(Clone, Debug)]
pub enum Model {
    /// In one circuit.
    Whole(Box<ModelCard>),
    /// In segments.
    Chain(ChainCard),
}

/// A card whose registrations hold.
#[derive(Debug)]
pub enum Checked {
    /// In one circuit.
    Whole(Box<CheckedCard>),
    /// In segments.
    Chain(CheckedChain),
}

impl Model {
    /// Reads a card of either kind.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        match FileKind::of(bytes) {
            Some(FileKind::ChainCard) => ChainCard::from_bytes(bytes).map(Self::Chain),
            _ => ModelCard::from_bytes(bytes).map(Box::new).map(Self::Whole),
        }
    }

    pub fn model_id(&self) -> [u8; 32] {
        match self {
            Self::Whole(card) => card.model_id(),
            Self::Chain(card) => card.model_id(),
        }
    }

    /// The card, or those of the segments.
    fn parts(&self) -> &[ModelCard] {
        match self {
            Self::Whole(card) => std::slice::from_ref(&**card),
            Self::Chain(card) => &card.segments,
        }
    }

    /// Of a model in segments how many.
    pub fn segments(&self) -> Option<usize> {
        match self {
            Self::Whole(_) => None,
            Self::Chain(card) => Some(card.segments.len()),
        }
    }

    /// The same of all segments.
    pub fn srs_id(&self) -> [u8; 32] {
        self.parts().first().map_or([0; 32], |card| card.srs_id)
    }

    /// The same of all segments.
    pub fn quantization(&self) -> [u8; 32] {
        self.parts().first().map_or([0; 32], |card| card.quantization)
    }

    /// log2 of the rows of its circuits.
    pub fn k(&self) -> u32 {
        self.parts().first().map_or(0, |card| card.key.k)
    }

    /// Weight commitments in all.
    pub fn commitments(&self) -> usize {
        self.parts().iter().map(|card| card.commitments.len()).sum()
    }

    pub fn key_digest(&self) -> [u8; 32] {
        match self {
            Self::Whole(card) => card.key.digest(),
            Self::Chain(card) => card.key_digest(),
        }
    }

    /// The people's part.
    pub fn description(&self) -> Result<Description, ProveError> {
        match self {
            Self::Whole(card) => store::description(card),
            Self::Chain(card) => chain::description(card).map(|description| description.model),
        }
    }

    pub fn check(&self, srs: &SrsVerifyingKey) -> Result<Checked, VerifyError> {
        match self {
            Self::Whole(card) => {
                let checked = ModelCard::clone(card).check(srs)?;
                Ok(Checked::Whole(Box::new(checked)))
            }
            Self::Chain(card) => card.clone().check(srs).map(Checked::Chain),
        }
    }

    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::Whole(card) => Subject::Card(card),
            Self::Chain(card) => Subject::Chain(card),
        }
    }

    /// The card of a model in one circuit, for what is not for segments.
    pub fn whole(&self, what: &str) -> Result<&ModelCard, CliError> {
        match self {
            Self::Whole(card) => Ok(card),
            Self::Chain(_) => Err(in_segments(what)),
        }
    }
}

/// What is asked for is not for models in segments.
pub fn in_segments(what: &str) -> CliError {
    CliError::usage(
        "in-segments",
        format!("this model is in segments, and {what}"),
        "leave it out, or commit the model without --segments",
    )
}

impl Checked {
    pub fn reference(&self) -> Reference<'_> {
        match self {
            Self::Whole(card) => Reference::Model(card),
            Self::Chain(card) => Reference::Chain(card),
        }
    }
}

/// What a receipt of either kind states.
pub fn claim(receipt: &Part) -> Result<Claim, CliError> {
    receipt.decode(|bytes| match FileKind::of(bytes) {
        Some(FileKind::ChainReceipt) => ChainReceipt::from_bytes(bytes).map(|receipt| receipt.claim),
        _ => Receipt::from_bytes(bytes).map(|receipt| receipt.claim),
    })
}
