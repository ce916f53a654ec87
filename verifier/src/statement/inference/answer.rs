//! What a policy lets out.

use super::disclosure::Disclosure;
use super::policy::{OutOfRange, Unit};
use super::MAX_OUTPUTS;
use crate::claim::values_in_bound;
use crate::claim::MAX_VALUES;
use crate::codec::{at_most, Put, Reader};
use crate::error::VerifyError;
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// The answer of a receipt. Which form it has follows from policy and target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The scores of an output, in integers of the quantized model.
    Scores(Vec<i64>),
    /// The scores of each output.
    Outputs(Vec<Vec<i64>>),
    /// Index of a score.
    Label(u32),
    /// Indices of scores, ascending.
    Labels(Vec<u32>),
    /// Yes or no.
    Bit(bool),
    /// The receipt exists: what it states holds.
    Yes,
    /// A number of items.
    Count(u32),
    /// Numbers of items.
    Counts(Vec<u32>),
    /// How far two groups of items are apart, as a part of the product of their sizes.
    Gap(i64),
}

/// The forms that answers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// [`Answer::Scores`]
    Scores,
    /// [`Answer::Outputs`]
    Outputs,
    /// [`Answer::Label`]
    Label,
    /// [`Answer::Labels`]
    Labels,
    /// [`Answer::Bit`]
    Bit,
    /// [`Answer::Yes`]
    Yes,
    /// [`Answer::Count`]
    Count,
    /// [`Answer::Counts`]
    Counts,
    /// [`Answer::Gap`]
    Gap,
}

impl Form {
    /// Its name, in lists of policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Outputs => "outputs",
            Self::Label => "label",
            Self::Labels => "labels",
            Self::Bit => "bit",
            Self::Yes => "yes",
            Self::Count => "count",
            Self::Counts => "counts",
            Self::Gap => "gap",
        }
    }
}

/// Integers with spaces between them.
fn integers<T: FromStr>(text: &str) -> Option<Vec<T>> {
    text.split_ascii_whitespace()
        .map(|number| number.parse().ok())
        .collect()
}

fn listed(scores: &[i64]) -> Words {
    let join = |words: Words, (index, score): (usize, &i64)| {
        let words = if index == 0 { words } else { words.text(" ") };
        words.score(*score)
    };
    scores.iter().enumerate().fold(Words::default(), join)
}

impl Answer {
    /// Its form.
    pub fn form(&self) -> Form {
        match self {
            Self::Scores(_) => Form::Scores,
            Self::Outputs(_) => Form::Outputs,
            Self::Label(_) => Form::Label,
            Self::Labels(_) => Form::Labels,
            Self::Bit(_) => Form::Bit,
            Self::Yes => Form::Yes,
            Self::Count(_) => Form::Count,
            Self::Counts(_) => Form::Counts,
            Self::Gap(_) => Form::Gap,
        }
    }

    /// Reads what `Display` writes.
    pub fn parse(form: Form, text: &str) -> Option<Self> {
        match (form, text) {
            (Form::Scores, _) => integers(text).map(Self::Scores),
            (Form::Outputs, _) => text.split('|').map(integers).collect::<Option<_>>().map(Self::Outputs),
            (Form::Label, _) => text.parse().ok().map(Self::Label),
            (Form::Labels, _) => integers(text).map(Self::Labels),
            (Form::Bit, "yes") => Some(Self::Bit(true)),
            (Form::Bit, "no") => Some(Self::Bit(false)),
            (Form::Yes, "yes") => Some(Self::Yes),
            (Form::Bit | Form::Yes, _) => None,
            (Form::Count, _) => text.parse().ok().map(Self::Count),
            (Form::Counts, _) => integers(text).map(Self::Counts),
            (Form::Gap, _) => text.parse().ok().map(Self::Gap),
        }
    }

    /// The answer for people.
    pub fn words(&self) -> Words {
        match self {
            Self::Scores(scores) => listed(scores),
            Self::Outputs(outputs) => {
                let join = |words: Words, (index, scores): (u32, &Vec<i64>)| {
                    let words = if index == 0 { words } else { words.text(" | ") };
                    words.join(listed(scores).of_output(index))
                };
                (0..).zip(outputs).fold(Words::default(), join)
            }
            Self::Label(label) => format!("label {label}").into(),
            Self::Labels(_) | Self::Bit(_) | Self::Yes | Self::Count(_) | Self::Counts(_) | Self::Gap(_) => {
                self.to_string().into()
            }
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Scores(scores) => out.put_integers(scores),
            Self::Outputs(outputs) => out.put_list(outputs, |out, scores| out.put_integers(scores)),
            Self::Label(label) => out.put_u32(*label),
            Self::Labels(labels) => out.put_list(labels, |out, label| out.put_u32(*label)),
            Self::Bit(bit) => out.put(&[u8::from(*bit)]),
            Self::Yes => {}
            Self::Count(count) => out.put_u32(*count),
            Self::Counts(counts) => out.put_list(counts, |out, count| out.put_u32(*count)),
            Self::Gap(gap) => out.put(&gap.to_le_bytes()),
        }
    }

    pub(super) fn read(form: Form, reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(match form {
            Form::Scores => Self::Scores(reader.integers(MAX_VALUES)?),
            // A length and a width at least.
            Form::Outputs => Self::Outputs(reader.list(MAX_OUTPUTS, 5, |reader| reader.integers(MAX_VALUES))?),
            Form::Label => Self::Label(reader.u32()?),
            Form::Labels => Self::Labels(reader.list(MAX_VALUES, 4, Reader::u32)?),
            Form::Bit => Self::Bit(reader.flag()?),
            Form::Yes => Self::Yes,
            Form::Count => Self::Count(reader.u32()?),
            Form::Counts => Self::Counts(reader.list(MAX_VALUES, 4, Reader::u32)?),
            Form::Gap => Self::Gap(reader.i64()?),
        })
    }

    /// The bounds of the format, and the form that the disclosure has.
    pub(super) fn validate(&self, disclosure: &Disclosure) -> Result<(), VerifyError> {
        match self {
            _ if self.form() != disclosure.form() => {
                Err(VerifyError::PolicyOutOfRange(OutOfRange::Form(disclosure.form())))
            }
            Self::Scores(scores) => values_in_bound(scores),
            Self::Gap(gap) => values_in_bound(&[*gap]),
            Self::Outputs(outputs) => {
                at_most(MAX_OUTPUTS, outputs.len())?;
                at_most(MAX_VALUES, outputs.iter().map(Vec::len).fold(0, usize::saturating_add))?;
                outputs.iter().try_for_each(|scores| values_in_bound(scores))
            }
            Self::Labels(values) | Self::Counts(values) => at_most(MAX_VALUES, values.len()),
            _ => Ok(()),
        }
    }

    /// The ranges of an output, for a policy whose answers have this form.
    pub(super) fn check(&self, form: Form, output: &OutputLayout) -> Result<(), OutOfRange> {
        let label = |label: &u32| {
            let range = Unit::Output.range(Some(output));
            OutOfRange::unless("label", Unit::Output, range, i64::from(*label))
        };
        match self {
            _ if self.form() != form => Err(OutOfRange::Form(form)),
            Self::Scores(scores) => {
                let [len, got] = [i64::from(output.len), i64::try_from(scores.len()).unwrap_or(i64::MAX)];
                OutOfRange::unless("number of scores", Unit::Count, [len, len], got)?;
                let range = Unit::Score.range(Some(output));
                let mut scores = scores.iter();
                scores.try_for_each(|score| OutOfRange::unless("score", Unit::Score, range, *score))
            }
            Self::Label(one) => label(one),
            Self::Labels(labels) => labels.iter().try_for_each(label),
            Self::Outputs(_) | Self::Bit(_) | Self::Yes | Self::Count(_) | Self::Counts(_) | Self::Gap(_) => Ok(()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scores(_) | Self::Outputs(_) => self.words().fmt(f),
            Self::Label(label) => label.fmt(f),
            Self::Count(count) => count.fmt(f),
            Self::Gap(gap) => gap.fmt(f),
            Self::Labels(values) | Self::Counts(values) => {
                let values = values.iter().map(ToString::to_string);
                f.write_str(&values.collect::<Vec<_>>().join(" "))
            }
            Self::Bit(false) => f.write_str("no"),
            Self::Bit(true) | Self::Yes => f.write_str("yes"),
        }
    }
}
