//! CPU time and memory of verification: `verify make FOLDER [+K] MODEL.onnx`, then `verify measure FOLDER` in a process of its own.
//!
//! `make` commits and proves, with `+2` at a `k` two larger than the cost model's choice; `measure` reads the card, the SRS key and the
//! receipt as a verifier would.

use provenn_circuits::compile::default_samples;
use provenn_circuits::layout::{Layout, Shape};
use provenn_circuits::program::quantize_inputs;
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions};
use provenn_prover::prove::bind_inputs;
use provenn_prover::srs::Srs;
use provenn_prover::{commit, prove};
use provenn_verifier::{policy, verify, verify_batch, Context, Expectation, Judged, ModelCard, SrsVerifyingKey};
use std::path::Path;
use std::sync::Arc;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", folder, model] => make(Path::new(folder), 0, model),
        ["make", folder, more, model] => make(Path::new(folder), more.parse()?, model),
        ["measure", folder] => measure(Path::new(folder)),
        _ => Err("usage: verify make FOLDER [+K] MODEL.onnx | verify measure FOLDER".into()),
    }
}

fn make(folder: &Path, more: u32, model: &str) -> Outcome {
    let options = CommitOptions::default();
    let mut compiled = compile(&std::fs::read(model)?, &options)?;
    let shape = Shape {
        k: compiled.layout.shape.k + more,
        ..compiled.layout.shape.clone()
    };
    compiled.layout = Arc::new(Layout::build(&compiled.model, shape)?);
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [3; 32]);
    let committed = commit(&compiled, &options, &srs)?;
    let values = quantize_inputs(&committed.model, &default_samples(&compiled.graph, 1)[0])?;
    let (inputs, context) = (bind_inputs(&committed, &srs, values)?, Context::default());
    let receipt = prove(&committed, &srs, &inputs, policy::Scores.into(), context, &|_| {})?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("card"), committed.card.to_bytes())?;
    std::fs::write(folder.join("srs"), srs_verifying_key(&srs)?.to_bytes())?;
    std::fs::write(folder.join("receipt"), receipt)?;
    println!("{}: k = {}", folder.display(), compiled.layout.shape.k);
    Ok(())
}

fn measure(folder: &Path) -> Outcome {
    let read = |name: &str| std::fs::read(folder.join(name));
    let (card, srs, receipt) = (read("card")?, read("srs")?, read("receipt")?);
    let expectation = Expectation {
        accept_dev: true,
        ..Expectation::default()
    };
    let single = || -> Outcome {
        let srs = SrsVerifyingKey::from_bytes(&srs)?;
        let card = ModelCard::from_bytes(&card)?.check(&srs)?;
        let _verdict = verify(&receipt, &card, &srs, &expectation)?;
        Ok(())
    };
    single()?;
    let peak = peak_kib();
    let loaded = mean(40, single)?;
    let srs = SrsVerifyingKey::from_bytes(&srs)?;
    let card = ModelCard::from_bytes(&card)?.check(&srs)?;
    let alone = mean(40, || {
        let _verdict = verify(&receipt, &card, &srs, &expectation)?;
        Ok(())
    })?;
    let items = vec![Judged::new(&receipt, &card, &expectation); 100];
    let batch = mean(1, || {
        let verdicts = verify_batch(&items, &srs);
        verdicts
            .map(drop)
            .map_err(|(at, error)| format!("{at}: {error}").into())
    })?;
    println!(
        "{}: k = {}, key {} bytes, card {} bytes, receipt {} bytes",
        folder.display(),
        card.key.k,
        card.key.to_bytes().len(),
        card.to_bytes().len(),
        receipt.len()
    );
    println!("  load SRS key and card, check the card, verify  {loaded:.2} ms CPU; peak resident memory after the first {peak} KiB");
    println!("  verify alone                   {alone:.2} ms CPU");
    println!(
        "  batch of 100                   {batch:.2} ms CPU, {:.2} of 100 single verifications that load key and card, {:.2} of 100 of a checked card",
        batch / (100.0 * loaded),
        batch / (100.0 * alone)
    );
    Ok(())
}

/// CPU milliseconds of a run: the least of five means, since other work on the machine only adds. The kernel counts in steps of some
/// milliseconds, so that each mean is over many runs.
fn mean(runs: u32, run: impl Fn() -> Outcome) -> Result<f64, Box<dyn std::error::Error>> {
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        let start = cpu_ms();
        for _ in 0..runs {
            run()?;
        }
        least = least.min((cpu_ms() - start) / f64::from(runs));
    }
    Ok(least)
}

/// Milliseconds this process has run: the first figure of `/proc/self/schedstat`, in nanoseconds.
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanos.unwrap_or(0.0) / 1e6
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap_or_default();
    let figure = line.split_whitespace().nth(1);
    figure.and_then(|figure| figure.parse().ok()).unwrap_or(0)
}
