//! `provenn publisher`: a publisher's word that a model is theirs.

use crate::bytes::hex;
use crate::error::CliError;
use crate::files::{self, Part, MAX_CARD};
use crate::model;
use crate::moment;
use crate::output::Output;
use crate::report::Report;
use crate::server::tlog::key::Publisher;
use provenn_verifier::publisher::{PublisherKey, PublisherSignature};
use provenn_verifier::state::{ModelState, SignedState, State, MAX_REASON};
use provenn_verifier::text::{is_printable, quoted};
use provenn_verifier::AnyCard;
use serde_json::{json, Value};
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
    /// Sign the state of a model as of now: that you stand by it, or not any more.
    State {
        /// Model card that it is about.
        #[arg(long, value_name = "FILE")]
        card: PathBuf,
        /// Key of `provenn publisher key`.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Its state: active, deprecated or revoked.
        #[arg(long, value_name = "STATE", value_parser = state)]
        state: State,
        /// Why, for those who verify.
        #[arg(long, default_value = "", hide_default_value = true, value_parser = reason)]
        reason: String,
        /// File to write, which goes with the card or into bundles.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace the file if it exists.
        #[arg(long)]
        force: bool,
    },
}

fn state(name: &str) -> Result<State, &'static str> {
    State::named(name).ok_or("one of active, deprecated, revoked")
}

fn reason(text: &str) -> Result<String, &'static str> {
    match text.len() <= MAX_REASON && is_printable(text) {
        true => Ok(text.to_owned()),
        false => Err("at most 1,024 bytes of text that can be shown"),
    }
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
            // What nobody could read is not signed.
            let model_id = model::read(card)?.0.model_id();
            place.write(&publisher.sign_model(model_id).to_bytes())?;
            report.aside = place.is_standard();
            report.row("signed", hex(&model_id));
            report.row("publisher key", &publisher.key);
            report.json = json!({ "model_id": hex(&model_id), "key": publisher.key.to_string() });
        }
        Command::State {
            card,
            key,
            state,
            reason,
            out,
            force,
        } => {
            let place = Output::new(out, *force, &[card, key])?;
            let publisher = Publisher::load(key)?;
            let signed = publisher.sign_state(ModelState {
                model_id: files::decode(card, MAX_CARD, AnyCard::from_bytes)?.model_id(),
                state: *state,
                time: moment::now(),
                reason: reason.clone(),
            });
            place.write(&signed.to_bytes())?;
            report.aside = place.is_standard();
            report.row("model id", hex(&signed.stated.model_id));
            report.row("state", words(&signed.stated));
            report.row("publisher key", &publisher.key);
            report.json = json!({ "state": state_json(&signed.stated), "key": publisher.key.to_string() });
        }
    }
    Ok(report)
}

/// A state for people.
pub fn words(stated: &ModelState) -> String {
    let reason = match stated.reason.as_str() {
        "" => String::new(),
        reason => format!(": {}", quoted(reason)),
    };
    format!("{} as of {}{reason}", stated.state.name(), moment::shown(stated.time))
}

/// The same for scripts.
pub fn state_json(stated: &ModelState) -> Value {
    json!({ "model_id": hex(&stated.model_id), "state": stated.state.name(), "time": stated.time, "reason": stated.reason })
}

/// A publisher's word on a state from its file.
pub fn decode_state(part: &Part) -> Result<SignedState, CliError> {
    part.decode(SignedState::from_bytes)
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
