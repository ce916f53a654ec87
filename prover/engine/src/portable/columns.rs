//! Columns of elements.

use super::Portable;
use crate::columns::{Columns, Given, Ratio, BLOCK};
use crate::program::{Compiled, Operation, Source};
use halo2curves::bn256::Fr;
use halo2curves::ff::{BatchInvert, Field};

/// For each length of a transform the powers of its root.
#[derive(Debug)]
pub struct Twiddles {
    /// For each step of [`dft`] with four parts, the shortest first: `w^i, w^2i, w^3i` for the places of a part.
    levels: Vec<Vec<[Fr; 3]>>,
    /// The root of order 4.
    quarter: Fr,
}

impl Twiddles {
    pub fn new(omega: Fr, k: u32) -> Self {
        // The shortest transforms are of two rows or of four.
        let steps = (3..=k).filter(|length| (k - length).is_multiple_of(2));
        let level = |length: u32| {
            let root = (length..k).fold(omega, |root, _| root.square());
            let powers = std::iter::successors(Some(Fr::ONE), |power| Some(power * root));
            powers
                .take(1 << (length - 2))
                .map(|power| [power, power.square(), power.square() * power])
                .collect()
        };
        Self {
            levels: steps.map(level).collect(),
            quarter: (2..k).fold(omega, |root, _| root.square()),
        }
    }
}

/// The transform of every `stride`-th of the rows from `start` on, by those of four parts of them.
fn dft(row: &impl Fn(usize) -> Fr, start: usize, stride: usize, out: &mut [Fr], twiddles: &Twiddles, level: usize) {
    if let [a, b] = out {
        let (x, y) = (row(start), row(start + stride));
        (*a, *b) = (x + y, x - y);
        return;
    }
    let (front, back) = out.split_at_mut(out.len() / 2);
    let ((first, second), (third, fourth)) = (front.split_at_mut(front.len() / 2), back.split_at_mut(back.len() / 2));
    let of = |[a, b, c, d]: [Fr; 4]| {
        let (e, f, g, h) = (a + c, b + d, a - c, (b - d) * twiddles.quarter);
        [e + f, g + h, e - f, g - h]
    };
    if let ([a], [b], [c], [d]) = (&mut *first, &mut *second, &mut *third, &mut *fourth) {
        [*a, *b, *c, *d] = of([0, 1, 2, 3].map(|part| row(start + part * stride)));
        return;
    }
    for (part, out) in [&mut *first, &mut *second, &mut *third, &mut *fourth]
        .into_iter()
        .enumerate()
    {
        dft(
            row,
            start + part * stride,
            4 * stride,
            out,
            twiddles,
            level.saturating_sub(1),
        );
    }
    let places = first.iter_mut().zip(second).zip(third.iter_mut().zip(fourth));
    for (((a, b), (c, d)), [w, w2, w3]) in places.zip(&twiddles.levels[level]) {
        [*a, *b, *c, *d] = of([*a, *b * w, *c * w2, *d * w3]);
    }
}

/// Both rows by rows.
#[inline]
fn each((mut a, b): ([Fr; BLOCK], [Fr; BLOCK]), operation: impl Fn(&mut Fr, &Fr)) -> [Fr; BLOCK] {
    a.iter_mut().zip(&b).for_each(|(a, b)| operation(a, b));
    a
}

impl Columns for Portable {
    const FORM: u64 = 1;
    type Twiddles = Twiddles;
    type Room = ();
    type Registers = Vec<[Fr; BLOCK]>;

    #[cfg(target_arch = "x86_64")]
    fn twiddles(self, omega: Fr, k: u32) -> Option<Twiddles> {
        Some(Twiddles::new(omega, k))
    }

    fn transform(self, twiddles: &Twiddles, given: Given<'_>, after: Option<&[Fr]>, out: &mut [Fr], (): &mut ()) {
        let rows = out.len();
        let of = |rows: &[Fr], place: usize| rows.get(place).copied().unwrap_or(Fr::ZERO);
        let row = |place: usize| match given {
            Given::Rows(rows) => of(rows, place),
            Given::Coset {
                coefficients,
                folds,
                before,
            } => {
                let folded = folds.iter().zip(1..);
                let folded = folded.map(|(fold, step)| of(coefficients, place + step * rows) * fold);
                folded.fold(of(coefficients, place), |sum, next| sum + next) * before[place]
            }
        };
        dft(&row, 0, 1, out, twiddles, twiddles.levels.len().saturating_sub(1));
        if let Some(after) = after {
            out.iter_mut().zip(after).for_each(|(value, after)| *value *= after);
        }
    }

    fn registers(self, program: &Compiled) -> Vec<[Fr; BLOCK]> {
        vec![[Fr::ZERO; BLOCK]; program.registers]
    }

    fn run(
        self,
        program: &Compiled,
        columns: &[&[Fr]],
        start: usize,
        carried: &mut [[Fr; BLOCK]],
        registers: &mut Vec<[Fr; BLOCK]>,
    ) {
        let load = |source: Source, registers: &[[Fr; BLOCK]], carried: &[[Fr; BLOCK]]| match source {
            Source::Carried(place) => carried[place],
            Source::Register(register) => registers[register],
            Source::Constant(constant) => [program.constants[constant]; BLOCK],
            Source::Column(column, rotation) => {
                let (rows, from) = (columns[column], start as i64 + i64::from(rotation));
                let first = from.rem_euclid(rows.len() as i64) as usize;
                match rows.get(first..).and_then(|rows| rows.first_chunk()) {
                    Some(block) => *block,
                    None => std::array::from_fn(|row| rows[(first + row) % rows.len()]),
                }
            }
        };
        for step in &program.steps {
            let both = |a: Source, b: Source| (load(a, registers, carried), load(b, registers, carried));
            registers[step.to] = match step.operation {
                Operation::Load(a) => load(a, registers, carried),
                Operation::Add(a, b) => each(both(a, b), |a, b| *a += b),
                Operation::Sub(a, b) => each(both(a, b), |a, b| *a -= b),
                Operation::Mul(a, b) => each(both(a, b), |a, b| *a *= b),
            };
        }
        for (from, place) in &program.stores {
            carried[*place] = load(*from, registers, carried);
        }
    }

    fn combine(self, terms: &[(&[Fr], Fr)], start: usize, out: &mut [Fr]) {
        for (rows, factor) in terms {
            let rows = rows.get(start..).unwrap_or(&[]);
            out.iter_mut().zip(rows).for_each(|(sum, row)| *sum += row * factor);
        }
    }

    fn ratios(self, terms: &[Ratio<'_>], plus: Fr, start: usize, out: &mut [Fr]) {
        let product = |out: &mut [Fr], cells: &[Fr], (by, names): (Fr, &[Fr])| {
            let rows = cells[start..].iter().zip(&names[start..]);
            out.iter_mut()
                .zip(rows)
                .for_each(|(product, (cell, name))| *product *= *cell + by * name + plus);
        };
        out.fill(Fr::ONE);
        terms.iter().for_each(|term| product(out, term.cells, term.below));
        out.iter_mut().batch_invert();
        terms.iter().for_each(|term| product(out, term.cells, term.above));
    }

    fn evaluate(self, coefficients: &[Fr], point: Fr) -> Fr {
        coefficients.iter().rev().fold(Fr::ZERO, |sum, c| sum * point + c)
    }
}
