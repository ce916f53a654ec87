//! What a claim says, in words and as JSON: one place for commands and API.

use crate::bytes::hex;
use provenn_prover::commit::Description;
use provenn_verifier::text::quoted;
use provenn_verifier::{Answer, Claim, Inference, InputBinding, Item, SrsKind, VerifyError};
use serde::Serialize;
use serde_json::{json, Value};
use utoipa::ToSchema;

/// One check of a verdict.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    pub name: &'static str,
    pub value: String,
    /// False: stated by the receipt, but the caller named no expectation.
    pub checked: bool,
}

/// Which parts of a claim a caller named an expectation of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named {
    pub model: bool,
    pub srs: bool,
    pub policy: bool,
    pub input: bool,
    pub audience: bool,
    pub nonce: bool,
}

/// A claim that speaks of one inference.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    claim: &'a Claim,
    body: &'a Inference,
    item: &'a Item,
    input: &'a InputBinding,
    /// A score z stands for `z / 2^frac`, if the card is known.
    frac: Option<i32>,
}

impl<'a> Said<'a> {
    /// What the claim says; scores in the units of the model's output if its card is known.
    ///
    /// # Errors
    /// It speaks of several inferences or inputs.
    pub fn new(claim: &'a Claim, description: Option<&Description>) -> Result<Self, VerifyError> {
        let body = claim.body.inference().ok_or(VerifyError::StatementMismatch {
            found: claim.body.kind(),
        })?;
        let item = body.item()?;
        Ok(Self {
            claim,
            body,
            item,
            input: item.input()?,
            frac: description.map(|d| d.output_frac),
        })
    }

    /// The model that it is about.
    pub fn model_id(&self) -> [u8; 32] {
        self.body.model_id
    }

    pub fn quantization(&self) -> [u8; 32] {
        self.body.quantization
    }

    /// The policy and its parameters.
    pub fn policy(&self) -> String {
        self.body.policy.words().shown(self.frac)
    }

    /// The answer that the policy lets out.
    pub fn output(&self) -> String {
        self.item.answer.words().shown(self.frac)
    }

    /// The answer for scripts: a list of scores, a label, or a bit.
    pub fn output_json(&self) -> Value {
        match (&self.item.answer, self.frac) {
            (Answer::Scores(scores), Some(frac)) => {
                let unit = 2f64.powi(-frac);
                scores.iter().map(|&score| score as f64 * unit).collect()
            }
            (Answer::Scores(scores), None) => json!(scores),
            (Answer::Label(label), _) => json!(label),
            (Answer::Bit(bit), _) => json!(bit),
            (Answer::Yes, _) => json!(true),
        }
    }

    /// The number of input values, if the receipt shows them.
    pub fn shown_values(&self) -> Option<usize> {
        match self.input {
            InputBinding::Public { values } => Some(values.len()),
            InputBinding::Committed { .. } => None,
        }
    }

    /// What the input is known by.
    pub fn input(&self) -> String {
        match self.input {
            InputBinding::Public { values } => format!("public, {} values", values.len()),
            InputBinding::Committed { points } => format!(
                "committed, {} points: {}",
                points.len(),
                points.iter().map(|p| hex(p)).collect::<Vec<_>>().join(" ")
            ),
        }
    }

    /// What a verdict rests on, and whether the caller named it; what follows from the proof alone counts as named.
    pub fn checks(&self, named: Named, commitments: usize, kind: SrsKind) -> Vec<Check> {
        let context = &self.claim.context;
        let not_after = match context.not_after {
            0 => "no end of validity".to_string(),
            end => format!("valid until {end} (unix seconds)"),
        };
        let srs = match (kind, named.srs) {
            (SrsKind::Dev, _) => "development",
            (SrsKind::Ceremony, true) => "ceremony",
            (SrsKind::Ceremony, false) => "a ceremony by the word of whoever gave you srs.vk",
        };
        let check = |name, value, checked| Check { name, value, checked };
        let proof = format!("holds, with its link to {commitments} weight commitments");
        vec![
            check("proof", proof, true),
            check("model", hex(&self.model_id()), named.model),
            check("srs", format!("{} ({srs})", hex(&self.claim.srs_id)), named.srs),
            check("policy", self.policy(), named.policy),
            check("input", self.input(), named.input),
            check("audience", quoted(&context.audience), named.audience),
            check("nonce", hex(&context.nonce), named.nonce),
            check("expiry", not_after, true),
        ]
    }
}
