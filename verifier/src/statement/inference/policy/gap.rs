//! How far two groups of items are apart in the rate of a label: one number, in place of the counts of both.

use super::super::counts::{Counts, Total};
use super::{items, About, Answer, Answers, Form, OutOfRange, Parameter, Policy, Rule, Scope, Unit};
use crate::codec::{length, size};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec::Vec;

pub(super) static ABOUT: About = About {
    tag: 15,
    name: "gap",
    title: "how far two groups of items are apart in the rate of a label",
    parameters: &[
        Parameter {
            name: "label",
            title: "The label that counts",
            unit: Unit::Class,
        },
        Parameter {
            name: "groups",
            title: "Groups of the first items, 0 or 1",
            unit: Unit::Groups,
        },
    ],
    form: Form::Gap,
    scope: Scope::Items,
    of_index: true,
    sized: true,
    make: |parameters| match *parameters {
        [label, ref groups @ ..] => Some(Policy::Gap(Gap {
            label: u32::try_from(label).ok()?,
            groups: items::indices(groups).filter(|groups| !groups.is_empty())?,
        })),
        _ => None,
    },
};

/// The rate of a label in group 1 less that in group 0, as the integer `a_1 n_0 - a_0 n_1` over `n_0 n_1`: `n_g` items are of group `g`, and `a_g` of them
/// have the label. Both groups have items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The label that counts.
    pub label: u32,
    /// The group of each item that counts, 0 or 1.
    pub groups: Vec<u32>,
}

impl Gap {
    pub(super) fn widest(output: &OutputLayout) -> Self {
        Self {
            label: 0,
            groups: Sizes::widest(output.items),
        }
    }
}

/// How many items each of two groups has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes([u32; 2]);

impl Sizes {
    pub(super) fn of(groups: &[u32]) -> Self {
        Self([0, 1].map(|group| length(groups.iter().filter(|own| **own == group).count())))
    }

    /// Groups of almost the same size that have no divisor in common have the most gaps.
    pub(super) fn widest(items: u32) -> Vec<u32> {
        let half = items.checked_div(2).unwrap_or(0);
        let apart = |first: &u32| divisor(*first, items.saturating_sub(*first)) == 1;
        let first = (1..=half).rev().find(apart).unwrap_or(half);
        (0..items).map(|item| u32::from(item >= first)).collect()
    }

    /// What a gap is a part of: the product of both.
    fn whole(self) -> u64 {
        let [none, one] = self.0.map(u64::from);
        none.saturating_mul(one)
    }

    /// What an item of each group adds if it counts: an integer far below p, and so is the sum over a batch.
    fn weights(self) -> [i64; 2] {
        let [none, one] = self.0.map(i64::from);
        [one.saturating_neg(), none]
    }

    /// Of a group without items there is no rate, and of a third one nothing is said.
    pub(super) fn fits(groups: &[u32]) -> Result<(), OutOfRange> {
        let two = groups.iter().all(|group| *group < 2) && Self::of(groups).whole() > 0;
        two.then_some(()).ok_or(OutOfRange::Groups)
    }

    /// The gap, from the groups of the items that count.
    pub(super) fn gap(self, counted: impl Iterator<Item = u32>) -> Option<Answer> {
        let mut gap = 0i64;
        for group in counted {
            gap = gap.checked_add(*self.weights().get(size(group))?)?;
        }
        Some(Answer::Gap(gap))
    }

    /// That an answer is the gap, if it can be one; `group` of item and label is the group that the item counts in.
    pub(super) fn counts(
        self,
        answer: &Answer,
        output: &OutputLayout,
        group: impl Fn(usize, u32) -> Option<u32>,
    ) -> Option<Counts> {
        let Answer::Gap(gap) = *answer else { return None };
        (gap.unsigned_abs() <= self.whole()).then(|| Counts {
            cells: items::cells(output, group),
            total: Total::Weighted {
                weights: self.weights().to_vec(),
                sum: gap,
            },
        })
    }

    /// With `n_g = d m_g` for the greatest common divisor `d`, `(a_0, a_1)` and `(a_0 + m_0, a_1 + m_1)` have the same gap, and no others have: of those with
    /// one gap only the first has none below it. So there are as many gaps as pairs, less the pairs that have one below.
    pub(super) fn answers(self) -> Answers {
        let divisor = divisor(self.0[0], self.0[1]);
        let pairs = |steps: [u32; 2]| {
            let [none, one] = steps.map(|size| u64::from(size).saturating_add(1));
            none.saturating_mul(one)
        };
        let below = self
            .0
            .map(|size| size.saturating_sub(size.checked_div(divisor).unwrap_or(0)));
        match u32::try_from(pairs(self.0).saturating_sub(pairs(below))) {
            Ok(count) => Answers::Of(count),
            // Never less than that.
            Err(_) => Answers::Each(self.0.map(|size| Answers::Of(size.saturating_add(1))).to_vec()),
        }
    }

    /// A signed fraction.
    pub(super) fn shown(self, answer: &Answer) -> Words {
        let Answer::Gap(gap) = *answer else {
            return answer.words();
        };
        let sign = if gap < 0 { "-" } else { "" };
        let (whole, share) = (self.whole(), items::part(gap.unsigned_abs(), self.whole()));
        format!("{gap} of {whole} ({sign}{share})").into()
    }
}

/// The greatest common divisor.
fn divisor(a: u32, b: u32) -> u32 {
    let (mut a, mut b) = (a, b);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

impl Rule for Gap {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        let groups = self.groups.iter().copied();
        [self.label].into_iter().chain(groups).map(i64::from).collect()
    }

    fn fits(&self, output: &OutputLayout) -> Result<(), OutOfRange> {
        items::fit("number of groups", &self.groups, output)?;
        Sizes::fits(&self.groups)
    }

    fn of_labels(&self, labels: &[u32], _: &OutputLayout) -> Option<Answer> {
        let pairs = self.groups.iter().zip(labels);
        let counted = pairs.filter(|(_, label)| **label == self.label);
        Sizes::of(&self.groups).gap(counted.map(|(group, _)| *group))
    }

    fn counts(&self, answer: &Answer, output: &OutputLayout) -> Option<Counts> {
        let group = |item: usize, label: u32| self.groups.get(item).copied().filter(|_| label == self.label);
        Sizes::of(&self.groups).counts(answer, output, group)
    }

    fn answers(&self, _: &OutputLayout) -> Answers {
        Sizes::of(&self.groups).answers()
    }

    fn words(&self) -> Words {
        let (label, count, digest) = (self.label, self.groups.len(), items::digest(&self.groups));
        format!("gap: how far two groups among {count} items are apart in the rate of label {label}, by groups of digest {digest}").into()
    }

    fn says(&self, answer: &Answer) -> Words {
        let digest = items::digest(&self.groups);
        let first = format!(
            "label {} for a share of group 1 that exceeds that of group 0 by ",
            self.label
        );
        Words::from(first)
            .join(self.shown(answer))
            .text(format!(", the groups being those of digest {digest},"))
    }

    fn shown(&self, answer: &Answer) -> Words {
        Sizes::of(&self.groups).shown(answer)
    }
}

#[cfg(test)]
mod tests;
