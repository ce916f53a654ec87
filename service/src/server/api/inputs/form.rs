//! What an uploaded input is: tensors for models, or a graph, or its colouring.

use crate::bytes::hex;
use crate::color::graph::{self, Unread};
use crate::color::solution;
use crate::data::{labels, opening, sample};
use crate::error::CliError;
use crate::server::config::Limits;
use crate::server::error::ApiError;
use crate::server::ids::{AgreementDigest, InputDigest, ModelId};
use provenn_verifier::agreement::SignedAgreement;
use provenn_verifier::party::InputSignature;
use provenn_verifier::statement::colouring::GraphText;
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

/// What the bytes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// JSON `{"shape": [..], "values": [..]}`, or `.npy` whose first axis counts rows.
    #[default]
    Tensor,
    /// DIMACS `.col`, a list of edges, GraphML, or node-link JSON.
    Graph,
    /// One colour on each line, or lines `l VERTEX COLOUR`.
    Colouring,
    /// What `provenn agreement sign` wrote, signed by all.
    Agreement,
    /// What `provenn party sign` wrote: a party's signature of its input.
    Signature,
    /// What `provenn party commit` wrote: the secret opening of an input that is committed already.
    Opening,
    /// A label or a group for each item of a batch: numbers as text, or `.npy` with one axis. Receipts show them.
    Labels,
}

/// How to read an upload.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct As {
    #[param(inline)]
    pub form: Form,
}

/// What is read of a graph.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GraphSummary {
    pub vertices: u32,
    pub edges: u32,
    /// Edges that the file names again.
    pub repeated: usize,
    /// The digest that claims name it by.
    pub graph: String,
}

/// What is read of a colouring.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ColouringSummary {
    pub vertices: u32,
    /// SHA-256 of its colours, whatever the file calls them.
    pub colours: String,
}

/// What is read of an agreement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AgreementSummary {
    /// The digest of its terms, which receipts name.
    pub agreement: AgreementDigest,
    /// Id of the model that it is about.
    pub model: ModelId,
    pub roles: Vec<String>,
    pub not_after: u64,
}

/// What is read of a signature.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignatureSummary {
    pub role: String,
    pub input: String,
}

/// What is read of an opening.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpeningSummary {
    /// The input that it is of, where the model has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The commitments that it opens.
    pub points: Vec<String>,
    /// To the ledger the input.
    pub input: InputDigest,
}

impl OpeningSummary {
    /// # Errors
    /// What is wrong with the file; several inputs in it.
    fn of(bytes: &[u8]) -> Result<Self, CliError> {
        let mut all = opening::all(bytes)?;
        match (all.pop(), all.is_empty()) {
            (Some((name, values, opening)), true) => Ok(Self {
                name,
                points: opening.points.iter().map(|point| hex(point)).collect(),
                input: InputDigest::of(&values),
            }),
            _ => Err(CliError::usage(
                "opening",
                "it is of several inputs, or of none",
                "upload the opening of one input, as `provenn party commit` writes it",
            )),
        }
    }
}

impl Form {
    /// What is kept of an upload beside its bytes.
    ///
    /// # Errors
    /// What is wrong with it, for whoever sent it; a graph beyond the limits.
    pub fn summary(self, bytes: &[u8], limits: &Limits) -> Result<Value, ApiError> {
        let read = match self {
            Self::Tensor => json!({ "shape": sample::shape(bytes)? }),
            Self::Graph => {
                let read = graph(bytes, limits)?;
                json!(GraphSummary {
                    vertices: read.graph.vertices(),
                    edges: read.graph.edge_count(),
                    repeated: read.repeated,
                    graph: hex(&read.graph.digest()),
                })
            }
            Self::Colouring => {
                // Each line takes more memory than it has bytes.
                let listed = std::str::from_utf8(bytes).map_or(0, solution::count);
                if listed as u64 > limits.graph_vertices {
                    let most = limits.graph_vertices;
                    return Err(too_large(format!(
                        "the file colours {listed} vertices, at most {most} are accepted"
                    )));
                }
                let colours = solution::parse(bytes, None).map_err(solution::unreadable)?;
                json!(ColouringSummary {
                    vertices: u32::try_from(colours.len()).unwrap_or(u32::MAX),
                    colours: hex(&Sha256::digest(&colours)),
                })
            }
            Self::Agreement => {
                let signed = SignedAgreement::from_bytes(bytes).map_err(CliError::from)?;
                signed.check_signatures().map_err(CliError::from)?;
                let agreement = signed.agreement();
                json!(AgreementSummary {
                    agreement: AgreementDigest::from(agreement.digest()),
                    model: ModelId::from(agreement.model_id),
                    roles: agreement.parties.iter().map(|party| party.role.clone()).collect(),
                    not_after: agreement.not_after,
                })
            }
            Self::Signature => {
                let signature = InputSignature::from_bytes(bytes).map_err(CliError::from)?;
                json!(SignatureSummary {
                    role: signature.input.role,
                    input: signature.input.name,
                })
            }
            Self::Opening => json!(OpeningSummary::of(bytes)?),
            Self::Labels => json!({ "items": labels::parse(bytes)?.len() }),
        };
        let mut summary = json!({ "bytes": bytes.len() });
        if self != Self::Tensor {
            summary["form"] = json!(self);
        }
        for (name, value) in read.as_object().into_iter().flatten() {
            summary[name] = value.clone();
        }
        Ok(summary)
    }

    /// Whether an upload was read in this form.
    pub fn is_of(self, summary: &Value) -> bool {
        match summary.get("form") {
            None => self == Self::Tensor,
            Some(form) => *form == json!(self),
        }
    }
}

/// Reads a graph, if it is not too large for this service: of a larger one no more is kept in memory.
///
/// # Errors
/// [`ApiError::Refused`]
pub fn graph(bytes: &[u8], limits: &Limits) -> Result<GraphText, ApiError> {
    let most = graph::Most {
        vertices: limits.graph_vertices,
        edges: limits.graph_edges,
    };
    let read = graph::within(bytes, most).map_err(|error| match error {
        Unread::Wrong(reason) => graph::unreadable(reason).into(),
        Unread::TooLarge { what, most } => too_large(format!("the file lists more than {most} {what}")),
    })?;
    let sizes = [
        ("vertices", read.graph.vertices(), limits.graph_vertices),
        ("edges", read.graph.edge_count(), limits.graph_edges),
    ];
    match sizes.into_iter().find(|(_, got, most)| u64::from(*got) > *most) {
        None => Ok(read),
        Some((what, got, most)) => Err(too_large(format!(
            "the graph has {got} {what}, at most {most} are accepted"
        ))),
    }
}

fn too_large(message: String) -> ApiError {
    ApiError::Refused {
        code: "graph-too-large".into(),
        message,
        help: "use a smaller graph, or ask the operator for a higher limit".into(),
        forecast: None,
    }
}
