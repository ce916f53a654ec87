//! Values of all advice cells, phase by phase, each argument in its turn.

use super::expr::signed;
use super::lane::{self, zero};
use super::lookup::Entries;
use super::scan::Scanned;
use super::{dense, function, input, labels, lines, policy, powers, range, rounding, scan};
use crate::layout::{Layout, Src};
use crate::program::{Program, Trace};
use halo2_proofs::halo2curves::bn256::Fr;
use provenn_verifier::Counts;
use rayon::prelude::*;

/// What a proof is about: the run of the model and the policy.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Values and accumulators.
    pub trace: Trace,
    /// What the policy compares scores with; 0 where it does not.
    pub top: i64,
    /// What is counted of the items of a batch, if anything is.
    pub counts: Option<Counts>,
    /// Policy coefficients `a, t, c` per policy row, as in the instance columns.
    pub policy: Vec<[Fr; 3]>,
}

/// Phase-1 columns, as small integers.
#[derive(Clone, Debug)]
pub struct First {
    input: Vec<Vec<u64>>,
    given: Vec<Vec<u64>>,
    lanes: Vec<lane::Columns<Vec<u64>>>,
    /// The line column of a dense layout.
    line: Option<Vec<u64>>,
    multiplicity: Vec<Vec<u64>>,
    functions: Vec<Vec<u64>>,
    top: Vec<i64>,
    seen: Option<Vec<u64>>,
}

/// Phase-2 columns, and what phase 3 needs of them.
#[derive(Debug)]
pub struct Second {
    /// Lines, folded weights, lookup.
    pub columns: Vec<Vec<Fr>>,
    /// Entries of the range table, as the lookup has them, and the column of its first helper.
    inverses: Vec<Fr>,
    first_helper: usize,
    scanned: Vec<Scanned>,
    given: Vec<Vec<u64>>,
}

impl First {
    /// In the order of the configuration.
    pub fn columns(&self) -> Vec<Vec<Fr>> {
        let field = |integers: &[u64]| integers.iter().map(|&v| Fr::from(v)).collect();
        let columns = self.integers().into_iter();
        columns.map(|column| column.map_or_else(|| self.top(), field)).collect()
    }

    /// The same as integers, but for the compared score, which has a sign.
    pub fn integers(&self) -> Vec<Option<&[u64]>> {
        let lanes = self.lanes.iter().flat_map(lane::Columns::iter);
        let all = self.input.iter().chain(&self.given).chain(lanes).chain(&self.line);
        let all = all.chain(&self.multiplicity);
        let all = all.chain(&self.functions).map(|column| Some(column.as_slice()));
        all.chain([None]).chain(self.seen.as_deref().map(Some)).collect()
    }

    /// The compared score.
    pub fn top(&self) -> Vec<Fr> {
        self.top.iter().map(|&v| signed(v.into())).collect()
    }
}

impl Witness {
    /// Phase-1 columns.
    pub fn phase1(&self, model: &Program, layout: &Layout) -> First {
        let shape = &layout.shape;
        let committed = shape.inputs.iter().enumerate().filter(|(_, input)| !input.public);
        let input = committed.flat_map(|(id, _)| input::input_cells(model, layout, id, &self.trace.values[id]));
        let lane = |lane: usize| lane::cells(model, layout, &self.trace, lane);
        let mut lanes: Vec<Vec<lane::Row>> = (0..shape.lanes).into_par_iter().map(lane).collect();
        let top = policy::cells(self, model, layout, &mut lanes[0]);
        let lanes: Vec<_> = lanes.par_iter().map(|rows| lane::columns(shape, rows)).collect();
        let (functions, multiplicity) = rayon::join(
            || function::multiplicities(model, layout, &lanes),
            || range::multiplicities(shape, &lanes),
        );
        First {
            input: input.collect(),
            given: input::given_cells(model, layout, &self.trace),
            multiplicity,
            functions,
            line: shape.dense.then(|| dense::line(layout, &lanes[0].value)),
            lanes,
            top,
            seen: (shape.items > 0).then(|| labels::seen(self, model, layout)),
        }
    }

    /// Whether the rows of the policy have cells. Those of a false statement have none.
    pub fn states(&self, model: &Program, layout: &Layout) -> bool {
        policy::holds(self, model, layout)
    }

    /// Phase-2 columns, given the challenges `r`, `t`, `alpha`.
    pub fn phase2(&self, model: &Program, layout: &Layout, first: &First, [r, t, alpha]: [Fr; 3]) -> Second {
        let mut columns = match &first.line {
            Some(line) => dense::columns(model, layout, &self.trace, line, [r, t]),
            None => {
                let mut columns = lines::columns(self, model, layout, [r, t]);
                columns.extend(lines::folded(model, layout, r));
                columns
            }
        };
        let functions = function::columns(model, layout, &first.lanes, &first.functions, [alpha, r]);
        let lookup = range::columns(&layout.shape, &first.lanes, &first.multiplicity, &functions, alpha);
        let first_helper = columns.len();
        columns.extend(lookup.columns);
        columns.extend(functions);
        columns.extend(
            first
                .seen
                .as_ref()
                .map(|seen| labels::counts(self, model, layout, seen, r)),
        );
        let scanned = |(index, lane): (usize, &lane::Columns<Vec<u64>>)| {
            let rows = 0..layout.kinds.len();
            let accumulator = |row| rounding::accumulator(model, layout, &self.trace, row, index);
            let value = |(kind, value): (_, &u64)| i128::from(*value) - i128::from(zero(model, kind));
            let values = layout.kinds.iter().zip(&lane.value).map(value);
            [rows.map(accumulator).collect(), values.collect()]
        };
        let scanned = first.lanes.par_iter().enumerate().map(scanned).collect();
        Second {
            columns,
            inverses: lookup.inverses,
            first_helper,
            scanned,
            // Only a scan reads them again.
            given: first
                .given
                .iter()
                .filter(|_| layout.shape.ends.onto.is_some())
                .cloned()
                .collect(),
        }
    }
}

impl Second {
    /// Columns that are sums of entries of a table, with their numbers.
    pub fn entries<'a>(&'a self, layout: &'a Layout, first: &'a First) -> impl Iterator<Item = (usize, Entries<'a>)> {
        (self.first_helper..).zip(range::helpers(&layout.shape, &first.lanes, &self.inverses))
    }

    /// Phase-3 columns, given the challenges `r`, `t`, `s`.
    pub fn phase3(&self, layout: &Layout, [r, t, s]: [Fr; 3]) -> Vec<Vec<Fr>> {
        let pow = powers::column(layout, [r, t, s]);
        let (u, weights) = self.columns.split_at(layout.shape.line_columns);
        let [uacc, pacc] = lines::accumulators(layout, u, weights, s);
        let read = |src: Src| match src {
            Src::Pow(row) => pow.get(row).copied(),
            Src::Uacc(row) => uacc.get(row).copied(),
            Src::Pacc(row) => pacc.get(row).copied(),
            Src::Slot(..) => None,
        };
        let slots = scan::columns(layout, (&self.scanned, &self.given), &read, [r, t, s]);
        [pow, uacc, pacc].into_iter().chain(slots).collect()
    }
}
