//! SHPLONK: one opening proof for all queries (Boneh, Drake, Fisch, Gabizon, eprint 2020/081, section 4).

use super::msm::Bases;
use super::transcript::Writer;
use crate::error::{Defect, ProveError};
use halo2_proofs::arithmetic::{eval_polynomial, evaluate_vanishing_polynomial, kate_division, lagrange_interpolate};
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_engine::Path;
use rayon::prelude::*;

/// A polynomial opened at a point.
#[derive(Clone, Debug)]
struct Opening<'a> {
    poly: &'a [Fr],
    point: Fr,
    eval: Fr,
}

/// Openings in the order of the protocol.
#[derive(Debug, Default)]
pub struct Openings<'a> {
    list: Vec<Opening<'a>>,
}

impl<'a> Openings<'a> {
    pub fn push(&mut self, poly: &'a [Fr], point: Fr) {
        self.list.push(Opening {
            poly,
            point,
            eval: Fr::ZERO,
        });
    }

    pub fn evaluate(&mut self) {
        let at = |o: &mut Opening<'_>| o.eval = Path::of_machine().evaluate(o.poly, o.point);
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
    poly: &'a [Fr],
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
    let terms: Vec<(&[Fr], Fr)> = quotients.iter().map(Vec::as_slice).zip(powers(v)).collect();
    let h = Path::of_machine().combine(&terms, n);
    transcript.points(&bases.commit_coeff(std::slice::from_ref(&h)))?;

    let u = transcript.challenge();
    let mut all: Vec<Fr> = sets.iter().flat_map(|s| s.points.clone()).collect();
    all.sort_unstable();
    all.dedup();
    let (mut terms, mut constant, mut first) = (vec![], Fr::ZERO, None);
    for ((set, (poly, low)), power) in sets.iter().zip(&combined).zip(powers(v)) {
        let others: Vec<Fr> = all.iter().copied().filter(|p| !set.points.contains(p)).collect();
        let z = evaluate_vanishing_polynomial(&others, u);
        first.get_or_insert(z);
        terms.push((poly.as_slice(), power * z));
        constant += power * z * eval_polynomial(low, u);
    }
    let total = evaluate_vanishing_polynomial(&all, u);
    terms.push((&h, -total));
    let mut linear = Path::of_machine().combine(&terms, n);
    linear[0] -= constant;
    let first = first.unwrap_or(Fr::ONE);
    let inverse = Option::<Fr>::from(first.invert()).ok_or(Defect::Challenge)?;
    let mut witness = kate_division(&linear, u);
    witness.iter_mut().for_each(|w| *w *= inverse);
    transcript.points(&bases.commit_coeff(&[witness]))?;
    Ok(())
}

/// The combination by `y` of a set of so many coefficients, and the polynomial of low degree with the same values on its
/// points.
fn combine(set: &Set<'_>, n: usize, y: Fr) -> (Vec<Fr>, Vec<Fr>) {
    let terms: Vec<(&[Fr], Fr)> = set.members.iter().map(|member| member.poly).zip(powers(y)).collect();
    let poly = Path::of_machine().combine(&terms, n);
    let mut evals = vec![Fr::ZERO; set.points.len()];
    for (member, power) in set.members.iter().zip(powers(y)) {
        let pairs = evals.iter_mut().zip(&member.points);
        pairs.for_each(|(e, (_, eval))| *e += power * eval);
    }
    (poly, lagrange_interpolate(&set.points, &evals))
}

/// `1, base, base^2, ..`
pub fn powers(base: Fr) -> impl Iterator<Item = Fr> {
    std::iter::successors(Some(Fr::ONE), move |p| Some(p * base))
}
