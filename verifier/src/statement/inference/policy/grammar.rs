//! Policies as people write them: `NAME:PARAMETER:..`.

use super::{About, Policy, Unit};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Name or number of parameters.
    #[error("one of {} is expected", Policy::grammar())]
    Form,
    /// A parameter that is no index.
    #[error("`{0}` is not an output index")]
    Output(String),
    /// A parameter that is no number.
    #[error("`{0}` is not a number in range")]
    Score(String),
    /// A target that is no output, or that the policy does not speak of.
    #[error("`{0}` is not an output that the policy can speak of")]
    Target(String),
    /// A parameter that the policy does not take.
    #[error("`{0}` is no policy: a parameter is out of its range")]
    Range(String),
}

impl About {
    /// How the policy is written.
    fn grammar(&self) -> String {
        let mut text = self.name.to_owned();
        for parameter in self.parameters {
            text.push(':');
            text.push_str(&parameter.unit.name().to_ascii_uppercase());
        }
        text
    }
}

impl Policy {
    /// How all policies are written, for help texts.
    pub(in super::super) fn grammar() -> String {
        let all = Self::ALL.iter().map(|policy| policy.about().grammar());
        all.collect::<Vec<_>>().join(", ")
    }

    /// Reads a policy; `score` gives the integer that a number stands for.
    ///
    /// # Errors
    /// See [`PolicyError`].
    pub(in super::super) fn parse(text: &str, score: impl Fn(&str) -> Option<i64>) -> Result<Self, PolicyError> {
        let mut words = text.split(':');
        let name = words.next().unwrap_or_default();
        let mut known = Self::ALL.iter().map(Self::about);
        let about = known.find(|about| about.name == name).ok_or(PolicyError::Form)?;
        let words: Vec<&str> = words.collect();
        if words.len() != about.parameters.len() {
            return Err(PolicyError::Form);
        }
        let values = words.iter().zip(about.parameters).map(|(word, parameter)| {
            let word = *word;
            match parameter.unit {
                Unit::Output => word
                    .parse::<u32>()
                    .map(i64::from)
                    .map_err(|_| PolicyError::Output(word.to_owned())),
                Unit::Score => score(word).ok_or_else(|| PolicyError::Score(word.to_owned())),
            }
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        (about.make)(&values).ok_or_else(|| PolicyError::Range(text.to_owned()))
    }
}

/// What `Policy::parse` reads, with integers of the quantized model.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.parameters().iter().try_for_each(|value| write!(f, ":{value}"))
    }
}
