//! What a receipt of a model in segments is made of: runs, of which nothing secret is shown, and pieces.

use super::{about, add};
use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, MAX_DATA, MAX_RECEIPT};
use crate::report::{grouped, Report};
use provenn_prover::chain::{Piece, Run};
use provenn_prover::ProveError;
use provenn_verifier::text::quoted;
use provenn_verifier::{Claim, FORMAT_VERSION};
use serde_json::json;
use std::path::Path;

pub fn run(path: &Path) -> Result<Report, CliError> {
    let run = Run::from_bytes(&files::read(path, MAX_DATA)?).map_err(|e| CliError::from(e).at(path))?;
    let mut report = about("a run of a model in segments", FORMAT_VERSION.into());
    claim(&mut report, run.claim());
    let (ran, whole) = (run.ran(), run.is_whole());
    match whole {
        true => report.row("segments", ran),
        false => report.row("segments", format!("{ran} ran, and there are more to run")),
    }
    report.line(
        "It holds the input, what the segments give to one another, and the randomness of their commitments: give it to those who prove its segments, and to nobody else. Nothing of these is shown.",
    );
    add(&mut report, json!({ "segments": ran, "whole": whole, "secret": true }));
    Ok(report)
}

pub fn piece(path: &Path) -> Result<Report, CliError> {
    let bytes = files::read(path, MAX_RECEIPT)?;
    let piece = Piece::from_bytes(&bytes).map_err(|e| CliError::from(ProveError::from(e)).at(path))?;
    let (segment, of) = (piece.segment.saturating_add(1), piece.part.between.len() + 1);
    let mut report = about("a piece of a receipt of a model in segments", FORMAT_VERSION.into());
    claim(&mut report, &piece.part.claim);
    report.row("segment", format!("{segment} of {of}"));
    report.row("size", format!("{} bytes", grouped(bytes.len())));
    report.line("`provenn segment join` makes the receipt of the pieces of all segments, and verifies it.");
    add(
        &mut report,
        json!({ "segment": segment, "segments": of, "verified": false }),
    );
    Ok(report)
}

/// What it is for: not what it will state.
fn claim(report: &mut Report, claim: &Claim) {
    let body = claim.body.inference();
    let (model_id, policy) = (
        body.map(|body| hex(&body.model_id)),
        body.map(|body| body.policy.to_string()),
    );
    report.row("model id", model_id.as_deref().unwrap_or("none"));
    report.row("policy", policy.as_deref().unwrap_or("none"));
    report.row("audience", quoted(&claim.context.audience));
    report.row("nonce", hex(&claim.context.nonce));
    let fields = json!({
        "model_id": model_id, "policy": policy, "audience": claim.context.audience, "nonce": hex(&claim.context.nonce),
    });
    add(report, fields);
}
