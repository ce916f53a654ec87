//! What policies about the items of a batch have in common.

use super::super::columns::PolicyRow;
use super::label::largest;
use super::{OutOfRange, Unit};
use crate::codec::{length, size, Put};
use crate::difference::hex;
use crate::key::OutputLayout;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// Labels that words name.
const NAMED: usize = 12;

/// The label of each item: the lowest index of a largest score.
pub(super) fn labels(scores: &[i64], output: &OutputLayout) -> Option<Vec<u32>> {
    let items = scores.chunks(size(output.classes()).max(1));
    items.map(|scores| Some(largest(scores)?.0)).collect()
}

/// `d = top - z - [the label comes after]`, which is 0 at the label: see `circuits/src/argument/labels.rs`.
pub(super) fn rows(output: &OutputLayout) -> Vec<PolicyRow> {
    let row = PolicyRow {
        t: Fr::ONE,
        ..PolicyRow::default()
    };
    vec![row; size(output.len)]
}

/// For each score the count that its item adds to if it is the label: `count` of item and label.
pub(super) fn cells(output: &OutputLayout, count: impl Fn(usize, u32) -> Option<u32>) -> Vec<Option<u32>> {
    let items = 0..size(output.items);
    items
        .flat_map(|item| (0..output.classes()).map(move |label| (item, label)))
        .map(|(item, label)| count(item, label))
        .collect()
}

/// Parameters that are indices.
pub(super) fn indices(parameters: &[i64]) -> Option<Vec<u32>> {
    parameters.iter().map(|index| u32::try_from(*index).ok()).collect()
}

/// Parameters that are an ascending set of indices.
pub(super) fn set(parameters: &[i64]) -> Option<Vec<u32>> {
    let set = indices(parameters)?;
    let ascending = set.iter().zip(set.iter().skip(1)).all(|(a, b)| a < b);
    (ascending && !set.is_empty()).then_some(set)
}

/// Whether a list for items is none for more items than there are.
pub(super) fn fit(what: &'static str, list: &[u32], output: &OutputLayout) -> Result<(), OutOfRange> {
    let range = [1, output.items.into()];
    OutOfRange::unless(what, Unit::Items, range, length(list.len()).into())
}

/// So many of so many: `349 of 360 (0.9694)`.
pub(super) fn share(part: u32, whole: usize) -> String {
    let share = self::part(part.into(), crate::codec::wide(whole));
    format!("{part} of {whole} ({share})")
}

/// A part of a whole, rounded: `0.9694`.
pub(super) fn part(part: u64, whole: u64) -> String {
    let half = whole.checked_div(2).unwrap_or(0);
    let scaled = part.saturating_mul(10_000).saturating_add(half);
    let scaled = scaled.checked_div(whole).unwrap_or(0);
    let (one, rest) = (
        scaled.checked_div(10_000).unwrap_or(0),
        scaled.checked_rem(10_000).unwrap_or(0),
    );
    format!("{one}.{rest:04}")
}

/// Labels for people, the first of many.
pub(super) fn named(labels: &[u32]) -> String {
    let named = labels.iter().take(NAMED).map(ToString::to_string);
    let named = named.collect::<Vec<_>>().join(", ");
    match labels.len().checked_sub(NAMED) {
        None | Some(0) => named,
        Some(more) => format!("{named} and {more} more"),
    }
}

/// What a list of labels is known by: Blake2b-256 of the list as claims have it.
pub(super) fn digest(labels: &[u32]) -> String {
    let values: Vec<i64> = labels.iter().map(|label| i64::from(*label)).collect();
    let mut bytes = Vec::new();
    bytes.put_integers(&values);
    let hash = blake2b_simd::Params::new()
        .hash_length(32)
        .personal(b"Provenn-Labels--")
        .hash(&bytes);
    hex(hash.as_bytes())
}

#[cfg(test)]
mod tests;
