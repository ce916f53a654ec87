//! SHPLONK: one opening proof for all queries (Boneh, Drake, Fisch, Gabizon, eprint 2020/081, section 4).

use super::msm::Bases;
use super::transcript::Writer;
use crate::error::{Defect, ProveError};
use halo2_proofs::arithmetic::{eval_polynomial, evaluate_vanishing_polynomial, kate_division, lagrange_interpolate};
use halo2_proofs::poly::{Coeff, Polynomial};
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use rayon::prelude::*;

/// A polynomial opened at a point.
#[derive(Clone, Debug)]
struct Opening<'a> {
    poly: &'a Polynomial<Fr, Coeff>,
    point: Fr,
    eval: Fr,
}

/// Openings in the order of the protocol.
#[derive(Debug, Default)]
pub struct Openings<'a> {
    list: Vec<Opening<'a>>,
}

impl<'a> Openings<'a> {
    pub fn push(&mut self, poly: &'a Polynomial<Fr, Coeff>, point: Fr) {
        self.list.push(Opening {
            poly,
            point,
            eval: Fr::ZERO,
        });
    }

    pub fn evaluate(&mut self) {
        let at = |o: &mut Opening<'_>| o.eval = o.poly.values().iter().rev().fold(Fr::ZERO, |acc, c| acc * o.point + c);
        self.list.par_iter_mut().for_each(at);
    }

    pub fn evals(&self) -> impl Iterator<Item = Fr> + '_ {
        self.list.iter().map(|o| o.eval)
    }

    pub fn extend(&mut self, other: Openings<'a>) {
        self.list.extend(other.list);
    }
}

/// A polynomial with all its points.
struct Entry<'a> {
    poly: &'a Polynomial<Fr, Coeff>,
    points: Vec<(Fr, Fr)>,
}

/// Polynomials opened at the same points.
struct Set<'a> {
    points: Vec<Fr>,
    members: Vec<Entry<'a>>,
}

/// Groups by polynomial, then by set of points, both in order of appearance.
fn group<'a>(openings: &Openings<'a>) -> Vec<Set<'a>> {
    let mut entries: Vec<Entry<'a>> = vec![];
    for o in &openings.list {
        match entries.iter_mut().find(|e| std::ptr::eq(e.poly, o.poly)) {
            Some(entry) => entry.points.push((o.point, o.eval)),
            None => entries.push(Entry {
                poly: o.poly,
                points: vec![(o.point, o.eval)],
            }),
        }
    }
    let mut sets: Vec<Set<'a>> = vec![];
    for mut entry in entries {
        entry.points.sort_unstable_by_key(|p| p.0);
        let points: Vec<Fr> = entry.points.iter().map(|p| p.0).collect();
        match sets.iter_mut().find(|s| s.points == points) {
            Some(set) => set.members.push(entry),
            None => sets.push(Set {
                points,
                members: vec![entry],
            }),
        }
    }
    sets
}

/// Writes the opening proof of polynomials of `n` coefficients.
pub fn open(openings: &Openings<'_>, n: usize, bases: &Bases, transcript: &mut Writer) -> Result<(), ProveError> {
    let (y, v) = (transcript.challenge(), transcript.challenge());
    let sets = group(openings);
    // Per set: the combination by y, and the low-degree polynomial it equals on the points.
    let combined: Vec<(Vec<Fr>, Vec<Fr>)> = sets.par_iter().map(|set| combine(set, n, y)).collect();
    let quotients: Vec<Vec<Fr>> = sets
        .par_iter()
        .zip(&combined)
        .map(|(set, (poly, low))| {
            let mut numerator = poly.clone();
            numerator.iter_mut().zip(low).for_each(|(c, l)| *c -= l);
            set.points
                .iter()
                .fold(numerator, |poly, point| kate_division(&poly, *point))
        })
        .collect();
    let mut h = vec![Fr::ZERO; n];
    for (quotient, power) in quotients.iter().zip(powers(v)) {
        h.iter_mut().zip(quotient).for_each(|(h, q)| *h += power * q);
    }
    let h = Polynomial::<Fr, Coeff>::new(h);
    transcript.points(&bases.commit_coeff(std::slice::from_ref(&h)))?;

    let u = transcript.challenge();
    let mut all: Vec<Fr> = sets.iter().flat_map(|s| s.points.clone()).collect();
    all.sort_unstable();
    all.dedup();
    let mut linear = vec![Fr::ZERO; n];
    let mut first = Fr::ONE;
    for (index, ((set, (poly, low)), power)) in sets.iter().zip(&combined).zip(powers(v)).enumerate() {
        let others: Vec<Fr> = all.iter().copied().filter(|p| !set.points.contains(p)).collect();
        let z = evaluate_vanishing_polynomial(&others, u);
        if index == 0 {
            first = z;
        }
        let factor = power * z;
        linear.par_iter_mut().zip(poly).for_each(|(l, c)| *l += factor * c);
        linear[0] -= factor * eval_polynomial(low, u);
    }
    let total = evaluate_vanishing_polynomial(&all, u);
    linear.par_iter_mut().zip(h.values()).for_each(|(l, c)| *l -= total * c);
    let inverse = Option::<Fr>::from(first.invert()).ok_or(Defect::Challenge)?;
    let mut witness = kate_division(&linear, u);
    witness.iter_mut().for_each(|w| *w *= inverse);
    transcript.points(&bases.commit_coeff(&[Polynomial::new(witness)]))?;
    Ok(())
}

/// The combination by `y` of a set of so many coefficients, and the polynomial of low degree with the same values on its
/// points.
fn combine(set: &Set<'_>, n: usize, y: Fr) -> (Vec<Fr>, Vec<Fr>) {
    let mut poly = vec![Fr::ZERO; n];
    let mut evals = vec![Fr::ZERO; set.points.len()];
    for (member, power) in set.members.iter().zip(powers(y)) {
        let pairs = poly.par_iter_mut().zip(member.poly.values());
        pairs.for_each(|(p, c)| *p += power * c);
        let pairs = evals.iter_mut().zip(&member.points);
        pairs.for_each(|(e, (_, eval))| *e += power * eval);
    }
    (poly, lagrange_interpolate(&set.points, &evals))
}

fn powers(base: Fr) -> impl Iterator<Item = Fr> {
    std::iter::successors(Some(Fr::ONE), move |p| Some(p * base))
}
