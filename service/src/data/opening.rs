//! Openings of committed inputs as files. Secret.

use crate::bytes::{hex, hex32};
use crate::error::CliError;
use ff::PrimeField;
use provenn_prover::commit::Description;
use provenn_prover::prove::{Input, Opening};
use provenn_prover::store::json_reason;
use serde::Deserialize;
use serde_json::{json, Map, Value};

/// Version of the file.
pub const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    values: Vec<i64>,
    points: Vec<String>,
    tails: Vec<Vec<String>>,
}

/// Values (integers of the quantized model), points and the tails of the columns (canonical scalars, little endian).
pub fn to_json(values: &[i64], opening: &Opening) -> Value {
    let tails: Vec<Vec<String>> = opening
        .tails
        .iter()
        .map(|t| t.iter().map(|v| hex(v.to_repr().as_ref())).collect())
        .collect();
    let points: Vec<String> = opening.points.iter().map(|p| hex(p)).collect();
    json!({ "version": VERSION, "values": values, "points": points, "tails": tails })
}

/// The openings of the committed inputs, if there are any: that of a model's only input, or each by the name of its input.
pub fn of_inputs(inputs: &[Input], description: &Description) -> Option<Value> {
    let committed = inputs
        .iter()
        .zip(&description.inputs)
        .filter_map(|(input, about)| match input {
            Input::Public(_) => None,
            Input::Committed(values, opening) => Some((about.name.clone(), to_json(values, opening))),
        });
    let mut committed: Map<String, Value> = committed.collect();
    match (inputs, committed.is_empty()) {
        (_, true) => None,
        ([_], false) => committed.values_mut().next().map(Value::take),
        (_, false) => Some(committed.into()),
    }
}

/// What [`to_json`] wrote.
pub fn from_json(bytes: &[u8]) -> Result<(Vec<i64>, Opening), CliError> {
    let bad = |reason: String| {
        CliError::usage(
            "opening",
            format!("damaged opening: {reason}"),
            "commit to the input again",
        )
    };
    let file: File = serde_json::from_slice(bytes).map_err(|e| bad(json_reason(&e)))?;
    if file.version != VERSION {
        return Err(bad(format!("version {}, expected {VERSION}", file.version)));
    }
    let scalar = |text: &String| {
        let repr = hex32(text).map_err(bad)?;
        Option::from(PrimeField::from_repr(repr)).ok_or_else(|| bad("a scalar is not canonical".into()))
    };
    let tails = file.tails.iter().map(|t| t.iter().map(scalar).collect());
    let points = file.points.iter().map(|p| hex32(p).map_err(bad));
    let opening = Opening {
        tails: tails.collect::<Result<_, CliError>>()?,
        points: points.collect::<Result<_, CliError>>()?,
    };
    Ok((file.values, opening))
}
