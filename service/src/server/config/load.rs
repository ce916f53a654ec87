//! Settings from a file and from environment variables.

use super::{bad, names, Config};
use crate::error::CliError;
use std::path::Path;

/// Prefix of environment variables: `PROVENN_LISTEN`, `PROVENN_LIMITS__TENANT_JOBS`.
const PREFIX: &str = "PROVENN_";

impl Config {
    /// Defaults, `file`, and the variables among `environment` that name a setting.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, CliError> {
        let known = toml::Table::try_from(Self::default()).map_err(|e| bad(e.to_string()))?;
        let mut table = match file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|e| CliError::io(path, &e))?
                .parse::<toml::Table>()
                .map_err(|e| bad(format!("{}: {}", path.display(), e.message())))?,
            None => toml::Table::new(),
        };
        for (name, value) in environment {
            let Some(name) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let path: Vec<String> = name.split("__").map(str::to_lowercase).collect();
            if !set(&mut table, &known, &path, &value)? {
                if let Some(right) = names::meant(&name.to_lowercase(), &known) {
                    let right = right.to_uppercase();
                    return Err(bad(format!(
                        "the environment variable {PREFIX}{name} names no setting, {PREFIX}{right} does"
                    )));
                }
            }
        }
        let config: Self = table
            .try_into()
            .map_err(|e: toml::de::Error| bad(e.message().to_string()))?;
        config.check()
    }
}

/// Sets `path` to `value`, read as the kind that `known` has there. False if it names no setting.
fn set(table: &mut toml::Table, known: &toml::Table, path: &[String], value: &str) -> Result<bool, CliError> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(false);
    };
    let unreadable = || bad(format!("the environment variable for `{first}` has an unusable value"));
    match known.get(first) {
        Some(toml::Value::Table(known)) if !rest.is_empty() => {
            let inner = table.entry(first.clone()).or_insert_with(|| toml::Table::new().into());
            set(inner.as_table_mut().ok_or_else(unreadable)?, known, rest, value)
        }
        Some(kind) if rest.is_empty() => {
            let value = match kind {
                toml::Value::Integer(_) => value.parse::<i64>().map_err(|_| unreadable())?.into(),
                toml::Value::Float(_) => value.parse::<f64>().map_err(|_| unreadable())?.into(),
                toml::Value::Boolean(_) => value.parse::<bool>().map_err(|_| unreadable())?.into(),
                toml::Value::Array(_) => list(value),
                _ => toml::Value::from(value),
            };
            table.insert(first.clone(), value);
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// The parts of a list that commas separate.
fn list(text: &str) -> toml::Value {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    toml::Value::Array(parts.map(toml::Value::from).collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
