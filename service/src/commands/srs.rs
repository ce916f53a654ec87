//! `provenn srs`: KZG parameters.

use crate::bytes::{digest, hex, whole, Digest};
use crate::error::CliError;
use crate::output::{kept, Output};
use crate::progress::Progress;
use crate::report::Report;
use crate::srs::{import, UNSAFE};
use provenn_prover::commit::srs_verifying_key;
use provenn_prover::srs::Srs;
use serde_json::json;
use std::path::{Path, PathBuf};

pub mod show;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make development parameters of 2^K rows, or check those in the folder.
    New {
        #[arg(long, value_parser = whole::<u32>)]
        k: u32,
        /// Folder; all sizes in one folder share one secret.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
    /// Import 2^K powers of a ceremony (snarkjs .ptau over BN254): one that is known by name, or under a digest that you pin.
    Import {
        #[arg(long, value_name = "FILE")]
        ptau: PathBuf,
        #[arg(long, value_parser = whole::<u32>)]
        k: u32,
        /// BLAKE2b digest (32 or 64 bytes, hexadecimal) of the ceremony file, from a source you trust; needed unless the ceremony is known.
        #[arg(long, value_name = "HEX", value_parser = digest)]
        digest: Option<Digest>,
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace the file if it exists.
        #[arg(long)]
        force: bool,
    },
    /// Show what a file of parameters is: kind, size, and the SRS id that cards name.
    Show {
        /// What `srs import` or `srs new` wrote, or the srs.vk of a card.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The id for models of 2^K rows; by default for the largest.
        #[arg(long, value_parser = whole::<u32>)]
        k: Option<u32>,
    },
}

pub fn run(command: &Command) -> Result<Report, CliError> {
    match command {
        Command::New { k, dir } => {
            kept(dir)?;
            let progress = Progress::new("making parameters");
            let srs = Srs::load_or_make_dev(dir, *k)?;
            drop(progress);
            let mut report = report(&srs, &dir.join(format!("dev-k{k}.srs")), true)?;
            report.row("warning", UNSAFE);
            Ok(report)
        }
        Command::Import {
            ptau,
            k,
            digest,
            out,
            force,
        } => {
            let place = Output::new(out, *force, &[ptau])?;
            let file = place.file()?;
            let progress = Progress::new("checking the ceremony file");
            let (srs, ceremony) = import(ptau, *k, digest.as_ref())?;
            srs.save(file)?;
            drop(progress);
            let mut report = report(&srs, out, false)?;
            let name = ceremony.map(|ceremony| ceremony.to_string());
            report.row(
                "ceremony",
                name.as_deref()
                    .unwrap_or("none that is known by name: the digest is your word"),
            );
            report.json["ceremony"] = name.into();
            Ok(report)
        }
        Command::Show { file, k } => show::run(file, *k),
    }
}

fn report(srs: &Srs, path: &Path, dev: bool) -> Result<Report, CliError> {
    let id = hex(&srs_verifying_key(srs)?.id());
    let mut report = Report::default();
    report.row("written", path.display());
    report.row("powers", format!("2^{}", srs.k()));
    report.row(
        "SRS id",
        format!(
            "{id}, as cards of 2^{} rows name it: pin it with `verify --srs-id`",
            srs.k()
        ),
    );
    report.row("secret id", format!("{}, the same for all sizes", hex(&srs.id())));
    report.row("kind", if dev { "development" } else { "ceremony" });
    report.json =
        json!({ "path": path.display().to_string(), "k": srs.k(), "srs_id": id, "id": hex(&srs.id()), "dev": dev });
    Ok(report)
}
