//! The graph and its operators.

use super::function::Function;
use super::input_type::InputType;
use std::collections::BTreeMap;

/// Index into [`Graph::values`].
pub type ValueId = usize;

/// A network of static shapes, in topological order.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The name in the file.
    pub name: String,
    /// Every input, constant and intermediate value.
    pub values: Vec<Value>,
    /// How often the file has each operator, among the nodes that the outputs depend on.
    pub operators: BTreeMap<String, usize>,
    /// The operators as they are computed here; a node's inputs are graph inputs, constants, or outputs of earlier nodes, but
    /// for [`Op::Delay`].
    pub nodes: Vec<Node>,
    /// The inputs that are not initializers, in the order of the file.
    pub inputs: Vec<Input>,
    /// The outputs, in the order of the file. An output may be a constant, an input, or what another output is computed from.
    pub outputs: Vec<Output>,
}

/// An input of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Which value it is.
    pub value: ValueId,
    /// What its elements may be.
    pub elements: InputType,
    /// The value holds each element times two to this power, as [`Graph::lifted`] makes it; empty for none.
    pub lifts: Vec<u8>,
}

impl Input {
    /// What the value holds for these elements.
    pub(crate) fn lift(&self, elements: &[f32]) -> Vec<f32> {
        let mut lifted = elements.to_vec();
        let each = lifted.iter_mut().zip(&self.lifts);
        each.for_each(|(x, lift)| *x *= 2f32.powi((*lift).into()));
        lifted
    }
}

/// An output of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its name in the file; the value may have another one.
    pub name: String,
    /// Which value it is.
    pub value: ValueId,
}

/// The elements of each input, row-major.
pub type Sample = Vec<Vec<f32>>;

impl Graph {
    /// Shape of a value, without a first axis of one, which is the batch; any other is part of the shape.
    pub fn unbatched(&self, id: ValueId) -> &[usize] {
        match self.values[id].shape.as_slice() {
            [1, shape @ ..] | shape => shape,
        }
    }

    /// Number of elements of each input.
    pub fn input_lens(&self) -> Vec<usize> {
        let len = |input: &Input| self.values[input.value].shape.iter().product();
        self.inputs.iter().map(len).collect()
    }

    /// How often a value is an output.
    pub(crate) fn outputs_of(&self, id: ValueId) -> usize {
        self.outputs.iter().filter(|output| output.value == id).count()
    }
}

/// One edge of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The name in the file, or one derived from it.
    pub name: String,
    /// Extents, outermost first; row-major everywhere.
    pub shape: Vec<usize>,
    /// The data, if it is known at import.
    pub constant: Option<Tensor>,
    /// Whether the constant is part of the structure: it follows from what [`structure`](crate::onnx::structure) keeps.
    /// Other constants are weights.
    pub public: bool,
}

/// A dense row-major tensor. Integers of the file that are used as data are converted to `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Extents, outermost first.
    pub shape: Vec<usize>,
    /// As many elements as the product of `shape`.
    pub data: Vec<f32>,
}

/// One operator application.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The name of the node in the file (or of its output), with a suffix when it was rewritten into several.
    pub name: String,
    /// The operator in the file.
    pub onnx_op: String,
    /// What is computed.
    pub op: Op,
    /// Operands, in the order [`Op`] documents.
    pub inputs: Vec<ValueId>,
    /// The single result.
    pub output: ValueId,
}

/// What a [`Op::Reduce`] does along its axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReduceKind {
    /// Sum.
    Sum,
    /// Arithmetic mean.
    Mean,
    /// Maximum.
    Max,
    /// Minimum.
    Min,
}

/// The closed set of operators. Spatial lists have one entry per spatial axis; pads are `(begin, end)`.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Cross-correlation; inputs `x [n,c,..]`, `w [o,c/groups,..]` and optionally `b [o]`.
    Conv {
        /// Window extents.
        kernel: Vec<usize>,
        /// Steps of the window.
        strides: Vec<usize>,
        /// Zero padding.
        pads: Vec<(usize, usize)>,
        /// Distances between taps.
        dilations: Vec<usize>,
        /// Channel groups.
        groups: usize,
    },
    /// Transposed convolution; inputs `x [n,c,..]`, `w [c,o/groups,..]` and optionally `b [o]`.
    ConvTranspose {
        /// Window extents.
        kernel: Vec<usize>,
        /// Upsampling factors.
        strides: Vec<usize>,
        /// Cropping of the result.
        pads: Vec<(usize, usize)>,
        /// Distances between taps.
        dilations: Vec<usize>,
        /// Channel groups.
        groups: usize,
        /// Extra extents at the end of the result.
        output_padding: Vec<usize>,
    },
    /// Matrix product with numpy semantics (vectors, broadcast batches).
    MatMul,
    /// `a + b`, numpy broadcasting, as all binary operators.
    Add,
    /// `a - b`.
    Sub,
    /// `a * b`.
    Mul,
    /// `a / b`.
    Div,
    /// Pointwise minimum.
    Min,
    /// Pointwise maximum.
    Max,
    /// `max(x, 0)`.
    Relu,
    /// `x` if `x >= 0`, else `alpha * x`.
    LeakyRelu {
        /// Slope of the negative side.
        alpha: f32,
    },
    /// `x` if `x >= 0`, else `slope * x`; inputs `x`, `slope` (broadcast to `x`).
    PRelu,
    /// `|x|`.
    Abs,
    /// `-x`.
    Neg,
    /// `min(max(x, min), max)`; an absent bound does not bind.
    Clip {
        /// Lower bound.
        min: Option<f32>,
        /// Upper bound.
        max: Option<f32>,
    },
    /// A function of each element.
    Function(Function),
    /// Maximum over windows; every window holds at least one element that is not padding.
    MaxPool {
        /// Window extents.
        kernel: Vec<usize>,
        /// Steps of the window.
        strides: Vec<usize>,
        /// Padding that never wins.
        pads: Vec<(usize, usize)>,
        /// Distances between taps.
        dilations: Vec<usize>,
    },
    /// Mean over windows; every window holds at least one element that is not padding.
    AveragePool {
        /// Window extents.
        kernel: Vec<usize>,
        /// Steps of the window.
        strides: Vec<usize>,
        /// Zero padding.
        pads: Vec<(usize, usize)>,
        /// Distances between taps.
        dilations: Vec<usize>,
        /// Whether padding counts in the divisor.
        count_include_pad: bool,
    },
    /// Reduction along `axes` (sorted, distinct).
    Reduce {
        /// Which one.
        kind: ReduceKind,
        /// The reduced axes.
        axes: Vec<usize>,
        /// Whether reduced axes stay with extent one.
        keepdims: bool,
    },
    /// Index of the first maximum along `axis`.
    ArgMax {
        /// The searched axis.
        axis: usize,
        /// Whether the axis stays with extent one.
        keepdims: bool,
    },
    /// The same elements in another shape.
    Reshape {
        /// The new shape.
        shape: Vec<usize>,
    },
    /// Axis `i` of the result is axis `perm[i]` of the input.
    Transpose {
        /// The permutation.
        perm: Vec<usize>,
    },
    /// Concatenation of any number of inputs.
    Concat {
        /// The joined axis.
        axis: usize,
    },
    /// A strided box.
    Slice {
        /// For every axis: first index, number of elements, step (may be negative).
        ranges: Vec<(usize, usize, i64)>,
    },
    /// Constant padding.
    Pad {
        /// For every axis: elements before and after.
        pads: Vec<(usize, usize)>,
        /// The padding element.
        value: f32,
    },
    /// Broadcast to `shape`.
    Expand {
        /// The shape of the result.
        shape: Vec<usize>,
    },
    /// Picks constant `indices` along `axis`.
    Gather {
        /// The indexed axis.
        axis: usize,
        /// Row-major indices, all in range.
        indices: Vec<usize>,
        /// The shape that replaces the axis in the result.
        indices_shape: Vec<usize>,
    },
    /// The rows of its first axis so many places later, after zeros: what the steps of a recurrent layer know of the ones
    /// before. It alone reads what a later node computes; see [`Graph::loops`].
    Delay {
        /// Rows of a step, which divide those of the input.
        rows: usize,
    },
}

/// The geometry of a convolution or pool, one entry for each spatial axis.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// Extents.
    pub kernel: &'a [usize],
    /// Steps.
    pub strides: &'a [usize],
    /// Padding before and after; cropping of the result for a transposed convolution.
    pub pads: &'a [(usize, usize)],
    /// Distances between taps.
    pub dilations: &'a [usize],
}

impl Op {
    /// The window of operators that slide one.
    pub fn window(&self) -> Option<Window<'_>> {
        match self {
            Self::Conv {
                kernel,
                strides,
                pads,
                dilations,
                ..
            }
            | Self::ConvTranspose {
                kernel,
                strides,
                pads,
                dilations,
                ..
            }
            | Self::MaxPool {
                kernel,
                strides,
                pads,
                dilations,
            }
            | Self::AveragePool {
                kernel,
                strides,
                pads,
                dilations,
                ..
            } => Some(Window {
                kernel,
                strides,
                pads,
                dilations,
            }),
            _ => None,
        }
    }
}
