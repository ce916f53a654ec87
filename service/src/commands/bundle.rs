//! `provenn bundle`: one file with everything that a verdict needs.

use super::publisher;
use crate::bytes::hex;
use crate::data::agreement::{self, MAX_SIGNATURE};
use crate::error::CliError;
use crate::files::{self, Part, MAX_CARD, MAX_RECEIPT};
use crate::model;
use crate::output::Output;
use crate::report::{grouped, Report};
use provenn_prover::store;
use provenn_verifier::agreement::MAX_AGREEMENT;
use provenn_verifier::bundle::{MAX_BUNDLE, MAX_RECEIPTS};
use provenn_verifier::tlog::{Entry, EntryKind, InclusionProof, MAX_PROOF_TEXT};
use provenn_verifier::{
    verify, AnyCard, AnyReceipt, Bundle, BundledReceipt, Expectation, SrsVerifyingKey, StatementKind, VerifyError,
};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Receipt; several of the same model may be named.
    #[arg(long, value_name = "FILE", required = true)]
    receipt: Vec<PathBuf>,
    /// Model card that they are about.
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// Verifier's part of the SRS; `srs.vk` beside the card by default.
    #[arg(long, value_name = "FILE")]
    srs: Option<PathBuf>,
    /// Proof of a transparency log, which holds its checkpoint, of the card or of one of the receipts; as often as there are some.
    #[arg(long, value_name = "FILE")]
    log_proof: Vec<PathBuf>,
    /// Signature of the model's publisher.
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// The publisher's word on the state of the model.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Agreement that the receipts are under.
    #[arg(long, value_name = "FILE")]
    agreement: Option<PathBuf>,
    /// A party's signature of an input; may be given several times.
    #[arg(long = "party-input", value_name = "FILE", requires = "agreement")]
    party_inputs: Vec<PathBuf>,
    /// File to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let beside = files::folder(&args.card).join(store::SRS);
    let srs = args.srs.as_deref().unwrap_or(&beside);
    let named = args.receipt.iter().chain(&args.log_proof).chain(&args.signature);
    let named = named
        .chain(&args.state)
        .chain(&args.agreement)
        .chain(&args.party_inputs);
    let inputs: Vec<&Path> = named.map(PathBuf::as_path).chain([args.card.as_path(), srs]).collect();
    let place = Output::new(&args.out, args.force, &inputs)?;
    let read = |path: &PathBuf, maximum| Part::read(path, maximum);
    let (card, srs) = (Part::read(&args.card, MAX_CARD)?, Part::read(srs, MAX_RECEIPT)?);
    let receipts = args
        .receipt
        .iter()
        .map(|path| read(path, MAX_RECEIPT))
        .collect::<Result<Vec<_>, _>>()?;
    if receipts.len() > MAX_RECEIPTS {
        return Err(too_large(receipts.len(), MAX_RECEIPTS, "receipts"));
    }
    let one = |path: &Option<PathBuf>, maximum| path.as_ref().map(|path| read(path, maximum)).transpose();
    let agreement = one(&args.agreement, MAX_AGREEMENT as u64)?;
    let signed = args.party_inputs.iter().map(|path| read(path, MAX_SIGNATURE));
    let signed = signed.collect::<Result<Vec<_>, _>>()?;
    let model_id = valid(&card, &srs, &receipts, agreement.as_ref(), &signed)?;
    let (signature, state) = (one(&args.signature, MAX_RECEIPT)?, one(&args.state, MAX_RECEIPT)?);
    let about = |part: &Part, found: [u8; 32]| match found == model_id {
        true => Ok(()),
        false => Err(CliError::from(VerifyError::SignatureModel).at(&part.place)),
    };
    if let Some(part) = &signature {
        about(part, publisher::decode(part)?.model_id)?;
    }
    if let Some(part) = &state {
        about(part, publisher::decode_state(part)?.stated.model_id)?;
    }
    let mut bundle = Bundle {
        card: card.bytes,
        srs: srs.bytes,
        card_log_proof: None,
        signature: signature.map(|part| part.bytes),
        receipts: receipts
            .into_iter()
            .map(|part| BundledReceipt {
                receipt: part.bytes,
                log_proof: None,
            })
            .collect(),
        state: state.map(|part| part.bytes),
        agreement: agreement.map(|part| part.bytes),
        input_signatures: signed.into_iter().map(|part| part.bytes).collect(),
    };
    for path in &args.log_proof {
        let part = read(path, MAX_PROOF_TEXT as u64)?;
        put_proof(&mut bundle, &part.log_proof()?).map_err(|error| error.at(path))?;
    }
    let bytes = bundle.to_bytes();
    if bytes.len() > MAX_BUNDLE {
        return Err(too_large(bytes.len(), MAX_BUNDLE, "bytes"));
    }
    place.write(&bytes)?;
    let mut report = Report {
        aside: place.is_standard(),
        ..Report::default()
    };
    report.row("bundle", format!("{} bytes", grouped(bytes.len())));
    report.row("receipts", bundle.receipts.len());
    report.row("model id", hex(&model_id));
    report.line("Checked as a verifier does that names nothing. Whoever gets the bundle names what they rely on: `provenn verify BUNDLE`.");
    report.json = json!({
        "bytes": bytes.len(), "receipts": bundle.receipts.len(), "model_id": hex(&model_id),
        "signed": bundle.signature.is_some(), "logged": bundle.card_log_proof.is_some(), "state": bundle.state.is_some(),
        "agreement": bundle.agreement.is_some(),
    });
    Ok(report)
}

/// Checks that the receipts hold under the card, and keep to the agreement, so that nobody hands out a bundle that does not; the model's id.
fn valid(
    card: &Part,
    srs: &Part,
    receipts: &[Part],
    agreement: Option<&Part>,
    signed: &[Part],
) -> Result<[u8; 32], CliError> {
    receipts
        .iter()
        .try_for_each(|part| part.decode(AnyReceipt::from_bytes).map(drop))?;
    let decoded = card.decode(AnyCard::from_bytes)?;
    let key = srs.decode(SrsVerifyingKey::from_bytes)?;
    let description = model::description(&decoded).map_err(|e| CliError::from(e).at(&card.place))?;
    let deal = match agreement {
        Some(part) => {
            let signed = signed.iter().map(agreement::signature_in);
            Some((part, agreement::read_in(part)?, signed.collect::<Result<Vec<_>, _>>()?))
        }
        None => None,
    };
    let checked = decoded.check(&key).map_err(|e| CliError::from(e).at(&card.place))?;
    let anything = Expectation {
        statements: Some(vec![StatementKind::Inference]),
        accept_dev: true,
        ..Expectation::default()
    };
    for part in receipts {
        let verdict = verify(&part.bytes, &checked, &key, &anything);
        let verdict = verdict.map_err(|e| CliError::from(e).at(&part.place))?;
        if let Some((place, agreement, signed)) = &deal {
            let agreed = agreement.check(&verdict, signed, None);
            drop(agreed.map_err(|error| CliError::under(error, &description.fracs()).at(&place.place))?);
            agreement::about(agreement.agreement(), &checked.model_id(), &description)?;
        }
    }
    Ok(checked.model_id())
}

/// Puts a proof of the log beside the file that it is of.
fn put_proof(bundle: &mut Bundle, proof: &InclusionProof) -> Result<(), CliError> {
    let of = |kind, bytes: &[u8]| proof.leads_from(&Entry::of(kind, bytes)).map_err(VerifyError::from);
    let place = if of(EntryKind::Card, &bundle.card)? {
        Some(&mut bundle.card_log_proof)
    } else {
        let mut found = None;
        for one in &mut bundle.receipts {
            if of(EntryKind::Receipt, &one.receipt)? {
                found = Some(&mut one.log_proof);
                break;
            }
        }
        found
    };
    match place {
        Some(place @ None) => {
            *place = Some(proof.to_text());
            Ok(())
        }
        Some(_) => Err(CliError::usage(
            "log-proof-twice",
            "this is the second proof of the same file",
            "give one proof of the card and of each receipt",
        )),
        None => Err(CliError::usage(
            "log-proof-of-other",
            "the proof is neither of the card nor of a receipt",
            "give the proofs of the very files that go into the bundle",
        )),
    }
}

fn too_large(got: usize, maximum: usize, what: &str) -> CliError {
    CliError::new(
        5,
        "bundle-too-large",
        format!("{} {what}, a bundle holds at most {}", grouped(got), grouped(maximum)),
        "make several bundles",
    )
}
