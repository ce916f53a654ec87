//! `provenn export`: what other programs take.

mod evm;
mod in_toto;

use crate::error::CliError;
use crate::report::Report;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Key data of a model or a class of graphs, and the arguments of a receipt, for the verifier contract (docs/evm.md).
    Evm(evm::Args),
    /// The files of a model as an in-toto statement of OpenSSF Model Signing, for the tool that signs it.
    InToto(in_toto::Args),
}

pub fn run(command: &Command) -> Result<Report, CliError> {
    match command {
        Command::Evm(args) => evm::run(args),
        Command::InToto(args) => in_toto::run(args),
    }
}
