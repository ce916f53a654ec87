//! Policies on the command line: thresholds are real numbers there and integers in a claim.

use crate::error::CliError;
use provenn_prover::commit::Description;
use provenn_verifier::claim::VALUE_BOUND;
use provenn_verifier::PolicyKind;
use std::str::FromStr;

/// A policy as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    Scores,
    Label,
    Threshold { output: u32, value: f64 },
    YesOnly { output: u32, value: f64 },
}

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "one of scores, label, threshold:OUTPUT:VALUE, yes-only:OUTPUT:VALUE is expected";
        let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
        match name {
            "scores" | "label" if name != text => Err(form.into()),
            "scores" => Ok(Self::Scores),
            "label" => Ok(Self::Label),
            "threshold" | "yes-only" => {
                let (output, value) = parameters.split_once(':').ok_or(form)?;
                let output = output
                    .parse()
                    .map_err(|_| format!("`{output}` is not an output index"))?;
                let value = value
                    .parse()
                    .ok()
                    .filter(|v: &f64| v.is_finite())
                    .ok_or(format!("`{value}` is not a number"))?;
                Ok(if name == "threshold" {
                    Self::Threshold { output, value }
                } else {
                    Self::YesOnly { output, value }
                })
            }
            _ => Err(form.into()),
        }
    }
}

impl Asked {
    /// The policy of a claim. A score z stands for `z / 2^frac`, so `z / 2^frac >= value` exactly if
    /// `z >= ceil(value * 2^frac)`. Refused are policies that the card does not offer.
    pub fn kind(self, description: &Description) -> Result<PolicyKind, CliError> {
        let integer = |value: f64| {
            let scaled = (value * 2f64.powi(description.output_frac)).ceil();
            match scaled.abs() < VALUE_BOUND as f64 {
                true => Ok(scaled as i64),
                false => Err(CliError::usage(
                    "policy-out-of-range",
                    format!("the threshold {value} is out of range"),
                    "choose a threshold that the model can reach",
                )),
            }
        };
        let kind = match self {
            Self::Scores => PolicyKind::Scores,
            Self::Label => PolicyKind::Label,
            Self::Threshold { output, value } => PolicyKind::ThresholdBit {
                output,
                threshold: integer(value)?,
            },
            Self::YesOnly { output, value } => PolicyKind::YesOnly {
                output,
                threshold: integer(value)?,
            },
        };
        description.offers(kind)?;
        Ok(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        assert_eq!(
            "threshold:3:-0.5".parse(),
            Ok(Asked::Threshold { output: 3, value: -0.5 })
        );
        assert_eq!(
            "yes-only:0:1e3".parse(),
            Ok(Asked::YesOnly {
                output: 0,
                value: 1000.0
            })
        );
        for bad in [
            "",
            "score",
            "label:1",
            "scores:",
            "threshold",
            "threshold:1",
            "threshold:x:1",
            "threshold:-1:1",
            "yes-only:0:nan",
            "yes-only:0:1:2",
        ] {
            assert!(bad.parse::<Asked>().is_err(), "{bad}");
        }
    }
}
