//! Models that a script writes, one a line: decoding, words of refusals, and the way from a compiled model to a verified receipt.

use provenn_circuits::program::quantize_input;
use provenn_prover::commit::{srs_verifying_key, CommitOptions, Compiled};
use provenn_prover::prove::commit_input;
use provenn_prover::srs::Srs;
use provenn_prover::{commit, prove, Input, ProveError};
use provenn_verifier::{verify, Answer, Context, Expectation, Policy, Statement};
use serde_json::Value;

/// The bytes of a hexadecimal field.
///
/// # Errors
/// What is wrong with it.
pub fn bytes(value: &Value) -> Result<Vec<u8>, String> {
    let hex = value.as_str().ok_or("no model")?;
    let byte = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).map_err(|e| e.to_string());
    (0..hex.len() / 2).map(byte).collect()
}

/// The numbers of a list; those that JSON has none for are named.
pub fn numbers(value: &Value) -> Vec<f64> {
    let number = |v: &Value| v.as_f64().or_else(|| v.as_str()?.parse().ok());
    value.as_array().into_iter().flatten().filter_map(number).collect()
}

/// The largest magnitude.
pub fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |m, v| m.max(v.abs()))
}

/// A refusal without the names in it.
pub fn reason(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("..")
}

/// Commits, proves and verifies; what the receipt shows of the first item.
///
/// # Errors
/// Those of commitment and proof; within, that of a verifier who refuses the receipt.
pub fn receipt(
    compiled: &Compiled,
    options: &CommitOptions,
    input: &[f32],
    policy: Policy,
) -> Result<Result<Answer, String>, ProveError> {
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [3; 32]);
    let committed = commit(compiled, options, &srs)?;
    let values = quantize_input(&committed.model, input)?;
    let input = match options.committed_input {
        true => {
            let opening = commit_input(&committed, &srs, &values)?;
            Input::Committed(values, opening)
        }
        false => Input::Public(values),
    };
    let receipt = prove(&committed, &srs, &input, policy, Context::default(), &|_| {})?;
    let accept = Expectation {
        accept_dev: true,
        ..Expectation::default()
    };
    let verified = match verify(&receipt, &committed.card, &srs_verifying_key(&srs)?, &accept) {
        Ok(verified) => verified,
        Err(error) => return Ok(Err(format!("an honest receipt is refused: {error}"))),
    };
    let Statement::Inference(body) = &verified.claim().body;
    Ok(Ok(body.items[0].answer.clone()))
}
