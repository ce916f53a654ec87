//! How far two groups of items are apart in how often the model is right: one number, in place of both accuracies.

use super::super::counts::Counts;
use super::gap::Sizes;
use super::{items, About, Answer, Answers, Form, OutOfRange, Parameter, Policy, Rule, Scope, Unit};
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::vec::Vec;

pub(super) static ABOUT: About = About {
    tag: 16,
    name: "accuracy-gap",
    title: "how far two groups of items are apart in how often they have the labels that are given",
    parameters: &[Parameter {
        name: "marks",
        title: "Right label and group, 0 or 1, of each of the first items",
        unit: Unit::Marks,
    }],
    form: Form::Gap,
    scope: Scope::Items,
    of_index: true,
    sized: true,
    make: |parameters| {
        let marks = items::indices(parameters).filter(|marks| !marks.is_empty())?;
        let pairs = marks.chunks(2).map(|pair| match *pair {
            [label, group] => Some((label, group)),
            _ => None,
        });
        let (labels, groups) = pairs.collect::<Option<Vec<_>>>()?.into_iter().unzip();
        Some(Policy::AccuracyGap(AccuracyGap { labels, groups }))
    },
};

/// The accuracy in group 1 less that in group 0, as [`Gap`](super::Gap) has it for the rate of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccuracyGap {
    /// The right labels, one for each item that counts.
    pub labels: Vec<u32>,
    /// The group of each of these items, 0 or 1.
    pub groups: Vec<u32>,
}

impl AccuracyGap {
    pub(super) fn widest(output: &OutputLayout) -> Self {
        let groups = Sizes::widest(output.items);
        Self {
            labels: groups.iter().map(|_| 0).collect(),
            groups,
        }
    }

    /// Label and group of each item, as files and claims have them.
    fn marks(&self) -> Vec<u32> {
        let pairs = self.labels.iter().zip(&self.groups);
        pairs.flat_map(|(label, group)| [*label, *group]).collect()
    }
}

impl Rule for AccuracyGap {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        self.marks().into_iter().map(i64::from).collect()
    }

    fn fits(&self, output: &OutputLayout) -> Result<(), OutOfRange> {
        items::fit("number of labels", &self.labels, output)?;
        let range = Unit::Labels.range(Some(output));
        let mut labels = self.labels.iter();
        labels.try_for_each(|label| OutOfRange::unless("label", Unit::Labels, range, (*label).into()))?;
        Sizes::fits(&self.groups)
    }

    fn of_labels(&self, labels: &[u32], _: &OutputLayout) -> Option<Answer> {
        let given = self.labels.iter().zip(&self.groups).zip(labels);
        let right = given.filter(|((right, _), label)| right == label);
        Sizes::of(&self.groups).gap(right.map(|((_, group), _)| *group))
    }

    fn counts(&self, answer: &Answer, output: &OutputLayout) -> Option<Counts> {
        let group = |item: usize, label: u32| {
            let right = self.labels.get(item) == Some(&label);
            self.groups.get(item).copied().filter(|_| right)
        };
        Sizes::of(&self.groups).counts(answer, output, group)
    }

    fn answers(&self, _: &OutputLayout) -> Answers {
        Sizes::of(&self.groups).answers()
    }

    fn words(&self) -> Words {
        let (count, digest) = (self.labels.len(), items::digest(&self.marks()));
        format!("accuracy-gap: how far two groups among {count} items are apart in accuracy, by labels and groups of digest {digest}").into()
    }

    fn says(&self, answer: &Answer) -> Words {
        let digest = items::digest(&self.marks());
        Words::from("the right label for a share of group 1 that exceeds that of group 0 by ")
            .join(self.shown(answer))
            .text(format!(", the right labels and groups being those of digest {digest},"))
    }

    fn shown(&self, answer: &Answer) -> Words {
        Sizes::of(&self.groups).shown(answer)
    }
}
