//! What is out of range about a policy or its answer, with the range.

use super::super::answer::Form;
use super::Unit;
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use core::fmt;

/// The last group that a policy can name.
const MAX_GROUPS: i64 = 255;

/// Why an output of a circuit cannot have a policy with these parameters, or this answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfRange {
    /// A parameter, or a part of the answer.
    Value {
        /// Its name.
        what: &'static str,
        /// What it counts.
        unit: Unit,
        /// The least and the most that is possible.
        range: [i64; 2],
        /// What was found.
        got: i64,
        /// The output that the policy speaks of, by its index.
        output: u32,
    },
    /// A set of outputs, without one or not in ascending order.
    Set,
    /// A step that is no power of two.
    Step,
    /// The answer is of another form than this, the policy's.
    Form(Form),
    /// An answer that the policy with its parameters never gives.
    Answer,
    /// A list of labels without one.
    Labels,
    /// Groups that are not two, each with an item.
    Groups,
    /// A policy about a batch, and a model that is committed for one item.
    NoBatch,
    /// A policy that compares all scores, and a model that is committed for a batch.
    Batch,
    /// A policy other than all scores, and an output that claims show whole or not at all.
    Whole,
    /// A policy that speaks of one output, or a circuit that has one, and all of several are named.
    All,
}

impl OutOfRange {
    /// In words, with scores that can be shown in the units of the output.
    pub fn words(&self) -> Words {
        match *self {
            Self::Value {
                what,
                unit,
                range: [least, most],
                got,
                output,
            } => {
                let number = |words: Words, value| match unit.is_score() {
                    true => words.score(value),
                    false => words.text(format!("{value}")),
                };
                let words = number(Words::from(format!("{what} ")), got).text(" is out of range: from ");
                let words = number(number(words, least).text(" to "), most).text(" is possible");
                words.of_output(output)
            }
            Self::Set => "a set of outputs names each once, in ascending order, and at least one".into(),
            Self::Step => "the step is no power of two".into(),
            Self::Form(form) => format!(
                "the policy has an answer of the form `{}`, and this is another",
                form.name()
            )
            .into(),
            Self::Answer => "the policy never gives this answer".into(),
            Self::Labels => "a list of labels has one for each item, at least one".into(),
            Self::Groups => "two groups are compared: each item is of group 0 or of group 1, and both have an item".into(),
            Self::NoBatch => {
                "the policy speaks of the items of a batch, and this model was not committed for one (commit --batch)"
                    .into()
            }
            Self::Batch => {
                "the policy compares all scores with one another, and in a batch each item has scores of its own".into()
            }
            Self::Whole => {
                "this output is shown whole or not at all (the policy `scores`): other policies need a model that was committed with --outputs scores"
                    .into()
            }
            Self::All => "only the policy `scores` speaks of all outputs, and only where there are several".into(),
        }
    }

    /// That a value is outside its range, if it is.
    pub(in super::super) fn unless(what: &'static str, unit: Unit, range: [i64; 2], got: i64) -> Result<(), Self> {
        match (range[0]..=range[1]).contains(&got) {
            true => Ok(()),
            false => Err(Self::Value {
                what,
                unit,
                range,
                got,
                output: 0,
            }),
        }
    }

    /// The same about an output.
    pub(in super::super) fn of_output(mut self, index: u32) -> Self {
        if let Self::Value { output, .. } = &mut self {
            *output = index;
        }
        self
    }
}

/// In integers of the quantized model.
impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words().fmt(f)?;
        match self {
            Self::Value { unit, .. } if unit.is_score() => f.write_str(" (integers of the quantized model)"),
            _ => Ok(()),
        }
    }
}

impl Unit {
    /// Whether it is in the units of the output.
    fn is_score(self) -> bool {
        matches!(self, Self::Score | Self::Lead)
    }

    /// The least and the most that is possible, of an output; of none, what the format takes.
    pub(in super::super) fn range(self, output: Option<&OutputLayout>) -> [i64; 2] {
        let (len, bits) = output.map_or((1 << 32, 41), |output| (i64::from(output.len), output.bits));
        let half = 1i64.checked_shl(bits.saturating_sub(1)).unwrap_or(i64::MAX);
        let most = half.saturating_sub(1);
        let (items, classes) = output.map_or((1 << 20, 1 << 20), |output| {
            (output.items.into(), output.classes().into())
        });
        match self {
            Self::Output | Self::Outputs => [0, len.saturating_sub(1)],
            Self::Count => [1, len],
            Self::Items => [1, items],
            Self::Groups => [0, MAX_GROUPS],
            // Which of them are labels the policy knows.
            Self::Marks => [0, i64::saturating_sub(classes, 1).max(1)],
            Self::Class | Self::Classes | Self::Labels => [0, i64::saturating_sub(classes, 1)],
            Self::Score => [half.saturating_neg(), most],
            Self::Lead => [1, most],
        }
    }
}
