//! Inputs and calibration data in files.

use crate::error::CliError;
use crate::files::{self, MAX_DATA};
use crate::npy;
use provenn_prover::commit::Description;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// Rows of a calibration or test set.
pub fn rows(path: Option<&Path>) -> Result<Vec<Vec<f32>>, CliError> {
    match path {
        Some(path) => Ok(npy::parse(&files::read(path, MAX_DATA)?)?.rows),
        None => Ok(vec![]),
    }
}

/// One input: `.npy` with one row (or exactly the input's shape), or JSON `{"shape": [..], "values": [..]}`.
pub fn one(path: &Path, description: &Description) -> Result<Vec<f32>, CliError> {
    let bytes = files::read(path, MAX_DATA)?;
    let (shape, values) = match bytes.starts_with(npy::MAGIC) {
        true => {
            let npy = npy::parse(&bytes)?;
            let shape = [vec![npy.rows.len()], npy.shape].concat();
            (shape, npy.rows.concat())
        }
        false => {
            let json: Json = serde_json::from_slice(&bytes).map_err(|e| bad(format!("{}: {e}", path.display())))?;
            (json.shape, json.values)
        }
    };
    let expected = &description.input_shape;
    if shape != *expected && shape != [&[1], expected.as_slice()].concat() {
        return Err(bad(format!(
            "the sample has shape {shape:?}, the model takes {expected:?}"
        )));
    }
    if values.len() != expected.iter().product::<usize>() {
        return Err(bad(format!("{} values do not fill the shape {shape:?}", values.len())));
    }
    match values.iter().all(|v| v.is_finite()) {
        true => Ok(values),
        false => Err(bad("a value is not finite".into())),
    }
}

/// The shape that a JSON sample states, if its values fill it.
pub fn shape(bytes: &[u8]) -> Result<Vec<usize>, CliError> {
    let Json { shape, values } = serde_json::from_slice(bytes).map_err(|e| bad(e.to_string()))?;
    match shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)) == Some(values.len()) {
        true => Ok(shape),
        false => Err(bad(format!("{} values do not fill the shape {shape:?}", values.len()))),
    }
}

/// The integers that stand for a sample, as the card defines them: `round(x * 2^input_frac)`.
pub fn quantize(values: &[f32], description: &Description) -> Vec<i64> {
    let scale = 2f64.powi(description.input_frac);
    values.iter().map(|&x| (f64::from(x) * scale).round() as i64).collect()
}

fn bad(message: String) -> CliError {
    CliError::usage(
        "sample",
        message,
        "give one sample as {\"shape\": [..], \"values\": [..]} or as a .npy file of one row",
    )
}
