//! Circuit dimensions.

use crate::error::CircuitError;
use crate::program::{Precision, Program};
use serde::{Deserialize, Serialize};

/// Rows at the end of each column that hold blinding values: 5 blinding factors and one more.
pub const TAIL: usize = 6;
/// Smallest and largest supported circuit, in log2 of the number of rows.
pub const MIN_K: u32 = 5;
/// See [`MIN_K`].
pub const MAX_K: u32 = 18;
/// Activation lanes worth trying.
pub(crate) const LANES: [usize; 14] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128];
/// The most of them.
pub(crate) const MAX_LANES: usize = LANES[LANES.len() - 1];
/// Bits of a weight, with its sign.
pub(crate) const WEIGHT_BITS: std::ops::RangeInclusive<u32> = 16..=48;

/// Most committed columns of weights.
pub(crate) const MAX_COMMITTED: usize = 4096;
/// Most parts of a range table.
const MOST_PARTS: usize = 8;
/// Line columns worth trying.
pub(crate) const LINE_COLUMNS: [usize; 4] = [1, 2, 4, 8];

/// What only some models need; columns exist for what is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Products of neighbouring activations.
    pub products: bool,
    /// Products of matrices of activations.
    pub matrix_products: bool,
    /// How slots weigh the lanes of a row, other than by consecutive powers.
    pub patterns: Vec<Pattern>,
    /// Tables of functions.
    pub tables: Tables,
    /// On how many lanes, from the first, rows hold quotients of neighbouring activations: all of them, or those that hold
    /// channels. Ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "text")]
    pub quotients: Vec<usize>,
    /// What a segment gives to the next one, committed as an input is.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text")]
    pub given: Option<InputShape>,
    /// The slot that scans the cells of what a segment gives, where they do not lie on its lanes.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text")]
    pub given_slot: Option<usize>,
}

/// Where the tensors lie that a segment of a chain has in common with its neighbours: their first rows, agreed by both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    /// That of its only input, which the segment before gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<usize>,
    /// That of the tensor that it gives to the next one. It has no policy then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gives: Option<usize>,
    /// On how many lanes the next segment has that tensor, where it is another number than its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onto: Option<usize>,
}

impl Ends {
    fn are_those_of_a_model(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A field that text has where it is not empty, and bytes do not: who reads them has it elsewhere, or lays the program out again.
mod text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(field: &T, to: S) -> Result<S::Ok, S::Error> {
        match to.is_human_readable() {
            true => field.serialize(to),
            false => to.serialize_unit(),
        }
    }

    pub fn deserialize<'a, T: Deserialize<'a> + Default, D: Deserializer<'a>>(from: D) -> Result<T, D::Error> {
        match from.is_human_readable() {
            true => T::deserialize(from),
            false => <()>::deserialize(from).map(|()| T::default()),
        }
    }
}

/// What the tables of functions take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tables {
    /// How often all rows are needed for their entries.
    pub blocks: usize,
    /// On how many lanes, from the first, rows are looked up: all of them, or those that hold channels. Ascending.
    pub live: Vec<usize>,
}

/// Weights of the lanes of a row: exponents of `r`, `t`, `s`; absent lanes are not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// The slot that uses it.
    pub slot: usize,
    /// One entry per lane.
    pub lanes: Vec<Option<[u32; 3]>>,
}

/// An input as the circuit has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputShape {
    /// Whether it is public (instance columns) or committed (advice columns).
    pub public: bool,
    /// Channels of its tensor.
    pub channels: usize,
    /// Positions of its tensor.
    pub positions: usize,
    /// Whether it is committed and its type has no negative numbers. Those of a public input are seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not", with = "text")]
    pub unsigned: bool,
}

impl InputShape {
    /// Those of a program.
    pub fn of(model: &Program, public: &[bool]) -> Vec<Self> {
        let tensors = model.input_tensors().iter().zip(&model.inputs).zip(public);
        let shape = tensors.map(|((tensor, input), &public)| Self {
            public,
            channels: tensor.channels,
            positions: tensor.positions(),
            unsigned: !public && input.elements.unsigned(),
        });
        shape.collect()
    }

    /// Number of values.
    pub fn values(&self) -> usize {
        self.channels * self.positions
    }

    /// Columns of the circuit that hold it by itself: one for each lane if it is committed.
    pub fn columns(&self, lanes: usize) -> usize {
        if self.public {
            0
        } else {
            self.channels.min(lanes)
        }
    }

    /// The first lane of its last channel block that holds no channel, if one does not.
    pub fn padding(&self, lanes: usize) -> Option<usize> {
        let live = self.channels % lanes;
        (live > 0).then_some(live)
    }
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
    /// The inputs.
    pub inputs: Vec<InputShape>,
    /// Items of a batch whose labels are counted, which share the scores of the one output evenly; 0 for none. Of a committed model the key has it.
    #[serde(default, skip_serializing_if = "is_zero", with = "text")]
    pub items: usize,
    /// Of a segment, where it meets its neighbours. Of a committed one the key has it.
    #[serde(default, skip_serializing_if = "Ends::are_those_of_a_model", with = "text")]
    pub ends: Ends,
    /// Whether the layout is a dense one, which only some models have. Of a committed model the key has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not", with = "text")]
    pub dense: bool,
    /// The outputs that claims show whole or not at all, ascending: their values are public cells, and they have no policy rows. Of a committed
    /// model the key has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "text")]
    pub whole: Vec<usize>,
    /// What only some models need; chosen by the layout.
    pub features: Features,
}

impl Shape {
    /// Rows that the circuit may use.
    pub fn usable(&self) -> usize {
        usable(self.k)
    }

    /// Whether a shape from outside is among those that a compilation chooses from. What it does not choose itself, the layout
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
        if !LINE_COLUMNS.contains(&self.line_columns) {
            return refused(format!(
                "{} line columns, {LINE_COLUMNS:?} are possible",
                self.line_columns
            ));
        }
        if !(1..=MAX_COMMITTED / self.line_columns).contains(&self.weight_lanes) {
            return refused(format!(
                "{} weight lanes of {} line columns, at most {MAX_COMMITTED} are possible in all",
                self.weight_lanes, self.line_columns
            ));
        }
        if !self.has_possible_bits() {
            return refused(format!("values of another width than 2^{} rows give", self.k));
        }
        if !WEIGHT_BITS.contains(&self.weight_bits) {
            return refused(format!(
                "weights of {} bits, {WEIGHT_BITS:?} are possible",
                self.weight_bits
            ));
        }
        // Each of them may be copied.
        if self.whole.windows(2).any(|pair| pair[0] >= pair[1]) {
            return refused("outputs that are shown whole, twice or out of order".to_owned());
        }
        if self.dense && (self.lanes, self.line_columns) != (1, 1) {
            return refused("a dense circuit has one lane and one line column".to_owned());
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

    /// Columns of committed inputs, and of what a segment gives.
    pub fn input_columns(&self) -> usize {
        let committed = self.inputs.iter().map(|input| input.columns(self.lanes));
        committed.sum::<usize>() + self.given_columns()
    }

    /// Columns of what a segment gives: one for each lane of the segment that takes it.
    pub fn given_columns(&self) -> usize {
        let lanes = self.ends.onto.unwrap_or(self.lanes);
        self.features.given.map_or(0, |given| given.columns(lanes))
    }

    /// What a cell of what a segment gives is more than the value that it stands for, where it does not lie on its lanes.
    pub(crate) fn given_zero(&self) -> u64 {
        let unsigned = self.features.given.is_some_and(|given| given.unsigned);
        if unsigned {
            0
        } else {
            1 << (self.precision().bits() - 1)
        }
    }

    /// In how many parts the range table stands, side by side: one, where the rows have room for all of it.
    pub fn range_parts(&self) -> usize {
        1 << (self.table_bits + 1).saturating_sub(self.k)
    }

    /// Rows that each part takes.
    pub fn range_rows(&self) -> usize {
        (1 << self.table_bits) / self.range_parts()
    }

    /// The same with limbs as wide as a value, so that there are no single bits above them; none if that is no other shape, or takes more than
    /// [`MOST_PARTS`] parts of the range table. Only of segments that give: of the others the policy fixes the width.
    pub(crate) fn without_bits(&self) -> Option<Self> {
        let wide = Self {
            table_bits: self.precision().bits(),
            top_bits: 0,
            ..self.clone()
        };
        let other = self.limbs == 1 && self.top_bits > 0 && wide.range_parts() <= MOST_PARTS;
        other.then_some(wide)
    }

    /// Whether a segment has these bits, of those that its rows are worth trying with.
    fn has_possible_bits(&self) -> bool {
        let precision = self.precision();
        let wide = |narrow: Precision| {
            let Precision {
                table_bits,
                limbs,
                top_bits,
            } = narrow;
            let narrow = Self {
                table_bits,
                limbs,
                top_bits,
                ..self.clone()
            };
            narrow.without_bits().is_some_and(|wide| wide.precision() == precision)
        };
        let possible = precisions(self.k);
        possible.contains(&precision) || self.ends.gives.is_some() && possible.into_iter().any(wide)
    }

    /// Whether an input is public.
    pub fn has_public_input(&self) -> bool {
        self.inputs.iter().any(|input| input.public)
    }

    /// Instance columns of public inputs and whole outputs: one for each lane, if there are any.
    pub fn public_columns(&self) -> usize {
        if self.has_public_input() || !self.whole.is_empty() {
            self.lanes
        } else {
            0
        }
    }

    /// Columns of weights that are committed: the lanes of all line columns.
    pub fn committed_columns(&self) -> usize {
        self.line_columns * self.weight_lanes
    }
}

/// Rows that a circuit of 2^k rows may use.
pub(crate) fn usable(k: u32) -> usize {
    (1usize << k) - TAIL
}

/// Bit widths worth trying at a given k: the range table must fit the rows.
pub(crate) fn precisions(k: u32) -> Vec<Precision> {
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
