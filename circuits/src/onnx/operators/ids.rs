//! Indices that depend on the input, as token ids do: each becomes one 1 among zeros, and what is chosen a product with that.

use super::maps::reshaped;
use super::Call;
use crate::graph::{elements, Binary, Function, Op, Unary, ValueId};
use crate::onnx::build::{unsupported, Builder, Fault};
use crate::onnx::tensor::Const;

/// Largest number of things that are chosen from: the largest difference of two indices is one of a function's arguments.
const MAX_CHOICES: usize = 4096;
/// Largest number of comparisons, one for each index and thing.
const MAX_COMPARED: usize = 1 << 19;

/// 1 at 0 and 0 at other whole numbers below `extent`, and nowhere else defined. So indices that are differences from
/// 0 and from `extent - 1` at once can only be from 0 to `extent - 1`.
fn zero(extent: usize) -> Function {
    let most = extent as i64 - 1;
    let magnitude = Function::Variable.integer(-most..=most).then(Unary::Abs);
    Function::Number(1.0).with(Binary::Sub, magnitude.with(Binary::Min, 1.0))
}

/// For each index a row `[extent]` with a 1 at its place: `[indices, extent]`. What the circuit accepts is from 0 to `extent - 1`.
pub fn one_hot(call: &Call<'_>, b: &mut Builder, ids: ValueId, extent: usize) -> Result<ValueId, Fault> {
    let count = elements(b.shape(ids)?).unwrap_or(0);
    if extent == 0 {
        return Err(call.shape_error("there is nothing to choose from"));
    }
    if extent > MAX_CHOICES || count.saturating_mul(extent) > MAX_COMPARED {
        return unsupported(format!(
            "{count} indices that depend on the input, into {extent}; up to {MAX_CHOICES} are chosen from, with {MAX_COMPARED} comparisons in all"
        ), "use a smaller vocabulary or fewer tokens, or give the model the rows of the embedding as input");
    }
    // OneHot takes floats too; of those that are not whole there is no proof.
    if !b.slot(ids)?.integer() && call.op != "OneHot" {
        return Err(call.shape_error("the indices must be integers"));
    }
    let flat = reshaped(call, b, "ids", ids, vec![count, 1])?;
    let shape = vec![count, extent];
    let each = b.emit(&call.origin, "ids/each", Op::Expand { shape }, &[flat])?;
    let numbers = Const::Floats((0..extent).map(|i| i as f32).collect());
    let numbers = b.constant(
        &format!("{}/numbers", call.origin.output),
        vec![extent],
        1,
        numbers,
        vec![],
    );
    let difference = b.emit(&call.origin, "ids/from", Op::Sub, &[each, numbers])?;
    let hot = b.emit(&call.origin, "ids/chosen", Op::Function(zero(extent)), &[difference])?;
    b.bound(ids, 0..=extent as i64 - 1, hot);
    Ok(hot)
}

/// `Gather` along an axis by indices that depend on the input; negative ones have no proof.
pub fn gather(call: &Call<'_>, b: &mut Builder, (x, ids): (ValueId, ValueId), axis: usize) -> Result<ValueId, Fault> {
    if b.slot(x)?.integer() {
        return unsupported(
            "a choice among integers by indices that depend on the input",
            "cast them to float32 before it",
        );
    }
    let from = b.shape(x)?.to_vec();
    let extent = from.get(axis).copied().unwrap_or(0);
    let hot = one_hot(call, b, ids, extent)?;
    let rank = from.len();
    let front: Vec<usize> = std::iter::once(axis).chain((0..rank).filter(|&i| i != axis)).collect();
    let mut rows = x;
    if axis != 0 {
        rows = b.emit(&call.origin, "rows", Op::Transpose { perm: front.clone() }, &[rows])?;
    }
    let others: Vec<usize> = front.iter().skip(1).filter_map(|&i| from.get(i).copied()).collect();
    let rows = reshaped(call, b, "rows/flat", rows, vec![extent, others.iter().product()])?;
    let indices = b.shape(ids)?.to_vec();
    let chosen = b.emit(&call.origin, "chosen", Op::MatMul, &[hot, rows])?;
    let shape = [indices.as_slice(), &others].concat();
    if axis == 0 {
        return reshaped(call, b, "", chosen, shape);
    }
    // The axes of the indices stand where the axis was.
    let chosen = reshaped(call, b, "chosen/shaped", chosen, shape)?;
    let n = indices.len();
    let perm = (n..n + axis).chain(0..n).chain(n + axis..n + rank - 1).collect();
    b.emit(&call.origin, "", Op::Transpose { perm }, &[chosen])
}

/// `OneHot` of indices that depend on the input, with `[off, on]` constant.
pub fn hot(call: &Call<'_>, b: &mut Builder, (depth, axis): (usize, usize), values: &[f32]) -> Result<ValueId, Fault> {
    let ids = call.required(0)?;
    let &[off, on] = values else {
        return Err(call.shape_error("the values must be two"));
    };
    let indices = b.shape(ids)?.to_vec();
    let mut y = one_hot(call, b, ids, depth)?;
    for (op, number, label) in [(Op::Mul, on - off, "scaled"), (Op::Add, off, "shifted")] {
        let neutral = if op == Op::Mul { 1.0 } else { 0.0 };
        if number != neutral {
            let number = b.scalar(number);
            y = b.emit(&call.origin, label, op, &[y, number])?;
        }
    }
    let last = [indices.as_slice(), &[depth]].concat();
    let rank = last.len();
    if axis + 1 == rank {
        return reshaped(call, b, "", y, last);
    }
    let y = reshaped(call, b, "last", y, last)?;
    let mut perm: Vec<usize> = (0..rank - 1).collect();
    perm.insert(axis, rank - 1);
    b.emit(&call.origin, "", Op::Transpose { perm }, &[y])
}
