//! From the library's verifying key to the compact key of the verifier crate.

use crate::error::{Defect, ProveError};
use halo2_proofs::plonk::{Any, Column, ColumnType, Expression, VerifyingKey as LibraryKey};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::{Fr, G1Affine};
use provenn_verifier::{ColumnKind, Expr, KeyParts, Linked, PermutationColumn, Purpose, RowSet, VerifyingKey};

/// Converts a key. The last instance columns of the circuit are those of `rows`, which the verifier evaluates by formulas.
///
/// # Errors
/// [`ProveError::ProofSystem`] if the key uses something that compact keys do not have.
pub fn compact(
    vk: &LibraryKey<G1Affine>,
    k: u32,
    linked: Linked,
    purpose: Purpose,
    rows: &[RowSet],
) -> Result<VerifyingKey, ProveError> {
    let cs = vk.cs();
    if !cs.lookups().is_empty() {
        return Err(Defect::Unsupported("lookups of the library").into());
    }
    let column = |column: &Column<Any>| {
        let kind = match column.column_type() {
            Any::Advice(_) => ColumnKind::Advice,
            Any::Fixed => ColumnKind::Fixed,
            Any::Instance => ColumnKind::Instance,
        };
        PermutationColumn {
            kind,
            index: column.index() as u32,
        }
    };
    let instance_columns = cs.num_instance_columns().saturating_sub(rows.len());
    let mut instance_queries = queries(cs.instance_queries());
    instance_queries.retain(|(column, _)| (*column as usize) < instance_columns);
    let parts = KeyParts {
        k,
        blinding_factors: cs.blinding_factors() as u32,
        degree: cs.degree() as u32,
        advice_phases: cs.advice_column_phase(),
        challenge_phases: cs.challenge_phase(),
        instance_columns: instance_columns as u32,
        computed_columns: (instance_columns as u32).saturating_sub(purpose.given_columns()),
        advice_queries: queries(cs.advice_queries()),
        instance_queries,
        fixed_queries: queries(cs.fixed_queries()),
        fixed_commitments: points(vk.fixed_commitments()),
        permutation_columns: cs.permutation().get_columns().iter().map(column).collect(),
        permutation_commitments: points(vk.permutation().commitments()),
        transcript_repr: vk.transcript_repr().into(),
        gates: Vec::new(),
        linked,
        purpose,
    };
    let polynomials = cs.gates().iter().flat_map(|gate| gate.polynomials());
    let gates = polynomials
        .map(|polynomial| program(&parts, rows, polynomial))
        .collect::<Result<_, _>>()?;
    VerifyingKey::new(KeyParts { gates, ..parts }).map_err(|e| Defect::Key(e).into())
}

fn points(points: &[G1Affine]) -> Vec<provenn_bn254::G1Affine> {
    points.iter().map(|point| (*point).into()).collect()
}

fn queries<C: ColumnType>(queries: &[(Column<C>, Rotation)]) -> Vec<(u32, i32)> {
    queries
        .iter()
        .map(|(column, rotation)| (column.index() as u32, rotation.0))
        .collect()
}

/// The postfix program of a polynomial.
fn program(key: &KeyParts, rows: &[RowSet], polynomial: &Expression<Fr>) -> Result<Vec<Expr>, ProveError> {
    let mut program = Vec::new();
    flatten(key, rows, polynomial, &mut program)?;
    Ok(program)
}

fn flatten(
    key: &KeyParts,
    rows: &[RowSet],
    expression: &Expression<Fr>,
    program: &mut Vec<Expr>,
) -> Result<(), ProveError> {
    let place = |queries: &[(u32, i32)], column: usize, rotation: Rotation| {
        let query = (column as u32, rotation.0);
        let index = queries.iter().position(|other| *other == query);
        index.map(|i| i as u32).ok_or(Defect::Query {
            column,
            rotation: rotation.0,
        })
    };
    let op = match expression {
        Expression::Constant(value) => Expr::Constant((*value).into()),
        Expression::Selector(_) => return Err(Defect::Unsupported("selectors").into()),
        Expression::Fixed(q) => Expr::Fixed(place(&key.fixed_queries, q.column_index(), q.rotation())?),
        Expression::Advice(q) => Expr::Advice(place(&key.advice_queries, q.column_index(), q.rotation())?),
        Expression::Instance(q) => {
            let rows = q
                .column_index()
                .checked_sub(key.instance_columns as usize)
                .map(|at| rows.get(at));
            match (rows, q.rotation().0) {
                (None, _) => Expr::Instance(place(&key.instance_queries, q.column_index(), q.rotation())?),
                (Some(Some(set)), 0) => Expr::Rows(*set),
                (Some(_), _) => return Err(Defect::Unsupported("rows of a set at a rotation").into()),
            }
        }
        Expression::Challenge(challenge) => Expr::Challenge(challenge.index() as u32),
        Expression::Negated(a) => {
            flatten(key, rows, a, program)?;
            Expr::Negated
        }
        Expression::Sum(a, b) => {
            flatten(key, rows, a, program)?;
            flatten(key, rows, b, program)?;
            Expr::Sum
        }
        Expression::Product(a, b) => {
            flatten(key, rows, a, program)?;
            flatten(key, rows, b, program)?;
            Expr::Product
        }
        Expression::Scaled(a, factor) => {
            flatten(key, rows, a, program)?;
            Expr::Scaled((*factor).into())
        }
    };
    program.push(op);
    Ok(())
}
