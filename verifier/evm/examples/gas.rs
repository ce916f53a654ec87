//! Gas of a receipt for each model: `gas MODEL.onnx ..`, committed for the least gas, with public inputs and the policy `label`; calldata counts. A row is
//! the name of a model and its gas.

#[path = "../tests/common/mod.rs"]
mod common;

use common::Case;
use provenn_circuits::argument::Objective;
use provenn_circuits::compile::default_samples;
use provenn_circuits::program::quantize_inputs;
use provenn_evm::KeyData;
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions};
use provenn_prover::prove::bind_inputs;
use provenn_prover::srs::Srs;
use provenn_prover::{commit, prove};
use provenn_verifier::{policy, Context};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    for path in std::env::args().skip(1).map(PathBuf::from) {
        match gas(&path) {
            Ok(gas) => println!("{} {gas}", path.file_stem().unwrap_or_default().to_string_lossy()),
            Err(reason) => {
                eprintln!("{}: {reason}", path.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn gas(path: &Path) -> Result<u64, String> {
    let options = CommitOptions {
        objective: Objective::Gas,
        ..CommitOptions::default()
    };
    let model = std::fs::read(path).map_err(text)?;
    let compiled = compile(&model, &options).map_err(text)?;
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [3; 32]);
    let committed = commit(&compiled, &options, &srs).map_err(text)?;
    let samples = default_samples(&compiled.graph, 1);
    let values = quantize_inputs(&committed.model, samples.first().ok_or("no sample")?).map_err(text)?;
    let inputs = bind_inputs(&committed, &srs, values).map_err(text)?;
    let (policy, context) = (policy::Label.into(), Context::default());
    let receipt = prove(&committed, &srs, &inputs, policy, context, &|_| {}).map_err(text)?;
    let key = srs_verifying_key(&srs).map_err(text)?;
    // A model that is too large for the contract is told as such.
    KeyData::new(&committed.card, &key).map_err(text)?;
    let case = Case::new("gas", committed.card, key, receipt);
    let outcome = case.call(&case.calldata(&case.receipt));
    match outcome.returned {
        Ok(_) => Ok(outcome.gas),
        Err(_) => Err(outcome.code()),
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
