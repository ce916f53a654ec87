//! All outputs, rounded.

use super::super::columns::{signed, PolicyRow};
use super::{About, Answer, Answers, Form, Given, Parameter, Policy, Rule, Scope, Unit};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

pub(super) static ABOUT: About = About {
    tag: 8,
    name: "round",
    title: "all outputs, rounded down to multiples of a power of two",
    parameters: &[Parameter {
        name: "step",
        title: "Multiples of",
        unit: Unit::Lead,
    }],
    form: Form::Scores,
    scope: Scope::Scores,
    of_index: false,
    sized: true,
    make: |parameters| match *parameters {
        [step] if step > 0 && step.count_ones() == 1 => Some(Policy::Round(Round { step })),
        _ => None,
    },
};

/// All outputs, each as the largest multiple of `step` that it is not below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// A power of two, in integers of the quantized model.
    pub step: i64,
}

impl Round {
    pub(super) fn widest(_: &OutputLayout) -> Self {
        Self { step: 1 }
    }

    /// Low bits that are dropped.
    fn dropped(self) -> u32 {
        self.step.trailing_zeros()
    }
}

impl Rule for Round {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        vec![self.step]
    }

    fn answer(&self, scores: &[i64]) -> Option<Given> {
        let round = |score: &i64| score.checked_sub(score.checked_rem_euclid(self.step)?);
        Some(Given {
            answer: Answer::Scores(scores.iter().map(round).collect::<Option<_>>()?),
            top: None,
        })
    }

    /// With `K = 2^width / step`, `K (z - rounded)` is in `[0, 2^width)`, which is what `d` has: an integer far below the field's size, so
    /// `0 <= z - rounded < step`, and of multiples of the step one is.
    fn rows(&self, answer: &Answer, _: &OutputLayout, width: Option<u32>) -> Option<Vec<PolicyRow>> {
        let Answer::Scores(scores) = answer else { return None };
        let factor = signed(1i64.checked_shl(width?.checked_sub(self.dropped())?)?);
        let row = |score: &i64| {
            let is_multiple = score.checked_rem_euclid(self.step) == Some(0);
            is_multiple.then(|| PolicyRow {
                a: factor,
                t: Fr::ZERO,
                c: -(factor * signed(*score)),
                g: Fr::ZERO,
            })
        };
        scores.iter().map(row).collect()
    }

    fn answers(&self, output: &OutputLayout) -> Answers {
        let left = output.bits.saturating_sub(self.dropped());
        Answers::Bits(u64::from(output.len).saturating_mul(left.into()))
    }

    fn words(&self) -> Words {
        Words::from("round: scores, rounded down to multiples of ").score(self.step)
    }

    fn says(&self, _: &Answer) -> Words {
        let words = Words::from("the scores below, each rounded down to a multiple of ");
        words.score(self.step)
    }
}
