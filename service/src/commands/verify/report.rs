//! What is proven, for whom, by which model and under which parameters; and what is not.

use super::agreed::{self, Deal};
use super::inputs::Inputs;
use super::parts::Parts;
use super::vouch::Vouched;
use super::Args;
use crate::bytes::hex;
use crate::commands::publisher;
use crate::error::CliError;
use crate::moment;
use crate::report::{grouped, Report};
use crate::srs;
use crate::statement::{Check, Named, Said};
use provenn_prover::commit::{Binding, Description};
use provenn_verifier::agreement::Agreed;
use provenn_verifier::text::quoted;
use provenn_verifier::{AnyCard, SrsVerifyingKey, Verdict};
use serde_json::{json, Value};
use std::collections::BTreeSet;

/// A verification that went well.
pub struct Found<'a> {
    pub args: &'a Args,
    pub parts: &'a Parts,
    pub card: &'a AnyCard,
    pub key: &'a SrsVerifyingKey,
    pub description: &'a Description,
    pub inputs: &'a Inputs,
    pub verdicts: &'a [Verdict],
    pub vouched: &'a Vouched<'a>,
    /// The agreement that all of it is under, if one was given.
    pub deal: Option<(&'a Deal, &'a [Agreed])>,
    pub milliseconds: f64,
}

impl Found<'_> {
    pub fn report(&self) -> Result<Report, CliError> {
        let dev = self.verdicts.iter().any(|verdict| matches!(verdict, Verdict::Dev(_)));
        let inputs = self.inputs.named();
        let mut report = Report::default();
        report.line(if dev {
            "VALID under development parameters"
        } else {
            "VALID"
        });
        let mut receipts = Vec::new();
        for (index, verdict) in self.verdicts.iter().enumerate() {
            if self.verdicts.len() > 1 {
                report.line(format!("receipt {} of {}", index + 1, self.verdicts.len()));
            }
            receipts.push(self.receipt(&mut report, index, verdict, &inputs)?);
        }
        if let Some(name) = self.vouched.publisher {
            report.row("publisher", format!("{} signed this model", quoted(name)));
        }
        if let Some(stated) = &self.vouched.state {
            report.row("model's state", publisher::words(stated));
        }
        if let Some(words) = self.vouched.log_words() {
            report.row("log", words);
        }
        if let Some((deal, _)) = self.deal {
            deal.report(&mut report);
        }
        let bytes: usize = self.parts.receipts.iter().map(|given| given.receipt.bytes.len()).sum();
        let of = if receipts.len() == 1 { "receipt" } else { "receipts" };
        report.row(
            "checked in",
            format!("{:.1} ms, {of} of {} bytes", self.milliseconds, grouped(bytes)),
        );
        if dev {
            report.row("warning", srs::UNSAFE);
        }
        let limits = self.not_proven(dev);
        report.line("Not proven:");
        for limit in &limits {
            report.line(format!("- {limit}"));
        }
        let mut all = json!({
            "valid": true,
            "dev": dev,
            "model_id": hex(&self.card.model_id()),
            "srs_id": hex(&self.key.id()),
            "publisher": self.vouched.publisher,
            "state": self.vouched.state.as_ref().map(publisher::state_json),
            "log": self.vouched.log_json(),
            "opened": self.inputs.opened.keys().filter_map(|index| self.description.inputs.get(*index)).map(|input| &input.name).collect::<Vec<_>>(),
            "agreement": self.deal.map(|(deal, agreed)| deal.json(agreed)),
            "not_proven": limits,
            "milliseconds": self.milliseconds,
        });
        match (self.parts.bundled, receipts.pop()) {
            // One receipt is told as itself, those of a bundle as a list.
            (false, Some(Value::Object(only))) => {
                if let Some(fields) = all.as_object_mut() {
                    fields.extend(only);
                }
            }
            (_, last) => {
                receipts.extend(last);
                all["receipts"] = receipts.into();
            }
        }
        report.json = all;
        Ok(report)
    }

    fn receipt(
        &self,
        report: &mut Report,
        index: usize,
        verdict: &Verdict,
        inputs: &BTreeSet<usize>,
    ) -> Result<Value, CliError> {
        let args = self.args;
        let said = Said::new(verdict.claim(), Some(self.description))?;
        let named = Named {
            colours: false,
            model: self.names_model(),
            srs: args.srs_id.is_some(),
            policy: args.policy.is_some() || self.deal.is_some(),
            inputs: inputs.iter().copied().chain(self.supplied()).collect(),
            audience: args.audience.is_some() || self.deal.is_some(),
            nonce: args.nonce.is_some(),
        };
        let checks = said.checks(&named, self.card.commitments(), self.key.kind);
        report.row("output", said.output());
        for Check { name, value, checked } in &checks {
            let stated = if *checked {
                ""
            } else {
                "   [as stated; you named no expectation]"
            };
            report.row(name, format!("{value}{stated}"));
        }
        for (index, compared) in &self.inputs.opened {
            let name = self.description.inputs.get(*index).map_or("", |input| &input.name);
            let what = if *compared {
                "what you gave"
            } else {
                "what its opening has"
            };
            report.row("opened", format!("the input {} is {what}", quoted(name)));
        }
        let missing = agreed::named(verdict.claim()).filter(|_| self.deal.is_none());
        if let Some(digest) = missing {
            report.row("under agreement", agreed::missing(digest));
        }
        let logged = self.vouched.receipts.get(index).copied().flatten();
        if let Some(index) = logged {
            report.row("logged", format!("the receipt is entry {index} of the log"));
        }
        Ok(
            json!({ "output": said.output_json(), "class": said.class(), "checks": checks, "log_index": logged, "agreement_missing": missing }),
        )
    }

    fn names_model(&self) -> bool {
        self.args.model_id.is_some() || self.vouched.for_model() || self.by_party()
    }

    fn by_party(&self) -> bool {
        self.deal.is_some_and(|(deal, _)| deal.names_model())
    }

    /// Inputs that somebody signed, by their index: the same in all receipts under an agreement.
    fn supplied(&self) -> impl Iterator<Item = usize> + '_ {
        let agreed = self.deal.and_then(|(_, agreed)| agreed.first());
        let suppliers = agreed.map(Agreed::suppliers).unwrap_or_default().iter();
        suppliers
            .enumerate()
            .filter_map(|(index, role)| role.as_ref().map(|_| index))
    }

    /// What this verdict leaves open.
    fn not_proven(&self, dev: bool) -> Vec<String> {
        let mut list = Vec::new();
        let mut open = |is_open: bool, what: &str| list.extend(is_open.then(|| what.to_owned()));
        let id = hex(&self.card.model_id());
        open(
            dev,
            "Anything at all, to somebody who does not trust the machine that made the development SRS.",
        );
        let any = format!("That this is the model you mean: you accept any. If it is, pin it with --model-id {id}");
        open(!self.names_model(), &any);
        let others = format!(
            "That this is the one you mean of the models that the named publisher or log has: --model-id {id} pins it."
        );
        open(self.args.model_id.is_none() && self.vouched.for_model(), &others);
        open(
            self.args.srs_id.is_none(),
            "That these are the parameters you trust: you named no SRS id.",
        );
        open(
            self.args.nonce.is_none(),
            "That the receipt is fresh, or was made for you: you named no nonce, so it may be a copy.",
        );
        let unchecked = |named: bool, given: bool| given && !named;
        open(
            unchecked(self.args.publisher.is_some(), self.parts.signature.is_some()),
            "Whose model it is: a signature is in the bundle, and you named no publisher.",
        );
        open(
            unchecked(self.args.log.is_some(), self.parts.log_proof.is_some()),
            "That the card stands in a log: a proof is in the bundle, and you named no log.",
        );
        let inputs = self.description.inputs.iter().enumerate();
        let hidden = inputs
            .filter(|(index, _)| !self.inputs.opened.contains_key(index))
            .any(|(_, input)| input.binding == Binding::Committed);
        let under = self
            .verdicts
            .iter()
            .filter_map(|verdict| agreed::named(verdict.claim()))
            .next();
        if let Some(digest) = under.filter(|_| self.deal.is_none()) {
            open(
                true,
                &format!(
                    "That anybody agreed to this: it was made under agreement {}.",
                    agreed::missing(digest)
                ),
            );
        }
        if let Some(what) = self.deal.and_then(|(deal, _)| deal.open()) {
            open(true, what);
        }
        open(
            hidden && self.deal.is_some(),
            "What a committed input is: a party signed the commitment, and that it is to what the party should have is its word.",
        );
        open(
            hidden && self.deal.is_none(),
            "What a committed input is, and where it came from.",
        );
        open(!hidden, "Where the input came from.");
        open(
            true,
            "That the operator kept no copy of the input, and that no other receipt was made and withheld.",
        );
        let until = self.vouched.state.as_ref().map(|stated| moment::shown(stated.time));
        let since = match (until, &self.parts.state) {
            (Some(moment), _) => format!(
                "What became of the model after {moment}: whoever gave you its state may have left out a newer one."
            ),
            (None, Some(_)) => {
                "Whether the model was revoked: its publisher's word on that is there, and you named no publisher."
                    .to_owned()
            }
            (None, None) => "That the model was not revoked since.".to_owned(),
        };
        open(true, &since);
        open(
            true,
            "That the model is good, or fit for your purpose. What its card says of it, the fidelity too, is its publisher's word.",
        );
        open(
            true,
            "That the circuit is the network that the card describes, unless somebody you trust audited the card (provenn audit).",
        );
        list
    }
}
