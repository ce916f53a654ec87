//! The two conditions of `docs/zero-knowledge.md`, for every key of the fixtures, counted in another way than the verifier does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use provenn_verifier::*;
use std::collections::{BTreeMap, BTreeSet};

/// Keys of cards, of the model and of its registration, and of colourings.
fn keys() -> Vec<(String, VerifyingKey)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/testkit");
    let files = ["files", "v2"].map(|folder| std::fs::read_dir(format!("{root}/{folder}")).unwrap());
    let mut keys = vec![];
    for entry in files.into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "card") {
            continue;
        }
        if let Ok(card) = ModelCard::from_bytes(&std::fs::read(&path).unwrap()) {
            let name = path.display().to_string();
            keys.push((format!("{name}: model"), card.key));
            keys.push((format!("{name}: registration"), card.registration.key));
        }
    }
    for colours in 2..=16 {
        let class = ColouringClass::of(colours, 1000).unwrap();
        keys.push((format!("{colours} colours"), class.key().unwrap()));
    }
    keys
}

/// Degree of a gate in one advice query.
fn degree(gate: &[Expr], query: u32) -> usize {
    let mut stack: Vec<usize> = vec![];
    for op in gate {
        let degree = match op {
            Expr::Advice(index) => usize::from(*index == query),
            Expr::Sum => stack.pop().unwrap().max(stack.pop().unwrap()),
            Expr::Product => stack.pop().unwrap() + stack.pop().unwrap(),
            Expr::Negated | Expr::Scaled(_) => stack.pop().unwrap(),
            _ => 0,
        };
        stack.push(degree);
    }
    stack.pop().unwrap()
}

/// Values that each advice column shows: its commitment, and an evaluation for each rotation.
fn shown(key: &KeyParts) -> BTreeMap<u32, u32> {
    let columns: BTreeSet<u32> = key.advice_queries.iter().map(|(column, _)| *column).collect();
    let rotations = |column| key.advice_queries.iter().filter(|query| query.0 == column).count() as u32;
    columns
        .into_iter()
        .map(|column| (column, 1 + rotations(column)))
        .collect()
}

#[test]
fn every_key_hides() {
    let keys = keys();
    assert!(keys.len() > 30);
    let mut without_copies = 0;
    for (name, key) in keys {
        let shown = shown(&key);
        assert!(shown.values().all(|values| *values <= key.tail_rows()), "{name}");
        if !key.permutation_columns.is_empty() {
            // Commitment, this row, the next one, and the last usable one or the spare.
            assert!(key.blinding_factors >= 4, "{name}");
            continue;
        }
        without_copies += 1;
        let spare = (0..).zip(&key.advice_queries).find(|(query, (column, rotation))| {
            let degrees = key.gates.iter().map(|gate| degree(gate, *query));
            *rotation != 0 && shown[column] < key.tail_rows() && degrees.max() == Some(1)
        });
        assert!(spare.is_some(), "{name}");
    }
    assert!(without_copies > 15);
}

#[test]
fn keys_that_do_not_hide_are_refused() {
    let keys = keys();
    let reason = |parts: KeyParts| match VerifyingKey::new(parts) {
        Err(VerifyError::KeyInvalid { reason }) => reason,
        other => other.map_or_else(|e| e.code(), |_| "accepted"),
    };
    let of = |copies: bool| {
        let wanted = |(_, key): &&(String, VerifyingKey)| key.permutation_columns.is_empty() != copies;
        KeyParts::clone(&keys.iter().find(wanted).unwrap().1)
    };
    let mut copies = of(true);
    copies.blinding_factors = 3;
    assert_eq!(reason(copies), "a permutation product with too few random cells");

    let few = |blinding_factors| {
        let mut parts = of(false);
        parts.blinding_factors = blinding_factors;
        reason(parts)
    };
    let most = shown(&of(false)).into_values().max().unwrap();
    assert_eq!(few(most - 2), "a column with too few random cells");
    assert_eq!(few(most - 1), "no column hides the quotient");
    assert_eq!(few(most), "accepted");

    // The rotated column squared, cancelled, and behind a selector that is zero.
    let edit_all = |gates: &mut Vec<Vec<Expr>>, change: &dyn Fn(&mut Vec<Expr>)| gates.iter_mut().for_each(change);
    let edit = |change: &dyn Fn(&mut Vec<Expr>)| {
        let mut parts = of(false);
        edit_all(&mut parts.gates, change);
        reason(parts)
    };
    let rotated = of(false).advice_queries.iter().position(|query| query.1 != 0).unwrap() as u32;
    let square = |gate: &mut Vec<Expr>| {
        let twice = |op: &Expr| match op {
            Expr::Advice(query) if *query == rotated => vec![*op, *op, Expr::Product],
            _ => vec![*op],
        };
        *gate = gate.iter().flat_map(twice).collect();
    };
    assert_eq!(edit(&square), "no column hides the quotient");
    let cancel = |gate: &mut Vec<Expr>| {
        let other = gate.clone();
        gate.extend(other);
        gate.extend([Expr::Negated, Expr::Sum]);
    };
    assert_eq!(edit(&cancel), "no column hides the quotient");
    let mut parts = of(false);
    parts.fixed_commitments.fill(provenn_bn254::G1Affine::IDENTITY);
    edit_all(&mut parts.gates, &|gate| {
        let selected = |op: &Expr| match op {
            Expr::Advice(query) if *query == rotated => vec![*op, Expr::Fixed(0), Expr::Product],
            _ => vec![*op],
        };
        *gate = gate.iter().flat_map(selected).collect();
    });
    assert_eq!(reason(parts), "no column hides the quotient");

    // Many columns that could hide it, none of which is read, and gates that are long to try.
    let mut parts = of(false);
    edit_all(&mut parts.gates, &cancel);
    for column in (parts.advice_phases.len() as u32..).take(64) {
        parts.advice_phases.push(0);
        parts.advice_queries.extend([(column, 0), (column, -1)]);
    }
    assert_eq!(reason(parts.clone()), "no column hides the quotient");
    let gate = parts.gates[0].clone();
    parts.gates.extend(vec![gate.clone(); (1 << 16) / gate.len()]);
    assert_eq!(reason(parts), "too-large");
}
