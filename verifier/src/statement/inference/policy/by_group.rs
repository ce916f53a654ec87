//! How often a label is given to the items of each of several groups.

use super::super::counts::{Counts, Total};
use super::{items, About, Answer, Answers, Form, OutOfRange, Parameter, Policy, Rule, Scope, Unit};
use crate::codec::{length, size};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

pub(super) static ABOUT: About = About {
    tag: 14,
    name: "by-group",
    title: "how many items of each group have a label: rates, and how far they are apart",
    parameters: &[
        Parameter {
            name: "label",
            title: "The label that counts",
            unit: Unit::Class,
        },
        Parameter {
            name: "groups",
            title: "Groups of the first items",
            unit: Unit::Groups,
        },
    ],
    form: Form::Counts,
    scope: Scope::Items,
    of_index: true,
    sized: true,
    make: |parameters| match *parameters {
        [label, ref groups @ ..] => Some(Policy::ByGroup(ByGroup {
            label: u32::try_from(label).ok()?,
            groups: items::indices(groups).filter(|groups| !groups.is_empty())?,
        })),
        _ => None,
    },
};

/// For each group, from 0 on, how many of its items in a batch have a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByGroup {
    /// The label that counts.
    pub label: u32,
    /// The group of each item that counts.
    pub groups: Vec<u32>,
}

impl ByGroup {
    pub(super) fn widest(output: &OutputLayout) -> Self {
        Self {
            label: 0,
            groups: vec![0; size(output.items)],
        }
    }

    /// How many items each group has.
    fn sizes(&self) -> Vec<u32> {
        let last = self.groups.iter().max().copied().unwrap_or(0);
        let of = |group: u32| length(self.groups.iter().filter(|own| **own == group).count());
        (0..=last).map(of).collect()
    }
}

impl Rule for ByGroup {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        let groups = self.groups.iter().copied();
        [self.label].into_iter().chain(groups).map(i64::from).collect()
    }

    fn fits(&self, output: &OutputLayout) -> Result<(), OutOfRange> {
        items::fit("number of groups", &self.groups, output)
    }

    fn of_labels(&self, labels: &[u32], _: &OutputLayout) -> Option<Answer> {
        let of = |group: usize| {
            let pairs = self.groups.iter().zip(labels);
            length(
                pairs
                    .filter(|(own, label)| size(**own) == group && **label == self.label)
                    .count(),
            )
        };
        Some(Answer::Counts((0..self.sizes().len()).map(of).collect()))
    }

    fn counts(&self, answer: &Answer, output: &OutputLayout) -> Option<Counts> {
        let Answer::Counts(counts) = answer else { return None };
        let sizes = self.sizes();
        let possible = counts.len() == sizes.len() && counts.iter().zip(&sizes).all(|(count, size)| count <= size);
        let group = |item: usize, label: u32| self.groups.get(item).copied().filter(|_| label == self.label);
        possible.then(|| Counts {
            cells: items::cells(output, group),
            total: Total::Exactly(counts.clone()),
        })
    }

    fn answers(&self, _: &OutputLayout) -> Answers {
        let of = |size: u32| Answers::Of(size.saturating_add(1));
        Answers::Each(self.sizes().into_iter().map(of).collect())
    }

    fn words(&self) -> Words {
        let (count, digest) = (self.groups.len(), items::digest(&self.groups));
        format!(
            "by-group: how many of {count} items have label {}, by groups of digest {digest}",
            self.label
        )
        .into()
    }

    fn says(&self, answer: &Answer) -> Words {
        let digest = items::digest(&self.groups);
        Words::from(format!("label {} for ", self.label))
            .join(self.shown(answer))
            .text(format!(" items of the groups of digest {digest},"))
    }

    /// The rate of each group.
    fn shown(&self, answer: &Answer) -> Words {
        let Answer::Counts(counts) = answer else {
            return answer.words();
        };
        let rates = counts.iter().zip(self.sizes());
        let rates = rates.map(|(count, whole)| Words::from(items::share(*count, size(whole))));
        rates
            .reduce(|words, rate| words.text(" | ").join(rate))
            .unwrap_or_default()
    }
}
