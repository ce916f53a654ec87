//! Weights of contractions, in the memory that they need: most of a model is these.

use super::zeros;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt::{self, Formatter};
use std::ops::Range;

/// A list of integers, in two bytes each if all of them fit, in eight otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights(Kept);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    Short(Vec<i16>),
    Long(Vec<i64>),
}

impl Weights {
    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::Short(weights) => weights.len(),
            Kept::Long(weights) => weights.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory that they take.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Kept::Short(weights) => size_of_val(weights.as_slice()),
            Kept::Long(weights) => size_of_val(weights.as_slice()),
        }
    }

    /// One of them; there must be so many.
    pub fn get(&self, index: usize) -> i64 {
        match &self.0 {
            Kept::Short(weights) => weights[index].into(),
            Kept::Long(weights) => weights[index],
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = i64> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// What `of` makes of those from `first` on, for all of `out`; there must be so many.
    pub fn write<T>(&self, first: usize, out: &mut [T], of: impl Fn(i64) -> T) {
        let range = first..first + out.len();
        match &self.0 {
            Kept::Short(weights) => out
                .iter_mut()
                .zip(&weights[range])
                .for_each(|(out, weight)| *out = of(i64::from(*weight))),
            Kept::Long(weights) => out
                .iter_mut()
                .zip(&weights[range])
                .for_each(|(out, weight)| *out = of(*weight)),
        }
    }

    /// Calls `with` for those at these places, which there must be.
    pub fn each(&self, places: impl Iterator<Item = usize>, mut with: impl FnMut(i64)) {
        match &self.0 {
            Kept::Short(weights) => places.for_each(|place| with(weights[place].into())),
            Kept::Long(weights) => places.for_each(|place| with(weights[place])),
        }
    }

    /// Those of a range, which there must be.
    pub fn copied(&self, range: Range<usize>) -> Vec<i64> {
        let mut copied = zeros(range.len());
        self.write(range.start, &mut copied, |weight| weight);
        copied
    }

    /// The largest magnitude, 0 if there are none.
    pub fn largest(&self) -> u64 {
        match &self.0 {
            Kept::Short(weights) => weights.iter().map(|weight| weight.unsigned_abs().into()).max(),
            Kept::Long(weights) => weights.iter().map(|weight| weight.unsigned_abs()).max(),
        }
        .unwrap_or(0)
    }

    /// Changes them.
    pub fn edit(&mut self, change: impl FnOnce(&mut Vec<i64>)) {
        let mut weights = self.copied(0..self.len());
        change(&mut weights);
        *self = weights.into();
    }

    fn push(&mut self, weight: i64) {
        match (&mut self.0, i16::try_from(weight)) {
            (Kept::Short(weights), Ok(short)) => weights.push(short),
            (Kept::Long(weights), _) => weights.push(weight),
            (Kept::Short(weights), Err(_)) => {
                let mut long = Vec::with_capacity(weights.capacity());
                long.extend(weights.iter().map(|short| i64::from(*short)));
                long.push(weight);
                self.0 = Kept::Long(long);
            }
        }
    }
}

impl From<Vec<i64>> for Weights {
    fn from(weights: Vec<i64>) -> Self {
        weights.into_iter().collect()
    }
}

impl FromIterator<i64> for Weights {
    fn from_iter<I: IntoIterator<Item = i64>>(list: I) -> Self {
        let list = list.into_iter();
        let mut weights = Self(Kept::Short(Vec::with_capacity(list.size_hint().0)));
        list.for_each(|weight| weights.push(weight));
        weights
    }
}

impl Serialize for Weights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Weights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Numbers)
    }
}

/// Numbers for which memory is taken because of the length that a file states; more are believed as they come.
const BELIEVED: usize = 1 << 22;

struct Numbers;

impl<'de> Visitor<'de> for Numbers {
    type Value = Weights;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a list of integers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Weights, A::Error> {
        let room = list.size_hint().unwrap_or(0).min(BELIEVED);
        let mut weights = Weights(Kept::Short(Vec::with_capacity(room)));
        while let Some(weight) = list.next_element()? {
            weights.push(weight);
        }
        Ok(weights)
    }
}

#[cfg(test)]
mod tests;
