//! What a card says of its model, as types: names, shapes, scales and classes, read from its description; and numbers in the
//! units of the model, of which a receipt holds the integers.
//!
//! All of it is bound by the model id, and is the publisher's word where no proof speaks of it: the names of inputs and
//! classes, units, and which numbers the integers stand for.

mod json;
mod read;
mod values;

pub use values::{Value, Values};

use crate::card::ModelCard;
use crate::chain::ChainCard;
use crate::codec::size;
use crate::key::OutputLayout;
use crate::statement::inference::policy::PolicyError;
use crate::statement::inference::{Disclosure, Target};
use alloc::string::String;
use alloc::vec::Vec;

/// Scales are between `2^-MAX_FRAC` and `2^MAX_FRAC`: integers of the format are exact numbers under them.
pub const MAX_FRAC: i32 = 900;

/// Beyond the range of every circuit, which a refusal names.
const BEYOND: i64 = 1 << 62;

/// What a card says of its model. [`ModelCard::schema`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Name of the ONNX graph.
    pub name: String,
    /// The inputs, in the order of a claim's bindings.
    pub inputs: Vec<InputSchema>,
    /// The outputs, in the order of a claim's targets.
    pub outputs: Vec<OutputSchema>,
    model_id: [u8; 32],
    layout: Vec<OutputLayout>,
}

/// An input of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSchema {
    /// Name in the ONNX graph.
    pub name: String,
    /// Shape; a first axis of one is the batch and not in it.
    pub shape: Vec<u32>,
    /// Which numbers its integers stand for.
    pub quantization: Quantization,
    /// Whether receipts show it; otherwise they commit to it.
    pub public: bool,
    /// What its values are measured in.
    pub unit: Option<String>,
}

/// An output of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSchema {
    /// Name in the ONNX graph.
    pub name: String,
    /// Shape; a first axis of one is the batch and not in it.
    pub shape: Vec<u32>,
    /// Which numbers its scores stand for.
    pub quantization: Quantization,
    /// What its scores are measured in.
    pub unit: Option<String>,
    /// The class of each label, in their order; empty if the publisher names none.
    pub classes: Vec<String>,
}

/// Which numbers the integers of a tensor stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quantization {
    /// An integer v stands for `v / 2^frac`.
    pub frac: i32,
    /// Element `i`, row-major, has `lifts[i]` fractional bits more; empty if all have the same.
    pub lifts: Vec<u8>,
}

/// A description that cannot be read, or does not fit the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the description on the card is not one that this release reads: {reason}")]
pub struct SchemaError {
    reason: String,
}

impl SchemaError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    /// What is wrong with it.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Stable identifier, the same in the command line, the API and the documentation.
    pub fn code(&self) -> &'static str {
        "card-description"
    }

    /// What the reader of the error can do.
    pub fn help(&self) -> &'static str {
        "Get the card again from its publisher, or use the release that made it."
    }
}

impl Quantization {
    /// The number that an integer stands for, as element `index` of its tensor: exact for all integers of the format.
    ///
    /// ```
    /// let scores = provenn_verifier::Quantization { frac: 9, lifts: vec![] };
    /// assert_eq!(scores.real(0, -768), -1.5);
    /// assert_eq!(scores.at_least(0, 0.501), 257);
    /// ```
    pub fn real(&self, index: usize, integer: i64) -> f64 {
        #[expect(
            clippy::as_conversions,
            reason = "floats have no other conversion; rounds to nearest"
        )]
        let number = integer as f64;
        number * power(self.frac_of(index).saturating_neg())
    }

    /// The integer nearest to a number, halves away from zero: how inputs are quantized.
    pub fn nearest(&self, index: usize, number: f64) -> i64 {
        let scaled = number * power(self.frac_of(index));
        let size = if scaled < 0.0 { -scaled } else { scaled };
        let (whole, rest) = split(size);
        let nearest = if rest >= 0.5 { whole.saturating_add(1) } else { whole };
        if scaled < 0.0 {
            nearest.saturating_neg()
        } else {
            nearest
        }
    }

    /// The least integer that stands for at least this number: how thresholds are quantized.
    pub fn at_least(&self, index: usize, number: f64) -> i64 {
        let (whole, rest) = split(number * power(self.frac_of(index)));
        if rest > 0.0 {
            whole.saturating_add(1)
        } else {
            whole
        }
    }

    fn frac_of(&self, index: usize) -> i32 {
        let lift = self.lifts.get(index).copied().unwrap_or(0);
        self.frac.saturating_add(lift.into())
    }
}

/// `2^exponent`, for normal numbers.
fn power(exponent: i32) -> f64 {
    let biased = exponent.clamp(-1022, 1023).saturating_add(1023);
    f64::from_bits(u64::from(biased.unsigned_abs()) << 52)
}

/// A number without its fraction, and the fraction with its sign; of numbers beyond an `i64` the end of its range.
fn split(number: f64) -> (i64, f64) {
    #[expect(clippy::as_conversions, reason = "floats have no other conversion; saturates")]
    let whole = number as i64;
    #[expect(
        clippy::as_conversions,
        reason = "floats have no other conversion; exact where there is a fraction"
    )]
    let rest = number - whole as f64;
    (whole, rest)
}

impl Schema {
    /// The fractional bits of each output, as [`Words::shown`](crate::words::Words::shown) takes them.
    pub fn fracs(&self) -> Vec<i32> {
        self.outputs.iter().map(|output| output.quantization.frac).collect()
    }

    /// The class that the publisher names a label of an output.
    pub fn class(&self, target: Target, label: u32) -> Option<&str> {
        let classes = &self.output(target)?.classes;
        classes.get(size(label)).map(String::as_str)
    }

    /// A policy from its text, with numbers in the units of the output: `label`, `threshold:0:0.5`, `1/scores`.
    ///
    /// # Errors
    /// See [`PolicyError`], and [`PolicyError::shown`] for ranges in these units.
    pub fn policy(&self, text: &str) -> Result<Disclosure, PolicyError> {
        let score = |target: Target, word: &str| {
            let number: f64 = word.parse().ok()?;
            let integer = self.output(target)?.quantization.at_least(0, number);
            number.is_finite().then(|| integer.clamp(-BEYOND, BEYOND))
        };
        Disclosure::parse(text, score, Some(&self.layout))
    }

    fn output(&self, target: Target) -> Option<&OutputSchema> {
        match target {
            Target::Output(index) => self.outputs.get(size(index)),
            Target::All => None,
        }
    }
}

impl ModelCard {
    /// What the card says of its model.
    ///
    /// # Errors
    /// A description of another form, or one that does not fit the circuit.
    pub fn schema(&self) -> Result<Schema, SchemaError> {
        read::schema(&self.description, self.key.purpose.layout(), self.model_id())
    }
}

impl ChainCard {
    /// The same of a model in segments.
    ///
    /// # Errors
    /// As [`ModelCard::schema`].
    pub fn schema(&self) -> Result<Schema, SchemaError> {
        read::schema(&self.description, self.layout().as_ref(), self.model_id())
    }
}
