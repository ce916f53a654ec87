//! Inputs and calibration data in files.

use crate::data::{npy, npz};
use crate::error::CliError;
use crate::files::{self, Part, MAX_DATA};
use provenn_circuits::graph::{Graph, InputType};
use provenn_prover::commit::{Description, InputDescription};
use provenn_prover::rows::{Rows, Use};
use provenn_prover::store::json_reason;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::str::FromStr;

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

/// Data, and the input that it is for.
#[derive(Clone, Debug)]
pub enum Source {
    /// `NAME=FILE`, or `FILE` where there is only one input, or where the file names its inputs.
    File(String),
    /// A file of the input that is named, or of the only one.
    Path { input: Option<String>, path: PathBuf },
    /// The bytes of such a file, of callers that have no file.
    Memory { input: Option<String>, bytes: Vec<u8> },
}

impl FromStr for Source {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::File(text.to_owned()))
    }
}

impl Source {
    /// The name before `=`, and the file. A name is one of `names`: a file may have a `=` in its own.
    fn split<'a>(&'a self, names: &[&str]) -> (Option<&'a str>, &'a Path) {
        let text = match self {
            Self::File(text) => text,
            Self::Path { input, path } => return (input.as_deref(), path),
            Self::Memory { input, .. } => return (input.as_deref(), Path::new("the array")),
        };
        match text.split_once('=') {
            Some((name, file)) if names.contains(&name) => (Some(name), Path::new(file)),
            _ => (None, Path::new(text)),
        }
    }

    /// The name of its input, if it has one, and the data.
    fn open<'a>(&'a self, names: &[&str]) -> Result<(Option<&'a str>, Part), CliError> {
        let (name, path) = self.split(names);
        let part = match self {
            Self::File(_) | Self::Path { .. } => Part::read(path, MAX_DATA)?,
            Self::Memory { bytes, .. } => Part {
                place: path.into(),
                bytes: bytes.clone(),
            },
        };
        Ok((name, part))
    }

    /// The data by the names of inputs, as far as it has some: the arrays of an archive, or the file itself.
    fn parts(&self, names: &[&str]) -> Result<Vec<(Option<String>, Part)>, CliError> {
        let (name, part) = self.open(names)?;
        if name.is_some() || !part.bytes.starts_with(npz::MAGIC) {
            return Ok(vec![(name.map(str::to_owned), part)]);
        }
        let arrays = npz::arrays(&part.bytes).map_err(|e| e.at(&part.place))?;
        // The only array is for the only input, whatever it is called.
        let is_named = arrays.len() > 1 || names.len() > 1;
        let parts = arrays.into_iter().map(|(name, bytes)| {
            let place = part.place.join(&name);
            (is_named.then_some(name), Part { place, bytes })
        });
        Ok(parts.collect())
    }

    /// The file, whatever it is for.
    pub fn path(&self, description: &Description) -> PathBuf {
        self.split(&names(description)).1.to_owned()
    }
}

fn names(description: &Description) -> Vec<&str> {
    description.inputs.iter().map(|input| input.name.as_str()).collect()
}

/// Rows of calibration or held-out data: one file of rows for each input of the model, by its name if there are several.
pub fn rows(sources: &[Source], graph: &Graph, data: Use) -> Result<Rows, CliError> {
    let names = graph.inputs.iter().filter_map(|input| graph.values.get(input.value));
    let names: Vec<&str> = names.map(|value| value.name.as_str()).collect();
    let mut inputs: Vec<Option<Rows>> = vec![None; names.len()];
    for source in sources {
        for (name, part) in source.parts(&names)? {
            let index = match name {
                Some(name) => names.iter().position(|known| *known == name),
                None => (names.len() == 1).then_some(0),
            };
            let slot = index
                .and_then(|index| inputs.get_mut(index))
                .filter(|slot| slot.is_none());
            *slot.ok_or_else(|| not_once(&names))? = Some(part_rows(&part)?);
        }
    }
    let inputs: Option<Vec<Rows>> = inputs.into_iter().collect();
    Ok(Rows::joined(inputs.ok_or_else(|| not_once(&names))?, data)?)
}

fn part_rows(Part { place, bytes }: &Part) -> Result<Rows, CliError> {
    match bytes.starts_with(npy::MAGIC) {
        true => npy::parse(bytes).map_err(|e| e.at(place)),
        false => Err(CliError::kind(
            2,
            "npy",
            place,
            files::what(bytes),
            "a .npy file with rows",
        )),
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
    let parts = sources.iter().map(|source| source.parts(&names));
    for (name, Part { place, bytes }) in parts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let here = match (name, description.inputs.as_slice()) {
            (Some(name), _) => vec![(description.input(&name)?, one(&bytes, description, &name))],
            (None, [input]) => vec![(0, one(&bytes, description, &input.name))],
            (None, _) => named(&bytes, description).map_err(|e| e.at(&place))?,
        };
        for (index, values) in here {
            if inputs.insert(index, values.map_err(|e| e.at(&place))?).is_some() {
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
    let samples: BTreeMap<String, Json<Vec<f64>>> = serde_json::from_slice(bytes).map_err(|e| {
        let found = unread(bytes, &e);
        let help = "give {\"NAME\": {\"shape\": [..], \"values\": [..]}, ..}, or each input as NAME=FILE";
        CliError::usage("sample", found.parts().1.to_owned(), help)
    })?;
    let inputs = samples.into_iter().map(|(name, json)| {
        let index = description.input(&name)?;
        Ok((index, fitted(json.shape.0, json.values, description, &name)))
    });
    inputs.collect()
}

/// One input: `.npy` with one row (or exactly the input's shape), or JSON `{"shape": [..], "values": [..]}`.
pub fn one(bytes: &[u8], description: &Description, name: &str) -> Result<Vec<f32>, CliError> {
    let (shape, values) = match bytes.starts_with(npy::MAGIC) {
        true => npy::array(bytes)?,
        false => {
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
