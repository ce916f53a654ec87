//! ONNX operators to [`Op`](crate::graph::Op)s.

mod attention;
mod call;
mod catalogue;
mod compare;
mod constant;
mod control;
mod deform;
mod determinant;
mod einsum;
mod elementwise;
mod features;
mod flex;
mod flow;
mod folded;
mod functions;
mod fused;
mod geometry;
mod ids;
mod linear;
mod loss;
mod maps;
mod ml;
mod moves;
mod normalize;
mod order;
mod pick;
mod pool;
mod quantized;
mod recurrent;
mod reductions;
mod reshape;
mod resize;
mod sample;
mod scatter;
mod sequence;
mod shapes;
mod signal;
mod slice;
mod softmax;
mod survey;
mod table;
mod transformer;
mod truth;
mod windows;

use super::attr::{is_default_domain, Attrs};
use super::build::{remedy, unsupported, Builder, Fault, Origin, Slot};
use super::error::{ImportError, UnsupportedNode};
use super::finish::Lowered;
use super::tensor;
use crate::graph::{elements, ValueId};
use call::Call;
pub use catalogue::all;
use catalogue::found;
use flow::Flow;
use onnx_protobuf::{FunctionProto, GraphProto, NodeProto};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
pub use survey::drop_labels;
use survey::{declared, defined_twice, live};
use table::Lower;
pub use table::{DOMAINS, ML};

/// Operators whose results may leave an integer type.
const ARITHMETIC: &[&str] = &[
    "Abs",
    "Add",
    "AveragePool",
    "BatchNormalization",
    "Conv",
    "ConvTranspose",
    "CumProd",
    "Div",
    "Einsum",
    "Gemm",
    "GlobalAveragePool",
    "GlobalLpPool",
    "Hardmax",
    "LeakyRelu",
    "LogSoftmax",
    "LpPool",
    "MatMul",
    "Mean",
    "Mul",
    "Neg",
    "PRelu",
    "Pow",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMean",
    "ReduceSum",
    "ReduceSumSquare",
    "Softmax",
    "Sub",
    "Sum",
];

/// What a name stands for.
#[derive(Clone, Copy)]
enum Bound {
    Value(ValueId),
    /// The output of a node that is not supported, or depends on one.
    Unknown,
    /// An output of a supported node that is not computed.
    Missing,
}

/// Lowers a decoded graph with the functions of its file.
pub fn graph(mut proto: GraphProto, opset: i64, functions: &[FunctionProto]) -> Result<Lowered, ImportError> {
    let mut b = Builder::default();
    let mut scope: HashMap<String, Bound> = HashMap::new();
    let mut refused = Vec::new();
    let own = functions.iter().filter(|f| found(&f.domain, &f.name).is_some());
    for name in own.map(|f| f.name.as_str()) {
        let reason = "the file defines a function with the name of this standard operator; rename the function";
        refused.push(refuse(name, name, reason.into()));
    }
    let mut known = BTreeSet::new();
    for f in functions {
        let domain = if is_default_domain(&f.domain) { "" } else { &f.domain };
        if !known.insert((domain, &f.name, &f.overload)) {
            return Err(defined_twice(&f.name));
        }
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
    drop_labels(&mut proto);
    let results: Vec<String> = proto.output.iter().map(|o| o.name.clone()).collect();
    let live = live(&proto.node, &results)?;
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
    let mut flow = Flow {
        b,
        scope,
        opset,
        functions: functions.to_vec(),
        needed: live.names,
        refused,
        misfit: None,
        nodes: vec![],
        read: vec![],
        operators: BTreeMap::new(),
    };
    let nodes = std::mem::take(&mut proto.node).into_iter().zip(live.nodes);
    for (node, _) in nodes.filter(|(_, live)| *live) {
        flow.run(node, 0)?;
    }
    let Flow {
        mut b,
        scope,
        mut refused,
        misfit,
        nodes,
        read,
        operators,
        ..
    } = flow;
    let mut output: Vec<Bound> = proto
        .output
        .iter()
        .map(|info| lookup(&scope, &info.name))
        .collect::<Result<_, _>>()?;
    for (bound, info) in output.iter_mut().zip(&proto.output) {
        if let Bound::Value(id) = bound {
            match order::labelled_by(&b, *id) {
                Ok(index) => *id = index,
                Err(reason) => refused.push(refuse(&info.name, "output", reason.into())),
            }
        }
    }
    for (bound, info) in output.iter().zip(&proto.output) {
        if let Bound::Missing = bound {
            let reason = "this output of its operator is not computed; give its other outputs only";
            refused.push(refuse(&info.name, "output", reason.into()));
        }
        if let Bound::Value(id) = bound {
            if b.veil(*id).is_some() {
                let reason = "scores that the input hides are no output; give what Softmax makes of them";
                refused.push(refuse(&info.name, "output", reason.into()));
            }
            if b.compared(*id).is_some() {
                let reason = "a comparison of values is no output; give the difference of the values";
                refused.push(refuse(&info.name, "output", reason.into()));
            }
            if elements(b.shape(*id)?) == Some(0) {
                let (node, reason) = (info.name.clone(), format!("the shape {:?} is empty", b.shape(*id)?));
                return Err(ImportError::Shape { node, reason });
            }
        }
    }
    let results = output.iter().filter_map(|bound| match bound {
        Bound::Value(id) => Some(*id),
        Bound::Unknown | Bound::Missing => None,
    });
    refused.extend(b.leaks(results.collect()));
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
            Bound::Unknown | Bound::Missing => None,
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
        nodes,
        read,
        slots: b.slots,
        steps: b.steps,
        bounds: b.bounds,
        input,
        output,
    })
}

/// Why the operators of another domain are refused.
pub fn foreign(domain: &str) -> String {
    format!(
        "operators of the domain `{}` are not supported, only those of the default domain, of ai.onnx.ml and of com.microsoft",
        super::shown(domain)
    )
}

/// Lowers one node; its outputs are unknown if an input is. `read` takes the names of the
/// attributes that were asked for.
fn one(
    b: &mut Builder,
    scope: &HashMap<String, Bound>,
    node: &NodeProto,
    opset: i64,
    read: &RefCell<BTreeSet<String>>,
) -> Result<Vec<Bound>, Fault> {
    let Some(operator) = found(&node.domain, &node.op_type) else {
        let domain = node.domain.as_str();
        return match is_default_domain(domain) || DOMAINS.contains(&domain) {
            true => unsupported(
                "the operator is not supported",
                "express it by those that inspect --operators lists",
            ),
            false => unsupported(
                foreign(domain),
                "inline it, as functions of the file or by standard operators",
            ),
        };
    };
    let mut inputs = Vec::new();
    let mut known = true;
    for name in &node.input {
        inputs.push(match name.as_str() {
            "" => None,
            name => match lookup(scope, name)? {
                Bound::Value(id) => Some(id),
                Bound::Unknown | Bound::Missing => {
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
    let mut call = Call {
        origin,
        op: &node.op_type,
        opset,
        attrs,
        inputs,
        outputs: &node.output,
    };
    // What only passes a label on may be the last operator, as before.
    if call.op != "Identity" {
        let read = call
            .inputs
            .iter()
            .map(|id| id.map(|id| order::read(&call, b, id)).transpose());
        call.inputs = read.collect::<Result<_, _>>()?;
    }
    let compared = call.inputs.iter().flatten().any(|&id| b.compared(id).is_some());
    if compared && !compare::READERS.contains(&call.op) {
        return unsupported(
            "an operand is a comparison of values, which only Where, logical operators and casts to floats may read",
            remedy::DIFFERENCE,
        );
    }
    if ARITHMETIC.contains(&call.op) {
        let given = (0..call.inputs.len()).filter(|&i| !call.is_known(b, i));
        given
            .filter_map(|i| call.optional(i))
            .try_for_each(|id| call.real(b, id))?;
    }
    let lowered = match operator.lower {
        Lower::One(lower) => vec![Some(lower(&call, b)?)],
        Lower::Many(lower) => lower(&call, b)?,
    };
    let mut bound: Vec<Bound> = lowered
        .into_iter()
        .map(|id| id.map_or(Bound::Missing, Bound::Value))
        .collect();
    bound.resize(bound.len().max(node.output.len()), Bound::Missing);
    Ok(bound)
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
