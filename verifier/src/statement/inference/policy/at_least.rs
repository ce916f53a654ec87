//! Whether enough items of a batch have one of some labels: one bit, for any, for all, and for every number between.

use super::super::counts::{Counts, Total};
use super::count::{cells, number, CLASSES, ITEMS};
use super::{items, About, Answer, Answers, Form, OutOfRange, Parameter, Policy, Rule, Scope, Unit};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

pub(super) static ABOUT: About = About {
    tag: 13,
    name: "at-least",
    title: "whether so many items of a batch have one of these labels",
    parameters: &[
        ITEMS,
        Parameter {
            name: "count",
            title: "At least so many",
            unit: Unit::Items,
        },
        CLASSES,
    ],
    form: Form::Bit,
    scope: Scope::Items,
    of_index: true,
    sized: true,
    make: |parameters| match *parameters {
        [items, count, ref labels @ ..] => Some(Policy::AtLeast(AtLeast {
            items: u32::try_from(items).ok()?,
            count: u32::try_from(count).ok()?,
            labels: items::set(labels)?,
        })),
        _ => None,
    },
};

/// Whether `count` of the first items of a batch, or more, have one of some labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtLeast {
    /// How many items count.
    pub items: u32,
    /// 1 for any of them, `items` for all.
    pub count: u32,
    /// The labels, ascending.
    pub labels: Vec<u32>,
}

impl AtLeast {
    pub(super) fn widest(output: &OutputLayout) -> Self {
        Self {
            items: output.items,
            count: 1,
            labels: vec![0],
        }
    }

    fn many(&self) -> alloc::string::String {
        let Self { items, count, .. } = self;
        match count {
            1 => format!("any of the first {items} items"),
            count if count == items => format!("all of the first {items} items"),
            count => format!("at least {count} of the first {items} items"),
        }
    }
}

impl Rule for AtLeast {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        let labels = self.labels.iter().copied();
        [self.items, self.count]
            .into_iter()
            .chain(labels)
            .map(i64::from)
            .collect()
    }

    fn fits(&self, _: &OutputLayout) -> Result<(), OutOfRange> {
        OutOfRange::unless("count", Unit::Items, [1, self.items.into()], self.count.into())
    }

    fn of_labels(&self, labels: &[u32], _: &OutputLayout) -> Option<Answer> {
        let number = number(self.items, &self.labels, labels);
        Some(Answer::Bit(number >= self.count))
    }

    fn counts(&self, answer: &Answer, output: &OutputLayout) -> Option<Counts> {
        let total = match answer {
            Answer::Bit(true) => Total::AtLeast(self.count),
            Answer::Bit(false) => Total::Below(self.count),
            _ => return None,
        };
        Some(Counts {
            cells: cells(output, self.items, &self.labels),
            total,
        })
    }

    fn answers(&self, _: &OutputLayout) -> Answers {
        Answers::Of(2)
    }

    fn words(&self) -> Words {
        let (many, named) = (self.many(), items::named(&self.labels));
        format!("at-least: whether {many} have a label of {named}").into()
    }

    fn says(&self, answer: &Answer) -> Words {
        let (many, named) = (self.many(), items::named(&self.labels));
        match answer {
            Answer::Bit(false) => format!("no label of {named} for {many}").into(),
            _ => format!("a label of {named} for {many}").into(),
        }
    }
}
