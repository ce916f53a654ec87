//! Runs one kernel once, for counting its instructions: `kernel NAME`, or `kernel` to list the names. Only what
//! happens inside of `measured` is to be counted; everything runs on one thread. `benches/instructions.py` drives it.

use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::fft::recursive;
use halo2_proofs::poly::EvaluationDomain;
use halo2curves::bn256::Fr;
use halo2curves::ff::PrimeField;
use provenn_benches::forty_products;
use provenn_circuits::compile::default_samples;
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_engine::{Bases, Cells, Column, Domain, Path};
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions, Committed};
use provenn_prover::srs::Srs;
use provenn_prover::{commit, prove, Input};
use provenn_verifier::{policy, verify, Context, Expectation, ModelCard, SrsVerifyingKey};
use std::error::Error;
use std::hint::black_box;

const NAMES: [&str; 10] = [
    "check",
    "compile",
    "execute",
    "msm-library",
    "msm-small",
    "program",
    "prove",
    "transform",
    "transform-library",
    "verify",
];

/// The part that is counted.
#[inline(never)]
fn measured<T>(kernel: impl FnOnce() -> T) -> T {
    black_box(kernel())
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let Some(name) = std::env::args().nth(1) else {
        println!("{}", NAMES.join("\n"));
        return Ok(());
    };
    // One thread, which is the one that counts.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| run(&name))
}

fn run(name: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    match name {
        "msm-library" | "msm-small" => multiexponentiation(name == "msm-small"),
        "program" | "transform" | "transform-library" => columns(name),
        _ => model(name)?,
    }
    Ok(())
}

/// A commitment to 2^10 cells of 8 bits.
fn multiexponentiation(small: bool) {
    let srs = Srs::dev_from_seed(10, [1; 32]);
    let points = srs.lagrange_points();
    let values: Vec<u64> = (0..points.len() as u64).map(|i| (i * 2_654_435_761) % 256).collect();
    let scalars: Vec<Fr> = values.iter().map(|&v| Fr::from(v)).collect();
    let bases = Bases::new(Path::of_machine(), &points, &[]);
    let column = Column {
        cells: Cells::Integers(&values),
        tail: &[],
    };
    match small {
        true => measured(|| bases.commit(&[column]).first().copied().unwrap_or_default()),
        false => measured(|| best_multiexp(&scalars, &points)),
    };
}

/// Columns: the transform of one of 2^12 rows, or a program of 40 products and sums of two of 2^9 rows on two cosets.
fn columns(name: &str) {
    const K: u32 = 12;
    let k = if name == "program" { 9 } else { K };
    let mut column: Vec<Fr> = (0..1 << k).map(|i| (Fr::from(i) + Fr::DELTA).square()).collect();
    let domain = Domain::new(Path::of_machine(), k);
    match name {
        "transform" => {
            measured(|| domain.coefficients(&column));
        }
        "transform-library" => {
            let domain = EvaluationDomain::<Fr>::new(1, K);
            let data = domain.get_fft_data(1 << K);
            measured(|| recursive::fft(&mut column, domain.get_omega(), K, data, false));
        }
        _ => {
            let (program, result) = forty_products();
            measured(|| domain.quotient(&program, (&[result], Fr::one()), &[&column, &column], 2));
        }
    }
}

fn model(name: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    const MODEL: &[u8] = include_bytes!("../../../fixtures/models/breast_cancer_mlp.onnx");
    let options = CommitOptions::default();
    if name == "compile" {
        measured(|| compile(MODEL, &options))?;
        return Ok(());
    }
    let compiled = compile(MODEL, &options)?;
    let sample = default_samples(&compiled.graph, 1).remove(0);
    let values = quantize_inputs(&compiled.model, &sample)?;
    if name == "execute" {
        measured(|| execute(&compiled.model, &values))?;
        return Ok(());
    }
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [1; 32]);
    let committed = commit(&compiled, &options, &srs)?;
    let key = srs_verifying_key(&srs)?;
    match name {
        "check" => measured(|| check(&committed, &key))?,
        "prove" => drop(measured(|| receipt(&committed, &srs, values))?),
        "verify" => {
            let receipt = receipt(&committed, &srs, values)?;
            let expectation = Expectation {
                accept_dev: true,
                ..Expectation::default()
            };
            let _verdict = measured(|| verify(&receipt, &committed.card, &key, &expectation))?;
        }
        other => return Err(format!("no kernel `{other}`; there are {}", NAMES.join(", ")).into()),
    }
    Ok(())
}

fn check(committed: &Committed, key: &SrsVerifyingKey) -> Result<(), Box<dyn Error + Send + Sync>> {
    ModelCard::from_bytes(&committed.card.to_bytes())?.check(key)?;
    Ok(())
}

fn receipt(committed: &Committed, srs: &Srs, values: Vec<Vec<i64>>) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    let inputs: Vec<Input> = values.into_iter().map(Input::Public).collect();
    let stage = |_| {};
    Ok(prove(
        committed,
        srs,
        &inputs,
        policy::Label.into(),
        Context::default(),
        &stage,
    )?)
}
