//! Inference: a committed model gave answers for inputs.

mod answer;
mod columns;
mod counts;
mod disclosure;
mod expectation;
mod input;
mod leak;
pub mod policy;
mod segment;

pub use answer::{Answer, Form};
pub use counts::{Counts, Total};
pub use disclosure::{Disclosure, Target};
#[cfg(feature = "log")]
pub(crate) use expectation::inputs_apart;
pub use expectation::InferenceExpectation;
pub use input::{InputBinding, MAX_POINTS};
pub use policy::Policy;

use super::{Public, StatementKind};
use crate::card::ModelCard;
use crate::claim::Claim;
use crate::codec::{at_most, wide, Put, Reader};
use crate::curve;
use crate::error::VerifyError;
use crate::expectation::Expectation;
use crate::registration::CheckedCard;
use crate::srs::SrsVerifyingKey;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use columns::Columns;
use provenn_bn254::G1Affine;

/// Most items of a claim.
pub const MAX_ITEMS: usize = 1 << 16;
/// Most inputs of an item.
pub const MAX_INPUTS: usize = 1 << 8;
/// Most outputs of a circuit.
pub const MAX_OUTPUTS: usize = 1 << 8;

/// What a claim names of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) model_id: [u8; 32],
    pub(crate) srs_id: [u8; 32],
    pub(crate) key_digest: [u8; 32],
    pub(crate) quantization: [u8; 32],
}

impl Identity {
    pub(crate) fn of(card: &ModelCard, model_id: [u8; 32]) -> Self {
        Self {
            model_id,
            srs_id: card.srs_id,
            key_digest: card.key.digest(),
            quantization: card.quantization,
        }
    }
}

/// The body of the claim: this model, on these inputs, gave outputs that satisfy this policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// [`ModelCard::model_id`](crate::ModelCard::model_id).
    pub model_id: [u8; 32],
    /// Digest of the quantization recipe, as on the card.
    pub quantization: [u8; 32],
    /// The policy with its parameters and the outputs that it speaks of, the same for all items.
    pub policy: Disclosure,
    /// The inferences. Keys of today are for one.
    pub items: Vec<Item>,
}

/// One run of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What the inputs of the model are known by, in the order of the key.
    pub inputs: Vec<InputBinding>,
    /// What the policy lets out.
    pub answer: Answer,
}

impl Item {
    /// An item with one input.
    pub fn new(input: InputBinding, answer: Answer) -> Self {
        Self {
            inputs: vec![input],
            answer,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.put_list(&self.inputs, |out, input| input.put(out));
        self.answer.put(out);
    }

    fn read(policy: &Disclosure, reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            // A tag and a length at least.
            inputs: reader.list(MAX_INPUTS, 5, InputBinding::read)?,
            answer: Answer::read(policy.form(), reader)?,
        })
    }
}

impl Inference {
    /// The item.
    ///
    /// # Errors
    /// [`VerifyError::ItemCount`] if there is not exactly one.
    pub fn item(&self) -> Result<&Item, VerifyError> {
        match self.items.as_slice() {
            [item] => Ok(item),
            items => Err(VerifyError::ItemCount {
                expected: 1,
                got: wide(items.len()),
            }),
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put(&self.model_id);
        out.put(&self.quantization);
        self.policy.put(out);
        out.put_list(&self.items, |out, item| item.put(out));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let (model_id, quantization) = (reader.array()?, reader.array()?);
        let policy = Disclosure::read(reader)?;
        Ok(Self {
            model_id,
            quantization,
            // The length of the list of inputs at least.
            items: reader.list(MAX_ITEMS, 4, |reader| Item::read(&policy, reader))?,
            policy,
        })
    }

    pub(super) fn validate(&self) -> Result<(), VerifyError> {
        self.policy.validate()?;
        at_most(MAX_ITEMS, self.items.len())?;
        // Decoding a point takes a square root: what a claim may cost is bounded for all its inputs together.
        let inputs = self.items.iter().flat_map(|item| &item.inputs);
        let points = inputs.fold(0usize, |sum, input| sum.saturating_add(input.points().len()));
        at_most(MAX_POINTS, points)?;
        for item in &self.items {
            at_most(MAX_INPUTS, item.inputs.len())?;
            item.answer.validate(&self.policy)?;
            item.inputs.iter().try_for_each(InputBinding::validate)?;
        }
        Ok(())
    }

    /// See [`Statement::public`](super::Statement::public).
    pub(super) fn public<'a>(
        &self,
        claim: &Claim,
        card: &'a CheckedCard,
        srs: &SrsVerifyingKey,
        expectation: &Expectation,
    ) -> Result<Public<'a>, VerifyError> {
        let identity = Identity::of(card, card.model_id());
        let item = self.judged(claim, &identity, srs, expectation)?;
        let layout = card.key.purpose.layout().ok_or(VerifyError::KeyInvalid {
            reason: "a model has public columns",
        })?;
        Ok(Public {
            id: identity.model_id,
            key: Cow::Borrowed(&card.key),
            columns: Box::new(Columns {
                given: item.columns(layout, card.key.k, &self.policy)?,
                counts: item.counts(layout, &self.policy),
                policy_rows: layout.policy_rows(),
                batch: layout.items() > 0,
            }),
            committed: commitments(card, &item.inputs)?,
        })
    }

    /// The item, if the claim is of this model and says what is asked.
    pub(crate) fn judged(
        &self,
        claim: &Claim,
        card: &Identity,
        srs: &SrsVerifyingKey,
        expectation: &Expectation,
    ) -> Result<&Item, VerifyError> {
        if expectation.inference.model_id.is_some_and(|id| id != card.model_id) {
            return Err(VerifyError::ModelMismatch);
        }
        self.check_identity(claim, card, srs)?;
        expectation.accepts(StatementKind::Inference)?;
        let item = self.item()?;
        expectation.inference.check(&self.policy, item)?;
        expectation.check_context(&claim.context)?;
        Ok(item)
    }

    /// The claim, the card and the SRS name one another.
    fn check_identity(&self, claim: &Claim, card: &Identity, srs: &SrsVerifyingKey) -> Result<(), VerifyError> {
        let (srs_id, model_id) = (srs.id(), card.model_id);
        // The card was checked under the SRS that it names: its key fits.
        if card.srs_id != srs_id {
            return Err(VerifyError::SrsMismatch);
        }
        // Of another card, the SRS may well be another too: the card is what to change.
        match (claim.srs_id == srs_id, self.model_id == model_id) {
            (false, false) => return Err(VerifyError::ModelMismatch),
            (false, true) => return Err(VerifyError::SrsMismatch),
            _ => {}
        }
        if claim.key_digest != card.key_digest {
            return Err(VerifyError::KeyMismatch);
        }
        if self.quantization != card.quantization {
            return Err(VerifyError::QuantizationMismatch);
        }
        match self.model_id == model_id {
            true => Ok(()),
            false => Err(VerifyError::ModelMismatch),
        }
    }
}

/// The published commitments to the linked columns: the card's, then the claim's.
fn commitments(card: &CheckedCard, inputs: &[InputBinding]) -> Result<Vec<G1Affine>, VerifyError> {
    let mut all = card.points().to_vec();
    for (columns, input) in card.key.linked.inputs.iter().zip(inputs) {
        let (expected, got) = (wide(columns.len()), wide(input.points().len()));
        if expected != got {
            return Err(VerifyError::InputShape { expected, got });
        }
        for point in input.points() {
            all.push(curve::g1_nonzero(point)?);
        }
    }
    Ok(all)
}
