//! The label of each item of a batch.

use super::super::counts::{Counts, Total};
use super::{items, About, Answer, Answers, Form, Policy, Rule, Scope};
use crate::codec::size;
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::vec;
use alloc::vec::Vec;

pub(super) static ABOUT: About = About {
    tag: 9,
    name: "labels",
    title: "the index of the largest output of each item of a batch",
    parameters: &[],
    form: Form::Labels,
    scope: Scope::Items,
    of_index: true,
    sized: false,
    make: |_| Some(Policy::Labels(Labels)),
};

/// The label of each item of a batch, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels;

impl Labels {
    pub(super) fn widest(_: &OutputLayout) -> Self {
        Self
    }
}

impl Rule for Labels {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        vec![]
    }

    fn of_labels(&self, labels: &[u32], _: &OutputLayout) -> Option<Answer> {
        Some(Answer::Labels(labels.to_vec()))
    }

    /// Every item has the label that is named: that many do.
    fn counts(&self, answer: &Answer, output: &OutputLayout) -> Option<Counts> {
        let Answer::Labels(labels) = answer else { return None };
        let named = |item: usize, label: u32| (labels.get(item) == Some(&label)).then_some(0);
        let fits = labels.len() == size(output.items) && labels.iter().all(|label| *label < output.classes());
        fits.then(|| Counts {
            cells: items::cells(output, named),
            total: Total::Exactly(vec![output.items]),
        })
    }

    fn answers(&self, output: &OutputLayout) -> Answers {
        Answers::Each(vec![Answers::Of(output.classes()); size(output.items)])
    }

    fn words(&self) -> Words {
        "labels (index of the largest output of each item)".into()
    }

    fn says(&self, answer: &Answer) -> Words {
        Words::from("the labels ").join(answer.words())
    }
}
