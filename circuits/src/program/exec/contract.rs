//! Sums of products of weights with what they read.

use super::read;
use crate::program::{zeros, Axis, Contraction, Program, Tensor};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The virtual tensor that a contraction reads, and its width.
pub fn virtual_source(contraction: &Contraction, values: &[Vec<i64>], model: &Program) -> (Vec<i64>, usize) {
    let size = contraction
        .parts
        .first()
        .map_or(1, |first| model.grid(first)[1..].iter().product());
    source_at(contraction, 0..size, values, model)
}

/// The same at these positions only, side by side.
fn source_at(
    contraction: &Contraction,
    at: impl ExactSizeIterator<Item = usize> + Clone,
    values: &[Vec<i64>],
    model: &Program,
) -> (Vec<i64>, usize) {
    let Some(first) = contraction.parts.first() else {
        return (vec![contraction.constant; contraction.channels], 1);
    };
    let [_, height, width] = model.grid(first);
    let plane = height * width;
    let mut source: Vec<i64> = zeros(contraction.channels * at.len());
    for part in &contraction.parts {
        let (element, [channels, ..]) = (read(part, values), model.grid(part));
        for channel in 0..channels {
            for (place, position) in at.clone().enumerate() {
                let value = part.alpha * element(channel * plane + position);
                source[(part.offset + channel) * at.len() + place] += value;
            }
        }
    }
    (source, width)
}

/// Adds what a contraction gives at these positions of all channels.
pub fn contract(
    acc: &mut [i128],
    (out, at): (&Tensor, &[usize]),
    c: &Contraction,
    values: &[Vec<i64>],
    model: &Program,
) {
    if at.len() < out.positions() {
        return some(acc, (out, at), c, values, model);
    }
    let (source, width) = virtual_source(c, values, model);
    match c.groups == 1 && dense(c, at.len()) && exact(c, &source) {
        true => floats(acc, (out, at), c, (&source, width)),
        false => integers(acc, (out, at), c, (&source, width)),
    }
}

/// Weights of an output channel in each group.
fn weights(c: &Contraction) -> usize {
    c.channels / c.groups * c.axes[0].kernel * c.axes[1].kernel
}

/// Whether most positions multiply most weights.
fn dense(c: &Contraction, positions: usize) -> bool {
    let [rows, columns] = [0, 1].map(|axis| c.axes[axis].taps.iter().map(Vec::len).sum::<usize>());
    2 * rows * columns >= positions * c.axes[0].kernel * c.axes[1].kernel
}

/// Whether all sums are exact in floats: those of 64 bits hold every integer up to `2^53`, whatever the order in which they are added.
fn exact(c: &Contraction, source: &[i64]) -> bool {
    const EXACT: u128 = 1 << f64::MANTISSA_DIGITS;
    let largest = source.iter().map(|v| v.unsigned_abs()).max().unwrap_or(0);
    // A weight may be read at several places, which are added up first.
    let taps = |axis: &Axis| axis.taps.iter().map(Vec::len).max().unwrap_or(0);
    let terms = c.channels * taps(&c.axes[0]) * taps(&c.axes[1]);
    let product = u128::from(c.weights.largest()) * u128::from(largest);
    product <= EXACT && product * terms as u128 <= EXACT
}

/// Output channels at a time, which share what they read; and terms at a time.
const OUTPUTS: usize = 4;
const TERMS: usize = 4;

/// In floats: every machine has vectors of these, and multiplies them faster than integers.
fn floats(acc: &mut [i128], (out, at): (&Tensor, &[usize]), c: &Contraction, (source, width): (&[i64], usize)) {
    /// What the positions of one round multiply stays in the cache of a core.
    const ROUND: usize = 1 << 16;
    let (count, plane) = (weights(c), source.len() / c.channels.max(1));
    let [kh, kw] = [c.axes[0].kernel, c.axes[1].kernel];
    if count == 0 {
        return;
    }
    // With zeros up to whole vectors.
    let padded = count.next_multiple_of(TERMS);
    let round = (ROUND / padded).max(1);
    for (start, round) in (0..).step_by(round).zip(at.chunks(round)) {
        let mut terms: Vec<f64> = zeros(round.len() * padded);
        let positions = terms.par_chunks_exact_mut(padded).zip(round);
        positions.for_each(|(terms, &p)| {
            let (rows, cols) = (&c.axes[0].taps[p / out.width], &c.axes[1].taps[p % out.width]);
            for (terms, plane) in terms.chunks_exact_mut(kh * kw).zip(source.chunks_exact(plane)) {
                for &(ky, y) in rows {
                    for &(kx, x) in cols {
                        terms[ky * kw + kx] += plane[y * width + x] as f64;
                    }
                }
            }
        });
        let outputs = acc.par_chunks_mut(OUTPUTS * at.len()).enumerate();
        let room = || [(); OUTPUTS].map(|()| zeros(padded));
        outputs.for_each_init(room, |weights, (group, acc)| {
            let outputs = acc.len() / at.len();
            for (output, weights) in (group * OUTPUTS..).zip(&mut weights[..outputs]) {
                c.weights
                    .write(output * count, &mut weights[..count], |weight| weight as f64);
            }
            for (place, terms) in (start..).zip(terms.chunks_exact(padded)) {
                let sums = products(weights.each_ref().map(Vec::as_slice), terms);
                for (acc, sum) in acc.chunks_mut(at.len()).zip(sums) {
                    acc[place] += sum as i128;
                }
            }
        });
    }
}

/// The sums of products of the weights of some outputs with the same terms, all of them whole vectors.
fn products(weights: [&[f64]; OUTPUTS], terms: &[f64]) -> [f64; OUTPUTS] {
    let [a, b, c, d] = weights.map(|weights| weights.chunks_exact(TERMS));
    let mut sums = [[0.0; TERMS]; OUTPUTS];
    for (x, ((a, b), (c, d))) in terms.chunks_exact(TERMS).zip(a.zip(b).zip(c.zip(d))) {
        for (sums, weights) in sums.iter_mut().zip([a, b, c, d]) {
            for ((sum, weight), x) in sums.iter_mut().zip(weights).zip(x) {
                *sum += weight * x;
            }
        }
    }
    sums.map(|sums| sums.iter().sum())
}

/// Of any size, and any number of groups.
fn integers(acc: &mut [i128], (out, at): (&Tensor, &[usize]), c: &Contraction, (source, width): (&[i64], usize)) {
    let plane = source.len() / c.channels.max(1);
    let [kh, kw] = [c.axes[0].kernel, c.axes[1].kernel];
    let (inputs, outputs) = (c.channels / c.groups, out.channels / c.groups);
    acc.par_chunks_mut(at.len()).enumerate().for_each(|(o, acc)| {
        let weights = c.weights.copied(o * inputs * kh * kw..(o + 1) * inputs * kh * kw);
        let source = &source[o / outputs * inputs * plane..];
        for (&p, acc) in at.iter().zip(acc) {
            let (rows, cols) = (&c.axes[0].taps[p / out.width], &c.axes[1].taps[p % out.width]);
            let mut sum = 0i128;
            for ch in 0..inputs {
                let (x, w) = (&source[ch * plane..], &weights[ch * kh * kw..]);
                for &(ky, y) in rows {
                    for &(kx, xx) in cols {
                        sum += i128::from(w[ky * kw + kx]) * i128::from(x[y * width + xx]);
                    }
                }
            }
            *acc += sum;
        }
    });
}

/// For a step of a loop, which reads few of all positions: what it takes must not grow with the number of steps.
fn some(acc: &mut [i128], (out, at): (&Tensor, &[usize]), c: &Contraction, values: &[Vec<i64>], model: &Program) {
    let width = c.parts.first().map_or(1, |first| model.grid(first)[2]);
    let [kh, kw] = [c.axes[0].kernel, c.axes[1].kernel];
    // Of each position the weights of a channel, and the positions that they multiply.
    let taps = |p: &usize| -> Vec<(usize, usize)> {
        let (rows, cols) = (&c.axes[0].taps[p / out.width], &c.axes[1].taps[p % out.width]);
        let across = |&(ky, y): &(usize, usize)| cols.iter().map(move |(kx, x)| (ky * kw + kx, y * width + x));
        rows.iter().flat_map(across).collect()
    };
    let taps: Vec<Vec<(usize, usize)>> = at.iter().map(taps).collect();
    let places: BTreeSet<usize> = taps.iter().flatten().map(|(_, place)| *place).collect();
    let ranks: BTreeMap<usize, usize> = places.iter().copied().zip(0..).collect();
    let (source, _) = source_at(c, places.iter().copied(), values, model);
    let plane = source.len() / c.channels.max(1);
    let (inputs, outputs) = (c.channels / c.groups, out.channels / c.groups);
    for (o, acc) in acc.chunks_mut(at.len()).enumerate() {
        let weight = |place: usize| c.weights.get(o * inputs * kh * kw + place);
        let source = &source[o / outputs * inputs * plane..];
        for (taps, acc) in taps.iter().zip(acc) {
            for (tap, place) in taps {
                let rank = ranks[place];
                let term = |ch: usize| i128::from(weight(ch * kh * kw + tap)) * i128::from(source[ch * plane + rank]);
                *acc += (0..inputs).map(term).sum::<i128>();
            }
        }
    }
}

#[cfg(test)]
mod tests;
