//! The grammar of the command line. The arguments of each command stand beside its code.

use crate::commands::{
    agreement, audit, backup, bundle, chain, color, commit, completions, explain, export, gc, inspect, judge, keys,
    log, manual, party, prove, publisher, segment, serve, show, slice, srs, structure, verify,
};
use clap::{Parser, Subcommand};

/// What to try first, under the list of commands.
const FIRST_STEPS: &str = "\
First steps:
  provenn demo                                                  all of it on an example, in a minute
  provenn inspect model.onnx                                    is the model supported, and what would it cost?
  provenn commit model.onnx --calibration rows.npy --out model  its card, for everybody
  provenn prove --card model/model.card --input x.json --out receipt.bin
  provenn verify --card model/model.card --receipt receipt.bin --accept-dev --any-model
The last two options are for trying it: the verdict says what to name in their place.";

/// What every command takes stands behind what it takes itself.
const LAST: usize = 900;

/// Prove what a committed neural network computes, and check such proofs.
///
/// Exit codes: 0 success, 1 other failure, 2 wrong usage, 3 receipt refused, 4 model unsupported, 5 limit exceeded,
/// 6 a log shows different histories.
#[derive(Debug, Parser)]
#[command(name = "provenn", version, propagate_version = true, after_help = FIRST_STEPS)]
pub struct Cli {
    /// Print one JSON object on standard output.
    #[arg(long, global = true, display_order = LAST)]
    pub json: bool,
    /// Print nothing but errors: the exit code says the rest.
    #[arg(short, long, global = true, conflicts_with = "verbose", display_order = LAST)]
    pub quiet: bool,
    /// Print how long each stage took, on standard error.
    #[arg(short, long, global = true, display_order = LAST)]
    pub verbose: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Commit, prove, verify and forge on a trained digit classifier, all in a temporary folder.
    Demo,
    /// Show what a model would cost, before anything is committed.
    Inspect(inspect::Args),
    /// Commit to a model: writes its card and its private part.
    Commit(commit::Args),
    /// Put stages that were committed apart together to one model: the card of a chain.
    Chain(chain::Args),
    /// Issue a receipt for one input.
    Prove(prove::Args),
    /// Prove a model in segments by several processes: run it, prove each segment, join the proofs.
    #[command(subcommand)]
    Segment(segment::Command),
    /// Put receipts, their card and what vouches for it into one file.
    Bundle(bundle::Args),
    /// Sign models, as their publisher.
    #[command(subcommand)]
    Publisher(publisher::Command),
    /// Keys, commitments and signatures of those who agree on what receipts may state.
    #[command(subcommand)]
    Party(party::Command),
    /// Draft, sign and check agreements of several parties.
    #[command(subcommand)]
    Agreement(agreement::Command),
    /// Check a receipt against a model card, or a bundle.
    Verify(Box<verify::Args>),
    /// Show what is in a file of this program, whichever it is; of secret ones nothing that is secret.
    Show(show::Args),
    /// Show what a receipt states and what binds each part; or the cause and the remedy of an error by its code.
    Explain(explain::Args),
    /// Write what other verifiers take.
    #[command(subcommand)]
    Export(export::Command),
    /// Rebuild the keys of a card from the architecture, and compare.
    Audit(audit::Args),
    /// Write a model's structure, without its weights, for auditors.
    Structure(structure::Args),
    /// Write a model that says whether another gives the right label, which is an input that nobody else need see.
    Judge(judge::Args),
    /// Write a model that takes an input in parts, each of which is public or of a party of its own.
    Slice(slice::Args),
    /// Prove that a graph is colourable, and check such proofs.
    #[command(subcommand)]
    Color(color::Command),
    /// Make or import KZG parameters.
    #[command(subcommand)]
    Srs(srs::Command),
    /// Run the service: HTTP API, workers, storage.
    Serve(serve::Args),
    /// Make, revoke and list keys of the service.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Copy what a service on one machine holds, while it runs.
    Backup(backup::Args),
    /// Remove what a service stored and nothing names, while it runs.
    Gc(gc::Args),
    /// Check proofs of a transparency log, or watch one.
    #[command(subcommand)]
    Log(log::Command),
    /// Look at this machine: what proves here, with what, and what would fail.
    Doctor,
    /// Write pages for `man`.
    Manual(manual::Args),
    /// Print a completion script for a shell.
    Completions(completions::Args),
}
