//! Gas of a receipt for each model: `gas MODEL.onnx ..`, committed for the least gas, with public inputs and the policy `label`; calldata counts. A row is
//! the name of a model and its gas.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "stops where something is wrong")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::Case;
use provenn_circuits::argument::Objective;
use provenn_circuits::compile::default_samples;
use provenn_circuits::program::quantize_inputs;
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions};
use provenn_prover::prove::bind_inputs;
use provenn_prover::srs::Srs;
use provenn_prover::{commit, prove};
use provenn_verifier::{policy, Context, SrsVerifyingKey};
use std::path::Path;

fn main() {
    for path in std::env::args().skip(1) {
        let options = CommitOptions {
            objective: Objective::Gas,
            ..CommitOptions::default()
        };
        let compiled = compile(&std::fs::read(&path).expect("a model"), &options).expect("a model that is supported");
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [3; 32]);
        let committed = commit(&compiled, &options, &srs).unwrap();
        let values = quantize_inputs(&committed.model, &default_samples(&compiled.graph, 1)[0]).unwrap();
        let inputs = bind_inputs(&committed, &srs, values).unwrap();
        let receipt = prove(
            &committed,
            &srs,
            &inputs,
            policy::Label.into(),
            Context::default(),
            &|_| {},
        )
        .unwrap();
        let srs = SrsVerifyingKey::from_bytes(&srs_verifying_key(&srs).unwrap().to_bytes()).unwrap();
        let name = Path::new(&path).file_stem().unwrap().to_string_lossy().into_owned();
        let case = Case::new(&name, committed.card, srs, receipt);
        let outcome = case.call(&case.calldata(&case.receipt));
        assert!(outcome.returned.is_ok(), "{name}: {}", outcome.code());
        println!("{name} {}", outcome.gas);
    }
}
