//! What a policy lets out.

use super::disclosure::Disclosure;
use super::MAX_OUTPUTS;
use crate::claim::values_in_bound;
use crate::claim::MAX_VALUES;
use crate::codec::{at_most, Put, Reader};
use crate::error::VerifyError;
use crate::words::Words;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

/// The answer of a receipt. Which form it has follows from policy and target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The scores of an output, in integers of the quantized model.
    Scores(Vec<i64>),
    /// The scores of each output.
    Outputs(Vec<Vec<i64>>),
    /// Index of a score.
    Label(u32),
    /// Yes or no.
    Bit(bool),
    /// The receipt exists: what it states holds.
    Yes,
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
    /// [`Answer::Bit`]
    Bit,
    /// [`Answer::Yes`]
    Yes,
}

impl Form {
    /// Its name, in lists of policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Outputs => "outputs",
            Self::Label => "label",
            Self::Bit => "bit",
            Self::Yes => "yes",
        }
    }
}

/// Integers with spaces between them.
fn integers(text: &str) -> Option<Vec<i64>> {
    text.split_ascii_whitespace().map(|score| score.parse().ok()).collect()
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
            Self::Bit(_) => Form::Bit,
            Self::Yes => Form::Yes,
        }
    }

    /// Reads what `Display` writes.
    pub fn parse(form: Form, text: &str) -> Option<Self> {
        match (form, text) {
            (Form::Scores, _) => integers(text).map(Self::Scores),
            (Form::Outputs, _) => text.split('|').map(integers).collect::<Option<_>>().map(Self::Outputs),
            (Form::Label, _) => text.parse().ok().map(Self::Label),
            (Form::Bit, "yes") => Some(Self::Bit(true)),
            (Form::Bit, "no") => Some(Self::Bit(false)),
            (Form::Yes, "yes") => Some(Self::Yes),
            (Form::Bit | Form::Yes, _) => None,
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
            Self::Bit(_) | Self::Yes => self.to_string().into(),
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Scores(scores) => out.put_integers(scores),
            Self::Outputs(outputs) => out.put_list(outputs, |out, scores| out.put_integers(scores)),
            Self::Label(label) => out.put_u32(*label),
            Self::Bit(bit) => out.put(&[u8::from(*bit)]),
            Self::Yes => {}
        }
    }

    pub(super) fn read(form: Form, reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(match form {
            Form::Scores => Self::Scores(reader.integers(MAX_VALUES)?),
            // A length and a width at least.
            Form::Outputs => Self::Outputs(reader.list(MAX_OUTPUTS, 5, |reader| reader.integers(MAX_VALUES))?),
            Form::Label => Self::Label(reader.u32()?),
            Form::Bit => Self::Bit(reader.flag()?),
            Form::Yes => Self::Yes,
        })
    }

    /// The bounds of the format, and the form that the disclosure has.
    pub(super) fn validate(&self, disclosure: &Disclosure) -> Result<(), VerifyError> {
        match self {
            _ if self.form() != disclosure.form() => Err(VerifyError::PolicyOutOfRange),
            Self::Scores(scores) => values_in_bound(scores),
            Self::Outputs(outputs) => {
                at_most(MAX_OUTPUTS, outputs.len())?;
                at_most(MAX_VALUES, outputs.iter().map(Vec::len).fold(0, usize::saturating_add))?;
                outputs.iter().try_for_each(|scores| values_in_bound(scores))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scores(_) | Self::Outputs(_) => self.words().fmt(f),
            Self::Label(label) => label.fmt(f),
            Self::Bit(false) => f.write_str("no"),
            Self::Bit(true) | Self::Yes => f.write_str("yes"),
        }
    }
}
