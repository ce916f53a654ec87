//! Cards of either kind, of a model in one circuit or in segments: what people read of them. Which kind it is decides [`AnyCard`].

use crate::error::CliError;
use crate::files::{self, Part, MAX_CARD};
use provenn_prover::commit::Description;
use provenn_prover::{chain, store, ProveError};
use provenn_verifier::{AnyCard, AnyReceipt, Claim, ModelCard};
use std::path::Path;

/// The people's part.
pub fn description(card: &AnyCard) -> Result<Description, ProveError> {
    match card {
        AnyCard::Model(card) => store::description(card),
        AnyCard::Chain(card) => chain::description(card).map(|description| description.model),
    }
}

/// A card in a file, and what people read of it.
pub fn read(path: &Path) -> Result<(AnyCard, Description), CliError> {
    let card = files::decode(path, MAX_CARD, AnyCard::from_bytes)?;
    let description = description(&card).map_err(|e| CliError::from(e).at(path))?;
    Ok((card, description))
}

/// The circuit that takes the inputs: commitments to these are of its cells.
pub fn first(card: &AnyCard) -> Result<&ModelCard, ProveError> {
    card.first().ok_or(ProveError::SrsMismatch)
}

/// What a receipt of either kind states.
pub fn claim(receipt: &Part) -> Result<Claim, CliError> {
    receipt.decode(AnyReceipt::from_bytes).map(AnyReceipt::into_claim)
}

/// What is asked for is not for models in segments.
pub fn in_segments(what: &str) -> CliError {
    CliError::usage(
        "in-segments",
        format!("this model is in segments, and {what}"),
        "leave it out, or commit the model without --segments",
    )
}
