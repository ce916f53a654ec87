//! The rules a verifying key must satisfy before anything is computed from it.

use super::expr::{self, Bounds, MAX_OPS};
use super::hiding;
use super::{ColumnKind, InputLayout, KeyParts, Linked, MAX_K};
use crate::codec::{at_most, size};
use crate::error::VerifyError;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// Most columns of one kind, permutation columns, challenges.
pub(super) const MAX_COLUMNS: usize = 4096;
/// Most queries of one kind.
pub(super) const MAX_QUERIES: usize = 8192;
/// Most gate polynomials.
pub(super) const MAX_GATES: usize = 1 << 16;
/// Most distinct rotations.
const MAX_ROTATIONS: usize = 64;
/// Largest rotation of an instance query: the verifier evaluates that many rows more than the columns have.
const MAX_INSTANCE_ROTATION: u32 = 1 << 10;
/// Largest constraint degree.
const MAX_DEGREE: u32 = 17;
/// Most blinding factors.
const MAX_BLINDING: u32 = 256;
/// Phases of the protocol.
const PHASES: u8 = 3;

pub(super) fn require(condition: bool, reason: &'static str) -> Result<(), VerifyError> {
    match condition {
        true => Ok(()),
        false => Err(VerifyError::KeyInvalid { reason }),
    }
}

/// Checks `key` and returns, for each permutation column, the index of its query at rotation 0.
pub(super) fn validate(key: &KeyParts) -> Result<Vec<usize>, VerifyError> {
    at_most(size(MAX_K), size(key.k))?;
    require((3..=MAX_DEGREE).contains(&key.degree), "degree")?;
    require((1..=MAX_BLINDING).contains(&key.blinding_factors), "blinding factors")?;
    // Rotations stay below half the rows, so that distinct rotations are distinct points.
    let half = key.rows() >> 1;
    require(u64::from(key.tail_rows()) < half, "too few rows")?;
    phases(key)?;
    queries(key, half)?;
    points(key)?;
    programs(key)?;
    linked(key)?;
    purpose(key)?;
    hiding::check(key)?;
    key.permutation_columns
        .iter()
        .map(|column| {
            let queries = match column.kind {
                ColumnKind::Advice => &key.advice_queries,
                ColumnKind::Fixed => &key.fixed_queries,
                ColumnKind::Instance => &key.instance_queries,
            };
            queries
                .iter()
                .position(|query| *query == (column.index, 0))
                .ok_or(VerifyError::KeyInvalid {
                    reason: "permutation column without a query",
                })
        })
        .collect()
}

fn phases(key: &KeyParts) -> Result<(), VerifyError> {
    at_most(MAX_COLUMNS, key.advice_phases.len())?;
    at_most(MAX_COLUMNS, key.challenge_phases.len())?;
    at_most(MAX_COLUMNS, size(key.instance_columns))?;
    require(key.advice_phases.iter().all(|phase| *phase < PHASES), "advice phase")?;
    // A challenge of a phase without columns would be drawn before anything is fixed, or never.
    require(
        key.challenge_phases
            .iter()
            .all(|phase| key.advice_phases.contains(phase)),
        "challenge phase",
    )
}

fn queries(key: &KeyParts, half: u64) -> Result<(), VerifyError> {
    let kinds = [
        (&key.advice_queries, key.advice_phases.len()),
        (&key.instance_queries, size(key.instance_columns)),
        (&key.fixed_queries, key.fixed_commitments.len()),
    ];
    let mut rotations = BTreeSet::new();
    for (queries, columns) in kinds {
        at_most(MAX_QUERIES, queries.len())?;
        let mut seen = BTreeSet::new();
        for (column, rotation) in queries {
            require(size(*column) < columns, "query of an unknown column")?;
            require(u64::from(rotation.unsigned_abs()) < half, "rotation too large")?;
            require(seen.insert((column, rotation)), "query listed twice")?;
            rotations.insert(*rotation);
        }
    }
    at_most(MAX_ROTATIONS, rotations.len())?;
    let instance = key.instance_queries.iter().map(|(_, rotation)| rotation.unsigned_abs());
    at_most(size(MAX_INSTANCE_ROTATION), size(instance.max().unwrap_or(0)))
}

fn points(key: &KeyParts) -> Result<(), VerifyError> {
    at_most(MAX_COLUMNS, key.fixed_commitments.len())?;
    at_most(MAX_COLUMNS, key.permutation_columns.len())?;
    require(
        key.permutation_columns.len() == key.permutation_commitments.len(),
        "permutation columns and commitments differ in number",
    )?;
    let distinct: BTreeSet<_> = key.permutation_columns.iter().collect();
    require(
        distinct.len() == key.permutation_columns.len(),
        "permutation column listed twice",
    )?;
    match key.permutation_commitments.iter().any(|point| point.is_identity()) {
        true => Err(VerifyError::BadPoint),
        false => Ok(()),
    }
}

fn programs(key: &KeyParts) -> Result<(), VerifyError> {
    at_most(MAX_GATES, key.gates.len())?;
    let ops = key
        .gates
        .iter()
        .fold(0usize, |sum, gate| sum.saturating_add(gate.len()));
    at_most(MAX_OPS, ops)?;
    let bounds = Bounds {
        fixed: key.fixed_queries.len(),
        advice: key.advice_queries.len(),
        instance: key.instance_queries.len(),
        challenges: key.challenge_phases.len(),
    };
    key.gates.iter().try_for_each(|gate| expr::check(gate, &bounds))
}

/// The public columns are those of the statement, and each input is either public or linked: by a column for each of its lanes.
fn purpose(key: &KeyParts) -> Result<(), VerifyError> {
    let given = key.purpose.given_columns();
    require(
        given.checked_add(key.computed_columns) == Some(key.instance_columns),
        "instance columns differ from the layout",
    )?;
    let inputs = key.purpose.instances().map_or(&[][..], |layout| &layout.inputs);
    let given = key.purpose.segment().and_then(|segment| {
        let lanes = segment.given_lanes();
        segment.gives.as_ref().map(|given| (given, lanes))
    });
    let lanes = key.purpose.instances().map_or(0, |layout| layout.lanes);
    let linked = |(input, lanes): (&InputLayout, u32)| {
        if input.public {
            0
        } else {
            size(input.channels.min(lanes))
        }
    };
    let inputs = inputs.iter().map(|input| (input, lanes));
    require(
        key.linked
            .inputs
            .iter()
            .map(Vec::len)
            .eq(inputs.chain(given).map(linked)),
        "each input must be either public or linked",
    )?;
    key.purpose.validate(key)
}

/// Linked columns are distinct and opened. Input columns are of the first phase (small values, fixed before any
/// challenge). Weights are folded by a challenge that is drawn after the first phase, when the claim, which names the
/// commitments, is absorbed; and before the columns that hold what is folded.
fn linked(key: &KeyParts) -> Result<(), VerifyError> {
    let queried: BTreeSet<u32> = key.advice_queries.iter().map(|(column, _)| *column).collect();
    let Linked {
        weights,
        inputs,
        registered,
    } = &key.linked;
    let mut seen = BTreeSet::new();
    for column in weights
        .columns
        .iter()
        .chain(inputs.iter().flatten())
        .chain(&registered.columns)
    {
        require(queried.contains(column), "linked column is never opened")?;
        require(seen.insert(*column), "linked column listed twice")?;
    }
    registered.validate(key)?;
    let phase = |column: &u32| key.advice_phases.get(size(*column)).copied();
    require(
        inputs.iter().flatten().all(|column| phase(column) == Some(0)),
        "linked input column is not of the first phase",
    )?;
    let unused = weights.lanes == 0 && weights.challenge == 0 && weights.zero == 0;
    if weights.columns.is_empty() {
        return require(unused, "lanes without a column");
    }
    require(weights.lanes > 0, "a folded column without lanes")?;
    at_most(MAX_COLUMNS, weights.commitments())?;
    require(
        key.challenge_phases.get(size(weights.challenge)) == Some(&0),
        "the folding challenge is not of the first phase",
    )?;
    require(
        weights.columns.iter().all(|column| phase(column) > Some(0)),
        "folded column is of the first phase",
    )
}
