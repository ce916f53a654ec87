//! Third stage, the quotient polynomial: all constraints, combined by `y`, divided by `X^n - 1`.

use super::gates::{self, Kind};
use super::transcript::Writer;
use super::{Columns, Context, KeyColumns};
use crate::error::ProveError;
use ark_std::{end_timer, start_timer};
use halo2_proofs::plonk::Any;
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use provenn_engine::{Operand, Program};
use rand_core::RngCore;
use std::borrow::Cow;

/// What joins the constraints.
pub(super) struct Challenges<'a> {
    /// Challenges of the circuit.
    pub circuit: &'a [Fr],
    pub beta: Fr,
    pub gamma: Fr,
    pub y: Fr,
}

/// Commits to the quotient in `degree - 1` pieces of `n - 1` coefficients each, blinded.
///
/// A product of `d` columns has a degree of at most `d (n - 1)`, so the quotient has exactly `(d - 1)(n - 1)` coefficients.
/// Piece `i` gets a random `b_i` at coefficient `n - 1`, and `-b_i` is added at coefficient 0 of piece `i + 1`: `sum
/// X^((n - 1) i) piece_i` is the quotient still. The last piece has no blinder, `docs/zero-knowledge.md` says why it
/// shows nothing.
pub(super) fn commit<R: RngCore>(
    context: &Context<'_>,
    columns: &Columns,
    challenges: &Challenges<'_>,
    transcript: &mut Writer,
    rng: &mut R,
) -> Result<Vec<Vec<Fr>>, ProveError> {
    let quotient = quotient(context, columns, challenges);
    let pieces = blinded(&quotient, context.rows(), context.cs().degree() - 1, rng);
    let timer = start_timer!(|| "commit quotient");
    transcript.points(&context.bases.commit_coeff(&pieces))?;
    end_timer!(timer);
    Ok(pieces)
}

fn blinded<R: RngCore>(quotient: &[Fr], n: usize, count: usize, rng: &mut R) -> Vec<Vec<Fr>> {
    let mut carry = Fr::ZERO;
    let piece = |(index, coefficients): (usize, &[Fr])| {
        let mut piece = coefficients.to_vec();
        piece.resize(n, Fr::ZERO);
        piece[0] -= carry;
        if index + 1 < count {
            carry = Fr::random(&mut *rng);
            piece[n - 1] = carry;
        }
        piece
    };
    quotient.chunks(n - 1).take(count).enumerate().map(piece).collect()
}

impl Columns {
    /// All columns in one list: fixed, advice, instance, permutations, products, and the
    /// three selectors of the argument. The identity polynomial `X` follows.
    fn list<'a>(&'a self, key: &'a KeyColumns<'_>) -> Vec<&'a [Fr]> {
        let own = |columns: &'a [Vec<Fr>]| columns.iter().map(Vec::as_slice);
        let of_key = |columns: &'a [Cow<'_, [Fr]>]| columns.iter().map(|column| &**column);
        let fixed = of_key(&key.fixed.coefficients)
            .chain(own(&self.advice))
            .chain(own(&self.instance));
        let permutation = of_key(&key.permutation.coefficients).chain(own(&self.products));
        let selectors = of_key(&key.selectors);
        fixed.chain(permutation).chain(selectors).chain([IDENTITY]).collect()
    }
}

/// The coefficients of `X`.
const IDENTITY: &[Fr] = &[Fr::ZERO, Fr::ONE];

/// The coefficients of the quotient.
fn quotient(context: &Context<'_>, columns: &Columns, challenges: &Challenges<'_>) -> Vec<Fr> {
    let mut program = Program::default();
    let result = constraints(&mut program, context, columns, challenges);
    let pieces = context.cs().degree() - 1;
    let list = columns.list(context.key.columns());
    context.domain.quotient(&program.compile(result), &list, pieces)
}

/// Gates, then the permutation argument, combined by powers of `y` as the verifier does.
fn constraints(
    program: &mut Program,
    context: &Context<'_>,
    columns: &Columns,
    challenges: &Challenges<'_>,
) -> Operand {
    let (key, cs) = (context.key.columns(), context.cs());
    let Challenges { beta, gamma, y, .. } = *challenges;
    let (fixed, advice) = (key.fixed.coefficients.len(), columns.advice.len());
    let number = |kind: Kind, index: usize| match kind {
        Kind::Fixed => index,
        Kind::Advice => fixed + index,
        Kind::Instance => fixed + advice + index,
    };
    let permutations = fixed + advice + columns.instance.len();
    let products = permutations + key.permutation.coefficients.len();
    let selectors = products + columns.products.len();
    let cell = |column: usize| Operand::Column(column, 0);
    let [first, last, active, identity] = [0, 1, 2, 3].map(|i| cell(selectors + i));
    let mut values = vec![];
    for polynomial in cs.gates().iter().flat_map(|gate| gate.polynomials()) {
        values.push(gates::expression(program, polynomial, challenges.circuit, &number));
    }
    let sets = columns.products.len();
    let one = program.constant(Fr::ONE);
    if sets > 0 {
        let difference = program.sub(one, cell(products));
        values.push(program.mul(first, difference));
        let end = cell(products + sets - 1);
        let square = program.mul(end, end);
        let bit = program.sub(square, end);
        values.push(program.mul(bit, last));
    }
    let to_last = -(cs.blinding_factors() as i32 + 1);
    for set in 1..sets {
        let difference = program.sub(cell(products + set), Operand::Column(products + set - 1, to_last));
        values.push(program.mul(difference, first));
    }
    let (beta_operand, gamma_operand) = (program.constant(beta), program.constant(gamma));
    let chunk = cs.degree() - 2;
    let permuted = cs.permutation().get_columns();
    let mut delta = beta;
    for (set, group) in permuted.chunks(chunk).enumerate() {
        let (mut left, mut right) = (Operand::Column(products + set, 1), cell(products + set));
        for (index, column) in group.iter().enumerate() {
            let kind = match column.column_type() {
                Any::Advice(_) => Kind::Advice,
                Any::Fixed => Kind::Fixed,
                Any::Instance => Kind::Instance,
            };
            let value = program.add(cell(number(kind, column.index())), gamma_operand);
            let target = program.mul(beta_operand, cell(permutations + set * chunk + index));
            let target = program.add(value, target);
            left = program.mul(left, target);
            let step = program.constant(delta);
            let own = program.mul(step, identity);
            let own = program.add(value, own);
            right = program.mul(right, own);
            delta *= Fr::DELTA;
        }
        let difference = program.sub(left, right);
        values.push(program.mul(difference, active));
    }
    let y = program.constant(y);
    let zero = program.constant(Fr::ZERO);
    values.into_iter().fold(zero, |acc, value| {
        let scaled = program.mul(acc, y);
        program.add(scaled, value)
    })
}
