//! Inputs and calibration data in files.

use crate::data::npy;
use crate::error::CliError;
use crate::files::{self, MAX_DATA};
use provenn_circuits::graph::InputType;
use provenn_prover::commit::Description;
use provenn_prover::rows::Rows;
use provenn_prover::store::json_reason;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

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

/// Rows of calibration or held-out data.
pub fn rows(path: &Path) -> Result<Rows, CliError> {
    let bytes = files::read(path, MAX_DATA)?;
    match bytes.starts_with(npy::MAGIC) {
        true => npy::parse(&bytes).map_err(|e| e.at(path)),
        false => Err(CliError::kind(
            2,
            "npy",
            path,
            files::what(&bytes),
            "a .npy file with rows",
        )),
    }
}

/// One input: `.npy` with one row (or exactly the input's shape), or JSON `{"shape": [..], "values": [..]}`.
pub fn one(path: &Path, description: &Description) -> Result<Vec<f32>, CliError> {
    let bytes = files::read(path, MAX_DATA)?;
    sample(&bytes, description).map_err(|e| e.at(path))
}

fn sample(bytes: &[u8], description: &Description) -> Result<Vec<f32>, CliError> {
    let (shape, values) = match bytes.starts_with(npy::MAGIC) {
        true => npy::array(bytes)?,
        false => {
            let json: Json<Vec<f64>> = serde_json::from_slice(bytes).map_err(|e| unread(bytes, &e))?;
            (json.shape.0, json.values)
        }
    };
    let expected = &description.input_shape;
    if shape != *expected && shape != [&[1], expected.as_slice()].concat() {
        return Err(bad(format!(
            "the sample has the shape {shape:?}; the model takes {expected:?}"
        )));
    }
    if values.len() != expected.iter().product::<usize>() {
        return Err(bad(format!("{} values do not fill the shape {shape:?}", values.len())));
    }
    let takes = description.input_type;
    let single = |(at, x): (usize, f64)| {
        let near = x as f32;
        match takes {
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

/// The integers that stand for a sample, as the card defines them: `round(x * 2^input_frac)`.
pub fn quantize(values: &[f32], description: &Description) -> Vec<i64> {
    let scale = 2f64.powi(description.input_frac);
    values.iter().map(|&x| (f64::from(x) * scale).round() as i64).collect()
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
