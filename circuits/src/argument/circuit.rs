//! The halo2 circuit of a program.
//!
//! Challenges: `r`, `t`, `alpha` after phase 1 (inputs, activations, multiplicities; the weights are committed before);
//! `s` after phase 2 (lines, folded weights and lookup helpers); phase 3 holds the checks.

use super::columns::Phase;
use super::config::Config;
use super::witness::Witness;
use crate::layout::{Layout, Shape, Src};
use crate::program::Program;
use halo2_proofs::circuit::{Cell, Layouter, Region, SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Any, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed};
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
            let challenges = self.config.challenges;
            let (model, layout) = (&*self.circuit.model, &*self.circuit.layout);
            let first = witness.phase1(model, layout);
            self.assign(Phase::First, &first.columns());
            self.region.next_phase();
            let [r, t, alpha] = [challenges.r, challenges.t, challenges.alpha].map(|c| self.known(c));
            let second = witness.phase2(model, layout, &first, [r, t, alpha]);
            self.assign(Phase::Second, &second.columns);
            // The library ends the last phase itself.
            if let Some(s) = challenges.s {
                self.region.next_phase();
                let s = self.known(s);
                self.assign(Phase::Third, &second.phase3(layout, [r, t, s]));
            }
        }
        self.equalities();
    }

    /// The challenge, or zero when the library asks for the shape only.
    fn known(&self, challenge: Challenge) -> Fr {
        let mut known = Fr::zero();
        self.region.get_challenge(challenge).map(|c| known = c);
        known
    }

    fn assign(&mut self, phase: Phase, values: &[Vec<Fr>]) {
        for (column, values) in self.config.phase(phase).iter().zip(values) {
            for (row, value) in values.iter().enumerate() {
                if *value != Fr::zero() {
                    self.region.assign_advice(*column, row, Value::known(*value));
                }
            }
        }
    }

    fn fixed(&mut self) {
        let (model, layout) = (&*self.circuit.model, &*self.circuit.layout);
        let region = &mut *self.region;
        let mut set = |column: &Column<Fixed>, row: usize, value: Fr| {
            if value != Fr::zero() {
                region.assign_fixed(*column, row, value);
            }
        };
        self.config.fixed.fill(model, layout, &mut set);
    }

    fn cell(&self, src: Src) -> Cell {
        let advice = &self.config.advice;
        let (column, row) = match src {
            Src::Pow(row) => (advice.powers.as_ref().map(|powers| powers.pow), row),
            Src::Slot(slot, row) => (Some(advice.slots[slot].acc), row),
            Src::Uacc(row) => (advice.lines.uacc, row),
            Src::Pacc(row) => (Some(advice.lines.pacc), row),
        };
        let column = column.expect("only dense layouts lack it, which have no scans");
        Cell {
            row_offset: row,
            column: Column::<Any>::from(column),
        }
    }

    fn equalities(&mut self) {
        let layout = self.circuit.layout.clone();
        for segment in &layout.segments {
            let slot = &self.config.advice.slots[segment.slot];
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
        for copied in &layout.copies {
            let [line, value] = [
                (self.config.advice.lines.u[0], copied.line),
                (self.config.advice.lanes[0].value, copied.row),
            ]
            .map(|(column, row_offset)| Cell {
                row_offset,
                column: Column::<Any>::from(column),
            });
            self.region.constrain_equal(line, value);
        }
        for &(left, right) in &layout.equalities {
            self.region.constrain_equal(self.cell(left), self.cell(right));
        }
    }
}
