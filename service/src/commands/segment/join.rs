//! `provenn segment join`: the receipt, from the proofs of all segments.

use crate::error::CliError;
use crate::files::{self, MAX_RECEIPT};
use crate::output::Output;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use crate::statement::Said;
use provenn_prover::chain::{self, Piece};
use provenn_prover::error::PieceError;
use provenn_prover::prove::Stage;
use provenn_prover::{store, ProveError};
use provenn_verifier::{ChainCard, ChainReceipt, SrsVerifyingKey};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The `chain.card` of the model.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// The verifier's part of the parameters; by default srs.vk beside the card.
    #[arg(long, value_name = "FILE")]
    srs: Option<PathBuf>,
    /// What `provenn segment prove` wrote: one piece of each segment, in any order.
    #[arg(value_name = "PIECE", required = true)]
    pieces: Vec<PathBuf>,
    /// Receipt to write; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the receipt if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let beside = files::folder(&args.card).join(store::SRS);
    let path = args.srs.as_deref().unwrap_or(&beside);
    let named = args.pieces.iter().chain([&args.card]).map(PathBuf::as_path);
    let out = Output::new(&args.out, args.force, &named.chain([path]).collect::<Vec<_>>())?;
    let progress = Progress::new("reading the pieces");
    let read = |path: &PathBuf| Piece::from_bytes(&files::read(path, MAX_RECEIPT)?).map_err(|e| about(e, path));
    let pieces = args.pieces.iter().map(read).collect::<Result<Vec<_>, CliError>>()?;
    let srs = files::decode(path, files::MAX_RECEIPT, SrsVerifyingKey::from_bytes)?;
    let card = files::decode(&args.card, files::MAX_CARD, ChainCard::from_bytes)?;
    let card = card.check(&srs).map_err(|error| CliError::from(error).at(&args.card))?;
    let description = chain::description(&card)?.model;
    progress.stage(Stage::Verify);
    let receipt = chain::join(&card, &srs, pieces).map_err(|error| match error {
        ProveError::Pieces(error) => named_in(error, &args.pieces),
        error => error.into(),
    })?;
    drop(progress);
    out.write(&receipt)?;
    let claim = ChainReceipt::from_bytes(&receipt)?.claim;
    let said = Said::new(&claim, Some(&description))?;
    let mut report = Report {
        aside: out.is_standard(),
        ..Report::default()
    };
    let size = grouped(receipt.len());
    report.row("receipt", format!("{}, {size} bytes, verified", args.out.display()));
    report.row("output", said.output());
    report.json = json!({
        "receipt": args.out.display().to_string(), "bytes": receipt.len(), "segments": card.segments.len(), "output": said.output_json(),
    });
    Ok(report)
}

fn about(error: PieceError, path: &Path) -> CliError {
    CliError::from(ProveError::from(error)).at(path)
}

/// The same about the file that is meant.
fn named_in(error: PieceError, paths: &[PathBuf]) -> CliError {
    let path = |piece: usize| paths.get(piece).map_or(Path::new(""), PathBuf::as_path);
    match &error {
        PieceError::Twice { piece, other, .. } => {
            let (piece, other) = (path(*piece), format!("the other one is {}", path(*other).display()));
            about(error, piece).with(vec![other])
        }
        _ => match error.piece() {
            Some(piece) => about(error, path(piece)),
            None => ProveError::from(error).into(),
        },
    }
}
