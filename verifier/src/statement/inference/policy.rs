//! Policies: what a receipt lets out of an output of a model. A policy is one file, which implements `Rule` and states [`About`] it; the list of
//! [`Policy`] names it. Cards, ledger, command line, API, pages and test kit ask this type.

mod accuracy;
mod accuracy_gap;
mod at_least;
mod by_group;
mod confusion;
mod count;
mod gap;
mod grammar;
mod items;
mod label;
mod label_in;
mod labels;
mod margin;
mod range;
mod round;
mod scores;
#[cfg(test)]
mod tests;
mod threshold;
mod top;
mod unit;
mod yes_only;

pub use grammar::PolicyError;
pub use range::OutOfRange;
pub use unit::Unit;

use super::answer::{Answer, Form};
use super::columns::PolicyRow;
use super::counts::Counts;
use super::leak::Answers;
use crate::claim::{values_in_bound, MAX_VALUES};
use crate::codec::{size, Put, Reader};
use crate::error::VerifyError;
use crate::key::OutputLayout;
use crate::words::Words;
use alloc::vec;
use alloc::vec::Vec;

/// The enum and what runs over its variants.
macro_rules! policies {
    ($($file:ident::$name:ident),+) => {
        $(pub use $file::$name;)+


        /// A policy with its parameters, without its answer.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Policy {
            $(
                #[doc = concat!("See [`", stringify!($name), "`].")]
                $name($name),
            )+
        }

        impl Policy {
            /// All kinds of them, in the order of lists.
            pub const KINDS: &'static [&'static About] = &[$(&$file::ABOUT),+];

            /// One of each kind, with the parameters under which it lets most out of an output.
            pub(super) fn widest(output: &OutputLayout) -> Vec<Self> {
                vec![$($name::widest(output).into()),+]
            }

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

policies!(
    label::Label,
    scores::Scores,
    threshold::Threshold,
    yes_only::YesOnly,
    margin::Margin,
    top::Top,
    label_in::LabelIn,
    round::Round,
    labels::Labels,
    accuracy::Accuracy,
    confusion::Confusion,
    count::Count,
    at_least::AtLeast,
    by_group::ByGroup,
    gap::Gap,
    accuracy_gap::AccuracyGap
);

/// What a policy is, whatever its parameters.
#[derive(Debug)]
pub struct About {
    /// Its first byte in a claim: never used again for another one.
    pub(crate) tag: u8,
    /// Its name on cards, on the command line and in reports.
    pub name: &'static str,
    /// What it lets out, in a few words.
    pub title: &'static str,
    /// Its parameters in order. If the last one counts [`Unit::Outputs`], it stands for all that are left.
    pub parameters: &'static [Parameter],
    /// The form of its answers.
    pub form: Form,
    /// Which outputs it can speak of.
    pub scope: Scope,
    /// Whether it speaks of nothing but which output is the largest: a model that ends in ArgMax has no scores.
    pub of_index: bool,
    /// Whether its parameters say how much it lets out. Cards state the bits of the others, see [`About::listed`].
    pub sized: bool,
    /// The policy with these parameters, which are in the ranges of their units.
    make: fn(&[i64]) -> Option<Policy>,
}

/// Which outputs a policy can speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Any: it says something of scores, each by itself.
    Scores,
    /// Those that are no batch: it compares all scores with one. In a batch every item has a largest score of its own.
    Largest,
    /// Batches: it counts items by their labels, the label of an item being the index of its largest score, the lowest one among equals.
    Items,
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

/// An answer with what the circuit needs to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The answer.
    pub answer: Answer,
    /// What `top` of `PolicyRow` is, where rows read it.
    pub top: Option<i64>,
}

/// What every policy defines. All values are integers of the quantized model; parameters and answers are in the circuit's ranges.
trait Rule {
    fn about(&self) -> &'static About;

    /// The parameters, as `About::make` takes them.
    fn parameters(&self) -> Vec<i64>;

    /// The one answer to these scores; none if a receipt must not exist.
    fn answer(&self, _scores: &[i64]) -> Option<Given> {
        None
    }

    /// The same of a policy about a batch, to the labels of its items.
    fn of_labels(&self, _labels: &[u32], _output: &OutputLayout) -> Option<Answer> {
        None
    }

    /// Of a policy about a batch what is counted, and what of the counts holds for exactly the labels that the answer is given to.
    fn counts(&self, _answer: &Answer, _output: &OutputLayout) -> Option<Counts> {
        None
    }

    /// What of the parameters does not go together, or not with an output.
    fn fits(&self, _output: &OutputLayout) -> Result<(), OutOfRange> {
        Ok(())
    }

    /// The rows that hold for exactly the scores that the answer is given to, one for each of an output; none of an answer of another form or
    /// number. The prover chooses `top`, the same in all rows. `_width` is that of `d` in bits, where it is known.
    fn rows(&self, _answer: &Answer, _output: &OutputLayout, _width: Option<u32>) -> Option<Vec<PolicyRow>> {
        None
    }

    /// How many answers there are.
    fn answers(&self, output: &OutputLayout) -> Answers;

    /// The policy in words, for lists and tables.
    fn words(&self) -> Words;

    /// What the model gave, to be read after "the model gave".
    fn says(&self, answer: &Answer) -> Words;

    /// The answer for people.
    fn shown(&self, answer: &Answer) -> Words {
        answer.words()
    }
}

impl Parameter {
    /// Whether a value is in the range of an output; of none, in that of the format.
    fn check(&self, value: i64, output: Option<&OutputLayout>) -> Result<(), OutOfRange> {
        OutOfRange::unless(self.name, self.unit, self.unit.range(output), value)
    }
}

impl About {
    /// The policy that a card names where it offers this one: itself, or what tells of all outputs what this one tells of some.
    pub fn listed(&self) -> &'static str {
        match (self.sized, self.scope, self.of_index) {
            (false, ..) => self.name,
            (true, Scope::Items, _) => labels::ABOUT.name,
            (true, _, true) => label::ABOUT.name,
            (true, _, false) => scores::ABOUT.name,
        }
    }

    /// What each parameter is, as often as there can be one.
    fn units(&self) -> impl Iterator<Item = &Parameter> {
        let last = self.parameters.iter().filter(|parameter| parameter.unit.is_list());
        self.parameters.iter().chain(last.cycle())
    }

    /// The policy with these parameters, if they are in the ranges of the format.
    fn policy(&self, parameters: &[i64]) -> Result<Policy, OutOfRange> {
        let mut pairs = parameters.iter().zip(self.units());
        pairs.try_for_each(|(value, parameter)| parameter.check(*value, None))?;
        let is_set = self.parameters.iter().any(|parameter| parameter.unit.is_set());
        let is_list = self.parameters.iter().any(|parameter| parameter.unit.is_list());
        let otherwise = match (is_set, is_list) {
            (true, _) => OutOfRange::Set,
            (false, true) => OutOfRange::Labels,
            (false, false) => OutOfRange::Step,
        };
        (self.make)(parameters).ok_or(otherwise)
    }
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

    /// The answer for people.
    pub(super) fn shown(&self, answer: &Answer) -> Words {
        self.rule().shown(answer)
    }

    /// Most bits that asking for a receipt about an output reveals, in millionths.
    pub(super) fn microbits(&self, output: &OutputLayout) -> u64 {
        self.rule().answers(output).microbits()
    }

    /// Whether the parameters are in the ranges of an output; of none, in those of the format.
    pub(super) fn check(&self, output: Option<&OutputLayout>) -> Result<(), OutOfRange> {
        let values = self.parameters();
        let mut pairs = values.iter().zip(self.about().units());
        if let Some(output) = output {
            if output.whole.is_some() && self.name() != scores::ABOUT.name {
                return Err(OutOfRange::Whole);
            }
            match (self.about().scope, output.items) {
                (Scope::Items, 0) => return Err(OutOfRange::NoBatch),
                (Scope::Largest, 1..) => return Err(OutOfRange::Batch),
                _ => {}
            }
        }
        pairs.try_for_each(|(value, parameter)| parameter.check(*value, output))?;
        output.map_or(Ok(()), |output| self.rule().fits(output))
    }

    /// The one answer to the scores of an output; none if what the policy states does not hold of them, or speaks of a score that is not there.
    pub(super) fn answer(&self, scores: &[i64], output: &OutputLayout) -> Option<Given> {
        match self.about().scope {
            Scope::Scores | Scope::Largest => self.rule().answer(scores),
            Scope::Items => {
                let labels = items::labels(scores, output)?;
                let answer = self.rule().of_labels(&labels, output)?;
                Some(Given { answer, top: None })
            }
        }
    }

    /// What is counted of the items of a batch; nothing by a policy about something else.
    pub(super) fn counts(&self, answer: &Answer, output: &OutputLayout) -> Option<Counts> {
        self.rule().counts(answer, output)
    }

    /// The public rows, one for each score of the output.
    pub(super) fn rows(
        &self,
        answer: &Answer,
        output: &OutputLayout,
        width: Option<u32>,
    ) -> Result<Vec<PolicyRow>, OutOfRange> {
        self.check(Some(output))?;
        answer.check(self.about().form, output)?;
        let rows = match self.about().scope {
            Scope::Scores | Scope::Largest => self.rule().rows(answer, output, width),
            Scope::Items => self.counts(answer, output).map(|_| items::rows(output)),
        };
        rows.filter(|rows| rows.len() == size(output.len))
            .ok_or(OutOfRange::Answer)
    }

    /// In what another policy differs: the name of a parameter, or that it is another one altogether.
    pub(super) fn difference(&self, other: &Self) -> Option<&'static str> {
        if self.name() != other.name() {
            return Some("policy");
        }
        let (ours, others) = (self.parameters(), other.parameters());
        let longest = ours.len().max(others.len());
        let mut parameters = (0..longest).zip(self.about().units());
        let apart = parameters.find(|(index, _)| ours.get(*index) != others.get(*index));
        apart.map(|(_, parameter)| parameter.name)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let about = self.about();
        out.put(&[about.tag]);
        let index = |out: &mut Vec<u8>, value: &i64| out.put_u32(u32::try_from(*value).unwrap_or(u32::MAX));
        let values = self.parameters();
        let mut rest = values.as_slice();
        for parameter in about.parameters {
            match (parameter.unit, rest.split_first()) {
                (Unit::Outputs | Unit::Classes, _) => out.put_list(rest, index),
                (Unit::Labels | Unit::Groups | Unit::Marks, _) => out.put_integers(rest),
                (_, None) => {}
                (Unit::Output | Unit::Count | Unit::Items | Unit::Class, Some((value, after))) => {
                    index(out, value);
                    rest = after;
                }
                (Unit::Score | Unit::Lead, Some((value, after))) => {
                    out.put(&value.to_le_bytes());
                    rest = after;
                }
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let got = reader.u8()?;
        let mut known = Self::KINDS.iter();
        let about = known
            .find(|about| about.tag == got)
            .ok_or(VerifyError::BadTag { got })?;
        let index = |reader: &mut Reader<'_>| reader.u32().map(i64::from);
        let mut parameters = Vec::new();
        for parameter in about.parameters {
            match parameter.unit {
                Unit::Output | Unit::Count | Unit::Items | Unit::Class => parameters.push(index(reader)?),
                Unit::Outputs | Unit::Classes => parameters.extend(reader.list(MAX_VALUES, 4, index)?),
                Unit::Labels | Unit::Groups | Unit::Marks => parameters.extend(reader.integers(MAX_VALUES)?),
                Unit::Score | Unit::Lead => parameters.push(reader.i64()?),
            }
        }
        values_in_bound(&parameters)?;
        about.policy(&parameters).map_err(VerifyError::PolicyOutOfRange)
    }

    /// The bounds of the format.
    pub(super) fn validate(&self) -> Result<(), VerifyError> {
        let parameters = self.parameters();
        values_in_bound(&parameters)?;
        let made = self.about().policy(&parameters);
        made.map(drop).map_err(VerifyError::PolicyOutOfRange)
    }
}
