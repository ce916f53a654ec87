//! The parts of a claim about one inference, to read and to change.

use provenn_verifier::{Answer, Claim, Disclosure, Inference, InputBinding, Item};

pub fn body(claim: &mut Claim) -> &mut Inference {
    claim.body.inference_mut().expect("an inference")
}

pub fn item(claim: &mut Claim) -> &mut Item {
    &mut body(claim).items[0]
}

pub fn input(claim: &mut Claim) -> &mut InputBinding {
    &mut item(claim).inputs[0]
}

/// Another policy with an answer.
pub fn state(claim: &mut Claim, policy: impl Into<Disclosure>, answer: Answer) {
    body(claim).policy = policy.into();
    item(claim).answer = answer;
}

/// The scores of the claim.
pub fn scores(claim: &mut Claim) -> &mut Vec<i64> {
    match &mut item(claim).answer {
        Answer::Scores(scores) => scores,
        _ => panic!("the receipt shows scores"),
    }
}

/// The public input of the claim.
pub fn values(claim: &mut Claim) -> &mut Vec<i64> {
    match input(claim) {
        InputBinding::Public { values } => values,
        InputBinding::Committed { .. } => panic!("the receipt shows its input"),
    }
}

/// The commitments of the claim.
pub fn points(claim: &mut Claim) -> &mut Vec<[u8; 32]> {
    match input(claim) {
        InputBinding::Committed { points } => points,
        InputBinding::Public { .. } => panic!("the receipt commits to its input"),
    }
}
