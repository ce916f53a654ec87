//! The index of the largest output, if it is one of a set.

use super::super::columns::PolicyRow;
use super::label::{label_rows, largest};
use super::{About, Answer, Answers, Form, Given, Parameter, Policy, Rule, Scope, Unit};
use crate::codec::length;
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

/// Members that words name.
const NAMED: usize = 12;

pub(super) static ABOUT: About = About {
    tag: 7,
    name: "label-in",
    title: "the index of the largest output, only if it is one of these",
    parameters: &[Parameter {
        name: "outputs",
        title: "One of (output indices)",
        unit: Unit::Outputs,
    }],
    form: Form::Label,
    scope: Scope::Largest,
    of_index: true,
    sized: true,
    make: |parameters| {
        let outputs = parameters.iter().map(|output| u32::try_from(*output).ok());
        let outputs = outputs.collect::<Option<Vec<_>>>()?;
        let ascending = outputs.iter().zip(outputs.iter().skip(1)).all(|(a, b)| a < b);
        (ascending && !outputs.is_empty()).then_some(Policy::LabelIn(LabelIn { outputs }))
    },
};

/// The index of the largest output, the lowest one among equals, if it is in a set; where it is not, there is no receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelIn {
    /// The set: indices of outputs, ascending.
    pub outputs: Vec<u32>,
}

impl LabelIn {
    pub(super) fn widest(output: &OutputLayout) -> Self {
        Self {
            outputs: (0..output.len).collect(),
        }
    }

    fn has(&self, label: u32) -> bool {
        self.outputs.binary_search(&label).is_ok()
    }
}

impl Rule for LabelIn {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn parameters(&self) -> Vec<i64> {
        self.outputs.iter().map(|output| i64::from(*output)).collect()
    }

    fn answer(&self, scores: &[i64]) -> Option<Given> {
        let (label, top) = largest(scores)?;
        self.has(label).then_some(Given {
            answer: Answer::Label(label),
            top,
        })
    }

    /// Those of the label, of which one is provable; of labels that are not in the set there are none.
    fn rows(&self, answer: &Answer, output: &OutputLayout, _: Option<u32>) -> Option<Vec<PolicyRow>> {
        match answer {
            Answer::Label(label) if self.has(*label) => label_rows(*label, output),
            _ => None,
        }
    }

    fn answers(&self, _: &OutputLayout) -> Answers {
        Answers::Of(length(self.outputs.len()))
    }

    fn words(&self) -> Words {
        let named = self.outputs.iter().take(NAMED).map(ToString::to_string);
        let named = named.collect::<Vec<_>>().join(", ");
        let more = match self.outputs.len().checked_sub(NAMED) {
            None | Some(0) => Words::default(),
            Some(more) => format!(" and {more} more").into(),
        };
        Words::from(format!("label-in: index of the largest output, one of {named}")).join(more)
    }

    fn says(&self, answer: &Answer) -> Words {
        let count = self.outputs.len();
        answer.words().text(format!(", one of {count} that the policy names,"))
    }
}
