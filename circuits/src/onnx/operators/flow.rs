//! Nodes in order: plain ones are lowered; calls of the file's functions, branches and loops of constant conditions and trip counts
//! are replaced by the nodes they stand for, under names of their own.

use super::control::{self, Body};
use super::flex;
use super::survey::live;
use super::{bind, lookup, node_name, one, operator, refuse, Bound};
use crate::onnx::attr::is_default_domain;
use crate::onnx::build::{remedy, Builder, Fault, Origin};
use crate::onnx::error::{ImportError, UnsupportedNode};
use crate::onnx::tensor::{self, Const};
use crate::onnx::wire::limit;
use onnx_protobuf::{FunctionProto, NodeProto};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Nodes that are lowered, those of unrolled loops included.
const MAX_NODES: u64 = 20_000;
/// Functions, branches and loops within each other.
const MAX_DEPTH: usize = 32;

/// The import of a graph, node by node.
pub struct Flow {
    pub b: Builder,
    pub scope: HashMap<String, Bound>,
    pub opset: i64,
    pub functions: Vec<FunctionProto>,
    /// Names that outputs depend on.
    pub needed: HashSet<String>,
    pub refused: Vec<UnsupportedNode>,
    /// The only refusal, if it is of shapes.
    pub misfit: Option<ImportError>,
    /// The nodes that were lowered, with the names of the attributes that were asked for.
    pub nodes: Vec<NodeProto>,
    pub read: Vec<BTreeSet<String>>,
    pub operators: BTreeMap<String, usize>,
}

impl Flow {
    /// Runs one node, at this depth of functions and subgraphs.
    pub fn run(&mut self, node: NodeProto, depth: usize) -> Result<(), ImportError> {
        let nested = match node.op_type.as_str() {
            "If" | "Loop" | "Scan" => is_default_domain(&node.domain),
            _ => flex::is_flex(&node),
        };
        let function = self.functions.iter().find(|f| {
            let same = f.domain == node.domain || is_default_domain(&f.domain) && is_default_domain(&node.domain);
            same && f.name == node.op_type && f.overload == node.overload
        });
        if !nested && (function.is_none() || super::found(&node.domain, &node.op_type).is_some()) {
            return self.plain(node);
        }
        if depth >= MAX_DEPTH {
            return Err(ImportError::malformed("functions and subgraphs are nested too deeply"));
        }
        let outcome = match function.cloned() {
            Some(function) if !nested => control::function(self, &node, &function, depth),
            _ => match node.op_type.as_str() {
                "If" => control::branch(self, &node, depth),
                "Loop" => control::repeated(self, &node, depth),
                "FlexAttention" => flex::attention(self, &node, depth),
                _ => control::scan(self, &node, depth),
            },
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(fault) => self.refusal(&node, fault),
        }
    }

    /// Notes why a node is refused; its outputs are unknown.
    fn refusal(&mut self, node: &NodeProto, fault: Fault) -> Result<(), ImportError> {
        let reason = match fault {
            Fault::Import(ImportError::Shape { node: name, reason }) => {
                let misfit = ImportError::Shape {
                    node: name,
                    reason: reason.clone(),
                };
                self.misfit.get_or_insert(misfit);
                reason
            }
            Fault::Import(error) => return Err(error),
            Fault::Unsupported(reason) => reason,
        };
        self.refused.push(refuse(node_name(node), &operator(node), reason));
        self.unknown(node)
    }

    /// The outputs of a node that are not bound yet are unknown.
    pub fn unknown(&mut self, node: &NodeProto) -> Result<(), ImportError> {
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            if !self.scope.contains_key(name) {
                bind(&mut self.scope, name, Bound::Unknown)?;
            }
        }
        Ok(())
    }

    fn plain(&mut self, node: NodeProto) -> Result<(), ImportError> {
        limit(
            "number of nodes, repeated ones included",
            MAX_NODES,
            self.nodes.len() as u64 + 1,
        )?;
        *self.operators.entry(node.op_type.clone()).or_default() += 1;
        for t in node.attribute.iter().filter_map(|a| a.t.as_ref()) {
            tensor::refuse_external(t)?;
        }
        let names = RefCell::default();
        let outputs = one(&mut self.b, &self.scope, &node, self.opset, &names);
        self.read.push(names.into_inner());
        match outputs {
            Ok(outputs) => {
                for (i, name) in node.output.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
                    let mut bound = outputs.get(i).copied().unwrap_or(Bound::Unknown);
                    if matches!(bound, Bound::Missing) {
                        bound = Bound::Unknown;
                        if self.needed.contains(name) {
                            let reason = format!("output `{name}` is not available; use the node's other outputs only");
                            self.refused.push(refuse(node_name(&node), &operator(&node), reason));
                        }
                    }
                    bind(&mut self.scope, name, bound)?;
                }
            }
            Err(fault) => self.refusal(&node, fault)?,
        }
        self.nodes.push(node);
        Ok(())
    }

    /// Runs the nodes of a body that its outputs depend on; their names, by those of the body.
    pub fn body(&mut self, body: Body<'_>, depth: usize) -> Result<HashMap<String, String>, Fault> {
        let outputs: Vec<String> = body.outputs.iter().map(|name| (*name).to_owned()).collect();
        let live = live(body.nodes, &outputs)?;
        let mut names = body.given;
        let own = |name: &str| format!("{}#{name}", body.prefix);
        let defined = body.nodes.iter().flat_map(|node| &node.output);
        let defined = defined.chain(body.initializers.iter().map(|t| &t.name));
        for name in defined.filter(|name| !name.is_empty()) {
            if names.insert(name.clone(), own(name)).is_some() {
                return Err(super::defined_twice(name).into());
            }
        }
        for tensor in body.initializers.iter().filter(|t| live.names.contains(&t.name)) {
            self.run(control::constant(&own(&tensor.name), tensor.clone()), depth + 1)?;
        }
        self.needed
            .extend(live.names.iter().filter_map(|name| names.get(name).cloned()));
        for (node, _) in body.nodes.iter().zip(&live.nodes).filter(|(_, live)| **live) {
            let node = control::renamed(node.clone(), &names, body.attributes, &own(""));
            self.run(node, depth + 1)?;
        }
        Ok(names)
    }

    /// Another name for a value.
    pub fn alias(&mut self, from: &str, to: &str) -> Result<(), ImportError> {
        match to {
            "" => Ok(()),
            to => self.plain(control::node("Identity", &[from], to)),
        }
    }

    /// The single number of a constant, which is public from now on; `Ok(None)` if the value is unknown because of another refusal.
    pub fn number(&mut self, node: &NodeProto, name: &str, what: &str) -> Result<Option<i64>, Fault> {
        let Bound::Value(id) = lookup(&self.scope, name)? else {
            return Ok(None);
        };
        let data = match &self.b.slot(id)?.constant {
            Some(data) => data.clone(),
            None => return crate::onnx::build::unsupported(format!("{what} is not constant"), remedy::FOLD),
        };
        let origin = Origin {
            node: node_name(node).into(),
            onnx_op: node.op_type.clone(),
            output: node.output.first().cloned().unwrap_or_default(),
        };
        self.b.publish(id, what, &origin);
        match data {
            Const::Ints(data) if data.len() == 1 => Ok(data.first().copied()),
            _ => crate::onnx::build::unsupported(format!("{what} is not one integer or truth value"), remedy::STANDARD),
        }
    }

    /// The shape of a value, if it is known.
    pub fn shape(&self, name: &str) -> Result<Option<Vec<usize>>, Fault> {
        match lookup(&self.scope, name)? {
            Bound::Value(id) => Ok(Some(self.b.shape(id)?.to_vec())),
            Bound::Unknown | Bound::Missing => Ok(None),
        }
    }
}
