//! `provenn export evm`: what the verifier contract takes.

use crate::bytes::hex;
use crate::color::graph;
use crate::commands::color;
use crate::error::CliError;
use crate::files::{self, Part, MAX_CARD, MAX_RECEIPT};
use crate::output::Output;
use crate::report::{grouped, Report};
use provenn_evm::{Calldata, ColouringWords, ExportError, KeyData, Words};
use provenn_prover::store;
use provenn_verifier::{
    verify, CheckedCard, Claim, ColouringClass, Expectation, Graph, ModelCard, Receipt, SrsKind, SrsVerifyingKey,
    Verdict, VerifyError,
};
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Model card; it is checked.
    #[arg(long, value_name = "FILE", required_unless_present = "graph")]
    card: Option<PathBuf>,
    /// For colourings, the graph: DIMACS .col, a list of edges, GraphML, or node-link JSON. Key data is the same for all graphs of about its size.
    #[arg(long, value_name = "FILE", conflicts_with = "card", requires = "k")]
    graph: Option<PathBuf>,
    /// The number of colours.
    #[arg(long, value_parser = color::colours, requires = "graph", conflicts_with = "card")]
    k: Option<u32>,
    /// Verifier's part of the SRS; `srs.vk` beside the card or the graph by default.
    #[arg(long, value_name = "FILE")]
    srs: Option<PathBuf>,
    /// Receipt, which is verified; without one the key data only.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Address that the key data is deployed at: then the whole call is written too.
    #[arg(long, value_name = "HEX", value_parser = address, requires = "receipt")]
    key_address: Option<[u8; 20]>,
    /// Accept development parameters: only if you trust the machine that made them.
    #[arg(long)]
    accept_dev: bool,
    /// JSON file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

fn address(text: &str) -> Result<[u8; 20], &'static str> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or("40 hexadecimal digits are expected")
}

/// What receipts are about.
enum About {
    Model(Box<CheckedCard>),
    Graph(Graph, ColouringClass),
}

impl About {
    fn read(args: &Args, srs: &SrsVerifyingKey) -> Result<Self, CliError> {
        if let (Some(path), Some(k)) = (&args.graph, args.k) {
            let graph = graph::read(path)?.graph;
            let class = color::class(k, graph.vertices())?;
            return Ok(Self::Graph(graph, class));
        }
        let card = Part::read(args.about(), MAX_CARD)?;
        let checked = card.decode(ModelCard::from_bytes)?.check(srs);
        let checked = checked.map_err(|e| CliError::from(e).at(&card.place))?;
        Ok(Self::Model(Box::new(checked)))
    }

    fn key_data(&self, srs: &SrsVerifyingKey) -> Result<KeyData, ExportError> {
        match self {
            Self::Model(card) => KeyData::new(card, srs),
            Self::Graph(_, class) => KeyData::colouring(class, srs),
        }
    }

    /// What it is known by.
    fn id(&self) -> (&'static str, &'static str, [u8; 32]) {
        match self {
            Self::Model(card) => ("model id", "model_id", card.model_id()),
            Self::Graph(graph, _) => ("graph", "graph", graph.digest()),
        }
    }

    fn verify(&self, receipt: &[u8], srs: &SrsVerifyingKey) -> Result<Verdict, VerifyError> {
        let mut anything = Expectation {
            accept_dev: true,
            ..Expectation::default()
        };
        match self {
            Self::Model(card) => verify(receipt, card.as_ref(), srs, &anything),
            Self::Graph(graph, class) => {
                anything.colouring.colours = Some(class.colours());
                verify(receipt, graph, srs, &anything)
            }
        }
    }

    /// The arguments for a receipt, and the words of its statement.
    fn arguments(&self, receipt: &[u8], claim: &Claim) -> Result<(Calldata, Value), ExportError> {
        match self {
            Self::Model(card) => {
                let words = Words::of(claim)?;
                let statement = json!({
                    "policy": prefixed(&words.policy), "answer": prefixed(&words.answer), "inputs": prefixed(&words.inputs),
                    "audience": prefixed(&words.audience), "nonce": prefixed(&words.nonce), "not_after": words.not_after,
                });
                Ok((Calldata::new(receipt, &card.key)?, statement))
            }
            Self::Graph(graph, class) => {
                let words = ColouringWords::of(claim)?;
                let statement = json!({
                    "colours": words.colours, "vertices": words.vertices, "edges": words.edges, "graph": prefixed(&words.graph),
                    "audience": prefixed(&words.audience), "nonce": prefixed(&words.nonce), "not_after": words.not_after,
                });
                Ok((Calldata::colouring(receipt, class.colours(), graph)?, statement))
            }
        }
    }
}

impl Args {
    /// The file that receipts are about.
    fn about(&self) -> &Path {
        self.graph
            .as_ref()
            .or(self.card.as_ref())
            .map_or(Path::new(""), PathBuf::as_path)
    }
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let beside = files::folder(args.about()).join(store::SRS);
    let srs = args.srs.as_deref().unwrap_or(&beside);
    let inputs: Vec<&Path> = args
        .receipt
        .iter()
        .map(PathBuf::as_path)
        .chain([args.about(), srs])
        .collect();
    let place = Output::new(&args.out, args.force, &inputs)?;
    let srs = Part::read(srs, MAX_RECEIPT)?;
    let key = srs.decode(SrsVerifyingKey::from_bytes)?;
    // The contract has no such switch: who pins key data pins its SRS.
    if key.kind == SrsKind::Dev && !args.accept_dev {
        return Err(CliError::from(VerifyError::DevSrs).at(&srs.place));
    }
    let about = About::read(args, &key)?;
    let data = about.key_data(&key).map_err(failed)?;
    let (name, field, id) = about.id();
    let mut report = Report {
        aside: place.is_standard(),
        ..Report::default()
    };
    report.row(name, hex(&id));
    report.row("key hash", format!("0x{}", hex(&data.hash())));
    report.row("key data", format!("{} bytes", grouped(data.code.len())));
    let mut file = json!({
        field: prefixed(&id),
        "key_hash": prefixed(&data.hash()),
        "key_creation_code": prefixed(&data.creation_code()),
    });
    if let Some(path) = &args.receipt {
        let part = Part::read(path, MAX_RECEIPT)?;
        let receipt = part.decode(Receipt::from_bytes)?;
        let verdict = about.verify(&part.bytes, &key);
        drop(verdict.map_err(|e| CliError::from(e).at(&part.place))?);
        let (call, statement) = about.arguments(&part.bytes, &receipt.claim).map_err(failed)?;
        file["receipt"] = prefixed(&call.receipt).into();
        file["ys"] = call.ys.iter().map(|y| prefixed(y)).collect::<Vec<_>>().into();
        if let Some(graph) = &call.graph {
            file["graph_bytes"] = prefixed(graph).into();
        }
        if let Some(address) = args.key_address {
            file["calldata"] = prefixed(&call.encode(address)).into();
        }
        if let Some(policy) = statement["policy"].as_str() {
            report.row("policy", policy);
        }
        file["statement"] = statement;
    }
    place.write(format!("{file:#}\n").as_bytes())?;
    report.line("Deploy `key_creation_code` in a transaction without a recipient. A consumer pins the key hash, which everybody computes from card or graph, and SRS key, by this command.");
    report.json = json!({ field: hex(&id), "key_hash": prefixed(&data.hash()), "key_bytes": data.code.len() });
    Ok(report)
}

fn prefixed(bytes: &[u8]) -> String {
    format!("0x{}", hex(bytes))
}

fn failed(error: ExportError) -> CliError {
    match error {
        ExportError::Receipt(error) => error.into(),
        error => CliError::new(
            5,
            "not-for-evm",
            error.to_string(),
            "see what the contract decides in docs/evm.md",
        ),
    }
}
