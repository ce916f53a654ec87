//! What each input of a model has, in requests and jobs: without a name where there is one input, by name where there are several.

use super::error::ApiError;
use crate::names::name;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use utoipa::ToSchema;

/// One value for each input of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum PerInput<T> {
    /// Of a model with one input.
    Only(T),
    /// Of a model with several, by their names.
    Each(BTreeMap<String, T>),
}

/// An object whose names are given once each.
#[derive(Clone, Debug)]
pub struct ByName<T>(pub BTreeMap<String, T>);

impl<T> PerInput<T> {
    /// The values for a model with inputs of these names: equal exactly if they say the same.
    ///
    /// # Errors
    /// An input without a value, or a value without an input.
    pub fn of(self, field: &str, names: &[String]) -> Result<Self, ApiError> {
        let known = || {
            names
                .iter()
                .map(|known| format!("`{}`", name(known)))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match self {
            Self::Only(_) if names.len() > 1 => Err(ApiError::bad(format!(
                "`{field}`: the model has the inputs {}; give an object with each of them by name",
                known()
            ))),
            Self::Only(value) => Ok(Self::Only(value)),
            Self::Each(mut values) => {
                if let Some(other) = values.keys().find(|given| !names.contains(given)) {
                    let message = format!(
                        "`{field}`: the model has no input `{}`, its inputs are {}",
                        name(other),
                        known()
                    );
                    return Err(ApiError::bad(message));
                }
                if let Some(missing) = names.iter().find(|known| !values.contains_key(*known)) {
                    let message = format!(
                        "`{field}`: the input `{}` is missing, the model has {}",
                        name(missing),
                        known()
                    );
                    return Err(ApiError::bad(message));
                }
                match (names, values.len()) {
                    ([_], 1) => Ok(values
                        .pop_first()
                        .map_or(Self::Each(values), |(_, value)| Self::Only(value))),
                    _ => Ok(Self::Each(values)),
                }
            }
        }
    }

    /// What a request gave in the fields `input` and `inputs`, if it gave something.
    ///
    /// # Errors
    /// Both of them.
    pub fn given(input: Option<T>, inputs: Option<ByName<T>>) -> Result<Option<Self>, ApiError> {
        match (input, inputs) {
            (Some(_), Some(_)) => Err(ApiError::bad(
                "`input` and `inputs` are both given; a model with one input takes `input`, one with several `inputs`",
            )),
            (Some(value), None) => Ok(Some(Self::Only(value))),
            (None, Some(ByName(values))) => Ok(Some(Self::Each(values))),
            (None, None) => Ok(None),
        }
    }

    /// What `of` makes of each value.
    ///
    /// # Errors
    /// The first of `of`.
    pub fn try_map<U, E>(self, mut of: impl FnMut(T) -> Result<U, E>) -> Result<PerInput<U>, E> {
        Ok(match self {
            Self::Only(value) => PerInput::Only(of(value)?),
            Self::Each(values) => {
                let each = values.into_iter().map(|(name, value)| Ok((name, of(value)?)));
                PerInput::Each(each.collect::<Result<_, E>>()?)
            }
        })
    }

    /// The values with the names of their inputs, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, &T)> {
        let (only, each) = match self {
            Self::Only(value) => (Some((None, value)), None),
            Self::Each(values) => (None, Some(values)),
        };
        let each = each.into_iter().flatten();
        only.into_iter()
            .chain(each.map(|(name, value)| (Some(name.as_str()), value)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for PerInput<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByName<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = ByName<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object by the names of inputs")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ByName<T>, A::Error> {
                by_name(map).map(ByName)
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

struct Either<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
    type Value = PerInput<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or an object of them by the names of inputs")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PerInput<T>, E> {
        T::deserialize(text.into_deserializer()).map(PerInput::Only)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PerInput<T>, A::Error> {
        by_name(map).map(PerInput::Each)
    }
}

fn by_name<'de, T: Deserialize<'de>, A: MapAccess<'de>>(mut map: A) -> Result<BTreeMap<String, T>, A::Error> {
    let mut values = BTreeMap::new();
    while let Some((input, value)) = map.next_entry::<String, T>()? {
        if values.contains_key(&input) {
            return Err(A::Error::custom(format!("duplicate field `{}`", name(&input))));
        }
        values.insert(input, value);
    }
    Ok(values)
}

/// As the fields `input` or `inputs` of a document.
pub mod fields {
    use super::PerInput;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Field<T> {
        Input(T),
        Inputs(BTreeMap<String, T>),
    }

    pub fn serialize<T: Serialize + Clone, S: Serializer>(
        values: &PerInput<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match values.clone() {
            PerInput::Only(value) => Field::Input(value),
            PerInput::Each(values) => Field::Inputs(values),
        }
        .serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<PerInput<T>, D::Error> {
        Ok(match Field::deserialize(deserializer)? {
            Field::Input(value) => PerInput::Only(value),
            Field::Inputs(values) => PerInput::Each(values),
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
