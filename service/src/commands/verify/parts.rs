//! What a verification is about: files of their own, or those in a bundle.

use super::Args;
use crate::error::CliError;
use crate::files::{self, Part, MAX_CARD, MAX_RECEIPT};
use crate::model;
use provenn_prover::store;
use provenn_verifier::bundle::MAX_BUNDLE;
use provenn_verifier::tlog::MAX_PROOF_TEXT;
use provenn_verifier::{AnyCard, Bundle, Claim, SrsVerifyingKey};
use std::path::PathBuf;

/// A receipt, and its proof of the log if there is one.
#[derive(Debug)]
pub struct Given {
    pub receipt: Part,
    /// What it states.
    pub claim: Claim,
    pub log_proof: Option<Part>,
}

impl Given {
    pub fn new(receipt: Part, log_proof: Option<Part>) -> Result<Self, CliError> {
        Ok(Self {
            claim: model::claim(&receipt)?,
            receipt,
            log_proof,
        })
    }
}

/// Everything that is given.
#[derive(Debug)]
pub struct Parts {
    pub receipts: Vec<Given>,
    pub card: Part,
    pub model: AnyCard,
    pub srs: SrsVerifyingKey,
    /// That the card is in a log.
    pub log_proof: Option<Part>,
    pub signature: Option<Part>,
    /// The publisher's word on the state of the model.
    pub state: Option<Part>,
    /// The agreement that a bundle holds, and its signatures of inputs.
    pub agreement: Option<Part>,
    pub input_signatures: Vec<Part>,
    /// Whether all of it is from one file.
    pub bundled: bool,
}

impl Parts {
    pub fn read(args: &Args) -> Result<Self, CliError> {
        if let Some(bundle) = &args.bundle {
            return Self::of_bundle(&Part::read(bundle, MAX_BUNDLE as u64)?);
        }
        // The grammar asks for both where there is no bundle.
        let (Some(receipt), Some(card)) = (&args.receipt, &args.card) else {
            return Err(CliError::usage(
                "nothing-given",
                "neither a bundle nor a receipt with its card is given",
                "give a bundle, or --receipt and --card",
            ));
        };
        let beside = files::folder(card).join(store::SRS);
        let more = |path: &Option<PathBuf>, maximum| path.as_deref().map(|path| Part::read(path, maximum)).transpose();
        // In this order: what is wrong with a file is told before the next one is looked for.
        let receipt = Given::new(Part::read(receipt, MAX_RECEIPT)?, None)?;
        let card = Part::read(card, MAX_CARD)?;
        Ok(Self {
            receipts: vec![receipt],
            model: card.decode(AnyCard::from_bytes)?,
            card,
            srs: files::decode(
                args.srs.as_deref().unwrap_or(&beside),
                MAX_RECEIPT,
                SrsVerifyingKey::from_bytes,
            )?,
            log_proof: more(&args.log_proof, MAX_PROOF_TEXT as u64)?,
            signature: more(&args.signature, MAX_RECEIPT)?,
            state: more(&args.state, MAX_RECEIPT)?,
            agreement: None,
            input_signatures: vec![],
            bundled: false,
        })
    }

    pub fn of_bundle(whole: &Part) -> Result<Self, CliError> {
        let bundle = whole.decode(Bundle::from_bytes)?;
        let part = |name: &str, bytes: Vec<u8>| Part {
            place: format!("{} ({name})", files::named(&whole.place)).into(),
            bytes,
        };
        let text = |name: &str, text: Option<String>| text.map(|text| part(name, text.into_bytes()));
        let receipts = bundle.receipts.into_iter().enumerate().map(|(index, one)| {
            let number = index + 1;
            let log_proof = text(&format!("its log proof of receipt {number}"), one.log_proof);
            Given::new(part(&format!("its receipt {number}"), one.receipt), log_proof)
        });
        let receipts = receipts.collect::<Result<_, _>>()?;
        let signed = bundle.input_signatures.into_iter().enumerate();
        let signed = signed.map(|(index, bytes)| part(&format!("its signature {} of an input", index + 1), bytes));
        let card = part("its model card", bundle.card);
        Ok(Self {
            receipts,
            model: card.decode(AnyCard::from_bytes)?,
            card,
            srs: part("its SRS key", bundle.srs).decode(SrsVerifyingKey::from_bytes)?,
            log_proof: text("its log proof of the card", bundle.card_log_proof),
            signature: bundle.signature.map(|bytes| part("its publisher's signature", bytes)),
            state: bundle
                .state
                .map(|bytes| part("its publisher's word on the model's state", bytes)),
            agreement: bundle.agreement.map(|bytes| part("its agreement", bytes)),
            input_signatures: signed.collect(),
            bundled: true,
        })
    }
}
