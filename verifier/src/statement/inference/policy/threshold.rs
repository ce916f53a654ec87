//! Whether one output reaches a value.

use super::super::columns::{signed, PolicyRow};
use super::{About, Answer, Answers, Form, Given, Parameter, Policy, Rule, Scope, Unit};
use crate::codec::size;
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "output index",
        title: "Output index",
        unit: Unit::Output,
    },
    Parameter {
        name: "threshold",
        title: "At least",
        unit: Unit::Score,
    },
];

pub(super) static ABOUT: About = About {
    tag: 3,
    name: "threshold",
    title: "whether one output reaches a value: yes or no",
    parameters: PARAMETERS,
    form: Form::Bit,
    scope: Scope::Scores,
    of_index: false,
    sized: false,
    make: |parameters| {
        let (output, threshold) = parts(parameters)?;
        Some(Policy::Threshold(Threshold { output, threshold }))
    },
};

/// Whether output `output` is at least `threshold`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// Index of the output.
    pub output: u32,
    /// The threshold, in integers of the quantized model.
    pub threshold: i64,
}

impl Threshold {
    pub(super) fn widest(_: &OutputLayout) -> Self {
        Self {
            output: 0,
            threshold: 0,
        }
    }
}

/// Output and threshold.
pub(super) fn parts(parameters: &[i64]) -> Option<(u32, i64)> {
    match *parameters {
        [output, threshold] => Some((u32::try_from(output).ok()?, threshold)),
        _ => None,
    }
}

/// `z - threshold >= 0`, or `threshold - 1 - z >= 0` if the bit is 0.
pub(super) fn rows(score: u32, threshold: i64, bit: bool, output: &OutputLayout) -> Option<Vec<PolicyRow>> {
    let mut rows = vec![PolicyRow::default(); size(output.len)];
    let row = rows.get_mut(size(score))?;
    let threshold = signed(threshold);
    (row.a, row.c) = match bit {
        true => (Fr::ONE, -threshold),
        false => (-Fr::ONE, threshold - Fr::ONE),
    };
    Some(rows)
}

impl Rule for Threshold {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        vec![self.output.into(), self.threshold]
    }

    fn answer(&self, scores: &[i64]) -> Option<Given> {
        let score = scores.get(size(self.output))?;
        Some(Given {
            answer: Answer::Bit(*score >= self.threshold),
            top: None,
        })
    }

    fn rows(&self, answer: &Answer, output: &OutputLayout, _: Option<u32>) -> Option<Vec<PolicyRow>> {
        let Answer::Bit(bit) = *answer else { return None };
        rows(self.output, self.threshold, bit, output)
    }

    fn answers(&self, _: &OutputLayout) -> Answers {
        Answers::Of(2)
    }

    fn words(&self) -> Words {
        let words = Words::from(format!("threshold: is output {} at least ", self.output));
        words.score(self.threshold)
    }

    fn says(&self, answer: &Answer) -> Words {
        let side = match answer {
            Answer::Bit(false) => "below",
            _ => "at least",
        };
        Words::from(format!("an output {} that is {side} ", self.output)).score(self.threshold)
    }
}
