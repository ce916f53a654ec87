//! What a verdict says, in the units of the model.

use super::{Quantization, Schema};
use crate::error::VerifyError;
use crate::statement::inference::{Answer, Form, InputBinding, Target};
use crate::verify::Verdict;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// What a receipt states of an inference, in the units of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// For each input of the [`Schema`] its numbers, row-major; none of a committed one.
    pub inputs: Vec<Option<Vec<f64>>>,
    /// The outputs that the policy speaks of.
    pub target: Target,
    /// What the policy lets out.
    pub answer: Value,
    /// The same in words, as the command line shows it.
    pub words: String,
}

/// An [`Answer`] in the units of the model.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The scores of an output.
    Scores(Vec<f64>),
    /// The scores of each output.
    Outputs(Vec<Vec<f64>>),
    /// Index of a score, and what the publisher calls it.
    Label {
        /// The index.
        label: u32,
        /// Its class.
        class: Option<String>,
    },
    /// Indices of scores, ascending.
    Labels(Vec<u32>),
    /// Yes or no.
    Bit(bool),
    /// The receipt exists: what it states holds.
    Yes,
    /// A number of items.
    Count(u32),
    /// Numbers of items.
    Counts(Vec<u32>),
    /// How far two groups of items are apart, as a part of the product of their sizes.
    Gap(i64),
}

impl Value {
    /// Its form.
    pub fn form(&self) -> Form {
        match self {
            Self::Scores(_) => Form::Scores,
            Self::Outputs(_) => Form::Outputs,
            Self::Label { .. } => Form::Label,
            Self::Labels(_) => Form::Labels,
            Self::Bit(_) => Form::Bit,
            Self::Yes => Form::Yes,
            Self::Count(_) => Form::Count,
            Self::Counts(_) => Form::Counts,
            Self::Gap(_) => Form::Gap,
        }
    }
}

impl Quantization {
    /// [`real`](Self::real) of a whole tensor.
    pub fn reals(&self, integers: &[i64]) -> Vec<f64> {
        let integers = integers.iter().enumerate();
        integers.map(|(index, integer)| self.real(index, *integer)).collect()
    }
}

impl Schema {
    /// What a verdict about this model says.
    ///
    /// # Errors
    /// [`VerifyError::ModelMismatch`] and [`VerifyError::StatementMismatch`] if it is about something else.
    pub fn values(&self, verdict: &Verdict) -> Result<Values, VerifyError> {
        let body = &verdict.claim().body;
        let body = body
            .inference()
            .ok_or(VerifyError::StatementMismatch { found: body.kind() })?;
        if body.model_id != self.model_id {
            return Err(VerifyError::ModelMismatch);
        }
        let item = body.item()?;
        let inputs = self.inputs.iter().zip(&item.inputs);
        let inputs = inputs.map(|(input, binding)| match binding {
            InputBinding::Public { values } => Some(input.quantization.reals(values)),
            InputBinding::Committed { .. } => None,
        });
        let target = body.policy.target;
        Ok(Values {
            inputs: inputs.collect(),
            target,
            answer: self.answer(target, &item.answer).ok_or(VerifyError::ModelMismatch)?,
            words: body.policy.answer_words(&item.answer).shown(&self.fracs()),
        })
    }

    /// An answer about these outputs; none if the model has no such output.
    pub fn answer(&self, target: Target, answer: &Answer) -> Option<Value> {
        let outputs = self.outputs.iter().map(|output| &output.quantization);
        Some(match answer {
            Answer::Scores(scores) => Value::Scores(self.output(target)?.quantization.reals(scores)),
            Answer::Outputs(lists) if lists.len() != self.outputs.len() => return None,
            Answer::Outputs(lists) => {
                Value::Outputs(outputs.zip(lists).map(|(one, scores)| one.reals(scores)).collect())
            }
            Answer::Label(label) => Value::Label {
                label: *label,
                class: self.class(target, *label).map(ToOwned::to_owned),
            },
            Answer::Labels(labels) => Value::Labels(labels.clone()),
            Answer::Bit(bit) => Value::Bit(*bit),
            Answer::Yes => Value::Yes,
            Answer::Count(count) => Value::Count(*count),
            Answer::Counts(counts) => Value::Counts(counts.clone()),
            Answer::Gap(gap) => Value::Gap(*gap),
        })
    }
}
