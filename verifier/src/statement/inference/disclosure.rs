//! What a receipt lets out: a policy, and the outputs of the model that it speaks of. The other outputs stay hidden.

use super::answer::{Answer, Form};
use super::columns::PolicyRow;
use super::counts::Counts;
use super::leak::Answers;
use super::policy::{Given, OutOfRange, Policy, PolicyError, Scores, Unit};
use super::MAX_OUTPUTS;
use crate::codec::{size, Put, Reader};
use crate::error::VerifyError;
use crate::key::{InstanceLayout, OutputLayout};
use crate::words::Words;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

#[cfg(test)]
mod tests;

/// The outputs that a policy speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// One, by its index among the outputs of the key.
    Output(u32),
    /// All of several. Only [`Scores`] speaks of them: other policies compare scores, and outputs have scales of their own.
    All,
}

/// A policy, and the outputs that it speaks of. Wherever none is named the first output is meant, so that nobody who does
/// not know of others takes an answer about another one for an answer about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// The policy with its parameters.
    pub policy: Policy,
    /// What it speaks of.
    pub target: Target,
}

impl<P: Into<Policy>> From<P> for Disclosure {
    fn from(policy: P) -> Self {
        Self {
            policy: policy.into(),
            target: Target::Output(0),
        }
    }
}

const ALL: &str = "all";

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(index) => index.fmt(f),
            Self::All => f.write_str(ALL),
        }
    }
}

impl Target {
    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            ALL => Some(Self::All),
            _ => text.parse().ok().map(Self::Output),
        }
    }

    /// What texts of a disclosure start with: the first output goes without saying.
    fn prefix(self) -> String {
        match self {
            Self::Output(0) => String::new(),
            _ => format!("{self}/"),
        }
    }

    /// What is out of range, about the output that is spoken of.
    fn about(self, range: OutOfRange) -> OutOfRange {
        match self {
            Self::Output(index) => range.of_output(index),
            Self::All => range,
        }
    }

    /// In words, to be read after a policy.
    fn words(self) -> Words {
        match self {
            Self::Output(0) => Words::default(),
            Self::Output(index) => format!(" (of output tensor {index})").into(),
            Self::All => " (of all output tensors)".into(),
        }
    }

    /// Zero for all; one more than the index otherwise.
    fn put(self, out: &mut Vec<u8>) {
        out.put_u32(match self {
            Self::Output(index) => index.saturating_add(1),
            Self::All => 0,
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(reader.u32()?.checked_sub(1).map_or(Self::All, Self::Output))
    }
}

impl Disclosure {
    /// How disclosures are written, for help texts.
    pub fn grammar() -> String {
        Policy::grammar()
    }

    /// Reads a disclosure: a policy, after `INDEX/` or `all/` where it does not speak of the first output. `score` gives the integer that a
    /// number stands for in an output. Ranges are those of the outputs if they are known, otherwise those of the format.
    ///
    /// # Errors
    /// See [`PolicyError`].
    pub fn parse(
        text: &str,
        score: impl Fn(Target, &str) -> Option<i64>,
        outputs: Option<&[OutputLayout]>,
    ) -> Result<Self, PolicyError> {
        let (target, policy) = match text.split_once('/') {
            None => (Target::Output(0), text),
            Some((target, policy)) => {
                let target = Target::parse(target).ok_or_else(|| PolicyError::Target(target.to_owned()))?;
                (target, policy)
            }
        };
        let output = match (outputs, target) {
            (Some(outputs), Target::Output(index)) => outputs.get(size(index)),
            _ => None,
        };
        let policy = Policy::parse(policy, |word| score(target, word), output);
        let policy = policy.map_err(|error| match error {
            PolicyError::Range(range) => PolicyError::Range(target.about(range)),
            error => error,
        })?;
        let disclosure = Self { policy, target };
        match (disclosure.is_possible(), outputs) {
            (false, _) => Err(PolicyError::Target(target.to_string())),
            (true, None) => Ok(disclosure),
            (true, Some(outputs)) => {
                disclosure.check(outputs).map_err(PolicyError::Range)?;
                Ok(disclosure)
            }
        }
    }

    /// Every policy on every output of a circuit, and on all of several where that is possible, each with the parameters under which it lets out most.
    pub fn offered(layout: &InstanceLayout) -> Vec<Self> {
        let outputs = (0..).map(Target::Output).zip(&layout.outputs);
        let each = outputs.flat_map(|(target, output)| {
            let policies = Policy::widest(output).into_iter();
            let policies = policies.filter(|policy| policy.check(Some(output)).is_ok());
            policies.map(move |policy| Self { policy, target })
        });
        let all = Self {
            policy: Scores.into(),
            target: Target::All,
        };
        let all = all.fits(layout).then_some(all);
        each.chain(all).collect()
    }

    /// Whether a circuit with the right outputs could have it.
    fn is_possible(&self) -> bool {
        match self.target {
            Target::Output(index) => size(index) < MAX_OUTPUTS,
            Target::All => self.policy == Scores.into(),
        }
    }

    /// The name of the policy, after that of the target where it is not the first output: `label`, `1/label`.
    pub fn name(&self) -> String {
        format!("{}{}", self.target.prefix(), self.policy.name())
    }

    /// The name of what a card states that offers it, likewise.
    pub fn listed(&self) -> String {
        format!("{}{}", self.target.prefix(), self.policy.about().listed())
    }

    /// The form of its answers.
    pub fn form(&self) -> Form {
        match self.target {
            Target::Output(_) => self.policy.about().form,
            Target::All => Form::Outputs,
        }
    }

    /// In words.
    pub fn words(&self) -> Words {
        self.scored(self.policy.words()).join(self.target.words())
    }

    /// What a claim with this answer says, to be read after "the model gave".
    pub fn says(&self, answer: &Answer) -> Words {
        self.scored(self.policy.says(answer)).join(self.target.words())
    }

    /// An answer for people.
    pub fn answer_words(&self, answer: &Answer) -> Words {
        self.scored(self.policy.shown(answer))
    }

    /// Words whose scores are those of the target.
    fn scored(&self, words: Words) -> Words {
        match self.target {
            Target::Output(index) => words.of_output(index),
            // Every score has its own.
            Target::All => words,
        }
    }

    /// The outputs that it speaks of, and those it does not.
    fn speaks(&self, index: usize) -> bool {
        match self.target {
            Target::Output(target) => size(target) == index,
            Target::All => true,
        }
    }

    /// Most bits that asking for a receipt reveals, in millionths; everything, where there is no such output.
    pub fn microbits(&self, layout: &InstanceLayout) -> u64 {
        let spoken = layout
            .outputs
            .iter()
            .enumerate()
            .filter(|(index, _)| self.speaks(*index));
        let spoken: Vec<&OutputLayout> = spoken.map(|(_, output)| output).collect();
        match spoken.as_slice() {
            [] => u64::MAX,
            [output] => self.policy.microbits(output),
            outputs => {
                let bits = |output: &&OutputLayout| u64::from(output.len).saturating_mul(output.bits.into());
                Answers::Bits(outputs.iter().map(bits).fold(0, u64::saturating_add)).microbits()
            }
        }
    }

    /// Whether there are the outputs, and the parameters are in their ranges.
    ///
    /// # Errors
    /// What is not.
    pub fn check(&self, outputs: &[OutputLayout]) -> Result<(), OutOfRange> {
        let count = crate::codec::length(outputs.len());
        let output = match self.target {
            Target::All if self.is_possible() && count > 1 => return Ok(()),
            Target::All => return Err(OutOfRange::All),
            Target::Output(index) => {
                let range = [0, i64::from(count).saturating_sub(1)];
                OutOfRange::unless("output tensor", Unit::Output, range, index.into())?;
                outputs.get(size(index))
            }
        };
        let checked = self.policy.check(output);
        checked.map_err(|range| self.target.about(range))
    }

    /// Whether a circuit has the outputs, and the parameters are in their ranges.
    pub fn fits(&self, layout: &InstanceLayout) -> bool {
        self.check(&layout.outputs).is_ok()
    }

    /// The one answer to the scores of all outputs; none if what the policy states does not hold of them, or speaks of an output that is not
    /// there.
    pub fn answer(&self, outputs: &[Vec<i64>], layout: &InstanceLayout) -> Option<Given> {
        match self.target {
            Target::Output(index) => {
                let (scores, output) = (outputs.get(size(index))?, layout.outputs.get(size(index))?);
                self.policy.answer(scores, output)
            }
            Target::All => Some(Given {
                answer: Answer::Outputs(outputs.to_vec()),
                top: None,
            }),
        }
    }

    /// The public rows, output by output; those of outputs that it does not speak of are zero, so that their gates hold whatever the scores are.
    pub(super) fn rows(&self, answer: &Answer, layout: &InstanceLayout, k: u32) -> Result<Vec<PolicyRow>, VerifyError> {
        let lists = match (answer, self.target) {
            (Answer::Outputs(lists), Target::All) if lists.len() == layout.outputs.len() => lists.as_slice(),
            (_, Target::Output(_)) => &[],
            _ => return Err(VerifyError::PolicyOutOfRange(OutOfRange::Form(self.form()))),
        };
        self.check(&layout.outputs).map_err(VerifyError::PolicyOutOfRange)?;
        let mut all = Vec::new();
        for (index, output) in layout.outputs.iter().enumerate() {
            let mut rows = match (self.speaks(index), lists.get(index)) {
                (false, _) => vec![],
                (true, scores) => {
                    let of_all = scores.map(|scores| Answer::Scores(scores.clone()));
                    let rows = self
                        .policy
                        .rows(of_all.as_ref().unwrap_or(answer), output, output.width(k));
                    let about = |range: OutOfRange| range.of_output(crate::codec::length(index));
                    rows.map_err(|range| VerifyError::PolicyOutOfRange(about(range)))?
                }
            };
            rows.resize(size(output.rows), PolicyRow::default());
            all.append(&mut rows);
        }
        Ok(all)
    }

    /// The values that an answer shows of all of an output; none where it speaks of others, or says something else.
    pub(super) fn values<'a>(&self, answer: &'a Answer, index: usize) -> Option<&'a [i64]> {
        match (answer, self.policy == Scores.into() && self.speaks(index)) {
            (Answer::Scores(values), true) => Some(values),
            (Answer::Outputs(lists), true) => lists.get(index).map(Vec::as_slice),
            _ => None,
        }
    }

    /// What is counted of the items of a batch; nothing by a policy about something else.
    pub(super) fn counts(&self, answer: &Answer, layout: &InstanceLayout) -> Option<Counts> {
        match (self.target, layout.outputs.as_slice()) {
            (Target::Output(0), [output]) => self.policy.counts(answer, output),
            _ => None,
        }
    }

    /// In what another one differs: the name of a parameter, `output`, or that it is another policy altogether.
    pub(super) fn difference(&self, other: &Self) -> Option<&'static str> {
        let target = (self.target != other.target).then_some("output");
        match self.policy.difference(&other.policy) {
            Some("policy") => Some("policy"),
            parameter => target.or(parameter),
        }
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        self.policy.put(out);
        self.target.put(out);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            policy: Policy::read(reader)?,
            target: Target::read(reader)?,
        })
    }

    /// The bounds of the format.
    pub(crate) fn validate(&self) -> Result<(), VerifyError> {
        self.policy.validate()?;
        match self.is_possible() {
            true => Ok(()),
            false => {
                let most = i64::from(crate::codec::length(MAX_OUTPUTS)).saturating_sub(1);
                let range = match self.target {
                    Target::All => Err(OutOfRange::All),
                    Target::Output(index) => OutOfRange::unless("output tensor", Unit::Output, [0, most], index.into()),
                };
                range.map_err(VerifyError::PolicyOutOfRange)
            }
        }
    }
}

/// With integers of the quantized model.
impl FromStr for Disclosure {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        Self::parse(text, |_, word| word.parse().ok(), None)
    }
}

/// What `FromStr` reads.
impl fmt::Display for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.target.prefix(), self.policy)
    }
}
