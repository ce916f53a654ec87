//! Kernels of the prover and the verifier.

use criterion::{criterion_group, criterion_main, Criterion};
use halo2_proofs::arithmetic::{best_multiexp, g_to_lagrange};
use halo2_proofs::fft::recursive;
use halo2_proofs::poly::EvaluationDomain;
use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::PrimeField;
use halo2curves::group::prime::PrimeCurveAffine;
use provenn_benches::forty_products;
use provenn_circuits::compile::default_samples;
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_engine::{lagrange, Bases, Cells, Column, Domain, Entries, Path};
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions};
use provenn_prover::srs::Srs;
use provenn_prover::{commit, prove, Input};
use provenn_verifier::{policy, verify, Context, Expectation};
use rayon::prelude::*;

fn commitments(c: &mut Criterion) {
    let srs = Srs::dev_from_seed(12, [1; 32]);
    let points = srs.lagrange_points();
    let values: Vec<u64> = (0..points.len() as u64).map(|i| (i * 2_654_435_761) % 256).collect();
    let small: Vec<Fr> = values.iter().map(|&v| Fr::from(v)).collect();
    let full: Vec<Fr> = small.iter().map(|v| (*v + Fr::DELTA).square().square()).collect();
    for (kind, scalars) in [("8 bits", &small), ("full width", &full)] {
        for path in Path::all() {
            let bases = Bases::new(path, &points, &[]);
            let column = Column {
                cells: Cells::Field(scalars),
                tail: &[],
            };
            let name = format!("commit 8 columns of 2^12 cells of {kind}, {}", path.name());
            c.bench_function(&name, |b| b.iter(|| bases.commit(&[column; 8])));
        }
        c.bench_function(&format!("commit 2^12 cells of {kind}, library"), |b| {
            b.iter(|| best_multiexp(scalars, &points))
        });
    }
}

/// Lagrange points of an SRS that has none.
fn lagrange_points(c: &mut Criterion) {
    const K: u32 = 10;
    let srs = Srs::dev_from_seed(K, [1; 32]);
    let powers = srs.g1_points();
    for path in Path::all() {
        let name = format!("Lagrange points of 2^{K} powers, {}", path.name());
        c.bench_function(&name, |b| b.iter(|| lagrange(path, powers)));
    }
    c.bench_function(&format!("Lagrange points of 2^{K} powers, library"), |b| {
        b.iter(|| g_to_lagrange::<G1Affine>(powers.iter().map(G1Affine::to_curve).collect(), K))
    });
}

/// Helpers of a lookup of bytes: each cell is the sum of three entries.
fn helpers(c: &mut Criterion) {
    let srs = Srs::dev_from_seed(12, [1; 32]);
    let points = srs.lagrange_points();
    let table: Vec<Fr> = (0..256).map(|i| (Fr::from(i) + Fr::DELTA).square().square()).collect();
    let place = |row: u64, list: u64| ((row * 2_654_435_761) >> (8 * list)) % 256;
    let lists = [0, 1, 2].map(|list| (0..points.len() as u64).map(|row| place(row, list)).collect::<Vec<_>>());
    let places = [&lists[0][..], &lists[1], &lists[2]];
    let entries = Entries {
        table: &table,
        places: &places,
    };
    let column = Column {
        cells: Cells::Entries(entries),
        tail: &[],
    };
    for path in Path::all() {
        let bases = Bases::new(path, &points, &[]);
        let name = format!("commit 8 columns of 2^12 sums of 3 of 256 entries, {}", path.name());
        c.bench_function(&name, |b| b.iter(|| bases.commit(&[column; 8])));
    }
}

fn columns(c: &mut Criterion) {
    for k in [12, 16] {
        let column: Vec<Fr> = (0..1 << k).map(|i| (Fr::from(i) + Fr::DELTA).square()).collect();
        let eight = vec![column.clone(); 8];
        let terms: Vec<(&[Fr], Fr)> = eight.iter().map(|column| (column.as_slice(), Fr::DELTA)).collect();
        for path in Path::all() {
            let domain = Domain::new(path, k);
            c.bench_function(&format!("8 transforms of 2^{k} rows, {}", path.name()), |b| {
                b.iter(|| -> Vec<Vec<Fr>> { eight.par_iter().map(|column| domain.coefficients(column)).collect() })
            });
            // Two columns: what is not the program are three transforms for each piece.
            let (program, result) = forty_products();
            let name = format!("40 products and sums on 2 cosets of 2^{k} rows, {}", path.name());
            c.bench_function(&name, |b| {
                b.iter(|| domain.quotient(&program, (&[result], Fr::one()), &[&column, &column], 2))
            });
            c.bench_function(&format!("sum of 8 columns of 2^{k} rows, {}", path.name()), |b| {
                b.iter(|| path.combine(&terms, 1 << k))
            });
            c.bench_function(&format!("value of 2^{k} coefficients, {}", path.name()), |b| {
                b.iter(|| path.evaluate(&column, Fr::DELTA))
            });
        }
        let (domain, mut cells) = (EvaluationDomain::<Fr>::new(1, k), column.clone());
        let data = domain.get_fft_data(1 << k);
        c.bench_function(&format!("transform of 2^{k} rows, library"), |b| {
            b.iter(|| recursive::fft(&mut cells, domain.get_omega(), k, data, false))
        });
    }
}

fn receipts(c: &mut Criterion) {
    let Ok(compiled) = compile(
        include_bytes!("../../fixtures/models/digits_cnn.onnx"),
        &CommitOptions::default(),
    ) else {
        return;
    };
    let srs = Srs::dev_from_seed(compiled.layout.shape.k, [1; 32]);
    let (Ok(committed), Ok(key)) = (
        commit(&compiled, &CommitOptions::default(), &srs),
        srs_verifying_key(&srs),
    ) else {
        return;
    };
    let sample = default_samples(&compiled.graph, 1).remove(0);
    let Ok(values) = quantize_inputs(&committed.model, &sample) else {
        return;
    };
    c.bench_function("digits_cnn execute", |b| b.iter(|| execute(&committed.model, &values)));
    let inputs: Vec<Input> = values.into_iter().map(Input::Public).collect();
    let run = || {
        prove(
            &committed,
            &srs,
            &inputs,
            policy::Label.into(),
            Context::default(),
            &|_| {},
        )
    };
    let Ok(receipt) = run() else { return };
    let expectation = Expectation {
        accept_dev: true,
        ..Expectation::default()
    };
    c.bench_function("digits_cnn verify", |b| {
        b.iter(|| verify(&receipt, &committed.card, &key, &expectation))
    });
    c.bench_function("digits_cnn prove", |b| b.iter(run));
}

criterion_group! { name = kernels; config = Criterion::default().sample_size(10); targets = commitments, lagrange_points, helpers, columns, receipts }
criterion_main!(kernels);
