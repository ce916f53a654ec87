//! What a claim says, in words and as JSON: one place for commands and API.

use crate::bytes::hex;
use crate::moment;
use provenn_prover::commit::Description;
use provenn_verifier::text::quoted;
use provenn_verifier::{Answer, Claim, Colouring, Inference, InputBinding, Item, SrsKind, Target, VerifyError};
use serde::Serialize;
use serde_json::{json, Value};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// One check of a verdict.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    pub name: String,
    pub value: String,
    /// False: stated by the receipt, but the caller named no expectation.
    pub checked: bool,
}

/// Which parts of a claim a caller named an expectation of; inputs by their index.
#[derive(Clone, Debug, Default)]
pub struct Named {
    pub model: bool,
    pub srs: bool,
    pub policy: bool,
    /// The number of colours.
    pub colours: bool,
    pub inputs: BTreeSet<usize>,
    pub audience: bool,
    pub nonce: bool,
}

/// A claim that speaks of one inference.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    claim: &'a Claim,
    body: &'a Inference,
    item: &'a Item,
    /// Names and scales, if the card is known.
    description: Option<&'a Description>,
}

impl<'a> Said<'a> {
    /// What the claim says; scores in the units of the model's outputs if its card is known.
    ///
    /// # Errors
    /// It speaks of several inferences, or of something else.
    pub fn new(claim: &'a Claim, description: Option<&'a Description>) -> Result<Self, VerifyError> {
        let body = claim.body.inference().ok_or(VerifyError::StatementMismatch {
            found: claim.body.kind(),
        })?;
        let item = body.item()?;
        Ok(Self {
            claim,
            body,
            item,
            description,
        })
    }

    /// The model that it is about.
    pub fn model_id(&self) -> [u8; 32] {
        self.body.model_id
    }

    pub fn quantization(&self) -> [u8; 32] {
        self.body.quantization
    }

    /// Fractional bits of each output: a score z of one stands for `z / 2^frac`.
    fn fracs(&self) -> Vec<i32> {
        self.description.map(Description::fracs).unwrap_or_default()
    }

    /// The policy and its parameters.
    pub fn policy(&self) -> String {
        self.body.policy.words().shown(&self.fracs())
    }

    /// The answer that the policy lets out.
    pub fn output(&self) -> String {
        let words = self.body.policy.answer_words(&self.item.answer);
        let shown = words.shown(&self.fracs());
        match self.class() {
            Some(class) => format!("{shown} ({})", quoted(class)),
            None => shown,
        }
    }

    /// What the publisher calls the label that is the answer.
    pub fn class(&self) -> Option<&'a str> {
        let (Answer::Label(label), Target::Output(output)) = (&self.item.answer, self.body.policy.target) else {
            return None;
        };
        self.description?.class(output as usize, *label as usize)
    }

    /// Which outputs of several it is about, by their names.
    pub fn about(&self) -> Option<String> {
        let outputs = self
            .description
            .map(|d| d.outputs.as_slice())
            .filter(|outputs| outputs.len() > 1)?;
        Some(match self.body.policy.target {
            Target::All => format!("all {} outputs", outputs.len()),
            Target::Output(index) => {
                let name = outputs.get(index as usize).map_or("?", |output| &output.name);
                format!(
                    "{}, number {index} of {}; the others stay hidden",
                    quoted(name),
                    outputs.len()
                )
            }
        })
    }

    /// The answer for scripts: a list of scores, or one for each output, a label or a list of labels, or a bit.
    pub fn output_json(&self) -> Value {
        let outputs = self.description.map(|description| description.outputs.as_slice());
        let scores = |output: usize, scores: &[i64]| match outputs.and_then(|outputs| outputs.get(output)) {
            Some(output) => json!(output.quantization().reals(scores)),
            None => json!(scores),
        };
        match (&self.item.answer, self.body.policy.target) {
            (Answer::Scores(list), Target::Output(index)) => scores(index as usize, list),
            (Answer::Scores(list), Target::All) => scores(0, list),
            (Answer::Outputs(lists), _) => {
                let lists = lists.iter().enumerate();
                lists.map(|(output, list)| scores(output, list)).collect()
            }
            (Answer::Label(label), _) => json!(label),
            (Answer::Labels(values) | Answer::Counts(values), _) => json!(values),
            (Answer::Count(count), _) => json!(count),
            (Answer::Gap(gap), _) => json!(gap),
            (Answer::Bit(bit), _) => json!(bit),
            (Answer::Yes, _) => json!(true),
        }
    }

    /// For each input the name of its row, and what it is known by.
    pub fn inputs(&self) -> Vec<(String, &'a InputBinding)> {
        let named = |(index, binding): (usize, &'a InputBinding)| {
            let name = self
                .description
                .and_then(|d| d.inputs.get(index))
                .map(|input| quoted(&input.name));
            let row = match (self.item.inputs.len(), name) {
                (1, _) => "input".to_owned(),
                (_, Some(name)) => format!("input {name}"),
                (_, None) => format!("input {index}"),
            };
            (row, binding)
        };
        self.item.inputs.iter().enumerate().map(named).collect()
    }

    /// What a verdict rests on, and whether the caller named it; what follows from the proof alone counts as named.
    pub fn checks(&self, named: &Named, commitments: usize, kind: SrsKind) -> Vec<Check> {
        let proof = format!("holds, with its link to {commitments} weight commitments");
        let first = [
            check("proof", proof, true),
            check("model", hex(&self.model_id()), named.model),
            srs(self.claim, named, kind),
            check("policy", self.policy(), named.policy),
        ];
        let about = self.about().map(|about| check("of output", about, named.policy));
        let inputs = self.inputs().into_iter().enumerate();
        let inputs = inputs.map(|(index, (row, binding))| check(&row, bound(binding), named.inputs.contains(&index)));
        first
            .into_iter()
            .chain(about)
            .chain(inputs)
            .chain(context(self.claim, named))
            .collect()
    }
}

/// The same of a colouring. Its graph is the caller's own.
pub fn colouring_checks(claim: &Claim, body: &Colouring, named: &Named, kind: SrsKind) -> Vec<Check> {
    let proof = "holds, under the key that follows from the graph";
    let first = [
        check("proof", proof.into(), true),
        check("graph", hex(&body.graph), true),
        check("colours", body.colours.to_string(), named.colours),
        srs(claim, named, kind),
    ];
    first.into_iter().chain(context(claim, named)).collect()
}

fn check(name: &str, value: String, checked: bool) -> Check {
    Check {
        name: name.to_owned(),
        value,
        checked,
    }
}

fn srs(claim: &Claim, named: &Named, kind: SrsKind) -> Check {
    let source = match (kind, named.srs) {
        (SrsKind::Dev, _) => "development",
        (SrsKind::Ceremony, true) => "ceremony",
        (SrsKind::Ceremony, false) => "a ceremony by the word of whoever gave you srs.vk",
    };
    check("srs", format!("{} ({source})", hex(&claim.srs_id)), named.srs)
}

fn context(claim: &Claim, named: &Named) -> [Check; 3] {
    let context = &claim.context;
    let not_after = match context.not_after {
        0 => "no end of validity".to_string(),
        end => format!("valid until {}", moment::shown(end)),
    };
    [
        check("audience", quoted(&context.audience), named.audience),
        check("nonce", hex(&context.nonce), named.nonce),
        check("expiry", not_after, true),
    ]
}

/// What an input is known by.
pub fn bound(binding: &InputBinding) -> String {
    match binding {
        InputBinding::Public { values } => format!("public, {} values", values.len()),
        InputBinding::Committed { points } => format!(
            "committed, {} points: {}",
            points.len(),
            points.iter().map(|p| hex(p)).collect::<Vec<_>>().join(" ")
        ),
    }
}
