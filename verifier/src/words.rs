//! Sentences about a statement. Scores in them are integers of the quantized model, which readers see in the units of its output.

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
    Score(i64),
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

    /// Adds a score.
    #[must_use]
    pub fn score(mut self, score: i64) -> Self {
        self.0.push(Word::Score(score));
        self
    }

    /// The pieces in order.
    pub fn pieces(&self) -> &[Word] {
        &self.0
    }

    /// The sentence where a score z stands for `z / 2^frac`; with integers where that is not known.
    pub fn shown(&self, frac: Option<i32>) -> String {
        let pieces = self.0.iter().map(|word| match (word, frac) {
            (Word::Text(text), _) => text.clone(),
            (Word::Score(score), Some(frac)) => decimal(*score, frac).into(),
            (Word::Score(score), None) => score.to_string().into(),
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
        f.write_str(&self.shown(None))
    }
}
