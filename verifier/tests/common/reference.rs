//! A verifier of our protocol made of the library's parts: its transcript, its expressions, its opening.
//!
//! The library's own `verify_proof` cannot judge our proofs: its quotient is split at `n` and hidden by a random
//! polynomial. What both express is the same, and here the library does it: reading messages and drawing challenges,
//! evaluating gates from the constraint system (ours runs the compact key), grouping and checking openings. What is
//! written again, naively, is the order of messages, the permutation and the join of the quotient.

use halo2_proofs::plonk::{Any, ConstraintSystem, VerifyingKey};
use halo2_proofs::poly::commitment::{ParamsProver, Verifier};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2_proofs::poly::{EvaluationDomain, Rotation, VerificationStrategy, VerifierQuery};
use halo2_proofs::transcript::{Blake2bRead, Challenge255, Transcript, TranscriptRead, TranscriptReadBuffer};
use halo2curves::bn256::{Bn256, Fr, G1Affine, G1};
use halo2curves::ff::{Field, PrimeField};
use halo2curves::group::Curve;

type Reader<'a> = Blake2bRead<&'a [u8], G1Affine, Challenge255<G1Affine>>;

/// Reads messages; whatever is no message ends the verification.
struct Messages<'a>(Reader<'a>);

impl Messages<'_> {
    fn points(&mut self, count: usize) -> Option<Vec<G1Affine>> {
        (0..count).map(|_| self.0.read_point().ok()).collect()
    }

    fn scalars(&mut self, count: usize) -> Option<Vec<Fr>> {
        (0..count).map(|_| self.0.read_scalar().ok()).collect()
    }

    fn challenge(&mut self) -> Fr {
        *self.0.squeeze_challenge_scalar::<()>()
    }
}

/// Whether a proof holds. `prefix` is what the transcript absorbs first, `computed` makes the public columns after those that
/// are given from the challenges; bytes after the proof are not looked at.
pub fn accepts(
    params: &ParamsKZG<Bn256>,
    vk: &VerifyingKey<G1Affine>,
    prefix: Fr,
    columns: &[Vec<Fr>],
    computed: &dyn Fn(&[Fr]) -> Vec<Vec<Fr>>,
    proof: &[u8],
) -> bool {
    check(params, vk, prefix, columns, computed, proof).is_some()
}

fn check(
    params: &ParamsKZG<Bn256>,
    vk: &VerifyingKey<G1Affine>,
    prefix: Fr,
    columns: &[Vec<Fr>],
    computed: &dyn Fn(&[Fr]) -> Vec<Vec<Fr>>,
    proof: &[u8],
) -> Option<()> {
    let cs = vk.cs();
    let k = params.get_g().len().trailing_zeros();
    let domain = EvaluationDomain::<Fr>::new(cs.degree() as u32, k);
    let mut messages = Messages(Reader::init(proof));
    for scalar in [prefix, vk.transcript_repr()].iter().chain(columns.iter().flatten()) {
        messages.0.common_scalar(*scalar).ok()?;
    }
    let (advice, challenges) = phases(cs, &mut messages)?;
    let columns = [columns, &computed(&challenges)].concat();
    let _theta = messages.challenge();
    let (beta, gamma) = (messages.challenge(), messages.challenge());
    let permuted = cs.permutation().get_columns();
    let sets = permuted.len().div_ceil(cs.degree() - 2);
    let products = messages.points(sets)?;
    let y = messages.challenge();
    let pieces = messages.points(cs.degree() - 1)?;
    let x = messages.challenge();
    let advice_evals = messages.scalars(cs.advice_queries().len())?;
    let fixed_evals = messages.scalars(cs.fixed_queries().len())?;
    let sigma_evals = messages.scalars(permuted.len())?;
    let mut product_evals = vec![];
    for set in 1..=sets {
        product_evals.push(messages.scalars(if set < sets { 3 } else { 2 })?);
    }

    // Row `i` of a polynomial has the weight `L_i`; nothing here is fast.
    let n = 1usize << k;
    let xn = x.pow([n as u64]);
    let lagrange = |row: usize| {
        let omega = domain.get_omega().pow([row as u64]);
        let divisor: Option<Fr> = (x - omega).invert().into();
        divisor.map(|d| d * omega * (xn - Fr::ONE) * domain.ifft_divisor)
    };
    let weights: Vec<Fr> = (0..n).map(lagrange).collect::<Option<_>>()?;
    let instance_eval = |column: usize, rotation: i32| -> Fr {
        let cells = columns[column].iter().enumerate();
        let weight = |row: usize| weights[(row as i64 - i64::from(rotation)).rem_euclid(n as i64) as usize];
        cells.map(|(row, value)| *value * weight(row)).sum()
    };
    let advice_eval = |column: usize, rotation: i32| {
        let place = cs
            .advice_queries()
            .iter()
            .position(|(c, r)| (c.index(), r.0) == (column, rotation));
        advice_evals[place.unwrap()]
    };
    let fixed_eval = |column: usize, rotation: i32| {
        let place = cs
            .fixed_queries()
            .iter()
            .position(|(c, r)| (c.index(), r.0) == (column, rotation));
        fixed_evals[place.unwrap()]
    };
    let mut constraints: Vec<Fr> = vec![];
    for polynomial in cs.gates().iter().flat_map(|gate| gate.polynomials()) {
        constraints.push(polynomial.evaluate(
            &|value| value,
            &|_| unreachable!("keys have no selectors"),
            &|q| fixed_eval(q.column_index(), q.rotation().0),
            &|q| advice_eval(q.column_index(), q.rotation().0),
            &|q| instance_eval(q.column_index(), q.rotation().0),
            &|challenge| challenges[challenge.index()],
            &|a| -a,
            &|a, b| a + b,
            &|a, b| a * b,
            &|a, factor| a * factor,
        ));
    }
    let last_row = n - cs.blinding_factors() - 1;
    let (first, last) = (weights[0], weights[last_row]);
    let active = Fr::ONE - weights[last_row..].iter().sum::<Fr>();
    if let (Some(start), Some(end)) = (product_evals.first(), product_evals.last()) {
        constraints.push(first * (Fr::ONE - start[0]));
        constraints.push(last * (end[0].square() - end[0]));
    }
    for pair in product_evals.windows(2) {
        constraints.push(first * (pair[1][0] - pair[0][2]));
    }
    let value = |index: usize| match permuted[index].column_type() {
        Any::Advice(_) => advice_eval(permuted[index].index(), 0),
        Any::Fixed => fixed_eval(permuted[index].index(), 0),
        Any::Instance => instance_eval(permuted[index].index(), 0),
    };
    for (set, evals) in product_evals.iter().enumerate() {
        let group = set * (cs.degree() - 2)..permuted.len().min((set + 1) * (cs.degree() - 2));
        let moved = |i: usize| value(i) + beta * sigma_evals[i] + gamma;
        let own = |i: usize| value(i) + beta * Fr::DELTA.pow([i as u64]) * x + gamma;
        let left = group.clone().map(moved).product::<Fr>() * evals[1];
        let right = group.map(own).product::<Fr>() * evals[0];
        constraints.push(active * (left - right));
    }
    let divisor: Option<Fr> = (xn - Fr::ONE).invert().into();
    let quotient_eval = constraints.iter().fold(Fr::ZERO, |sum, value| sum * y + value) * divisor?;
    let step = x.pow([n as u64 - 1]);
    let joined = pieces
        .iter()
        .rev()
        .fold(G1::default(), |sum, piece| sum * step + piece)
        .to_affine();

    let at = |rotation: i32| domain.rotate_omega(x, Rotation(rotation));
    let mut queries = vec![];
    let mut open = |commitment, point, eval| queries.push(VerifierQuery::new_commitment(commitment, point, eval));
    for ((column, rotation), eval) in cs.advice_queries().iter().zip(&advice_evals) {
        open(&advice[column.index()], at(rotation.0), *eval);
    }
    for (product, evals) in products.iter().zip(&product_evals) {
        open(product, x, evals[0]);
        open(product, at(1), evals[1]);
    }
    for (product, evals) in products.iter().zip(&product_evals).rev().skip(1) {
        open(product, at(-(cs.blinding_factors() as i32 + 1)), evals[2]);
    }
    for ((column, rotation), eval) in cs.fixed_queries().iter().zip(&fixed_evals) {
        open(&vk.fixed_commitments()[column.index()], at(rotation.0), *eval);
    }
    for (sigma, eval) in vk.permutation().commitments().iter().zip(&sigma_evals) {
        open(sigma, x, *eval);
    }
    open(&joined, x, quotient_eval);
    let verifier = VerifierSHPLONK::new(params);
    let strategy = SingleStrategy::new(params);
    type Opening<'a> = VerifierSHPLONK<'a, Bn256>;
    let opened = VerificationStrategy::<KZGCommitmentScheme<Bn256>, Opening<'_>>::process(strategy, |msm| {
        let opened = verifier.verify_proof(&mut messages.0, queries, msm);
        opened.map_err(|_| halo2_proofs::plonk::Error::Opening)
    });
    opened.ok()
}

/// Commitments of advice columns and the challenges of the circuit, phase by phase.
fn phases(cs: &ConstraintSystem<Fr>, messages: &mut Messages<'_>) -> Option<(Vec<G1Affine>, Vec<Fr>)> {
    let of = cs.advice_column_phase();
    let mut advice = vec![G1Affine::default(); of.len()];
    let mut challenges = vec![Fr::ZERO; cs.challenge_phase().len()];
    for phase in 0..=of.iter().copied().max().unwrap_or(0) {
        for column in (0..of.len()).filter(|column| of[*column] == phase) {
            advice[column] = messages.points(1)?[0];
        }
        for challenge in (0..challenges.len()).filter(|index| cs.challenge_phase()[*index] == phase) {
            challenges[challenge] = messages.challenge();
        }
    }
    Some((advice, challenges))
}
