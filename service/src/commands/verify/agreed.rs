//! The agreement that receipts are under: the one that the caller gives or the bundle holds, or one that a receipt names and nobody gave.

use super::parts::Parts;
use super::Args;
use crate::bytes::hex;
use crate::data::agreement;
use crate::error::CliError;
use crate::moment;
use crate::report::Report;
use provenn_prover::commit::Description;
use provenn_verifier::agreement::{named_in, Agreed, SignedAgreement};
use provenn_verifier::party::InputSignature;
use provenn_verifier::text::quoted;
use provenn_verifier::{Claim, Verdict};
use serde_json::{json, Value};
use std::path::PathBuf;

/// What the caller gives, or the bundle.
pub struct Deal {
    place: PathBuf,
    agreement: SignedAgreement,
    signatures: Vec<InputSignature>,
    /// Roles of the parties whose keys the caller named.
    known: Vec<String>,
}

impl Deal {
    /// The agreement that is named, or the one in the bundle: whoever made the bundle cannot choose it, since the claims name its digest.
    pub fn read(args: &Args, parts: &Parts) -> Result<Option<Self>, CliError> {
        let (agreement, place) = match (&args.agreement, &parts.agreement) {
            (Some(path), _) => (agreement::read(path)?, path.clone()),
            (None, Some(part)) => (agreement::read_in(part)?, part.place.clone()),
            (None, None) if args.parties.is_empty() && args.party_inputs.is_empty() => return Ok(None),
            (None, None) => {
                return Err(CliError::usage(
                    "no-agreement",
                    "you named a party, and there is no agreement that it could be of",
                    "give --agreement FILE, or a bundle that holds one",
                ))
            }
        };
        let signatures = match args.party_inputs.as_slice() {
            [] => parts.input_signatures.iter().map(agreement::signature_in).collect(),
            named => agreement::signatures(named),
        };
        let known = args.parties.iter().map(|key| agreement.party_of(key));
        let known = known.map(|party| party.map(|party| party.role.clone()));
        Ok(Some(Self {
            known: known.collect::<Result<_, _>>()?,
            signatures: signatures?,
            agreement,
            place,
        }))
    }

    /// Whether somebody whom the caller named signed which model it is about.
    pub fn names_model(&self) -> bool {
        !self.known.is_empty()
    }

    /// Checks that a receipt, which holds, keeps to it.
    pub fn check(
        &self,
        verdict: &Verdict,
        model_id: &[u8; 32],
        description: &Description,
        now: u64,
    ) -> Result<Agreed, CliError> {
        let agreed = self.agreement.check(verdict, &self.signatures, Some(now));
        let agreed = agreed.map_err(|error| CliError::under(error, &description.fracs()).at(&self.place))?;
        agreement::about(self.agreement.agreement(), model_id, description)?;
        Ok(agreed)
    }

    /// Adds what was agreed to a report.
    pub fn report(&self, report: &mut Report) {
        let terms = self.agreement.agreement();
        let end = format!("{}, until {}", hex(&terms.digest()), moment::shown(terms.not_after));
        report.row("agreement", end);
        for party in &terms.parties {
            let known = match self.known.contains(&party.role) {
                true => "",
                false => "   [as stated; you did not name this key]",
            };
            report.row(
                "party",
                format!("{} agreed, key {}{known}", quoted(&party.role), party.key),
            );
        }
        for input in &terms.inputs {
            if let Some(role) = &input.supplier {
                report.row(
                    "supplied",
                    format!("input {} signed by {}", quoted(&input.name), quoted(role)),
                );
            }
        }
    }

    /// The same for scripts.
    pub fn json(&self, agreed: &[Agreed]) -> Value {
        let terms = self.agreement.agreement();
        let parties = terms.parties.iter().map(|party| {
            json!({ "role": party.role, "key": party.key.to_string(), "named": self.known.contains(&party.role) })
        });
        json!({
            "digest": hex(&terms.digest()), "given": true, "not_after": terms.not_after, "parties": parties.collect::<Vec<_>>(),
            "suppliers": agreed.first().map(Agreed::suppliers),
        })
    }

    /// What stays open of its parties.
    pub fn open(&self) -> Option<&'static str> {
        let all = self.known.len() == self.agreement.agreement().parties.len();
        (!all).then_some("Whose keys those of the parties are that you did not name: --party KEY names one.")
    }
}

/// What follows `agreement:` in the audience of a claim.
pub fn named(claim: &Claim) -> Option<&str> {
    named_in(&claim.context.audience)
}

/// What is said of a receipt under an agreement that nobody gave.
pub fn missing(digest: &str) -> String {
    format!(
        "{}, which you did not give (--agreement FILE): nothing of it was checked",
        quoted(digest)
    )
}
