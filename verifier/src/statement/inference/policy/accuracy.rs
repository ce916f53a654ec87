//! How often the model is right about the items of a batch.

use super::super::counts::{Counts, Total};
use super::{items, About, Answer, Answers, Form, OutOfRange, Parameter, Policy, Rule, Scope, Unit};
use crate::codec::{length, size};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

pub(super) static ABOUT: About = About {
    tag: 10,
    name: "accuracy",
    title: "how many items of a batch have the labels that are given",
    parameters: &[LABELS],
    form: Form::Count,
    scope: Scope::Items,
    of_index: true,
    sized: true,
    make: |parameters| {
        let labels = items::indices(parameters).filter(|labels| !labels.is_empty())?;
        Some(Policy::Accuracy(Accuracy { labels }))
    },
};

/// The right labels, one for each item; those without one are not counted.
pub(super) const LABELS: Parameter = Parameter {
    name: "labels",
    title: "Right labels of the first items",
    unit: Unit::Labels,
};

/// How many of the first items of a batch have the right label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accuracy {
    /// The right labels, one for each item that counts.
    pub labels: Vec<u32>,
}

impl Accuracy {
    pub(super) fn widest(output: &OutputLayout) -> Self {
        Self {
            labels: vec![0; size(output.items)],
        }
    }
}

impl Rule for Accuracy {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        self.labels.iter().map(|label| i64::from(*label)).collect()
    }

    fn fits(&self, output: &OutputLayout) -> Result<(), OutOfRange> {
        items::fit("number of labels", &self.labels, output)
    }

    fn of_labels(&self, labels: &[u32], _: &OutputLayout) -> Option<Answer> {
        let right = self.labels.iter().zip(labels).filter(|(right, given)| right == given);
        Some(Answer::Count(length(right.count())))
    }

    fn counts(&self, answer: &Answer, output: &OutputLayout) -> Option<Counts> {
        let Answer::Count(count) = answer else { return None };
        let right = |item: usize, label: u32| (self.labels.get(item) == Some(&label)).then_some(0);
        (size(*count) <= self.labels.len()).then(|| Counts {
            cells: items::cells(output, right),
            total: Total::Exactly(vec![*count]),
        })
    }

    fn answers(&self, _: &OutputLayout) -> Answers {
        Answers::Of(length(self.labels.len()).saturating_add(1))
    }

    fn words(&self) -> Words {
        let (count, digest) = (self.labels.len(), items::digest(&self.labels));
        format!("accuracy against {count} labels of digest {digest}").into()
    }

    fn says(&self, answer: &Answer) -> Words {
        let (shown, digest) = (self.shown(answer), items::digest(&self.labels));
        Words::from("the right label for ")
            .join(shown)
            .text(format!(" items, the right labels being those of digest {digest},"))
    }

    fn shown(&self, answer: &Answer) -> Words {
        match answer {
            Answer::Count(count) => items::share(*count, self.labels.len()).into(),
            other => other.words(),
        }
    }
}
