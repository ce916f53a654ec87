//! Whole layers that onnxruntime joins the operators of a transformer to.

use super::attention::{by_head, extents, heads};
use super::maps::reshaped;
use super::moves::gather;
use super::normalize::{affine, finite, standardized};
use super::softmax::{hiding, shares};
use super::table::{many, Operator, Values};
use super::{truth, Call};
use crate::graph::{Op, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault, HIDES};

pub const TABLE: &[Operator] = &[
    many("Attention", attention, MASKS).fused(),
    many(
        "EmbedLayerNormalization",
        embedding,
        "indices that depend on the input into at most 4,096",
    )
    .fused(),
    many("MultiHeadAttention", multi_head, MASKS).fused(),
];

const MASKS: &str = "masks that are constant, or of rank 2 or 3 and 0 or 1; some element of each row shown; unpacked, without a shared buffer";

/// What scores are hidden or changed by, by the numbers of the operands.
struct Masks {
    padding: usize,
    bias: usize,
    past: usize,
}

/// A part of the last axis.
fn cut(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    (start, len): (usize, usize),
) -> Result<ValueId, Fault> {
    let mut ranges: Vec<(usize, usize, i64)> = b.shape(x)?.iter().map(|&d| (0, d, 1)).collect();
    ranges
        .iter_mut()
        .next_back()
        .into_iter()
        .for_each(|range| *range = (start, len, 1));
    b.emit(&call.origin, label, Op::Slice { ranges }, &[x])
}

/// Projections of one input to queries, keys and values, and attention.
fn attention(call: &Call<'_>, b: &mut Builder) -> Result<Values, Fault> {
    if call.attrs.flag("do_rotary", false)? || call.attrs.flag("past_present_share_buffer", false)? {
        return unsupported(
            "rotary positions within it, or a shared buffer",
            "optimise the model without them",
        );
    }
    let (x, weights) = (call.required(0)?, call.required(1)?);
    let mut all = b.emit(&call.origin, "projected", Op::MatMul, &[x, weights])?;
    if let Some(bias) = call.optional(2) {
        all = b.emit(&call.origin, "biased", Op::Add, &[all, bias])?;
    }
    let &[_, _, width] = b.shape(all)? else {
        return Err(call.shape_error("the input must have three axes"));
    };
    let widths: Vec<usize> = match call.attrs.ints("qkv_hidden_sizes")? {
        Some(sizes) if !sizes.is_empty() => sizes
            .iter()
            .map(|&n| size("qkv_hidden_sizes", n))
            .collect::<Result<_, _>>()?,
        _ => vec![width / 3; 3],
    };
    let &[of_queries, of_keys, of_values] = widths.as_slice() else {
        return Err(call.shape_error("the sizes of queries, keys and values must be three"));
    };
    if of_queries.saturating_add(of_keys).saturating_add(of_values) != width {
        return Err(call.shape_error(format!("queries, keys and values do not fill {width} elements")));
    }
    let heads = heads(call, "num_heads")?;
    let mut parts = vec![];
    for (label, range) in [
        ("query", (0, of_queries)),
        ("key", (of_queries, of_keys)),
        ("value", (of_queries + of_keys, of_values)),
    ] {
        let part = cut(call, b, label, all, range)?;
        parts.push(by_head(call, b, &format!("{label}/heads"), part, heads)?);
    }
    let &[q, mut k, mut v] = parts.as_slice() else {
        return Err(call.shape_error("three parts are needed"));
    };
    let mut present = None;
    let mut past = 0;
    if let Some(both) = call.optional(4) {
        let shape = b.shape(both)?.to_vec();
        let &[2, n, h, steps, element] = shape.as_slice() else {
            return Err(call.shape_error("past keys and values must be two, of four axes"));
        };
        past = steps;
        for (i, (label, own)) in [("key", &mut k), ("value", &mut v)].into_iter().enumerate() {
            let ranges = vec![(i, 1, 1), (0, n, 1), (0, h, 1), (0, steps, 1), (0, element, 1)];
            let old = b.emit(
                &call.origin,
                &format!("past/{label}/own"),
                Op::Slice { ranges },
                &[both],
            )?;
            let old = reshaped(call, b, &format!("past/{label}"), old, vec![n, h, steps, element])?;
            *own = b.emit(
                &call.origin,
                &format!("present/{label}"),
                Op::Concat { axis: 2 },
                &[old, *own],
            )?;
        }
    }
    if call.outputs.get(1).is_some_and(|name| !name.is_empty()) {
        let mut both = vec![];
        for (label, own) in [("key", k), ("value", v)] {
            let shape = [vec![1], b.shape(own)?.to_vec()].concat();
            both.push(reshaped(call, b, &format!("present/{label}/own"), own, shape)?);
        }
        present = Some(b.emit(&call.origin, "present", Op::Concat { axis: 0 }, &both)?);
    }
    let masks = Masks {
        padding: 3,
        bias: 5,
        past,
    };
    let y = attended(call, b, [q, k, v], &masks)?;
    Ok(vec![Some(y), present])
}

/// Attention of given queries, keys and values.
fn multi_head(call: &Call<'_>, b: &mut Builder) -> Result<Values, Fault> {
    if call.optional(8).is_some() || call.optional(9).is_some() || call.optional(2).is_none() {
        return unsupported("packed inputs, or a shared buffer", "optimise the model without them");
    }
    let heads = heads(call, "num_heads")?;
    let mut parts = vec![];
    let mut start = 0;
    for (i, label) in ["query", "key", "value"].into_iter().enumerate() {
        let mut part = call.required(i)?;
        let shape = b.shape(part)?.to_vec();
        if let Some(bias) = call.optional(3) {
            let width = match shape.as_slice() {
                &[_, _, width] => width,
                _ => return unsupported("a bias of inputs that are split into heads", "add it before the node"),
            };
            let own = cut(call, b, &format!("{label}/bias"), bias, (start, width))?;
            part = b.emit(&call.origin, &format!("{label}/biased"), Op::Add, &[part, own])?;
            start += width;
        }
        parts.push(by_head(call, b, label, part, heads)?);
    }
    let &[q, mut k, mut v] = parts.as_slice() else {
        return Err(call.shape_error("three inputs are needed"));
    };
    let mut past = 0;
    match (call.optional(6), call.optional(7)) {
        (None, None) => {}
        (Some(key), Some(value)) => {
            [_, _, past, _] = extents(call, b, key)?;
            k = b.emit(&call.origin, "present/key", Op::Concat { axis: 2 }, &[key, k])?;
            v = b.emit(&call.origin, "present/value", Op::Concat { axis: 2 }, &[value, v])?;
        }
        _ => return Err(call.shape_error("past keys and values belong together")),
    }
    let masks = Masks {
        padding: 4,
        bias: 5,
        past,
    };
    let y = attended(call, b, [q, k, v], &masks)?;
    Ok(vec![Some(y), Some(k), Some(v), None])
}

/// Sums of values by the softmax of products of queries and keys, as `[batch, position, element of all heads]`.
fn attended(call: &Call<'_>, b: &mut Builder, [q, k, v]: [ValueId; 3], masks: &Masks) -> Result<ValueId, Fault> {
    let from = &call.origin;
    let ([n, h, t, width], [batch, groups, s, own], [.., values, each]) =
        (extents(call, b, q)?, extents(call, b, k)?, extents(call, b, v)?);
    if (batch, groups, own, values) != (n, h, width, s) || width == 0 {
        return Err(call.shape_error("keys and values that do not fit the queries"));
    }
    if finite(call, "mask_filter_value", HIDES)? > HIDES {
        return unsupported(
            "a mask_filter_value above -10,000",
            "optimise the model with the default",
        );
    }
    let scale = match finite(call, "scale", 0.0)? {
        0.0 => 1.0 / (width as f32).sqrt(),
        scale => scale,
    };
    let scale = b.scalar(scale);
    let q = b.emit(from, "query/scaled", Op::Mul, &[q, scale])?;
    let k = b.emit(from, "key/turned", Op::Transpose { perm: vec![0, 1, 3, 2] }, &[k])?;
    let mut scores = b.emit(from, "scores", Op::MatMul, &[q, k])?;
    let to = [n, h, t, s];
    b.reserve(&to, 1)?;
    let mut hidden = vec![false; n * h * t * s];
    if let Some(bias) = call.optional(masks.bias) {
        (scores, hidden) = match b.slot(bias)?.constant {
            Some(_) => hiding(call, b, "bias", scores, (bias, &to))?,
            None => (b.emit(from, "bias/sum", Op::Add, &[scores, bias])?, hidden),
        };
    }
    let (scores, mut shown) = truth::unveiled(call, b, "bias", scores)?;
    if b.shape(scores)? != to {
        return Err(call.shape_error("an attention bias that does not fit the scores"));
    }
    let causal = call.attrs.flag("unidirectional", false)?;
    let padding = padding(call, b, masks.padding, &to)?;
    for (i, hides) in hidden.iter_mut().enumerate() {
        let (example, row, column) = (i / (h * t * s), i / s % t, i % s);
        let padded = match &padding {
            Padding::Known(shows) => !shows.get((example * t + row) * s + column).copied().unwrap_or(true),
            _ => false,
        };
        *hides |= padded || causal && column > row + masks.past;
    }
    if hidden.chunks(s.max(1)).any(|row| !row.contains(&false)) {
        return unsupported(
            "a mask that hides all elements of a row, of which there is no softmax",
            "let it leave one",
        );
    }
    if let Padding::Given(mask) = padding {
        let mask = b.widened(from, "padding/wide", mask, &to)?;
        shown = Some(match shown {
            None => mask,
            Some(other) => b.emit(from, "shown", Op::Mul, &[other, mask])?,
        });
    }
    let shares = shares(call, b, "shares", (scores, shown), (&[3], Some(&hidden)))?;
    let y = b.emit(from, "heads", Op::MatMul, &[shares, v])?;
    let y = b.emit(from, "joined", Op::Transpose { perm: vec![0, 2, 1, 3] }, &[y])?;
    reshaped(call, b, "", y, vec![n, t, h * each])
}

/// Which keys are shown.
enum Padding {
    None,
    /// For each example, query and key.
    Known(Vec<bool>),
    /// A truth value that broadcasts to the scores.
    Given(ValueId),
}

fn padding(call: &Call<'_>, b: &mut Builder, i: usize, to: &[usize; 4]) -> Result<Padding, Fault> {
    let Some(mask) = call.optional(i) else {
        return Ok(Padding::None);
    };
    let [n, _, t, s] = *to;
    let shape = b.shape(mask)?.to_vec();
    if !call.is_known(b, i) {
        let mask = match *shape.as_slice() {
            [batch, keys] if (batch, keys) == (n, s) => reshaped_mask(call, b, mask, vec![n, 1, 1, s])?,
            [batch, rows, keys] if (batch, rows, keys) == (n, t, s) => reshaped_mask(call, b, mask, vec![n, 1, t, s])?,
            _ => {
                return unsupported(
                    "lengths or a mask of another shape, which depend on the input",
                    remedy::MASK,
                )
            }
        };
        return Ok(Padding::Given(mask));
    }
    let given = call.ints(b, i, "the mask")?.unwrap_or_default();
    let at = |i: usize| given.get(i).copied().unwrap_or(0);
    let shows = |example: usize, row: usize, key: usize| match *shape.as_slice() {
        [lengths] if lengths == n => (key as i64) < at(example),
        [bounds] if bounds == 2 * n => (at(n + example)..at(example)).contains(&(key as i64)),
        [_, _] => at(example * s + key) != 0,
        _ => at((example * t + row) * s + key) != 0,
    };
    let fits = matches!(*shape.as_slice(), [m] if m == n || m == 2 * n) || shape == [n, s] || shape == [n, t, s];
    if !fits {
        return unsupported(format!("a mask of shape {shape:?}"), remedy::MASK);
    }
    b.reserve(&[n, t, s], 1)?;
    let all = (0..n * t * s).map(|i| shows(i / (t * s), i / s % t, i % s));
    Ok(Padding::Known(all.collect()))
}

fn reshaped_mask(call: &Call<'_>, b: &mut Builder, mask: ValueId, shape: Vec<usize>) -> Result<ValueId, Fault> {
    let mask = truth::mask(call, b, "padding", mask)?;
    reshaped(call, b, "padding/own", mask, shape)
}

/// The normalised sum of the rows of words, positions and segments.
fn embedding(call: &Call<'_>, b: &mut Builder) -> Result<Values, Fault> {
    let from = &call.origin;
    let &[n, t] = b.shape(call.required(0)?)? else {
        return Err(call.shape_error("the indices must have two axes"));
    };
    let rows = |b: &mut Builder, label: &str, table: ValueId, ids: Option<ValueId>| {
        gather(&call.part(label, "Gather", vec![Some(table), ids]), b)
    };
    let words = rows(b, "words", call.required(2)?, call.optional(0))?;
    let positions = match call.optional(8) {
        Some(ids) => rows(b, "positions", call.required(3)?, Some(ids))?,
        None => {
            let table = call.required(3)?;
            let &[extent, width] = b.shape(table)? else {
                return Err(call.shape_error("positions must have two axes"));
            };
            if t > extent {
                return Err(call.shape_error(format!("{t} positions of {extent}")));
            }
            let ranges = vec![(0, t, 1), (0, width, 1)];
            b.emit(from, "positions", Op::Slice { ranges }, &[table])?
        }
    };
    let mut sum = b.emit(from, "sum", Op::Add, &[words, positions])?;
    if let (Some(ids), Some(table)) = (call.optional(1), call.optional(4)) {
        let segments = rows(b, "segments", table, Some(ids))?;
        sum = b.emit(from, "sum/segments", Op::Add, &[sum, segments])?;
    }
    if b.shape(sum)?.get(..2) != Some(&[n, t]) {
        return Err(call.shape_error("positions or segments that do not fit the indices"));
    }
    let standard = standardized(call, b, "standard", sum, (&[2], finite(call, "epsilon", 1e-12)?))?;
    let y = affine(call, b, standard.y, (Some(call.required(5)?), Some(call.required(6)?)))?;
    Ok(vec![Some(y), None, Some(sum)])
}
