//! Sums of points.

use super::Portable;
use crate::kernel::{row, Collision, Kernel, Ref, MINUS};
use halo2curves::bn256::{Fq, Fr, G1Affine};
use halo2curves::ff::{Field, PrimeField};

impl Kernel for Portable {
    type Row = G1Affine;
    type Scratch = Vec<Fq>;

    fn rows(self, points: &[G1Affine]) -> Vec<G1Affine> {
        points.to_vec()
    }

    fn points(self, rows: &[G1Affine]) -> Vec<G1Affine> {
        rows.to_vec()
    }

    fn negated(self, row: G1Affine) -> G1Affine {
        -row
    }

    fn add(
        self,
        bases: &[G1Affine],
        sums: &mut Vec<G1Affine>,
        pairs: &[[Ref; 2]],
        before: &mut Vec<Fq>,
    ) -> Result<(), Collision> {
        let get = |sums: &[G1Affine], reference: Ref| *row(bases, sums, reference);
        let run = |sums: &[G1Affine], [a, b]: [Ref; 2]| get(sums, b).x - get(sums, a).x;
        // For each pair the product of all runs after it.
        before.clear();
        let mut product = Fq::ONE;
        for pair in pairs.iter().rev() {
            before.push(product);
            product *= run(sums, *pair);
        }
        let mut inverse = Option::<Fq>::from(product.invert()).ok_or(Collision)?;
        for (pair, before) in pairs.iter().zip(before.iter().rev()) {
            let slope = inverse * before;
            inverse *= run(sums, *pair);
            let [a, b] = pair.map(|reference| match reference & MINUS {
                0 => get(sums, reference),
                _ => -get(sums, reference),
            });
            let slope = slope * (b.y - a.y);
            let x = slope.square() - a.x - b.x;
            let y = slope * (a.x - x) - a.y;
            sums.push(G1Affine { x, y });
        }
        Ok(())
    }

    fn double(self, rows: &mut [G1Affine], before: &mut Vec<Fq>) {
        before.clear();
        let mut product = Fq::ONE;
        for row in rows.iter().rev() {
            before.push(product);
            product *= row.y.double();
        }
        let mut inverse = product.invert().unwrap_or(Fq::ZERO);
        for (row, before) in rows.iter_mut().zip(before.iter().rev()) {
            let square = row.x.square();
            let slope = (square.double() + square) * inverse * before;
            inverse *= row.y.double();
            let x = slope.square() - row.x.double();
            *row = G1Affine {
                x,
                y: slope * (row.x - x) - row.y,
            };
        }
    }

    fn integers(self, elements: &[Fr]) -> Vec<[u64; 4]> {
        let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        let integer = |element: &Fr| {
            let bytes = element.to_repr();
            [0, 8, 16, 24].map(|at| word(&bytes[at..at + 8]))
        };
        elements.iter().map(integer).collect()
    }
}
