//! The index of the largest output, if it leads by a margin.

use super::super::columns::{signed, PolicyRow};
use super::label::{largest, rows};
use super::{About, Answer, Answers, Form, Given, Parameter, Policy, Rule, Scope, Unit};
use crate::codec::size;
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::vec;
use alloc::vec::Vec;

pub(super) static ABOUT: About = About {
    tag: 5,
    name: "margin",
    title: "the index of the largest output, only if it leads every other by a margin",
    parameters: &[Parameter {
        name: "margin",
        title: "Leads by at least",
        // Without a margin this is the label, whose ties have a rule of their own.
        unit: Unit::Lead,
    }],
    form: Form::Label,
    scope: Scope::Largest,
    of_index: false,
    sized: false,
    make: |parameters| match *parameters {
        [margin] => Some(Policy::Margin(Margin { margin })),
        _ => None,
    },
};

/// The index of the output that is larger than every other by at least `margin`; where there is none, there is no receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    /// The margin, positive, in integers of the quantized model.
    pub margin: i64,
}

impl Margin {
    pub(super) fn widest(_: &OutputLayout) -> Self {
        Self { margin: 1 }
    }
}

impl Rule for Margin {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        vec![self.margin]
    }

    fn answer(&self, scores: &[i64]) -> Option<Given> {
        let (label, top) = largest(scores)?;
        let least = top?.checked_sub(self.margin)?;
        let mut others = scores.iter().enumerate().filter(|(output, _)| *output != size(label));
        others.all(|(_, score)| *score <= least).then_some(Given {
            answer: Answer::Label(label),
            top,
        })
    }

    /// The others are smaller by the margin on both sides of the label.
    fn rows(&self, answer: &Answer, output: &OutputLayout, _: Option<u32>) -> Option<Vec<PolicyRow>> {
        match answer {
            Answer::Label(label) => rows(*label, output, signed(self.margin), signed(self.margin)),
            _ => None,
        }
    }

    fn answers(&self, output: &OutputLayout) -> Answers {
        Answers::Of(output.len)
    }

    fn words(&self) -> Words {
        let words = Words::from("margin: index of the largest output, at least ");
        words.score(self.margin).text(" above every other")
    }

    fn says(&self, answer: &Answer) -> Words {
        let words = answer.words().text(", at least ");
        words.score(self.margin).text(" above every other output,")
    }
}
