//! The library under the Python package: bytes, arrays as `.npy` and JSON in and out. What they mean to people is written in Python.

mod owner;
mod progress;

use _verify::{grammar, raised};
use clap::Parser;
use provenn_service::cli::{Cli, Command};
use provenn_service::commands;
use provenn_service::error::CliError;
use pyo3::prelude::*;
use std::process::ExitCode;

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::owner::{commit, load, Committed};
    #[pymodule_export]
    use super::{command, main};
}

/// The command line of a program that was called so.
fn arguments(arguments: Vec<String>) -> impl Iterator<Item = String> {
    std::iter::once("provenn".to_owned()).chain(arguments)
}

/// A command on files; its report as JSON.
#[pyfunction]
fn command(py: Python<'_>, words: Vec<String>) -> PyResult<String> {
    let cli = Cli::try_parse_from(arguments(words)).map_err(|e| raised(py, grammar(&e)))?;
    let report = py.detach(|| commands::run(&cli)).map_err(|e| raised(py, e))?;
    Ok(report.json.to_string())
}

/// The program; its exit code.
#[pyfunction]
fn main(py: Python<'_>, words: Vec<String>) -> u8 {
    let json = words
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--json");
    let cli = match Cli::try_parse_from(arguments(words)) {
        Ok(cli) => cli,
        // Not of help, which was asked for.
        Err(error) if json && error.use_stderr() => {
            let error = grammar(&error);
            error.print(true);
            return error.exit();
        }
        Err(error) => {
            let _written = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    provenn_service::progress::say(cli.quiet, cli.verbose);
    let done = match &cli.command {
        // It starts its own program for each piece of work, which here is the interpreter.
        Command::Serve(_) => Err(CliError::usage(
            "no-program",
            "the service starts itself again for each proof, and an interpreter is not it",
            "run `provenn serve`, the program that is built with cargo",
        )),
        _ => py.detach(|| commands::run(&cli)),
    };
    match done {
        Ok(_) if cli.quiet => 0,
        Ok(report) => u8::from(report.print(cli.json) != ExitCode::SUCCESS),
        Err(error) => {
            error.print(cli.json);
            error.exit()
        }
    }
}
