//! Registration: committed weights are in range, and zero where the architecture has none.
//!
//! Proven once, when a model is committed, on the very columns that are committed: the first commitments of the
//! registration proof *are* the model commitments. Every later proof is tied to them by its link proof, so what is
//! shown here holds for all receipts of the model:
//! * each weight cell is a non-negative integer below a bound far from the field's size, so no accumulator wraps;
//! * lanes beyond the output channels of a block, and line rows of padding channels, hold the weight zero;
//! * cells whose value the structure of the model determines hold it: bounds, padding values, the ones of a sum over
//!   channels, the shares of an average. They are public, so fixed columns may hold them.
//!
//! A cell is `sum_i 2^(limb_bits i) limb_i`; the lowest limb is not a column but the difference. All limbs are looked
//! up (logUp, challenge `alpha` after phase 1) in the integers `[0, tables * usable)`: table `i` at row `j` is
//! `j + i * usable`, so one fixed column serves all tables.

mod check;
mod known;
mod shape;
mod witness;

pub use check::check_registered;
pub use shape::RegisterShape;
pub use witness::RegisterWitness;

use crate::layout::Layout;
use crate::program::Program;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{
    Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed, SecondPhase,
    VirtualCells,
};
use halo2_proofs::poly::Rotation;
use known::Known;
use shape::Row;

/// Fractions that one helper column sums.
pub(crate) const GROUP: usize = 3;

/// The registration circuit of a layout. It follows from the structure of the model, known cells included. Its proofs
/// are made column by column, see [`RegisterWitness`].
#[derive(Clone, Debug)]
pub struct RegisterCircuit {
    shape: RegisterShape,
    rows: Vec<Row>,
    known: Known,
}

impl RegisterCircuit {
    /// The circuit for the weight columns of a layout.
    pub fn new(model: &Program, layout: &Layout) -> Self {
        let known = Known::new(model, layout);
        Self {
            shape: RegisterShape::with_known(model, layout, &known),
            rows: shape::rows(model, layout),
            known,
        }
    }

    /// `(row, lanes that hold weights)` for each row of the line area; further lanes hold the weight zero.
    pub fn live_lanes(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.rows.iter().map(|row| (row.at, row.live))
    }

    /// `(lane, row, cell)` of each weight cell that the structure of the model determines.
    pub fn known_cells(&self) -> impl Iterator<Item = (usize, usize, u64)> + '_ {
        let lanes = self.known.lanes.iter().enumerate();
        lanes.flat_map(|(lane, known)| {
            let cells = known.map_or(&[][..], |index| self.known.columns[index].as_slice());
            cells.iter().map(move |&(row, cell)| (lane, row, cell))
        })
    }

    /// Its dimensions.
    pub fn shape(&self) -> &RegisterShape {
        &self.shape
    }
}

/// Columns of the registration circuit.
#[derive(Clone, Debug)]
pub struct RegisterConfig {
    weights: Vec<Column<Advice>>,
    /// Limbs above the lowest, `limbs - 1` per weight column.
    limbs: Vec<Column<Advice>>,
    multiplicities: Vec<Column<Advice>>,
    helpers: Vec<Column<Advice>>,
    sum: Column<Advice>,
    alpha: Challenge,
    usable: Column<Fixed>,
    not_first: Column<Fixed>,
    last: Column<Fixed>,
    /// The row number.
    index: Column<Fixed>,
    /// 1 on the rows with a number of live lanes.
    live: Vec<(usize, Column<Fixed>)>,
    /// One more than the cell that a row must hold, 0 where it is free.
    known: Vec<Column<Fixed>>,
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
                for row in 0..usable {
                    set(config.usable, row, 1);
                    set(config.index, row, row as u64);
                    if row > 0 {
                        set(config.not_first, row, 1);
                    }
                }
                set(config.last, usable - 1, 1);
                for row in &self.rows {
                    for (_, column) in config.live.iter().filter(|(count, _)| *count == row.live) {
                        set(*column, row.at, 1);
                    }
                }
                for (column, cells) in config.known.iter().zip(&self.known.columns) {
                    cells
                        .iter()
                        .for_each(|&(row, cell)| set(*column, row, cell.saturating_add(1)));
                }
                Ok(())
            },
        )
    }
}

type Expr = Expression<Fr>;

impl RegisterConfig {
    fn new(meta: &mut ConstraintSystem<Fr>, shape: &RegisterShape) -> Self {
        meta.set_minimum_degree(5);
        let mut first = |count: usize| -> Vec<_> { (0..count).map(|_| meta.advice_column_in(FirstPhase)).collect() };
        let weights = first(shape.columns);
        let limbs = first(shape.columns * (shape.limbs - 1));
        let multiplicities = first(shape.tables);
        let alpha = meta.challenge_usable_after(FirstPhase);
        let helpers = (0..shape.fractions().div_ceil(GROUP))
            .map(|_| meta.advice_column_in(SecondPhase))
            .collect();
        let config = Self {
            weights,
            limbs,
            multiplicities,
            helpers,
            sum: meta.advice_column_in(SecondPhase),
            alpha,
            usable: meta.fixed_column(),
            not_first: meta.fixed_column(),
            last: meta.fixed_column(),
            index: meta.fixed_column(),
            live: shape.live.iter().map(|&count| (count, meta.fixed_column())).collect(),
            known: (0..shape.known_columns()).map(|_| meta.fixed_column()).collect(),
        };
        config.lookup_gates(meta, shape);
        config.zero_gates(meta, shape);
        config.known_gates(meta, shape);
        config
    }

    /// `1 / (alpha + limb)` for all limbs, then `-multiplicity / (alpha + table)` for all tables.
    fn fractions(&self, m: &mut VirtualCells<'_, Fr>, shape: &RegisterShape) -> Vec<(Expr, Expr)> {
        let alpha = self.alpha.expr();
        let one = Expression::Constant(Fr::one());
        let mut all = vec![];
        for (lane, &weight) in self.weights.iter().enumerate() {
            let above = shape.limbs - 1;
            let mut lowest = m.query_advice(weight, Rotation::cur());
            for (i, &limb) in self.limbs[lane * above..(lane + 1) * above].iter().enumerate() {
                let limb = m.query_advice(limb, Rotation::cur());
                let weight = Fr::from(1u64 << (shape.limb_bits as usize * (i + 1)));
                lowest = lowest - limb.clone() * weight;
                all.push((one.clone(), limb + alpha.clone()));
            }
            all.push((one.clone(), lowest + alpha.clone()));
        }
        let index = m.query_fixed(self.index, Rotation::cur());
        for (i, &multiplicity) in self.multiplicities.iter().enumerate() {
            let shift = Expression::Constant(Fr::from((i * shape.usable()) as u64));
            let multiplicity = m.query_advice(multiplicity, Rotation::cur());
            all.push((-multiplicity, index.clone() + shift + alpha.clone()));
        }
        all
    }

    /// `usable * (h * prod_i d_i - sum_i n_i prod_{j != i} d_j) = 0` for each group of fractions `n / d`, and
    /// `usable * (sum - sum of helpers) = not_first * sum_prev`, `last * sum = 0`.
    ///
    /// Needs `alpha` drawn after weights, limbs and multiplicities. A denominator is zero with negligible probability
    /// only, so the helpers are determined; the sum over all rows vanishes identically in `alpha` only if every limb
    /// on every usable row is a table entry (Haböck, <https://eprint.iacr.org/2022/1530>).
    fn lookup_gates(&self, meta: &mut ConstraintSystem<Fr>, shape: &RegisterShape) {
        meta.create_gate("range", |m| {
            let [usable, not_first, last] =
                [self.usable, self.not_first, self.last].map(|c| m.query_fixed(c, Rotation::cur()));
            let fractions = self.fractions(m, shape);
            let mut gates = vec![];
            let mut total = Expression::Constant(Fr::zero());
            for (group, &helper) in fractions.chunks(GROUP).zip(&self.helpers) {
                let helper = m.query_advice(helper, Rotation::cur());
                let others = |skip: usize| {
                    let rest = group.iter().enumerate().filter(move |(i, _)| *i != skip);
                    rest.map(|(_, (_, d))| d.clone())
                };
                let mut balance = group.iter().fold(helper.clone(), |product, (_, d)| product * d.clone());
                for (i, (numerator, _)) in group.iter().enumerate() {
                    balance = balance - others(i).fold(numerator.clone(), |product, d| product * d);
                }
                gates.push(("range helper", usable.clone() * balance));
                total = total + helper;
            }
            let [sum, before] = [Rotation::cur(), Rotation::prev()].map(|at| m.query_advice(self.sum, at));
            gates.push(("range sum", usable * (sum.clone() - total) - not_first * before));
            gates.push(("range balance", last * sum));
            gates
        });
    }

    /// `(sum of live_c for c <= lane) * (weight - zero) = 0`: on a row with `c` live lanes the others hold no weight.
    fn zero_gates(&self, meta: &mut ConstraintSystem<Fr>, shape: &RegisterShape) {
        if self.live.is_empty() {
            return;
        }
        let zero = Expression::Constant(Fr::from(1u64 << (shape.weight_bits - 1)));
        meta.create_gate("no weight", |m| {
            let live: Vec<(usize, Expr)> = self
                .live
                .iter()
                .map(|&(count, column)| (count, m.query_fixed(column, Rotation::cur())))
                .collect();
            let lanes = self.weights.iter().enumerate();
            lanes
                .filter_map(|(lane, &weight)| {
                    let dead = live.iter().filter(|(count, _)| *count <= lane).map(|(_, q)| q.clone());
                    let dead = dead.reduce(|a, b| a + b)?;
                    Some((
                        "no weight",
                        dead * (m.query_advice(weight, Rotation::cur()) - zero.clone()),
                    ))
                })
                .collect::<Vec<_>>()
        });
    }

    /// `known * (weight + 1 - known) = 0`: a row with `known = 0` leaves the cell free, any other makes it `known - 1`.
    ///
    /// Unique, because a known cell is a non-negative integer far below the field's size (`check_registered` refuses others),
    /// so that `known = cell + 1` is never 0: no value that the structure can determine reads as free. Needs no challenge;
    /// both columns are fixed before any.
    fn known_gates(&self, meta: &mut ConstraintSystem<Fr>, shape: &RegisterShape) {
        let lanes = self.weights.iter().zip(&shape.known);
        let lanes: Vec<_> = lanes
            .filter_map(|(&weight, known)| Some((weight, *self.known.get((*known)?)?)))
            .collect();
        if lanes.is_empty() {
            return;
        }
        let one = Expression::Constant(Fr::one());
        meta.create_gate("known weight", |m| {
            let gate = |(weight, known): (Column<Advice>, Column<Fixed>)| {
                let (weight, known) = (
                    m.query_advice(weight, Rotation::cur()),
                    m.query_fixed(known, Rotation::cur()),
                );
                ("known weight", known.clone() * (weight + one.clone() - known))
            };
            lanes.into_iter().map(gate).collect::<Vec<_>>()
        });
    }

    /// Columns of phase 1, then of phase 2, in the order of the circuit.
    pub fn phases(&self) -> [Vec<Column<Advice>>; 2] {
        let first = self.weights.iter().chain(&self.limbs).chain(&self.multiplicities);
        let second = self.helpers.iter().chain([&self.sum]);
        [first.copied().collect(), second.copied().collect()]
    }
}
