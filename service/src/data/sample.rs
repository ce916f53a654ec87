//! Inputs and calibration data in files.

use super::foreign::{self, Foreign};
use super::image;
use super::source::{names, Data, Source};
use super::{csv, npy};
use crate::error::CliError;
use crate::files;
use provenn_circuits::graph::InputType;
use provenn_prover::commit::{Description, InputDescription};
use provenn_prover::rows::{Rows, Use};
use provenn_prover::store::json_reason;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

/// 32-bit floats hold all integers below.
const EXACT: f32 = 16_777_216.0;
/// Most axes of an input.
pub const MAX_AXES: usize = 8;

/// A JSON sample, with its values or a count of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Json<V> {
    shape: Axes,
    values: V,
}

/// Few extents.
struct Axes(Vec<usize>);

/// Values that are counted and not kept.
struct Counted(usize);

impl<'de> Deserialize<'de> for Axes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let extents = each(deserializer, Vec::new(), |extents: &mut Vec<usize>, extent| {
            extents.push(extent);
            extents.len() <= MAX_AXES
        });
        Ok(Self(extents?))
    }
}

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = each(deserializer, 0, |count, value: f32| {
            *count += 1;
            value.is_finite()
        });
        Ok(Self(count?))
    }
}

/// Goes through a list as long as `next` accepts its elements.
fn each<'de, D: Deserializer<'de>, T: Deserialize<'de>, S>(
    deserializer: D,
    state: S,
    next: impl FnMut(&mut S, T) -> bool,
) -> Result<S, D::Error> {
    struct Each<S, F, T>(S, F, PhantomData<T>);

    impl<'de, S, F: FnMut(&mut S, T) -> bool, T: Deserialize<'de>> Visitor<'de> for Each<S, F, T> {
        type Value = S;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "finite numbers, in a shape of at most {MAX_AXES} axes")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<S, A::Error> {
            while let Some(element) = list.next_element()? {
                if !(self.1)(&mut self.0, element) {
                    return Err(Error::invalid_value(Unexpected::Seq, &self));
                }
            }
            Ok(self.0)
        }
    }
    deserializer.deserialize_seq(Each(state, next, PhantomData))
}

/// Rows of data for inputs of these names: one file of rows for each, by its name if there are several.
pub fn rows(sources: &[Source], names: &[&str], data: Use) -> Result<Rows, CliError> {
    let mut inputs: Vec<Option<Rows>> = vec![None; names.len()];
    for source in sources {
        for data in source.data(names)? {
            let index = match &data.name {
                Some(name) => names.iter().position(|known| known == name),
                None => (names.len() == 1).then_some(0),
            };
            let slot = index
                .and_then(|index| inputs.get_mut(index))
                .filter(|slot| slot.is_none());
            *slot.ok_or_else(|| not_once(names))? = Some(rows_of(&data)?);
        }
    }
    let inputs: Option<Vec<Rows>> = inputs.into_iter().collect();
    Ok(Rows::joined(inputs.ok_or_else(|| not_once(names))?, data)?)
}

/// The elements of the inputs of many samples.
pub fn many(sources: &[Source], description: &Description) -> Result<Vec<Vec<Vec<f32>>>, CliError> {
    let Rows { shapes, rows } = rows(sources, &names(description), Use::Inputs)?;
    let one = |(row, sample): (usize, Vec<Vec<f32>>)| {
        let inputs = sample
            .into_iter()
            .zip(&description.inputs)
            .enumerate()
            .map(|(index, (values, input))| {
                // Rows are 32-bit floats, in which larger integers were rounded already.
                let is_integer = matches!(input.elements, InputType::Integers { .. });
                if let Some(large) = values.iter().find(|x| is_integer && x.abs() >= EXACT) {
                    return Err(bad(format!(
                        "row {row} has {large}; of integers from 2^24 on give one sample at a time"
                    )));
                }
                let shape = shapes
                    .get(index)
                    .cloned()
                    .flatten()
                    .unwrap_or_else(|| input.shape.clone());
                fitted(
                    shape,
                    values.into_iter().map(f64::from).collect(),
                    description,
                    &input.name,
                )
            });
        inputs.collect()
    };
    rows.into_iter().enumerate().map(one).collect()
}

fn rows_of(data: &Data) -> Result<Rows, CliError> {
    let (place, bytes) = (&data.part.place, &data.part.bytes);
    if bytes.starts_with(npy::MAGIC) {
        return npy::parse(bytes).map_err(|e| e.at(place));
    }
    if !csv::is_table(bytes) {
        let expected = "a .npy file with rows, or a table of numbers as .csv";
        return Err(CliError::kind(2, "npy", place, files::what(bytes), expected));
    }
    let (columns, values) = csv::table(bytes).map_err(|e| e.at(place))?;
    let row = |row: &[f64]| vec![row.iter().map(|&x| x as f32).collect()];
    Ok(Rows {
        shapes: vec![None],
        rows: values.chunks(columns).map(row).collect(),
    })
}

/// The numbers of a file that has rows of this shape, row after row.
pub fn whole_rows(path: &Path, shape: &[usize]) -> Result<Vec<f64>, CliError> {
    let bytes = files::read(path, files::MAX_DATA)?;
    let (axes, values) = match () {
        () if bytes.starts_with(npy::MAGIC) => npy::array(&bytes).map_err(|e| e.at(path))?,
        () if csv::is_table(&bytes) => {
            let (columns, values) = csv::table(&bytes).map_err(|e| e.at(path))?;
            let fits = columns == shape.iter().product::<usize>();
            (
                if fits {
                    [&[values.len() / columns], shape].concat()
                } else {
                    vec![values.len() / columns, columns]
                },
                values,
            )
        }
        () => {
            let expected = "a .npy file with rows, or a table of numbers as .csv";
            return Err(CliError::kind(2, "npy", path, files::what(&bytes), expected));
        }
    };
    let of_row = axes.get(1..).unwrap_or_default();
    match of_row == shape || of_row == [&[1], shape].concat() {
        true => Ok(values),
        false => Err(bad(format!("rows have the shape {of_row:?}; the model takes {shape:?}")).at(path)),
    }
}

/// Not every input of a model is given, or one is twice.
pub fn each_once(description: &Description) -> CliError {
    not_once(&names(description))
}

fn not_once(names: &[&str]) -> CliError {
    CliError::usage(
        "input-names",
        format!("the model has the inputs {}", names.join(", ")),
        "give each of them once, as NAME=FILE",
    )
}

/// The elements of the inputs that are given, by their index.
pub fn some(sources: &[Source], description: &Description) -> Result<BTreeMap<usize, Vec<f32>>, CliError> {
    let names = names(description);
    let mut inputs = BTreeMap::new();
    let data = sources.iter().map(|source| source.data(&names));
    for data in data.collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let place = &data.part.place;
        let here = match (&data.name, description.inputs.as_slice()) {
            (Some(name), _) => vec![(description.input(name)?, one(&data, description, name))],
            (None, [input]) => vec![(0, one(&data, description, &input.name))],
            (None, _) => named(&data.part.bytes, description).map_err(|e| e.at(place))?,
        };
        for (index, values) in here {
            if inputs.insert(index, values.map_err(|e| e.at(place))?).is_some() {
                return Err(not_once(&names));
            }
        }
    }
    Ok(inputs)
}

/// The elements of every input.
pub fn all(sources: &[Source], description: &Description) -> Result<Vec<Vec<f32>>, CliError> {
    let inputs = some(sources, description)?;
    match inputs.len() == description.inputs.len() {
        true => Ok(inputs.into_values().collect()),
        false => Err(each_once(description)),
    }
}

/// The elements of one input, and its index.
pub fn single(source: Source, description: &Description) -> Result<(usize, Vec<f32>), CliError> {
    let mut inputs = some(&[source], description)?;
    match (inputs.pop_first(), inputs.is_empty()) {
        (Some(input), true) => Ok(input),
        _ => Err(each_once(description)),
    }
}

/// What each input of a JSON object of samples by name has.
type Named = Vec<(usize, Result<Vec<f32>, CliError>)>;

fn named(bytes: &[u8], description: &Description) -> Result<Named, CliError> {
    let samples: BTreeMap<String, (Vec<usize>, Vec<f64>)> = match foreign::read(bytes).transpose()? {
        Some(Foreign::Named(inputs)) => inputs,
        Some(Foreign::Flat(inputs)) if inputs.len() == description.inputs.len() => {
            let inputs = inputs.into_iter().zip(&description.inputs);
            let shaped = inputs.map(|(values, input)| (input.name.clone(), (input.shape.clone(), values)));
            shaped.collect()
        }
        Some(_) => return Err(each_once(description)),
        None => {
            let samples: BTreeMap<String, Json<Vec<f64>>> = serde_json::from_slice(bytes).map_err(|e| {
                let found = unread(bytes, &e);
                let help = "give {\"NAME\": {\"shape\": [..], \"values\": [..]}, ..}, or each input as NAME=FILE";
                CliError::usage("sample", found.parts().1.to_owned(), help)
            })?;
            let shaped = samples
                .into_iter()
                .map(|(name, json)| (name, (json.shape.0, json.values)));
            shaped.collect()
        }
    };
    let inputs = samples.into_iter().map(|(name, (shape, values))| {
        let index = description.input(&name)?;
        Ok((index, fitted(shape, values, description, &name)))
    });
    inputs.collect()
}

/// One input: `.npy` with one row (or exactly the input's shape), a picture, a line of a table (or as many as the shape says), or JSON: `{"shape": [..], "values": [..]}`
/// or what other tools write.
fn one(data: &Data, description: &Description, name: &str) -> Result<Vec<f32>, CliError> {
    let (bytes, input) = (&data.part.bytes, description.inputs.get(description.input(name)?));
    let expected = input.map(|input| input.shape.clone()).unwrap_or_default();
    let (shape, values) = match foreign::read(bytes).transpose()? {
        Some(Foreign::Single(shape, values)) => (shape, values),
        Some(Foreign::Flat(inputs)) => match <[_; 1]>::try_from(inputs) {
            Ok([values]) => (expected, values),
            Err(_) => return Err(each_once(description)),
        },
        Some(Foreign::Named(mut inputs)) => inputs.remove(name).ok_or_else(|| each_once(description))?,
        None if bytes.starts_with(npy::MAGIC) => npy::array(bytes)?,
        None if bytes.starts_with(image::MAGIC) => {
            let values = image::read(bytes, data.pixels.as_ref(), &expected)?;
            (expected, values)
        }
        None if csv::is_table(bytes) => match csv::table(bytes)? {
            (columns, values) if columns == values.len() => (expected, values),
            (columns, values) => (vec![values.len() / columns, columns], values),
        },
        None => {
            let json: Json<Vec<f64>> = serde_json::from_slice(bytes).map_err(|e| unread(bytes, &e))?;
            (json.shape.0, json.values)
        }
    };
    fitted(shape, values, description, name)
}

/// A batch that is not full is filled with its last item, which nothing counts unless it is asked to.
fn filled(shape: Vec<usize>, mut values: Vec<f64>, expected: &[usize], items: usize) -> (Vec<usize>, Vec<f64>) {
    let each: usize = expected.iter().skip(1).product();
    let is_part = match (shape.split_first(), expected.split_first()) {
        (Some((&got, item)), Some((&full, of))) => {
            full == items && (1..full).contains(&got) && item == of && values.len() == got * each
        }
        _ => false,
    };
    if !is_part {
        return (shape, values);
    }
    let last = values.iter().rev().take(each).rev().copied().collect::<Vec<f64>>();
    let missing = items.saturating_mul(each).saturating_sub(values.len());
    values.extend(last.into_iter().cycle().take(missing));
    (expected.to_vec(), values)
}

/// The elements of an input, if the shape is the one that it has.
fn fitted(shape: Vec<usize>, values: Vec<f64>, description: &Description, name: &str) -> Result<Vec<f32>, CliError> {
    let input = description.inputs.get(description.input(name)?);
    let input = input.ok_or_else(|| each_once(description))?;
    let expected = &input.shape;
    let (shape, values) = filled(shape, values, expected, description.shape.items);
    // Of one input nobody asks which.
    let of = match description.inputs.as_slice() {
        [_] => String::new(),
        _ => format!(" for input `{name}`"),
    };
    if shape != *expected && shape != [&[1], expected.as_slice()].concat() {
        return Err(bad(format!(
            "the sample{of} has the shape {shape:?}; the model takes {expected:?}"
        )));
    }
    if values.len() != expected.iter().product::<usize>() {
        return Err(bad(format!("{} values do not fill the shape {shape:?}", values.len())));
    }
    let single = |(at, x): (usize, f64)| {
        let near = x as f32;
        match input.elements {
            _ if !near.is_finite() => Err(bad(format!("element {at} is not a finite 32-bit number"))),
            InputType::Integers { .. } if f64::from(near) != x => Err(bad(format!(
                "element {at} is {x}; of integers beyond 2^24, and of other numbers, only those are taken that a 32-bit float holds"
            ))),
            _ => Ok(near),
        }
    };
    values.into_iter().enumerate().map(single).collect()
}

/// The shape of data in either form, if what is there fills it. Takes little memory beside the bytes.
pub fn shape(bytes: &[u8]) -> Result<Vec<usize>, CliError> {
    if bytes.starts_with(npy::MAGIC) {
        return npy::shape(bytes);
    }
    let Json {
        shape: Axes(shape),
        values: Counted(count),
    } = serde_json::from_slice(bytes).map_err(|e| unread(bytes, &e))?;
    match shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)) == Some(count) {
        true => Ok(shape),
        false => Err(bad(format!("{count} values do not fill the shape {shape:?}"))),
    }
}

/// The integers that stand for the elements of an input, as the card defines them: `round(x * 2^(frac + lift))`.
pub fn quantize(values: &[f32], description: &Description, index: usize) -> Vec<i64> {
    let quantization = description.inputs.get(index).map(InputDescription::quantization);
    let quantization = quantization.unwrap_or_default();
    let integer = |(element, &x): (usize, &f32)| quantization.nearest(element, x.into());
    values.iter().enumerate().map(integer).collect()
}

/// What is not JSON either is told by what it is.
fn unread(bytes: &[u8], error: &serde_json::Error) -> CliError {
    match files::what(bytes) {
        "JSON" => bad(json_reason(error)),
        found => bad(format!("this is {found}; expected a sample")),
    }
}

fn bad(message: String) -> CliError {
    CliError::usage(
        "sample",
        message,
        "give one sample as {\"shape\": [..], \"values\": [..]} or as a .npy file of one row",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_without_the_values() {
        let read = |text: &str| shape(text.as_bytes()).map_err(|e| e.parts().1.to_owned());
        assert_eq!(read(r#"{"shape":[2,1],"values":[1,-2.5e3]}"#), Ok(vec![2, 1]));
        assert_eq!(read(r#"{"values":[],"shape":[0]}"#), Ok(vec![0]));
        for bad in [
            r#"{"shape":[1,1,1,1,1,1,1,1,1],"values":[1]}"#,
            r#"{"shape":[1],"values":[1e39]}"#,
            r#"{"shape":[1],"values":["1"]}"#,
            r#"{"shape":[1],"values":[1],"more":1}"#,
            r#"{"shape":1,"values":[1]}"#,
            r#"{"shape":[2],"values":[1]}"#,
        ] {
            assert!(read(bad).is_err_and(|message| message.len() < 200), "{bad}");
        }
    }
}
