//! ONNX import: bytes of an untrusted model file in, a small closed graph of static shapes out.
//!
//! The stages, each in its own file:
//! 1. `wire`: a bounded, iterative walk over the protobuf wire format, *before* anything is decoded;
//! 2. decoding by `onnx-protobuf`;
//! 3. `operators`: operator by operator into [`Op`](crate::graph::Op), with shapes inferred and constants folded on the way;
//! 4. `finish`: batch normalisation folded into convolutions, dead nodes and values removed;
//! 5. `fuse`: steps that are a function of one value made one;
//! 6. `shares`: divisions of rows after the products that read them.
//!
//! Only the nodes the graph outputs depend on are looked at. A symbolic or unknown first (batch) dimension is one.

mod attr;
mod build;
mod dims;
mod error;
mod finish;
mod fold;
mod fuse;
mod judge;
mod operators;
mod shares;
mod slice;
mod structure;
mod tensor;
mod wire;

#[cfg(test)]
mod tests;

pub(crate) use error::shown;
pub use error::{ImportError, UnsupportedNode};

pub use dims::{batched, inputs, sized};
pub use judge::{judge, GROUP, TRUTH, VERDICT};
pub use slice::{slice, Slice};
pub use structure::structure;

use crate::graph::Graph;
use onnx_protobuf::{Message as _, ModelProto, TensorProto};

/// The operator set versions (default domain) this importer knows.
pub const OPSETS: std::ops::RangeInclusive<i64> = 7..=28;

/// An ONNX operator that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supported {
    /// Its domain; empty for the standard operators.
    pub domain: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What has to be constant or is refused; empty if nothing is.
    pub limits: &'static str,
}

impl Supported {
    /// Its name, with its domain if that is not the default one.
    pub fn title(&self) -> String {
        match self.domain {
            "" => self.name.to_owned(),
            domain => format!("{domain}:{}", self.name),
        }
    }
}

/// The ONNX operators that can be imported, sorted by domain and name.
pub fn supported_operators() -> Vec<Supported> {
    let all = operators::all().into_iter();
    all.map(|operator| Supported {
        domain: operator.domain,
        name: operator.name,
        limits: operator.limits,
    })
    .collect()
}

/// Reads an ONNX file.
///
/// # Errors
/// Any [`ImportError`]. Operators that cannot be imported are listed together in one [`ImportError::Unsupported`].
pub fn import(bytes: &[u8]) -> Result<Graph, ImportError> {
    wire::scan(bytes)?;
    let mut model =
        ModelProto::parse_from_bytes(bytes).map_err(|e| ImportError::malformed(format!("protobuf: {e}")))?;
    let opset = opset(&model)?;
    let graph = model
        .graph
        .take()
        .ok_or_else(|| ImportError::malformed("the model has no graph"))?;
    finish::finish(operators::graph(graph, opset, &model.functions)?)
}

/// Shape and elements of a tensor in a file of its own, as recorded inputs and outputs of models are kept (`input_0.pb`).
///
/// # Errors
/// [`ImportError::Malformed`].
pub fn tensor(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>), ImportError> {
    let tensor = TensorProto::parse_from_bytes(bytes).map_err(|e| ImportError::malformed(format!("protobuf: {e}")))?;
    let (shape, data) = tensor::decode(&tensor)?;
    let values = match data {
        tensor::Const::Floats(data) => data.into_iter().map(f64::from).collect(),
        tensor::Const::Ints(data) => data.into_iter().map(|v| v as f64).collect(),
    };
    Ok((shape, values))
}

/// The nodes of another domain, where a model is of others only.
fn foreign(model: &ModelProto) -> Option<ImportError> {
    let nodes = model.graph.as_ref()?.node.iter();
    let known = |domain: &str| attr::is_default_domain(domain) || operators::DOMAINS.contains(&domain);
    let foreign = nodes.filter(|node| !known(&node.domain));
    let listed: Vec<UnsupportedNode> = foreign
        .map(|node| UnsupportedNode {
            name: node.name.clone(),
            operator: node.op_type.clone(),
            reason: operators::foreign(&node.domain),
        })
        .collect();
    (!listed.is_empty()).then_some(ImportError::Unsupported(listed))
}

/// The version of the default operator domain.
fn opset(model: &ModelProto) -> Result<i64, ImportError> {
    let mut versions = model
        .opset_import
        .iter()
        .filter(|set| attr::is_default_domain(&set.domain))
        .map(|set| set.version);
    let known = || {
        model
            .opset_import
            .iter()
            .any(|set| operators::DOMAINS.contains(&set.domain.as_str()))
    };
    let version = match (versions.next(), foreign(model)) {
        (Some(version), _) => version,
        (None, Some(foreign)) => return Err(foreign),
        // Only operators of other domains: the standard ones may be of any version.
        (None, None) if known() => *OPSETS.end(),
        (None, None) => {
            return Err(ImportError::malformed(
                "the model imports no operator set of the default domain",
            ))
        }
    };
    if versions.any(|other| other != version) {
        return Err(ImportError::malformed(
            "the model imports two versions of the default operator domain",
        ));
    }
    if OPSETS.contains(&version) {
        Ok(version)
    } else {
        Err(ImportError::Opset {
            minimum: *OPSETS.start(),
            maximum: *OPSETS.end(),
            got: version,
        })
    }
}
