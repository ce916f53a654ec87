//! Cards and receipts of either kind: of a model in one circuit, or in segments. The one place where their first bytes decide which.
//!
//! ```
//! # use provenn_verifier::{verify, AnyCard, Expectation, SrsVerifyingKey, Verdict, VerifyError};
//! # fn check(card: &[u8], srs: &[u8], receipt: &[u8], expectation: &Expectation) -> Result<Verdict, VerifyError> {
//! let srs = SrsVerifyingKey::from_bytes(srs)?;
//! let card = AnyCard::from_bytes(card)?.check(&srs)?;
//! verify(receipt, &card, &srs, expectation)
//! # }
//! ```

use crate::card::ModelCard;
use crate::chain::{ChainCard, ChainReceipt, CheckedChain};
use crate::claim::Claim;
use crate::error::VerifyError;
use crate::key::InstanceLayout;
use crate::kind::FileKind;
use crate::receipt::Receipt;
use crate::registration::CheckedCard;
use crate::schema::{Schema, SchemaError};
use crate::srs::SrsVerifyingKey;
use crate::statement::{Reference, Subject};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A card, not checked.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyCard {
    /// Of a model in one circuit.
    Model(Box<ModelCard>),
    /// Of a model in segments.
    Chain(ChainCard),
}

/// A card whose registrations hold under an SRS. [`AnyCard::check`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckedAny {
    /// Of a model in one circuit.
    Model(Box<CheckedCard>),
    /// Of a model in segments.
    Chain(CheckedChain),
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnyReceipt {
    /// With one proof: of a model in one circuit, or of a colouring.
    One(Receipt),
    /// Of a model in segments.
    Chain(ChainReceipt),
}

impl AnyCard {
    /// Decodes canonical bytes; what begins as neither kind is refused as no model card.
    ///
    /// # Errors
    /// Those of [`ModelCard::from_bytes`] and [`ChainCard::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        match FileKind::of(bytes) {
            Some(FileKind::ChainCard) => ChainCard::from_bytes(bytes).map(Self::Chain),
            _ => ModelCard::from_bytes(bytes).map(Box::new).map(Self::Model),
        }
    }

    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Model(card) => card.to_bytes(),
            Self::Chain(card) => card.to_bytes(),
        }
    }

    /// Blake2b-256 of the canonical bytes: names everything in the card.
    pub fn model_id(&self) -> [u8; 32] {
        match self {
            Self::Model(card) => card.model_id(),
            Self::Chain(card) => card.model_id(),
        }
    }

    /// What claims name as the key of the model's circuit, or circuits.
    pub fn key_digest(&self) -> [u8; 32] {
        match self {
            Self::Model(card) => card.key.digest(),
            Self::Chain(card) => card.key_digest(),
        }
    }

    /// The JSON text for people.
    pub fn description(&self) -> &str {
        match self {
            Self::Model(card) => &card.description,
            Self::Chain(card) => &card.description,
        }
    }

    /// Inputs and outputs of the model.
    pub fn layout(&self) -> Option<InstanceLayout> {
        match self {
            Self::Model(card) => card.key.purpose.layout().cloned(),
            Self::Chain(card) => card.layout(),
        }
    }

    /// What the card says of its model.
    ///
    /// # Errors
    /// As [`ModelCard::schema`].
    pub fn schema(&self) -> Result<Schema, SchemaError> {
        match self {
            Self::Model(card) => card.schema(),
            Self::Chain(card) => card.schema(),
        }
    }

    /// The card itself, or those of the segments in their order.
    pub fn circuits(&self) -> &[ModelCard] {
        match self {
            Self::Model(card) => core::slice::from_ref(&**card),
            Self::Chain(card) => &card.segments,
        }
    }

    /// The card of the circuit that takes the inputs of the model.
    pub fn first(&self) -> Option<&ModelCard> {
        self.circuits().first()
    }

    /// Of a model in segments how many.
    pub fn segments(&self) -> Option<usize> {
        match self {
            Self::Model(_) => None,
            Self::Chain(card) => Some(card.segments.len()),
        }
    }

    /// The SRS that all of it was made under.
    pub fn srs_id(&self) -> [u8; 32] {
        self.first().map_or([0; 32], |card| card.srs_id)
    }

    /// Digest of the quantization recipe.
    pub fn quantization(&self) -> [u8; 32] {
        match self {
            Self::Model(card) => card.quantization,
            Self::Chain(card) => card.quantization(),
        }
    }

    /// log2 of the rows of each circuit.
    pub fn k(&self) -> u32 {
        self.first().map_or(0, |card| card.key.k)
    }

    /// Weight commitments in all.
    pub fn commitments(&self) -> usize {
        commitments(self.circuits())
    }

    /// Verifies the registrations; once for each card, before any of its receipts.
    ///
    /// # Errors
    /// As [`ModelCard::check`] and [`ChainCard::check`].
    pub fn check(self, srs: &SrsVerifyingKey) -> Result<CheckedAny, VerifyError> {
        match self {
            Self::Model(card) => card.check(srs).map(Box::new).map(CheckedAny::Model),
            Self::Chain(card) => card.check(srs).map(CheckedAny::Chain),
        }
    }
}

impl CheckedAny {
    /// See [`AnyCard::model_id`].
    pub fn model_id(&self) -> [u8; 32] {
        match self {
            Self::Model(card) => card.model_id(),
            Self::Chain(card) => card.model_id(),
        }
    }

    /// See [`AnyCard::circuits`].
    pub fn circuits(&self) -> &[ModelCard] {
        match self {
            Self::Model(card) => core::slice::from_ref(card),
            Self::Chain(card) => &card.segments,
        }
    }

    /// See [`AnyCard::segments`].
    pub fn segments(&self) -> Option<usize> {
        match self {
            Self::Model(_) => None,
            Self::Chain(card) => Some(card.segments.len()),
        }
    }

    /// See [`AnyCard::commitments`].
    pub fn commitments(&self) -> usize {
        commitments(self.circuits())
    }

    /// See [`AnyCard::layout`].
    pub fn layout(&self) -> Option<InstanceLayout> {
        match self {
            Self::Model(card) => card.key.purpose.layout().cloned(),
            Self::Chain(card) => card.layout(),
        }
    }
}

fn commitments(circuits: &[ModelCard]) -> usize {
    let counts = circuits.iter().map(|card| card.commitments.len());
    counts.fold(0, usize::saturating_add)
}

impl AnyReceipt {
    /// Decodes canonical bytes; what begins as neither kind is refused as no receipt.
    ///
    /// # Errors
    /// Those of [`Receipt::from_bytes`] and [`ChainReceipt::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        match FileKind::of(bytes) {
            Some(FileKind::ChainReceipt) => ChainReceipt::from_bytes(bytes).map(Self::Chain),
            _ => Receipt::from_bytes(bytes).map(Self::One),
        }
    }

    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::One(receipt) => receipt.to_bytes(),
            Self::Chain(receipt) => receipt.to_bytes(),
        }
    }

    /// What it states.
    pub fn claim(&self) -> &Claim {
        match self {
            Self::One(receipt) => &receipt.claim,
            Self::Chain(receipt) => &receipt.claim,
        }
    }

    /// The same, without its proofs.
    pub fn into_claim(self) -> Claim {
        match self {
            Self::One(receipt) => receipt.claim,
            Self::Chain(receipt) => receipt.claim,
        }
    }
}

impl<'a> From<&'a CheckedAny> for Reference<'a> {
    fn from(card: &'a CheckedAny) -> Self {
        match card {
            CheckedAny::Model(card) => Self::Model(card),
            CheckedAny::Chain(card) => Self::Chain(card),
        }
    }
}

impl<'a> From<&'a AnyCard> for Subject<'a> {
    fn from(card: &'a AnyCard) -> Self {
        match card {
            AnyCard::Model(card) => Self::Card(card),
            AnyCard::Chain(card) => Self::Chain(card),
        }
    }
}

impl<'a> From<&'a CheckedAny> for Subject<'a> {
    fn from(card: &'a CheckedAny) -> Self {
        match card {
            CheckedAny::Model(card) => Self::Card(card),
            CheckedAny::Chain(card) => Self::Chain(card),
        }
    }
}
