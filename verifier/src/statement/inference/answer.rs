//! What a policy lets out.

use super::policy::Policy;
use crate::claim::values_in_bound;
use crate::claim::MAX_VALUES;
use crate::codec::{Put, Reader};
use crate::error::VerifyError;
use crate::words::Words;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

/// The answer of a receipt. Which form it has follows from the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One score per output, in integers of the quantized model.
    Scores(Vec<i64>),
    /// Index of an output.
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
            Self::Label => "label",
            Self::Bit => "bit",
            Self::Yes => "yes",
        }
    }
}

impl Answer {
    /// Its form.
    pub fn form(&self) -> Form {
        match self {
            Self::Scores(_) => Form::Scores,
            Self::Label(_) => Form::Label,
            Self::Bit(_) => Form::Bit,
            Self::Yes => Form::Yes,
        }
    }

    /// Reads what `Display` writes.
    pub fn parse(form: Form, text: &str) -> Option<Self> {
        match (form, text) {
            (Form::Scores, _) => {
                let scores = text.split_ascii_whitespace().map(|score| score.parse().ok());
                scores.collect::<Option<_>>().map(Self::Scores)
            }
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
            Self::Scores(scores) => {
                let join = |words: Words, (index, score): (usize, &i64)| {
                    let words = if index == 0 { words } else { words.text(" ") };
                    words.score(*score)
                };
                scores.iter().enumerate().fold(Words::default(), join)
            }
            Self::Label(label) => format!("label {label}").into(),
            Self::Bit(_) | Self::Yes => self.to_string().into(),
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Scores(scores) => out.put_integers(scores),
            Self::Label(label) => out.put_u32(*label),
            Self::Bit(bit) => out.put(&[u8::from(*bit)]),
            Self::Yes => {}
        }
    }

    pub(super) fn read(form: Form, reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(match form {
            Form::Scores => Self::Scores(reader.integers(MAX_VALUES)?),
            Form::Label => Self::Label(reader.u32()?),
            Form::Bit => Self::Bit(reader.flag()?),
            Form::Yes => Self::Yes,
        })
    }

    /// The bounds of the format, and the form that the policy has.
    pub(super) fn validate(&self, policy: &Policy) -> Result<(), VerifyError> {
        match self {
            _ if self.form() != policy.about().form => Err(VerifyError::PolicyOutOfRange),
            Self::Scores(scores) => values_in_bound(scores),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scores(_) => self.words().fmt(f),
            Self::Label(label) => label.fmt(f),
            Self::Bit(false) => f.write_str("no"),
            Self::Bit(true) | Self::Yes => f.write_str("yes"),
        }
    }
}
