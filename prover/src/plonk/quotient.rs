//! Third stage, the quotient polynomial: all constraints, combined by `y`, divided by `X^n - 1`.

use super::gates::{self, Kind};
use super::transcript::Writer;
use super::{Columns, Context};
use crate::error::ProveError;
use ark_std::{end_timer, start_timer};
use halo2_proofs::plonk::Any;
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use provenn_engine::{Operand, Program};
use rand_core::RngCore;

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
    /// All columns in one list, in this order; the identity polynomial `X` follows.
    fn list(&self) -> Vec<&[Fr]> {
        let Self {
            fixed,
            advice,
            instance,
            permutation,
            products,
            selectors,
        } = self;
        let kinds = [fixed, advice, instance, permutation, products, selectors];
        let columns = kinds.into_iter().flatten().map(Vec::as_slice);
        columns.chain([IDENTITY]).collect()
    }
}

/// The coefficients of `X`.
const IDENTITY: &[Fr] = &[Fr::ZERO, Fr::ONE];

/// The coefficients of the quotient.
fn quotient(context: &Context<'_>, columns: &Columns, challenges: &Challenges<'_>) -> Vec<Fr> {
    let mut program = Program::default();
    let constraints = constraints(&mut program, context, columns, challenges);
    let pieces = context.cs().degree() - 1;
    let list = columns.list();
    let joined = (constraints.as_slice(), challenges.y);
    context.domain.quotient(&program, joined, &list, pieces)
}

/// Gates, then the permutation argument, in the order in which the verifier joins them by powers of `y`.
fn constraints(
    program: &mut Program,
    context: &Context<'_>,
    columns: &Columns,
    challenges: &Challenges<'_>,
) -> Vec<Operand> {
    let cs = context.cs();
    let Challenges { beta, gamma, .. } = *challenges;
    let (fixed, advice) = (columns.fixed.len(), columns.advice.len());
    let number = |kind: Kind, index: usize| match kind {
        Kind::Fixed => index,
        Kind::Advice => fixed + index,
        Kind::Instance => fixed + advice + index,
    };
    let permutations = fixed + advice + columns.instance.len();
    let products = permutations + columns.permutation.len();
    let selectors = products + columns.products.len();
    let cell = |column: usize| Operand::Column(column, 0);
    let [first, last, active, identity] = [0, 1, 2, 3].map(|i| cell(selectors + i));
    let mut constraints = vec![];
    for polynomial in cs.gates().iter().flat_map(|gate| gate.polynomials()) {
        let value = gates::expression(program, polynomial, challenges.circuit, &number);
        constraints.push(value);
    }
    let sets = columns.products.len();
    let one = program.constant(Fr::ONE);
    if sets > 0 {
        let difference = program.sub(one, cell(products));
        let value = program.mul(first, difference);
        constraints.push(value);
        let end = cell(products + sets - 1);
        let square = program.mul(end, end);
        let bit = program.sub(square, end);
        let value = program.mul(bit, last);
        constraints.push(value);
    }
    let to_last = -(cs.blinding_factors() as i32 + 1);
    for set in 1..sets {
        let difference = program.sub(cell(products + set), Operand::Column(products + set - 1, to_last));
        let value = program.mul(difference, first);
        constraints.push(value);
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
        let value = program.mul(difference, active);
        constraints.push(value);
    }
    constraints
}
