//! What the caller asks of an inference, and in what a claim differs from it.

use super::{Answer, Disclosure, Identity, Inference, InputBinding, Item};
use crate::claim::Claim;
use crate::codec::size;
use crate::difference::{hex, List};
use crate::error::VerifyError;
use crate::srs::SrsVerifyingKey;
use crate::words::Words;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Checks that an inference must pass. `None` means "not checked".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InferenceExpectation {
    /// The model, by its id from a source to trust: a card alone is its maker's word.
    pub model_id: Option<[u8; 32]>,
    /// The agreed policy with its parameters, and the outputs that it speaks of.
    pub policy: Option<Disclosure>,
    /// The answer; what it means is the policy's, so name that too.
    pub answer: Option<Answer>,
    /// Inputs, or their commitments, by their index.
    pub inputs: BTreeMap<u32, InputBinding>,
}

impl InferenceExpectation {
    pub(super) fn check(&self, policy: &Disclosure, item: &Item) -> Result<(), VerifyError> {
        if let Some(field) = self.policy.as_ref().and_then(|asked| asked.difference(policy)) {
            return Err(VerifyError::PolicyMismatch { field });
        }
        if self.answer.as_ref().is_some_and(|asked| *asked != item.answer) {
            return Err(VerifyError::OutputMismatch);
        }
        let as_asked = |(index, asked): (&u32, &InputBinding)| item.inputs.get(size(*index)) == Some(asked);
        match self.inputs.iter().all(as_asked) {
            true => Ok(()),
            false => Err(VerifyError::InputMismatch),
        }
    }
}

impl Inference {
    /// See [`Statement::differences`](super::super::Statement::differences).
    pub(in super::super) fn differences(
        &self,
        list: &mut List,
        claim: &Claim,
        card: &Identity,
        srs: &SrsVerifyingKey,
        asked: &InferenceExpectation,
    ) {
        let model_id = card.model_id;
        if let Some(asked) = &asked.model_id {
            list.ids("model card", asked, &model_id);
        }
        list.ids("model", &model_id, &self.model_id);
        list.ids("srs", &srs.id(), &claim.srs_id);
        list.ids("circuit key", &card.key_digest, &claim.key_digest);
        list.ids("quantization", &card.quantization, &self.quantization);
        let policy = asked.policy.as_ref();
        if let Some(policy) = policy.filter(|policy| **policy != self.policy) {
            return list.add("policy", policy.words(), self.policy.words());
        }
        let Ok(item) = self.item() else {
            return list.add("items", "1", format!("{}", self.items.len()));
        };
        if let Some(answer) = asked.answer.as_ref().filter(|answer| **answer != item.answer) {
            let words = |answer| self.policy.answer_words(answer);
            list.add("output", words(answer), words(&item.answer));
        }
        for (index, asked) in &asked.inputs {
            let (expected, found) = match item.inputs.get(size(*index)) {
                Some(found) if found == asked => continue,
                Some(found) => inputs_apart(asked, found),
                None => ("one more".into(), format!("{} inputs", item.inputs.len()).into()),
            };
            // Of one input nobody asks which.
            let which = || match item.inputs.len() {
                1 => Words::default(),
                _ => format!("number {index}, ").into(),
            };
            list.add("input", which().join(expected), which().join(found));
        }
    }
}

/// In what two bindings differ.
pub(crate) fn inputs_apart(expected: &InputBinding, found: &InputBinding) -> (Words, Words) {
    let all = |points: &[[u8; 32]]| points.iter().map(|p| hex(p)).collect::<Vec<String>>().join(" ");
    match (expected, found) {
        (InputBinding::Public { values: expected }, InputBinding::Public { values: found }) => {
            values_apart(expected, found)
        }
        (InputBinding::Committed { points: expected }, InputBinding::Committed { points: found }) => {
            (all(expected).into(), all(found).into())
        }
        (InputBinding::Public { .. }, _) => ("a public input".into(), "a commitment to one".into()),
        (InputBinding::Committed { .. }, _) => ("a commitment".into(), "a public input".into()),
    }
}

/// Where two inputs part: all of them would be too much to read.
fn values_apart(expected: &[i64], found: &[i64]) -> (Words, Words) {
    let pairs = || expected.iter().zip(found).enumerate();
    match pairs().find(|(_, (a, b))| a != b) {
        Some((index, (a, b))) if expected.len() == found.len() => {
            let apart = pairs().filter(|(_, (a, b))| a != b).count();
            let all = found.len();
            (
                format!("{a} as value {index}").into(),
                format!("{b}; {apart} of {all} values differ (integers of the quantized model)").into(),
            )
        }
        _ => (
            format!("{} values", expected.len()).into(),
            format!("{}", found.len()).into(),
        ),
    }
}
