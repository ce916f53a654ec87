//! What about a receipt is not as asked: everything at once, in words. The decision is [`verify`](crate::verify)'s.

use crate::claim::{Claim, InputBinding, Policy, PolicyKind};
use crate::expectation::{Expectation, PolicyExpectation};
use crate::srs::{SrsKind, SrsVerifyingKey};
use crate::text::quoted;
use crate::ModelCard;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// One part that differs. Values are printable; policies and values are in integers of the quantized model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `parameters`, `model`, `srs`, `circuit key`, `quantization`, `policy`, `output`, `input`, `audience`, `nonce` or `expiry`.
    pub field: &'static str,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.field, self.expected, self.found)
    }
}

/// Everything in which a claim differs from card, SRS and expectation, in the order of the checks.
pub fn differences(
    claim: &Claim,
    card: &ModelCard,
    srs: &SrsVerifyingKey,
    expectation: &Expectation,
) -> Vec<Difference> {
    let mut list = List(Vec::new());
    if srs.kind == SrsKind::Dev && !expectation.accept_dev {
        list.add("parameters", "those of a ceremony", "development parameters");
    }
    list.ids("model", &card.model_id(), &claim.model_id);
    list.ids("srs", &srs.id(), &claim.srs_id);
    list.ids("circuit key", &card.key.digest(), &claim.key_digest);
    list.ids("quantization", &card.quantization, &claim.quantization);
    list.policy(claim, expectation);
    list.input(claim, expectation);
    let context = &claim.context;
    if let Some(audience) = expectation.audience.as_ref().filter(|a| **a != context.audience) {
        list.add("audience", quoted(audience), quoted(&context.audience));
    }
    if let Some(nonce) = &expectation.nonce {
        list.ids("nonce", nonce, &context.nonce);
    }
    if let Some(now) = expectation
        .now
        .filter(|now| context.not_after != 0 && *now > context.not_after)
    {
        list.add(
            "expiry",
            format!("validity at {now} (unix seconds)"),
            format!("its end at {}", context.not_after),
        );
    }
    list.0
}

struct List(Vec<Difference>);

impl List {
    fn add(&mut self, field: &'static str, expected: impl Into<String>, found: impl Into<String>) {
        self.0.push(Difference {
            field,
            expected: expected.into(),
            found: found.into(),
        });
    }

    fn ids(&mut self, field: &'static str, expected: &[u8; 32], found: &[u8; 32]) {
        if expected != found {
            self.add(field, hex(expected), hex(found));
        }
    }

    fn policy(&mut self, claim: &Claim, expectation: &Expectation) {
        let kind = match &expectation.policy {
            Some(PolicyExpectation::Kind(kind)) => *kind,
            Some(PolicyExpectation::Exact(policy)) => policy.kind(),
            None => return,
        };
        if claim.policy.kind() != kind {
            return self.add("policy", kind.to_string(), claim.policy.kind().to_string());
        }
        match &expectation.policy {
            Some(PolicyExpectation::Exact(policy)) if *policy != claim.policy => {
                self.add("output", output(policy), output(&claim.policy));
            }
            _ => {}
        }
    }

    fn input(&mut self, claim: &Claim, expectation: &Expectation) {
        let (expected, committed) = (&expectation.public_input, &expectation.committed_input);
        match (&claim.input, expected, committed) {
            (InputBinding::Public { values }, Some(expected), _) if values != expected => {
                let (wanted, got) = values_apart(expected, values);
                self.add("input", wanted, got);
            }
            (InputBinding::Committed { points }, _, Some(expected)) if points != expected => {
                let all = |points: &[[u8; 32]]| points.iter().map(|p| hex(p)).collect::<Vec<_>>().join(" ");
                self.add("input", all(expected), all(points));
            }
            (InputBinding::Committed { .. }, Some(_), _) => {
                self.add("input", "a public input", "a commitment to one");
            }
            (InputBinding::Public { .. }, _, Some(_)) => self.add("input", "a commitment", "a public input"),
            _ => {}
        }
    }
}

/// Where two inputs part: all of them would be too much to read.
fn values_apart(expected: &[i64], found: &[i64]) -> (String, String) {
    let pairs = || expected.iter().zip(found).enumerate();
    match pairs().find(|(_, (a, b))| a != b) {
        Some((index, (a, b))) if expected.len() == found.len() => {
            let apart = pairs().filter(|(_, (a, b))| a != b).count();
            (
                format!("{a} as value {index}"),
                format!(
                    "{b}; {apart} of {} values differ (integers of the quantized model)",
                    found.len()
                ),
            )
        }
        _ => (format!("{} values", expected.len()), format!("{}", found.len())),
    }
}

fn output(policy: &Policy) -> String {
    match policy {
        Policy::Scores { scores } => {
            let (shown, rest) = scores.split_at(scores.len().min(16));
            let shown = shown.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            format!("scores {shown}{}", if rest.is_empty() { "" } else { " .." })
        }
        Policy::Label { label } => format!("label {label}"),
        Policy::ThresholdBit { bit, .. } => if *bit { "yes" } else { "no" }.into(),
        Policy::YesOnly { .. } => "yes".into(),
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scores => f.write_str("scores"),
            Self::Label => f.write_str("label"),
            Self::ThresholdBit { output, threshold } => write!(f, "threshold: is output {output} at least {threshold}"),
            Self::YesOnly { output, threshold } => write!(f, "yes-only: output {output} is at least {threshold}"),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
