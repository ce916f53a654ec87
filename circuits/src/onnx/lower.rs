//! ONNX operators to [`Op`](super::Op)s.

mod constant;
mod elementwise;
mod folded;
mod layout;
mod linear;
mod pool;
mod slice;

use super::attr::{is_default_domain, Attrs};
use super::build::{unsupported, Builder, Fault, Origin, Slot};
use super::error::{ImportError, UnsupportedNode};
use super::finish::Lowered;
use super::model::{Op, ValueId};
use super::tensor::{self, Const};
use onnx_protobuf::{type_proto, GraphProto, NodeProto, ValueInfoProto};
use std::collections::{HashMap, HashSet};

/// Every operator that [`lower`] knows, sorted.
#[rustfmt::skip]
pub const SUPPORTED: &[&str] = &[
    "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant",
    "ConstantOfShape", "Conv", "ConvTranspose", "Div", "Dropout", "Equal", "Exp", "Expand", "Flatten", "Gather",
    "Gemm", "GlobalAveragePool", "GlobalMaxPool", "Greater", "Identity", "LeakyRelu", "Less", "Log", "MatMul", "Max",
    "MaxPool", "Mean", "Min", "Mul", "Neg", "Not", "Or", "PRelu", "Pad", "Pow", "Range", "Reciprocal", "ReduceMax",
    "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "Relu", "Reshape", "Shape", "Size", "Slice", "Split",
    "Sqrt", "Squeeze", "Sub", "Sum", "Transpose", "Unsqueeze", "Where",
];

/// One ONNX node with resolved operands.
pub struct Call<'a> {
    pub origin: Origin,
    pub op: &'a str,
    pub opset: i64,
    pub attrs: Attrs<'a>,
    pub inputs: Vec<Option<ValueId>>,
    pub outputs: &'a [String],
}

impl Call<'_> {
    /// The `i`-th operand, if given.
    pub fn optional(&self, i: usize) -> Option<ValueId> {
        self.inputs.get(i).copied().flatten()
    }

    /// The `i`-th operand.
    pub fn required(&self, i: usize) -> Result<ValueId, ImportError> {
        self.optional(i).ok_or_else(|| {
            ImportError::malformed(format!("node `{}` ({}) lacks input {i}", self.origin.node, self.op))
        })
    }

    /// All operands, none omitted.
    pub fn all(&self) -> Result<Vec<ValueId>, ImportError> {
        (0..self.inputs.len().max(1)).map(|i| self.required(i)).collect()
    }

    pub fn shape_error(&self, reason: impl Into<String>) -> Fault {
        Fault::Import(ImportError::Shape { node: self.origin.node.clone(), reason: reason.into() })
    }

    /// The integers of a constant operand, if given.
    pub fn ints(&self, b: &Builder, i: usize, what: &str) -> Result<Option<Vec<i64>>, Fault> {
        let Some(id) = self.optional(i) else { return Ok(None) };
        match &b.slot(id)?.constant {
            Some(Const::Ints(data)) => Ok(Some(data.clone())),
            Some(Const::Floats(_)) => Err(self.shape_error(format!("{what} must be integers"))),
            None => unsupported(format!("{what} must be constant")),
        }
    }

    /// The single number of a constant operand, if given.
    pub fn number(&self, b: &Builder, i: usize, what: &str) -> Result<Option<f32>, Fault> {
        let Some(id) = self.optional(i) else { return Ok(None) };
        match &b.slot(id)?.constant {
            Some(data) => match data.clone().into_floats().as_slice() {
                [x] => Ok(Some(*x)),
                _ => Err(self.shape_error(format!("{what} must be one number"))),
            },
            None => unsupported(format!("{what} must be constant")),
        }
    }

    /// An axis of a tensor of `rank` axes; negative ones count from the end.
    pub fn axis(&self, axis: i64, rank: usize) -> Result<usize, Fault> {
        let n = rank as i64;
        let resolved = if axis < 0 { axis.checked_add(n).unwrap_or(-1) } else { axis };
        match usize::try_from(resolved) {
            Ok(a) if a < rank => Ok(a),
            _ => Err(self.shape_error(format!("axis {axis} of {rank} axes does not exist"))),
        }
    }

    /// Resolved, distinct axes in the given order.
    pub fn axes(&self, axes: &[i64], rank: usize) -> Result<Vec<usize>, Fault> {
        let resolved: Vec<usize> = axes.iter().map(|&a| self.axis(a, rank)).collect::<Result<_, _>>()?;
        let distinct: HashSet<_> = resolved.iter().collect();
        if distinct.len() != resolved.len() {
            return Err(self.shape_error(format!("axes {axes:?} are not distinct")));
        }
        Ok(resolved)
    }
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Bound {
    Value(ValueId),
    /// The output of a node that is not supported, or depends on one.
    Unknown,
}

/// Lowers a decoded graph.
pub fn graph(mut proto: GraphProto, opset: i64) -> Result<Lowered, ImportError> {
    let mut b = Builder::default();
    let mut scope: HashMap<String, Bound> = HashMap::new();
    let mut refused = Vec::new();
    for t in &proto.sparse_initializer {
        refused.push(refuse(t.values.name.as_str(), "sparse initializer", "store the tensor densely".into()));
    }
    for t in std::mem::take(&mut proto.initializer) {
        let (shape, data) = tensor::decode(&t)?;
        let id = b.stored(&t.name, shape, data);
        bind(&mut scope, &t.name, Bound::Value(id))?;
    }
    let live = live(&proto)?;
    let mut input = Vec::new();
    for info in proto.input.iter().filter(|info| !scope.contains_key(&info.name)).collect::<Vec<_>>() {
        let (shape, integer) = declared(info)?;
        let id = b.input(&info.name, shape, integer)?;
        bind(&mut scope, &info.name, Bound::Value(id))?;
        input.push(id);
    }
    for (node, _) in proto.node.iter().zip(&live.nodes).filter(|(_, live)| **live) {
        for t in node.attribute.iter().filter_map(|a| a.t.as_ref()) {
            tensor::refuse_external(t)?;
        }
        let outputs = match one(&mut b, &scope, node, opset) {
            Ok(outputs) => outputs,
            Err(Fault::Import(error)) => return Err(error),
            Err(Fault::Unsupported(reason)) => {
                refused.push(refuse(node_name(node), &operator(node), reason));
                Vec::new()
            }
        };
        for (i, name) in node.output.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let bound = outputs.get(i).copied().unwrap_or(Bound::Unknown);
            if !outputs.is_empty() && i >= outputs.len() && live.names.contains(name.as_str()) {
                refused.push(refuse(node_name(node), &operator(node), format!("output `{name}` is not available")));
            }
            bind(&mut scope, name, bound)?;
        }
    }
    let output: Vec<Bound> = proto.output.iter().map(|info| lookup(&scope, &info.name)).collect::<Result<_, _>>()?;
    if !refused.is_empty() {
        return Err(ImportError::Unsupported(refused));
    }
    let output: Vec<ValueId> = output
        .into_iter()
        .filter_map(|bound| if let Bound::Value(id) = bound { Some(id) } else { None })
        .collect();
    if input.is_empty() || output.is_empty() || output.len() != proto.output.len() {
        return Err(ImportError::malformed("the graph has no input or no output"));
    }
    for (&id, info) in output.iter().zip(&proto.output) {
        if let Some(Slot { name, .. }) = b.slots.get_mut(id).filter(|s| s.constant.is_none() && !input.contains(&id)) {
            name.clone_from(&info.name);
        }
    }
    Ok(Lowered { name: proto.name, slots: b.slots, steps: b.steps, input, output })
}

/// Lowers one node; its outputs are unknown if an input is.
fn one(
    b: &mut Builder,
    scope: &HashMap<String, Bound>,
    node: &NodeProto,
    opset: i64,
) -> Result<Vec<Bound>, Fault> {
    if !is_default_domain(&node.domain) {
        return unsupported("only operators of the default domain are supported");
    }
    if SUPPORTED.binary_search(&node.op_type.as_str()).is_err() {
        return unsupported(match node.op_type.as_str() {
            "LogSoftmax" | "Sigmoid" | "Softmax" => {
                "remove it and take the scores (logits) as output: it does not change their order"
            }
            _ => "the operator is not supported",
        });
    }
    let mut inputs = Vec::new();
    let mut known = true;
    for name in &node.input {
        inputs.push(match name.as_str() {
            "" => None,
            name => match lookup(scope, name)? {
                Bound::Value(id) => Some(id),
                Bound::Unknown => {
                    known = false;
                    None
                }
            },
        });
    }
    if !known {
        return Ok(vec![Bound::Unknown; node.output.len()]);
    }
    let output = node.output.first().cloned().unwrap_or_default();
    let origin = Origin { node: node_name(node).into(), onnx_op: node.op_type.clone(), output };
    let attrs = Attrs(&node.attribute);
    let call = Call { origin, op: &node.op_type, opset, attrs, inputs, outputs: &node.output };
    Ok(lower(&call, b)?.into_iter().map(Bound::Value).collect())
}

fn lower(call: &Call<'_>, b: &mut Builder) -> Result<Vec<ValueId>, Fault> {
    let one = match call.op {
        "Add" => elementwise::binary(call, b, Op::Add),
        "Sub" => elementwise::binary(call, b, Op::Sub),
        "Mul" => elementwise::binary(call, b, Op::Mul),
        "Div" => elementwise::binary(call, b, Op::Div),
        "PRelu" => elementwise::binary(call, b, Op::PRelu),
        "Min" => elementwise::chain(call, b, &Op::Min),
        "Max" => elementwise::chain(call, b, &Op::Max),
        "Sum" => elementwise::chain(call, b, &Op::Add),
        "Mean" => elementwise::mean(call, b),
        "Relu" => elementwise::unary(call, b, Op::Relu),
        "Abs" => elementwise::unary(call, b, Op::Abs),
        "Neg" => elementwise::unary(call, b, Op::Neg),
        "LeakyRelu" => elementwise::leaky_relu(call, b),
        "Clip" => elementwise::clip(call, b),
        "Pow" => elementwise::pow(call, b),
        "Conv" => linear::conv(call, b),
        "ConvTranspose" => linear::conv_transpose(call, b),
        "MatMul" => linear::matmul(call, b),
        "Gemm" => linear::gemm(call, b),
        "BatchNormalization" => linear::batch_normalization(call, b),
        "MaxPool" | "AveragePool" => pool::pool(call, b),
        "GlobalMaxPool" | "GlobalAveragePool" => pool::global(call, b),
        "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceMin" => pool::reduce(call, b),
        "ArgMax" | "ArgMin" => pool::arg(call, b),
        "Reshape" => layout::reshape(call, b),
        "Flatten" => layout::flatten(call, b),
        "Squeeze" => layout::squeeze(call, b),
        "Unsqueeze" => layout::unsqueeze(call, b),
        "Transpose" => layout::transpose(call, b),
        "Concat" => layout::concat(call, b),
        "Expand" => layout::expand(call, b),
        "Gather" => layout::gather(call, b),
        "Slice" => slice::slice(call, b),
        "Split" => return slice::split(call, b),
        "Pad" => slice::pad(call, b),
        _ => constant::lower(call, b),
    };
    Ok(vec![one?])
}

fn lookup(scope: &HashMap<String, Bound>, name: &str) -> Result<Bound, ImportError> {
    scope.get(name).copied().ok_or_else(|| {
        ImportError::malformed(format!("`{name}` is used before it is defined (nodes must be in topological order)"))
    })
}

fn bind(scope: &mut HashMap<String, Bound>, name: &str, bound: Bound) -> Result<(), ImportError> {
    match scope.insert(name.to_owned(), bound) {
        Some(_) => Err(defined_twice(name)),
        None => Ok(()),
    }
}

fn defined_twice(name: &str) -> ImportError {
    ImportError::malformed(format!("`{name}` is defined twice"))
}

fn refuse(name: &str, operator: &str, reason: String) -> UnsupportedNode {
    UnsupportedNode { name: name.into(), operator: operator.into(), reason }
}

fn operator(node: &NodeProto) -> String {
    if is_default_domain(&node.domain) {
        node.op_type.clone()
    } else {
        format!("{}:{}", node.domain, node.op_type)
    }
}

fn node_name(node: &NodeProto) -> &str {
    match node.output.first() {
        Some(output) if node.name.is_empty() => output,
        _ => &node.name,
    }
}

struct Live<'a> {
    /// For each node, whether an output depends on it.
    nodes: Vec<bool>,
    /// Every name they or the graph outputs use.
    names: HashSet<&'a str>,
}

fn live(proto: &GraphProto) -> Result<Live<'_>, ImportError> {
    let mut producers: HashMap<&str, usize> = HashMap::new();
    for (i, node) in proto.node.iter().enumerate() {
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            if producers.insert(name, i).is_some() {
                return Err(defined_twice(name));
            }
        }
    }
    let mut nodes = vec![false; proto.node.len()];
    let mut names: HashSet<&str> = proto.output.iter().map(|o| o.name.as_str()).collect();
    let mut todo: Vec<&str> = names.iter().copied().collect();
    while let Some(name) = todo.pop() {
        let Some(&i) = producers.get(name) else { continue };
        let (Some(seen), Some(node)) = (nodes.get_mut(i), proto.node.get(i)) else { continue };
        if !std::mem::replace(seen, true) {
            let inputs = node.input.iter().filter(|name| !name.is_empty());
            todo.extend(inputs.map(String::as_str).filter(|name| names.insert(name)));
        }
    }
    Ok(Live { nodes, names })
}

/// Shape of an input, and whether its elements are integers.
fn declared(info: &ValueInfoProto) -> Result<(Vec<usize>, bool), ImportError> {
    let bad = |what: &str| ImportError::malformed(format!("input `{}`: {what}", info.name));
    let Some(type_proto::Value::TensorType(tensor)) = info.type_.as_ref().and_then(|t| t.value.as_ref()) else {
        return Err(bad("only tensors are supported"));
    };
    let integer = match tensor.elem_type {
        1 | 10 | 11 | 16 => false,
        2..=7 | 9 | 12 | 13 => true,
        _ => return Err(bad("element type is not supported")),
    };
    let dims = tensor.shape.as_ref().ok_or_else(|| bad("the shape is missing"))?;
    let shape: Result<Vec<usize>, ImportError> = dims
        .dim
        .iter()
        .enumerate()
        .map(|(axis, dim)| match usize::try_from(if dim.has_dim_value() { dim.dim_value() } else { 0 }) {
            Ok(d) if d > 0 => Ok(d),
            _ if axis == 0 => Ok(1),
            _ => Err(ImportError::SymbolicDimension { input: info.name.clone(), axis }),
        })
        .collect();
    Ok((shape?, integer))
}
