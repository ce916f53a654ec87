//! Attention: products of queries and keys, their softmax, and sums of values by it.

use super::functions::of;
use super::maps::{labelled, reshaped};
use super::shapes::gathered;
use super::softmax::{hiding, lengthened, mask_shape, shares};
use super::table::{many, Operator, Values};
use super::{truth, Call};
use crate::graph::{float, Binary, Function, Op, Unary, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};

pub const TABLE: &[Operator] = &[
    many(
        "Attention",
        attention,
        "constant masks that hide elements are public, and scores with masks that hide are no output; masks that depend on the input are truth values, or what hides by them",
    ),
    many("LinearAttention", linear, "unrolled"),
];

/// An attribute that counts heads; 0 if there is none.
pub fn heads(call: &Call<'_>, name: &str) -> Result<usize, Fault> {
    Ok(size(name, call.attrs.int(name)?.unwrap_or(0))?)
}

/// `[batch, heads, position, element]`.
pub fn by_head(call: &Call<'_>, b: &mut Builder, label: &str, x: ValueId, heads: usize) -> Result<ValueId, Fault> {
    match *b.shape(x)? {
        [_, _, _, _] => Ok(x),
        [n, t, width] if heads > 0 && width % heads == 0 => {
            let split = vec![n, t, heads, width / heads];
            let x = reshaped(call, b, &format!("{label}/split"), x, split)?;
            let perm = vec![0, 2, 1, 3];
            b.emit(&call.origin, label, Op::Transpose { perm }, &[x])
        }
        _ => Err(call.shape_error("the input must have four axes, or three and a number of heads")),
    }
}

/// The extents of a value of four axes.
pub fn extents(call: &Call<'_>, b: &Builder, x: ValueId) -> Result<[usize; 4], Fault> {
    <[usize; 4]>::try_from(b.shape(x)?).map_err(|_| call.shape_error("four axes are needed"))
}

fn attention(call: &Call<'_>, b: &mut Builder) -> Result<Values, Fault> {
    let from = &call.origin;
    let packed = b.shape(call.required(0)?)?.len() == 3;
    let (of_queries, of_keys) = (heads(call, "q_num_heads")?, heads(call, "kv_num_heads")?);
    let q = by_head(call, b, "query", call.required(0)?, of_queries)?;
    let mut k = by_head(call, b, "key", call.required(1)?, of_keys)?;
    let mut v = by_head(call, b, "value", call.required(2)?, of_keys)?;
    let mut past = 0;
    match (call.optional(4), call.optional(5)) {
        (None, None) => {}
        (Some(key), Some(value)) => {
            [_, _, past, _] = extents(call, b, key)?;
            if past > 0 {
                k = b.emit(from, "present/key", Op::Concat { axis: 2 }, &[key, k])?;
                v = b.emit(from, "present/value", Op::Concat { axis: 2 }, &[value, v])?;
            }
        }
        _ => return Err(call.shape_error("past keys and values belong together")),
    }
    let present = (k, v);
    let [n, h, t, width] = extents(call, b, q)?;
    let ([batch, groups, s, own], [.., values, _]) = (extents(call, b, k)?, extents(call, b, v)?);
    if batch != n || own != width || values != s || groups == 0 || h % groups != 0 || width == 0 {
        return Err(call.shape_error("keys and values that do not fit the queries"));
    }
    let repeated: Vec<usize> = (0..h).map(|i| i / (h / groups)).collect();
    k = gathered(call, b, "key/repeated", k, (1, repeated.clone()))?;
    v = gathered(call, b, "value/repeated", v, (1, repeated))?;
    let scale = match call.attrs.float("scale")? {
        Some(scale) if scale.is_finite() => scale,
        Some(_) => return unsupported("a scale that is not finite", remedy::FINITE),
        None => 1.0 / (width as f32).sqrt(),
    };
    let scale = b.scalar(scale);
    let q = b.emit(from, "query/scaled", Op::Mul, &[q, scale])?;
    let perm = vec![0, 1, 3, 2];
    let k = b.emit(from, "key/turned", Op::Transpose { perm }, &[k])?;
    let products = b.emit(from, "scores", Op::MatMul, &[q, k])?;
    let capped = capped(call, b, products)?;
    let to = [n, h, t, s];
    let (scores, shown, hidden) = hidden(call, b, capped, (&to, past))?;
    let shares = shares(call, b, "shares", (scores, shown), (&[3], Some(&hidden)))?;
    let mut y = b.emit(from, if packed { "heads" } else { "" }, Op::MatMul, &[shares, v])?;
    if packed {
        let [.., width] = extents(call, b, y)?;
        let perm = vec![0, 2, 1, 3];
        y = b.emit(from, "joined", Op::Transpose { perm }, &[y])?;
        y = reshaped(call, b, "", y, vec![n, t, h * width])?;
    }
    let shown = match call.attrs.int("qk_matmul_output_mode")?.unwrap_or(0) {
        0 => products,
        1 => capped,
        // There they are -inf.
        2 if shown.is_some() || hidden.contains(&true) => {
            return Ok(vec![Some(y), Some(present.0), Some(present.1), None])
        }
        2 => scores,
        3 => shares,
        other => return Err(call.shape_error(format!("qk_matmul_output_mode {other} is unknown"))),
    };
    Ok(vec![Some(y), Some(present.0), Some(present.1), Some(shown)])
}

/// Scores between the bounds of a smooth cap.
fn capped(call: &Call<'_>, b: &mut Builder, scores: ValueId) -> Result<ValueId, Fault> {
    let cap = f64::from(call.attrs.float("softcap")?.unwrap_or(0.0));
    if cap <= 0.0 {
        return Ok(scores);
    }
    if !cap.is_finite() {
        return unsupported("a softcap that is not finite", remedy::FINITE);
    }
    let share = Function::Variable.with(Binary::Div, cap).then(Unary::Tanh);
    let op = Op::Function(share.with(Binary::Mul, cap));
    b.emit(&call.origin, "capped", op, &[scores])
}

/// Scores with what a mask adds, where a mask that depends on the input shows them, and which of them masks, lengths and order hide.
fn hidden(
    call: &Call<'_>,
    b: &mut Builder,
    scores: ValueId,
    (to, past): (&[usize; 4], usize),
) -> Result<(ValueId, Option<ValueId>, Vec<bool>), Fault> {
    let [n, h, t, s] = *to;
    b.reserve(to, 1)?;
    let (mut y, mut shown, mut hidden) = (scores, None, vec![false; n * h * t * s]);
    if let Some(mask) = call
        .optional(3)
        .filter(|&mask| truth::is_truth(b, mask) || b.veil(mask).is_some())
    {
        if b.veil(mask).is_some() {
            let sum = b.emit(&call.origin, "masked", Op::Add, &[scores, mask])?;
            (y, shown) = truth::unveiled(call, b, "masked", sum)?;
        } else {
            shown = Some(b.widened(&call.origin, "shown", mask, to)?);
        }
    } else if let Some(mask) = call.optional(3) {
        let (own, shape) = (b.shape(mask)?.to_vec(), mask_shape(call, b.shape(mask)?, to)?);
        if b.slot(mask)?.integer() {
            let data = call.ints(b, 3, "a boolean mask")?.unwrap_or_default();
            let data = lengthened(&data, (&own, &shape), 0);
            let shows: Option<Vec<i64>> = float::broadcast_positions((&shape, data.as_slice()), to).collect();
            let shows = shows.ok_or_else(|| call.shape_error("the mask does not fit the scores"))?;
            hidden = shows.into_iter().map(|shows| shows == 0).collect();
        } else {
            (y, hidden) = hiding(call, b, "scores", scores, (mask, to))?;
        }
    }
    let causal = call.attrs.flag("is_causal", false)?;
    let lengths = call.ints(b, 6, "the lengths without padding")?;
    if lengths.as_ref().is_some_and(|lengths| lengths.len() != n) {
        return Err(call.shape_error("one length for each example is needed"));
    }
    for (i, hides) in hidden.iter_mut().enumerate() {
        let (example, row, column) = (i / (h * t * s), i / s % t, i % s);
        let length = lengths.as_ref().and_then(|lengths| lengths.get(example).copied());
        *hides |= causal && column > row + past || length.is_some_and(|length| column as i64 >= length);
    }
    Ok((y, shown, hidden))
}

/// A recurrence of matrices: each step adds the product of a key and a value, and is read by a query.
fn linear(call: &Call<'_>, b: &mut Builder) -> Result<Values, Fault> {
    let from = &call.origin;
    let (of_queries, groups) = (heads(call, "q_num_heads")?, heads(call, "kv_num_heads")?);
    let rule = match call.attrs.string("update_rule")? {
        "" => "gated_delta",
        rule => rule,
    };
    let (gated, delta) = match rule {
        "linear" => (false, false),
        "gated" => (true, false),
        "delta" => (false, true),
        "gated_delta" => (true, true),
        other => return Err(call.shape_error(format!("update_rule `{}` is unknown", crate::onnx::shown(other)))),
    };
    let (q, k, v) = (call.required(0)?, call.required(1)?, call.required(2)?);
    let (&[n, steps, width], &[_, _, of_keys], &[_, _, of_values]) = (b.shape(q)?, b.shape(k)?, b.shape(v)?) else {
        return Err(call.shape_error("queries, keys and values must have three axes"));
    };
    if of_queries == 0 || groups == 0 || of_queries % groups != 0 || width % of_queries != 0 || of_values % groups != 0
    {
        return Err(call.shape_error("heads that do not fit queries and values"));
    }
    let (dk, dv, each) = (width / of_queries, of_values / groups, of_queries / groups);
    if of_keys != groups * dk
        || [k, v]
            .iter()
            .any(|&x| b.shape(x).is_ok_and(|shape| shape.get(..2) != Some(&[n, steps])))
    {
        return Err(call.shape_error("keys and values that do not fit the queries"));
    }
    if call.optional(4).is_some() != gated || call.optional(5).is_some() != delta {
        return Err(call.shape_error(format!("the rule {rule} needs other inputs")));
    }
    let scale = match call.attrs.float("scale")?.unwrap_or(0.0) {
        0.0 => 1.0 / (dk as f32).sqrt(),
        scale if scale.is_finite() => scale,
        _ => return unsupported("a scale that is not finite", remedy::FINITE),
    };
    let scale = b.scalar(scale);
    let q = b.emit(from, "query/scaled", Op::Mul, &[q, scale])?;
    let decay = match call.optional(4) {
        Some(decay) => Some(of(call, b, "decay", Unary::Exp, decay)?),
        None => None,
    };
    let mut state = call.optional(3);
    if state.is_some_and(|state| b.shape(state).is_ok_and(|shape| shape != [n, groups, dk, dv])) {
        return Err(call.shape_error("a state that does not fit keys and values"));
    }
    // Step `t` of `[batch, step, ..]` in another shape.
    let at = |b: &mut Builder, t: usize, word: &str, x: ValueId, shape: [usize; 4]| {
        let label = |more: &str| labelled(&format!("{t}/{word}"), more);
        let &[batch, _, width] = b.shape(x)? else {
            return Err(call.shape_error("an input must have three axes"));
        };
        let ranges = vec![(0, batch, 1), (t, 1, 1), (0, width, 1)];
        let own = b.emit(from, &label("slice"), Op::Slice { ranges }, &[x])?;
        reshaped(call, b, &label("own"), own, shape.to_vec())
    };
    let mut read = vec![];
    for t in 0..steps {
        let name = |more: &str| format!("{t}/{more}");
        if let (Some(before), Some(decay)) = (state, decay) {
            let width = b.shape(decay)?.last().copied().unwrap_or(0);
            let rate = at(b, t, "decay", decay, [n, groups, width / groups, 1])?;
            state = Some(b.emit(from, &name("decayed"), Op::Mul, &[before, rate])?);
        }
        let mut value = at(b, t, "value", v, [n, groups, 1, dv])?;
        if let Some(beta) = call.optional(5) {
            if let Some(before) = state {
                let key = at(b, t, "key/row", k, [n, groups, 1, dk])?;
                let known = b.emit(from, &name("known"), Op::MatMul, &[key, before])?;
                value = b.emit(from, &name("new"), Op::Sub, &[value, known])?;
            }
            let width = b.shape(beta)?.last().copied().unwrap_or(0);
            let rate = at(b, t, "rate", beta, [n, width, 1, 1])?;
            value = b.emit(from, &name("rated"), Op::Mul, &[value, rate])?;
        }
        let key = at(b, t, "key", k, [n, groups, dk, 1])?;
        let mut next = b.emit(from, &name("product"), Op::Mul, &[key, value])?;
        if let Some(before) = state {
            next = b.emit(from, &name("state"), Op::Add, &[before, next])?;
        }
        if *b.shape(next)? != [n, groups, dk, dv] {
            return Err(call.shape_error("rates that do not fit the heads"));
        }
        state = Some(next);
        let query = at(b, t, "query", q, [n, groups, each, dk])?;
        let y = b.emit(from, &name("read"), Op::MatMul, &[query, next])?;
        read.push(reshaped(call, b, &name("row"), y, vec![n, 1, of_queries * dv])?);
    }
    let y = match read.as_slice() {
        [] => return Err(call.shape_error("there are no steps")),
        [one] => *one,
        all => b.emit(from, "", Op::Concat { axis: 1 }, all)?,
    };
    Ok(vec![Some(y), state])
}
