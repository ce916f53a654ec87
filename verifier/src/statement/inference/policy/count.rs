//! How many items of a batch have one of some labels, where they are not too few to be told.

use super::super::counts::{Counts, Total};
use super::{items, About, Answer, Answers, Form, OutOfRange, Parameter, Policy, Rule, Scope, Unit};
use crate::codec::{length, size};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

pub(super) static ABOUT: About = About {
    tag: 12,
    name: "count",
    title: "how many items of a batch have one of these labels; of too few only that",
    parameters: &[
        ITEMS,
        Parameter {
            name: "minimum",
            title: "Fewer than so many are not told",
            unit: Unit::Items,
        },
        CLASSES,
    ],
    form: Form::Count,
    scope: Scope::Items,
    of_index: true,
    sized: true,
    make: |parameters| match *parameters {
        [items, minimum, ref labels @ ..] => Some(Policy::Count(Count {
            items: u32::try_from(items).ok()?,
            minimum: u32::try_from(minimum).ok()?,
            labels: items::set(labels)?,
        })),
        _ => None,
    },
};

/// How many items count, from the first.
pub(super) const ITEMS: Parameter = Parameter {
    name: "items",
    title: "Of the first items, so many",
    unit: Unit::Items,
};

/// The labels that are counted.
pub(super) const CLASSES: Parameter = Parameter {
    name: "labels",
    title: "With one of the labels",
    unit: Unit::Classes,
};

/// How many of the first items of a batch have one of some labels: at least `minimum`, or 0, which says that there are fewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// How many items count.
    pub items: u32,
    /// Fewer are not told; with 1 every number is.
    pub minimum: u32,
    /// The labels, ascending.
    pub labels: Vec<u32>,
}

impl Count {
    pub(super) fn widest(output: &OutputLayout) -> Self {
        Self {
            items: output.items,
            minimum: 1,
            labels: vec![0],
        }
    }
}

/// Counts the first items that have one of some labels.
pub(super) fn cells(output: &OutputLayout, items: u32, labels: &[u32]) -> Vec<Option<u32>> {
    let counted = |item: usize, label: u32| item < size(items) && labels.binary_search(&label).is_ok();
    items::cells(output, |item, label| counted(item, label).then_some(0))
}

/// How many of the first items have one of some labels.
pub(super) fn number(items: u32, of: &[u32], labels: &[u32]) -> u32 {
    let first = labels.iter().take(size(items));
    length(first.filter(|label| of.binary_search(label).is_ok()).count())
}

impl Rule for Count {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        let labels = self.labels.iter().copied();
        [self.items, self.minimum]
            .into_iter()
            .chain(labels)
            .map(i64::from)
            .collect()
    }

    fn fits(&self, _: &OutputLayout) -> Result<(), OutOfRange> {
        OutOfRange::unless("minimum", Unit::Items, [1, self.items.into()], self.minimum.into())
    }

    fn of_labels(&self, labels: &[u32], _: &OutputLayout) -> Option<Answer> {
        let number = number(self.items, &self.labels, labels);
        Some(Answer::Count(if number < self.minimum { 0 } else { number }))
    }

    fn counts(&self, answer: &Answer, output: &OutputLayout) -> Option<Counts> {
        let total = match *answer {
            Answer::Count(0) => Total::Below(self.minimum),
            Answer::Count(number) if (self.minimum..=self.items).contains(&number) => Total::Exactly(vec![number]),
            _ => return None,
        };
        Some(Counts {
            cells: cells(output, self.items, &self.labels),
            total,
        })
    }

    fn answers(&self, _: &OutputLayout) -> Answers {
        Answers::Of(self.items.saturating_sub(self.minimum).saturating_add(2))
    }

    fn words(&self) -> Words {
        let Self { items, minimum, labels } = self;
        let named = items::named(labels);
        let words = Words::from(format!(
            "count: how many of the first {items} items have a label of {named}"
        ));
        match minimum {
            0 | 1 => words,
            minimum => words.text(format!(", unless fewer than {minimum}")),
        }
    }

    fn says(&self, answer: &Answer) -> Words {
        let named = items::named(&self.labels);
        Words::from(format!("a label of {named} for "))
            .join(self.shown(answer))
            .text(" items")
    }

    fn shown(&self, answer: &Answer) -> Words {
        match answer {
            Answer::Count(0) if self.minimum > 1 => format!("fewer than {} of {}", self.minimum, self.items).into(),
            Answer::Count(number) => items::share(*number, size(self.items)).into(),
            other => other.words(),
        }
    }
}
