//! The columns of all arguments, over whatever stands for a column.

use super::{
    dense, function, input, labels, lane, lines, maximum, pairs, policy, powers, product, quotient, range, rounding,
    scan, whole,
};
use crate::layout::{Layout, Shape};
use crate::program::Program;
use halo2_proofs::halo2curves::bn256::Fr;

/// When an advice column is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before any challenge: small integers.
    First,
    /// After `r`, `t`, `alpha`: field elements, as from here on.
    Second,
    /// After `s`.
    Third,
}

impl Phase {
    /// In their order.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];

    /// A column of this phase of which a row's gates read the cells of so many rows.
    pub(crate) fn read_at(self, rows: usize) -> Kind {
        Kind { phase: self, rows }
    }
}

/// What an advice column is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// When it is committed.
    pub phase: Phase,
    /// At how many rows, relative to its own, a gate reads it.
    pub rows: usize,
}

/// Makes the next column.
pub(crate) type Next<'a, T> = dyn FnMut(Kind) -> T + 'a;

/// Advice columns by argument. An order within each phase is that of the fields.
#[derive(Clone, Debug)]
pub struct Columns<T> {
    /// Committed inputs.
    pub input: input::Columns<T>,
    /// Activation lanes.
    pub lanes: Vec<lane::Columns<T>>,
    /// Powers of the challenges, unless the layout is dense.
    pub powers: Option<powers::Columns<T>>,
    /// Lines and folded weights.
    pub lines: lines::Columns<T>,
    /// Range lookup of the limbs.
    pub range: range::Columns<T>,
    /// Lookups of functions.
    pub function: function::Columns<T>,
    /// Compared score.
    pub policy: policy::Columns<T>,
    /// Labels of the items of a batch.
    pub labels: Option<labels::Columns<T>>,
    /// Scan slots.
    pub slots: Vec<scan::Columns<T>>,
}

impl<T> Columns<T> {
    /// The columns for a shape, made one after the other.
    pub(crate) fn new(shape: &Shape, next: &mut Next<'_, T>) -> Self {
        Self {
            input: input::Columns::new(shape, next),
            lanes: (0..shape.lanes).map(|_| lane::Columns::new(shape, next)).collect(),
            powers: (!shape.dense).then(|| powers::Columns::new(next)),
            lines: lines::Columns::new(shape, next),
            range: range::Columns::new(shape, next),
            function: function::Columns::new(shape, next),
            policy: policy::Columns::new(next),
            labels: (shape.items > 0).then(|| labels::Columns::new(next)),
            slots: (0..shape.slots).map(|_| scan::Columns::new(next)).collect(),
        }
    }

    /// The same, taken from the columns of each phase.
    pub(crate) fn from_phases<I: Iterator<Item = T>>(shape: &Shape, mut phases: [I; 3]) -> Self {
        Self::new(shape, &mut |kind| {
            let column = phases[kind.phase as usize].next();
            column.expect("a column for each that was counted")
        })
    }

    /// Limbs that the range lookup checks, in its order.
    pub fn limbs<'a>(&'a self, shape: &'a Shape) -> impl Iterator<Item = &'a T> {
        self.lanes.iter().flat_map(|lane| lane.limbs(shape))
    }

    /// Those that take part in equalities.
    pub(crate) fn copied(&self) -> impl Iterator<Item = &T> {
        let slots = self.slots.iter().flat_map(scan::Columns::copied);
        let powers = self.powers.iter().flat_map(powers::Columns::copied);
        // Of a dense layout values, of which lines are copies.
        let values = self.lanes.iter().filter(|_| self.powers.is_none());
        let scanned = slots.chain(powers).chain(self.lines.copied());
        scanned.chain(values.map(|lane| &lane.value))
    }
}

impl Columns<()> {
    /// How many there are in each phase.
    pub(crate) fn count(shape: &Shape) -> [usize; 3] {
        let mut counts = [0; 3];
        Self::new(shape, &mut |kind| counts[kind.phase as usize] += 1);
        counts
    }
}

impl Columns<u32> {
    /// The number of each column in the circuit.
    pub fn numbered(shape: &Shape) -> Self {
        let [first, second, _] = Columns::count(shape).map(|count| count as u32);
        Self::from_phases(shape, [0, first, first + second].map(|start| start..))
    }
}

/// Fixed columns by argument, in their order.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// Of each scan slot.
    pub slots: Vec<scan::Fixed<T>>,
    /// Range table.
    pub range: range::Fixed<T>,
    /// Runs of powers, unless the layout is dense.
    pub powers: Option<powers::Fixed<T>>,
    /// Rows of lines.
    pub lines: lines::Fixed<T>,
    /// Policy rows, unless the layout is dense.
    pub policy: Option<policy::Fixed<T>>,
    /// Input rows.
    pub input: input::Fixed<T>,
    /// Rows of rounded accumulators.
    pub rounding: rounding::Fixed<T>,
    /// Rows of running maxima, unless the layout is dense.
    pub maximum: Option<maximum::Fixed<T>>,
    /// What all rows of a lane have.
    pub lane: lane::Fixed<T>,
    /// Tables of functions, and rows that are looked up in them.
    pub function: function::Fixed<T>,
    /// Rows of products of neighbours.
    pub product: Option<product::Fixed<T>>,
    /// Rows of quotients of neighbours.
    pub quotient: Option<quotient::Fixed<T>>,
    /// Rows of products of matrices.
    pub pairs: Option<pairs::Fixed<T>>,
    /// Rows of the items of a batch.
    pub labels: Option<labels::Fixed<T>>,
    /// Rows of outputs that are shown whole.
    pub whole: Option<whole::Fixed<T>>,
}

impl<T> Fixed<T> {
    /// The columns for a shape, made one after the other.
    pub(crate) fn new(shape: &Shape, next: &mut dyn FnMut() -> T) -> Self {
        let features = &shape.features;
        Self {
            slots: (0..shape.slots)
                .map(|slot| scan::Fixed::new(shape, slot, next))
                .collect(),
            range: range::Fixed::new(next),
            powers: (!shape.dense).then(|| powers::Fixed::new(next)),
            lines: lines::Fixed::new(shape, next),
            policy: (!shape.dense).then(|| policy::Fixed::new(next)),
            input: input::Fixed::new(shape, next),
            rounding: rounding::Fixed::new(next),
            maximum: (!shape.dense).then(|| maximum::Fixed::new(next)),
            lane: lane::Fixed::new(next),
            function: function::Fixed::new(shape, next),
            product: features.products.then(|| product::Fixed::new(next)),
            quotient: (!features.quotients.is_empty()).then(|| quotient::Fixed::new(shape, next)),
            pairs: features.matrix_products.then(|| pairs::Fixed::new(next)),
            labels: (shape.items > 0).then(|| labels::Fixed::new(next)),
            whole: (!shape.whole.is_empty()).then(|| whole::Fixed::new(next)),
        }
    }

    /// Sets the cells that are not zero.
    pub(crate) fn fill(&self, model: &Program, layout: &Layout, set: &mut dyn FnMut(&T, usize, Fr)) {
        let Self {
            slots,
            range,
            powers,
            lines,
            policy,
            input,
            rounding,
            maximum,
            lane,
            function,
            product,
            quotient,
            pairs,
            labels,
            whole,
        } = self;
        let shape = &layout.shape;
        layout
            .segments
            .iter()
            .for_each(|segment| slots[segment.slot].fill(shape, segment, set));
        range.fill(shape, set);
        powers.iter().for_each(|powers| powers.fill(layout, set));
        match shape.dense {
            true => dense::fill(lines, rounding, layout, set),
            false => lines.fill(layout, set),
        }
        policy.iter().for_each(|policy| policy.fill(layout, set));
        input.fill(layout, set);
        rounding.fill(layout, set);
        maximum.iter().for_each(|maximum| maximum.fill(layout, set));
        lane.fill(model, layout, set);
        function.fill(model, layout, set);
        if let Some(product) = product {
            product.fill(model, layout, set);
        }
        if let Some(quotient) = quotient {
            quotient.fill(model, layout, set);
        }
        if let Some(pairs) = pairs {
            pairs.fill(lines, layout, set);
        }
        if let Some(labels) = labels {
            labels.fill(model, layout, set);
        }
        if let Some(whole) = whole {
            whole.fill(model, layout, set);
        }
    }
}
