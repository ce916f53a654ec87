//! `provenn color`: proofs that a graph is colourable.

pub mod find;
pub mod key;
pub mod make;
pub mod prove;
pub mod verify;

use crate::error::CliError;
use crate::report::Report;
use provenn_verifier::{ColouringClass, VerifyError};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Issue a receipt: whoever made it knows a proper colouring of this graph. It shows nothing else of the colouring.
    Prove(prove::Args),
    /// Check a receipt against a graph. The circuit's key follows from the graph, so nobody else has to be asked for it.
    Verify(verify::Args),
    /// Look for a proper colouring. Not finding one is no proof that there is none.
    Find(find::Args),
    /// Write the verifier's part of the SRS for graphs of a size, and say which circuit they have.
    Key(key::Args),
    /// Make a graph of a known family.
    Make(make::Args),
}

pub fn run(command: &Command) -> Result<Report, CliError> {
    match command {
        Command::Prove(args) => prove::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Find(args) => find::run(args),
        Command::Key(args) => key::run(args),
        Command::Make(args) => make::run(args),
    }
}

/// The size of the circuit; that there is none so large is a limit, not a refusal.
pub(super) fn class(colours: u32, vertices: u32) -> Result<ColouringClass, CliError> {
    let help = "there is no circuit for so many; a verifier could not check it either";
    let limit = |error: VerifyError| CliError::new(5, error.code(), format!("{vertices} vertices: {error}"), help);
    ColouringClass::of(colours, vertices).map_err(limit)
}

/// The number of colours in the command line.
pub(super) fn colours(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(count @ 2..=16) => Ok(count),
        _ => Err("expected a number from 2 to 16".into()),
    }
}
