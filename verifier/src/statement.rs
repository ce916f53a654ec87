//! What a claim states. Each kind of statement is a folder of its own: its body with canonical bytes, what the verifier derives of it, what it
//! compares, and its words.

pub mod inference;

use crate::card::ModelCard;
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
use inference::Inference;
use provenn_bn254::G1Affine;

/// The body of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// A committed model, on these inputs, gave outputs that satisfy a policy.
    Inference(Inference),
}

/// The kinds of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// [`Statement::Inference`]
    Inference,
}

/// What a receipt is judged against, chosen by the caller: for each kind of statement what it is about.
#[derive(Clone, Copy, Debug)]
pub enum Reference<'a> {
    /// The model of an inference.
    Model(&'a CheckedCard),
}

/// What a claim is compared with, as far as it decodes.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The card of an inference, checked or not.
    Card(&'a ModelCard),
}

impl<'a> From<&'a CheckedCard> for Reference<'a> {
    fn from(card: &'a CheckedCard) -> Self {
        Self::Model(card)
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
    const ALL: [Self; 1] = [Self::Inference];

    /// Its name in reports, and in what a caller accepts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inference => "inference",
        }
    }

    /// What a claim of it states, in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Inference => "an inference",
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
        }
    }
}

impl Statement {
    /// Its kind.
    pub fn kind(&self) -> StatementKind {
        match self {
            Self::Inference(_) => StatementKind::Inference,
        }
    }

    /// The body, if it is an inference.
    pub fn inference(&self) -> Option<&Inference> {
        match self {
            Self::Inference(body) => Some(body),
        }
    }

    /// The body, if it is an inference, to change it.
    pub fn inference_mut(&mut self) -> Option<&mut Inference> {
        match self {
            Self::Inference(body) => Some(body),
        }
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.put(&[self.kind().tag()]);
        match self {
            Self::Inference(body) => body.put(out),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let got = reader.u8()?;
        let kind = StatementKind::ALL.into_iter().find(|kind| kind.tag() == got);
        match kind.ok_or(VerifyError::BadTag { got })? {
            StatementKind::Inference => Inference::read(reader).map(Self::Inference),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), VerifyError> {
        match self {
            Self::Inference(body) => body.validate(),
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
                body.differences(list, claim, card, srs, &expectation.inference);
            }
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

impl From<Inference> for Statement {
    fn from(body: Inference) -> Self {
        Self::Inference(body)
    }
}
