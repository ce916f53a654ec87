//! Programs: each step on a block of rows, eight at a time.
//!
//! Every value is below `8 p` when it is stored. A product of two such is below `64 / 84.6 + 2 < 3 p`; a sum or difference is below `16 p`, where
//! it can be narrowed, and is if it may reach `8 p`.

use super::columns::{load, store};
use super::transform::limbs;
use super::{Lanes, Vectors, Wide};
use crate::columns::BLOCK;
use crate::limbs::{multiple, Limbs};
use crate::program::{Compiled, Operation, Source, Step};
use crate::words::{words, Modulus};
use halo2curves::bn256::Fr;

/// Rows at a time.
const LANES: usize = 8;
/// Largest bound of what is stored, in multiples of `p`.
const BOUND: u64 = 8;
/// The bound of what was narrowed.
const NARROWED: u64 = 2;
/// The bound of a product.
const PRODUCT: u64 = 3;

/// Columns, and what is carried in the rows of a block.
type Rows<'a> = (&'a [&'a [Fr]], &'a [[Fr; BLOCK]]);

type Block<K> = [<K as Vectors>::Lanes<Fr>; BLOCK / LANES];

/// Registers with what is known of a program before it runs.
pub struct Registers<K: Vectors> {
    path: K,
    registers: Vec<Block<K>>,
    constants: Vec<Limbs>,
    /// For each step the multiple of `p` that keeps a difference from being negative, and whether the result is narrowed.
    steps: std::sync::Arc<[(Limbs, bool)]>,
}

impl<K: Vectors> Registers<K> {
    #[inline(always)]
    pub fn new(path: K, program: &Compiled) -> Self {
        let mut bounds = vec![0; program.registers];
        let step = |step: &Step| {
            let of = |source: Source| match source {
                Source::Register(register) => bounds[register],
                Source::Column(..) | Source::Constant(_) | Source::Carried(_) => 1,
            };
            // Differences get as many `p` as may be taken off.
            let (bound, taken) = match step.operation {
                Operation::Add(a, b) => (of(a) + of(b), 0),
                Operation::Sub(a, b) => (of(a) + of(b), of(b)),
                Operation::Mul(..) => (PRODUCT, 0),
                Operation::Load(a) => (of(a), 0),
            };
            bounds[step.to] = if bound > BOUND { NARROWED } else { bound };
            (multiple(Fr::P, taken), bound > BOUND)
        };
        Self {
            path,
            steps: program.steps.iter().map(step).collect(),
            registers: vec![[path.splat([0; 5]); BLOCK / LANES]; program.registers],
            constants: program.constants.iter().map(|constant| limbs(*constant)).collect(),
        }
    }

    /// Eight rows of what a step reads.
    #[inline(always)]
    fn read(&self, source: Source, (columns, carried): Rows<'_>, start: usize, group: usize) -> K::Lanes<Fr> {
        match source {
            Source::Register(register) => self.registers[register][group],
            Source::Carried(place) => load(self.path, &carried[place], LANES * group),
            Source::Constant(constant) => self.path.splat(self.constants[constant]),
            Source::Column(column, rotation) => {
                let rows = columns[column];
                let from = (start + LANES * group) as i64 + i64::from(rotation);
                let first = from.rem_euclid(rows.len() as i64) as usize;
                if first + LANES <= rows.len() {
                    return load(self.path, rows, first);
                }
                let rows = words(rows);
                self.path
                    .gather(std::array::from_fn(|place| &rows[(first + place) % rows.len()]))
            }
        }
    }
}

#[inline(always)]
pub fn run<K: Vectors>(
    _path: K,
    program: &Compiled,
    columns: &[&[Fr]],
    start: usize,
    carried: &mut [[Fr; BLOCK]],
    registers: &mut Registers<K>,
) {
    let steps = registers.steps.clone();
    for (step, &(multiple, narrow)) in program.steps.iter().zip(steps.iter()) {
        let (a, b) = match step.operation {
            Operation::Load(a) => (a, None),
            Operation::Add(a, b) | Operation::Sub(a, b) | Operation::Mul(a, b) => (a, Some(b)),
        };
        for group in 0..BLOCK / LANES {
            let mut result = registers.read(a, (columns, &*carried), start, group);
            if let Some(b) = b {
                let b = registers.read(b, (columns, &*carried), start, group);
                let sum = match step.operation {
                    Operation::Mul(..) | Operation::Load(_) => {
                        registers.registers[step.to][group] = result.mul(b);
                        continue;
                    }
                    Operation::Add(..) => result.wide().add(b.wide()),
                    Operation::Sub(..) => result.wide().plus(multiple).sub(b.wide()),
                };
                result = if narrow { sum.narrowed() } else { sum.carried() };
            }
            registers.registers[step.to][group] = result;
        }
    }
    for &(from, place) in &program.stores {
        for group in 0..BLOCK / LANES {
            let value = registers.read(from, (columns, &*carried), start, group);
            store(&mut carried[place][LANES * group..][..LANES], value);
        }
    }
}
