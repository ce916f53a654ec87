//! The program of a key: from the messages of a proof to the scalars of all terms of the pairing equation. Formulas and their order are those of the
//! verifier's `plonk.rs`, `permutation.rs`, `shplonk.rs` and `link.rs`; tests hold the two together.

mod constraints;

use crate::messages::Messages;
use crate::program::{Id, Instruction, Program, Slot};
use crate::ExportError;
use provenn_bn254::Fr;
use provenn_verifier::VerifyingKey;
use std::collections::{BTreeMap, BTreeSet};

/// A point of the equation that key and SRS give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Point {
    /// A fixed column.
    Fixed(usize),
    /// A column of the permutation.
    Sigma(usize),
    /// A committed lane of weights.
    Lane(usize),
    /// A tail point of the SRS.
    Tail(usize),
    /// The first point of the SRS.
    Generator,
    /// The identity, where the sum starts if no coefficient is one.
    Identity,
}

/// The instructions before and after the inversions, and what they are about.
pub(crate) struct Equation {
    pub(crate) first: Vec<Instruction>,
    pub(crate) second: Vec<Instruction>,
    /// Constants, little endian.
    pub(crate) constants: Vec<[u8; 32]>,
    pub(crate) temporaries: usize,
    pub(crate) inverted: usize,
    /// Points of the key data in the order of their terms; those of the receipt follow.
    pub(crate) points: Vec<Point>,
    /// The term that the sum starts with: its coefficient is one.
    pub(crate) start: usize,
}

/// A committed polynomial.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Poly {
    Advice(usize),
    Product(usize),
    Fixed(usize),
    Sigma(usize),
    Quotient,
}

struct Builder<'a> {
    key: &'a VerifyingKey,
    messages: &'a Messages,
    program: Program,
    omega: Fr,
    inverted: Vec<Id>,
}

/// Denominators of the public columns, which the contract computes itself: those of policy rows, and of input rows; of a colouring those of usable rows, and of rows of
/// vertices.
const SUMS: usize = 2;

impl Equation {
    /// The program of a key with so many tail points.
    pub(crate) fn of(key: &VerifyingKey, messages: &Messages, tail: usize) -> Result<Self, ExportError> {
        Builder {
            key,
            messages,
            program: Program::new(),
            omega: (key.k..Fr::TWO_ADICITY).fold(Fr::ROOT_OF_UNITY, |omega, _| omega.square()),
            inverted: Vec::new(),
        }
        .build(tail)
    }
}

impl Builder<'_> {
    fn power(&self, rotation: i32) -> Fr {
        let power = self.omega.pow(rotation.unsigned_abs().into());
        match rotation < 0 {
            true => power.invert().unwrap_or(Fr::ZERO),
            false => power,
        }
    }

    fn challenge(&mut self, index: usize) -> Id {
        self.program.slot(Slot::Challenge(index))
    }

    fn scalar(&mut self, index: usize) -> Id {
        self.program.slot(Slot::Scalar(index))
    }

    /// The inverse of a value, for the second program.
    fn invert(&mut self, id: Id) -> Id {
        let slot = Slot::Inverted(SUMS + self.inverted.len());
        self.inverted.push(id);
        self.program.slot(slot)
    }

    fn build(&mut self, tail: usize) -> Result<Equation, ExportError> {
        let (key, later) = (self.key, self.messages.later);
        let x = self.challenge(later + 4);
        let u = self.challenge(later + 7);
        let one = self.program.one();

        // x^n - 1, and what is inverted.
        let mut power = x;
        for _ in 0..key.k {
            power = self.program.mul(power, power);
        }
        let vanishing = self.program.sub(power, one);
        let vanishing_inverse = self.invert(vanishing);
        let x_inverse = self.invert(x);
        let before = key.tail_rows() as i32 + 1;
        let rows: Vec<(i32, Id)> = (-before..=0)
            .map(|row| {
                let point = -self.power(row);
                let point = self.program.constant(point);
                let difference = self.program.add(x, point);
                (row, self.invert(difference))
            })
            .collect();
        let opened = self.opened();
        let rotations: BTreeSet<i32> = opened.iter().flat_map(|(_, evals)| evals.keys().copied()).collect();
        // u - x omega^rotation
        let differences: BTreeMap<i32, Id> = rotations
            .iter()
            .map(|rotation| {
                let factor = self.power(*rotation);
                let point = self.program.scale(x, -factor);
                (*rotation, self.program.add(u, point))
            })
            .collect();
        let sets = sets(opened);
        let first_set: Vec<i32> = sets.first().map(|(set, _)| set.clone()).unwrap_or_default();
        let outside = self.vanishing(&differences, &first_set, false);
        let outside_inverse = self.invert(outside);
        for (index, id) in self.inverted.clone().into_iter().enumerate() {
            self.program.write(id, Slot::Inverted(SUMS + index));
        }
        let first = std::mem::take(&mut self.program.instructions);

        let evaluations = self.rows(vanishing, &rows);
        let instances = self.instances(vanishing, &evaluations);
        let joined = self.constraints(&evaluations, &instances)?;
        let quotient = self.program.mul(joined, vanishing_inverse);

        let mut points = self.points(tail);
        let leading = self.leading(&sets);
        if leading.is_none() {
            points.push(Point::Identity);
        }
        let start = leading.map_or(points.len().saturating_sub(1), |at| points.len() + at);
        let place = |point: Point| points.iter().position(|one| *one == point);
        let linked = self.linked();
        let message = |index: usize| Slot::Term(points.len() + index);

        // sum_i v^i (Z_T/Z_i)(u) sum_j y^j (C_ij - r_ij(u)), all divided by Z_T(u) / Z_0(u)
        let (y, v) = (self.challenge(later + 5), self.challenge(later + 6));
        let mut constant = self.program.zero();
        let mut power_of_v = one;
        // Linked columns have a part in the other equation too.
        let mut open = BTreeMap::new();
        for (index, (set, members)) in sets.iter().enumerate() {
            let factor = match index {
                0 => one,
                _ => {
                    let outside = self.vanishing(&differences, set, false);
                    let outside = self.program.mul(outside, outside_inverse);
                    self.program.mul(power_of_v, outside)
                }
            };
            power_of_v = self.program.mul(power_of_v, v);
            let weights = self.interpolation(&differences, set, x_inverse);
            let mut value = self.program.zero();
            for (rotation, weight) in set.iter().zip(weights) {
                let mut sum = self.program.zero();
                for (poly, evals) in members.iter().rev() {
                    let eval = match poly {
                        Poly::Quotient => quotient,
                        _ => self.scalar(*evals.get(rotation).ok_or(ExportError::Inconsistent)?),
                    };
                    sum = self.program.fused(sum, y, eval);
                }
                value = self.program.fused(weight, sum, value);
            }
            constant = self.program.fused(factor, value, constant);
            let mut scalar = factor;
            for (number, (poly, _)) in members.iter().enumerate() {
                if number > 0 {
                    scalar = self.program.mul(scalar, y);
                }
                match poly {
                    Poly::Advice(column) => {
                        let at = *self.messages.advice.get(*column).ok_or(ExportError::Inconsistent)?;
                        if linked.contains(column) {
                            open.insert(*column, scalar);
                        } else if leading != Some(at) {
                            self.program.write(scalar, message(at));
                        }
                    }
                    Poly::Product(index) => self.program.write(scalar, message(self.messages.first_product + index)),
                    Poly::Fixed(column) => {
                        // An empty column has the identity for a commitment.
                        if let Some(place) = place(Point::Fixed(*column)) {
                            self.program.write(scalar, Slot::Term(place));
                        }
                    }
                    Poly::Sigma(index) => {
                        let place = place(Point::Sigma(*index)).ok_or(ExportError::Inconsistent)?;
                        self.program.write(scalar, Slot::Term(place));
                    }
                    Poly::Quotient => {
                        // Pieces have n - 1 coefficients of the quotient.
                        let step = self.program.mul(power, x_inverse);
                        let mut piece = scalar;
                        for index in 0..self.messages.pieces {
                            let at = self.messages.first_product + self.messages.products + index;
                            self.program.write(piece, message(at));
                            piece = self.program.mul(piece, step);
                        }
                    }
                }
            }
        }
        let inside = self.vanishing(&differences, &first_set, true);
        let inside = self.program.neg(inside);
        self.program.write(inside, message(self.messages.points - 2));
        self.program.write(u, message(self.messages.points - 1));

        // weight times: sum z_j L_j - R - e sum_i rho^i (C'_i - sum_l c_l C_l - constant_i g1)
        let [rho, e, weight] = [0, 1, 2].map(|index| self.program.slot(Slot::Link(index)));
        for index in 0..tail {
            let response = self.program.slot(Slot::Response(index));
            let scalar = self.program.mul(weight, response);
            let place = place(Point::Tail(index)).ok_or(ExportError::Inconsistent)?;
            self.program.write(scalar, Slot::Term(place));
        }
        let announcement = self.program.neg(weight);
        self.program.write(announcement, message(self.messages.points));
        let mut column_weight = self.program.mul(weight, e);
        let mut generator = self.program.neg(constant);
        let mut shown = 0;
        let folded = &key.linked.weights;
        let inputs = key.linked.inputs.iter().flatten();
        let columns = folded.columns.iter().map(|column| (column, true));
        for (index, (column, is_folded)) in columns.chain(inputs.map(|column| (column, false))).enumerate() {
            if index > 0 {
                column_weight = self.program.mul(column_weight, rho);
            }
            let column = *column as usize;
            let opened = open.get(&column).copied().unwrap_or(self.program.zero());
            let scalar = self.program.sub(opened, column_weight);
            let at = *self.messages.advice.get(column).ok_or(ExportError::Inconsistent)?;
            self.program.write(scalar, message(at));
            if is_folded {
                let r = *self
                    .messages
                    .challenges
                    .get(folded.challenge as usize)
                    .ok_or(ExportError::Inconsistent)?;
                let r = self.challenge(r);
                let mut coefficient = column_weight;
                let mut sum = self.program.zero();
                for lane in 0..folded.lanes as usize {
                    if lane > 0 {
                        coefficient = self.program.mul(coefficient, r);
                    }
                    let place =
                        place(Point::Lane(index * folded.lanes as usize + lane)).ok_or(ExportError::Inconsistent)?;
                    self.program.write(coefficient, Slot::Term(place));
                    sum = self.program.add(sum, coefficient);
                }
                // constant_i = -zero sum_l r^l
                let lifted = self.program.scale(sum, -Fr::from(folded.zero));
                generator = self.program.add(generator, lifted);
            } else {
                self.program
                    .write(column_weight, message(self.messages.points + 1 + shown));
                shown += 1;
            }
        }
        let place = place(Point::Generator).ok_or(ExportError::Inconsistent)?;
        self.program.write(generator, Slot::Term(place));
        Ok(Equation {
            first,
            second: std::mem::take(&mut self.program.instructions),
            constants: std::mem::take(&mut self.program.values),
            temporaries: self.program.temporaries,
            inverted: SUMS + self.inverted.len(),
            points,
            start,
        })
    }

    /// Columns that are in the other equation too.
    fn linked(&self) -> BTreeSet<usize> {
        let linked = &self.key.linked;
        let columns = linked.weights.columns.iter().chain(linked.inputs.iter().flatten());
        columns.map(|column| *column as usize).collect()
    }

    /// The number of the first polynomial's commitment among the points of the proof: its coefficient is one, unless the other equation adds to it.
    fn leading(&self, sets: &[(Vec<i32>, Opened)]) -> Option<usize> {
        match sets.first()?.1.first()?.0 {
            Poly::Advice(column) if !self.linked().contains(&column) => self.messages.advice.get(column).copied(),
            _ => None,
        }
    }

    /// The points of key and SRS, each once.
    fn points(&self, tail: usize) -> Vec<Point> {
        let fixed: BTreeSet<u32> = self.key.fixed_queries.iter().map(|(column, _)| *column).collect();
        let fixed = fixed.into_iter().map(|column| column as usize).filter(|column| {
            let commitment = self.key.fixed_commitments.get(*column);
            commitment.is_some_and(|point| !point.is_identity())
        });
        let sigmas = 0..self.key.permutation_columns.len();
        let lanes = 0..self.key.linked.weights.commitments();
        let mut points: Vec<Point> = fixed.map(Point::Fixed).chain(sigmas.map(Point::Sigma)).collect();
        points.extend(lanes.map(Point::Lane).chain((0..tail).map(Point::Tail)));
        points.push(Point::Generator);
        points
    }

    /// All polynomials in order of first appearance, with the scalar of the proof at each rotation.
    fn opened(&self) -> Vec<(Poly, BTreeMap<i32, usize>)> {
        let key = self.key;
        let mut queries = Vec::new();
        let mut at = 0;
        for (column, rotation) in &key.advice_queries {
            queries.push((Poly::Advice(*column as usize), *rotation, at));
            at += 1;
        }
        let fixed = at;
        let sigmas = fixed + key.fixed_queries.len();
        let products = sigmas + key.permutation_columns.len();
        for index in 0..self.messages.products {
            queries.push((Poly::Product(index), 0, products + 3 * index));
            queries.push((Poly::Product(index), 1, products + 3 * index + 1));
        }
        let last = -(key.tail_rows() as i32);
        for index in (0..self.messages.products.saturating_sub(1)).rev() {
            queries.push((Poly::Product(index), last, products + 3 * index + 2));
        }
        for (index, (column, rotation)) in key.fixed_queries.iter().enumerate() {
            queries.push((Poly::Fixed(*column as usize), *rotation, fixed + index));
        }
        for index in 0..key.permutation_columns.len() {
            queries.push((Poly::Sigma(index), 0, sigmas + index));
        }
        queries.push((Poly::Quotient, 0, usize::MAX));
        let mut opened: Vec<(Poly, BTreeMap<i32, usize>)> = Vec::new();
        for (poly, rotation, scalar) in queries {
            match opened.iter_mut().find(|(one, _)| *one == poly) {
                Some((_, evals)) => {
                    evals.insert(rotation, scalar);
                }
                None => opened.push((poly, BTreeMap::from([(rotation, scalar)]))),
            }
        }
        opened
    }

    /// The product of `u - point` over the points inside of a set, or outside.
    fn vanishing(&mut self, differences: &BTreeMap<i32, Id>, set: &[i32], inside: bool) -> Id {
        let chosen = differences
            .iter()
            .filter(|(rotation, _)| set.contains(rotation) == inside);
        let chosen: Vec<Id> = chosen.map(|(_, id)| *id).collect();
        self.program.product(&chosen)
    }

    /// `prod_{k != j} (u - p_k) / (p_j - p_k)` for each point of a set: with `p_j = x omega^j` the denominator is a constant times a power of x.
    fn interpolation(&mut self, differences: &BTreeMap<i32, Id>, set: &[i32], x_inverse: Id) -> Vec<Id> {
        let mut weights = Vec::new();
        for rotation in set {
            let mut denominator = Fr::ONE;
            let mut weight = self.program.one();
            for other in set.iter().filter(|other| *other != rotation) {
                denominator *= self.power(*rotation) - self.power(*other);
                weight = match differences.get(other) {
                    Some(difference) => self.program.mul(weight, *difference),
                    None => weight,
                };
                weight = self.program.mul(weight, x_inverse);
            }
            let inverse = denominator.invert().unwrap_or(Fr::ZERO);
            weights.push(self.program.scale(weight, inverse));
        }
        weights
    }
}

type Opened = Vec<(Poly, BTreeMap<i32, usize>)>;

/// Polynomials by the rotations that they are opened at, in order of first appearance.
fn sets(opened: Opened) -> Vec<(Vec<i32>, Opened)> {
    let mut sets: Vec<(Vec<i32>, Opened)> = Vec::new();
    for (poly, evals) in opened {
        let rotations: Vec<i32> = evals.keys().copied().collect();
        match sets.iter_mut().find(|(set, _)| *set == rotations) {
            Some((_, members)) => members.push((poly, evals)),
            None => sets.push((rotations, vec![(poly, evals)])),
        }
    }
    sets
}
