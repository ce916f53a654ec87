//! From a description to its schema.

use super::json::{self, Json};
use super::{InputSchema, OutputSchema, Quantization, Schema, SchemaError, MAX_FRAC};
use crate::codec::wide;
use crate::key::{InstanceLayout, OutputLayout};
use crate::text::{is_printable, quoted};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

type Members = BTreeMap<String, Json>;
/// By the name of an input or output, what the publisher says of it.
type Said<'a> = BTreeMap<&'a str, &'a Members>;

/// What a description says of a model with these public columns.
pub(super) fn schema(
    description: &str,
    layout: Option<&InstanceLayout>,
    model_id: [u8; 32],
) -> Result<Schema, SchemaError> {
    let value = json::parse(description)?;
    let members = value.object().ok_or_else(|| form("object"))?;
    let layout = layout.ok_or_else(|| SchemaError::new("the card is of no model"))?;
    let about = match members.get("about") {
        None | Some(Json::Null) => None,
        Some(value) => Some(value.object().ok_or_else(|| form("about"))?),
    };
    let (inputs, outputs) = (list(members, "inputs")?, list(members, "outputs")?);
    let known = said(about, "inputs", inputs)?;
    let inputs: Vec<InputSchema> = inputs
        .iter()
        .map(|value| input(value, &known))
        .collect::<Result<_, _>>()?;
    let known = said(about, "outputs", outputs)?;
    let outputs: Vec<OutputSchema> = outputs
        .iter()
        .map(|value| output(value, &known))
        .collect::<Result<_, _>>()?;
    let shown = inputs.iter().map(|input| input.public);
    if !shown.eq(layout.inputs.iter().map(|input| input.public)) {
        return Err(SchemaError::new("the circuit has other inputs"));
    }
    // Of an output that is an index the circuit has what it is the index of.
    let fits = |(output, own): (&OutputSchema, &OutputLayout)| {
        let described = length(&output.shape);
        described == Some(own.len.into()) || described == Some(1)
    };
    if outputs.len() != layout.outputs.len() || !outputs.iter().zip(&layout.outputs).all(fits) {
        return Err(SchemaError::new("the circuit has other outputs"));
    }
    for (output, own) in outputs.iter().zip(&layout.outputs) {
        let (labels, classes) = (own.labels(), output.classes.len());
        if classes > 0 && wide(classes) != u64::from(labels) {
            let name = quoted(&output.name);
            return Err(SchemaError::new(format!(
                "output {name} has {labels} labels, and {classes} classes are named"
            )));
        }
    }
    Ok(Schema {
        name: text(members, "name")?.to_owned(),
        inputs,
        outputs,
        model_id,
        layout: layout.outputs.clone(),
    })
}

fn form(field: &str) -> SchemaError {
    SchemaError::new(format!("the field `{field}` is missing or of another form"))
}

fn list<'a>(members: &'a Members, field: &str) -> Result<&'a [Json], SchemaError> {
    members.get(field).and_then(Json::list).ok_or_else(|| form(field))
}

fn text<'a>(members: &'a Members, field: &str) -> Result<&'a str, SchemaError> {
    members.get(field).and_then(Json::text).ok_or_else(|| form(field))
}

/// What the publisher says of inputs or outputs, each of which the model has and at most once.
fn said<'a>(about: Option<&'a Members>, field: &str, tensors: &[Json]) -> Result<Said<'a>, SchemaError> {
    let mut said = Said::new();
    let Some(entries) = about.filter(|about| about.contains_key(field)) else {
        return Ok(said);
    };
    for entry in list(entries, field)? {
        let entry = entry.object().ok_or_else(|| form("about"))?;
        let name = text(entry, "name")?;
        let named = |tensor: &Json| tensor.object().and_then(|tensor| tensor.get("name")?.text()) == Some(name);
        if !tensors.iter().any(named) {
            return Err(SchemaError::new(format!(
                "the model has nothing named {} in `{field}`",
                quoted(name)
            )));
        }
        if said.insert(name, entry).is_some() {
            return Err(SchemaError::new(format!(
                "{} is named twice in `{field}`",
                quoted(name)
            )));
        }
    }
    Ok(said)
}

fn input(value: &Json, said: &Said<'_>) -> Result<InputSchema, SchemaError> {
    let tensor = value.object().ok_or_else(|| form("inputs"))?;
    let name = text(tensor, "name")?;
    let said = said.get(name);
    Ok(InputSchema {
        name: name.to_owned(),
        shape: shape(tensor)?,
        quantization: quantization(tensor)?,
        public: match text(tensor, "binding")? {
            "public" => true,
            "committed" => false,
            _ => return Err(form("binding")),
        },
        unit: said.map(|said| printed(text(said, "unit")?)).transpose()?,
    })
}

fn output(value: &Json, said: &Said<'_>) -> Result<OutputSchema, SchemaError> {
    let tensor = value.object().ok_or_else(|| form("outputs"))?;
    let name = text(tensor, "name")?;
    let said = said.get(name);
    let unit = said.filter(|said| !matches!(said.get("unit"), None | Some(Json::Null)));
    let classes = said.filter(|said| said.contains_key("classes"));
    let classes = classes.map(|said| list(said, "classes")).transpose()?.unwrap_or(&[]);
    let class = |class: &Json| printed(class.text().ok_or_else(|| form("classes"))?);
    Ok(OutputSchema {
        name: name.to_owned(),
        shape: shape(tensor)?,
        quantization: quantization(tensor)?,
        unit: unit.map(|said| printed(text(said, "unit")?)).transpose()?,
        classes: classes.iter().map(class).collect::<Result<_, _>>()?,
    })
}

/// A text for people, who see all of it.
fn printed(text: &str) -> Result<String, SchemaError> {
    match !text.is_empty() && is_printable(text) {
        true => Ok(text.to_string()),
        false => Err(SchemaError::new("a unit or a class is empty or cannot be shown")),
    }
}

fn shape(tensor: &Members) -> Result<Vec<u32>, SchemaError> {
    let axes = list(tensor, "shape")?.iter().map(Json::integer);
    axes.collect::<Option<_>>().ok_or_else(|| form("shape"))
}

fn quantization(tensor: &Members) -> Result<Quantization, SchemaError> {
    let frac = tensor.get("frac").and_then(Json::integer::<i32>);
    let lifts = match tensor.contains_key("lifts") {
        true => list(tensor, "lifts")?.iter().map(Json::integer).collect(),
        false => Some(Vec::new()),
    };
    // Lifts are below 256.
    let frac = frac.filter(|frac| (-MAX_FRAC..=MAX_FRAC.saturating_sub(256)).contains(frac));
    Ok(Quantization {
        frac: frac.ok_or_else(|| form("frac"))?,
        lifts: lifts.ok_or_else(|| form("lifts"))?,
    })
}

fn length(shape: &[u32]) -> Option<u64> {
    shape
        .iter()
        .try_fold(1u64, |length, axis| length.checked_mul((*axis).into()))
}
