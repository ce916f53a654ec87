//! Times commit, prove and verify on ONNX files, in CPU seconds and in units of M20 (one library MSM of 2^20 random
//! scalars): `models [--m20] MODEL.onnx ...`. Inputs are the seeded default samples. After `--m20` the forecast of the
//! cost model is checked against the measurement of each proof, and one that is off by half fails the bench.

use provenn_circuits::argument::{Cost, Counts, Objective};
use provenn_circuits::compile::default_samples;
use provenn_circuits::layout::Shape;
use provenn_circuits::program::quantize_inputs;
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions};
use provenn_prover::prove::bind_inputs;
use provenn_prover::srs::Srs;
use provenn_prover::{commit, machine, prove};
use provenn_verifier::{policy, verify, Context, Expectation};
use std::time::Instant;

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = [11, 12]
        .iter()
        .filter_map(|&i| fields.get(i)?.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|l| l.starts_with("VmHWM:"))
        .unwrap_or_default()
        .to_string();
    line.split_whitespace()
        .nth(1)
        .and_then(|v| v.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

fn timed<T>(what: &str, f: impl FnOnce() -> T) -> T {
    costed(what, f).0
}

/// The result and its CPU seconds.
fn costed<T>(what: &str, f: impl FnOnce() -> T) -> (T, f64) {
    let (wall, before) = (Instant::now(), cpu_seconds());
    let result = f();
    let cpu = cpu_seconds() - before;
    println!(
        "  {what:<10} {:>8.3} s wall {cpu:>8.2} s CPU  peak {} MiB",
        wall.elapsed().as_secs_f64(),
        peak_mib()
    );
    (result, cpu)
}

/// Seconds between two ticks of the clock of CPU time, and what is long enough to be measured by it.
const TICK: f64 = 0.01;
const ENOUGH: f64 = 1.0;

/// Largest factor between forecast and measurement.
const TOLERANCE: f64 = 1.5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut unit, mut off) = (None, vec![]);
    let (mut objective, mut committed_input) = (Objective::default(), false);
    for argument in std::env::args().skip(1) {
        if argument == "--m20" {
            unit = Some(m20());
            continue;
        }
        if argument == "--committed-input" {
            committed_input = true;
            continue;
        }
        if let Some(name) = argument.strip_prefix("--optimize=") {
            objective = name.parse()?;
            continue;
        }
        println!("{argument}");
        let bytes = std::fs::read(&argument)?;
        let options = CommitOptions {
            objective,
            committed_inputs: committed_input.into(),
            ..CommitOptions::default()
        };
        let compiled = timed("compile", || compile(&bytes, &options))?;
        let shape = &compiled.layout.shape;
        let counts = Counts::of(shape);
        let forecast = Cost::of(shape);
        for choice in &compiled.choices {
            let Shape {
                k,
                lanes,
                weight_lanes,
                line_columns,
                ..
            } = choice.shape;
            println!(
                "  {:<9} 2^{k}, {lanes} lanes, {line_columns} x {weight_lanes}: {:?}",
                choice.objective.name(),
                choice.cost
            );
        }
        println!(
            "  {shape:?}\n  columns: small {} full {} fixed {}; rows (line, activation, powers) {:?}; predicted {:.3} M20, {} bytes",
            counts.small,
            counts.full(),
            counts.fixed(),
            compiled.layout.used_rows(),
            forecast.prove_m20_on(machine()),
            forecast.receipt_bytes
        );
        let srs = timed("srs", || Srs::dev_from_seed(shape.k, [3; 32]));
        let committed = timed("commit", || commit(&compiled, &options, &srs))?;
        let sample = default_samples(&compiled.graph, 1).remove(0);
        let values = quantize_inputs(&committed.model, &sample)?;
        let inputs = bind_inputs(&committed, &srs, values)?;
        let make = || {
            prove(
                &committed,
                &srs,
                &inputs,
                policy::Scores.into(),
                Context::default(),
                &|_| {},
            )
        };
        let (receipt, mut cpu) = costed("prove", make);
        let receipt = receipt?;
        // The mean of as many as the clock can tell apart.
        if unit.is_some() && cpu < ENOUGH {
            let more = (ENOUGH / cpu.max(TICK)).ceil() as usize;
            let before = cpu_seconds();
            for _ in 0..more {
                make()?;
            }
            cpu = (cpu + cpu_seconds() - before) / (more + 1) as f64;
        }
        if let Some(unit) = unit {
            let (measured, forecast) = (cpu / unit, forecast.prove_m20_on(machine()));
            println!("  forecast {forecast:.4} M20, measured {measured:.4} M20");
            if !(1.0 / TOLERANCE..=TOLERANCE).contains(&(measured / forecast)) {
                off.push(argument.clone());
            }
        }
        let key = srs_verifying_key(&srs)?;
        let accept = Expectation {
            accept_dev: true,
            ..Expectation::default()
        };
        let verdict = timed("verify", || verify(&receipt, &committed.card, &key, &accept))?;
        let start = Instant::now();
        for _ in 0..10 {
            let _again = verify(&receipt, &committed.card, &key, &accept)?;
        }
        println!(
            "  verify     {:.2} ms; receipt {} bytes, card {} bytes",
            start.elapsed().as_secs_f64() * 100.0,
            receipt.len(),
            committed.card.to_bytes().len()
        );
        let body = verdict.claim().body.inference();
        println!("  policy {}", body.expect("an inference").policy);
    }
    match off.is_empty() {
        true => Ok(()),
        false => Err(format!("forecasts are off by more than {TOLERANCE}: {}", off.join(", ")).into()),
    }
}

/// CPU seconds of one library multi-exponentiation of 2^20 random scalars.
fn m20() -> f64 {
    use halo2_proofs::arithmetic::best_multiexp;
    use halo2curves::bn256::Fr;
    use halo2curves::ff::Field;
    let srs = Srs::dev_from_seed(20, [5; 32]);
    let scalars: Vec<Fr> = (0..1 << 20).map(|_| Fr::random(rand_core::OsRng)).collect();
    println!("M20");
    costed("msm", || best_multiexp(&scalars, srs.g1_points())).1
}
