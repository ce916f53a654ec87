//! Circuit dimensions and the cost model that chooses them.

use crate::error::CircuitError;
use crate::layout::Layout;
use crate::qmodel::{Precision, QModel, Step, Tensor};
use crate::register::{check_classes, check_constants, RegisterShape};
use crate::witness::bias_capacity;
use serde::{Deserialize, Serialize};

/// Rows at the end of each column that hold blinding values: 5 blinding factors and one more.
pub const TAIL: usize = 6;
/// Smallest and largest supported circuit, in log2 of the number of rows.
pub const MIN_K: u32 = 5;
/// See [`MIN_K`].
pub const MAX_K: u32 = 18;
/// Activation lanes worth trying.
const LANES: [usize; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
/// The most of them.
pub(crate) const MAX_LANES: usize = LANES[LANES.len() - 1];
/// Bits of a weight, with its sign.
const WEIGHT_BITS: std::ops::RangeInclusive<u32> = 16..=48;

/// Accumulators stay below this many bits whatever registered weights are used; the field has 253.
const REGISTERED_BITS: u32 = 200;

/// Receipts are kept below this size where any shape allows it.
pub const RECEIPT_BYTES: usize = 23_500;

/// What only some models need; columns exist for what is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Products of neighbouring activations.
    pub products: bool,
    /// Products of matrices of activations.
    pub pairings: bool,
    /// How slots weigh the lanes of a row, other than by consecutive powers.
    pub patterns: Vec<Pattern>,
}

/// Weights of the lanes of a row: exponents of `r`, `t`, `s`; absent lanes are not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// The slot that uses it.
    pub slot: usize,
    /// One entry per lane.
    pub lanes: Vec<Option<[u32; 3]>>,
}

/// Dimensions of the circuit. They fix the constraint system; the layout fixes the rest of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// log2 of the number of rows.
    pub k: u32,
    /// Activation lanes: channels per row.
    pub lanes: usize,
    /// Line columns: cells of a line per row.
    pub line_columns: usize,
    /// Weight lanes of each line column: output channels per row. They are committed, and no columns of the circuit: it has
    /// one column for each line column, which folds its lanes.
    pub weight_lanes: usize,
    /// Scan slots; slot 0 scans accumulators.
    pub slots: usize,
    /// Width of the range table.
    pub table_bits: u32,
    /// Table-checked limbs per value.
    pub limbs: u32,
    /// Single bits above the limbs.
    pub top_bits: u32,
    /// Bits of a signed weight; cells store `w + 2^(weight_bits - 1)`.
    pub weight_bits: u32,
    /// Lanes of the last channel block of the input that hold channels; the others are zero.
    pub live_input_lanes: usize,
    /// Whether the input is public (instance columns) or committed (advice columns).
    pub public_input: bool,
    /// What only some models need; chosen by the layout.
    pub features: Features,
}

impl Shape {
    /// Rows that the circuit may use.
    pub fn usable(&self) -> usize {
        usable(self.k)
    }

    /// Whether a shape from outside is among those that [`choose`] chooses from. What it does not choose itself, the layout
    /// follows from.
    ///
    /// # Errors
    /// [`CircuitError::Recipe`].
    pub fn check(&self) -> Result<(), CircuitError> {
        let refused = |what: String| Err(CircuitError::Recipe(what));
        if !(MIN_K..=MAX_K).contains(&self.k) {
            return refused(format!("2^{} rows, from 2^{MIN_K} to 2^{MAX_K} are possible", self.k));
        }
        if !LANES.contains(&self.lanes) {
            return refused(format!("{} lanes, {LANES:?} are possible", self.lanes));
        }
        if !precisions(self.k).contains(&self.precision()) {
            return refused(format!("values of another width than 2^{} rows give", self.k));
        }
        if !WEIGHT_BITS.contains(&self.weight_bits) {
            return refused(format!(
                "weights of {} bits, {WEIGHT_BITS:?} are possible",
                self.weight_bits
            ));
        }
        Ok(())
    }

    /// Bit widths of values.
    pub fn precision(&self) -> Precision {
        Precision {
            table_bits: self.table_bits,
            limbs: self.limbs,
            top_bits: self.top_bits,
        }
    }

    /// Columns whose cells are small non-negative integers.
    pub fn small_columns(&self) -> usize {
        let per_lane = 2 + 2 * (self.limbs + self.top_bits) as usize + usize::from(!self.public_input);
        self.lanes * per_lane + 2
    }

    /// Columns of weights that are committed: the lanes of all line columns.
    pub fn committed_columns(&self) -> usize {
        self.line_columns * self.weight_lanes
    }

    /// Range lookups per row.
    pub fn lookups(&self) -> usize {
        2 * self.lanes * self.limbs as usize
    }

    /// Columns of arbitrary field elements, the permutation products included.
    pub fn full_columns(&self) -> usize {
        let copied = 3 * self.slots + 4;
        let lines = 2 * self.line_columns - 1;
        copied + lines + self.lookups().div_ceil(3) + 2 + copied.div_ceil(3)
    }

    /// Fixed and permutation columns, which only pay transforms.
    pub fn fixed_columns(&self) -> usize {
        let features = &self.features;
        let extra = usize::from(features.products) + 2 * usize::from(features.pairings) + features.patterns.len();
        // Four fixed columns per slot (slot 0 has three), three permutation columns per slot and four others.
        18 + 2 * usize::from(self.line_columns > 1)
            + (3 * self.slots + self.slots.saturating_sub(1))
            + (3 * self.slots + 4)
            + extra
    }

    /// Predicted cost of one proof in units of M20, the CPU time of one library multi-exponentiation with 2^20 random
    /// scalars. Fitted to measurements of the reference models; `benches` compares it with new ones.
    pub fn predicted_m20(&self) -> f64 {
        let rows = (1u64 << self.k) as f64;
        let [full, fixed] = [self.full_columns(), self.fixed_columns()].map(|c| c as f64);
        let small = self.small_columns() as f64;
        let instance = (4 + if self.public_input { self.lanes } else { 0 }) as f64;
        // Microseconds where M20 is 3.47 s. Per row: a full commitment (quotient, random polynomial and opening are seven
        // of them), which takes fewer additions the more rows there are; the transforms and evaluation of a column; a
        // small commitment; a lane of weights to fold. Per column: what does not depend on the rows.
        let commitment = 7.45 * 12.0 / f64::from(self.k.max(1));
        let transforms = 0.7 * (full + small + fixed + instance);
        let per_row = commitment * (full + 7.0) + transforms + 1.25 * small + 0.02 * self.committed_columns() as f64;
        (rows * per_row + 180.0 * (full + 7.0 + small)) / 3.47e6
    }

    /// Predicted CPU seconds where M20 is 3.47 s.
    pub fn predicted_cpu_seconds(&self) -> f64 {
        3.47 * self.predicted_m20()
    }

    /// Predicted bytes of a receipt, without the public input and the scores.
    pub fn predicted_receipt_bytes(&self) -> usize {
        let products = (3 * self.slots + 4).div_ceil(3);
        let advice = self.small_columns() + self.full_columns() - products;
        // Each column is a point and an evaluation; the running value column and the accumulators have more.
        let extra = 2 * self.lanes + self.slots + 5;
        32 * (2 * advice + extra + self.fixed_columns() + 4 * products + 9) + 520
    }
}

/// Rows that a circuit of 2^k rows may use.
pub(crate) fn usable(k: u32) -> usize {
    (1usize << k) - TAIL
}

/// Rows that stored tensors or the policy take at least, on so many lanes.
fn least_rows(model: &QModel, lanes: usize) -> usize {
    let rows = |t: &Tensor| t.channels.div_ceil(lanes).saturating_mul(t.positions());
    let stored = model.tensors.iter().map(rows).fold(0, usize::saturating_add);
    let output = &model.tensors[model.output()];
    stored.max(output.len() / if output.positions() == 1 { lanes } else { 1 })
}

/// Bit widths worth trying at a given k: the range table must fit the rows.
fn precisions(k: u32) -> Vec<Precision> {
    let new = |table_bits, limbs, top_bits| Precision {
        table_bits,
        limbs,
        top_bits,
    };
    match k {
        0..=5 => vec![new(4, 3, 1)],
        6 => vec![new(5, 3, 0)],
        7 => vec![new(6, 2, 1), new(5, 3, 0)],
        8 => vec![new(7, 2, 0), new(7, 1, 6)],
        9 => vec![new(8, 2, 0), new(8, 1, 6)],
        10 => vec![new(8, 2, 0), new(9, 1, 5)],
        11 => vec![new(8, 2, 0), new(10, 1, 4)],
        12 => vec![new(8, 2, 0), new(11, 1, 3)],
        13 => vec![new(12, 1, 2)],
        _ => vec![new(13, 1, 1)],
    }
}

/// Chooses the cheapest shape for a program, by the cost model. `build` gives the program at a precision.
///
/// # Errors
/// [`CircuitError::TooLarge`] if no supported size fits; errors of `build`.
pub fn choose(
    build: &dyn Fn(Precision) -> Result<QModel, CircuitError>,
    public_input: bool,
) -> Result<(QModel, Layout), CircuitError> {
    let mut best: Option<(f64, Shape)> = None;
    let structure = build(Precision {
        table_bits: 8,
        limbs: 2,
        top_bits: 0,
    })?;
    let input_bytes = if public_input {
        2 * structure.tensors[0].len()
    } else {
        0
    };
    for k in MIN_K..=MAX_K {
        if best.as_ref().is_some_and(|(_, shape)| k > shape.k + 2) {
            break;
        }
        for precision in precisions(k) {
            for lanes in LANES {
                let shape = Shape {
                    k,
                    lanes,
                    slots: 2,
                    table_bits: precision.table_bits,
                    limbs: precision.limbs,
                    top_bits: precision.top_bits,
                    weight_bits: precision.bits(),
                    public_input,
                    line_columns: 1,
                    weight_lanes: 0,
                    live_input_lanes: 0,
                    features: Features::default(),
                };
                if least_rows(&structure, lanes) > shape.usable() {
                    continue;
                }
                let Some(layout) = Layout::build(&structure, shape) else {
                    continue;
                };
                let over = layout.shape.predicted_receipt_bytes() + input_bytes > RECEIPT_BYTES;
                let cost = layout.shape.predicted_m20() * if over { 100.0 } else { 1.0 };
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, layout.shape));
                }
            }
        }
    }
    let (_, mut shape) = best.ok_or(CircuitError::TooLarge { max_k: MAX_K })?;
    let model = build(shape.precision())?;
    shape.weight_bits = weight_bits(&model);
    let layout = Layout::build(&model, shape).ok_or(CircuitError::TooLarge { max_k: MAX_K })?;
    check_registered(&model, &layout)?;
    Ok((model, layout))
}

/// No accumulator of any input in range can come near the field size, whatever weights are registered, and the constants of
/// the model fit their cells.
///
/// # Errors
/// [`CircuitError::Wrap`] if one could, or does not.
pub fn check_registered(model: &QModel, layout: &Layout) -> Result<(), CircuitError> {
    check_constants(model, layout.shape.weight_bits)?;
    check_classes(model, layout)?;
    let bits = RegisterShape::of_layout(layout, 0).accumulator_bits(model);
    if bits > REGISTERED_BITS {
        return Err(CircuitError::Wrap {
            tensor: "any, with the largest weights that can be registered".into(),
            bits,
            limit: REGISTERED_BITS,
        });
    }
    Ok(())
}

/// The fewest bits, of those possible, of a signed integer that holds every weight, and of which three limbs hold every bias.
pub fn weight_bits(model: &QModel) -> u32 {
    let steps = model.tensors.iter().filter_map(|t| match &t.step {
        Step::Affine(affine) => Some(affine),
        _ => None,
    });
    let bits = |values: &[i64]| {
        values
            .iter()
            .map(|v| u64::BITS - v.unsigned_abs().leading_zeros())
            .max()
            .unwrap_or(0)
    };
    let (mut weight, mut bias) = (0, 0);
    for affine in steps {
        weight = affine
            .contractions
            .iter()
            .map(|c| bits(&c.weights))
            .fold(weight, u32::max);
        bias = bias.max(bits(&affine.bias));
    }
    let fits = |width: &u32| weight < *width && bias <= bias_capacity(*width);
    WEIGHT_BITS.into_iter().find(fits).unwrap_or(*WEIGHT_BITS.end())
}
