//! The cells of a model's circuit, with its copies, and how to make them agree again after a change.

use super::Case;
use crate::common::cells::{gates, At, Cells};
use halo2_proofs::dev::{CellValue, MockProver};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{Advice, Any, Circuit, Column, ConstraintSystem};
use provenn_circuits::argument::{Config, ModelCircuit, Phase};
use provenn_circuits::layout::{Layout, Src};
use provenn_circuits::program::Program;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

#[derive(Clone)]
pub struct Table {
    pub config: Config,
    pub model: Arc<Program>,
    pub layout: Arc<Layout>,
    pub copies: Arc<Vec<(String, At, At)>>,
    /// Challenges are `r`, `t`, `alpha`, `s`.
    pub cells: Cells,
}

impl Deref for Table {
    type Target = Cells;

    fn deref(&self) -> &Cells {
        &self.cells
    }
}

impl DerefMut for Table {
    fn deref_mut(&mut self) -> &mut Cells {
        &mut self.cells
    }
}

impl Table {
    /// The honest cells under random challenges, with random rows after the usable ones.
    pub fn new(case: &Case, seed: u64) -> Self {
        let (layout, n) = (case.layout.clone(), 1usize << case.layout.shape.k);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let challenges = [(); 4].map(|()| Fr::random(&mut rng));
        let [r, t, alpha, s] = challenges;
        let mut cs = ConstraintSystem::default();
        let config = ModelCircuit::configure_with_params(&mut cs, layout.shape.clone());
        let usable = n - cs.blinding_factors() - 1;
        assert_eq!(usable, layout.shape.usable());
        let mock = MockProver::run(
            layout.shape.k,
            &case.circuit().without_witnesses(),
            case.instances.clone(),
        )
        .expect("mock");
        let cell = |v: &CellValue<Fr>| if let CellValue::Assigned(v) = v { *v } else { Fr::zero() };
        let fixed = mock.fixed().iter().map(|c| c.iter().map(cell).collect()).collect();
        let mut advice: Vec<Vec<Fr>> = (0..cs.num_advice_columns()).map(|_| vec![Fr::zero(); n]).collect();
        for column in &mut advice {
            column[usable..].iter_mut().for_each(|v| *v = Fr::random(&mut rng));
        }
        let mut fill = |phase: Phase, values: &[Vec<Fr>]| {
            let columns = config.phase(phase);
            assert_eq!(columns.len(), values.len());
            for (column, values) in columns.iter().zip(values) {
                advice[column.index()][..values.len()].copy_from_slice(values);
            }
        };
        let (witness, model) = (&case.witness, &case.model);
        let first = witness.phase1(model, &layout);
        fill(Phase::First, &first.columns());
        let second = witness.phase2(model, &layout, &first, [r, t, alpha]);
        fill(Phase::Second, &second.columns);
        if config.challenges.s.is_some() {
            fill(Phase::Third, &second.phase3(&layout, [r, t, s]));
        }
        let mut instance = case.instances.clone();
        instance.iter_mut().for_each(|c| c.resize(n, Fr::zero()));
        let copies = copies(&config, &layout);
        assert_eq!(
            cycles(&copies),
            assembled(&mock),
            "the copies of the layout are those of the key"
        );
        Self {
            config,
            model: case.model.clone(),
            layout,
            copies: Arc::new(copies),
            cells: Cells {
                gates: Arc::new(gates(&cs)),
                fixed: Arc::new(fixed),
                instance,
                advice,
                challenges: challenges.to_vec(),
                n,
                usable,
            },
        }
    }

    /// Names of the constraints that do not hold, over all rows, the blinding rows included.
    pub fn violations(&self) -> BTreeSet<String> {
        let copies = self
            .copies
            .iter()
            .filter(|(_, a, b)| self.advice[a.0][a.1] != self.advice[b.0][b.1]);
        let gates = self.failing_gates().into_iter();
        gates.chain(copies.map(|c| c.0.clone())).collect()
    }

    /// Whether a constraint that reads this cell fails.
    pub fn caught_at(&self, (column, row): At) -> bool {
        let gate = |g: usize| (0..4).any(|d| self.eval(g, (row + self.n - 1 + d) % self.n) != Fr::zero());
        (0..self.gates.len()).any(|g| self.gates[g].2.contains(&column) && gate(g))
            || self.copies.iter().any(|(_, a, b)| {
                (*a == (column, row) || *b == (column, row)) && self.advice[a.0][a.1] != self.advice[b.0][b.1]
            })
    }

    /// What a line column has at a row: of a dense layout the value that its copy stands for.
    pub fn value_at(&self, line: Column<Advice>, row: usize) -> Fr {
        let signed = self
            .layout
            .copies
            .iter()
            .any(|copied| copied.line == row && copied.signed);
        let half = 1u64 << (self.layout.shape.precision().bits() - 1);
        self.get(line, row) - if signed { Fr::from(half) } else { Fr::zero() }
    }

    /// Multiplicities and everything after phase 1 but the line, from the cells that are there.
    pub fn recompute(&mut self) {
        self.recompute_lookup();
        self.recompute_lines();
        self.recompute_slots();
    }

    pub fn recompute_lookup(&mut self) {
        let size = 1usize << self.layout.shape.table_bits;
        let values: BTreeMap<_, usize> = (0..size).map(|v| (format!("{:?}", Fr::from(v as u64)), v)).collect();
        let mut counts = vec![0u64; size];
        let limbs: Vec<_> = self.config.advice.limbs(&self.layout.shape).copied().collect();
        for column in limbs {
            for row in 0..self.usable {
                if let Some(&v) = values.get(&format!("{:?}", self.get(column, row))) {
                    counts[v] += 1;
                }
            }
        }
        let parts = self.config.advice.range.multiplicity.clone();
        let counts = counts.chunks(self.layout.shape.range_rows());
        assert_eq!(counts.len(), parts.len());
        for (multiplicity, counts) in parts.into_iter().zip(counts) {
            (0..self.usable).for_each(|row| self.set(multiplicity, row, Fr::zero()));
            let counts = counts.iter().enumerate();
            counts.for_each(|(row, &c)| self.set(multiplicity, row, Fr::from(c)));
        }
        self.recompute_functions();
        let mut gates = self.gate("range/helper");
        gates.extend(self.gate("range/running sum"));
        let columns: Vec<_> = self.config.advice.range.lookup.iter().copied().collect();
        assert_eq!(gates.len(), columns.len());
        for (gate, column) in gates.into_iter().zip(columns) {
            (0..self.usable).for_each(|row| self.solve(gate, column, row));
        }
    }

    /// Multiplicities and helpers of functions, from the pairs that are there.
    fn recompute_functions(&mut self) {
        let shape = self.layout.shape.clone();
        let columns = self.config.advice.function.clone();
        let fixed = self.config.fixed.function.clone();
        let mut entries: BTreeMap<String, (Column<Advice>, usize)> = BTreeMap::new();
        for (block, &multiplicity) in fixed.blocks.iter().zip(&columns.multiplicities) {
            for row in 0..self.usable {
                let pair = block.map(|column| self.fixed[column.index()][row]);
                entries.entry(format!("{pair:?}")).or_insert((multiplicity, row));
                self.set(multiplicity, row, Fr::zero());
            }
        }
        for row in 0..self.usable {
            for (index, lane) in self.config.advice.lanes.clone().iter().enumerate() {
                let tags = shape.features.tables.live.iter().zip(&fixed.tags);
                let tags = tags.filter(|(live, _)| **live > index);
                let tag: Fr = tags.map(|(_, column)| self.fixed[column.index()][row]).sum();
                let parts = lane.high.iter().enumerate().map(|(i, &part)| {
                    let (limbs, over) = (shape.limbs.min(i as u32), (i as u32).saturating_sub(shape.limbs));
                    self.get(part, row) * Fr::from(1 << (shape.table_bits * limbs + over))
                });
                let high: Fr = parts.sum();
                let pair = [high + tag * Fr::from(1 << 32), self.get(lane.value, row) + Fr::one()];
                if let Some(&(column, at)) = entries.get(&format!("{pair:?}")).filter(|_| tag != Fr::zero()) {
                    let count = self.get(column, at) + tag;
                    self.set(column, at, count);
                }
            }
        }
        for (gate, column) in self.gate("functions/function helper").into_iter().zip(columns.helpers) {
            (0..self.usable).for_each(|row| self.solve(gate, column, row));
        }
    }

    pub fn recompute_lines(&mut self) {
        let pacc = self.config.advice.lines.pacc;
        let Some(uacc) = self.config.advice.lines.uacc else {
            // Sums of a dense layout take those of the rows after them.
            let gate = self.gate("dense/sum")[0];
            (0..self.usable).rev().for_each(|row| self.solve(gate, pacc, row));
            return;
        };
        for (name, column) in [("lines/line sum", uacc), ("lines/product sum", pacc)] {
            let gate = self.gate(name)[0];
            (0..self.usable).for_each(|row| self.solve(gate, column, row));
        }
    }

    pub fn recompute_slots(&mut self) {
        let none = BTreeSet::new();
        self.recompute_slots_but(&none);
    }

    /// The same with some coefficient cells left as they are.
    pub fn recompute_slots_but(&mut self, kept: &BTreeSet<At>) {
        let layout = self.layout.clone();
        for segment in &layout.segments {
            let slot = self.config.advice.slots[segment.slot].clone();
            let gate = self.gate(&format!("scan {}/", segment.slot))[0];
            for (index, step) in segment.rows.iter().enumerate() {
                let row = segment.start + index;
                if let Some((a, b)) = step.factors {
                    for (src, column) in [(a, slot.a), (b, slot.b)] {
                        if !kept.contains(&(column.index(), row)) {
                            let (from, at) = cell(&self.config, src);
                            let value = self.advice[from][at];
                            self.set(column, row, value);
                        }
                    }
                }
                self.solve(gate, slot.acc, row);
            }
        }
    }
}

pub fn cell(c: &Config, src: Src) -> At {
    let (column, row) = match src {
        Src::Pow(row) => (c.advice.powers.as_ref().expect("powers").pow, row),
        Src::Slot(slot, row) => (c.advice.slots[slot].acc, row),
        Src::Uacc(row) => (c.advice.lines.uacc.expect("lines that are scanned"), row),
        Src::Pacc(row) => (c.advice.lines.pacc, row),
    };
    (column.index(), row)
}

fn copies(c: &Config, layout: &Layout) -> Vec<(String, At, At)> {
    let mut all = vec![];
    for (number, segment) in layout.segments.iter().enumerate() {
        let slot = &c.advice.slots[segment.slot];
        for (index, step) in segment.rows.iter().enumerate() {
            let Some((a, b)) = step.factors else { continue };
            for (name, src, column) in [("a", a, slot.a), ("b", b, slot.b)] {
                let name = format!("copy {name} of segment {number} row {index}");
                all.push((name, cell(c, src), (column.index(), segment.start + index)));
            }
        }
    }
    for copied in &layout.copies {
        let name = format!("copy of a value at row {}", copied.line);
        let [line, value] = [c.advice.lines.u[0].index(), c.advice.lanes[0].value.index()];
        all.push((name, (line, copied.line), (value, copied.row)));
    }
    for (number, &(l, r)) in layout.equalities.iter().enumerate() {
        all.push((format!("equality {number}"), cell(c, l), cell(c, r)));
    }
    all
}

/// Classes of equal cells, without the singletons.
fn cycles(copies: &[(String, At, At)]) -> BTreeSet<BTreeSet<At>> {
    let mut class: BTreeMap<At, At> = BTreeMap::new();
    fn root(class: &mut BTreeMap<At, At>, mut at: At) -> At {
        while *class.entry(at).or_insert(at) != at {
            at = class[&at];
        }
        at
    }
    for (_, a, b) in copies {
        let (a, b) = (root(&mut class, *a), root(&mut class, *b));
        class.insert(a, b);
    }
    let mut sets: BTreeMap<At, BTreeSet<At>> = BTreeMap::new();
    for at in class.keys().copied().collect::<Vec<_>>() {
        let top = root(&mut class, at);
        sets.entry(top).or_default().insert(at);
    }
    sets.into_values().filter(|s| s.len() > 1).collect()
}

fn assembled(mock: &MockProver<Fr>) -> BTreeSet<BTreeSet<At>> {
    let columns: Vec<Column<Any>> = mock.permutation().columns().to_vec();
    let mapping: Vec<Vec<(usize, usize)>> = mock.permutation().mapping().map(|c| c.collect()).collect();
    let mut pairs = vec![];
    for (i, column) in mapping.iter().enumerate() {
        for (row, &(j, other)) in column.iter().enumerate() {
            if (i, row) != (j, other) {
                pairs.push((String::new(), (columns[i].index(), row), (columns[j].index(), other)));
            }
        }
    }
    cycles(&pairs)
}
