//! From the library's verifying key to the compact one. The prover crate has the same function.

use halo2_proofs::plonk::{Any, Column, Expression, VerifyingKey as LibraryKey};
use halo2curves::bn256::{Fr, G1Affine};
use provenn_verifier::{ColumnKind, Expr, InstanceLayout, KeyParts, Linked, PermutationColumn, VerifyingKey};

pub fn compact(vk: &LibraryKey<G1Affine>, k: u32, linked: Linked, layout: Option<InstanceLayout>) -> VerifyingKey {
    let cs = vk.cs();
    assert!(cs.lookups().is_empty(), "the library's lookups are not supported");
    let parts = KeyParts {
        k,
        blinding_factors: small(cs.blinding_factors()),
        degree: small(cs.degree()),
        advice_phases: cs.advice_column_phase(),
        challenge_phases: cs.challenge_phase(),
        instance_columns: small(cs.num_instance_columns()),
        advice_queries: queries(cs.advice_queries()),
        instance_queries: queries(cs.instance_queries()),
        fixed_queries: queries(cs.fixed_queries()),
        fixed_commitments: points(vk.fixed_commitments()),
        permutation_columns: cs
            .permutation()
            .get_columns()
            .iter()
            .map(|column| PermutationColumn {
                kind: match column.column_type() {
                    Any::Advice(_) => ColumnKind::Advice,
                    Any::Fixed => ColumnKind::Fixed,
                    Any::Instance => ColumnKind::Instance,
                },
                index: small(column.index()),
            })
            .collect(),
        permutation_commitments: points(vk.permutation().commitments()),
        transcript_repr: vk.transcript_repr().into(),
        gates: Vec::new(),
        linked,
        layout,
    };
    let gates = cs
        .gates()
        .iter()
        .flat_map(|gate| gate.polynomials())
        .map(|polynomial| {
            let mut program = Vec::new();
            flatten(&parts, polynomial, &mut program);
            program
        })
        .collect();
    VerifyingKey::new(KeyParts { gates, ..parts }).unwrap()
}

fn points(points: &[G1Affine]) -> Vec<provenn_bn254::G1Affine> {
    points.iter().map(|point| (*point).into()).collect()
}

fn small(value: usize) -> u32 {
    u32::try_from(value).unwrap()
}

fn queries<C: halo2_proofs::plonk::ColumnType>(
    queries: &[(Column<C>, halo2_proofs::poly::Rotation)],
) -> Vec<(u32, i32)> {
    queries
        .iter()
        .map(|(column, rotation)| (small(column.index()), rotation.0))
        .collect()
}

fn flatten(key: &KeyParts, expression: &Expression<Fr>, program: &mut Vec<Expr>) {
    let place = |queries: &[(u32, i32)], column: usize, rotation: i32| {
        let query = (small(column), rotation);
        small(queries.iter().position(|other| *other == query).unwrap())
    };
    let op = match expression {
        Expression::Constant(value) => Expr::Constant((*value).into()),
        Expression::Selector(_) => panic!("selectors are fixed columns in a key"),
        Expression::Fixed(q) => Expr::Fixed(place(&key.fixed_queries, q.column_index(), q.rotation().0)),
        Expression::Advice(q) => Expr::Advice(place(&key.advice_queries, q.column_index(), q.rotation().0)),
        Expression::Instance(q) => Expr::Instance(place(&key.instance_queries, q.column_index(), q.rotation().0)),
        Expression::Challenge(challenge) => Expr::Challenge(small(challenge.index())),
        Expression::Negated(a) => {
            flatten(key, a, program);
            Expr::Negated
        }
        Expression::Sum(a, b) => {
            flatten(key, a, program);
            flatten(key, b, program);
            Expr::Sum
        }
        Expression::Product(a, b) => {
            flatten(key, a, program);
            flatten(key, b, program);
            Expr::Product
        }
        Expression::Scaled(a, factor) => {
            flatten(key, a, program);
            Expr::Scaled((*factor).into())
        }
    };
    program.push(op);
}
