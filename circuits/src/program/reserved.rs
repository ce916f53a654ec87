//! Lists of many numbers, read into memory that is taken once.

use serde::de::{Deserializer, SeqAccess, Visitor};
use std::fmt::{self, Formatter};

/// Numbers for which memory is taken because of the length that a file states; more are believed as they come.
const BELIEVED: usize = 1 << 22;

/// Reads a list of its stated length.
pub fn reserved<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<i64>, D::Error> {
    from.deserialize_seq(Numbers)
}

struct Numbers;

impl<'de> Visitor<'de> for Numbers {
    type Value = Vec<i64>;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a list of integers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<i64>, A::Error> {
        let mut numbers = Vec::with_capacity(list.size_hint().unwrap_or(0).min(BELIEVED));
        while let Some(number) = list.next_element()? {
            numbers.push(number);
        }
        Ok(numbers)
    }
}
