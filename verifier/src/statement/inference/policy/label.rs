//! The index of the largest output.

use super::super::columns::PolicyRow;
use super::{About, Answer, Answers, Form, Given, Policy, Rule, Scope};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

pub(super) static ABOUT: About = About {
    tag: 2,
    name: "label",
    title: "the index of the largest output",
    parameters: &[],
    form: Form::Label,
    scope: Scope::Largest,
    of_index: true,
    sized: false,
    make: |_| Some(Policy::Label(Label)),
};

/// The index of the largest output, the lowest one among equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label;

impl Label {
    pub(super) fn widest(_: &OutputLayout) -> Self {
        Self
    }
}

/// The lowest index of a largest score, and `top`, which is that score.
pub(super) fn largest(scores: &[i64]) -> Option<(u32, Option<i64>)> {
    let best = scores.iter().max()?;
    let label = scores.iter().position(|score| score == best)?;
    Some((u32::try_from(label).ok()?, Some(*best)))
}

/// `top - z = 0` at the label, and `top - z >= before` or `after` on its two sides.
pub(super) fn rows(label: u32, output: &OutputLayout, before: Fr, after: Fr) -> Option<Vec<PolicyRow>> {
    let row = |index: u32| PolicyRow {
        a: -Fr::ONE,
        t: Fr::ONE,
        c: match index.cmp(&label) {
            core::cmp::Ordering::Less => -before,
            core::cmp::Ordering::Equal => Fr::ZERO,
            core::cmp::Ordering::Greater => -after,
        },
        g: if index == label { Fr::ONE } else { Fr::ZERO },
    };
    (label < output.len).then(|| (0..output.len).map(row).collect())
}

/// Outputs before the label are smaller, those after it not larger: of equals the first is the label.
pub(super) fn label_rows(label: u32, output: &OutputLayout) -> Option<Vec<PolicyRow>> {
    rows(label, output, Fr::ONE, Fr::ZERO)
}

impl Rule for Label {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        vec![]
    }

    fn answer(&self, scores: &[i64]) -> Option<Given> {
        let (label, top) = largest(scores)?;
        Some(Given {
            answer: Answer::Label(label),
            top,
        })
    }

    fn rows(&self, answer: &Answer, output: &OutputLayout, _: Option<u32>) -> Option<Vec<PolicyRow>> {
        match answer {
            Answer::Label(label) => label_rows(*label, output),
            _ => None,
        }
    }

    fn answers(&self, output: &OutputLayout) -> Answers {
        Answers::Of(output.len)
    }

    fn words(&self) -> Words {
        "label (index of the largest output)".into()
    }

    fn says(&self, answer: &Answer) -> Words {
        answer.words()
    }
}
