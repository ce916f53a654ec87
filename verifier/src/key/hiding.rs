//! The two conditions under which proofs for a key hide their witness; the argument is `docs/zero-knowledge.md`.

use super::expr::{evaluate, Evals};
use super::validate::require;
use super::KeyParts;
use crate::codec::{at_most, wide};
use crate::error::VerifyError;
use crate::plonk::RowEvals;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// Rotations of a permutation product; the last product has one less.
const PRODUCT_ROTATIONS: u32 = 3;

/// Most gate operations for each value that candidates are tried with.
const MAX_TRIED: usize = 1 << 22;

/// A column shows its commitment and an evaluation for each rotation, so it needs as many random cells. The quotient
/// shows one value more: some column that enters it linearly under a rotation needs a spare cell.
pub(super) fn check(key: &KeyParts) -> Result<(), VerifyError> {
    let mut rotations = BTreeMap::<u32, u32>::new();
    for (column, _) in &key.advice_queries {
        let count = rotations.entry(*column).or_default();
        *count = count.saturating_add(1);
    }
    let hidden = |count: &u32| count.saturating_add(1) <= key.tail_rows();
    require(rotations.values().all(hidden), "a column with too few random cells")?;
    if !key.permutation_columns.is_empty() {
        // The last product enters linearly at the next row, and its missing rotation leaves the spare cell.
        return require(
            PRODUCT_ROTATIONS < key.blinding_factors,
            "a permutation product with too few random cells",
        );
    }
    let spare = |column: &u32| {
        rotations
            .get(column)
            .is_some_and(|count| hidden(&count.saturating_add(1)))
    };
    let queries = key.advice_queries.iter().enumerate();
    let candidates = queries.filter(|(_, (column, rotation))| *rotation != 0 && spare(column));
    let candidates: Vec<usize> = candidates.map(|(query, _)| query).collect();
    // Each is tried on all gates, and whoever makes a key chooses both numbers.
    let ops = key
        .gates
        .iter()
        .fold(0usize, |sum, gate| sum.saturating_add(gate.len()));
    at_most(MAX_TRIED, candidates.len().saturating_mul(ops))?;
    for query in candidates {
        if is_linear(key, query)? {
            return Ok(());
        }
    }
    require(false, "no column hides the quotient")
}

/// Whether the joined gates are linear in an advice query, with a coefficient that is not zero, when everything else
/// takes random values. Whoever makes a key could outwit this test, but would outwit nobody else: keys hide the
/// witness of those who made them, or rebuilt them.
fn is_linear(key: &KeyParts, query: usize) -> Result<bool, VerifyError> {
    let fixed = key.fixed_queries.iter().enumerate().map(|(index, (column, _))| {
        let commitment = key.fixed_commitments.get(crate::codec::size(*column));
        match commitment.is_some_and(|point| point.is_identity()) {
            true => Fr::ZERO,
            false => random(0, index),
        }
    });
    let fixed: Vec<Fr> = fixed.collect();
    let some = |kind: u8, count: usize| (0..count).map(|index| random(kind, index)).collect::<Vec<Fr>>();
    let mut advice = some(1, key.advice_queries.len());
    let (instance, challenges) = (some(2, key.instance_queries.len()), some(3, key.challenge_phases.len()));
    let [last_usable, last, blind, first] = [0, 1, 2, 3].map(|index| random(6, index));
    let rows = RowEvals {
        last_usable,
        last,
        blind,
        first,
    };
    let mut joined = |value: Fr| {
        if let Some(eval) = advice.get_mut(query) {
            *eval = value;
        }
        let evals = Evals {
            rows: &rows,
            fixed: &fixed,
            advice: &advice,
            instance: &instance,
            challenges: &challenges,
        };
        let (y, mut stack) = (random(4, 0), Vec::new());
        let join = |sum: Fr, gate: &Vec<_>| Ok::<_, VerifyError>(sum * y + evaluate(gate, &evals, &mut stack)?);
        key.gates.iter().try_fold(Fr::ZERO, join)
    };
    let (at_zero, at_one) = (joined(Fr::ZERO)?, joined(Fr::ONE)?);
    let at = random(5, 0);
    let slope = at_one - at_zero;
    Ok(!slope.is_zero() && joined(at)? == at_zero + slope * at)
}

/// A value that no gate was made for.
fn random(kind: u8, index: usize) -> Fr {
    let mut state = blake2b_simd::Params::new()
        .hash_length(64)
        .personal(b"Provenn-Hiding--")
        .to_state();
    state.update(&[kind]).update(&wide(index).to_le_bytes());
    Fr::from_wide_bytes(state.finalize().as_array())
}
