//! `FlexAttention`: attention whose scores and shares pass through graphs that the node holds.

use super::control::{body, constant, named, node, numbers, prefix, subgraph};
use super::flow::Flow;
use crate::onnx::build::Fault;
use crate::onnx::error::ImportError;
use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::{AttributeProto, NodeProto};
use std::collections::HashMap;

/// Whether a node is one.
pub fn is_flex(node: &NodeProto) -> bool {
    node.op_type == "FlexAttention" && node.domain == "ai.onnx.preview"
}

/// An attribute of an integer.
fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        type_: AttributeType::INT.into(),
        i,
        ..AttributeProto::new()
    }
}

/// Plain attention, or its parts with the graphs between them.
pub fn attention(flow: &mut Flow, call: &NodeProto, depth: usize) -> Result<(), Fault> {
    let ([q, k, v], [y]) = (call.input.as_slice(), call.output.as_slice()) else {
        return Err(ImportError::malformed("FlexAttention takes three inputs and has one output").into());
    };
    let (Some(of_queries), Some(of_values)) = (flow.shape(q)?, flow.shape(v)?) else {
        return Ok(flow.unknown(call)?);
    };
    let own = |name: &str| prefix(call, &format!("{name}#"));
    let mut plain = node("Attention", &[q, k, v], y);
    let scale = call.attribute.iter().filter(|a| a.name == "scale").cloned();
    plain.attribute.extend(scale);
    let has = |name: &str| call.attribute.iter().any(|a| a.name == name);
    let (&[_, heads, ..], &[_, groups, ..], 4, 4) = (
        of_queries.as_slice(),
        of_values.as_slice(),
        of_queries.len(),
        of_values.len(),
    ) else {
        return Err(ImportError::malformed("FlexAttention takes inputs of four axes").into());
    };
    if !has("score_mod") && !has("prob_mod") {
        return Ok(flow.run(plain, depth + 1)?);
    }
    let scores = own("scores");
    plain.output = vec![String::new(), String::new(), String::new(), scores.clone()];
    flow.run(plain, depth + 1)?;
    let scores = modified(flow, call, ("score_mod", scores), depth)?;
    let shares = own("shares");
    let mut softmax = node("Softmax", &[&scores], &shares);
    softmax.attribute.push(int("axis", -1));
    flow.run(softmax, depth + 1)?;
    let shares = modified(flow, call, ("prob_mod", shares), depth)?;
    let mut values = v.clone();
    if groups > 0 && heads != groups {
        // The scores are there only if the heads are a multiple.
        let indices: Vec<i64> = (0..heads).map(|i| (i * groups / heads) as i64).collect();
        let (list, repeated) = (own("heads"), own("values"));
        flow.run(constant(&list, numbers(7, &[heads as i64], &indices)), depth + 1)?;
        let mut gather = node("Gather", &[v, &list], &repeated);
        gather.attribute.push(int("axis", 1));
        flow.run(gather, depth + 1)?;
        values = repeated;
    }
    Ok(flow.run(node("MatMul", &[&shares, &values], y), depth + 1)?)
}

/// A value after a graph of the node, if there is one.
fn modified(flow: &mut Flow, call: &NodeProto, (name, value): (&str, String), depth: usize) -> Result<String, Fault> {
    if !call.attribute.iter().any(|a| a.name == name) {
        return Ok(value);
    }
    let graph = subgraph(call, name)?;
    let ([input], [output]) = (graph.input.as_slice(), graph.output.as_slice()) else {
        return Err(ImportError::malformed(format!("`{name}` must have one input and one output")).into());
    };
    let given = HashMap::from([(input.name.clone(), value)]);
    let names = flow.body(body(graph, given, prefix(call, &format!("{name}#"))), depth)?;
    Ok(named(&names, &output.name).to_owned())
}
