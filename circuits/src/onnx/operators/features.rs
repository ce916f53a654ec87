//! Operators of `ai.onnx.ml` on features, and on names of results.

use super::maps::reshaped;
use super::ml::{learned, rows};
use super::normalize::by_order;
use super::table::{one, Operator};
use super::Call;
use crate::graph::{Binary, Function, Op, ValueId};
use crate::onnx::build::{remedy, unsupported, Builder, Fault};

pub const TABLE: &[Operator] = &[
    one("Binarizer", binarizer, "").ml(),
    one("FeatureVectorizer", feature_vectorizer, "").ml(),
    one("Normalizer", normalizer, "`norm` L1 or L2").ml(),
    one("Scaler", scaler, "").ml(),
    one(
        "ZipMap",
        zip_map,
        "gives the scores; their classes are names of columns",
    )
    .ml(),
];

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
