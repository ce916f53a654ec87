//! Sentences about a statement. Scores in them are integers of the quantized model, which readers see in the units of its output.

use crate::codec::size;
use crate::text::decimal;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Text as it is.
    Text(Cow<'static, str>),
    /// An integer of the quantized model.
    Score {
        /// The integer.
        value: i64,
        /// The output whose score it is, by its index.
        output: u32,
    },
}

/// A sentence, or a part of one. `Display` leaves scores as integers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<Word>);

impl Words {
    /// Adds text.
    #[must_use]
    pub fn text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Word::Text(text.into()));
        self
    }

    /// Adds a score, of the first output.
    #[must_use]
    pub fn score(mut self, value: i64) -> Self {
        self.0.push(Word::Score { value, output: 0 });
        self
    }

    /// Adds other words.
    #[must_use]
    pub fn join(mut self, mut other: Self) -> Self {
        self.0.append(&mut other.0);
        self
    }

    /// The same words about scores of another output.
    #[must_use]
    pub fn of_output(mut self, index: u32) -> Self {
        for word in &mut self.0 {
            if let Word::Score { output, .. } = word {
                *output = index;
            }
        }
        self
    }

    /// The pieces in order.
    pub fn pieces(&self) -> &[Word] {
        &self.0
    }

    /// The sentence where a score z of output `i` stands for `z / 2^fracs[i]`; with integers where that is not known.
    pub fn shown(&self, fracs: &[i32]) -> String {
        let pieces = self.0.iter().map(|word| match word {
            Word::Text(text) => text.clone(),
            Word::Score { value, output } => match fracs.get(size(*output)) {
                Some(frac) => decimal(*value, *frac).into(),
                None => value.to_string().into(),
            },
        });
        pieces.collect()
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for Words {
    fn from(text: T) -> Self {
        Self::default().text(text)
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(&[]))
    }
}
