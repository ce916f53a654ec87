//! What a claim states. Each kind of statement is a folder of its own: its body with canonical bytes, what the verifier derives of it, what it
//! compares, and its words.

pub mod colouring;
pub mod inference;

use crate::card::ModelCard;
use crate::chain::{ChainCard, CheckedChain};
use crate::claim::Claim;
use crate::codec::{Put, Reader};
use crate::difference::List;
use crate::error::VerifyError;
use crate::expectation::Expectation;
use crate::key::VerifyingKey;
use crate::plonk;
use crate::registration::CheckedCard;
use crate::srs::SrsVerifyingKey;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use colouring::{Colouring, Graph};
use inference::{Identity, Inference};
use provenn_bn254::G1Affine;

/// The body of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// A committed model, on these inputs, gave outputs that satisfy a policy.
    Inference(Inference),
    /// A proper colouring of a graph is known.
    Colouring(Colouring),
}

/// The kinds of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// [`Statement::Inference`]
    Inference,
    /// [`Statement::Colouring`]
    Colouring,
}

/// What a receipt is judged against, chosen by the caller: for each kind of statement what it is about.
#[derive(Clone, Copy, Debug)]
pub enum Reference<'a> {
    /// The model of an inference.
    Model(&'a CheckedCard),
    /// The model of an inference, in segments: its receipts are [chain receipts](crate::ChainReceipt).
    Chain(&'a CheckedChain),
    /// The graph of a colouring.
    Graph(&'a Graph),
}

/// What a claim is compared with, as far as it decodes.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The card of an inference, checked or not.
    Card(&'a ModelCard),
    /// That of a model in segments.
    Chain(&'a ChainCard),
    /// The graph of a colouring.
    Graph(&'a Graph),
}

impl<'a> From<&'a CheckedCard> for Reference<'a> {
    fn from(card: &'a CheckedCard) -> Self {
        Self::Model(card)
    }
}

impl<'a> From<&'a CheckedChain> for Reference<'a> {
    fn from(card: &'a CheckedChain) -> Self {
        Self::Chain(card)
    }
}

impl<'a> From<&'a Graph> for Reference<'a> {
    fn from(graph: &'a Graph) -> Self {
        Self::Graph(graph)
    }
}

/// What the equations of a receipt are about, derived from its claim.
pub(crate) struct Public<'a> {
    /// Names what the statement is about.
    pub(crate) id: [u8; 32],
    /// The circuit.
    pub(crate) key: Cow<'a, VerifyingKey>,
    /// Its public columns.
    pub(crate) columns: Box<dyn plonk::Public + 'a>,
    /// The published commitments to the linked columns, in the order of the key.
    pub(crate) committed: Vec<G1Affine>,
}

impl StatementKind {
    const ALL: [Self; 2] = [Self::Inference, Self::Colouring];

    /// Its name in reports, and in what a caller accepts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::Colouring => "colouring",
        }
    }

    /// What a claim of it states, in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Inference => "an inference",
            Self::Colouring => "a colouring",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its first byte in a claim: never used again for another one.
    const fn tag(self) -> u8 {
        match self {
            Self::Inference => 1,
            Self::Colouring => 2,
        }
    }
}

impl Statement {
    /// Its kind.
    pub fn kind(&self) -> StatementKind {
        match self {
            Self::Inference(_) => StatementKind::Inference,
            Self::Colouring(_) => StatementKind::Colouring,
        }
    }

    /// The body, if it is an inference.
    pub fn inference(&self) -> Option<&Inference> {
        match self {
            Self::Inference(body) => Some(body),
            Self::Colouring(_) => None,
        }
    }

    /// The body, if it is a colouring.
    pub fn colouring(&self) -> Option<&Colouring> {
        match self {
            Self::Colouring(body) => Some(body),
            Self::Inference(_) => None,
        }
    }

    /// The body, if it is an inference, to change it.
    pub fn inference_mut(&mut self) -> Option<&mut Inference> {
        match self {
            Self::Inference(body) => Some(body),
            Self::Colouring(_) => None,
        }
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.put(&[self.kind().tag()]);
        match self {
            Self::Inference(body) => body.put(out),
            Self::Colouring(body) => body.put(out),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let got = reader.u8()?;
        let kind = StatementKind::ALL.into_iter().find(|kind| kind.tag() == got);
        match kind.ok_or(VerifyError::BadTag { got })? {
            StatementKind::Inference => Inference::read(reader).map(Self::Inference),
            StatementKind::Colouring => Colouring::read(reader).map(Self::Colouring),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), VerifyError> {
        match self {
            Self::Inference(body) => body.validate(),
            Self::Colouring(body) => body.validate(),
        }
    }

    /// Compares the claim with what it is judged against and with what is asked, and derives what its proof is about.
    pub(crate) fn public<'a>(
        claim: &Claim,
        reference: Reference<'a>,
        srs: &SrsVerifyingKey,
        expectation: &Expectation,
    ) -> Result<Public<'a>, VerifyError> {
        match (&claim.body, reference) {
            (Self::Inference(body), Reference::Model(card)) => body.public(claim, card, srs, expectation),
            (Self::Colouring(body), Reference::Graph(graph)) => body.public(claim, graph, srs, expectation),
            (other, _) => Err(VerifyError::StatementMismatch { found: other.kind() }),
        }
    }

    /// In what the body, and the key that the claim names, are not as asked.
    pub(crate) fn differences(
        &self,
        list: &mut List,
        claim: &Claim,
        subject: Subject<'_>,
        srs: &SrsVerifyingKey,
        expectation: &Expectation,
    ) {
        match (self, subject) {
            (Self::Inference(body), Subject::Card(card)) => {
                let identity = Identity::of(card, card.model_id());
                body.differences(list, claim, &identity, srs, &expectation.inference)
            }
            (Self::Inference(body), Subject::Chain(card)) => {
                let identity = card.identity_of(card.model_id());
                body.differences(list, claim, &identity, srs, &expectation.inference)
            }
            (Self::Colouring(body), Subject::Graph(graph)) => {
                body.differences(list, claim, graph, srs, &expectation.colouring);
            }
            (other, subject) => list.add("statement", subject.kind().name(), other.kind().name()),
        }
    }
}

impl<'a> From<&'a ModelCard> for Subject<'a> {
    fn from(card: &'a ModelCard) -> Self {
        Self::Card(card)
    }
}

impl<'a> From<&'a CheckedCard> for Subject<'a> {
    fn from(card: &'a CheckedCard) -> Self {
        Self::Card(card)
    }
}

impl<'a> From<&'a ChainCard> for Subject<'a> {
    fn from(card: &'a ChainCard) -> Self {
        Self::Chain(card)
    }
}

impl<'a> From<&'a Graph> for Subject<'a> {
    fn from(graph: &'a Graph) -> Self {
        Self::Graph(graph)
    }
}

impl Subject<'_> {
    fn kind(self) -> StatementKind {
        match self {
            Self::Card(_) | Self::Chain(_) => StatementKind::Inference,
            Self::Graph(_) => StatementKind::Colouring,
        }
    }
}

impl From<Inference> for Statement {
    fn from(body: Inference) -> Self {
        Self::Inference(body)
    }
}

impl From<Colouring> for Statement {
    fn from(body: Colouring) -> Self {
        Self::Colouring(body)
    }
}
