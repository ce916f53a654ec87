//! Where a program is cut: what a segment would cost is estimated from the rows that its tensors and lines take, before any is laid out.

use crate::argument::Cost;
use crate::layout::{Shape, MAX_COMMITTED};
use crate::program::{Affine, MaxPool, Program, Step, Tensor, TensorId, Weight};

/// What part of the rows is left for sums of constants.
const CONSTANTS: usize = 16;
/// Parts of M20 that work is counted in.
const UNITS: f64 = 1e6;

/// The cuts into so many segments for shapes of one size and precision.
pub(super) fn into(program: &Program, segments: usize, alike: &[Shape]) -> Option<Vec<TensorId>> {
    let usable = alike.first()?.usable();
    let lanes = distinct(alike.iter().map(|shape| shape.lanes));
    let columns = distinct(alike.iter().map(|shape| shape.line_columns));
    let stored: Vec<Stored> = lanes.iter().map(|&lanes| Stored::of(program, lanes)).collect();
    let lines: Vec<Vec<usize>> = columns.iter().map(|&columns| line_rows(program, columns)).collect();
    let weight = |(lanes, columns): (usize, usize)| {
        let shape = alike
            .iter()
            .find(|shape| (shape.lanes, shape.line_columns) == (lanes, columns))?;
        let cost = Cost::of(shape);
        Some(Weight {
            size: cost.memory_bytes as usize,
            work: (cost.prove_m20 * UNITS) as usize,
        })
    };
    let weights: Vec<Vec<Option<Weight>>> = lanes
        .iter()
        .map(|&lanes| columns.iter().map(|&columns| weight((lanes, columns))).collect())
        .collect();
    let last = program.tensors.len().checked_sub(1)?;
    program.cut_into(segments, &|from, to| {
        let rows = |stored: &Stored| stored.between(program, from, to, last);
        let roomy = usable - usable / CONSTANTS;
        let fits = |most: usize| stored.iter().position(|stored| rows(stored) <= most);
        let lanes = fits(roomy).or_else(|| fits(usable))?;
        let start = from.map_or(0, |from| from + 1);
        let columns = lines.iter().position(|sums| sums[to + 1] - sums[start] <= usable)?;
        weights[lanes][columns]
    })
}

/// In ascending order.
fn distinct(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut all: Vec<usize> = numbers.collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Of nothing, of the first, of the first two, ..
fn sums(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let sums = numbers.scan(0usize, |sum, number| {
        *sum = sum.saturating_add(number);
        Some(*sum)
    });
    std::iter::once(0).chain(sums).collect()
}

/// Rows of tensors on so many lanes.
struct Stored {
    /// Of each by itself.
    own: Vec<usize>,
    /// Of the tensors before each, and of all, with what stands among them.
    sums: Vec<usize>,
}

impl Stored {
    fn of(program: &Program, lanes: usize) -> Self {
        let blocks = |tensor: &Tensor| tensor.channels.div_ceil(lanes);
        let own = |tensor: &Tensor| blocks(tensor).saturating_mul(tensor.positions());
        let rows = |tensor: &Tensor| match &tensor.step {
            Step::Input | Step::Affine(_) | Step::Product(_) => own(tensor),
            // Each element of a window but the first has a running maximum.
            Step::MaxPool(MaxPool { rows, cols, .. }) => {
                let elements = [rows, cols].map(|axis| axis.iter().map(Vec::len).sum::<usize>());
                let maxima = elements[0]
                    .saturating_mul(elements[1])
                    .saturating_sub(tensor.positions());
                blocks(tensor).saturating_mul(maxima)
            }
            Step::Quotient(_) => own(tensor).saturating_mul(3),
        };
        Self {
            own: program.tensors.iter().map(own).collect(),
            sums: sums(program.tensors.iter().map(rows)),
        }
    }

    /// Of a segment. A tensor at which it is cut is in both, twice in the first where it stands among others.
    fn between(&self, program: &Program, from: Option<TensorId>, to: TensorId, last: TensorId) -> usize {
        let start = from.map_or(0, |from| from + 1);
        let copied = to != last && program.tensors[to].step.among();
        let twice = if copied { self.own[to] } else { 0 };
        let rows = self.sums[to + 1].saturating_sub(self.sums[start]);
        rows.saturating_add(from.map_or(0, |from| self.own[from]))
            .saturating_add(twice)
    }
}

/// Rows of the lines before those of each tensor, and of all, with as many weight lanes as there may be.
fn line_rows(program: &Program, columns: usize) -> Vec<usize> {
    let rows = |tensor: &Tensor| {
        let Step::Affine(Affine { contractions, .. }) = &tensor.step else {
            return 0;
        };
        let each = contractions.iter().map(|c| {
            let cells = c.channels.saturating_mul(c.axes[0].kernel * c.axes[1].kernel);
            let blocks = (tensor.channels / c.groups.max(1)).div_ceil(MAX_COMMITTED / columns);
            cells.div_ceil(columns).saturating_mul(blocks)
        });
        each.fold(0, usize::saturating_add)
    };
    sums(program.tensors.iter().map(rows))
}
