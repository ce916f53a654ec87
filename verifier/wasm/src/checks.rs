//! Every check by name, in the order in which they are made.

use crate::request::Request;
use provenn_verifier::{ContextField, VerifyError};

/// One thing that must hold for a receipt to be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The bundle decodes.
    BundleFile,
    /// The SRS verifying key decodes.
    SrsFile,
    /// The card decodes.
    CardFile,
    /// The graph decodes.
    GraphFile,
    /// The card is of the model the caller named.
    NamedModel,
    /// The SRS is the one the caller named.
    NamedSrs,
    /// The card was made under the SRS.
    CardSrs,
    /// The card shows that its weights are in range.
    Registration,
    /// The SRS is from a ceremony, or the caller accepts a development one.
    Parameters,
    /// The receipt decodes.
    ReceiptFile,
    /// The receipt, and its claim, are of the kind that the caller gave a card, or a graph, for.
    Kind,
    /// The claim is about the graph.
    Graph,
    /// The claim was made under the SRS.
    Srs,
    /// The claim names the card's circuit key.
    CircuitKey,
    /// The claim names the card's quantization.
    Quantization,
    /// The claim names the card.
    Model,
    /// The statement is of an accepted kind, and of the circuit's size.
    Statement,
    /// The claim is about the number of colours that the caller named.
    Colours,
    /// The policy is the agreed one.
    Policy,
    /// The output is the expected one.
    Output,
    /// The input is the expected one.
    Input,
    /// The receipt is for this audience.
    Audience,
    /// The receipt answers this challenge.
    Nonce,
    /// The receipt is still valid.
    Expiry,
    /// Policy and output fit the circuit.
    PolicyRange,
    /// The input fits the circuit.
    InputShape,
    /// The proof holds.
    Proof,
    /// The proof is about the committed columns.
    Link,
    /// The verifier refused for none of the reasons above: a reason that is newer than this list.
    Other,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// The caller named no expectation.
    NotAsked,
    /// An earlier check failed, or one that is not in this list.
    NotReached,
}

impl State {
    /// Its name in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotAsked => "not-asked",
            Self::NotReached => "not-reached",
        }
    }
}

impl Check {
    /// All checks in order.
    pub const ALL: [Self; 29] = [
        Self::BundleFile,
        Self::SrsFile,
        Self::CardFile,
        Self::GraphFile,
        Self::NamedModel,
        Self::NamedSrs,
        Self::CardSrs,
        Self::Registration,
        Self::Parameters,
        Self::ReceiptFile,
        Self::Kind,
        Self::Graph,
        Self::Srs,
        Self::CircuitKey,
        Self::Quantization,
        Self::Model,
        Self::Statement,
        Self::Colours,
        Self::Policy,
        Self::Output,
        Self::Input,
        Self::Audience,
        Self::Nonce,
        Self::Expiry,
        Self::PolicyRange,
        Self::InputShape,
        Self::Proof,
        Self::Link,
        Self::Other,
    ];

    /// Stable name.
    pub fn name(self) -> &'static str {
        self.texts().0
    }

    /// What holds if the check passes.
    pub fn title(self) -> &'static str {
        self.texts().1
    }

    #[rustfmt::skip]
    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::BundleFile => ("bundle-file", "The bundle is complete and canonical, and nobody cut or changed it by accident"),
            Self::SrsFile => ("srs-file", "The SRS key is complete and canonical, its points on the curve and in the right subgroup"),
            Self::CardFile => ("card-file", "The model card is complete and canonical, its keys consistent and its commitments points of the curve"),
            Self::GraphFile => ("graph-file", "The graph file is a graph: known lines only, no edge from a vertex to itself"),
            Self::NamedModel => ("named-model", "The card is that of the model you named"),
            Self::NamedSrs => ("named-srs", "The SRS is the one you named"),
            Self::CardSrs => ("card-srs", "The card was made under this SRS"),
            Self::Registration => ("registration", "The card proves that the weights in its commitments are in range"),
            Self::Parameters => ("parameters", "The SRS comes from a ceremony, or you accept a development one"),
            Self::ReceiptFile => ("receipt-file", "The receipt is complete and canonical, with nothing after its end"),
            Self::Kind => ("kind", "The receipt is of the kind that you gave a card or a graph for: of a model in one circuit, of one in segments, or of a colouring"),
            Self::Srs => ("srs", "The receipt was made under this SRS"),
            Self::Graph => ("graph", "The receipt is about your graph"),
            Self::CircuitKey => ("circuit-key", "The receipt was made for the circuit on the card, or that of the graph's size"),
            Self::Quantization => ("quantization", "The receipt uses the scales on the card"),
            Self::Model => ("model", "The receipt is about the model on the card"),
            Self::Statement => ("statement", "The receipt states what the circuit proves"),
            Self::Colours => ("colours", "The receipt is about the number of colours that you named"),
            Self::Policy => ("policy", "The policy is the one you agreed on"),
            Self::Output => ("output", "The output is the one you expect"),
            Self::Input => ("input", "The receipt is about the input you named"),
            Self::Audience => ("audience", "The receipt was made for the audience you named"),
            Self::Nonce => ("nonce", "The receipt answers your challenge"),
            Self::Expiry => ("expiry", "The receipt has not expired"),
            Self::PolicyRange => ("policy-range", "Policy, parameters and output fit the circuit"),
            Self::InputShape => ("input-shape", "The input, or its commitments, fit the circuit"),
            Self::Proof => ("proof", "The proof holds: every constraint of the circuit, for exactly this claim"),
            Self::Link => ("link", "The proof uses the committed weights, and the committed input if there is one"),
            Self::Other => ("other", "The verifier has no objection that this list does not name"),
        }
    }

    /// Whether the request gives this check something to compare with.
    pub(crate) fn is_asked(self, request: &Request<'_>) -> bool {
        let expected = &request.expectation;
        match self {
            Self::BundleFile => request.bundle.is_some(),
            Self::GraphFile | Self::Graph => request.graph.is_some(),
            Self::CardFile | Self::CardSrs | Self::Registration | Self::Quantization | Self::Model => {
                request.graph.is_none()
            }
            Self::PolicyRange | Self::InputShape | Self::Link => request.graph.is_none(),
            // Of a colouring nobody compares what is asked of an inference, and the other way round.
            Self::NamedModel | Self::Policy | Self::Output | Self::Input if request.graph.is_some() => false,
            Self::Colours if request.graph.is_none() => false,
            Self::NamedModel => expected.inference.model_id.is_some(),
            Self::NamedSrs => request.srs_id.is_some(),
            Self::Colours => expected.colouring.colours.is_some(),
            Self::Policy => expected.inference.policy.is_some() || request.policy.is_some(),
            Self::Output => expected.inference.answer.is_some(),
            Self::Input => !expected.inference.inputs.is_empty(),
            Self::Audience => expected.audience.is_some(),
            Self::Nonce => expected.nonce.is_some(),
            Self::Expiry => expected.now.is_some(),
            _ => true,
        }
    }

    /// The check that gave an error of [`ModelCard::check`](provenn_verifier::ModelCard::check).
    pub(crate) fn of_card(error: VerifyError) -> Self {
        listed(&OF_CARD, error.code())
    }

    /// The check that gave an error of [`provenn_verifier::verify`] about a receipt that decodes.
    pub(crate) fn of(error: VerifyError) -> Self {
        match error {
            // One code for both parts of the context.
            VerifyError::ContextMismatch {
                field: ContextField::Nonce,
            } => Self::Nonce,
            error => listed(&OF_RECEIPT, error.code()),
        }
    }
}

fn listed(table: &[(&str, Check)], code: &str) -> Check {
    let row = table.iter().find(|(listed, _)| *listed == code);
    row.map_or(Check::Other, |(_, check)| *check)
}

/// Codes of the check of a card that decodes. A code without a row is no check's but [`Check::Other`]'s, so that an error
/// which is added to the verifier is never told as something else.
const OF_CARD: [(&str, Check); 7] = [
    ("bad-point", Check::Registration),
    ("degenerate-challenge", Check::Registration),
    ("non-canonical-scalar", Check::Registration),
    ("registration-failed", Check::Registration),
    ("srs-mismatch", Check::CardSrs),
    ("trailing-bytes", Check::Registration),
    ("truncated", Check::Registration),
];

/// Codes of the verification of a receipt that decodes, likewise.
const OF_RECEIPT: [(&str, Check); 27] = [
    ("bad-point", Check::Proof),
    ("colours-mismatch", Check::Colours),
    ("context-mismatch", Check::Audience),
    ("degenerate-challenge", Check::Proof),
    ("dev-srs", Check::Parameters),
    ("expired", Check::Expiry),
    ("graph-mismatch", Check::Graph),
    ("input-count", Check::Statement),
    ("input-mismatch", Check::Input),
    ("input-shape", Check::InputShape),
    ("item-count", Check::Statement),
    ("key-mismatch", Check::CircuitKey),
    ("link-failed", Check::Link),
    ("link-length", Check::Link),
    ("model-mismatch", Check::Model),
    ("non-canonical-scalar", Check::Proof),
    ("opening-failed", Check::Proof),
    ("output-mismatch", Check::Output),
    ("policy-mismatch", Check::Policy),
    ("policy-out-of-range", Check::PolicyRange),
    ("quantization-mismatch", Check::Quantization),
    ("segment-count", Check::Statement),
    ("srs-mismatch", Check::Srs),
    ("statement-mismatch", Check::Statement),
    ("too-large", Check::InputShape),
    ("trailing-bytes", Check::Proof),
    ("truncated", Check::Proof),
];

#[cfg(test)]
mod tests;
