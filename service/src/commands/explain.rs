//! `provenn explain`: every field of a claim, and what binds it; or the cause and the remedy of an error. Nothing is verified here.

use super::show::card::described;
use crate::bytes::hex;
use crate::codes;
use crate::error::CliError;
use crate::files::{self, MAX_RECEIPT};
use crate::moment;
use crate::policy;
use crate::report::{grouped, Report};
use crate::statement::{bound, Said};
use provenn_verifier::text::quoted;
use provenn_verifier::{AnyReceipt, LinkProof};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Receipt; or the code of an error, as it stands in `error[CODE]`.
    #[arg(value_name = "RECEIPT|CODE")]
    what: PathBuf,
    /// Model card, to show scores as real numbers.
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    // A file is meant first, whatever its name is.
    match args.what.to_str() {
        Some(word) if codes::is_form(word) && !args.what.exists() => code(word),
        _ => receipt(args),
    }
}

fn code(word: &str) -> Result<Report, CliError> {
    let Some(codes::Code { code, cause, remedy }) = codes::find(word) else {
        let help = match codes::nearest(word) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "take the code from the brackets of `error[CODE]`".into(),
        };
        let message = format!("`{word}` is neither a file here nor the code of an error");
        return Err(CliError::usage("unknown-code", message, help));
    };
    let mut report = Report::default();
    let plain = codes::plain;
    report.row("code", code);
    report.row("cause", plain(cause));
    report.row("remedy", plain(remedy));
    report.json = json!({ "code": code, "cause": plain(cause), "remedy": plain(remedy) });
    Ok(report)
}

fn receipt(args: &Args) -> Result<Report, CliError> {
    let bytes = files::read(&args.what, MAX_RECEIPT)?;
    let receipt = AnyReceipt::from_bytes(&bytes).map_err(|error| CliError::file(&args.what, &bytes, error))?;
    let claim = receipt.claim();
    let about = Said::new(claim, None)?.model_id();
    let description = described(args.card.as_deref(), Some(about))?;
    let said = Said::new(claim, description.as_ref())?;
    let end = claim.context.not_after;
    let until = match end {
        0 => "no end".to_owned(),
        end => moment::shown(end),
    };
    let field = |name: &str, value, bound| (name.to_owned(), value, bound);
    let about = said
        .about()
        .map(|about| field("of output", about, "public columns derived from the claim"));
    let inputs = said.inputs().into_iter().map(|(row, binding)| {
        let by = "public columns (public) or the link proof (committed)";
        (row, bound(binding), by)
    });
    let first = [
        field("output", said.output(), "the policy gates of the circuit"),
        field("policy", said.policy(), "public columns derived from the claim"),
    ];
    let rest = [
        field(
            "model",
            hex(&said.model_id()),
            "digest of the whole card, weight commitments included; link proof",
        ),
        field(
            "circuit key",
            hex(&claim.key_digest),
            "recomputed from the card; the transcript starts with it",
        ),
        field("quantization", hex(&said.quantization()), "compared with the card"),
        field(
            "srs",
            hex(&claim.srs_id),
            "compared with the card and with the verifier's SRS key",
        ),
        field(
            "audience",
            quoted(&claim.context.audience),
            "claim digest, the first thing the transcript absorbs",
        ),
        field("nonce", hex(&claim.context.nonce), "claim digest"),
        field("valid until", until, "claim digest; compared with the verifier's clock"),
    ];
    let segments = match &receipt {
        AnyReceipt::One(_) => None,
        AnyReceipt::Chain(receipt) => {
            let points: usize = receipt.between.iter().map(Vec::len).sum();
            let value = format!("{}, with {points} commitments between them", receipt.segments.len());
            let by = "each proof's transcript starts with the claim digest, all of these commitments and its place; link proofs";
            Some(field("segments", value, by))
        }
    };
    let fields = first.into_iter().chain(about).chain(inputs).chain(rest);
    let fields: Vec<_> = fields.chain(segments).collect();
    let mut report = Report::default();
    report.line("Stated by this receipt; `provenn verify` decides whether it is true.");
    for (name, value, bound) in &fields {
        report.row(name, value);
        report.row("", format!("  bound by: {bound}"));
    }
    let proofs = sizes(&receipt);
    report.row(
        "size",
        format!(
            "{} bytes: proof {}, link {}, claim {}",
            grouped(bytes.len()),
            grouped(proofs.0),
            grouped(proofs.1),
            grouped(claim.to_bytes().len())
        ),
    );
    let list: Vec<_> = fields
        .iter()
        .map(|(name, value, bound)| json!({ "name": name, "value": value, "bound_by": bound }))
        .collect();
    report.json = json!({
        "verified": false,
        "output": said.output_json(),
        "class": said.class(),
        "labels": claim.body.inference().and_then(|body| policy::list(&body.policy.policy)),
        "output_unit": if description.is_some() { "real" } else { "integer" },
        "model_id": hex(&said.model_id()),
        "fields": list,
        "bytes": { "receipt": bytes.len(), "proof": proofs.0 },
    });
    Ok(report)
}

/// Bytes of the proofs, and of the link proofs.
fn sizes(receipt: &AnyReceipt) -> (usize, usize) {
    let link = |link: &LinkProof| 32 + 32 * link.z.len();
    match receipt {
        AnyReceipt::One(receipt) => (receipt.proof.len(), link(&receipt.link)),
        AnyReceipt::Chain(receipt) => receipt.segments.iter().fold((0, 0), |(proofs, links), segment| {
            (proofs + segment.proof.len(), links + link(&segment.link))
        }),
    }
}
