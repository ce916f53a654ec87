//! Operators that onnxruntime joins others to when it optimises a model.

use super::functions::{gelu, lower};
use super::linear::{conv, gemm, scaled};
use super::normalize::{affine, by_root, finite, standardized};
use super::recurrent::activation::activation;
use super::sequence::rotary;
use super::shapes::trilu;
use super::table::{many, one, Operator, Values};
use super::Call;
use crate::graph::{Op, ValueId};
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use crate::onnx::tensor::Const;

pub const TABLE: &[Operator] = &[
    one("BiasGelu", biased_gelu, "").fused(),
    one("FastGelu", biased_gelu, "").fused(),
    one("FusedConv", fused_conv, "constant kernel").fused(),
    one("FusedGemm", fused_gemm, "").fused(),
    one("FusedMatMul", fused_matmul, "without `transBatchA` and `transBatchB`").fused(),
    one("Gelu", lower, "").fused(),
    one("QuickGelu", lower, "").fused(),
    one("RotaryEmbedding", rotated, "constant positions, a scale of 1").fused(),
    many("SkipLayerNormalization", skip, "").fused(),
    many("SkipSimplifiedLayerNormalization", skip, "without bias").fused(),
    one("TransposeMatMul", fused_matmul, "").fused(),
    one("Trilu", trilu, "constant `k`").fused(),
];

/// A product of matrices that are turned before it, times a number.
fn fused_matmul(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    for name in ["transBatchA", "transBatchB"] {
        if call.attrs.flag(name, false)? {
            return unsupported(name, "optimise the model without joining Transpose to MatMul");
        }
    }
    let mut factors = [call.required(0)?, call.required(1)?];
    for (id, flag) in factors.iter_mut().zip(["transA", "transB"]) {
        let rank = b.shape(*id)?.len();
        if call.attrs.flag(flag, false)? && rank > 1 {
            let mut perm: Vec<usize> = (0..rank).collect();
            perm.swap(rank - 1, rank - 2);
            *id = b.emit(&call.origin, flag, Op::Transpose { perm }, &[*id])?;
        }
    }
    let alpha = finite(call, "alpha", 1.0)?;
    if alpha == 1.0 {
        return b.emit(&call.origin, "", Op::MatMul, &factors);
    }
    let constant = factors
        .iter()
        .rposition(|&id| b.slot(id).is_ok_and(|slot| slot.constant.is_some()));
    if let Some(factor) = constant.and_then(|i| factors.get_mut(i)) {
        *factor = scaled(call, b, *factor, alpha, "alpha")?;
        return b.emit(&call.origin, "", Op::MatMul, &factors);
    }
    let product = b.emit(&call.origin, "product", Op::MatMul, &factors)?;
    scaled(call, b, product, alpha, "")
}

/// What a fused operator does at its end.
fn activated(call: &Call<'_>, b: &mut Builder, x: ValueId, numbers: &[f32]) -> Result<ValueId, Fault> {
    let op = match (call.attrs.string("activation")?, numbers) {
        ("" | "None", _) => return Ok(x),
        ("Clip", &[min, max]) => Op::Clip {
            min: Some(min).filter(|&x| x > f32::MIN || x.is_nan()),
            max: Some(max).filter(|&x| x < f32::MAX || x.is_nan()),
        },
        ("Clip", _) => return Err(call.shape_error("Clip needs two numbers")),
        (name, numbers) => {
            let (mut alpha, mut beta) = (
                numbers.first().copied().into_iter(),
                numbers.get(1).copied().into_iter(),
            );
            activation(name, &mut alpha, &mut beta)?
        }
    };
    if let Op::Clip { min, max } = &op {
        if [min, max].into_iter().flatten().any(|x| !x.is_finite()) {
            return unsupported("a bound is not a finite number", remedy::FINITE);
        }
    }
    b.emit(&call.origin, "", op, &[x])
}

fn fused_conv(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let inner = call.part("convolution", "Conv", (0..3).map(|i| call.optional(i)).collect());
    let mut y = conv(&inner, b)?;
    if let Some(more) = call.optional(3) {
        if b.shape(more)? != b.shape(y)? {
            return Err(call.shape_error("a sum of different shapes"));
        }
        y = b.emit(&call.origin, "sum", Op::Add, &[y, more])?;
    }
    let numbers = call.attrs.floats("activation_params")?.unwrap_or_default();
    activated(call, b, y, numbers)
}

fn fused_gemm(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let y = gemm(&call.part("product", "Gemm", call.inputs.clone()), b)?;
    let numbers = ["activation_alpha", "activation_beta"].map(|name| call.attrs.float(name));
    let [alpha, beta] = numbers;
    let numbers: Vec<f32> = alpha?.into_iter().chain(beta?).collect();
    activated(call, b, y, &numbers)
}

/// A GELU of a sum with a bias.
fn biased_gelu(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mut x = call.required(0)?;
    if call.op == "BiasGelu" || call.optional(1).is_some() {
        let shape = b.shape(x)?.to_vec();
        x = b.emit(&call.origin, "sum", Op::Add, &[x, call.required(1)?])?;
        if b.shape(x)? != shape {
            return Err(call.shape_error("a bias that does not fit the input"));
        }
    }
    b.emit(&call.origin, "", Op::Function(gelu(call.op == "FastGelu")), &[x])
}

/// A normalisation of a sum; the sum is an output too.
fn skip(call: &Call<'_>, b: &mut Builder) -> Result<Values, Fault> {
    let simplified = call.op == "SkipSimplifiedLayerNormalization";
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let axes = [shape
        .len()
        .checked_sub(1)
        .ok_or_else(|| call.shape_error("the input has no axes"))?];
    let bias = call.optional(if simplified { 3 } else { 4 });
    if simplified && bias.is_some() {
        return unsupported(
            "a bias, which versions of onnxruntime add or leave out",
            "add it before the node",
        );
    }
    let mut sum = b.emit(&call.origin, "skip", Op::Add, &[x, call.required(1)?])?;
    if let Some(bias) = bias {
        sum = b.emit(&call.origin, "bias", Op::Add, &[sum, bias])?;
    }
    if b.shape(sum)? != shape {
        return Err(call.shape_error("a skip or bias that does not fit the input"));
    }
    let epsilon = finite(call, "epsilon", 1e-12)?;
    let (scale, shift) = (Some(call.required(2)?), call.optional(3).filter(|_| !simplified));
    let standard = match simplified {
        true => by_root(call, b, sum, (&axes, epsilon))?,
        false => standardized(call, b, "standard", sum, (&axes, epsilon))?.y,
    };
    let y = affine(call, b, standard, (scale, shift))?;
    Ok(vec![Some(y), None, None, Some(sum)])
}

/// As the standard operator, with other operands: positions count from the single one that may be given.
fn rotated(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    if call.attrs.flag("is_packed_batching", false)? || finite(call, "scale", 1.0)? != 1.0 {
        return unsupported(
            "packed batches, or another scale than 1",
            "optimise the model without them",
        );
    }
    let (x, places) = (call.required(0)?, call.required(1)?);
    let given = call.ints(b, 1, "the positions")?.unwrap_or_default();
    let (n, t) = match *b.shape(x)? {
        [n, t, _] => (n, t),
        [n, _, t, _] => (n, t),
        _ => return Err(call.shape_error("the input must have three or four axes")),
    };
    b.reserve(&[n, t], 1)?;
    let ids: Vec<i64> = match (given.as_slice(), b.shape(places)?) {
        (&[first], [1]) => (0..n)
            .flat_map(|_| (0..t as i64).map(|i| first.saturating_add(i)))
            .collect(),
        (ids, shape) if shape == [n, t] => ids.to_vec(),
        _ => return Err(call.shape_error("positions that do not fit the input")),
    };
    let name = format!("{}/positions", call.origin.output);
    let ids = b.constant(&name, vec![n, t], 7, Const::Ints(ids), vec![places]);
    let inputs = vec![Some(x), call.optional(2), call.optional(3), Some(ids)];
    rotary(&call.part("", "RotaryEmbedding", inputs), b)
}
