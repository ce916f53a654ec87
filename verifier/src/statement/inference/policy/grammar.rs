//! Policies as people write them: `NAME:PARAMETER:..`.

use super::{About, OutOfRange, Policy, Unit};
use crate::key::OutputLayout;
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
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
    /// A parameter that is no count.
    #[error("`{0}` is not a number of outputs")]
    Count(String),
    /// A parameter that is no label.
    #[error("`{0}` is not a label")]
    Label(String),
    /// A parameter that is no number of items.
    #[error("`{0}` is not a number of items")]
    Items(String),
    /// A parameter that is no number.
    #[error("`{0}` is not a number in range")]
    Score(String),
    /// A target that is no output, or that the policy does not speak of.
    #[error("`{0}` is not an output that the policy can speak of")]
    Target(String),
    /// A parameter that the policy does not take, or the output does not have.
    #[error("{0}")]
    Range(OutOfRange),
}

impl PolicyError {
    /// The message, with ranges in the units of outputs; see [`Words::shown`](crate::words::Words::shown).
    pub fn shown(&self, fracs: &[i32]) -> String {
        match self {
            Self::Range(range) => range.words().shown(fracs),
            error => error.to_string(),
        }
    }
}

impl About {
    /// How the policy is written.
    fn grammar(&self) -> String {
        let mut text = self.name.to_owned();
        for parameter in self.parameters {
            text.push(':');
            match parameter.unit {
                Unit::Outputs => text.push_str("OUTPUT:.."),
                Unit::Classes | Unit::Labels => text.push_str("LABEL:.."),
                Unit::Groups => text.push_str("GROUP:.."),
                Unit::Marks => text.push_str("LABEL:GROUP:.."),
                // Of these a policy has several, told apart by their names.
                Unit::Items => text.push_str(&parameter.name.to_ascii_uppercase()),
                unit => text.push_str(&unit.name().to_ascii_uppercase()),
            }
        }
        text
    }
}

impl Policy {
    /// How all policies are written, for help texts.
    pub(in super::super) fn grammar() -> String {
        let all = Self::KINDS.iter().map(|about| about.grammar());
        all.collect::<Vec<_>>().join(", ")
    }

    /// Reads a policy, of this output if one is known; `score` gives the integer that a number stands for. A set may be written in any order.
    ///
    /// # Errors
    /// See [`PolicyError`].
    pub(in super::super) fn parse(
        text: &str,
        score: impl Fn(&str) -> Option<i64>,
        output: Option<&OutputLayout>,
    ) -> Result<Self, PolicyError> {
        let mut words = text.split(':');
        let name = words.next().unwrap_or_default();
        let mut known = Self::KINDS.iter();
        let about = known.find(|about| about.name == name).ok_or(PolicyError::Form)?;
        let words: Vec<&str> = words.collect();
        let is_list = about.parameters.iter().any(|parameter| parameter.unit.is_list());
        if words.len() < about.parameters.len() || (words.len() > about.parameters.len() && !is_list) {
            return Err(PolicyError::Form);
        }
        let values = words.iter().zip(about.units()).map(|(word, parameter)| {
            let whole = word.parse::<u32>().map(i64::from);
            let value = match parameter.unit {
                Unit::Output | Unit::Outputs => whole.map_err(|_| PolicyError::Output((*word).to_owned()))?,
                Unit::Class | Unit::Classes | Unit::Labels | Unit::Groups | Unit::Marks => {
                    whole.map_err(|_| PolicyError::Label((*word).to_owned()))?
                }
                Unit::Count => whole.map_err(|_| PolicyError::Count((*word).to_owned()))?,
                Unit::Items => whole.map_err(|_| PolicyError::Items((*word).to_owned()))?,
                Unit::Score | Unit::Lead => score(word).ok_or_else(|| PolicyError::Score((*word).to_owned()))?,
            };
            parameter.check(value, output).map_err(PolicyError::Range)?;
            Ok(value)
        });
        let mut values = values.collect::<Result<Vec<_>, _>>()?;
        // Single parameters stand before a set.
        let singles = about
            .parameters
            .iter()
            .take_while(|parameter| !parameter.unit.is_list())
            .count();
        if about.parameters.iter().any(|parameter| parameter.unit.is_set()) {
            let mut set = values.split_off(singles.min(values.len()));
            set.sort_unstable();
            set.dedup();
            values.append(&mut set);
        }
        about.policy(&values).map_err(PolicyError::Range)
    }
}

/// What `Policy::parse` reads, with integers of the quantized model.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.parameters().iter().try_for_each(|value| write!(f, ":{value}"))
    }
}
