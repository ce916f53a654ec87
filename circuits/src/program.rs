//! The program: the exact integer function that is proven.
//!
//! Every tensor is `[channels, height, width]` of integers `v = round(x * 2^frac)`. Five kinds of
//! step exist: [`Affine`] (any mix of convolutions with committed weights, products of matrices of activations,
//! linear terms and bias, followed by one rounding and, if it is a ReLU, a clamp at 0, or the lookup of a function), [`Product`] and [`Quotient`] of pairs of elements,
//! [`MaxPool`], and the input. All shape operators and all linear operators are index maps or terms inside an
//! `Affine` step.

mod bounds;
mod exec;
mod order;
mod schedule;
mod segment;
mod table;
mod weights;
mod zeros;

pub(crate) use bounds::{accumulator_bits, Constants};
pub(crate) use exec::virtual_source;
pub use exec::{execute, placed, quantize_input, quantize_inputs, Trace};
pub use order::InputOrder;
pub(crate) use schedule::schedule;
pub(crate) use segment::listed;
pub use segment::{CutError, NoCut, Weight};
pub use table::{Scale, Table};
pub use weights::Weights;
pub(crate) use zeros::zeros;

use crate::graph::InputType;
use serde::{Deserialize, Serialize};

/// Coefficients, weights and biases are integers of at most this magnitude, up to which floats hold every integer.
pub(crate) const LARGEST: i64 = 1 << 53;

/// Index of a tensor in [`Program::tensors`].
pub type TensorId = usize;

/// One axis of a contraction or linear term: for each output position, the taps that contribute,
/// as (kernel index, source index). An absent tap reads the zero padding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axis {
    /// Number of kernel positions.
    pub kernel: usize,
    /// Taps of each output position.
    pub taps: Vec<Vec<(usize, usize)>>,
}

impl Axis {
    /// The identity map on `len` positions.
    pub fn identity(len: usize) -> Self {
        Self {
            kernel: 1,
            taps: (0..len).map(|p| vec![(0, p)]).collect(),
        }
    }

    /// A convolution axis: output `p` reads source `p * stride + k * dilation - pad`.
    pub fn conv(len: usize, kernel: usize, stride: usize, dilation: usize, pad: usize, out: usize) -> Self {
        let tap = |p: usize, k: usize| {
            let at = (p * stride + k * dilation).checked_sub(pad)?;
            (at < len).then_some((k, at))
        };
        Self {
            kernel,
            taps: (0..out)
                .map(|p| (0..kernel).filter_map(|k| tap(p, k)).collect())
                .collect(),
        }
    }

    /// A transposed convolution axis: output `p` reads source `q` with `p + pad = q * stride + k * dilation`.
    pub fn conv_transpose(len: usize, kernel: usize, stride: usize, dilation: usize, pad: usize, out: usize) -> Self {
        let tap = |p: usize, k: usize| {
            let shifted = (p + pad).checked_sub(k * dilation)?;
            (shifted % stride == 0 && shifted / stride < len).then_some((k, shifted / stride))
        };
        Self {
            kernel,
            taps: (0..out)
                .map(|p| (0..kernel).filter_map(|k| tap(p, k)).collect())
                .collect(),
        }
    }

    /// Output positions.
    pub fn out(&self) -> usize {
        self.taps.len()
    }

    /// The most taps of an output position.
    pub fn most_taps(&self) -> usize {
        self.taps.iter().map(Vec::len).max().unwrap_or(0)
    }
}

/// Elements of a stored tensor on another grid: element `i` (row-major) is element `elements[i]` of the tensor, or zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Channels, height and width.
    pub grid: [usize; 3],
    /// One entry per element of the grid.
    pub elements: Vec<Option<usize>>,
}

impl View {
    /// The values of the view.
    pub fn read(&self, tensor: &[i64]) -> Vec<i64> {
        self.elements.iter().map(|e| e.map_or(0, |e| tensor[e])).collect()
    }
}

/// A source of a contraction or linear term: `value[offset + c] += alpha * tensor[c]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Stored tensor that is read.
    pub tensor: TensorId,
    /// Integer multiplier.
    pub alpha: i64,
    /// First channel of the virtual tensor that this part feeds.
    pub offset: usize,
    /// What is read of the tensor; all of it, on its own grid, if absent.
    pub view: Option<View>,
}

/// `A[o, p] += sum_{c, k} W[o, c, k] X[c, q(p, k)]` with committed weights `W` and the virtual
/// tensor `X` given by its parts; of several groups, each output channel reads the channels of its own group. Without parts, `X` is the one element `constant` (with one channel), or there is no
/// `X` and only a bias (with no channels).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Contraction {
    /// What is read, on `channels` virtual channels.
    pub parts: Vec<Part>,
    /// The single element of the virtual tensor if there are no parts.
    pub constant: i64,
    /// Virtual input channels.
    pub channels: usize,
    /// Height and width axes.
    pub axes: [Axis; 2],
    /// Groups, which divide both numbers of channels.
    pub groups: usize,
    /// Weights, `[out, channels / groups, kernel height, kernel width]`.
    pub weights: Weights,
    /// Whether the structure of the model determines the weights; the registration then fixes them. Only that reads it, so
    /// it is not stored.
    #[serde(skip)]
    pub public: bool,
}

/// `A[offset + c, p] += alpha * sum_k T[c, q(p, k)]` without weights: additions, means, copies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Linear {
    /// What is read; its offset is the first output channel that is fed.
    pub part: Part,
    /// Height and width axes.
    pub axes: [Axis; 2],
}

/// `A[b * I + i, n] += alpha * sum_j L[b, i, j] R[b, j, n]`, a batch of products of matrices of activations. `I` is the
/// number of output channels by the number of batches, `n` the output position.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MatrixProduct {
    /// Integer multiplier.
    pub alpha: i64,
    /// Left tensor, and its elements on the grid `[b, i, j]`.
    pub left: (TensorId, View),
    /// Right tensor, and its elements on the grid `[b, j, n]`.
    pub right: (TensorId, View),
}

impl MatrixProduct {
    /// Number of products in each sum, over all batches: pairs `(b, j)`.
    pub fn pairs(&self) -> usize {
        self.right.1.grid[0] * self.right.1.grid[1]
    }
}

/// `y = floor((A + 2^(f-1)) / 2^f)` where `A` is the sum of all terms; clamped at 0 from below if `y` is not signed, and
/// looked up in a table if there is one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Affine {
    /// Contractions with committed weights; the first carries the bias.
    pub contractions: Vec<Contraction>,
    /// Bias per output channel, at the scale of the accumulator. Needs a contraction.
    pub bias: Vec<i64>,
    /// As [`Contraction::public`], of the bias.
    #[serde(skip)]
    pub public_bias: bool,
    /// Products of activations.
    pub matrix_products: Vec<MatrixProduct>,
    /// Terms without weights.
    pub linear: Vec<Linear>,
    /// What the rounded sum is looked up in; the tensor is signed then, and its values are the results.
    pub table: Option<Table>,
}

/// Maximum over disjoint windows: output position (i, j) is the maximum over `rows[i] x cols[j]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxPool {
    /// Source tensor.
    pub tensor: TensorId,
    /// Source rows of each output row.
    pub rows: Vec<Vec<usize>>,
    /// Source columns of each output column.
    pub cols: Vec<Vec<usize>>,
}

/// Products of neighbours: `y[c, h, w] = round(alpha * x[c, h, 2 w] * x[c, h, 2 w + 1] / 2^f)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Source tensor, of twice the width; signed.
    pub tensor: TensorId,
    /// Integer multiplier.
    pub alpha: i64,
}

/// Quotients of neighbours, of what they were before they were rounded: `y[c, h, w] = floor(alpha * A[c, h, 2 w] / A[c, h, 2 w + 1] + 1 / 2)`
/// for the accumulators `A` of the source. Without a value where the divisor is 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotient {
    /// Source tensor, of twice the width; signed, and not looked up in a table.
    pub tensor: TensorId,
    /// Integer multiplier.
    pub alpha: i64,
}

/// How a tensor comes about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    /// An input of the model.
    Input,
    /// Linear map, rounding and clamp.
    Affine(Affine),
    /// Maximum over windows.
    MaxPool(MaxPool),
    /// Products of neighbours.
    Product(Product),
    /// Quotients of neighbours.
    Quotient(Quotient),
}

/// A stored tensor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tensor {
    /// Name in the ONNX graph.
    pub name: String,
    /// Channels.
    pub channels: usize,
    /// Height.
    pub height: usize,
    /// Width.
    pub width: usize,
    /// Fractional bits: the real value is `v / 2^frac`.
    pub frac: i32,
    /// Whether values may be negative; then the zero point is half the range, else it is 0 and
    /// negative accumulators are clamped to 0 (ReLU).
    pub signed: bool,
    /// How it is computed.
    pub step: Step,
}

impl Tensor {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.channels * self.positions()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Positions of one channel.
    pub fn positions(&self) -> usize {
        self.height * self.width
    }
}

/// Bit widths shared by all tensors: values have `bits` bits, and each rounding shifts by `bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Precision {
    /// Width of the range table.
    pub table_bits: u32,
    /// Table-checked limbs per value.
    pub limbs: u32,
    /// Additional single bits above the limbs.
    pub top_bits: u32,
}

impl Precision {
    /// Bits of a stored value and of a remainder.
    pub const fn bits(&self) -> u32 {
        self.table_bits * self.limbs + self.top_bits
    }
}

/// An input of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Input {
    /// Shape of the ONNX input; a first axis of one is the batch and not in it.
    pub shape: Vec<usize>,
    /// Where the elements of the ONNX input, row-major, lie in the tensor.
    pub order: InputOrder,
    /// What its elements may be.
    pub elements: InputType,
    /// Element `i`, row-major, has so many more fractional bits than its tensor; empty for none.
    pub lifts: Vec<u8>,
}

/// An output of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Output {
    /// Its name in the ONNX graph.
    pub name: String,
    /// The tensor that holds it, which is signed.
    pub tensor: TensorId,
    /// Shape of the ONNX output; a first axis of one is the batch and not in it.
    pub shape: Vec<usize>,
}

/// The complete integer program. The first tensors are the inputs, in order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Program {
    /// Bit widths.
    pub precision: Precision,
    /// Tensors in order of computation, but for those that read their own positions or those of later ones: see
    /// [`execute`].
    pub tensors: Vec<Tensor>,
    /// The inputs; input `i` is tensor `i`.
    pub inputs: Vec<Input>,
    /// The outputs. Two may be one tensor.
    pub outputs: Vec<Output>,
}

impl Program {
    /// Zero point of a tensor: stored cells are `v + zero`.
    pub fn zero(&self, id: TensorId) -> i64 {
        if self.tensors[id].signed {
            1i64 << (self.precision.bits() - 1)
        } else {
            0
        }
    }

    /// Channels, height and width of what a part reads.
    pub fn grid(&self, part: &Part) -> [usize; 3] {
        let t = &self.tensors[part.tensor];
        part.view.as_ref().map_or([t.channels, t.height, t.width], |v| v.grid)
    }

    /// The table of a tensor.
    pub fn table(&self, id: TensorId) -> Option<&Table> {
        match &self.tensors[id].step {
            Step::Affine(affine) => affine.table.as_ref(),
            Step::Input | Step::MaxPool(_) | Step::Product(_) | Step::Quotient(_) => None,
        }
    }

    /// Bytes of memory that its weights take.
    pub fn weight_bytes(&self) -> u64 {
        let weights = self.tensors.iter().flat_map(|tensor| match &tensor.step {
            Step::Affine(affine) => affine.contractions.iter().map(|c| c.weights.bytes()).collect(),
            Step::Input | Step::MaxPool(_) | Step::Product(_) | Step::Quotient(_) => vec![],
        });
        weights.sum::<usize>() as u64
    }

    /// The tensor of each input.
    pub fn input_tensors(&self) -> &[Tensor] {
        &self.tensors[..self.inputs.len()]
    }

    /// Whether a tensor stands in rows by itself, one for each position and block of channels in this order: rounded accumulators that no pool,
    /// product or quotient stands among.
    pub fn stands_alone(&self, id: TensorId) -> bool {
        let among = |tensor: &Tensor| match &tensor.step {
            Step::MaxPool(pool) => pool.tensor == id,
            Step::Product(product) => product.tensor == id,
            Step::Quotient(quotient) => quotient.tensor == id,
            Step::Input | Step::Affine(_) => false,
        };
        let affine = |tensor: &Tensor| matches!(tensor.step, Step::Affine(_));
        self.tensors.get(id).is_some_and(affine) && !self.tensors.iter().any(among)
    }

    /// The same with each of these outputs in rows of its own that no other of them has: where it has none, those of a copy.
    #[must_use]
    pub fn with_whole(mut self, outputs: &[usize]) -> Self {
        let mut taken: Vec<TensorId> = vec![];
        for &index in outputs {
            let Some(id) = self.outputs.get(index).map(|output| output.tensor) else {
                continue;
            };
            if !self.stands_alone(id) || taken.contains(&id) {
                self.tensors
                    .push(segment::copy(id, &self.tensors[id], self.precision.bits()));
                self.outputs[index].tensor = self.tensors.len() - 1;
            }
            taken.push(self.outputs[index].tensor);
        }
        self
    }

    /// The tensor of an output, by its index.
    pub fn output(&self, index: usize) -> &Tensor {
        &self.tensors[self.outputs[index].tensor]
    }
}
