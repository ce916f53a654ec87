//! Inputs in the JSON files of other tools: `{"input_data": ..}` of ezkl, `{"inputs": ..}` and `{"dataframe_split": ..}` of MLflow.

use crate::error::CliError;
use provenn_prover::store::json_reason;
use serde::de::IgnoredAny;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The inputs that a file of another tool has.
pub enum Foreign {
    /// The elements of each input in the order of the model, row-major.
    Flat(Vec<Vec<f64>>),
    /// The only input, with its shape.
    Single(Vec<usize>, Vec<f64>),
    /// Inputs with their shapes by name.
    Named(BTreeMap<String, (Vec<usize>, Vec<f64>)>),
}

/// Which of the fields are there. Takes no memory beside the bytes.
#[derive(Deserialize)]
struct Fields {
    input_data: Option<IgnoredAny>,
    inputs: Option<IgnoredAny>,
    dataframe_split: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Ezkl {
    input_data: Vec<Value>,
}

#[derive(Deserialize)]
struct Mlflow {
    inputs: Value,
}

#[derive(Deserialize)]
struct Split {
    dataframe_split: Table,
}

#[derive(Deserialize)]
struct Table {
    data: Value,
}

/// The inputs of a file of another tool, if it is one.
pub fn read(bytes: &[u8]) -> Option<Result<Foreign, CliError>> {
    let fields: Fields = serde_json::from_slice(bytes).ok()?;
    match fields {
        Fields {
            input_data: Some(_), ..
        } => Some(ezkl(bytes)),
        Fields { inputs: Some(_), .. } => Some(mlflow(bytes)),
        Fields {
            dataframe_split: Some(_),
            ..
        } => Some(split(bytes)),
        _ => None,
    }
}

fn ezkl(bytes: &[u8]) -> Result<Foreign, CliError> {
    let file: Ezkl = parse(bytes)?;
    let inputs = file.input_data.iter().map(|input| Ok(nested(input)?.1));
    inputs.collect::<Result<_, _>>().map(Foreign::Flat)
}

fn mlflow(bytes: &[u8]) -> Result<Foreign, CliError> {
    let file: Mlflow = parse(bytes)?;
    match file.inputs {
        Value::Object(inputs) => {
            let named = inputs.into_iter().map(|(name, input)| Ok((name, nested(&input)?)));
            named.collect::<Result<_, _>>().map(Foreign::Named)
        }
        input => single(&input),
    }
}

fn split(bytes: &[u8]) -> Result<Foreign, CliError> {
    let file: Split = parse(bytes)?;
    single(&file.dataframe_split.data)
}

fn single(input: &Value) -> Result<Foreign, CliError> {
    nested(input).map(|(shape, values)| Foreign::Single(shape, values))
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, CliError> {
    serde_json::from_slice(bytes).map_err(|e| bad(&json_reason(&e)))
}

/// Shape and elements of lists in lists, which are alike.
fn nested(value: &Value) -> Result<(Vec<usize>, Vec<f64>), CliError> {
    match value {
        Value::Number(number) => Ok((vec![], vec![number.as_f64().unwrap_or(f64::NAN)])),
        Value::Bool(truth) => Ok((vec![], vec![f64::from(u8::from(*truth))])),
        Value::Array(list) => {
            let (mut inner, mut values): (Option<Vec<usize>>, _) = (None, vec![]);
            for element in list {
                let (shape, own) = nested(element)?;
                if inner.get_or_insert_with(|| shape.clone()) != &shape {
                    return Err(bad("its lists are not of one length"));
                }
                values.extend(own);
            }
            let shape = std::iter::once(list.len()).chain(inner.unwrap_or_default());
            Ok((shape.collect(), values))
        }
        _ => Err(bad("it holds something else than numbers")),
    }
}

fn bad(found: &str) -> CliError {
    CliError::usage(
        "sample",
        format!("not a usable input: {found}"),
        "give one sample as {\"shape\": [..], \"values\": [..]}, or numbers in lists of one length",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
