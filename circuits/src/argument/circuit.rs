//! The halo2 circuit of a program.
//!
//! Challenges: `r`, `t`, `alpha` after phase 1 (inputs, activations, multiplicities; the weights are committed before);
//! `s` after phase 2 (lines, folded weights and lookup helpers); phase 3 holds the checks.

mod config;

pub use config::{Challenges, CommittedInput, Config, Lane, Slot};

use super::witness::Witness;
use crate::layout::{Layout, Mode, RowKind, Shape, Src};
use crate::program::{Program, Step};
use halo2_proofs::circuit::{Cell, Layouter, Region, SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Advice, Any, Circuit, Column, ConstraintSystem, Error, Fixed};
use std::sync::Arc;

/// A model's circuit, with a witness when proving.
#[derive(Clone, Debug)]
pub struct ModelCircuit {
    /// The program.
    pub model: Arc<Program>,
    /// Its layout.
    pub layout: Arc<Layout>,
    /// Phase-1 cells; absent during key generation.
    pub witness: Option<Arc<Witness>>,
}

impl Circuit<Fr> for ModelCircuit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn params(&self) -> Shape {
        self.layout.shape.clone()
    }

    fn without_witnesses(&self) -> Self {
        Self {
            witness: None,
            ..self.clone()
        }
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Config {
        Config::new(meta, &shape)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        Config::new(meta, &Shape::default())
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "model",
            |mut region| {
                Synthesis {
                    config: &config,
                    circuit: self,
                    region: &mut region,
                }
                .run();
                Ok(())
            },
        )
    }
}

struct Synthesis<'a, 'r> {
    config: &'a Config,
    circuit: &'a ModelCircuit,
    region: &'a mut Region<'r, Fr>,
}

impl Synthesis<'_, '_> {
    fn run(mut self) {
        self.fixed();
        if let Some(witness) = self.circuit.witness.clone() {
            let config = self.config;
            let (model, layout) = (&*self.circuit.model, &*self.circuit.layout);
            let first = witness.phase1(model, layout);
            self.columns(&config.phase1(), &first.columns());
            self.region.next_phase();
            let [r, t, alpha] = config.challenges.after_phase1.map(|c| self.known(c));
            let second = witness.phase2(model, layout, &first, [r, t, alpha]);
            self.columns(&config.phase2(), &second.columns);
            self.region.next_phase();
            let s = self.known(config.challenges.s);
            let third = witness.phase3(&self.circuit.layout, &second, [r, t, s]);
            // The library ends the last phase itself.
            self.columns(&config.phase3(), &third);
        }
        self.equalities();
    }

    /// The challenge, or zero when the library asks for the shape only.
    fn known(&self, challenge: halo2_proofs::plonk::Challenge) -> Fr {
        let mut known = Fr::zero();
        self.region.get_challenge(challenge).map(|c| known = c);
        known
    }

    fn columns(&mut self, columns: &[Column<Advice>], values: &[Vec<Fr>]) {
        for (column, values) in columns.iter().zip(values) {
            for (row, value) in values.iter().enumerate() {
                if *value != Fr::zero() {
                    self.region.assign_advice(*column, row, Value::known(*value));
                }
            }
        }
    }

    fn set(&mut self, column: Column<Fixed>, row: usize, value: Fr) {
        if value != Fr::zero() {
            self.region.assign_fixed(column, row, value);
        }
    }

    fn fixed(&mut self) {
        let (c, layout) = (self.config, &self.circuit.layout);
        let (usable, one) = (layout.shape.usable(), Fr::one());
        for row in 0..usable {
            self.set(c.usable, row, one);
            if row > 0 {
                self.set(c.not_first, row, one);
            }
            if row < 1 << layout.shape.table_bits {
                self.set(c.table, row, Fr::from(row as u64));
            }
        }
        self.set(c.last, usable - 1, one);
        let p = layout.powers;
        for (start, len, column) in [(0, p.r, c.pow_r), (p.r, p.t, c.pow_t), (p.r + p.t, p.s, c.pow_s)] {
            self.set(c.pow_one, start, one);
            for row in start + 1..start + len {
                self.set(column, row, one);
            }
        }
        self.lines();
        self.activations();
        for segment in &layout.segments {
            let slot = &c.slots[segment.slot];
            for (index, row) in segment.rows.iter().enumerate() {
                let at = segment.start + index;
                if index > 0 {
                    self.set(slot.keep, at, one);
                }
                self.set(slot.kappa, at, signed(row.kappa));
                let column = match row.mode {
                    Mode::Accumulators | Mode::ValuesS => Some(slot.first),
                    Mode::ValuesR => slot.second,
                    Mode::Pattern(pattern) => slot.patterns.iter().find(|p| p.0 == pattern).map(|p| p.1),
                    Mode::Constant | Mode::Skip => None,
                };
                if let Some(column) = column {
                    self.set(column, at, one);
                }
            }
        }
    }

    fn lines(&mut self) {
        let (c, layout, one) = (self.config, &self.circuit.layout, Fr::one());
        let [single, keep_single] = c.single.unwrap_or([c.line, c.keep_u]);
        for row in 0..layout.policy_rows {
            self.set(c.policy, row, one);
            self.set(single, row, one);
            if row > 0 {
                self.set(keep_single, row, one);
                self.set(c.same_top, row, one);
            }
        }
        for block in &layout.blocks {
            let first_line = block.start + block.bias_rows;
            for row in first_line..first_line + block.line_rows() {
                self.set(c.line, row, one);
                if row > first_line {
                    self.set(c.keep_u, row, one);
                }
            }
            for row in block.sums().flat_map(|(first, last)| first + 1..=last) {
                self.set(c.keep_p, row, one);
            }
        }
        let Some([pair, right]) = c.pair else { return };
        for block in &layout.pairs {
            for row in block.start..=block.end() {
                self.set(pair, row, one);
                self.set(single, row, one);
                if row > block.start {
                    self.set(keep_single, row, one);
                    self.set(c.keep_p, row, one);
                }
                if (row - block.start) % 2 == 1 {
                    self.set(right, row, one);
                }
            }
        }
    }

    fn activations(&mut self) {
        let (c, layout, one) = (self.config, &self.circuit.layout, Fr::one());
        let half = Fr::from(1u64 << (layout.shape.precision().bits() - 1));
        for (row, kind) in layout.kinds.iter().enumerate() {
            match *kind {
                RowKind::Free => {}
                RowKind::Input(id, block) => {
                    self.set(c.zero_point, row, half);
                    match (c.committed.iter().find(|(index, _)| *index == id), c.public_input) {
                        (Some((_, input)), _) => {
                            self.set(input.rows, row, one);
                            let channels = self.circuit.model.tensors[id].channels;
                            let last = block + 1 == layout.channel_blocks(channels);
                            if let Some((column, _)) = input.padding.filter(|_| last) {
                                self.set(column, row, one);
                            }
                        }
                        (None, Some(rows)) => self.set(rows, row, one),
                        (None, None) => {}
                    }
                }
                RowKind::Affine(id, _, _) => {
                    self.set(c.affine, row, one);
                    if self.circuit.model.tensors[id].signed {
                        self.set(c.zero_point, row, half);
                    }
                }
                RowKind::Product(id, _, _) => {
                    self.set(c.affine, row, one);
                    if let (Some(column), Step::Product(p)) = (c.product, &self.circuit.model.tensors[id].step) {
                        self.set(column, row, signed(p.alpha.into()));
                    }
                    if self.circuit.model.tensors[id].signed {
                        self.set(c.zero_point, row, half);
                    }
                }
                RowKind::Max(id) => {
                    self.set(c.max, row, one);
                    if self.circuit.model.tensors[id].signed {
                        self.set(c.zero_point, row, half);
                    }
                }
            }
        }
    }

    fn cell(&self, src: Src) -> Cell {
        let c = self.config;
        let (column, row) = match src {
            Src::Pow(row) => (c.pow, row),
            Src::Slot(slot, row) => (c.slots[slot].acc, row),
            Src::Uacc(row) => (c.uacc, row),
            Src::Pacc(row) => (c.pacc, row),
            Src::U(row) => (c.u[0], row),
        };
        Cell {
            row_offset: row,
            column: Column::<Any>::from(column),
        }
    }

    fn equalities(&mut self) {
        let layout = self.circuit.layout.clone();
        for segment in &layout.segments {
            let slot = &self.config.slots[segment.slot];
            for (index, row) in segment.rows.iter().enumerate() {
                let Some((a, b)) = row.factors else { continue };
                for (src, column) in [(a, slot.a), (b, slot.b)] {
                    let target = Cell {
                        row_offset: segment.start + index,
                        column: Column::<Any>::from(column),
                    };
                    self.region.constrain_equal(self.cell(src), target);
                }
            }
        }
        for &(left, right) in &layout.equalities {
            self.region.constrain_equal(self.cell(left), self.cell(right));
        }
    }
}

/// A signed integer as a field element.
pub fn signed(v: i128) -> Fr {
    let magnitude = Fr::from_u128(v.unsigned_abs());
    if v < 0 {
        -magnitude
    } else {
        magnitude
    }
}

use halo2_proofs::halo2curves::ff::PrimeField;
