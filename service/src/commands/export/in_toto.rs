//! `provenn export in-toto`: the files of a model as an in-toto statement, with the predicate of OpenSSF Model Signing. It is not signed: that is what
//! pipelines have tools of their own for, which take it as the payload of a DSSE envelope.

use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, Part, MAX_CARD, MAX_MODEL, MAX_RECEIPT};
use crate::output::Output;
use crate::report::Report;
use provenn_prover::store;
use provenn_verifier::{AnyCard, SrsVerifyingKey};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Model card.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// Verifier's part of the SRS; `srs.vk` beside the card by default.
    #[arg(long, value_name = "FILE")]
    srs: Option<PathBuf>,
    /// Another file that goes with the model; may be given several times.
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// JSON file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let beside = files::folder(&args.card).join(store::SRS);
    let srs = args.srs.as_deref().unwrap_or(&beside);
    let more = args.file.iter().map(PathBuf::as_path);
    let inputs: Vec<&Path> = [args.card.as_path(), srs].into_iter().chain(more).collect();
    let place = Output::new(&args.out, args.force, &inputs)?;
    let card = Part::read(&args.card, MAX_CARD)?;
    let model_id = card.decode(AnyCard::from_bytes)?.model_id();
    let srs = Part::read(srs, MAX_RECEIPT)?;
    srs.decode(SrsVerifyingKey::from_bytes)?;
    // In the order of their names, which the format asks for.
    let mut resources = BTreeMap::new();
    let more = args.file.iter().map(|path| Part::read(path, MAX_MODEL));
    for part in [Ok(card), Ok(srs)].into_iter().chain(more) {
        let part = part?;
        let name = part.place.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| {
            CliError::usage(
                "file-names",
                format!("{} has no name that is text", files::named(&part.place)),
                "rename it",
            )
        })?;
        let digest: [u8; 32] = Sha256::digest(&part.bytes).into();
        if resources.insert(name.to_owned(), digest).is_some() {
            return Err(CliError::usage(
                "file-names",
                format!("two files are named {name}"),
                "files of a model are told apart by their names: give each of them once, under a name of its own",
            ));
        }
    }
    let statement = statement(&hex(&model_id), &resources);
    place.write(format!("{statement:#}\n").as_bytes())?;
    let mut report = Report {
        aside: place.is_standard(),
        ..Report::default()
    };
    report.row("model id", hex(&model_id));
    for (name, digest) in &resources {
        report.row("sha256", format!("{} {name}", hex(digest)));
    }
    report.line("It is not signed: sign it as the payload of a DSSE envelope (application/vnd.in-toto+json). That names who handed out these files; what they are worth is in the card and its receipts.");
    report.json = json!({ "model_id": hex(&model_id), "files": resources.len() });
    Ok(report)
}

/// The statement of version 1 with the predicate of version 1.0, of whole files.
fn statement(name: &str, resources: &BTreeMap<String, [u8; 32]>) -> Value {
    let root = Sha256::digest(resources.values().copied().collect::<Vec<_>>().as_flattened());
    let resources = resources
        .iter()
        .map(|(name, digest)| json!({ "name": name, "algorithm": "sha256", "digest": hex(digest) }));
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": name, "digest": { "sha256": hex(&root) } }],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {
            "serialization": { "method": "files", "hash_type": "sha256", "allow_symlinks": false, "ignore_paths": [] },
            "resources": resources.collect::<Vec<_>>(),
        },
    })
}
