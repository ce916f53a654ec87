//! That one output reaches a value: the answer no has no receipt.

use super::super::columns::PolicyRow;
use super::threshold::{parts, rows, PARAMETERS};
use super::{About, Answer, Answers, Form, Given, Policy, Rule, Scope};
use crate::codec::size;
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

pub(super) static ABOUT: About = About {
    tag: 4,
    name: "yes-only",
    title: "a receipt exists only if one output reaches a value",
    parameters: PARAMETERS,
    form: Form::Yes,
    scope: Scope::Scores,
    of_index: false,
    sized: false,
    make: |parameters| {
        let (output, threshold) = parts(parameters)?;
        Some(Policy::YesOnly(YesOnly { output, threshold }))
    },
};

/// Output `output` is at least `threshold`; a receipt exists for this answer only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YesOnly {
    /// Index of the output.
    pub output: u32,
    /// The threshold, in integers of the quantized model.
    pub threshold: i64,
}

impl YesOnly {
    pub(super) fn widest(_: &OutputLayout) -> Self {
        Self {
            output: 0,
            threshold: 0,
        }
    }
}

impl Rule for YesOnly {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        vec![self.output.into(), self.threshold]
    }

    fn answer(&self, scores: &[i64]) -> Option<Given> {
        let score = scores.get(size(self.output))?;
        (*score >= self.threshold).then_some(Given {
            answer: Answer::Yes,
            top: None,
        })
    }

    fn rows(&self, answer: &Answer, output: &OutputLayout, _: Option<u32>) -> Option<Vec<PolicyRow>> {
        match answer {
            Answer::Yes => rows(self.output, self.threshold, true, output),
            _ => None,
        }
    }

    fn answers(&self, _: &OutputLayout) -> Answers {
        Answers::Of(1)
    }

    fn words(&self) -> Words {
        let words = Words::from(format!("yes-only: output {} is at least ", self.output));
        words.score(self.threshold)
    }

    fn says(&self, _: &Answer) -> Words {
        Words::from(format!("an output {} of at least ", self.output)).score(self.threshold)
    }
}
