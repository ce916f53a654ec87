//! ONNX operators to [`Op`](crate::graph::Op)s.

mod call;
mod constant;
mod elementwise;
mod folded;
mod functions;
mod geometry;
mod linear;
mod moves;
mod pool;
mod slice;
mod survey;

use super::attr::{is_default_domain, Attrs};
use super::build::{unsupported, Builder, Fault, Origin, Slot};
use super::error::{ImportError, UnsupportedNode};
use super::finish::Lowered;
use super::tensor;
use crate::graph::{Op, ValueId};
use call::Call;
use onnx_protobuf::{GraphProto, NodeProto};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
pub use survey::live;
use survey::{declared, defined_twice};

/// Every operator that [`lower`] knows, sorted.
#[rustfmt::skip]
pub const SUPPORTED: &[&str] = &[
    "Abs", "Acos", "Acosh", "Add", "And", "ArgMax", "ArgMin", "Asin", "Asinh", "Atan", "Atanh", "AveragePool",
    "BatchNormalization", "Cast", "Ceil", "Celu", "Clip", "Concat", "Constant", "ConstantOfShape", "Conv",
    "ConvTranspose", "Cos", "Cosh", "Div", "Dropout", "Elu", "Equal", "Erf", "Exp", "Expand", "Flatten", "Floor",
    "Gather", "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "Greater", "HardSigmoid", "HardSwish", "Identity",
    "IsNaN", "LeakyRelu", "Less", "Log", "MatMul", "Max", "MaxPool", "Mean", "Min", "Mish", "Mul", "Neg", "Not", "Or",
    "PRelu", "Pad", "Pow", "Range", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
    "Relu", "Reshape", "Round", "Selu", "Shape", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Size", "Slice",
    "Softplus", "Softsign", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Swish", "Tan", "Tanh", "ThresholdedRelu",
    "Transpose", "Unsqueeze", "Where",
];

/// Operators whose results may leave an integer type.
const ARITHMETIC: &[&str] = &[
    "Abs",
    "Add",
    "AveragePool",
    "BatchNormalization",
    "Conv",
    "ConvTranspose",
    "Div",
    "Gemm",
    "GlobalAveragePool",
    "LeakyRelu",
    "MatMul",
    "Mean",
    "Mul",
    "Neg",
    "PRelu",
    "Pow",
    "ReduceMean",
    "ReduceSum",
    "Sub",
    "Sum",
];

/// What a name stands for.
#[derive(Clone, Copy)]
enum Bound {
    Value(ValueId),
    /// The output of a node that is not supported, or depends on one.
    Unknown,
}

/// Lowers a decoded graph. `functions` are those that the file defines in the default domain.
pub fn graph(mut proto: GraphProto, opset: i64, functions: &[&str]) -> Result<Lowered, ImportError> {
    let mut b = Builder::default();
    let mut scope: HashMap<String, Bound> = HashMap::new();
    let mut refused = Vec::new();
    // The only refusal, if it is of shapes.
    let mut misfit = None;
    for name in functions.iter().filter(|name| SUPPORTED.binary_search(name).is_ok()) {
        let reason = "the file defines a function with the name of this standard operator; rename the function";
        refused.push(refuse(name, name, reason.into()));
    }
    for t in &proto.sparse_initializer {
        refused.push(refuse(
            t.values.name.as_str(),
            "sparse initializer",
            "store the tensor densely".into(),
        ));
    }
    for t in std::mem::take(&mut proto.initializer) {
        let (shape, data) = tensor::decode(&t)?;
        let id = b.stored(&t.name, shape, t.data_type, data);
        bind(&mut scope, &t.name, Bound::Value(id))?;
    }
    let live = live(&proto)?;
    let mut input = Vec::new();
    for info in proto
        .input
        .iter()
        .filter(|info| !scope.contains_key(&info.name))
        .collect::<Vec<_>>()
    {
        let (shape, data_type) = declared(info)?;
        let id = b.input(&info.name, shape, data_type)?;
        bind(&mut scope, &info.name, Bound::Value(id))?;
        input.push(id);
    }
    let mut operators = BTreeMap::new();
    let mut read = Vec::new();
    for (node, _) in proto.node.iter().zip(&live.nodes).filter(|(_, live)| **live) {
        *operators.entry(node.op_type.clone()).or_default() += 1;
        for t in node.attribute.iter().filter_map(|a| a.t.as_ref()) {
            tensor::refuse_external(t)?;
        }
        let last = node
            .output
            .iter()
            .any(|name| proto.output.iter().any(|o| o.name == *name));
        let names = RefCell::default();
        let outputs = match one(&mut b, &scope, node, opset, last, &names) {
            Ok(outputs) => outputs,
            Err(Fault::Import(ImportError::Shape { node: name, reason })) => {
                refused.push(refuse(node_name(node), &operator(node), reason.clone()));
                misfit.get_or_insert(ImportError::Shape { node: name, reason });
                Vec::new()
            }
            Err(Fault::Import(error)) => return Err(error),
            Err(Fault::Unsupported(reason)) => {
                refused.push(refuse(node_name(node), &operator(node), reason));
                Vec::new()
            }
        };
        read.push(names.into_inner());
        for (i, name) in node.output.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let bound = outputs.get(i).copied().unwrap_or(Bound::Unknown);
            if !outputs.is_empty() && i >= outputs.len() && live.names.contains(name.as_str()) {
                refused.push(refuse(
                    node_name(node),
                    &operator(node),
                    format!("output `{name}` is not available"),
                ));
            }
            bind(&mut scope, name, bound)?;
        }
    }
    let output: Vec<Bound> = proto
        .output
        .iter()
        .map(|info| lookup(&scope, &info.name))
        .collect::<Result<_, _>>()?;
    refused.extend(b.leaks());
    match (misfit, refused.len()) {
        (_, 0) => {}
        (Some(error), 1) => return Err(error),
        _ => return Err(ImportError::Unsupported(refused)),
    }
    let output: Vec<(String, ValueId)> = output
        .into_iter()
        .zip(&proto.output)
        .filter_map(|(bound, info)| match bound {
            Bound::Value(id) => Some((info.name.clone(), id)),
            Bound::Unknown => None,
        })
        .collect();
    let names: BTreeSet<&String> = output.iter().map(|(name, _)| name).collect();
    if names.len() != output.len() {
        return Err(ImportError::malformed("two outputs have one name"));
    }
    if input.is_empty() || output.is_empty() || output.len() != proto.output.len() {
        return Err(ImportError::malformed("the graph has no input or no output"));
    }
    for (output, id) in &output {
        if let Some(Slot { name, .. }) = b
            .slots
            .get_mut(*id)
            .filter(|s| s.constant.is_none() && !input.contains(id))
        {
            name.clone_from(output);
        }
    }
    Ok(Lowered {
        name: proto.name,
        operators,
        read,
        slots: b.slots,
        steps: b.steps,
        input,
        output,
    })
}

/// Lowers one node; its outputs are unknown if an input is. `last`: it gives an output of the graph. `read` takes the names of the
/// attributes that were asked for.
fn one(
    b: &mut Builder,
    scope: &HashMap<String, Bound>,
    node: &NodeProto,
    opset: i64,
    last: bool,
    read: &RefCell<BTreeSet<String>>,
) -> Result<Vec<Bound>, Fault> {
    if !is_default_domain(&node.domain) {
        return unsupported(format!(
            "operators of the domain `{}` are not supported, only those of the default domain",
            super::shown(&node.domain)
        ));
    }
    if SUPPORTED.binary_search(&node.op_type.as_str()).is_err() {
        return unsupported(match node.op_type.as_str() {
            // Anywhere else the function would be another without it.
            "LogSoftmax" | "Softmax" if last => {
                "the operator is not supported; a model that ends before it gives scores (logits) instead"
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
    let origin = Origin {
        node: node_name(node).into(),
        onnx_op: node.op_type.clone(),
        output,
    };
    let attrs = Attrs::new(&node.attribute, read);
    let call = Call {
        origin,
        op: &node.op_type,
        opset,
        attrs,
        inputs,
        outputs: &node.output,
    };
    let wraps = ARITHMETIC.contains(&call.op);
    for slot in call
        .inputs
        .iter()
        .flatten()
        .filter_map(|&id| b.slots.get(id))
        .filter(|_| wraps)
    {
        if slot.constant.is_none() && slot.integer() {
            let kind = tensor::type_name(slot.data_type);
            return unsupported(format!(
                "arithmetic on {kind} values, which wraps around on overflow; where none is meant, cast to float32 before it"
            ));
        }
    }
    Ok(lower(&call, b)?.into_iter().map(Bound::Value).collect())
}

fn lower(call: &Call<'_>, b: &mut Builder) -> Result<Vec<ValueId>, Fault> {
    let one = match call.op {
        "Add" => elementwise::binary(call, b, Op::Add),
        "Sub" => elementwise::binary(call, b, Op::Sub),
        "Mul" => elementwise::binary(call, b, Op::Mul),
        "Div" => elementwise::div(call, b),
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
        "Pow" => functions::pow(call, b),
        name if functions::NAMES.contains(&name) => functions::lower(call, b),
        "Conv" => linear::conv(call, b),
        "ConvTranspose" => linear::conv_transpose(call, b),
        "MatMul" => linear::matmul(call, b),
        "Gemm" => linear::gemm(call, b),
        "BatchNormalization" => linear::batch_normalization(call, b),
        "MaxPool" | "AveragePool" => pool::pool(call, b),
        "GlobalMaxPool" | "GlobalAveragePool" => pool::global(call, b),
        "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceMin" => pool::reduce(call, b),
        "ArgMax" | "ArgMin" => pool::arg(call, b),
        "Reshape" => moves::reshape(call, b),
        "Flatten" => moves::flatten(call, b),
        "Squeeze" => moves::squeeze(call, b),
        "Unsqueeze" => moves::unsqueeze(call, b),
        "Transpose" => moves::transpose(call, b),
        "Concat" => moves::concat(call, b),
        "Expand" => moves::expand(call, b),
        "Gather" => moves::gather(call, b),
        "Slice" => slice::slice(call, b),
        "Split" => return slice::split(call, b),
        "IsNaN" => functions::is_nan(call, b),
        "Pad" => slice::pad(call, b),
        _ => constant::lower(call, b),
    };
    Ok(vec![one?])
}

fn lookup(scope: &HashMap<String, Bound>, name: &str) -> Result<Bound, ImportError> {
    scope.get(name).copied().ok_or_else(|| {
        ImportError::malformed(format!(
            "`{name}` is used before it is defined (nodes must be in topological order)"
        ))
    })
}

fn bind(scope: &mut HashMap<String, Bound>, name: &str, bound: Bound) -> Result<(), ImportError> {
    match scope.insert(name.to_owned(), bound) {
        Some(_) => Err(defined_twice(name)),
        None => Ok(()),
    }
}

fn refuse(name: &str, operator: &str, reason: String) -> UnsupportedNode {
    UnsupportedNode {
        name: name.into(),
        operator: operator.into(),
        reason,
    }
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
