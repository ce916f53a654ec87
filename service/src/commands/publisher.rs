//! `provenn publisher`: a publisher's word that a model is theirs.

use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, Part, MAX_CARD};
use crate::model::Model;
use crate::output::Output;
use crate::report::Report;
use crate::server::tlog::key::Publisher;
use provenn_verifier::publisher::{PublisherKey, PublisherSignature};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make the key of a publisher.
    Key {
        /// Name of the publisher, such as clinic.example.
        #[arg(long)]
        name: String,
        /// File to write. It is secret.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Sign the id of a model: that this card is yours.
    Sign {
        /// Model card to sign.
        #[arg(long, value_name = "FILE")]
        card: PathBuf,
        /// Key of `provenn publisher key`.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// File to write, which goes with the card.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace the file if it exists.
        #[arg(long)]
        force: bool,
    },
}

pub fn run(command: &Command) -> Result<Report, CliError> {
    let mut report = Report::default();
    match command {
        Command::Key { name, out } => {
            // A key that is lost cannot be made again.
            Output::private(out, false, &[])?.file()?;
            let publisher = Publisher::make(name, out)?;
            report.row("publisher key", &publisher.key);
            report.line("Tell this key to those who are to know your models, over a way that they trust.");
            report.json = json!({ "key": publisher.key.to_string() });
        }
        Command::Sign { card, key, out, force } => {
            let place = Output::new(out, *force, &[card, key])?;
            let publisher = Publisher::load(key)?;
            let read = files::decode(card, MAX_CARD, Model::from_bytes)?;
            // What nobody could read is not signed.
            read.description().map_err(|e| CliError::from(e).at(card))?;
            let model_id = read.model_id();
            place.write(&publisher.sign_model(model_id).to_bytes())?;
            report.aside = place.is_standard();
            report.row("signed", hex(&model_id));
            report.row("publisher key", &publisher.key);
            report.json = json!({ "model_id": hex(&model_id), "key": publisher.key.to_string() });
        }
    }
    Ok(report)
}

/// A publisher's signature from its file.
pub fn decode(part: &Part) -> Result<PublisherSignature, CliError> {
    part.decode(PublisherSignature::from_bytes)
}

/// Checks that a publisher signed a model.
pub fn check(part: &Part, model_id: &[u8; 32], key: &PublisherKey) -> Result<(), CliError> {
    let checked = decode(part)?.check(model_id, key);
    checked.map_err(|error| CliError::from(error).at(&part.place))
}
