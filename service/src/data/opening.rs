//! Openings of committed inputs as files. Secret.

use crate::bytes::{hex, hex32};
use crate::error::CliError;
use crate::files::{self, MAX_DATA};
use ff::PrimeField;
use provenn_prover::commit::Description;
use provenn_prover::prove::{Input, Opening};
use provenn_prover::store::json_reason;
use serde::Deserialize;
use serde_json::{json, Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

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

/// The openings of those of these inputs that are committed, if there are any: that of a model's only input, or each by the name of its input.
pub fn of_inputs<'a>(inputs: impl IntoIterator<Item = (usize, &'a Input)>, description: &Description) -> Option<Value> {
    let committed = inputs.into_iter().filter_map(|(index, input)| match input {
        Input::Public(_) => None,
        Input::Committed(values, opening) => {
            let name = description.inputs.get(index)?.name.clone();
            Some((name, to_json(values, opening)))
        }
    });
    let mut committed: Map<String, Value> = committed.collect();
    match (description.inputs.len(), committed.is_empty()) {
        (_, true) => None,
        (1, false) => committed.values_mut().next().map(Value::take),
        (_, false) => Some(committed.into()),
    }
}

/// An opening with the name of its input, if it has one.
pub type Named = (Option<String>, Vec<i64>, Opening);

/// What [`of_inputs`] wrote.
pub fn all(bytes: &[u8]) -> Result<Vec<Named>, CliError> {
    let whole: Map<String, Value> = serde_json::from_slice(bytes)
        .map_err(|e| CliError::usage("opening", json_reason(&e), "give a file that this program wrote"))?;
    if whole.contains_key("version") {
        let (values, opening) = from_json(bytes)?;
        return Ok(vec![(None, values, opening)]);
    }
    let each = whole.into_iter().map(|(name, value)| {
        let (values, opening) = from_json(value.to_string().as_bytes())?;
        Ok((Some(name), values, opening))
    });
    each.collect()
}

/// The openings in files, by the index of their input: of each at most one.
pub fn by_input(
    paths: &[PathBuf],
    description: &Description,
) -> Result<BTreeMap<usize, (Vec<i64>, Opening)>, CliError> {
    let mut found = BTreeMap::new();
    for path in paths {
        let here = all(&files::read(path, MAX_DATA)?).map_err(|e| e.at(path))?;
        for (name, values, opening) in here {
            let index = match (&name, description.inputs.len()) {
                (Some(name), _) => description.input(name)?,
                (None, 1) => 0,
                (None, _) => {
                    let help = "give one that this program wrote for this model";
                    return Err(CliError::usage("opening", "it does not say of which input it is", help).at(path));
                }
            };
            if found.insert(index, (values, opening)).is_some() {
                let help = "give one opening of each input";
                return Err(CliError::usage("opening", "another file opens the same input", help).at(path));
            }
        }
    }
    Ok(found)
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

/// An opening that does not open its commitments under a model.
pub fn foreign() -> CliError {
    CliError::usage(
        "opening",
        "an opening does not open its commitments under this model",
        "commit to the input again, with the card of this model",
    )
}
