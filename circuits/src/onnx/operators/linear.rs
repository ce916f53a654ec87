//! Convolutions, matrix products and batch normalisation.

use super::geometry::Geometry;
use super::maps::reshaped;
use super::normalize::{affine, by_channel, standardized};
use super::table::{many, one, Operator, Values};
use super::windows::{convolution, Convolution};
use super::Call;
use crate::graph::{halves, Op, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use crate::onnx::error::ImportError;
use crate::onnx::tensor::Const;

pub const TABLE: &[Operator] = &[
    many(
        "BatchNormalization",
        batch_normalization,
        "constant parameters; training since operator set 14",
    ),
    one("Conv", conv, "constant kernel"),
    one(
        "ConvTranspose",
        conv_transpose,
        "constant kernel; `output_shape` before operator set 11 with even pads",
    ),
    one("Gemm", gemm, ""),
    one("MatMul", matmul, ""),
];

fn operands(call: &Call<'_>) -> Result<Vec<ValueId>, ImportError> {
    Ok([call.required(0)?, call.required(1)?]
        .into_iter()
        .chain(call.optional(2))
        .collect())
}

fn groups(call: &Call<'_>) -> Result<usize, ImportError> {
    size("group", call.attrs.int("group")?.unwrap_or(1))
}

pub fn conv(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let kernel = b.shape(call.required(1)?)?.get(2..).unwrap_or_default().to_vec();
    let geometry = Geometry::read(call, b.shape(call.required(0)?)?, &kernel)?;
    let pads = geometry.pads(call)?;
    let conv = Convolution {
        geometry,
        pads,
        groups: groups(call)?,
        output_padding: None,
    };
    convolution(call, b, &operands(call)?, conv)
}

pub fn conv_transpose(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let kernel = b.shape(call.required(1)?)?.get(2..).unwrap_or_default().to_vec();
    let geometry = Geometry::read(call, b.shape(call.required(0)?)?, &kernel)?;
    let n = kernel.len();
    let output_padding = call.attrs.sizes("output_padding", n, 0)?;
    let mode = call.attrs.string("auto_pad")?;
    let same = matches!(mode, "SAME_UPPER" | "SAME_LOWER");
    let pads = if same || call.attrs.has("output_shape") {
        let wanted = if call.attrs.has("output_shape") {
            call.attrs.sizes("output_shape", n, 0)?
        } else {
            geometry
                .spatial
                .iter()
                .zip(&geometry.strides)
                .map(|(d, s)| d.saturating_mul(*s))
                .collect()
        };
        let axes = geometry.axes(&vec![(0, 0); n]);
        let mut pads = Vec::new();
        for ((axis, &extra), wanted) in axes.into_iter().zip(&output_padding).zip(wanted) {
            let full = axis.transposed(extra).map_err(|reason| call.shape_error(reason))?;
            let Some(total) = full.checked_sub(wanted) else {
                return unsupported(
                    "an output shape beyond the full transposed convolution",
                    "pad the result after it",
                );
            };
            if call.opset < 11 && total % 2 == 1 {
                return unsupported(
                    "an odd number of pads before operator set 11, which the standard and its implementations split differently", remedy::CONVERT);
            }
            pads.push(halves(total, mode == "SAME_UPPER"));
        }
        pads
    } else {
        geometry.pads(call)?
    };
    let conv = Convolution {
        geometry,
        pads,
        groups: groups(call)?,
        output_padding: Some(output_padding),
    };
    convolution(call, b, &operands(call)?, conv)
}

pub fn matmul(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    b.emit(&call.origin, "", Op::MatMul, &[call.required(0)?, call.required(1)?])
}

/// `alpha * A' * B' + beta * C`, scaling constants where there are any.
pub fn gemm(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mut factors = [call.required(0)?, call.required(1)?];
    for (id, (flag, label)) in factors.iter_mut().zip([("transA", "a"), ("transB", "b")]) {
        if b.shape(*id)?.len() != 2 {
            return Err(call.shape_error("Gemm takes matrices"));
        }
        if call.attrs.flag(flag, false)? {
            *id = b.emit(&call.origin, label, Op::Transpose { perm: vec![1, 0] }, &[*id])?;
        }
    }
    let alpha = call.attrs.float("alpha")?.unwrap_or(1.0);
    let beta = call.attrs.float("beta")?.unwrap_or(1.0);
    let bias = call.optional(2).filter(|_| beta != 0.0);
    let mut late = alpha != 1.0;
    for id in factors.iter_mut().rev() {
        if late && b.slot(*id)?.constant.is_some() {
            *id = scaled(call, b, *id, alpha, "alpha")?;
            late = false;
        }
    }
    let last = |done: bool, label: &'static str| if done { "" } else { label };
    let mut y = b.emit(
        &call.origin,
        last(!late && bias.is_none(), "product"),
        Op::MatMul,
        &factors,
    )?;
    if late {
        y = scaled(call, b, y, alpha, last(bias.is_none(), "alpha"))?;
    }
    let Some(mut c) = bias else { return Ok(y) };
    if beta != 1.0 {
        c = scaled(call, b, c, beta, "beta")?;
    }
    let shape = b.shape(y)?.to_vec();
    let sum = b.emit(&call.origin, "", Op::Add, &[y, c])?;
    if b.shape(sum)? != shape {
        return Err(call.shape_error("C cannot be broadcast to the product"));
    }
    Ok(sum)
}

pub fn scaled(call: &Call<'_>, b: &mut Builder, id: ValueId, by: f32, label: &str) -> Result<ValueId, Fault> {
    let by = b.scalar(by);
    b.emit(&call.origin, label, Op::Mul, &[id, by])
}

/// Inference: a multiplication and an addition for each channel.
fn batch_normalization(call: &Call<'_>, b: &mut Builder) -> Result<Values, Fault> {
    if call.attrs.flag("training_mode", false)? {
        return by_batch(call, b);
    }
    if call.opset < 14 && call.outputs.iter().skip(1).any(|name| !name.is_empty()) {
        return unsupported(
            "more than one output before operator set 14, which is training: only inference is supported",
            "export the model in evaluation mode",
        );
    }
    // Until operator set 8, and read differently by those who read it.
    if !call.attrs.flag("spatial", true)? {
        return unsupported(
            "parameters of elements (spatial is 0)",
            "convert the model to operator set 9 or newer",
        );
    }
    let x = call.required(0)?;
    let epsilon = f64::from(call.attrs.float("epsilon")?.unwrap_or(1e-5));
    let rank = b.shape(x)?.len();
    let Some(&[_, channels, ..]) = b.shape(x)?.get(..).filter(|shape| shape.len() > 1) else {
        return Err(call.shape_error("the input has no channels"));
    };
    let own = vec![channels];
    let mut parts = Vec::new();
    for i in 1..5 {
        let slot = b.slot(call.required(i)?)?;
        let Some(data) = &slot.constant else {
            return unsupported("its parameters must be constant", remedy::FOLD);
        };
        if slot.shape != own {
            return Err(call.shape_error(format!("parameters of shape {:?} instead of {own:?}", slot.shape)));
        }
        parts.push(data.clone().into_floats());
    }
    let [scale, bias, mean, var] = parts.as_slice() else {
        return unsupported("its parameters must be constant", remedy::FOLD);
    };
    b.reserve(&own, 2)?;
    let (mut factor, mut shift) = (Vec::new(), Vec::new());
    for ((&scale, &bias), (&mean, &var)) in scale.iter().zip(bias).zip(mean.iter().zip(var)) {
        let by = f64::from(scale) / (f64::from(var) + epsilon).sqrt();
        factor.push(by as f32);
        shift.push((f64::from(bias) - f64::from(mean) * by) as f32);
    }
    let mut shape = own;
    shape.resize(rank.saturating_sub(1), 1);
    let (name, from) = (&call.origin.output, call.inputs.iter().skip(1).flatten().copied());
    let from: Vec<ValueId> = from.collect();
    let mut made = |label: &str, data: Vec<f32>| {
        let by = format!("BatchNormalization {label} {epsilon}");
        b.derived(
            &by,
            &format!("{name}/{label}"),
            shape.clone(),
            1,
            Const::Floats(data),
            from.clone(),
        )
    };
    let (factor, shift) = (made("factor", factor), made("shift", shift));
    let scaled = b.emit(&call.origin, "scaled", Op::Mul, &[x, factor])?;
    Ok(vec![Some(b.emit(&call.origin, "", Op::Add, &[scaled, shift])?)])
}

/// Training: mean and variance are those of the batch, and running ones move towards them.
fn by_batch(call: &Call<'_>, b: &mut Builder) -> Result<Values, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let axes: Vec<usize> = (0..shape.len()).filter(|&axis| axis != 1).collect();
    let epsilon = call.attrs.float("epsilon")?.unwrap_or(1e-5);
    let standard = standardized(call, b, "standard", x, (&axes, epsilon))?;
    let (scale, bias) = (by_channel(call, b, 1, &shape)?, by_channel(call, b, 2, &shape)?);
    let y = affine(call, b, standard.y, (Some(scale), Some(bias)))?;
    let momentum = call.attrs.float("momentum")?.unwrap_or(0.9);
    if !epsilon.is_finite() || !momentum.is_finite() {
        return unsupported("an epsilon or a momentum that is not finite", remedy::FINITE);
    }
    let mut outputs = vec![Some(y)];
    for (i, own) in [(3, standard.mean), (4, standard.variance)] {
        let name = |more: &str| format!("{i}/{more}");
        let own = reshaped(call, b, &name("own"), own, vec![shape.get(1).copied().unwrap_or(0)])?;
        let before = scaled(call, b, call.required(i)?, momentum, &name("before"))?;
        let moved = scaled(call, b, own, 1.0 - momentum, &name("moved"))?;
        outputs.push(Some(b.emit(
            &call.origin,
            &name("running"),
            Op::Add,
            &[before, moved],
        )?));
    }
    Ok(outputs)
}
