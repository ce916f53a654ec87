//! Who vouches for a model: the publisher that signed its id, the log that its card stands in.

use super::parts::{Given, Parts};
use super::Args;
use crate::commands::publisher;
use crate::error::CliError;
use crate::files::Part;
use provenn_verifier::state::ModelState;
use provenn_verifier::tlog::{cosigned, Entry, EntryKind, LogError, LogKey, Logged};
use provenn_verifier::VerifyError;
use serde_json::{json, Value};

/// What was found to hold, of what the caller asked for.
#[derive(Debug, Default)]
pub struct Vouched<'a> {
    /// Name of the publisher that signed the model.
    pub publisher: Option<&'a str>,
    /// What the publisher says of its state.
    pub state: Option<ModelState>,
    /// The card in the log.
    pub log: Option<Logged>,
    /// Witnesses of that log.
    pub cosigned: Vec<String>,
    /// For each receipt its index in the log, if it has a proof of it.
    pub receipts: Vec<Option<u64>>,
}

impl Vouched<'_> {
    /// Whether anybody whom the caller named vouches for the model.
    pub fn for_model(&self) -> bool {
        self.publisher.is_some() || self.log.is_some()
    }

    /// The log in a sentence.
    pub fn log_words(&self) -> Option<String> {
        let logged = self.log.as_ref()?;
        let head = logged.checkpoint();
        let seen = match self.cosigned.as_slice() {
            [] => String::new(),
            seen => format!("; cosigned by {}", seen.join(", ")),
        };
        Some(format!(
            "{} has the card as entry {} of {}{seen}",
            head.origin,
            logged.index(),
            head.size
        ))
    }

    pub fn log_json(&self) -> Value {
        self.log.as_ref().map_or(Value::Null, |logged| {
            let head = logged.checkpoint();
            json!({ "origin": head.origin, "index": logged.index(), "size": head.size, "cosigned": self.cosigned })
        })
    }
}

/// Checks what the caller asked for; what is given and not asked for has to be of its form.
pub fn vouch<'a>(args: &'a Args, parts: &Parts, model_id: &[u8; 32]) -> Result<Vouched<'a>, CliError> {
    let mut vouched = Vouched::default();
    match (&args.publisher, &parts.signature) {
        (Some(key), Some(signature)) => {
            publisher::check(signature, model_id, key)?;
            vouched.publisher = Some(key.name());
        }
        (Some(_), None) => return Err(missing("publisher", "signature of the model", "--signature FILE")),
        (None, signature) => signature
            .iter()
            .try_for_each(|part| publisher::decode(part).map(drop))?,
    }
    if let Some(part) = &parts.state {
        let signed = publisher::decode_state(part)?;
        if let Some(key) = &args.publisher {
            let stated = signed.check(model_id, key);
            let stated = stated.map_err(|error| CliError::from(error).at(&part.place))?;
            vouched.state = Some(stated.clone());
        }
    }
    match (&args.log, &parts.log_proof) {
        (Some(_), None) => return Err(missing("log", "proof that the card is in it", "--log-proof FILE")),
        (Some(key), Some(part)) => {
            let card = Entry::of(EntryKind::Card, &parts.card.bytes);
            let (logged, cosigned) = in_log(args, key, part, &card)?;
            (vouched.log, vouched.cosigned) = (Some(logged), cosigned);
        }
        (None, part) => part.iter().try_for_each(|part| part.log_proof().map(drop))?,
    }
    for Given { receipt, log_proof, .. } in &parts.receipts {
        vouched.receipts.push(match (log_proof, &args.log) {
            (Some(part), Some(key)) => {
                let entry = Entry::of(EntryKind::Receipt, &receipt.bytes);
                Some(in_log(args, key, part, &entry)?.0.index())
            }
            (part, _) => {
                part.iter().try_for_each(|part| part.log_proof().map(drop))?;
                None
            }
        });
    }
    Ok(vouched)
}

/// An entry in the log that the caller named, and the witnesses that cosigned it, as many as the caller asks for.
fn in_log(args: &Args, key: &LogKey, part: &Part, entry: &Entry) -> Result<(Logged, Vec<String>), CliError> {
    let at = |error: LogError| CliError::from(VerifyError::from(error)).at(&part.place);
    let proof = part.log_proof()?;
    let logged = proof.verify(entry, key).map_err(at)?;
    let quorum = args.quorum.map_or(args.witnesses.len(), usize::from);
    let seen = cosigned(&proof.checkpoint, &args.witnesses, quorum).map_err(at)?;
    let names = seen.iter().map(|seen| seen.witness.name().to_owned());
    Ok((logged, names.collect()))
}

/// The caller named somebody of whose word there is nothing.
fn missing(who: &str, what: &str, argument: &str) -> CliError {
    CliError::new(
        3,
        "nobody-vouches",
        format!("you named a {who}, and there is no {what}"),
        format!("give {argument}, or a bundle that holds it"),
    )
}
