//! `provenn show`: what a file of this program is, and what it says, in the units of the model. Nothing is verified here, and nothing
//! secret is printed.

pub mod agreement;
pub mod card;
mod receipt;
mod segment;
mod text;

use super::{publisher, srs};
use crate::bytes::hex;
use crate::data::opening;
use crate::error::CliError;
use crate::files::{self, Part, MAX_CARD, MAX_DATA, STANDARD_INPUT};
use crate::model;
use crate::report::{grouped, Report};
use crate::statement::Said;
use provenn_prover::chain::{PIECE_MAGIC, RUN_MAGIC};
use provenn_prover::store::{self, PRIVATE_MAGIC};
use provenn_verifier::bundle::MAX_BUNDLE;
use provenn_verifier::text::quoted;
use provenn_verifier::tlog::{base64_encode, Entry, EntryKind};
use provenn_verifier::{
    AnyCard, AnyReceipt, Bundle, FileKind, Purpose, SrsVerifyingKey, VerifyError, VerifyingKey, FORMAT_VERSION,
};
use serde_json::{json, Value};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// As many bytes tell kinds of files apart.
const START: usize = 20;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Bundle, receipt, model card, agreement, key, signature, state, opening, log entry or proof, private file or key, run, piece or parameters; `-` for standard input.
    file: PathBuf,
    /// Model card of a receipt, an agreement or an opening, for its names and units.
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let card = args.card.as_deref();
    if !files::is_standard(&args.file) {
        return shown(&args.file, card);
    }
    // What it is says how much of it is read, and how often.
    let folder = tempfile::tempdir().map_err(|e| CliError::io(&std::env::temp_dir(), &e))?;
    let path = folder.path().join("standard-input");
    fs::write(&path, files::read(&args.file, MAX_DATA)?).map_err(|e| CliError::io(&path, &e))?;
    let name = path.display().to_string();
    let shown = shown(&path, card).map(|report| report.renamed(&name, STANDARD_INPUT));
    shown.map_err(|error| error.renamed(&name, STANDARD_INPUT))
}

fn shown(path: &Path, card: Option<&Path>) -> Result<Report, CliError> {
    // Some files are far larger than others: the first bytes say which this is.
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(START as u64).read_to_end(&mut start));
    read.map_err(|e| CliError::io(path, &e))?;
    match FileKind::of(&start) {
        Some(FileKind::Receipt | FileKind::ChainReceipt) => receipt::run(path, card),
        Some(FileKind::Card | FileKind::ChainCard) => card::run(path),
        Some(FileKind::Key) => files::decode(path, MAX_CARD, VerifyingKey::from_bytes).map(|found| key(&found)),
        Some(FileKind::LogEntry) => files::decode(path, MAX_CARD, Entry::from_bytes).map(entry),
        Some(FileKind::Agreement) => agreement::run(path, card),
        Some(FileKind::Input) => agreement::input(path),
        Some(FileKind::Bundle) => bundle(path),
        Some(FileKind::Signature) => signature(path),
        Some(FileKind::State) => state(path),
        Some(FileKind::Srs) => parameters(path, "an SRS verifying key", FORMAT_VERSION.into()),
        _ if start.starts_with(srs::show::PARAMETERS) => parameters(path, "parameters of the prover", 1),
        _ if start.starts_with(&PRIVATE_MAGIC) => private(path),
        _ if start.starts_with(&RUN_MAGIC) => segment::run(path),
        _ if start.starts_with(&PIECE_MAGIC) => segment::piece(path),
        _ if start.starts_with(text::LOG_PROOF) => text::log_proof(path),
        _ if start.starts_with(text::PRIVATE_KEY) => text::private_key(path),
        _ if start.trim_ascii_start().starts_with(b"{") => openings(path, card),
        _ => {
            let expected =
                "a file that this program wrote: a bundle, a receipt, a card, an agreement, a key, a signature, a state, parameters, an opening, a log proof, a run, a piece, a private file or key";
            Err(CliError::kind(2, "wrong-file", path, files::what(&start), expected))
        }
    }
}

/// A report about a file of this kind and version.
fn about(is: &str, version: u32) -> Report {
    let mut report = Report::default();
    report.row("this is", format!("{is}, format version {version}"));
    report.json = json!({ "file": is, "format_version": version });
    report
}

/// Adds the fields of an object to a report.
fn add(report: &mut Report, fields: Value) {
    if let (Some(all), Value::Object(fields)) = (report.json.as_object_mut(), fields) {
        all.extend(fields);
    }
}

fn parameters(path: &Path, is: &str, version: u32) -> Result<Report, CliError> {
    let mut report = about(is, version);
    let shown = srs::show::run(path, None)?;
    report.text.push_str(&shown.text);
    add(&mut report, shown.json);
    Ok(report)
}

fn key(key: &VerifyingKey) -> Report {
    let mut report = about("a circuit key", FORMAT_VERSION.into());
    let purpose = match &key.purpose {
        Purpose::Registration => "registration of a model's weights",
        Purpose::Inference(_) => "inference of a model",
        Purpose::Colouring(_) => "colouring of graphs",
        Purpose::Segment(_) => "segment of a model",
    };
    report.row("for", purpose);
    report.row("digest", hex(&key.digest()));
    report.row("rows", format!("2^{}", key.k));
    let columns = (
        key.advice_phases.len(),
        key.fixed_commitments.len(),
        key.instance_columns,
    );
    report.row(
        "columns",
        format!("{} advice, {} fixed, {} public", columns.0, columns.1, columns.2),
    );
    report.row("gates", key.gates.len());
    add(
        &mut report,
        json!({
            "purpose": purpose, "key_digest": hex(&key.digest()), "k": key.k, "gates": key.gates.len(),
            "columns": { "advice": columns.0, "fixed": columns.1, "public": columns.2 },
        }),
    );
    report
}

fn entry(entry: Entry) -> Report {
    let of = match entry.kind {
        EntryKind::Card => "a model card",
        EntryKind::Receipt => "a receipt",
    };
    let mut report = about("an entry of a transparency log", FORMAT_VERSION.into());
    report.row("about", of);
    report.row("sha256", hex(&entry.digest));
    add(&mut report, json!({ "about": of, "sha256": hex(&entry.digest) }));
    report
}

fn signature(path: &Path) -> Result<Report, CliError> {
    let signature = publisher::decode(&Part::read(path, MAX_CARD)?)?;
    let (model_id, key) = (hex(&signature.model_id), base64_encode(&signature.key));
    let mut report = about("a publisher's signature of a model", FORMAT_VERSION.into());
    report.row("model id", &model_id);
    report.row(
        "said to be of",
        format!("the key {key}; `provenn verify --publisher` checks it"),
    );
    add(
        &mut report,
        json!({ "model_id": model_id, "key": key, "verified": false }),
    );
    Ok(report)
}

fn state(path: &Path) -> Result<Report, CliError> {
    let signed = publisher::decode_state(&Part::read(path, MAX_CARD)?)?;
    let (stated, key) = (&signed.stated, base64_encode(&signed.key));
    let mut report = about("a publisher's word on the state of a model", FORMAT_VERSION.into());
    report.row("model id", hex(&stated.model_id));
    report.row("state", publisher::words(stated));
    report.row(
        "said to be of",
        format!("the key {key}; `provenn verify --publisher` checks it"),
    );
    add(&mut report, publisher::state_json(stated));
    add(&mut report, json!({ "key": key, "verified": false }));
    Ok(report)
}

fn bundle(path: &Path) -> Result<Report, CliError> {
    let bundle = files::decode(path, MAX_BUNDLE as u64, Bundle::from_bytes)?;
    let damaged = |error: VerifyError| CliError::from(error).at(path);
    let card = AnyCard::from_bytes(&bundle.card).map_err(damaged)?;
    let srs = SrsVerifyingKey::from_bytes(&bundle.srs).map_err(damaged)?;
    let description = model::description(&card).map_err(|e| CliError::from(e).at(path))?;
    let mut report = about("a bundle", FORMAT_VERSION.into());
    report.line("Stated by it, and not verified here:");
    report.row("model id", hex(&card.model_id()));
    card::about(&mut report, &description);
    report.row("SRS id", hex(&srs.id()));
    let mut receipts = Vec::new();
    for (index, one) in bundle.receipts.iter().enumerate() {
        let claim = AnyReceipt::from_bytes(&one.receipt).map_err(damaged)?.into_claim();
        let said = Said::new(&claim, Some(&description))?;
        if said.model_id() != card.model_id() {
            return Err(damaged(VerifyError::ModelMismatch));
        }
        let logged = if one.log_proof.is_some() {
            ", with a log proof"
        } else {
            ""
        };
        report.row(
            &format!("receipt {}", index + 1),
            format!("{} for {}{logged}", said.output(), quoted(&claim.context.audience)),
        );
        receipts.push(json!({
            "output": said.output_json(), "class": said.class(), "policy": said.policy(), "audience": claim.context.audience,
            "log_proof": one.log_proof.is_some(),
        }));
    }
    let there = |there: bool| if there { "yes, not checked here" } else { "no" };
    report.row("signed", there(bundle.signature.is_some()));
    report.row("logged", there(bundle.card_log_proof.is_some()));
    report.row("model's state", there(bundle.state.is_some()));
    report.row("agreement", there(bundle.agreement.is_some()));
    add(
        &mut report,
        json!({
            "verified": false, "model_id": hex(&card.model_id()), "srs_id": hex(&srs.id()), "receipts": receipts,
            "signed": bundle.signature.is_some(), "logged": bundle.card_log_proof.is_some(), "state": bundle.state.is_some(),
            "agreement": bundle.agreement.is_some(), "about": description.about,
        }),
    );
    Ok(report)
}

fn private(path: &Path) -> Result<Report, CliError> {
    let facts = store::private_facts(path)?;
    let mut report = about("the private file of a committed model", FORMAT_VERSION.into());
    report.row("circuit", format!("2^{} rows", facts.k));
    report.row("opens", format!("{} weight commitments", facts.commitments));
    report.line(
        "It holds the weights and the randomness of their commitments: give it to nobody. Nothing of these is shown.",
    );
    add(
        &mut report,
        json!({ "k": facts.k, "commitments": facts.commitments, "secret": true }),
    );
    Ok(report)
}

/// The opening of a model's only input, or those of several by name.
fn openings(path: &Path, card: Option<&Path>) -> Result<Report, CliError> {
    let bytes = files::read(path, MAX_DATA)?;
    let each = opening::all(&bytes).map_err(|e| e.at(path))?;
    let description = card::described(card, None)?;
    let mut report = about("openings of committed inputs", opening::VERSION);
    let mut list = Vec::new();
    for (name, values, opening) in each {
        let only = description
            .as_ref()
            .and_then(|card| card.inputs.first())
            .filter(|_| name.is_none());
        let name = name.or(only.map(|input| input.name.clone()));
        let row = name
            .as_deref()
            .map_or("input".to_owned(), |name| format!("input {}", quoted(name)));
        let points: Vec<String> = opening.points.iter().map(|point| hex(point)).collect();
        report.row(
            &row,
            format!(
                "{} values, {} commitments: {}",
                grouped(values.len()),
                points.len(),
                points.join(" ")
            ),
        );
        list.push(json!({ "name": name, "values": values.len(), "commitments": points }));
    }
    report.line(
        "Whoever has this file can show what the commitments hide: give it to nobody else. Nothing of that is shown.",
    );
    add(&mut report, json!({ "inputs": list, "secret": true }));
    Ok(report)
}
