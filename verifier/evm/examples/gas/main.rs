//! Gas of a receipt for each model: `gas [--where] [--burnt] MODEL.onnx ..`, committed for the least gas, with public inputs and the policy `label`; calldata
//! counts. A row is the name of a model and its gas.
//!
//! With `--burnt` a row has the gas of a contract with the key burnt in besides (`burn.mjs` says what is), and by how many percent key data is dearer; with
//! `--where` the gas of each function follows. Both need node, and `npm ci` in the folder of this crate.

#[path = "../../tests/common/mod.rs"]
mod common;
mod profile;

use common::chain::GAS;
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
    let (options, models): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let asked = |name: &str| options.iter().any(|option| option == name);
    for path in models.iter().map(PathBuf::from) {
        if let Err(reason) = row(&path, asked("--burnt"), asked("--where")) {
            eprintln!("{}: {reason}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn row(path: &Path, burnt: bool, sections: bool) -> Result<(), String> {
    let mut case = case(path)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let call = case.calldata(&case.receipt);
    let outcome = case.call(&call);
    outcome.returned.as_ref().map_err(|_| outcome.code())?;
    let gas = outcome.gas;
    match burnt {
        false => println!("{name} {gas}"),
        true => {
            let code = profile::script("burn.mjs", &profile::hex(&case.data.code))?;
            let contract = case.chain.place(&profile::bytes(&code)?);
            let outcome = case.chain.call(contract, &call.encode(case.key.into_array()), GAS);
            outcome.returned.as_ref().map_err(|_| outcome.code())?;
            let more = 100.0 * (gas as f64 / outcome.gas as f64 - 1.0);
            println!("{name} {gas} {} {more:.1}", outcome.gas);
        }
    }
    if sections {
        let data = call.encode(case.key.into_array());
        for (section, gas) in profile::sections(&case, &data, gas)? {
            println!("{gas:>9} {section}");
        }
    }
    Ok(())
}

fn case(path: &Path) -> Result<Case, String> {
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
    Ok(Case::new("gas", committed.card, key, receipt))
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
