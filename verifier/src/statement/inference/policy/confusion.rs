//! Which labels the model gives to items of a batch whose right labels are given.

use super::super::counts::{Counts, Total};
use super::accuracy::LABELS;
use super::{items, About, Answer, Answers, Form, OutOfRange, Policy, Rule, Scope};
use crate::codec::{length, size};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

pub(super) static ABOUT: About = About {
    tag: 11,
    name: "confusion",
    title: "how many items of each right label have which label",
    parameters: &[LABELS],
    form: Form::Counts,
    scope: Scope::Items,
    of_index: true,
    sized: true,
    make: |parameters| {
        let labels = items::indices(parameters).filter(|labels| !labels.is_empty())?;
        Some(Policy::Confusion(Confusion { labels }))
    },
};

/// The confusion matrix of the first items of a batch: for each right label, in order, how many items of it have each label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// The right labels, one for each item that counts.
    pub labels: Vec<u32>,
}

impl Confusion {
    /// Labels that are spread evenly have the most matrices.
    pub(super) fn widest(output: &OutputLayout) -> Self {
        let label = |item: u32| item.checked_rem(output.classes()).unwrap_or(0);
        Self {
            labels: (0..output.items).map(label).collect(),
        }
    }

    /// How many items have a right label.
    fn of(&self, label: u32) -> u32 {
        length(self.labels.iter().filter(|right| **right == label).count())
    }
}

impl Rule for Confusion {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        self.labels.iter().map(|label| i64::from(*label)).collect()
    }

    fn fits(&self, output: &OutputLayout) -> Result<(), OutOfRange> {
        items::fit("number of labels", &self.labels, output)
    }

    fn of_labels(&self, labels: &[u32], output: &OutputLayout) -> Option<Answer> {
        let classes = size(output.classes());
        let mut counts = vec![0u32; classes.checked_mul(classes)?];
        for (right, given) in self.labels.iter().zip(labels) {
            let place = size(*right).checked_mul(classes)?.checked_add(size(*given))?;
            let count = counts.get_mut(place)?;
            *count = count.saturating_add(1);
        }
        Some(Answer::Counts(counts))
    }

    /// Of each right label there are as many items as it has: others are no answer.
    fn counts(&self, answer: &Answer, output: &OutputLayout) -> Option<Counts> {
        let Answer::Counts(counts) = answer else { return None };
        let classes = output.classes();
        if Some(length(counts.len())) != classes.checked_mul(classes) {
            return None;
        }
        let sums = counts.chunks(size(classes).max(1));
        let sums = sums.map(|row| row.iter().fold(0u32, |sum, count| sum.saturating_add(*count)));
        if !sums.eq((0..classes).map(|label| self.of(label))) {
            return None;
        }
        let place = |item: usize, label: u32| self.labels.get(item)?.checked_mul(classes)?.checked_add(label);
        Some(Counts {
            cells: items::cells(output, place),
            total: Total::Exactly(counts.clone()),
        })
    }

    /// Of each right label any numbers that add up to its items.
    fn answers(&self, output: &OutputLayout) -> Answers {
        let others = output.classes().saturating_sub(1);
        let row = |label| Answers::Sets {
            of: self.of(label).saturating_add(others),
            size: others,
        };
        Answers::Each((0..output.classes()).map(row).collect())
    }

    fn words(&self) -> Words {
        let (count, digest) = (self.labels.len(), items::digest(&self.labels));
        format!("confusion matrix against {count} labels of digest {digest}").into()
    }

    fn says(&self, _: &Answer) -> Words {
        let (count, digest) = (self.labels.len(), items::digest(&self.labels));
        format!("exactly the labels that the matrix below counts for {count} items, the right labels being those of digest {digest},").into()
    }

    /// A row for each right label.
    fn shown(&self, answer: &Answer) -> Words {
        let Answer::Counts(counts) = answer else {
            return answer.words();
        };
        let classes = (1..=counts.len()).find(|classes| classes.saturating_mul(*classes) >= counts.len());
        let rows = counts
            .chunks(classes.unwrap_or(1))
            .map(|row| Answer::Counts(row.to_vec()).words());
        let join = |words: Words, row: Words| words.text(" | ").join(row);
        rows.reduce(join).unwrap_or_default()
    }
}
