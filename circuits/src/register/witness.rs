//! Values of all advice cells of a registration.

use super::{RegisterShape, GROUP};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{BatchInvert, Field};
use rayon::prelude::*;

/// The small integers of a registration.
#[derive(Clone, Debug)]
pub struct RegisterWitness {
    shape: RegisterShape,
    weights: Vec<Vec<u64>>,
    /// All limbs of all weight columns, highest first as in the circuit's fractions.
    limbs: Vec<Vec<u64>>,
    multiplicities: Vec<Vec<u64>>,
}

impl RegisterWitness {
    /// For weight columns as [`weight_cells`](crate::argument::weight_cells) gives them; cells below them are zero.
    pub fn new(shape: &RegisterShape, mut weights: Vec<Vec<u64>>) -> Self {
        let usable = shape.usable();
        weights.iter_mut().for_each(|column| column.resize(usable, 0));
        let mask = (1u64 << shape.limb_bits) - 1;
        let limb = |column: &Vec<u64>, i: usize| -> Vec<u64> {
            let shift = shape.limb_bits as usize * i;
            column.iter().map(|v| (v >> shift) & mask).collect()
        };
        // The order of the circuit's fractions: upper limbs, then the lowest.
        let limbs: Vec<Vec<u64>> = weights
            .par_iter()
            .flat_map_iter(|column| (1..shape.limbs).chain([0]).map(move |i| limb(column, i)))
            .collect();
        let mut counts = vec![0u64; shape.tables * usable];
        limbs.iter().flatten().for_each(|&v| counts[v as usize] += 1);
        let multiplicities = counts.chunks(usable).map(<[u64]>::to_vec).collect();
        Self {
            shape: shape.clone(),
            weights,
            limbs,
            multiplicities,
        }
    }

    /// Phase-1 columns in the order of the circuit.
    pub fn phase1(&self) -> Vec<Vec<Fr>> {
        let upper = self
            .limbs
            .iter()
            .enumerate()
            .filter(|(i, _)| i % self.shape.limbs != self.shape.limbs - 1);
        let columns: Vec<&Vec<u64>> = self
            .weights
            .iter()
            .chain(upper.map(|(_, column)| column))
            .chain(&self.multiplicities)
            .collect();
        let field = |column: &&Vec<u64>| column.iter().map(|&v| Fr::from(v)).collect();
        columns.par_iter().map(field).collect()
    }

    /// Phase-2 columns: helpers and their running sum.
    pub fn phase2(&self, alpha: Fr) -> Vec<Vec<Fr>> {
        let usable = self.shape.usable();
        let mut inverses: Vec<Fr> = (0..self.shape.tables * usable)
            .map(|v| alpha + Fr::from(v as u64))
            .collect();
        inverses.par_chunks_mut(1 << 12).for_each(|chunk| {
            chunk.iter_mut().batch_invert();
        });
        let count = self.limbs.len();
        let fraction = |index: usize, row: usize| match index.checked_sub(count) {
            None => inverses[self.limbs[index][row] as usize],
            Some(table) => -Fr::from(self.multiplicities[table][row]) * inverses[table * usable + row],
        };
        let all: Vec<usize> = (0..self.shape.fractions()).collect();
        let mut columns: Vec<Vec<Fr>> = all
            .par_chunks(GROUP)
            .map(|group| {
                (0..usable)
                    .map(|row| group.iter().map(|&i| fraction(i, row)).sum())
                    .collect()
            })
            .collect();
        let mut total = Fr::ZERO;
        let sum = (0..usable)
            .map(|row| {
                total += columns.iter().map(|column| column[row]).sum::<Fr>();
                total
            })
            .collect();
        columns.push(sum);
        columns
    }
}
