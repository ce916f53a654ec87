//! Columns and gates. The formula stands above each gate, with why it determines its cells.

mod lines;
mod lookup;
mod scan;

use crate::layout::Shape;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{
    Advice, Challenge, Column, ConstraintSystem, Expression, FirstPhase, Fixed, Instance, SecondPhase, ThirdPhase,
    VirtualCells,
};
use halo2_proofs::poly::Rotation;

/// Challenges by phase.
#[derive(Clone, Copy, Debug)]
pub struct Challenges {
    /// `r` (channels), `t` (positions), `alpha` (lookups).
    pub after_phase1: [Challenge; 3],
    /// `s` (lines).
    pub s: Challenge,
}

/// Columns of one activation lane.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Sign of the shifted accumulator: 1 if non-negative.
    pub sign: Column<Advice>,
    /// Stored value `v + zero`, non-negative.
    pub value: Column<Advice>,
    /// Table-checked limbs of the high part, then its single bits.
    pub high: Vec<Column<Advice>>,
    /// Table-checked limbs of the remainder, then its single bits.
    pub rem: Vec<Column<Advice>>,
}

/// Columns of one committed input: its own, so that its commitment says nothing of others.
#[derive(Clone, Debug)]
pub struct CommittedInput {
    /// Its cells, `v + half`, lane by lane.
    pub cells: Vec<Column<Advice>>,
    /// Its rows.
    pub rows: Column<Fixed>,
    /// Rows of its last channel block, and the first lane that holds no channel there, if one does not.
    pub padding: Option<(Column<Fixed>, usize)>,
}

/// Columns of one scan slot.
#[derive(Clone, Debug)]
pub struct Slot {
    /// First coefficient.
    pub a: Column<Advice>,
    /// Second coefficient.
    pub b: Column<Advice>,
    /// Accumulator.
    pub acc: Column<Advice>,
    /// 1 where the accumulator continues.
    pub keep: Column<Fixed>,
    /// Constant term.
    pub kappa: Column<Fixed>,
    /// Slot 0: accumulators by `r`; other slots: values by `s`.
    pub first: Column<Fixed>,
    /// Values by `r`; not in slot 0.
    pub second: Option<Column<Fixed>>,
    /// Values by a pattern: its index in the shape.
    pub patterns: Vec<(usize, Column<Fixed>)>,
}

/// All columns.
#[derive(Clone, Debug)]
pub struct Config {
    shape: Shape,
    /// Challenges.
    pub challenges: Challenges,
    /// Activation lanes.
    pub lanes: Vec<Lane>,
    /// Lookup multiplicities.
    pub multiplicity: Column<Advice>,
    /// The compared score of the policy rows.
    pub top: Column<Advice>,
    /// Line columns. Policy rows, bias rows and products of activations use the first only.
    pub u: Vec<Column<Advice>>,
    /// Folded weights `sum_l r^l (w_l - zero)`, one column for each line column: tied by the link proof to the commitments of
    /// the lanes, which are no columns of this circuit.
    pub weights: Vec<Column<Advice>>,
    /// Lookup helpers, three fractions each.
    pub helpers: Vec<Column<Advice>>,
    /// Lookup helper of the table.
    pub table_helper: Column<Advice>,
    /// Running lookup sum.
    pub sum: Column<Advice>,
    /// Powers of the challenges.
    pub pow: Column<Advice>,
    /// Line accumulator.
    pub uacc: Column<Advice>,
    /// Product accumulator.
    pub pacc: Column<Advice>,
    /// Scan slots.
    pub slots: Vec<Slot>,
    /// Policy columns `a, t, c, g`, then the lanes of public inputs.
    pub instance: Vec<Column<Instance>>,
    /// 1 on usable rows.
    pub usable: Column<Fixed>,
    /// 1 on usable rows but the first.
    pub not_first: Column<Fixed>,
    /// 1 on the last usable row.
    pub last: Column<Fixed>,
    /// Range table.
    pub table: Column<Fixed>,
    /// Rows that start a run of powers.
    pub pow_one: Column<Fixed>,
    /// Rows that multiply by `r`.
    pub pow_r: Column<Fixed>,
    /// Rows that multiply by `t`.
    pub pow_t: Column<Fixed>,
    /// Rows that multiply by `s`.
    pub pow_s: Column<Fixed>,
    /// Rows of lines.
    pub line: Column<Fixed>,
    /// Rows at which the accumulator of a line continues.
    pub keep_u: Column<Fixed>,
    /// The same for rows whose line is in the first column only, where there are several: policy rows and products of
    /// activations.
    pub single: Option<[Column<Fixed>; 2]>,
    /// Rows at which the product accumulator continues.
    pub keep_p: Column<Fixed>,
    /// Policy rows.
    pub policy: Column<Fixed>,
    /// Policy rows but the first.
    pub same_top: Column<Fixed>,
    /// Rows of public inputs.
    pub public_input: Option<Column<Fixed>>,
    /// Committed inputs, by their index among the inputs.
    pub committed: Vec<(usize, CommittedInput)>,
    /// Rows of rounded accumulators.
    pub affine: Column<Fixed>,
    /// Rows of running maxima.
    pub max: Column<Fixed>,
    /// Zero point of the row's tensor.
    pub zero_point: Column<Fixed>,
    /// Multiplier of the rows of products of neighbours, else 0.
    pub product: Option<Column<Fixed>>,
    /// Rows of products of activations, and those of their right line.
    pub pair: Option<[Column<Fixed>; 2]>,
}

type Expr = Expression<Fr>;

fn constant(v: u64) -> Expr {
    Expression::Constant(Fr::from(v))
}

fn power_of_two(e: u32) -> Fr {
    Fr::from(2).pow([u64::from(e)])
}

/// `sum of base^i * terms[i]`, by Horner.
fn horner(terms: Vec<Expr>, base: &Expr) -> Expr {
    terms
        .into_iter()
        .rev()
        .reduce(|acc, term| acc * base.clone() + term)
        .unwrap_or_else(|| constant(0))
}

impl Config {
    /// Columns and gates for a shape.
    pub fn new(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        meta.set_minimum_degree(5);
        let limbs = (shape.limbs + shape.top_bits) as usize;
        let inputs = shape.inputs.iter().map(|input| -> Vec<_> {
            let columns = 0..input.columns(shape.lanes);
            columns.map(|_| meta.advice_column_in(FirstPhase)).collect()
        });
        let inputs: Vec<Vec<Column<Advice>>> = inputs.collect();
        let lanes = (0..shape.lanes)
            .map(|_| Lane {
                sign: meta.advice_column_in(FirstPhase),
                value: meta.advice_column_in(FirstPhase),
                high: (0..limbs).map(|_| meta.advice_column_in(FirstPhase)).collect(),
                rem: (0..limbs).map(|_| meta.advice_column_in(FirstPhase)).collect(),
            })
            .collect();
        let [multiplicity, top] = [(); 2].map(|()| meta.advice_column_in(FirstPhase));
        let after_phase1 = [(); 3].map(|()| meta.challenge_usable_after(FirstPhase));
        let [u, weights] = [(); 2].map(|()| -> Vec<_> {
            (0..shape.line_columns)
                .map(|_| meta.advice_column_in(SecondPhase))
                .collect()
        });
        let helpers = (0..shape.lookups().div_ceil(3))
            .map(|_| meta.advice_column_in(SecondPhase))
            .collect();
        let [table_helper, sum] = [(); 2].map(|()| meta.advice_column_in(SecondPhase));
        let s = meta.challenge_usable_after(SecondPhase);
        let [pow, uacc, pacc] = [(); 3].map(|()| meta.advice_column_in(ThirdPhase));
        let slots: Vec<Slot> = (0..shape.slots)
            .map(|index| {
                let [a, b, acc] = [(); 3].map(|()| meta.advice_column_in(ThirdPhase));
                let [keep, kappa, first] = [(); 3].map(|()| meta.fixed_column());
                let patterns = shape.features.patterns.iter().enumerate();
                let patterns = patterns.filter(|(_, p)| p.slot == index);
                Slot {
                    a,
                    b,
                    acc,
                    keep,
                    kappa,
                    first,
                    second: (index > 0).then(|| meta.fixed_column()),
                    patterns: patterns.map(|(i, _)| (i, meta.fixed_column())).collect(),
                }
            })
            .collect();
        let copied = slots.iter().flat_map(|s| [s.a, s.b, s.acc]).chain([pow]);
        for column in copied.chain(u.first().copied()).chain([uacc, pacc]) {
            meta.enable_equality(column);
        }
        let columns = 4 + if shape.has_public_input() { shape.lanes } else { 0 };
        let committed = shape.inputs.iter().zip(inputs).enumerate();
        let committed = committed.filter(|(_, (input, _))| !input.public);
        let config = Self {
            shape: shape.clone(),
            challenges: Challenges { after_phase1, s },
            lanes,
            multiplicity,
            top,
            u,
            weights,
            helpers,
            table_helper,
            sum,
            pow,
            uacc,
            pacc,
            slots,
            instance: (0..columns).map(|_| meta.instance_column()).collect(),
            usable: meta.fixed_column(),
            not_first: meta.fixed_column(),
            last: meta.fixed_column(),
            table: meta.fixed_column(),
            pow_one: meta.fixed_column(),
            pow_r: meta.fixed_column(),
            pow_t: meta.fixed_column(),
            pow_s: meta.fixed_column(),
            line: meta.fixed_column(),
            keep_u: meta.fixed_column(),
            single: (shape.line_columns > 1).then(|| [(); 2].map(|()| meta.fixed_column())),
            keep_p: meta.fixed_column(),
            policy: meta.fixed_column(),
            same_top: meta.fixed_column(),
            public_input: shape.has_public_input().then(|| meta.fixed_column()),
            committed: committed
                .map(|(index, (input, cells))| {
                    let rows = meta.fixed_column();
                    let live = input.live_lanes(shape.lanes);
                    let padding = (live < shape.lanes).then(|| match input.channels > shape.lanes {
                        true => (meta.fixed_column(), live),
                        // All its rows are of the last block.
                        false => (rows, live),
                    });
                    (index, CommittedInput { cells, rows, padding })
                })
                .collect(),
            affine: meta.fixed_column(),
            max: meta.fixed_column(),
            zero_point: meta.fixed_column(),
            product: shape.features.products.then(|| meta.fixed_column()),
            pair: shape
                .features
                .matrix_products
                .then(|| [(); 2].map(|()| meta.fixed_column())),
        };
        config.power_gate(meta);
        config.line_gates(meta);
        for index in 0..config.slots.len() {
            config.scan_gate(meta, index);
        }
        for lane in 0..config.lanes.len() {
            config.lane_gates(meta, lane);
        }
        config.policy_gates(meta);
        config.lookup_gates(meta);
        config
    }

    /// Phase-1 columns in the order of [`Witness::phase1`](crate::argument::Witness::phase1).
    pub fn phase1(&self) -> Vec<Column<Advice>> {
        let lane = |l: &Lane| {
            [l.sign, l.value]
                .into_iter()
                .chain(l.high.clone())
                .chain(l.rem.clone())
                .collect::<Vec<_>>()
        };
        let inputs = self.committed.iter().flat_map(|(_, input)| input.cells.iter().copied());
        let lanes = self.lanes.iter().flat_map(lane);
        inputs.chain(lanes).chain([self.multiplicity, self.top]).collect()
    }

    /// Phase-2 columns: lines, folded weights, helpers, table helper, sum.
    pub fn phase2(&self) -> Vec<Column<Advice>> {
        let lines = self.u.iter().chain(&self.weights).copied();
        lines
            .chain(self.helpers.clone())
            .chain([self.table_helper, self.sum])
            .collect()
    }

    /// Phase-3 columns: powers, line and product accumulators, slots.
    pub fn phase3(&self) -> Vec<Column<Advice>> {
        [self.pow, self.uacc, self.pacc]
            .into_iter()
            .chain(self.slots.iter().flat_map(|s| [s.a, s.b, s.acc]))
            .collect()
    }

    fn challenge(&self, index: usize) -> Expr {
        match index {
            0..=2 => self.challenges.after_phase1[index].expr(),
            _ => self.challenges.s.expr(),
        }
    }

    /// The shifted accumulator of a lane: `A = (2 sign - 1) m + (sign - 1) - half - zero * 2^f`, `m = high * 2^f + rem`.
    fn accumulator(&self, m: &mut VirtualCells<'_, Fr>, lane: &Lane) -> Expr {
        let f = self.shape.precision().bits();
        let sign = m.query_advice(lane.sign, Rotation::cur());
        let zero = m.query_fixed(self.zero_point, Rotation::cur());
        let magnitude = self.integer(m, &lane.high) * power_of_two(f) + self.integer(m, &lane.rem);
        let half = Expression::Constant(power_of_two(f.max(1) - 1));
        (sign.clone() * Fr::from(2) - constant(1)) * magnitude + sign - constant(1) - half - zero * power_of_two(f)
    }

    /// The integer that limbs (low first) and single bits above them stand for.
    fn integer(&self, m: &mut VirtualCells<'_, Fr>, parts: &[Column<Advice>]) -> Expr {
        let limbs = self.shape.limbs as usize;
        let weight = |i: usize| {
            let over = i.saturating_sub(limbs) as u32;
            power_of_two(self.shape.table_bits * i.min(limbs) as u32 + over)
        };
        let cells = parts
            .iter()
            .enumerate()
            .map(|(i, &c)| m.query_advice(c, Rotation::cur()) * weight(i));
        cells.reduce(|a, b| a + b).unwrap_or_else(|| constant(0))
    }

    /// Cells of a lane. Uniqueness: on affine rows, `sign`, `high`, `rem` are the unique bounded solution of
    /// `A + half + zero 2^f = m` (sign 1) or `-m - 1` (sign 0), because `|A|` is far below p / 2; `value = sign * high`.
    /// `affine * zero * (1 - sign) = 0`: where the tensor is signed, `zero` is half the range and not 0, so that `sign` is 1,
    /// `value` is `high` and nothing is clamped: an accumulator below the range has no cells at all. Where it is a ReLU,
    /// `zero` is 0 and `sign` is free to be that of the accumulator. Product rows are affine rows too.
    /// On max rows, `value` is at least both predecessors and equal to one of them. On
    /// product rows `A = product * x * y` for the values `x`, `y` of the two rows before, which are signed; everything is
    /// of phase 1 and no challenge is needed. `|product * x * y|` is far below p / 2, so that the same uniqueness holds.
    fn lane_gates(&self, meta: &mut ConstraintSystem<Fr>, index: usize) {
        let lane = &self.lanes[index];
        let limbs = self.shape.limbs as usize;
        meta.create_gate(format!("lane {index}"), |m| {
            let [usable, affine, max] = [self.usable, self.affine, self.max].map(|c| m.query_fixed(c, Rotation::cur()));
            let zero = m.query_fixed(self.zero_point, Rotation::cur());
            let sign = m.query_advice(lane.sign, Rotation::cur());
            let [value, prev, prev2] = [0, -1, -2].map(|at| m.query_advice(lane.value, Rotation(at)));
            let [high, rem] = [&lane.high, &lane.rem].map(|parts| self.integer(m, parts));
            let boolean = |x: Expr| x.clone() * (x - constant(1));
            let mut gates = vec![
                ("sign is a bit", usable.clone() * boolean(sign.clone())),
                ("value", affine.clone() * (value.clone() - sign.clone() * high.clone())),
                (
                    "signed values are not clamped",
                    affine * zero.clone() * (constant(1) - sign),
                ),
                (
                    "max is at least the running maximum",
                    max.clone() * (value.clone() - prev2.clone() - high.clone()),
                ),
                (
                    "max is at least the element",
                    max.clone() * (value.clone() - prev.clone() - rem.clone()),
                ),
                ("max is one of the two", max * high.clone() * rem),
            ];
            gates.extend(self.input_gates(m, index));
            if let Some(product) = self.product {
                let product = m.query_fixed(product, Rotation::cur());
                let half = Expression::Constant(power_of_two(self.shape.precision().bits().max(1) - 1));
                let [x, y] = [prev2, prev].map(|v| v - half.clone());
                let made = self.accumulator(m, lane);
                gates.push(("product of neighbours", product.clone() * (made - product * x * y)));
            }
            for &bit in lane.high[limbs..].iter().chain(&lane.rem[limbs..]) {
                let bit = m.query_advice(bit, Rotation::cur());
                gates.push(("top bit is a bit", usable.clone() * boolean(bit)));
            }
            gates
        });
    }

    /// On rows of public inputs `value - zero` is the instance cell. On rows of committed input `i`, `value` is the cell of its own column
    /// and equals `high`, whose limbs are in range. No two inputs share a row, so each value is that of one input, and each column of an input is
    /// read at its rows only. A lane without a channel there has `value = zero`: it has the weight of a channel of whatever is concatenated
    /// after the input.
    fn input_gates(&self, m: &mut VirtualCells<'_, Fr>, index: usize) -> Vec<(&'static str, Expr)> {
        let lane = &self.lanes[index];
        let value = m.query_advice(lane.value, Rotation::cur());
        let zero = m.query_fixed(self.zero_point, Rotation::cur());
        let mut gates = vec![];
        if let Some(rows) = self.public_input {
            let rows = m.query_fixed(rows, Rotation::cur());
            let shown = m.query_instance(self.instance[4 + index], Rotation::cur());
            gates.push((
                "value is the public input",
                rows * (value.clone() - shown - zero.clone()),
            ));
        }
        for (_, input) in &self.committed {
            let rows = m.query_fixed(input.rows, Rotation::cur());
            if let Some(&cell) = input.cells.get(index) {
                let cell = m.query_advice(cell, Rotation::cur());
                gates.push(("value is the committed input", rows.clone() * (value.clone() - cell)));
            }
            if let Some((last, _)) = input.padding.filter(|(_, live)| index >= *live) {
                let last = m.query_fixed(last, Rotation::cur());
                gates.push(("padding of the input is zero", last * (value.clone() - zero.clone())));
            }
            let high = self.integer(m, &lane.high);
            gates.push(("input is in range", rows * (value.clone() - high)));
        }
        gates
    }

    /// On policy row j, with the output `z = u` and `d` in `[0, 2^(bits + table_bits))` from the cells of lane 0:
    /// `a z + t top + c = d` and `g d = 0`; `top` is one value for all rows. With a, t, c, g public, this states
    /// equality, order or threshold of the outputs.
    fn policy_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        let (Some(lane), Some(&u)) = (self.lanes.first(), self.u.first()) else {
            return;
        };
        meta.create_gate("policy", |m| {
            let [policy, same] = [self.policy, self.same_top].map(|c| m.query_fixed(c, Rotation::cur()));
            let z = m.query_advice(u, Rotation::cur());
            let [top, before] = [Rotation::cur(), Rotation::prev()].map(|at| m.query_advice(self.top, at));
            let [a, t, c, g] = [0, 1, 2, 3].map(|i| m.query_instance(self.instance[i], Rotation::cur()));
            let rem = m.query_advice(lane.rem[0], Rotation::cur());
            let d = self.integer(m, &lane.high) + rem * power_of_two(self.shape.precision().bits());
            vec![
                ("policy", policy.clone() * (a * z + t * top.clone() + c - d.clone())),
                ("policy equality", policy * g * d),
                ("one top", same * (top - before)),
            ]
        });
    }
}
