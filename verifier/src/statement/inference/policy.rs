//! Policies: what a receipt lets out of an output of a model. A policy is one file, which implements `Rule` and states [`About`] it; the list of
//! [`Policy`] names it. Cards, ledger, command line, API, pages and test kit ask this type.

mod grammar;
mod label;
mod margin;
mod scores;
#[cfg(test)]
mod tests;
mod threshold;
mod yes_only;

pub use grammar::PolicyError;
pub use label::Label;
pub use margin::Margin;
pub use scores::Scores;
pub use threshold::Threshold;
pub use yes_only::YesOnly;

use super::answer::{Answer, Form};
use super::columns::{in_bits, PolicyRow};
use super::leak::Answers;
use crate::claim::values_in_bound;
use crate::codec::{size, Put, Reader};
use crate::error::VerifyError;
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::vec::Vec;

/// The enum and what runs over its variants.
macro_rules! policies {
    ($($name:ident),+) => {
        /// A policy with its parameters, without its answer.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Policy {
            $(
                #[doc = concat!("See [`", stringify!($name), "`].")]
                $name($name),
            )+
        }

        impl Policy {
            /// All of them, each with the parameters under which it lets out most.
            pub const ALL: &'static [Self] = &[$(Self::$name($name::WIDEST)),+];

            fn rule(&self) -> &dyn Rule {
                match self {
                    $(Self::$name(rule) => rule,)+
                }
            }
        }

        $(
            impl From<$name> for Policy {
                fn from(rule: $name) -> Self {
                    Self::$name(rule)
                }
            }
        )+
    };
}

policies!(Label, Scores, Threshold, YesOnly, Margin);

/// What a policy is, whatever its parameters.
#[derive(Debug)]
pub struct About {
    /// Its first byte in a claim: never used again for another one.
    pub(crate) tag: u8,
    /// Its name on cards, on the command line and in reports.
    pub name: &'static str,
    /// What it lets out, in a few words.
    pub title: &'static str,
    /// Its parameters in order.
    pub parameters: &'static [Parameter],
    /// The form of its answers.
    pub form: Form,
    /// Whether it speaks of nothing but which output is the largest: a model that ends in ArgMax has no scores.
    pub of_index: bool,
    /// The policy with these parameters, as many as there are, if they are in their ranges.
    make: fn(&[i64]) -> Option<Policy>,
}

/// A parameter of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, in errors and forms.
    pub name: &'static str,
    /// Its caption in forms.
    pub title: &'static str,
    /// What it counts.
    pub unit: Unit,
}

/// What a parameter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Outputs: an index, the first is 0.
    Output,
    /// Integers of the quantized model. People name a number in the units of its output, and mean the least integer that stands for as much.
    Score,
}

impl Unit {
    /// Its name, in lists of policies and, in capitals, in the grammar.
    pub fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Score => "value",
        }
    }
}

/// An answer with what the circuit needs to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The answer.
    pub answer: Answer,
    /// The output that `top` of `PolicyRow` is.
    pub top: Option<usize>,
}

/// What every policy defines. All values are integers of the quantized model; parameters and answers are in the circuit's ranges.
trait Rule {
    fn about(&self) -> &'static About;

    /// The parameters, as `About::make` takes them.
    fn parameters(&self) -> Vec<i64>;

    /// The one answer to these scores; none if a receipt must not exist.
    fn answer(&self, scores: &[i64]) -> Option<Given>;

    /// The rows that hold for exactly the scores that the answer is given to, one for each of an output; none of an answer of another form or
    /// number. The circuit chooses `top`, the same in all rows.
    fn rows(&self, answer: &Answer, output: &OutputLayout) -> Option<Vec<PolicyRow>>;

    /// How many answers there are, of so many outputs of so many bits.
    fn answers(&self, outputs: u32, bits: u32) -> Answers;

    /// The policy in words, for lists and tables.
    fn words(&self) -> Words;

    /// What the model gave, to be read after "the model gave".
    fn says(&self, answer: &Answer) -> Words;
}

impl Policy {
    /// What it is.
    pub fn about(&self) -> &'static About {
        self.rule().about()
    }

    /// Its name, the same on cards, on the command line and in reports.
    pub fn name(&self) -> &'static str {
        self.about().name
    }

    /// Its parameters in order, output indices among them.
    pub fn parameters(&self) -> Vec<i64> {
        self.rule().parameters()
    }

    /// The policy in words.
    pub(super) fn words(&self) -> Words {
        self.rule().words()
    }

    /// What a claim with this answer says, to be read after "the model gave".
    pub(super) fn says(&self, answer: &Answer) -> Words {
        self.rule().says(answer)
    }

    /// Most bits that asking for a receipt reveals, in millionths, of an output with so many scores of so many bits.
    pub(super) fn microbits(&self, outputs: u32, bits: u32) -> u64 {
        self.rule().answers(outputs, bits).microbits()
    }

    /// Whether the parameters are in the ranges of an output.
    pub(super) fn fits(&self, output: &OutputLayout) -> bool {
        let parameters = self.parameters();
        parameters
            .iter()
            .zip(self.about().parameters)
            .all(|(value, parameter)| match parameter.unit {
                Unit::Output => (0..i64::from(output.len)).contains(value),
                Unit::Score => in_bits(*value, output.bits),
            })
    }

    /// The one answer to these scores; none if what the policy states does not hold of them, or speaks of a score that is not there.
    pub(super) fn answer(&self, scores: &[i64]) -> Option<Given> {
        self.rule().answer(scores)
    }

    /// The public rows, one for each score of the output.
    pub(super) fn rows(&self, answer: &Answer, output: &OutputLayout) -> Result<Vec<PolicyRow>, VerifyError> {
        let rows = self.fits(output).then(|| self.rule().rows(answer, output)).flatten();
        rows.filter(|rows| rows.len() == size(output.len))
            .ok_or(VerifyError::PolicyOutOfRange)
    }

    /// In what another policy differs: the name of a parameter, or that it is another one altogether.
    pub(super) fn difference(&self, other: &Self) -> Option<&'static str> {
        if self.name() != other.name() {
            return Some("policy");
        }
        let (ours, others) = (self.parameters(), other.parameters());
        let mut pairs = ours.iter().zip(&others).zip(self.about().parameters);
        let apart = pairs.find(|((ours, others), _)| ours != others);
        apart.map(|(_, parameter)| parameter.name)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let about = self.about();
        out.put(&[about.tag]);
        for (value, parameter) in self.parameters().iter().zip(about.parameters) {
            match parameter.unit {
                Unit::Output => out.put_u32(u32::try_from(*value).unwrap_or(u32::MAX)),
                Unit::Score => out.put(&value.to_le_bytes()),
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let got = reader.u8()?;
        let mut known = Self::ALL.iter().map(Self::about);
        let about = known
            .find(|about| about.tag == got)
            .ok_or(VerifyError::BadTag { got })?;
        let parameters = about.parameters.iter().map(|parameter| match parameter.unit {
            Unit::Output => reader.u32().map(i64::from),
            Unit::Score => reader.i64(),
        });
        let parameters = parameters.collect::<Result<Vec<_>, _>>()?;
        values_in_bound(&parameters)?;
        (about.make)(&parameters).ok_or(VerifyError::PolicyOutOfRange)
    }

    /// The bounds of the format.
    pub(super) fn validate(&self) -> Result<(), VerifyError> {
        let parameters = self.parameters();
        values_in_bound(&parameters)?;
        match (self.about().make)(&parameters).as_ref() == Some(self) {
            true => Ok(()),
            false => Err(VerifyError::PolicyOutOfRange),
        }
    }
}
