//! One file per command, and what several of them share.

pub mod agreement;
pub mod audit;
pub mod backup;
pub mod bundle;
pub mod chain;
pub mod color;
pub mod commit;
pub mod completions;
pub mod context;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod gc;
pub mod inspect;
pub mod judge;
pub mod keys;
pub mod log;
pub mod manual;
pub mod party;
pub mod prove;
pub mod publisher;
pub mod segment;
pub mod serve;
pub mod show;
pub mod slice;
pub mod srs;
pub mod structure;
pub mod verify;

use crate::cli::{Cli, Command};
use crate::error::CliError;
use crate::report::Report;

/// That proofs are made with what the environment asks for: found before anything is done.
///
/// # Errors
/// `engine`.
pub fn engine() -> Result<(), CliError> {
    let help = format!("unset {} for the fastest, or correct it", provenn_prover::ENGINE);
    let asked = provenn_prover::asked_for().map(drop);
    asked.map_err(|error| CliError::usage("engine", error.to_string(), help))
}

pub fn run(cli: &Cli) -> Result<Report, CliError> {
    // These two say what is wrong.
    if !matches!(cli.command, Command::Doctor | Command::Explain(_)) {
        engine()?;
    }
    match &cli.command {
        Command::Demo => demo::run(cli.json),
        Command::Inspect(args) => inspect::run(args),
        Command::Commit(args) => commit::run(args),
        Command::Chain(args) => chain::run(args),
        Command::Prove(args) => prove::run(args),
        Command::Segment(command) => segment::run(command),
        Command::Bundle(args) => bundle::run(args),
        Command::Party(command) => party::run(command),
        Command::Agreement(command) => agreement::run(command),
        Command::Publisher(command) => publisher::run(command),
        Command::Verify(args) => verify::run(args),
        Command::Show(args) => show::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Export(command) => export::run(command),
        Command::Audit(args) => audit::run(args),
        Command::Structure(args) => structure::run(args),
        Command::Judge(args) => judge::run(args),
        Command::Slice(args) => slice::run(args),
        Command::Color(command) => color::run(command),
        Command::Srs(command) => srs::run(command),
        Command::Serve(args) => serve::run(args),
        Command::Keys(command) => keys::run(command),
        Command::Backup(args) => backup::run(args),
        Command::Gc(args) => gc::run(args),
        Command::Log(command) => log::run(command),
        Command::Manual(args) => manual::run(args),
        Command::Doctor => doctor::run(),
        Command::Completions(args) => Ok(completions::run(args)),
    }
}
