//! What functions, branches and loops stand for.

use super::flow::Flow;
use crate::onnx::attr::{is_default_domain, Attrs};
use crate::onnx::build::{remedy, unsupported, Fault};
use crate::onnx::error::ImportError;
use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::{AttributeProto, FunctionProto, GraphProto, NodeProto, TensorProto};
use std::cell::RefCell;
use std::collections::HashMap;

/// Nodes to run under other names.
pub struct Body<'a> {
    pub nodes: &'a [NodeProto],
    pub initializers: &'a [TensorProto],
    pub outputs: Vec<&'a str>,
    /// Names that are those of other values.
    pub given: HashMap<String, String>,
    /// What attributes refer to; none outside of functions.
    pub attributes: Option<&'a [AttributeProto]>,
    pub prefix: String,
}

/// A node with one output.
pub fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        input: inputs.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::new()
    }
}

fn attribute(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        type_: kind.into(),
        ..AttributeProto::new()
    }
}

/// A constant of a tensor.
pub fn constant(name: &str, tensor: TensorProto) -> NodeProto {
    let mut made = node("Constant", &[], name);
    made.attribute.push(AttributeProto {
        t: Some(tensor).into(),
        ..attribute("value", AttributeType::TENSOR)
    });
    made
}

/// Integers, or a truth value.
pub fn numbers(data_type: i32, dims: &[i64], data: &[i64]) -> TensorProto {
    let bytes = |i: &i64| match data_type {
        9 => vec![u8::from(*i != 0)],
        _ => i.to_le_bytes().to_vec(),
    };
    TensorProto {
        data_type,
        dims: dims.to_vec(),
        raw_data: data.iter().flat_map(bytes).collect(),
        ..TensorProto::new()
    }
}

/// The node under other names, references to attributes replaced.
pub fn renamed(
    mut node: NodeProto,
    names: &HashMap<String, String>,
    attributes: Option<&[AttributeProto]>,
    prefix: &str,
) -> NodeProto {
    let other = |name: &mut String| {
        if let Some(new) = names.get(name) {
            name.clone_from(new);
        }
    };
    node.input.iter_mut().for_each(other);
    node.output.iter_mut().for_each(other);
    if !node.name.is_empty() {
        node.name = format!("{prefix}{}", node.name);
    }
    let list = std::mem::take(&mut node.attribute).into_iter();
    node.attribute = list.filter_map(|own| replaced(own, attributes)).collect();
    let graphs = node.attribute.iter_mut().filter_map(|a| a.g.as_mut());
    for graph in graphs {
        let infos = graph.input.iter_mut().chain(&mut graph.output);
        infos.for_each(|info| other(&mut info.name));
        graph.initializer.iter_mut().for_each(|t| other(&mut t.name));
        let nodes = std::mem::take(&mut graph.node).into_iter();
        graph.node = nodes.map(|node| renamed(node, names, attributes, prefix)).collect();
    }
    node
}

/// What an attribute refers to, if the call gives it or there is a default.
fn replaced(own: AttributeProto, attributes: Option<&[AttributeProto]>) -> Option<AttributeProto> {
    let Some(attributes) = attributes.filter(|_| !own.ref_attr_name.is_empty()) else {
        return Some(own);
    };
    let given = attributes.iter().find(|a| a.name == own.ref_attr_name)?;
    Some(AttributeProto {
        name: own.name,
        ..given.clone()
    })
}

/// A function of the file: its nodes.
pub fn function(flow: &mut Flow, call: &NodeProto, function: &FunctionProto, depth: usize) -> Result<(), Fault> {
    let mut versions = function
        .opset_import
        .iter()
        .filter(|set| is_default_domain(&set.domain));
    if let Some(set) = versions.find(|set| set.version != flow.opset) {
        return unsupported(
            format!(
                "a function of operator set {} in a model of operator set {}",
                set.version, flow.opset
            ),
            "inline it with onnx.inliner before converting",
        );
    }
    if call.input.len() > function.input.len() || call.output.len() > function.output.len() {
        return Err(ImportError::malformed(format!("function `{}` has fewer inputs or outputs", function.name)).into());
    }
    let given = |(i, name): (usize, &String)| (name.clone(), call.input.get(i).cloned().unwrap_or_default());
    let mut attributes = call.attribute.clone();
    let known = |name: &str| call.attribute.iter().any(|a| a.name == name);
    attributes.extend(function.attribute_proto.iter().filter(|a| !known(&a.name)).cloned());
    let wanted = function
        .output
        .iter()
        .zip(&call.output)
        .filter(|(_, name)| !name.is_empty());
    let names = flow.body(
        Body {
            nodes: &function.node,
            initializers: &[],
            outputs: wanted.clone().map(|(name, _)| name.as_str()).collect(),
            given: function.input.iter().enumerate().map(given).collect(),
            attributes: Some(&attributes),
            prefix: prefix(call, ""),
        },
        depth,
    )?;
    for (own, to) in wanted {
        flow.alias(named(&names, own), to)?;
    }
    Ok(())
}

/// A name of the body, or one from around it.
pub fn named<'a>(names: &'a HashMap<String, String>, name: &'a str) -> &'a str {
    names.get(name).map_or(name, String::as_str)
}

/// Outputs are named once; nodes need not be.
pub fn prefix(node: &NodeProto, round: &str) -> String {
    let first = node.output.iter().find(|name| !name.is_empty());
    format!("{}#{round}", first.map_or("", String::as_str))
}

pub fn subgraph<'a>(node: &'a NodeProto, name: &str) -> Result<&'a GraphProto, Fault> {
    let found = node
        .attribute
        .iter()
        .find(|a| a.name == name)
        .and_then(|a| a.g.as_ref());
    let Some(graph) = found else {
        return unsupported(
            format!("the attribute `{name}` is missing, or no graph"),
            remedy::STANDARD,
        );
    };
    match graph.sparse_initializer.is_empty() {
        true => Ok(graph),
        false => unsupported("a sparse initializer", "store the tensor densely"),
    }
}

pub fn body<'a>(graph: &'a GraphProto, given: HashMap<String, String>, prefix: String) -> Body<'a> {
    Body {
        nodes: &graph.node,
        initializers: &graph.initializer,
        outputs: graph.output.iter().map(|info| info.name.as_str()).collect(),
        given,
        attributes: None,
        prefix,
    }
}

/// The branch that a constant condition takes.
pub fn branch(flow: &mut Flow, node: &NodeProto, depth: usize) -> Result<(), Fault> {
    let condition = node.input.first().map_or("", String::as_str);
    let Some(condition) = flow.number(node, condition, "the condition")? else {
        return Ok(flow.unknown(node)?);
    };
    let graph = subgraph(node, if condition != 0 { "then_branch" } else { "else_branch" })?;
    if graph.output.len() != node.output.len() {
        return Err(ImportError::malformed("a branch with another number of outputs").into());
    }
    let names = flow.body(body(graph, HashMap::new(), prefix(node, "")), depth)?;
    for (own, to) in graph.output.iter().zip(&node.output) {
        flow.alias(named(&names, &own.name), to)?;
    }
    Ok(())
}

/// A loop whose trip count and conditions are constant, round by round.
pub fn repeated(flow: &mut Flow, node: &NodeProto, depth: usize) -> Result<(), Fault> {
    let graph = subgraph(node, "body")?;
    let carried = graph.input.len().saturating_sub(2);
    let input = |i: usize| node.input.get(i).map_or("", String::as_str);
    let fits = graph.input.len() >= 2 && node.input.len() == carried + 2 && graph.output.len() > carried;
    if !fits || node.output.len() + 1 > graph.output.len() {
        return Err(ImportError::malformed("a loop whose body has other inputs or outputs").into());
    }
    let mut rounds = i64::MAX;
    if !input(0).is_empty() {
        let Some(n) = flow.number(node, input(0), "the trip count")? else {
            return Ok(flow.unknown(node)?);
        };
        rounds = n;
    }
    let mut goes_on = true;
    if !input(1).is_empty() {
        let Some(condition) = flow.number(node, input(1), "the condition")? else {
            return Ok(flow.unknown(node)?);
        };
        goes_on = condition != 0;
    }
    let mut state: Vec<String> = node.input.iter().skip(2).cloned().collect();
    let mut scanned: Vec<Vec<String>> = vec![vec![]; graph.output.len() - 1 - carried];
    let mut round = 0;
    while goes_on && round < rounds {
        // Names of a body have one such sign less.
        let own = |what: &str| format!("{}##{what}", prefix(node, &round.to_string()));
        flow.run(constant(&own("round"), numbers(7, &[], &[round])), depth + 1)?;
        flow.run(constant(&own("condition"), numbers(9, &[], &[1])), depth + 1)?;
        let values = [own("round"), own("condition")].into_iter().chain(state);
        let given = graph.input.iter().map(|info| info.name.clone()).zip(values).collect();
        let names = flow.body(body(graph, given, prefix(node, &round.to_string())), depth)?;
        let mut results = graph.output.iter().map(|info| named(&names, &info.name).to_owned());
        let condition = results.next().unwrap_or_default();
        state = results.by_ref().take(carried).collect();
        scanned.iter_mut().zip(results).for_each(|(list, name)| list.push(name));
        let Some(condition) = flow.number(node, &condition, "the condition of a round")? else {
            return Ok(flow.unknown(node)?);
        };
        (goes_on, round) = (condition != 0, round + 1);
        if !goes_on && round < rounds && input(1).is_empty() && !input(0).is_empty() {
            return unsupported("a trip count without a condition and a round that ends the loop, where the standard and its implementations differ", "unroll the loop at export");
        }
    }
    for (from, to) in state.iter().zip(&node.output) {
        flow.alias(from, to)?;
    }
    for (parts, to) in scanned.iter().zip(node.output.iter().skip(carried)) {
        stacked(flow, parts, to, (0, false))?;
    }
    Ok(())
}

/// Values side by side along a new axis, the last one first if reversed.
fn stacked(flow: &mut Flow, parts: &[String], to: &str, (axis, reversed): (i64, bool)) -> Result<(), Fault> {
    if to.is_empty() {
        return Ok(());
    }
    let mut all = vec![];
    let mut place = 0;
    for (i, part) in parts.iter().enumerate() {
        let Some(mut shape) = flow.shape(part)? else {
            // The outputs of the node are unknown with it.
            return Ok(flow.alias(part, to)?);
        };
        let rank = shape.len() as i64 + 1;
        place = if axis < 0 { axis + rank } else { axis };
        let Some(at) = usize::try_from(place).ok().filter(|&at| at <= shape.len()) else {
            return unsupported(format!("a result along axis {axis} of {rank}"), remedy::STANDARD);
        };
        shape.insert(at, 1);
        let dims: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        let own = |what: &str| format!("{to}#{i}#{what}");
        flow.run(constant(&own("shape"), numbers(7, &[dims.len() as i64], &dims)), 0)?;
        flow.run(node("Reshape", &[part, &own("shape")], &own("part")), 0)?;
        all.push(own("part"));
    }
    if all.is_empty() {
        return unsupported("no round, so that a result is empty", "leave the loop out");
    }
    if reversed {
        all.reverse();
    }
    let inputs: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut joined = node("Concat", &inputs, to);
    joined.attribute.push(AttributeProto {
        i: place,
        ..attribute("axis", AttributeType::INT)
    });
    Ok(flow.run(joined, 0)?)
}

/// A loop over the slices of tensors.
pub fn scan(flow: &mut Flow, node: &NodeProto, depth: usize) -> Result<(), Fault> {
    if flow.opset < 9 {
        return unsupported(
            "Scan of operator set 8, which has a batch",
            "convert the model with onnx.version_converter",
        );
    }
    let graph = subgraph(node, "body")?;
    let read = RefCell::default();
    let attrs = Attrs::new(&node.attribute, &read);
    let count = attrs
        .int("num_scan_inputs")?
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(0);
    let states = node.input.len().checked_sub(count);
    let Some(states) =
        states.filter(|s| count > 0 && graph.input.len() == s + count && graph.output.len() == node.output.len())
    else {
        return Err(ImportError::malformed("a scan whose body has other inputs or outputs").into());
    };
    let list = |name: &str| -> Result<Vec<i64>, ImportError> { Ok(attrs.ints(name)?.unwrap_or_default().to_vec()) };
    let (axes, backwards) = (list("scan_input_axes")?, list("scan_input_directions")?);
    let (to_axes, to_backwards) = (list("scan_output_axes")?, list("scan_output_directions")?);
    let at = |list: &[i64], i: usize| list.get(i).copied().unwrap_or(0);
    let mut inputs = vec![];
    for (i, name) in node.input.iter().skip(states).enumerate() {
        let Some(shape) = flow.shape(name)? else {
            return Ok(flow.unknown(node)?);
        };
        let axis = at(&axes, i);
        let axis = if axis < 0 { axis + shape.len() as i64 } else { axis };
        let extent = usize::try_from(axis).ok().and_then(|a| shape.get(a)).copied();
        let extent = extent.ok_or_else(|| ImportError::malformed("a scan along an axis that does not exist"))?;
        inputs.push((name.clone(), axis, extent, at(&backwards, i) != 0));
    }
    let rounds = inputs.first().map_or(0, |input| input.2);
    if inputs.iter().any(|input| input.2 != rounds) {
        return Err(ImportError::malformed("a scan over tensors of different lengths").into());
    }
    let mut state: Vec<String> = node.input.iter().take(states).cloned().collect();
    let mut scanned: Vec<Vec<String>> = vec![vec![]; graph.output.len().saturating_sub(states)];
    for round in 0..rounds {
        // Names of a body have one such sign less.
        let own = |what: &str| format!("{}##{what}", prefix(node, &round.to_string()));
        let mut values = state;
        for (i, (name, axis, extent, backwards)) in inputs.iter().enumerate() {
            let (index, slice) = (own(&format!("index{i}")), own(&format!("slice{i}")));
            let place = if *backwards { extent - 1 - round } else { round };
            flow.run(constant(&index, numbers(7, &[], &[place as i64])), depth + 1)?;
            let mut gather = self::node("Gather", &[name, &index], &slice);
            gather.attribute.push(AttributeProto {
                i: *axis,
                ..attribute("axis", AttributeType::INT)
            });
            flow.run(gather, depth + 1)?;
            values.push(slice);
        }
        let given = graph.input.iter().map(|info| info.name.clone()).zip(values).collect();
        let names = flow.body(body(graph, given, prefix(node, &round.to_string())), depth)?;
        let mut results = graph.output.iter().map(|info| named(&names, &info.name).to_owned());
        state = results.by_ref().take(states).collect();
        scanned.iter_mut().zip(results).for_each(|(list, name)| list.push(name));
    }
    for (from, to) in state.iter().zip(&node.output) {
        flow.alias(from, to)?;
    }
    for (i, (parts, to)) in scanned.iter().zip(node.output.iter().skip(states)).enumerate() {
        stacked(flow, parts, to, (at(&to_axes, i), at(&to_backwards, i) != 0))?;
    }
    Ok(())
}
