//! `provenn segment`: the receipt of a model in segments by several processes, each with the files of the segments that it proves.

mod join;
mod prove;
mod run;

use crate::error::CliError;
use crate::files;
use crate::report::Report;
use crate::srs::{self, Parameters};
use provenn_prover::chain::Stored;
use provenn_verifier::FileKind;
use std::path::Path;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Run the model once, for the proofs of all segments. Writes a secret file, which each of them takes.
    Run(Box<run::Args>),
    /// Prove one segment of a run. Needs its folder, `chain.card` and `srs.vk`, not those of other segments.
    Prove(prove::Args),
    /// Join the proofs of all segments to the receipt, which is verified before it is written. Needs nothing secret.
    Join(join::Args),
}

pub fn run(command: &Command) -> Result<Report, CliError> {
    match command {
        Command::Run(args) => run::run(args),
        Command::Prove(args) => prove::run(args),
        Command::Join(args) => join::run(args),
    }
}

/// The model, if the card is of one in segments.
pub fn stored(card: &Path) -> Result<Option<Stored>, CliError> {
    let bytes = files::read(card, files::MAX_CARD)?;
    if FileKind::of(&bytes) != Some(FileKind::ChainCard) {
        return Ok(None);
    }
    let stored = Stored::load(files::folder(card))?;
    match stored.card.to_bytes() == bytes {
        true => Ok(Some(stored)),
        false => Err(CliError::usage(
            "card",
            format!("{} is not the card of the model in its folder", files::named(card)),
            "give the chain.card that `provenn commit` wrote",
        )),
    }
}

/// The same, which it has to be.
fn of_segments(card: &Path) -> Result<Stored, CliError> {
    let whole = || {
        let bytes = files::read(card, files::MAX_CARD).unwrap_or_default();
        let expected = "a card of a model in segments, as `provenn commit --segments` writes it";
        CliError::kind(2, "wrong-file", card, files::what(&bytes), expected)
    };
    stored(card)?.ok_or_else(whole)
}

/// The parameters that are named, those in the model's folder, or those of this machine.
pub fn parameters(card: &Path, named: Option<&Path>, stored: &Stored) -> Result<Parameters, CliError> {
    let k = stored.card.segments.first().map_or(0, |card| card.key.k);
    let beside = files::folder(card).join(srs::FILE);
    srs::existing(named.or(beside.is_file().then_some(beside.as_path())), k)
}
