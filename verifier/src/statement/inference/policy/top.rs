//! Which outputs are the largest ones.

use super::super::columns::{signed, PolicyRow};
use super::{About, Answer, Answers, Form, Given, Parameter, Policy, Rule, Scope, Unit};
use crate::codec::size;
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use provenn_bn254::Fr;

pub(super) static ABOUT: About = About {
    tag: 6,
    name: "top",
    title: "which outputs are the largest, as a set: not in which order",
    parameters: &[Parameter {
        name: "count",
        title: "How many",
        unit: Unit::Count,
    }],
    form: Form::Labels,
    scope: Scope::Largest,
    of_index: false,
    sized: true,
    make: |parameters| match *parameters {
        [count] => Some(Policy::Top(Top {
            count: u32::try_from(count).ok()?,
        })),
        _ => None,
    },
};

/// The indices of the `count` largest outputs, ascending; of equals the lower index comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Top {
    /// How many, at least one.
    pub count: u32,
}

impl Top {
    /// Half of the outputs are the most sets.
    pub(super) fn widest(output: &OutputLayout) -> Self {
        let half = output.len.checked_div(2).unwrap_or(0);
        Self { count: half.max(1) }
    }
}

/// For each output whether it is a member, and the number of its run, a run being as many neighbours as are members, or are not. With them the number
/// of runs.
fn runs(members: &[u32], len: u32) -> (Vec<(bool, i64)>, i64) {
    let mut next = members.iter().peekable();
    let mut all: Vec<(bool, i64)> = Vec::new();
    for index in 0..len {
        let is = next.next_if_eq(&&index).is_some();
        let run = match all.last() {
            None => 0,
            Some((before, run)) if *before == is => *run,
            Some((_, run)) => run.saturating_add(1),
        };
        all.push((is, run));
    }
    let count = all.last().map_or(0, |(_, run)| run.saturating_add(1));
    (all, count)
}

impl Rule for Top {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        vec![self.count.into()]
    }

    /// `top` is the least key of a member.
    fn answer(&self, scores: &[i64]) -> Option<Given> {
        let len = u32::try_from(scores.len()).ok()?;
        let mut ranked: Vec<(u32, i64)> = (0..len).zip(scores.iter().copied()).collect();
        ranked.sort_by_key(|(index, score)| (Reverse(*score), *index));
        let mut members: Vec<u32> = ranked
            .get(..size(self.count))?
            .iter()
            .map(|(index, _)| *index)
            .collect();
        members.sort_unstable();
        let (runs, count) = runs(&members, len);
        let keys = scores.iter().zip(&runs).filter(|(_, (is, _))| *is);
        let keys = keys.map(|(score, (_, run))| count.checked_mul(*score)?.checked_sub(*run));
        Some(Given {
            answer: Answer::Labels(members),
            top: keys.min().flatten(),
        })
    }

    /// With R runs, output i has the key `R z_i - run(i)`; keys of members are at least `top`, those of others less: `R z - run - top >= 0`, and
    /// `top - 1 - (R z - run) >= 0`.
    ///
    /// One set is provable. A member i and another j give `d_i + d_j = key_i - key_j - 1`, whatever `top` is: a sum of two numbers below 2^m on
    /// the left, an integer far below the field's size on the right, so `key_i > key_j`. Runs of i and j differ, by less than R, so that this is
    /// `z_i > z_j`, or `z_i = z_j` and i before j: every member comes before every other one in the one order of the outputs, of which the first `count`
    /// are a set. The right one is provable with the least key of a member, where its keys are not farther apart than `d` can be. R is at most
    /// `2 count + 1`, and not the number of outputs, so that this is so.
    fn rows(&self, answer: &Answer, output: &OutputLayout, _: Option<u32>) -> Option<Vec<PolicyRow>> {
        let Answer::Labels(members) = answer else { return None };
        let (runs, count) = runs(members, output.len);
        // Members that were not met are out of order, named twice or beyond the outputs.
        let met = runs.iter().filter(|(is, _)| *is).count();
        let row = |(is, run): &(bool, i64)| match is {
            true => PolicyRow {
                a: signed(count),
                t: -Fr::ONE,
                c: -signed(*run),
                g: Fr::ZERO,
            },
            false => PolicyRow {
                a: -signed(count),
                t: Fr::ONE,
                c: signed(*run) - Fr::ONE,
                g: Fr::ZERO,
            },
        };
        (met == members.len() && met == size(self.count)).then(|| runs.iter().map(row).collect())
    }

    fn answers(&self, output: &OutputLayout) -> Answers {
        Answers::Sets {
            of: output.len,
            size: self.count,
        }
    }

    fn words(&self) -> Words {
        format!("top: indices of the {} largest outputs, in no order", self.count).into()
    }

    fn says(&self, answer: &Answer) -> Words {
        Words::from("the largest outputs ").join(answer.words())
    }
}
