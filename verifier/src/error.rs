//! Everything that can be wrong with a receipt, a card, a key or an SRS file.

use crate::kind::FileKind;
use crate::statement::inference::policy::OutOfRange;
use crate::statement::StatementKind;
use crate::text::moment;
use alloc::borrow::ToOwned;
use alloc::string::ToString;
use core::fmt;

/// Why verification refused. Each variant has one stable [`code`](VerifyError::code) and one [`help`](VerifyError::help) line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A G2 point is on the curve but outside the prime-order subgroup.
    #[error("a G2 point is outside the prime-order subgroup")]
    BadG2Subgroup,
    /// The first bytes are not those of this format.
    #[error("this is {}; expected {expected}", kind_found(*found))]
    BadMagic {
        /// What was expected.
        expected: FileKind,
        /// What the first bytes are known by.
        found: Option<FileKind>,
    },
    /// A point is not canonically encoded, not on the curve, or the identity where that is not allowed.
    #[error("a curve point is malformed, not on the curve, or the identity")]
    BadPoint,
    /// The claim names another proof system.
    #[error("the claim is for another proof system")]
    BadProofSystem,
    /// A tag or flag byte has no meaning.
    #[error("unknown tag {got}")]
    BadTag {
        /// The byte that was read.
        got: u8,
    },
    /// A text is not UTF-8.
    #[error("text is not UTF-8")]
    BadUtf8,
    /// The format version is not supported.
    #[error("format version {got}, expected {expected}")]
    BadVersion {
        /// The version this crate reads.
        expected: u16,
        /// The version found.
        got: u16,
    },
    /// The digest at the end of a bundle is not that of its bytes.
    #[error("the bundle was cut or changed after it was made")]
    BundleDamaged,
    /// A bundle has no receipt.
    #[error("the bundle holds no receipt")]
    BundleEmpty,
    /// The claim is about another number of colours.
    #[error("the receipt is about {got} colours, expected {expected}")]
    ColoursMismatch {
        /// Colours asked for.
        expected: u32,
        /// Colours in the claim.
        got: u32,
    },
    /// No circuit is for so many colours.
    #[error("{got} colours, from 2 to 16 are supported")]
    ColoursOutOfRange {
        /// Colours found.
        got: u32,
    },
    /// The card lists another number of weight commitments than its key links.
    #[error("{got} weight commitments, expected {expected}")]
    CommitmentCount {
        /// Number of linked weight columns of the key.
        expected: u64,
        /// Number of commitments on the card.
        got: u64,
    },
    /// Audience or nonce differ from what the verifier asked for.
    #[error("the receipt was issued for another {field}")]
    ContextMismatch {
        /// Which of them.
        field: ContextField,
    },
    /// A Fiat-Shamir challenge hit a point where the argument is undefined (never happens by chance).
    #[error("a challenge falls on an evaluation point")]
    DegenerateChallenge,
    /// The SRS is a development one and the caller did not ask to accept those.
    #[error("development SRS not accepted")]
    DevSrs,
    /// The receipt's validity has ended.
    #[error("expired at {}, now {}", moment(*.not_after), moment(*.now))]
    Expired {
        /// Last second of validity.
        not_after: u64,
        /// The caller's time.
        now: u64,
    },
    /// The claim is about another graph.
    #[error("the receipt is about another graph")]
    GraphMismatch,
    /// The claim gives the model another number of inputs than the circuit has.
    #[error("the receipt is about {got} inputs, the circuit takes {expected}")]
    InputCount {
        /// Inputs of the circuit.
        expected: u64,
        /// Inputs in the claim.
        got: u64,
    },
    /// The input is not the expected one.
    #[error("the receipt is about another input")]
    InputMismatch,
    /// The input has the wrong kind or number of elements for this circuit.
    #[error("input has {got} elements, expected {expected}")]
    InputShape {
        /// Elements (public) or commitments (committed) the circuit takes.
        expected: u64,
        /// Elements in the claim, zero if the binding is of the other kind.
        got: u64,
    },
    /// The claim is about another number of inferences than the circuit proves.
    #[error("the receipt is about {got} inferences, the circuit proves {expected}")]
    ItemCount {
        /// Inferences of the circuit.
        expected: u64,
        /// Inferences in the claim.
        got: u64,
    },
    /// The verifying key contradicts itself.
    #[error("invalid verifying key: {reason}")]
    KeyInvalid {
        /// Which rule is broken.
        reason: &'static str,
    },
    /// The claim was made under another verifying key.
    #[error("the receipt was made under another circuit key")]
    KeyMismatch,
    /// The columns of the proof are not those committed to.
    #[error("the proof does not use the committed columns")]
    LinkFailed,
    /// The link proof has the wrong number of responses.
    #[error("link proof has {got} responses, expected {expected}")]
    LinkLength {
        /// Blinding rows of the circuit.
        expected: u64,
        /// Responses found.
        got: u64,
    },
    /// What the transparency log states was refused.
    #[cfg(feature = "log")]
    #[error(transparent)]
    Log(#[from] crate::tlog::LogError),
    /// The claim names another model.
    #[error("the receipt is about another model")]
    ModelMismatch,
    /// A scalar is not reduced modulo the field order.
    #[error("a scalar is not canonical")]
    NonCanonicalScalar,
    /// The proof does not satisfy the quotient identity or the polynomial opening.
    #[error("the proof is invalid")]
    OpeningFailed,
    /// The policy is the expected one, its output is not.
    #[error("the output is not the expected one")]
    OutputMismatch,
    /// The policy or its parameters are not the expected ones.
    #[error("the receipt uses another {field}")]
    PolicyMismatch {
        /// The name of the parameter, or `policy`.
        field: &'static str,
    },
    /// A policy parameter or answer is outside the range of the circuit.
    #[error("{0}")]
    PolicyOutOfRange(OutOfRange),
    /// The signature is under another key than that of the publisher who was named.
    #[error("the model is signed by another key than that of the publisher you named")]
    PublisherMismatch,
    /// The claim names another quantization.
    #[error("the receipt uses another quantization")]
    QuantizationMismatch,
    /// The proof that the card's weights are in range is invalid.
    #[error("the card does not show that its weights are in range")]
    RegistrationFailed,
    /// A receipt has proofs of another number of segments than its model has.
    #[error("the receipt is of {got} segments, expected {expected}")]
    SegmentCount {
        /// Segments of the model.
        expected: u64,
        /// Segments with a proof.
        got: u64,
    },
    /// A publisher's signature does not hold.
    #[error("the publisher's signature is invalid")]
    SignatureInvalid,
    /// A publisher's signature is about another model.
    #[error("the publisher's signature is of another model")]
    SignatureModel,
    /// The SRS verifying key contradicts itself.
    #[error("invalid SRS verifying key: {reason}")]
    SrsInvalid {
        /// Which rule is broken.
        reason: &'static str,
    },
    /// The claim, the card or the key belongs to another SRS.
    #[error("made under another SRS")]
    SrsMismatch,
    /// The card is of a segment or a stage, where one of a model was expected.
    #[error("the card is of a stage, which is no model by itself")]
    StageCard,
    /// The claim is of a kind that the caller does not accept.
    #[error("the receipt states {}, which is not accepted", found.words())]
    StatementMismatch {
        /// What it states.
        found: StatementKind,
    },
    /// A length or a value exceeds its bound.
    #[error("{got} exceeds the maximum {maximum}")]
    TooLarge {
        /// Largest accepted.
        maximum: u64,
        /// What was found.
        got: u64,
    },
    /// Bytes follow the end of the structure.
    #[error("{got} bytes after the end")]
    TrailingBytes {
        /// How many.
        got: u64,
    },
    /// The bytes end too early.
    #[error("{missing} bytes missing")]
    Truncated {
        /// How many are missing at least.
        missing: u64,
    },
}

/// A part of the context of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextField {
    /// Who the receipt is for.
    Audience,
    /// The challenge that it answers.
    Nonce,
}

impl fmt::Display for ContextField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Audience => "audience",
            Self::Nonce => "nonce",
        })
    }
}

/// What a file is, for messages.
fn kind_found(found: Option<FileKind>) -> impl fmt::Display {
    found.map_or_else(|| "no file of this format".to_owned(), |kind| kind.to_string())
}

impl VerifyError {
    /// Stable identifier, the same in the command line, the API and the documentation.
    pub fn code(&self) -> &'static str {
        self.texts().0
    }

    /// What the reader of the error can do.
    pub fn help(&self) -> &'static str {
        self.texts().1
    }

    #[rustfmt::skip]
    fn texts(&self) -> (&'static str, &'static str) {
        match self {
            Self::BadG2Subgroup => ("bad-g2-subgroup", "Get the SRS verifying key again from its publisher."),
            Self::BadMagic { .. } => ("bad-magic", "Give the files in their places: receipt, model card and SRS key (srs.vk)."),
            Self::BadPoint => ("bad-point", "The file is damaged or forged; get it again."),
            Self::BadProofSystem => ("bad-proof-system", "Use the verifier release that supports this proof system."),
            Self::BadTag { .. } => ("bad-tag", "The file is damaged or from a newer release."),
            Self::BadUtf8 => ("bad-utf8", "The file is damaged; get it again."),
            Self::BadVersion { .. } => ("bad-version", "Use the verifier release that supports this version."),
            Self::BundleDamaged => ("bundle-damaged", "Get the bundle again."),
            Self::BundleEmpty => ("bundle-empty", "Ask for a bundle with at least one receipt."),
            Self::ColoursMismatch { .. } => ("colours-mismatch", "Ask for a receipt about the number of colours that you agreed on."),
            Self::ColoursOutOfRange { .. } => ("colours-out-of-range", "Give a number of colours from 2 to 16."),
            Self::CommitmentCount { .. } => ("commitment-count", "The card is inconsistent; ask its publisher."),
            Self::ContextMismatch { .. } => ("context-mismatch", "Ask for a receipt made for your audience and nonce."),
            Self::DegenerateChallenge => ("degenerate-challenge", "Ask for a new proof."),
            Self::DevSrs => ("dev-srs", "Accept development parameters only if you trust the machine that made them."),
            Self::Expired { .. } => ("expired", "Ask for a new receipt."),
            Self::GraphMismatch => ("graph-mismatch", "Give the graph that the receipt was made for: the same edges between vertices of the same numbers."),
            Self::InputCount { .. } => ("input-count", "The receipt does not fit this model; ask its prover for another one."),
            Self::InputMismatch => ("input-mismatch", "Check which input the receipt is meant for."),
            Self::InputShape { .. } => ("input-shape", "The input does not fit this model."),
            Self::ItemCount { .. } => ("item-count", "The receipt does not fit this model; ask its prover for another one."),
            Self::KeyInvalid { .. } => ("key-invalid", "The key is damaged or forged; get the model card again."),
            Self::KeyMismatch => ("key-mismatch", "Use the model card that the receipt was made for."),
            Self::LinkFailed => ("link-failed", "The prover used other weights or inputs than the committed ones."),
            Self::LinkLength { .. } => ("link-length", "The receipt does not fit this circuit."),
            #[cfg(feature = "log")]
            Self::Log(error) => error.texts(),
            Self::ModelMismatch => ("model-mismatch", "Use the model card that the receipt was made for."),
            Self::NonCanonicalScalar => ("non-canonical-scalar", "The file is damaged or forged; get it again."),
            Self::OpeningFailed => ("opening-failed", "The claim is not supported by its proof; do not rely on it."),
            Self::OutputMismatch => ("output-mismatch", "The model gave another output than expected."),
            Self::PolicyMismatch { .. } => ("policy-mismatch", "Ask for a receipt under the agreed policy."),
            Self::PolicyOutOfRange(_) => ("policy-out-of-range", "Ask for values in these ranges; a receipt beyond them is forged, or of another model."),
            Self::PublisherMismatch => ("publisher-mismatch", "Check the publisher's key, from a source that you trust; do not take this model for theirs."),
            Self::QuantizationMismatch => ("quantization-mismatch", "Use the model card that the receipt was made for."),
            Self::RegistrationFailed => ("registration-failed", "Do not rely on this card; ask its publisher for a valid one."),
            Self::SegmentCount { .. } => ("segment-count", "The receipt does not fit this model; ask its prover for another one."),
            Self::SignatureInvalid => ("signature-invalid", "The signature is damaged or forged; do not take this model for its publisher's."),
            Self::SignatureModel => ("signature-model", "Give the signature that belongs to this very card."),
            Self::SrsInvalid { .. } => ("srs-invalid", "Get the SRS verifying key again from its publisher."),
            Self::SrsMismatch => ("srs-mismatch", "Use the SRS verifying key named on the model card."),
            Self::StageCard => ("stage-card", "Give the card of the chain that the stage is of; `provenn chain` makes one of the cards of all stages."),
            Self::StatementMismatch { .. } => ("statement-mismatch", "Ask for a receipt that states what you agreed on."),
            Self::TooLarge { .. } => ("too-large", "The file exceeds the limits of the format."),
            Self::TrailingBytes { .. } => ("trailing-bytes", "The file was extended; get it again."),
            Self::Truncated { .. } => ("truncated", "The file was cut; get it again."),
        }
    }
}
