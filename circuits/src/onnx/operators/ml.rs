//! Operators of classical machine learning (`ai.onnx.ml`) that are linear. What they learned are attributes: weights, like initializers.

use super::functions::of;
use super::maps::reshaped;
use super::normalize::by_order;
use super::softmax::shares;
use super::table::{many, one, Operator};
use super::Call;
use crate::graph::{Binary, Function, Op, Unary, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use crate::onnx::tensor::Const;

pub const TABLE: &[Operator] = &[
    one("Binarizer", binarizer, "").ml(),
    one("FeatureVectorizer", feature_vectorizer, "").ml(),
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
    one("Normalizer", normalizer, "`norm` L1 or L2").ml(),
    one("Scaler", scaler, "").ml(),
    one(
        "ZipMap",
        zip_map,
        "gives the scores; their classes are names of columns",
    )
    .ml(),
];

/// A list of numbers of an attribute, as weights.
fn learned(call: &Call<'_>, b: &mut Builder, name: &str, shape: Vec<usize>) -> Result<Option<ValueId>, Fault> {
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
fn rows(call: &Call<'_>, b: &mut Builder) -> Result<(ValueId, usize), Fault> {
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

fn scaler(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let (mut x, features) = rows(call, b)?;
    let of = |name: &str| Ok::<_, Fault>(call.attrs.floats(name)?.map_or(0, <[f32]>::len));
    let shape = |n: usize| vec![if n == 1 { 1 } else { features }];
    if let Some(offset) = learned(call, b, "offset", shape(of("offset")?))? {
        x = b.emit(&call.origin, "shifted", Op::Sub, &[x, offset])?;
    }
    match learned(call, b, "scale", shape(of("scale")?))? {
        Some(scale) => b.emit(&call.origin, "", Op::Mul, &[x, scale]),
        None => Ok(x),
    }
}

/// 1 above a threshold, else 0.
fn binarizer(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let threshold = call.attrs.float("threshold")?.unwrap_or(0.0);
    if !threshold.is_finite() {
        return unsupported("a threshold that is not finite", remedy::FINITE);
    }
    let x = call.required(0)?;
    if b.slot(x)?.integer() {
        return unsupported("integer features", "convert the model with float inputs");
    }
    let above = Function::Variable.with(Binary::Greater, f64::from(threshold));
    b.emit(&call.origin, "", Op::Function(above), &[x])
}

/// Each row by its norm.
fn normalizer(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let order = match call.attrs.string("norm")? {
        "L1" => 1,
        "L2" => 2,
        _ => {
            return unsupported(
                "the largest element as a norm, of which implementations differ",
                "use L1 or L2",
            )
        }
    };
    let shape = b.shape(call.required(0)?)?.to_vec();
    let (x, _) = rows(call, b)?;
    let y = by_order(call, b, x, (1, order))?;
    reshaped(call, b, "shaped", y, shape)
}

/// Columns side by side.
fn feature_vectorizer(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let (all, mut parts) = (call.all()?, vec![]);
    if let Some(widths) = call.attrs.ints("inputdimensions")? {
        let shapes = all.iter().map(|&x| b.shape(x)).collect::<Result<Vec<_>, _>>()?;
        let own: Vec<i64> = shapes.iter().map(|s| s.last().map_or(0, |&n| n as i64)).collect();
        if own != widths {
            return Err(call.shape_error(format!("inputs of {own:?} columns, `inputdimensions` is {widths:?}")));
        }
    }
    for (i, x) in all.into_iter().enumerate() {
        parts.push(match *b.shape(x)? {
            [n] => reshaped(call, b, &format!("{i}"), x, vec![1, n])?,
            _ => x,
        });
    }
    match parts.as_slice() {
        [one] => Ok(*one),
        all => b.emit(&call.origin, "", Op::Concat { axis: 1 }, all),
    }
}

fn zip_map(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    Ok(rows(call, b)?.0)
}
