//! Float reference executor: every value of an imported graph for one run.
//!
//! Plain and slow on purpose, but independent of the quantized path: elements are `f32`, sums are accumulated in
//! `f64` and rounded once per operator. It also folds constants at import.

mod moves;
mod reduce;
mod steps;
mod walk;
mod window;

pub(crate) use moves::structural;
pub(crate) use reduce::{first_maxima, positions as reduced_positions};

use crate::graph::{broadcast, elements, infer, Graph, Node, Op, Tensor};
use walk::{broadcast_strides, Walk};

/// Why a graph was not executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FloatError {
    /// There are more or fewer inputs than the graph has.
    #[error(
        "{got} inputs were given, the model takes {expected}. Help: pass each input of the model once, in its order"
    )]
    InputCount {
        /// Inputs of the graph.
        expected: usize,
        /// Inputs passed.
        got: usize,
    },
    /// An input has the wrong number of elements.
    #[error(
        "input `{input}` has {got} elements, the model takes {expected}. Help: pass the row-major elements of each input"
    )]
    InputLength {
        /// Its name.
        input: String,
        /// Elements of the graph input.
        expected: usize,
        /// Elements passed.
        got: usize,
    },
    /// An operator does not fit its operands; does not happen for imported graphs.
    #[error("node `{node}`: {reason}. Help: import the model again instead of building the graph by hand")]
    Node {
        /// The node.
        node: String,
        /// What does not fit.
        reason: String,
    },
}

impl FloatError {
    /// The stable name of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InputCount { .. } => "float-input-count",
            Self::InputLength { .. } => "float-input-length",
            Self::Node { .. } => "float-node",
        }
    }
}

/// Evaluates `graph` with the elements of each input (row-major).
///
/// The result has one entry for each value, by [`crate::graph::ValueId`].
///
/// # Errors
/// [`FloatError::InputCount`], [`FloatError::InputLength`], and [`FloatError::Node`] for a graph that was not made by [`crate::onnx::import`].
pub fn run(graph: &Graph, inputs: &[Vec<f32>]) -> Result<Vec<Option<Tensor>>, FloatError> {
    let (expected, got) = (graph.inputs.len(), inputs.len());
    if expected != got {
        return Err(FloatError::InputCount { expected, got });
    }
    let mut tensors: Vec<Option<Tensor>> = graph.values.iter().map(|v| v.constant.clone()).collect();
    for (input, data) in graph.inputs.iter().zip(inputs) {
        let Some(value) = graph.values.get(input.value) else {
            continue;
        };
        let expected = elements(&value.shape).unwrap_or(usize::MAX);
        if data.len() != expected {
            return Err(FloatError::InputLength {
                input: value.name.clone(),
                expected,
                got: data.len(),
            });
        }
        if let Some(slot) = tensors.get_mut(input.value) {
            *slot = Some(Tensor {
                shape: value.shape.clone(),
                data: input.lift(data),
            });
        }
    }
    let mut loops = graph.loops().into_iter().peekable();
    let mut index = 0;
    while let Some(node) = graph.nodes.get(index) {
        if let Some(range) = loops.next_if(|range| range.start == index) {
            steps::run(graph, range.clone(), &mut tensors)?;
            index = range.end;
            continue;
        }
        index += 1;
        let operands: Option<Vec<&Tensor>> = node
            .inputs
            .iter()
            .map(|&id| tensors.get(id).and_then(Option::as_ref))
            .collect();
        let Some(operands) = operands else { continue };
        let result = apply(&node.op, &operands).map_err(|reason| node.fails(reason))?;
        if let Some(slot) = tensors.get_mut(node.output) {
            *slot = Some(result);
        }
    }
    Ok(tensors)
}

impl Node {
    fn fails(&self, reason: String) -> FloatError {
        FloatError::Node {
            node: self.name.clone(),
            reason,
        }
    }
}

/// Applies one operator.
pub(crate) fn apply(op: &Op, inputs: &[&Tensor]) -> Result<Tensor, String> {
    let shapes: Vec<&[usize]> = inputs.iter().map(|t| t.shape.as_slice()).collect();
    let shape = infer(op, &shapes)?;
    if elements(&shape).is_none() || inputs.iter().any(|t| Some(t.data.len()) != elements(&t.shape)) {
        return Err("a tensor whose data does not fill its shape".into());
    }
    let operands: Vec<(&[usize], &[f32])> = inputs.iter().map(|t| (t.shape.as_slice(), t.data.as_slice())).collect();
    let data = match structural(op, &operands, &shape) {
        Some(data) => data,
        None => compute(op, inputs, &shape)?,
    };
    if Some(data.len()) != elements(&shape) {
        return Err("the result is not defined for empty operands".into());
    }
    Ok(Tensor { shape, data })
}

fn compute(op: &Op, inputs: &[&Tensor], shape: &[usize]) -> Result<Vec<f32>, String> {
    Ok(match (op, inputs) {
        (Op::Conv { .. } | Op::ConvTranspose { .. }, [x, w, bias @ ..]) => {
            window::convolution(op, x, w, bias.first().copied(), shape)
        }
        (Op::MaxPool { .. } | Op::AveragePool { .. }, [x]) => window::pool(op, x, shape),
        (Op::MatMul, [a, b]) => matmul(a, b)?,
        (Op::Add, [a, b]) => binary(a, b, shape, |x, y| x + y),
        (Op::Sub, [a, b]) => binary(a, b, shape, |x, y| x - y),
        (Op::Mul, [a, b]) => binary(a, b, shape, |x, y| x * y),
        (Op::Div, [a, b]) => binary(a, b, shape, |x, y| x / y),
        (Op::Min, [a, b]) => binary(a, b, shape, f32::min),
        (Op::Max, [a, b]) => binary(a, b, shape, f32::max),
        (Op::PRelu, [a, b]) => binary(a, b, shape, |x, slope| if x >= 0.0 { x } else { slope * x }),
        (Op::Relu, [x]) => unary(x, |x| x.max(0.0)),
        (Op::LeakyRelu { alpha }, [x]) => unary(x, |x| if x >= 0.0 { x } else { alpha * x }),
        (Op::Abs, [x]) => unary(x, f32::abs),
        (Op::Neg, [x]) => unary(x, |x| -x),
        (Op::Clip { min, max }, [x]) => unary(x, |x| {
            x.max(min.unwrap_or(f32::NEG_INFINITY))
                .min(max.unwrap_or(f32::INFINITY))
        }),
        (Op::Function(function), [x]) => unary(x, |x| function.at(f64::from(x)) as f32),
        (Op::Reduce { kind, axes, .. }, [x]) => reduce::reduce(*kind, axes, x),
        (Op::ArgMax { axis, .. }, [x]) => reduce::argmax(*axis, x),
        _ => return Err("the operator does not take these operands".into()),
    })
}

fn unary(x: &Tensor, f: impl Fn(f32) -> f32) -> Vec<f32> {
    x.data.iter().map(|&x| f(x)).collect()
}

fn binary(a: &Tensor, b: &Tensor, shape: &[usize], f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    let at = |t: &Tensor| Walk::new(shape, &broadcast_strides(&t.shape, shape.len()), 0);
    let pairs = at(a).zip(at(b));
    pairs
        .filter_map(|(i, j)| Some(f(*a.data.get(i)?, *b.data.get(j)?)))
        .collect()
}

fn matmul(a: &Tensor, b: &Tensor) -> Result<Vec<f32>, String> {
    let (batch_a, m, k) = match a.shape.as_slice() {
        [batch @ .., m, k] => (batch, *m, *k),
        [k] => (&[][..], 1, *k),
        [] => return Err("a scalar is no matrix".into()),
    };
    let (batch_b, n) = match b.shape.as_slice() {
        [batch @ .., _, n] => (batch, *n),
        _ => (&[][..], 1),
    };
    let batch = broadcast(batch_a, batch_b)?;
    let at = |shape: &[usize]| Walk::new(&batch, &broadcast_strides(shape, batch.len()), 0);
    let mut data = Vec::new();
    let mut sums = vec![0f64; n];
    for (i, j) in at(batch_a).zip(at(batch_b)) {
        let lhs = a.data.get(i * m * k..(i + 1) * m * k).unwrap_or_default();
        let rhs = b.data.get(j * k * n..(j + 1) * k * n).unwrap_or_default();
        for row in 0..m {
            sums.fill(0.0);
            let row = lhs.get(row * k..(row + 1) * k).unwrap_or_default();
            for (&x, line) in row.iter().zip(rhs.chunks_exact(n.max(1))) {
                for (sum, &y) in sums.iter_mut().zip(line) {
                    *sum += f64::from(x) * f64::from(y);
                }
            }
            data.extend(sums.iter().map(|&s| s as f32));
        }
    }
    Ok(data)
}

/// The elements of a tensor broadcast to `shape`, in row-major order.
pub(crate) fn broadcast_positions<'a, T: Copy>(
    (from, data): (&[usize], &'a [T]),
    shape: &[usize],
) -> impl Iterator<Item = Option<T>> + use<'a, T> {
    Walk::new(shape, &broadcast_strides(from, shape.len()), 0).map(move |i| data.get(i).copied())
}
