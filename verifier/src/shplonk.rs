//! SHPLONK (Boneh, Drake, Fisch, Gabizon, <https://eprint.iacr.org/2020/081>, section 4): many openings in one pairing equation.

use crate::domain::{batch_invert, invert, powers, Domain};
use crate::error::VerifyError;
use crate::key::VerifyingKey;
use crate::msm::Terms;
use crate::proof::Messages;
use crate::srs::SrsVerifyingKey;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::{Fr, G1Affine};

/// A committed polynomial, by its place in the protocol: two columns stay two polynomials even if their
/// commitments are equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Poly {
    Advice(usize),
    Product(usize),
    Fixed(usize),
    Sigma(usize),
    Quotient,
}

/// The polynomial has this value at `x omega^rotation`.
pub(crate) struct Query {
    pub(crate) poly: Poly,
    pub(crate) rotation: i32,
    pub(crate) eval: Fr,
}

/// The proof is valid if `e(left, s_g2) = e(right, g2)`.
#[derive(Default)]
pub(crate) struct Accumulator {
    pub(crate) left: Terms,
    pub(crate) right: Terms,
}

impl Accumulator {
    /// Whether the equation holds.
    pub(crate) fn holds(&self, srs: &SrsVerifyingKey) -> bool {
        srs.pairs(&self.left, &self.right)
    }
}

/// A polynomial with all its openings, ordered by rotation.
struct Opened {
    poly: Poly,
    evals: BTreeMap<i32, Fr>,
}

/// Polynomials opened at the same rotations.
struct RotationSet {
    rotations: BTreeSet<i32>,
    members: Vec<Opened>,
}

/// Groups queries by polynomial, then polynomials by their rotations, both in order of first appearance.
fn rotation_sets(queries: &[Query]) -> Vec<RotationSet> {
    let mut place_of = BTreeMap::new();
    let mut opened: Vec<Opened> = Vec::new();
    for query in queries {
        let next = opened.len();
        let place = *place_of.entry(query.poly).or_insert(next);
        match opened.get_mut(place) {
            Some(opened) => {
                opened.evals.insert(query.rotation, query.eval);
            }
            None => opened.push(Opened {
                poly: query.poly,
                evals: BTreeMap::from([(query.rotation, query.eval)]),
            }),
        }
    }
    let mut place_of = BTreeMap::new();
    let mut sets: Vec<RotationSet> = Vec::new();
    for member in opened {
        let rotations: BTreeSet<i32> = member.evals.keys().copied().collect();
        let next = sets.len();
        let place = *place_of.entry(rotations.clone()).or_insert(next);
        match sets.get_mut(place) {
            Some(set) => set.members.push(member),
            None => sets.push(RotationSet {
                rotations,
                members: vec![member],
            }),
        }
    }
    sets
}

/// Reduces all openings to one pairing equation.
///
/// With `Z_i` the vanishing polynomial of the points of set `i`, `Z_T` that of all points and `r` the interpolation of
/// the evaluations, all divided by `Z_T(u) / Z_0(u)`:
/// `right = sum_i v^i (Z_T/Z_i)(u) sum_j y^j (C_ij - r_ij(u)) - Z_0(u) h1 + u h2`, `left = h2`.
pub(crate) fn reduce(
    key: &VerifyingKey,
    srs: &SrsVerifyingKey,
    messages: &Messages,
    domain: &Domain,
    queries: &[Query],
) -> Result<Accumulator, VerifyError> {
    let opening = &messages.opening;
    let points: BTreeMap<i32, Fr> = queries
        .iter()
        .map(|query| query.rotation)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|rotation| (rotation, domain.rotate(messages.x, rotation)))
        .collect();
    let mut accumulator = Accumulator::default();
    let mut constant = Fr::ZERO;
    let mut normalize = None;
    let mut first_vanishing = Fr::ONE;
    for (set, power_of_v) in rotation_sets(queries).iter().zip(powers(opening.v)) {
        let (inside, outside) = vanishing(&points, &set.rotations, opening.u);
        let factor = match normalize {
            Some(inverse) => outside * inverse,
            None => {
                normalize = Some(invert(outside)?);
                first_vanishing = inside;
                Fr::ONE
            }
        };
        let weights = interpolation(&points, &set.rotations, opening.u)?;
        for (member, power_of_y) in set.members.iter().zip(powers(opening.y)) {
            let scalar = power_of_v * factor * power_of_y;
            push_commitment(&mut accumulator.right, key, messages, member.poly, scalar)?;
            let value = member
                .evals
                .values()
                .zip(&weights)
                .fold(Fr::ZERO, |sum, (eval, weight)| sum + *eval * weight);
            constant += scalar * value;
        }
    }
    accumulator.right.push(-constant, srs.g1);
    accumulator.right.push(-first_vanishing, opening.h1);
    accumulator.right.push(opening.u, opening.h2);
    accumulator.left.push(Fr::ONE, opening.h2);
    Ok(accumulator)
}

/// Products of `u - point` over the points inside and outside of a set.
fn vanishing(points: &BTreeMap<i32, Fr>, set: &BTreeSet<i32>, u: Fr) -> (Fr, Fr) {
    let mut products = (Fr::ONE, Fr::ONE);
    for (rotation, point) in points {
        match set.contains(rotation) {
            true => products.0 *= u - point,
            false => products.1 *= u - point,
        }
    }
    products
}

/// The Lagrange basis of the points of a set at `u`: `prod_{k != j} (u - p_k) / (p_j - p_k)`, by rotation.
fn interpolation(points: &BTreeMap<i32, Fr>, set: &BTreeSet<i32>, u: Fr) -> Result<Vec<Fr>, VerifyError> {
    let points: Vec<Fr> = points
        .iter()
        .filter(|(rotation, _)| set.contains(rotation))
        .map(|(_, point)| *point)
        .collect();
    let others = |place: usize| {
        let other = move |(at, point): (usize, &Fr)| (at != place).then_some(*point);
        points.iter().enumerate().filter_map(other)
    };
    let mut weights: Vec<Fr> = points
        .iter()
        .enumerate()
        .map(|(place, point)| others(place).fold(Fr::ONE, |product, other| product * (*point - other)))
        .collect();
    batch_invert(&mut weights)?;
    for (place, weight) in weights.iter_mut().enumerate() {
        *weight = others(place).fold(*weight, |product, other| product * (u - other));
    }
    Ok(weights)
}

/// Adds `scalar` times the commitment to `poly`. The quotient is `sum_i x^((n - 1) i) h_i`: pieces have `n - 1`
/// coefficients of it, so that each has room for a blinder.
fn push_commitment(
    terms: &mut Terms,
    key: &VerifyingKey,
    messages: &Messages,
    poly: Poly,
    scalar: Fr,
) -> Result<(), VerifyError> {
    let of = |commitments: &[G1Affine], index: usize| {
        commitments.get(index).copied().ok_or(VerifyError::KeyInvalid {
            reason: "query of an unknown column",
        })
    };
    let commitment = match poly {
        Poly::Advice(column) => of(&messages.advice, column)?,
        Poly::Product(index) => of(&messages.products, index)?,
        Poly::Fixed(column) => of(&key.fixed_commitments, column)?,
        Poly::Sigma(index) => of(&key.permutation_commitments, index)?,
        Poly::Quotient => {
            let step = messages.x.pow(key.rows().saturating_sub(1));
            for (piece, power) in messages.quotient.iter().zip(powers(step)) {
                terms.push(scalar * power, *piece);
            }
            return Ok(());
        }
    };
    terms.push(scalar, commitment);
    Ok(())
}
