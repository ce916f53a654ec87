//! Models that a script writes, one a line: decoding, words of refusals, and the way from a compiled model to a verified receipt.

use provenn_circuits::graph::{Graph, Node, Sample};
use provenn_circuits::onnx::{import, structure, ImportError};
use provenn_circuits::program::quantize_inputs;
use provenn_prover::commit::{srs_verifying_key, CommitOptions, Compiled};
use provenn_prover::prove::bind_inputs;
use provenn_prover::srs::Srs;
use provenn_prover::{commit, prove, ProveError};
use provenn_verifier::{verify, Answer, Context, Disclosure, Expectation};
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

/// The elements of a list.
pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The numbers of a list; those that JSON has none for are named.
pub fn numbers(value: &Value) -> Vec<f64> {
    let number = |v: &Value| v.as_f64().or_else(|| v.as_str()?.parse().ok());
    list(value).filter_map(number).collect()
}

/// The largest magnitude.
pub fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |m, v| m.max(v.abs()))
}

/// A refusal without the names in it.
pub fn reason(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("..")
}

/// Whether the structure of a file gives the graph of the file.
///
/// # Errors
/// Those of the import of the structure.
pub fn follows(onnx: &[u8], graph: &Graph) -> Result<bool, ImportError> {
    let bare = import(&structure(onnx)?)?;
    let same = |(a, b): (&Node, &Node)| (&a.op, &a.inputs, a.output) == (&b.op, &b.inputs, b.output);
    Ok(bare.nodes.len() == graph.nodes.len() && bare.nodes.iter().zip(&graph.nodes).all(same))
}

/// Commits, proves and verifies; what the receipt shows of the first item.
///
/// # Errors
/// Those of commitment and proof; within, that of a verifier who refuses the receipt.
pub fn receipt(
    compiled: &Compiled,
    options: &CommitOptions,
    inputs: &Sample,
    policy: Disclosure,
) -> Result<Result<Answer, String>, ProveError> {
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [3; 32]);
    let committed = commit(compiled, options, &srs)?;
    let inputs = bind_inputs(&committed, &srs, quantize_inputs(&committed.model, inputs)?)?;
    let receipt = prove(&committed, &srs, &inputs, policy, Context::default(), &|_| {})?;
    let accept = Expectation {
        accept_dev: true,
        ..Expectation::default()
    };
    let verified = match verify(&receipt, &committed.card, &srs_verifying_key(&srs)?, &accept) {
        Ok(verified) => verified,
        Err(error) => return Ok(Err(format!("an honest receipt is refused: {error}"))),
    };
    let body = verified.claim().body.inference().expect("an inference");
    Ok(Ok(body.items[0].answer.clone()))
}
