//! Operators of classical machine learning (`ai.onnx.ml`) that are linear. What they learned are attributes: weights, like initializers.

use super::functions::of;
use super::maps::reshaped;
use super::softmax::shares;
use super::table::{many, one, Operator};
use super::Call;
use crate::graph::{Op, Unary, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{unsupported, Builder, Fault};
use crate::onnx::tensor::Const;

pub const TABLE: &[Operator] = &[
    many(
        "LinearClassifier",
        linear_classifier,
        "`post_transform` NONE, SOFTMAX or LOGISTIC, a row of coefficients for each class; scores, no label",
    )
    .ml(),
    one(
        "LinearRegressor",
        linear_regressor,
        "`post_transform` NONE, SOFTMAX or LOGISTIC, no `aggregate_function`",
    )
    .ml(),
];

/// A list of numbers of an attribute, as weights.
pub fn learned(call: &Call<'_>, b: &mut Builder, name: &str, shape: Vec<usize>) -> Result<Option<ValueId>, Fault> {
    let Some(data) = call.attrs.floats(name)?.filter(|data| !data.is_empty()) else {
        return Ok(None);
    };
    if data.len() != shape.iter().product::<usize>() {
        return Err(call.shape_error(format!("`{name}` has {} numbers for shape {shape:?}", data.len())));
    }
    let label = format!("{}/{name}", call.origin.output);
    Ok(Some(b.stored(&label, shape, 1, Const::Floats(data.to_vec()))))
}

/// `[rows, features]`; a vector is one row.
pub fn rows(call: &Call<'_>, b: &mut Builder) -> Result<(ValueId, usize), Fault> {
    let x = call.required(0)?;
    if b.slot(x)?.integer() {
        return unsupported("integer features", "convert the model with float inputs");
    }
    match *b.shape(x)? {
        [n] => Ok((reshaped(call, b, "row", x, vec![1, n])?, n)),
        [_, n] => Ok((x, n)),
        _ => Err(call.shape_error("the input must be rows of features")),
    }
}

/// What is made of scores. `PROBIT` and `SOFTMAX_ZERO` are of the standard, but of no converter.
fn transformed(call: &Call<'_>, b: &mut Builder, scores: ValueId) -> Result<ValueId, Fault> {
    match call.attrs.string("post_transform")? {
        "" | "NONE" => Ok(scores),
        "SOFTMAX" => shares(call, b, "shares", (scores, None), (&[1], None)),
        "LOGISTIC" => of(call, b, "logistic", Unary::Sigmoid, scores),
        other => unsupported(
            format!("post_transform `{}`", crate::onnx::shown(other)),
            "skl2onnx gives the scores before it with the option raw_scores",
        ),
    }
}

/// `x coefficients' + intercepts`.
fn linear(call: &Call<'_>, b: &mut Builder, outputs: usize, label: &str) -> Result<ValueId, Fault> {
    let (x, features) = rows(call, b)?;
    let coefficients = learned(call, b, "coefficients", vec![outputs, features])?;
    let coefficients = coefficients.ok_or_else(|| call.shape_error("the coefficients are missing"))?;
    let perm = vec![1, 0];
    let turned = b.emit(
        &call.origin,
        "coefficients/turned",
        Op::Transpose { perm },
        &[coefficients],
    )?;
    let Some(intercepts) = learned(call, b, "intercepts", vec![outputs])? else {
        return b.emit(&call.origin, label, Op::MatMul, &[x, turned]);
    };
    let product = b.emit(&call.origin, "product", Op::MatMul, &[x, turned])?;
    b.emit(&call.origin, label, Op::Add, &[product, intercepts])
}

fn linear_regressor(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let outputs = size("targets", call.attrs.int("targets")?.unwrap_or(1))?;
    let y = linear(call, b, outputs, "")?;
    transformed(call, b, y)
}

/// Scores. The label is not computed: a receipt shows the largest score by the label policy.
fn linear_classifier(call: &Call<'_>, b: &mut Builder) -> Result<Vec<Option<ValueId>>, Fault> {
    let (_, features) = rows(call, b)?;
    let length = call.attrs.floats("coefficients")?.map_or(0, <[f32]>::len);
    let classes = length.checked_div(features).unwrap_or(0);
    if classes < 2 {
        return unsupported(
            "one row of coefficients for two classes, of which implementations make different scores",
            "export the scores of both classes",
        );
    }
    let scores = linear(call, b, classes, "scores")?;
    Ok(vec![None, Some(transformed(call, b, scores)?)])
}
