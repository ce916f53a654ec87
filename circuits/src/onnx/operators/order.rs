//! Elements in order.

use super::maps::reshaped;
use super::shapes::gathered;
use super::table::{many, Operator, Values};
use super::Call;
use crate::graph::{elements, Op, ReduceKind};
use crate::onnx::attr::size;
use crate::onnx::build::{Builder, Fault};

pub const TABLE: &[Operator] = &[many("TopK", top, "values, not their indices; constant `K`")];

/// The largest or smallest elements along an axis, in order: a network of comparisons, each of which puts two elements in order.
fn top(call: &Call<'_>, b: &mut Builder) -> Result<Values, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(-1), shape.len())?;
    let n = shape.get(axis).copied().unwrap_or(0);
    let k = match call.opset {
        ..10 => call.attrs.int("k")?.unwrap_or(0),
        _ => match call.ints(b, 1, "K")?.as_deref() {
            Some(&[k]) => k,
            _ => return Err(call.shape_error("K must be one integer")),
        },
    };
    let k = size("K", k)?;
    if k > n {
        return Err(call.shape_error(format!("the first {k} of {n} elements")));
    }
    let largest = call.attrs.flag("largest", true)?;
    let mut rows = x;
    let doublings = (usize::BITS - n.leading_zeros()) as usize;
    let rounds = doublings * (doublings + 1) / 2;
    b.reserve(&[elements(&shape).unwrap_or(usize::MAX), rounds], 1)?;
    let network = network(n);
    for (i, pairs) in network.iter().enumerate() {
        let label = |word: &str| format!("{i}/{word}");
        let both = Op::Gather {
            axis,
            indices: pairs.iter().flat_map(|&(i, j)| [i, j]).collect(),
            indices_shape: vec![pairs.len(), 2],
        };
        let both = b.emit(&call.origin, &label("pairs"), both, &[rows])?;
        let mut end = |word: &str, kind: ReduceKind| {
            let op = Op::Reduce {
                kind,
                axes: vec![axis + 1],
                keepdims: false,
            };
            b.emit(&call.origin, &label(word), op, &[both])
        };
        let (high, low) = (end("high", ReduceKind::Max)?, end("low", ReduceKind::Min)?);
        let (first, second) = if largest { (high, low) } else { (low, high) };
        // What is in no pair stays where it is.
        let all = b.emit(&call.origin, &label("all"), Op::Concat { axis }, &[rows, first, second])?;
        let mut at: Vec<usize> = (0..n).collect();
        for (pair, &(i, j)) in pairs.iter().enumerate() {
            for (place, from) in [(i, n + pair), (j, n + pairs.len() + pair)] {
                at.iter_mut().skip(place).take(1).for_each(|at| *at = from);
            }
        }
        rows = gathered(call, b, &label("rows"), all, (axis, at))?;
    }
    let ranges = shape
        .iter()
        .enumerate()
        .map(|(i, &d)| (0, if i == axis { k } else { d }, 1));
    let ranges: Vec<(usize, usize, i64)> = ranges.collect();
    let to = ranges.iter().map(|range| range.1).collect();
    let y = match k == n {
        true => rows,
        false => b.emit(&call.origin, "", Op::Slice { ranges }, &[rows])?,
    };
    Ok(vec![Some(reshaped(call, b, "", y, to)?), None])
}

/// Batcher's merging network for `n` elements: rounds of pairs that do not overlap, the first of each pair before the second.
fn network(n: usize) -> Vec<Vec<(usize, usize)>> {
    let mut rounds = vec![];
    let mut p = 1;
    while p < n {
        let mut k = p;
        while k > 0 {
            let starts = (k % p..n.saturating_sub(k)).step_by(2 * k);
            let pairs = starts.flat_map(|j| (j..(j + k).min(n - k)).map(move |i| (i, i + k)));
            let pairs: Vec<(usize, usize)> = pairs.filter(|(i, j)| i / (2 * p) == j / (2 * p)).collect();
            if !pairs.is_empty() {
                rounds.push(pairs);
            }
            k /= 2;
        }
        p *= 2;
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::network;

    /// A network puts all rows in order if it does so with those of zeros and ones.
    #[test]
    fn networks_order_zeros_and_ones() {
        for n in 1..=12 {
            for row in 0..1usize << n {
                let mut row: Vec<usize> = (0..n).map(|i| row >> i & 1).collect();
                for (i, j) in network(n).concat() {
                    (row[i], row[j]) = (row[i].max(row[j]), row[i].min(row[j]));
                }
                assert!(row.is_sorted_by(|a, b| a >= b), "{n}: {row:?}");
            }
        }
    }
}
