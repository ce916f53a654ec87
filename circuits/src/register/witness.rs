//! Values of all advice cells of a registration.

use super::{sums, RegisterShape};
use crate::argument::lookup::{multiplicities, Values};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use provenn_verifier::Bits;

/// The small integers of a registration.
#[derive(Clone, Debug)]
pub struct RegisterWitness {
    shape: RegisterShape,
    /// Limbs of the sums, lowest first, column by column.
    limbs: Vec<Vec<u64>>,
    multiplicities: Vec<Vec<u64>>,
}

/// What phase 2 is made of: the columns that are linked, and the public ones.
#[derive(Clone, Debug)]
pub struct Combined {
    /// The combination of all lanes, then one for each class.
    pub columns: Vec<Vec<Fr>>,
    /// Weights of the rows of sums, and of the rows of the combination.
    pub public: [Vec<Fr>; 2],
}

impl RegisterWitness {
    /// For committed lanes as [`weight_cells`](crate::argument::weight_cells) gives them; cells below them are zero.
    pub fn new(shape: &RegisterShape, bits: &Bits, lanes: &[Vec<u64>]) -> Self {
        Self::from_sums(shape, &sums(&shape.grid, bits, lanes))
    }

    /// For these sums, each below the [`bound`](RegisterShape::bound).
    pub fn from_sums(shape: &RegisterShape, sums: &[u128]) -> Self {
        let (grid, usable, table) = (&shape.grid, shape.usable(), shape.table() as u128);
        let mut limbs = vec![vec![0u64; usable]; grid.columns() * shape.limbs];
        for (f, sum) in sums.iter().enumerate() {
            let (row, column) = (f / grid.columns(), f % grid.columns());
            let mut rest = *sum;
            for limb in &mut limbs[column * shape.limbs..(column + 1) * shape.limbs] {
                limb[row] = (rest % table) as u64;
                rest /= table;
            }
        }
        let counts = multiplicities(shape.table(), limbs.iter());
        let multiplicities = counts.chunks(usable).map(<[u64]>::to_vec).collect();
        Self {
            shape: shape.clone(),
            limbs,
            multiplicities,
        }
    }

    /// Phase-1 columns in the order of the circuit.
    pub fn integers(&self) -> Vec<&[u64]> {
        let columns = self.limbs.iter().chain(&self.multiplicities);
        columns.map(Vec::as_slice).collect()
    }

    /// Phase-2 columns: the lookup, and what is linked.
    pub fn phase2(&self, theta: Fr, alpha: Fr, combined: &Combined) -> Vec<Vec<Fr>> {
        let lookup = Values {
            limbs: self.limbs.iter().map(Vec::as_slice).collect(),
            tables: self.multiplicities.iter().map(Vec::as_slice).collect(),
        };
        let identity = |row: usize| self.identity(row, theta, combined);
        let mut columns = lookup.columns(self.shape.usable(), alpha, &identity).columns;
        columns.extend(combined.columns.iter().cloned());
        columns
    }

    /// What a row adds to the running sum beside the lookup.
    fn identity(&self, row: usize, theta: Fr, combined: &Combined) -> Fr {
        let table = Fr::from(self.shape.table() as u64);
        let value = |limbs: &[Vec<u64>]| {
            let limbs = limbs.iter().rev().map(|limb| Fr::from(limb[row]));
            limbs.fold(Fr::ZERO, |value, limb| value * table + limb)
        };
        let [powers, betas] = &combined.public;
        let at = |cells: &[Fr]| cells.get(row).copied().unwrap_or(Fr::ZERO);
        let columns = self.limbs.chunks(self.shape.limbs).rev();
        let sums = columns.fold(Fr::ZERO, |sum, limbs| sum * theta + value(limbs));
        let all = combined.columns.first().map_or(Fr::ZERO, |column| at(column));
        at(betas) * all - at(powers) * sums
    }
}
