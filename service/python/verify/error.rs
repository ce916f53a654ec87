//! Errors as exceptions.

use provenn_service::error::CliError;
use pyo3::prelude::*;

/// `provenn.ProvennError`.
pub fn raised(py: Python<'_>, error: CliError) -> PyErr {
    let (code, message, help) = error.parts();
    let made = py
        .import("provenn.errors")
        .and_then(|module| module.getattr("ProvennError"))
        .and_then(|class| class.call1((code, message, help, error.details().to_vec())));
    made.map_or_else(|error| error, PyErr::from_value)
}

/// An argument that the grammar of the command line refuses.
pub fn grammar(error: &clap::Error) -> CliError {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    CliError::usage(
        "usage",
        first.strip_prefix("error: ").unwrap_or(first),
        "check this argument",
    )
}
