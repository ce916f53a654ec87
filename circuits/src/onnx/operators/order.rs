//! Elements in order.

use super::compare::indicator;
use super::maps::{along, reshaped, Map};
use super::shapes::gathered;
use super::table::{many, one, Operator, Values};
use super::Call;
use crate::graph::{elements, infer, Binary, Function, Op, ReduceKind, Unary, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{unsupported, Builder, Comparison, Fault};
use crate::onnx::tensor::Const;

/// Largest number of elements that the index of one of them is computed among.
const MAX_PLACES: usize = 1024;

/// Largest number of elements whose order is computed: each pair is compared.
const MAX_ORDERED: usize = 64;

const LABEL: &str = "for other operators of up to 1024 elements; as an output over all scores, first of equal ones; of constants the first";

pub const TABLE: &[Operator] = &[
    one("ArgMax", arg, LABEL),
    one("ArgMin", arg, LABEL),
    many(
        "TopK",
        top,
        "constant `K`; the indices of up to 64 elements, for other operators",
    ),
];

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
    let y = reshaped(call, b, "", y, to)?;
    let named = call.outputs.get(1).is_some_and(|name| !name.is_empty());
    let indices = match named && n <= MAX_ORDERED && k > 0 {
        true => Some(ordered(call, b, x, (axis, k, largest))?),
        false => None,
    };
    Ok(vec![Some(y), indices])
}

/// The indices of the first `k` elements in order along an axis, of equal ones the lower first. As many come before element `i` as its rank says: of those
/// behind it the ones that are larger, of those before it the ones that are not smaller. It is at place `p` if its rank is `p`.
fn ordered(
    call: &Call<'_>,
    b: &mut Builder,
    x: ValueId,
    (axis, k, largest): (usize, usize, bool),
) -> Result<ValueId, Fault> {
    let shape = b.shape(x)?.to_vec();
    let n = shape.get(axis).copied().unwrap_or(0);
    let pairs: Vec<(usize, usize)> = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect();
    b.reserve(&[elements(&shape).unwrap_or(usize::MAX), n + k], 1)?;
    let part = call.part("indices", call.op, vec![]);
    let index = if n == 1 {
        let zeros = Const::Ints(vec![0; elements(&shape).unwrap_or(0)]);
        b.constant(&part.origin.output, shape, 7, zeros, vec![])
    } else {
        let mut end = |label: &str, of: &dyn Fn(&(usize, usize)) -> usize| {
            gathered(&part, b, label, x, (axis, pairs.iter().map(of).collect()))
        };
        let (first, second) = (end("first", &|pair| pair.0)?, end("second", &|pair| pair.1)?);
        let (less, than) = if largest { (first, second) } else { (second, first) };
        let or_equal = false;
        // Whether the second of a pair comes before the first.
        let before = indicator(&part, b, "before", Comparison { less, than, or_equal })?;
        let places: Vec<(usize, usize)> = (0..n).flat_map(|i| (0..k).map(move |p| (i, p))).collect();
        let counts = |i: usize| move |&(first, second): &(usize, usize)| f64::from(first == i) - f64::from(second == i);
        let from_place = Map {
            rows: places
                .iter()
                .map(|&(i, _)| pairs.iter().map(counts(i)).collect())
                .collect(),
            shift: places.iter().map(|&(i, p)| i as f64 - p as f64).collect(),
            from: vec![],
        };
        let from_place = along(&part, b, "from-place", before, (axis, &from_place))?;
        let one = Function::Variable.then(Unary::Abs).with(Binary::Min, 1.0);
        let is_there = Op::Function(Function::Number(1.0).with(Binary::Sub, one));
        let is_there = b.emit(&part.origin, "is-there", is_there, &[from_place])?;
        let at = |p: usize| places.iter().map(move |&(i, q)| if p == q { i as f64 } else { 0.0 });
        let index = Map::public((0..k).map(|p| at(p).collect()).collect());
        along(&part, b, "", is_there, (axis, &index))?
    };
    b.slots.get_mut(index).into_iter().for_each(|slot| slot.data_type = 7);
    b.lists.insert(index);
    Ok(index)
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

/// `ArgMax`, and `ArgMin` as that of the negation. Over all scores it may be what a proof is about, which its label is then; the index is computed where a
/// node reads it.
pub fn arg(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let last = call.attrs.flag("select_last_index", false)?;
    let mut x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let axis = call.axis(call.attrs.int("axis")?.unwrap_or(0), shape.len())?;
    if call.op == "ArgMin" {
        x = match &b.slot(x)?.constant {
            // The complement turns the order around and is in every range of 64 bits; the negative may wrap.
            Some(Const::Ints(data)) => {
                let data = data.iter().map(|x| !x).collect();
                b.reserve(&shape, 1)?;
                let name = format!("{}/negated", call.origin.output);
                b.constant(&name, shape.clone(), 7, Const::Ints(data), vec![x])
            }
            _ => b.emit(&call.origin, "negated", Op::Neg, &[x])?,
        };
    }
    let keepdims = call.attrs.flag("keepdims", true)?;
    let constant = b.slot(x)?.constant.is_some();
    if last && constant {
        return unsupported(
            "select_last_index of constants",
            "leave it out, and the first of equal elements counts",
        );
    }
    let index = b.emit(&call.origin, "", Op::ArgMax { axis, keepdims }, &[x])?;
    if last {
        b.last.insert(index);
    }
    Ok(index)
}

/// What an output that is an index stands for: the index itself, of the largest of all scores, which the label policy shows. As a number it would be
/// taken for a score.
///
/// # Errors
/// Why there is no such output.
pub fn labelled_by(b: &Builder, output: ValueId) -> Result<ValueId, &'static str> {
    let mut id = output;
    while let Some(step) = b.producer(id).filter(|step| matches!(step.op, Op::Reshape { .. })) {
        let &[x] = step.inputs.as_slice() else { break };
        id = x;
    }
    let index = b
        .places
        .iter()
        .find(|(_, place)| **place == id)
        .map(|(index, _)| *index);
    let index = index.unwrap_or(id);
    if b.lists.contains(&id) {
        return Err("indices in the order of their elements would be taken for scores as an output; give the elements, and prove the policy `top`");
    }
    match b.producer(index).map(|step| &step.op) {
        Some(Op::ArgMax { .. }) if b.last.contains(&index) => {
            Err("an output that is the last index of equal ones; leave select_last_index out, and the first counts")
        }
        Some(Op::ArgMax { .. }) => Ok(index),
        _ => Ok(output),
    }
}

/// What a node reads of the index of the largest score.
pub fn read(call: &Call<'_>, b: &mut Builder, index: ValueId) -> Result<ValueId, Fault> {
    if let Some(place) = b.places.get(&index) {
        return Ok(*place);
    }
    let Some(step) = b.producer(index) else {
        return Ok(index);
    };
    let (Op::ArgMax { axis, keepdims }, &[x]) = (&step.op, step.inputs.as_slice()) else {
        return Ok(index);
    };
    let which = match b.last.contains(&index) {
        true => Which::Last,
        false => Which::First,
    };
    let of = (*axis, *keepdims, which);
    let place = place(call, b, &format!("{index}"), x, of)?;
    b.places.insert(index, place);
    Ok(place)
}

/// Which of the largest elements along an axis is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    First,
    Last,
}

/// The index of the largest element along an axis, for whatever reads it. Of the largest ones the first is at the number of places up to
/// which there is none, the last at the number of places but the first from which on there is one.
pub fn place(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    (axis, keepdims, which): (usize, bool, Which),
) -> Result<ValueId, Fault> {
    let shape = b.shape(x)?.to_vec();
    let n = shape.get(axis).copied().unwrap_or(0);
    let sum = Op::Reduce {
        kind: ReduceKind::Sum,
        axes: vec![axis],
        keepdims,
    };
    if n > MAX_PLACES {
        return unsupported(
            format!("the index of the largest of {n} elements; of up to {MAX_PLACES} it is computed"),
            "give the elements themselves as output, and prove the label",
        );
    }
    b.reserve(&[elements(&shape).unwrap_or(usize::MAX), n], 1)?;
    if n == 1 {
        let shape = infer(&sum, &[&shape]).map_err(|reason| call.shape_error(reason))?;
        let zeros = Const::Ints(vec![0; elements(&shape).unwrap_or(0)]);
        return Ok(b.constant(&format!("{}/{label}", call.origin.output), shape, 7, zeros, vec![]));
    }
    let part = call.part(label, call.op, vec![]);
    let largest = Op::Reduce {
        kind: ReduceKind::Max,
        axes: vec![axis],
        keepdims: true,
    };
    let largest = b.emit(&part.origin, "largest", largest, &[x])?;
    let comparison = Comparison {
        less: largest,
        than: x,
        or_equal: true,
    };
    let equal = indicator(&part, b, "equal", comparison)?;
    let counts = |o: usize, i: usize| match which {
        Which::First => i <= o,
        Which::Last => i > o,
    };
    let rows = (1..n).map(|o| (0..n).map(|i| f64::from(u8::from(counts(o - 1, i)))).collect());
    let seen = along(&part, b, "seen", equal, (axis, &Map::public(rows.collect())))?;
    let one = Function::Variable.with(Binary::Min, Function::Number(1.0));
    let counted = match which {
        Which::First => Function::Number(1.0).with(Binary::Sub, one),
        Which::Last => one,
    };
    let counted = b.emit(&part.origin, "counted", Op::Function(counted), &[seen])?;
    let place = b.emit(&part.origin, "", sum, &[counted])?;
    b.slots.get_mut(place).into_iter().for_each(|slot| slot.data_type = 7);
    Ok(place)
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
