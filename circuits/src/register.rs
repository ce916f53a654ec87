//! Registration: committed weights are in range, and what the architecture determines of them is so.
//!
//! Proven once, when a model is committed. Every later proof is tied to the same commitments by its link proof, so what is
//! shown here holds for all receipts of the model:
//! * every weight cell is an integer below a bound far from the field's size, so no accumulator wraps;
//! * lanes beyond the output channels of a block, and line cells of padding channels, hold the weight zero;
//! * cells whose value the structure of the model determines hold it: bounds, padding values, the ones of a sum over
//!   channels, the shares of an average. They are public, so fixed columns may hold them.
//!
//! The committed lanes are no columns of this circuit. It sees combinations of them, which a link proof ties to the same
//! combinations of the commitments, and 2^14 *sums* of cells, chosen by random bits ([`Grid`](provenn_verifier::Grid)).
//!
//! **Statement.** With `w_l` the committed lanes, `a_l` and `b_j` the bits of lane `l` and row `j`, both functions of a digest
//! that names all commitments: `S_ik = sum_j b_kj sum_l a_il w_l(j)` lies in `[0, M)` for all `i < t1`, `k < t2`.
//!
//! **Identity.** The limbs of all `S_ik` are columns of phase 1. After `theta`, with `alpha_l = sum_i theta^(i t2) a_il`,
//! `beta_j = sum_k theta^(k + 1) b_kj` and `W = sum_l alpha_l w_l`:
//! `sum_ik theta^(i t2 + k + 1) S_ik = sum_j beta_j W(j)`. Both sides are polynomials in `theta` whose coefficients were fixed
//! before it, so every `S_ik` is right but for an error of 2^14 / p. `W` is a linked column; `alpha` are coefficients of the
//! link, `beta` and the powers of `theta` public columns.
//!
//! **Range.** Let a cell have a magnitude above `2 (M - 1)`, and `2 (M - 1) < p / 2`. For each `i`, the sums
//! `F_i(j) = sum_l a_il w_l(j)` of the cell's row for the two values of the cell's own bit differ by the cell, so at most one of them
//! is at most `M - 1` in magnitude: all `t1` are with a probability of at most 2^-t1. If some `F_i(j)` is larger, then for each `k` the
//! two sums `S_ik` for the two values of `b_kj` differ by it, so at most one lies in `[0, M)`: all `t2` do with at most 2^-t2. So but
//! for 2^-126, for each attempt at a digest, **every cell is at most `2 (M - 1)` in magnitude**. The bad cell is fixed before the
//! bits, so nothing is multiplied by the number of cells. Few lanes or rows are taken one by one, which only makes it exact.
//!
//! Bits and not signs: with two cells of `1/2` mod p every vector of signs gives a small sum. The sums are never shown; they
//! would be linear equations about the weights.

mod check;
mod known;
mod shape;
mod sums;
mod witness;

pub use shape::RegisterShape;
pub use sums::sums;
pub use witness::{Combined, RegisterWitness};

use crate::argument::expr::{cell, constant, fixed, Expr};
use crate::argument::lookup::{self, Lookup};
use crate::argument::rows;
use crate::error::CircuitError;
use crate::layout::Layout;
use crate::program::Program;
use check::{check_accumulators, check_constants};
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{
    Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed, Instance, SecondPhase,
    VirtualCells,
};
use halo2_proofs::poly::Rotation;
use known::{Known, MAX_CLASSES};
use provenn_verifier::LaneRun;

/// The registration circuit of a layout. It follows from the structure of the model, known cells included. Its proofs
/// are made column by column, see [`RegisterWitness`].
#[derive(Clone, Debug)]
pub struct RegisterCircuit {
    shape: RegisterShape,
    known: Known,
}

impl RegisterCircuit {
    /// The circuit for the committed columns of a layout. No accumulator can come near the field size, whatever weights it
    /// registers, and the constants of the model fit their cells.
    ///
    /// # Errors
    /// [`CircuitError::Constant`], [`CircuitError::LaneKinds`] or [`CircuitError::Wrap`] if not.
    pub fn new(model: &Program, layout: &Layout) -> Result<Self, CircuitError> {
        check_constants(model, layout.shape.weight_bits)?;
        let known = Known::new(model, layout)?;
        let shape = RegisterShape::of_layout(layout, known.columns.len());
        check_accumulators(model, &shape)?;
        Ok(Self { shape, known })
    }

    /// Whether a registration can tell the lanes of a layout apart.
    pub(crate) fn tells_apart(model: &Program, layout: &Layout) -> Result<(), CircuitError> {
        match layout.shape.committed_columns() <= MAX_CLASSES {
            true => Ok(()),
            false => Known::new(model, layout).map(drop),
        }
    }

    /// The circuit for so many lanes of 2^`k` rows, nothing of which is known.
    pub fn free(k: u32, lanes: usize, weight_bits: u32) -> Self {
        Self {
            shape: RegisterShape::new(k, lanes, weight_bits, 0),
            known: Known {
                lanes: vec![None; lanes],
                ..Known::default()
            },
        }
    }

    /// `(lane, row, cell)` of each cell that the structure of the model determines.
    pub fn known_cells(&self) -> impl Iterator<Item = (usize, usize, u64)> + '_ {
        let lanes = self.known.lanes.iter().enumerate();
        lanes.flat_map(|(lane, known)| {
            let cells = known.map_or(&[][..], |index| self.known.columns[index].as_slice());
            cells.iter().map(move |&(row, cell)| (lane, row, cell))
        })
    }

    /// How many committed cells are public constants of the model.
    pub fn public_cells(&self) -> usize {
        self.known.constants
    }

    /// Which lanes know the same, as the key of the circuit says it.
    pub fn runs(&self) -> Vec<LaneRun> {
        let mut runs: Vec<LaneRun> = vec![];
        for class in &self.known.lanes {
            let class = class.map(|class| class as u32);
            match runs.last_mut() {
                Some(run) if run.class == class => run.lanes += 1,
                _ => runs.push(LaneRun { lanes: 1, class }),
            }
        }
        runs
    }

    /// The advice columns that are linked: the combination of all lanes, then one for each class of lanes.
    pub fn linked_columns(&self) -> Vec<u32> {
        let before = self.shape.first_phase() + self.shape.helpers() + 1;
        (before..=before + self.shape.classes)
            .map(|column| column as u32)
            .collect()
    }

    /// Its dimensions.
    pub fn shape(&self) -> &RegisterShape {
        &self.shape
    }
}

/// Columns of the registration circuit.
#[derive(Clone, Debug)]
pub struct RegisterConfig {
    /// Limbs of the sums, lowest first, `limbs` for each column of sums.
    limbs: Vec<Column<Advice>>,
    multiplicities: Vec<Column<Advice>>,
    lookup: lookup::Columns<Column<Advice>>,
    /// The combination of all lanes.
    combined: Column<Advice>,
    /// For each class, a combination of its lanes whose coefficients add up to one.
    classes: Vec<Column<Advice>>,
    theta: Challenge,
    alpha: Challenge,
    rows: rows::Columns,
    /// The row number.
    index: Column<Fixed>,
    /// One more than the cell that the lanes of a class hold in a row, 0 where it is free.
    known: Vec<Column<Fixed>>,
    /// Weights of the rows of sums, and of the rows of the combination.
    public: [Column<Instance>; 2],
}

impl Circuit<Fr> for RegisterCircuit {
    type Config = RegisterConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = RegisterShape;

    fn params(&self) -> RegisterShape {
        self.shape.clone()
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: RegisterShape) -> RegisterConfig {
        RegisterConfig::new(meta, &shape)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> RegisterConfig {
        RegisterConfig::new(meta, &RegisterShape::default())
    }

    fn synthesize(&self, config: RegisterConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "registration",
            |mut region| {
                let usable = self.shape.usable();
                let mut set = |column: Column<Fixed>, row: usize, value: u64| {
                    region.assign_fixed(column, row, Fr::from(value));
                };
                (0..usable).for_each(|row| set(config.index, row, row as u64));
                for (column, cells) in config.known.iter().zip(&self.known.columns) {
                    for &(row, cell) in cells {
                        set(*column, row, cell.saturating_add(1));
                    }
                }
                Ok(())
            },
        )
    }
}

impl RegisterConfig {
    fn new(meta: &mut ConstraintSystem<Fr>, shape: &RegisterShape) -> Self {
        meta.set_minimum_degree(5);
        let public = [(); 2].map(|()| meta.instance_column());
        let mut first = |count: usize| -> Vec<_> { (0..count).map(|_| meta.advice_column_in(FirstPhase)).collect() };
        let limbs = first(shape.grid.columns() * shape.limbs);
        let multiplicities = first(shape.tables);
        let theta = meta.challenge_usable_after(FirstPhase);
        let alpha = meta.challenge_usable_after(FirstPhase);
        let mut second = |count: usize| -> Vec<_> { (0..count).map(|_| meta.advice_column_in(SecondPhase)).collect() };
        let lookup = lookup::Columns::new(shape.fractions(), &mut |_| second(1)[0]);
        let combined = second(1)[0];
        let classes = second(shape.classes);
        let config = Self {
            limbs,
            multiplicities,
            lookup,
            combined,
            classes,
            theta,
            alpha,
            rows: rows::Columns::new(meta),
            index: meta.fixed_column(),
            known: (0..shape.classes).map(|_| meta.fixed_column()).collect(),
            public,
        };
        config.range_gate(meta, shape);
        config.known_gates(meta);
        config
    }

    /// `sum_c theta^c S_c` over the columns of sums, each the value of its limbs in base `table`.
    fn row_of_sums(&self, m: &mut VirtualCells<'_, Fr>, shape: &RegisterShape) -> Expr {
        let table = Fr::from(shape.table() as u64);
        let zero = Expression::Constant(Fr::zero());
        let columns = self.limbs.chunks(shape.limbs.max(1)).rev();
        columns.fold(zero.clone(), |sum, limbs| {
            let limbs = limbs.iter().rev().map(|&limb| m.query_advice(limb, Rotation::cur()));
            let value = limbs.fold(zero.clone(), |value, limb| value * table + limb);
            sum * self.theta.expr() + value
        })
    }

    /// The limbs are below `tables * usable`, by [`lookup::gates`], whose running sum also adds `beta * combined - power * sum_c
    /// theta^c S_c` in each row: table `i` at row `j` is `j + i * usable`.
    ///
    /// Needs `alpha` and `theta` drawn after limbs and multiplicities. The running sum joins two claims: that of the lookup and the
    /// identity of the sums, see above. Everything in the second has a positive power of `theta`, nothing in the first depends
    /// on it, so the total vanishes only if both do.
    fn range_gate(&self, meta: &mut ConstraintSystem<Fr>, shape: &RegisterShape) {
        meta.create_gate("range", |m| {
            let index = fixed(m, self.index);
            let entry = |table: usize| index.clone() + constant((table * shape.usable()) as u64);
            let tables = self.multiplicities.iter().enumerate();
            let [power, beta] = self.public.map(|c| m.query_instance(c, Rotation::cur()));
            let lookup = Lookup {
                limbs: &self.limbs,
                tables: tables.map(|(table, &column)| (column, entry(table))).collect(),
                alpha: self.alpha.expr(),
                besides: beta * cell(m, self.combined) - power * self.row_of_sums(m, shape),
            };
            lookup::gates(m, &self.rows, &self.lookup, lookup)
        });
    }

    /// `known * (class + 1 - known) = 0`: a row with `known = 0` leaves the lanes of a class free, any other makes each of
    /// them `known - 1`.
    ///
    /// The column of a class is `sum_l theta^l w_l / sum_l theta^l` over its lanes, and a link proof shows that. It has the value
    /// `v` in a row only if `sum_l theta^l (w_l - v) = 0`, which for lanes fixed before `theta` holds if they are all `v`, or with a
    /// probability of lanes / p. A known cell is a non-negative integer far below the field's size ([`RegisterCircuit::new`] refuses
    /// others), so `known = cell + 1` is never 0: no value that the structure can determine reads as free.
    fn known_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        if self.classes.is_empty() {
            return;
        }
        let one = Expression::Constant(Fr::one());
        meta.create_gate("known weight", |m| {
            let gate = |(&class, &known): (&Column<Advice>, &Column<Fixed>)| {
                let class = m.query_advice(class, Rotation::cur());
                let known = m.query_fixed(known, Rotation::cur());
                ("known weight", known.clone() * (class + one.clone() - known))
            };
            self.classes.iter().zip(&self.known).map(gate).collect::<Vec<_>>()
        });
    }

    /// Columns of phase 1, then of phase 2, in the order of the circuit.
    pub fn phases(&self) -> [Vec<Column<Advice>>; 2] {
        let first = self.limbs.iter().chain(&self.multiplicities);
        let second = self.lookup.iter().chain([&self.combined]).chain(&self.classes);
        [first.copied().collect(), second.copied().collect()]
    }
}
