//! How far two groups of items are apart in the rate of a label: one number, in place of the counts of both.

use super::super::counts::{Counts, Total};
use super::{items, About, Answer, Answers, Form, OutOfRange, Parameter, Policy, Rule, Scope, Unit};
use crate::codec::{length, size};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec;
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
    /// Groups of almost the same size that have no divisor in common have the most gaps.
    pub(super) fn widest(output: &OutputLayout) -> Self {
        let half = output.items.checked_div(2).unwrap_or(0);
        let apart = |first: &u32| divisor(*first, output.items.saturating_sub(*first)) == 1;
        let first = (1..=half).rev().find(apart).unwrap_or(half);
        let groups = (0..output.items).map(|item| u32::from(item >= first));
        Self {
            label: 0,
            groups: groups.collect(),
        }
    }

    /// How many items each group has.
    fn sizes(&self) -> [u32; 2] {
        [0, 1].map(|group| length(self.groups.iter().filter(|own| **own == group).count()))
    }

    /// What the gap is a part of: the product of both.
    fn whole(&self) -> u64 {
        let [none, one] = self.sizes().map(u64::from);
        none.saturating_mul(one)
    }

    /// What an item of each group with the label adds: an integer far below p, and so is the sum over a batch.
    fn weights(&self) -> [i64; 2] {
        let [none, one] = self.sizes().map(i64::from);
        [one.saturating_neg(), none]
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

    /// Of a group without items there is no rate.
    fn fits(&self, output: &OutputLayout) -> Result<(), OutOfRange> {
        items::fit("number of groups", &self.groups, output)?;
        let two = self.groups.iter().all(|group| *group < 2) && self.whole() > 0;
        two.then_some(()).ok_or(OutOfRange::Groups)
    }

    fn of_labels(&self, labels: &[u32], _: &OutputLayout) -> Option<Answer> {
        let mut gap = 0i64;
        for (group, label) in self.groups.iter().zip(labels) {
            if *label == self.label {
                gap = gap.checked_add(*self.weights().get(size(*group))?)?;
            }
        }
        Some(Answer::Gap(gap))
    }

    fn counts(&self, answer: &Answer, output: &OutputLayout) -> Option<Counts> {
        let Answer::Gap(gap) = *answer else { return None };
        let group = |item: usize, label: u32| self.groups.get(item).copied().filter(|_| label == self.label);
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
    fn answers(&self, _: &OutputLayout) -> Answers {
        let sizes = self.sizes();
        let divisor = divisor(sizes[0], sizes[1]);
        let pairs = |steps: [u32; 2]| {
            let [none, one] = steps.map(|size| u64::from(size).saturating_add(1));
            none.saturating_mul(one)
        };
        let below = sizes.map(|size| size.saturating_sub(size.checked_div(divisor).unwrap_or(0)));
        match u32::try_from(pairs(sizes).saturating_sub(pairs(below))) {
            Ok(count) => Answers::Of(count),
            // Never less than that.
            Err(_) => Answers::Each(sizes.map(|size| Answers::Of(size.saturating_add(1))).to_vec()),
        }
    }

    fn words(&self) -> Words {
        let (count, digest) = (self.groups.len(), items::digest(&self.groups));
        let label = self.label;
        format!("gap: how far two groups among {count} items are apart in the rate of label {label}, by groups of digest {digest}").into()
    }

    fn says(&self, answer: &Answer) -> Words {
        let digest = items::digest(&self.groups);
        Words::from(format!(
            "label {} for a share of group 1 that exceeds that of group 0 by ",
            self.label
        ))
        .join(self.shown(answer))
        .text(format!(", the groups being those of digest {digest},"))
    }

    /// A signed fraction.
    fn shown(&self, answer: &Answer) -> Words {
        let Answer::Gap(gap) = *answer else {
            return answer.words();
        };
        let sign = if gap < 0 { "-" } else { "" };
        let (whole, share) = (self.whole(), items::part(gap.unsigned_abs(), self.whole()));
        format!("{gap} of {whole} ({sign}{share})").into()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests")]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn gap(sizes: [u32; 2]) -> Gap {
        let of = |group: u32, size: u32| vec![group; size_of(size)];
        Gap {
            label: 0,
            groups: [of(0, sizes[0]), of(1, sizes[1])].concat(),
        }
    }

    fn size_of(size: u32) -> usize {
        crate::codec::size(size)
    }

    fn output(items: u32) -> OutputLayout {
        OutputLayout {
            len: items,
            rows: items,
            bits: 8,
            items,
            whole: None,
        }
    }

    /// Counted one by one.
    fn count(sizes: [u32; 2]) -> u32 {
        let [none, one] = sizes.map(i64::from);
        let all = (0..=none).flat_map(|a| (0..=one).map(move |b| b * none - a * one));
        length(all.collect::<BTreeSet<_>>().len())
    }

    #[test]
    fn answers_are_counted() {
        for sizes in (1..14).flat_map(|a| (1..14).map(move |b| [a, b])) {
            let answers = gap(sizes).answers(&output(sizes[0] + sizes[1]));
            assert_eq!(answers, Answers::Of(count(sizes)), "{sizes:?}");
        }
        // Of equal groups little is told, and of others almost both counts.
        assert_eq!(count([10, 10]), 21);
        assert_eq!(count([10, 11]), 11 * 12 - 1);
    }

    #[test]
    fn the_widest_lets_out_most() {
        for items in 2..40 {
            let output = output(items);
            let widest = Gap::widest(&output);
            assert_eq!(widest.fits(&output), Ok(()));
            let most = (1..items).map(|first| count([first, items - first])).max();
            assert_eq!(Some(widest.answers(&output)), most.map(Answers::Of), "{items}");
        }
    }

    /// The most items that a batch has: no number is near the field's order, or the claim's bound.
    #[test]
    fn gaps_of_the_largest_batch_fit() {
        let half = 1u32 << 15;
        let gap = gap([half, half]);
        let all: Vec<u32> = gap.groups.iter().map(|group| 1 - group).collect();
        let none: Vec<u32> = gap.groups.clone();
        let most = i64::from(half) * i64::from(half);
        for (labels, expected) in [(all, most), (none, -most)] {
            let answer = gap.of_labels(&labels, &output(2 * half));
            assert_eq!(answer, Some(Answer::Gap(expected)));
            assert!(expected.abs() < crate::claim::VALUE_BOUND);
            let shown = gap.shown(&Answer::Gap(expected)).shown(&[]);
            assert!(shown.ends_with("1.0000)"), "{shown}");
        }
    }
}
