//! Policies as they are asked for: with numbers in the units of the model's output, which are integers in a claim.

use crate::error::CliError;
use provenn_prover::commit::Description;
use provenn_verifier::policy::{OutOfRange, PolicyError};
use provenn_verifier::{Disclosure, Policy, Target};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A text of the grammar, see [`Disclosure::parse`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Asked(String);

impl FromStr for Asked {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        // Which integer a number stands for is the model's; that it is one is not.
        let parsed = |text: &str| Disclosure::parse(text, |_, word| real(word).map(|_| 1), None);
        match takes_labels(text) {
            // They may come from a file.
            true => parsed(&format!("{text}:0")).or_else(|_| parsed(&format!("{text}:0:0"))),
            false => parsed(text),
        }
        .map(|_| Self(text.into()))
    }
}

impl TryFrom<String> for Asked {
    type Error = PolicyError;

    fn try_from(text: String) -> Result<Self, PolicyError> {
        text.parse()
    }
}

impl From<Asked> for String {
    fn from(asked: Asked) -> Self {
        asked.0
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is a policy without the list that it takes, of a label or a group for each item.
fn takes_labels(text: &str) -> bool {
    let mut words = text.split_once('/').map_or(text, |(_, policy)| policy).split(':');
    let (name, given) = (words.next(), words.count());
    let mut known = Policy::KINDS.iter().filter(|about| Some(about.name) == name);
    known.any(|about| match about.parameters.split_last() {
        Some((last, before)) => last.unit.is_of_items() && before.len() == given,
        None => false,
    })
}

/// The list of a policy, of a label or a group for each item, if it takes one.
pub fn list(policy: &Policy) -> Option<Vec<i64>> {
    let (last, before) = policy.about().parameters.split_last()?;
    last.unit
        .is_of_items()
        .then(|| policy.parameters().split_off(before.len()))
}

fn real(word: &str) -> Option<f64> {
    word.parse().ok().filter(|value: &f64| value.is_finite())
}

impl Asked {
    /// Whether it takes a list, of a label or a group for each item of a batch, that it does not have.
    pub fn takes_labels(&self) -> bool {
        takes_labels(&self.0)
    }

    /// The same policy against these labels.
    ///
    /// # Errors
    /// Labels that are missing, or that the policy does not take.
    pub fn labelled(&self, labels: Option<&[u32]>) -> Result<Self, CliError> {
        match (self.takes_labels(), labels) {
            (false, None) => Ok(self.clone()),
            (true, Some(labels)) => {
                let labels = labels.iter().map(ToString::to_string).collect::<Vec<_>>();
                Ok(Self(format!("{}:{}", self.0, labels.join(":"))))
            }
            (true, None) => Err(CliError::usage(
                "labels",
                format!("the policy `{self}` takes a list for the items, and none is given"),
                "give a number for each item: --labels FILE, or `labels` in a request",
            )),
            (false, Some(_)) => Err(CliError::usage(
                "labels",
                format!("the policy is `{self}`, which takes no labels beside it, and there are some"),
                "ask for accuracy, confusion, by-group or a gap, or leave the labels out",
            )),
        }
    }

    /// The same policy about the output of this name, or about `all`. A model with several outputs is asked about one by its name.
    ///
    /// # Errors
    /// No output of this name, or none named where there are several.
    pub fn about(&self, output: Option<&str>, description: &Description) -> Result<Self, CliError> {
        let named = |target: Target| Self(format!("{target}/{}", self.0));
        match (output, description.outputs.len()) {
            (Some(_), _) if self.0.contains('/') => Err(CliError::usage(
                "output-names",
                format!("the policy `{self}` names an output, and another one is named beside it"),
                "name the output once",
            )),
            (Some(name), _) => Ok(named(description.target(name)?)),
            (None, 1) => Ok(self.clone()),
            (None, _) if self.0.contains('/') => Ok(self.clone()),
            (None, _) => {
                let names: Vec<&str> = description.outputs.iter().map(|output| output.name.as_str()).collect();
                Err(CliError::usage(
                    "output-names",
                    format!("the model has the outputs {}", names.join(", ")),
                    "say which of them the policy is about with --output, or --output all for the scores of all",
                ))
            }
        }
    }

    /// The policy of a claim. A score z stands for `z / 2^frac`, so `z / 2^frac >= value` exactly if
    /// `z >= ceil(value * 2^frac)`. Refused are policies that the card does not offer.
    pub fn of(&self, description: &Description) -> Result<Disclosure, CliError> {
        let integer = |target: Target, word: &str| {
            let output = match target {
                Target::Output(index) => description.outputs.get(index as usize),
                Target::All => None,
            };
            // Beyond every circuit's range, which the refusal names.
            let beyond = 1i64 << 62;
            let integer = output?.quantization().at_least(0, real(word)?);
            Some(integer.clamp(-beyond, beyond))
        };
        let outputs = description.ranges_of_outputs();
        let policy = Disclosure::parse(&self.0, integer, Some(&outputs)).map_err(|error| {
            let text = error.shown(&description.fracs());
            let help = match error {
                PolicyError::Range(OutOfRange::Whole | OutOfRange::NoBatch | OutOfRange::Batch | OutOfRange::All) => {
                    "choose a policy that the model has, or commit it again for this one"
                }
                _ => "choose a value in the range",
            };
            CliError::usage("policy-out-of-range", text, help)
        })?;
        description.offers(&policy)?;
        Ok(policy)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_checked_before_the_model_is_known() {
        for good in [
            "label",
            "threshold:3:-0.5",
            "yes-only:0:1e3",
            "margin:0.25",
            "top:3",
            "label-in:1:7",
        ] {
            assert_eq!(good.parse::<Asked>().unwrap().to_string(), good);
        }
        for bad in [
            "score",
            "label:1",
            "threshold:1",
            "yes-only:0:nan",
            "yes-only:0:inf",
            "margin:x",
            "top:0",
            "top:1.5",
            "label-in",
            "label-in:-1",
        ] {
            assert!(bad.parse::<Asked>().is_err(), "{bad}");
        }
    }
}
