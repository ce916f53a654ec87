//! Everything that can be wrong with a model file.

use std::fmt;

/// A node that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedNode {
    /// Name of the node, or of its output.
    pub name: String,
    /// ONNX operator, with its domain if that is not the default one.
    pub operator: String,
    /// Why.
    pub reason: String,
}

/// Why a file is not imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file has no bytes.
    #[error("the file is empty. Help: pass the bytes of an ONNX model")]
    Empty,
    /// A tensor keeps its data in another file; such paths are never followed.
    #[error("tensor `{}` keeps its data outside of the model file. Help: save the model with the weights embedded (onnx.save_model with save_as_external_data=False)", shown(.tensor))]
    ExternalData {
        /// The tensor.
        tensor: String,
    },
    /// The bytes are not a well-formed model.
    #[error("malformed model: {}. Help: check the file with onnx.checker.check_model", cut(.what, MAX_TEXT))]
    Malformed {
        /// What is wrong.
        what: String,
    },
    /// A constant is NaN or infinite.
    #[error("constant `{}` holds a value that is NaN or infinite. Help: export the trained weights again; quantization needs finite values", shown(.tensor))]
    NonFinite {
        /// The constant.
        tensor: String,
    },
    /// The default operator set has an unknown version.
    #[error("operator set {got} is not supported ({minimum} to {maximum} are). Help: convert the model with onnx.version_converter")]
    Opset {
        /// Lowest accepted version.
        minimum: i64,
        /// Highest accepted version.
        maximum: i64,
        /// The version in the file.
        got: i64,
    },
    /// Shapes do not fit together.
    #[error("node `{}`: {}. Help: run onnx.shape_inference with strict_mode on the model and compare the shapes", shown(.node), cut(.reason, MAX_TEXT))]
    Shape {
        /// The node.
        node: String,
        /// What does not fit.
        reason: String,
    },
    /// An input dimension other than the first is not a number.
    #[error("dimension {axis} of input `{}` is {}", shown(.input), without_number(.symbol))]
    SymbolicDimension {
        /// The input.
        input: String,
        /// The dimension, from 0.
        axis: usize,
        /// Its name, if it has one.
        symbol: Option<String>,
    },
    /// A size for a symbolic dimension that no input has, or the size 0.
    #[error("no input has a dimension `{}` that a size of 1 or more could be given to. Help: {}", shown(.name), listed(.symbols))]
    Dimension {
        /// The name.
        name: String,
        /// Names that dimensions of inputs have, quoted.
        symbols: Vec<String>,
    },
    /// The first axis of an input is not a batch of so many items.
    #[error("the first axis of input `{name}` is not a batch of {items} items: the file has {found}. Help: export the model with a symbolic first axis, or commit without --batch")]
    Batch {
        /// The input, shortened.
        name: String,
        /// Items of the batch.
        items: usize,
        /// What the file has.
        found: String,
    },
    /// An input that a model cannot take in the parts that are asked for.
    #[error("input `{}` cannot be taken in these parts: {}. Help: {help}", shown(.input), cut(.reason, MAX_TEXT))]
    Slice {
        /// The input.
        input: String,
        /// Why.
        reason: String,
        /// What to do.
        help: String,
    },
    /// A resource limit.
    #[error("too large: {what} is {got}, at most {maximum} is accepted. Help: use a smaller model, or split it")]
    TooLarge {
        /// The limited quantity.
        what: &'static str,
        /// The limit.
        maximum: u64,
        /// What the file asks for (or where counting stopped).
        got: u64,
    },
    /// Every node that cannot be imported.
    #[error("{}", List(.0))]
    Unsupported(Vec<UnsupportedNode>),
}

impl ImportError {
    /// The stable name of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "onnx-empty",
            Self::ExternalData { .. } => "onnx-external-data",
            Self::Malformed { .. } => "onnx-malformed",
            Self::NonFinite { .. } => "onnx-non-finite",
            Self::Opset { .. } => "onnx-opset",
            Self::Shape { .. } => "onnx-shape",
            Self::SymbolicDimension { .. } => "onnx-symbolic-dimension",
            Self::Dimension { .. } => "onnx-dimension",
            Self::Batch { .. } => "onnx-batch",
            Self::Slice { .. } => "onnx-slice",
            Self::TooLarge { .. } => "onnx-too-large",
            Self::Unsupported(_) => "onnx-unsupported",
        }
    }

    pub(super) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed { what: what.into() }
    }
}

/// What a dimension without a number is, and what to do.
fn without_number(name: &Option<String>) -> String {
    match name {
        Some(name) => format!(
            "the symbol `{name}`. Help: give its size, as in --dim {name}=224; only the first dimension may stay symbolic, it becomes 1",
            name = shown(name)
        ),
        None => "unknown. Help: export the model with a fixed input shape; only the first dimension may be unknown, it becomes 1".into(),
    }
}

fn listed(symbols: &[String]) -> String {
    match symbols {
        [] => "its inputs have no symbolic dimensions; leave --dim out".into(),
        names => format!("its symbolic dimensions are {}", cut(&names.join(", "), MAX_TEXT)),
    }
}

/// Longest name, and longest other text, that a message repeats from the file, in characters.
const MAX_NAME: usize = 100;
const MAX_TEXT: usize = 400;
/// Nodes that a message names.
const MAX_LISTED: usize = 50;

/// A name from the file, fit for a message: control characters escaped, cut when long.
pub(crate) fn shown(name: &str) -> String {
    cut(name, MAX_NAME)
}

fn cut(text: &str, most: usize) -> String {
    let unsafe_in_logs = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == most {
            out.push_str("...");
            break;
        }
        if unsafe_in_logs(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

impl fmt::Display for UnsupportedNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, operator) = (shown(&self.name), shown(&self.operator));
        write!(f, "node `{name}` ({operator}): {}", cut(&self.reason, MAX_TEXT))
    }
}

struct List<'a>(&'a [UnsupportedNode]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} unsupported node(s)", self.0.len())?;
        for node in self.0.iter().take(MAX_LISTED) {
            write!(f, "; {node}")?;
        }
        if self.0.len() > MAX_LISTED {
            write!(f, "; and {} more", self.0.len() - MAX_LISTED)?;
        }
        f.write_str(
            ". Help: each is refused for the reason beside it; express it by supported operators that compute the same",
        )
    }
}
