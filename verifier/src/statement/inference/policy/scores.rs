//! All outputs.

use super::super::columns::{signed, PolicyRow};
use super::{About, Answer, Answers, Form, Given, Policy, Rule, Scope};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

pub(super) static ABOUT: About = About {
    tag: 1,
    name: "scores",
    title: "all outputs",
    parameters: &[],
    form: Form::Scores,
    scope: Scope::Scores,
    of_index: false,
    sized: false,
    make: |_| Some(Policy::Scores(Scores)),
};

/// All outputs, in integers of the quantized model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scores;

impl Scores {
    pub(super) fn widest(_: &OutputLayout) -> Self {
        Self
    }
}

impl Rule for Scores {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        vec![]
    }

    fn answer(&self, scores: &[i64]) -> Option<Given> {
        Some(Given {
            answer: Answer::Scores(scores.to_vec()),
            top: None,
        })
    }

    /// `z - score = 0`.
    fn rows(&self, answer: &Answer, _: &OutputLayout, _: Option<u32>) -> Option<Vec<PolicyRow>> {
        let Answer::Scores(scores) = answer else { return None };
        let row = |score: &i64| PolicyRow {
            a: Fr::ONE,
            c: -signed(*score),
            g: Fr::ONE,
            ..PolicyRow::default()
        };
        Some(scores.iter().map(row).collect())
    }

    fn answers(&self, output: &OutputLayout) -> Answers {
        Answers::Bits(u64::from(output.len).saturating_mul(u64::from(output.bits)))
    }

    fn words(&self) -> Words {
        "scores".into()
    }

    fn says(&self, _: &Answer) -> Words {
        "exactly the scores below".into()
    }
}
