//! Errors of compilation and execution of a quantized model.

use thiserror::Error;

/// Everything that can go wrong between a float graph and a circuit witness.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CircuitError {
    /// Calibration data does not fit the model.
    #[error("calibration data: {0}. Help: give rows of the model's input shape, all finite")]
    Calibration(String),
    /// The float executor failed on calibration data.
    #[error("float execution: {0}")]
    Float(String),
    /// The input tensor of a proof has the wrong number of values.
    #[error("input has {got} values, the model takes {expected}. Help: flatten the tensor in ONNX order, without the batch dimension")]
    InputLength {
        /// Values the model takes.
        expected: usize,
        /// Values given.
        got: usize,
    },
    /// A value is outside the range that the circuit can represent.
    #[error("tensor `{tensor}`: value {value} is outside [{min}, {max}]. Help: calibrate with data that covers this input, or with more headroom")]
    OutOfRange {
        /// Tensor name.
        tensor: String,
        /// Offending value (integer of the quantized model).
        value: i128,
        /// Smallest representable value.
        min: i128,
        /// Largest representable value.
        max: i128,
    },
    /// An accumulator could reach a size at which the integer semantics and the field differ.
    #[error("tensor `{tensor}`: the accumulator may reach 2^{bits}, above the limit of 2^{limit}. Help: reduce the scale of the weights")]
    Wrap {
        /// Tensor name.
        tensor: String,
        /// Bits the accumulator may need.
        bits: u32,
        /// Largest number of bits allowed.
        limit: u32,
    },
    /// A quantization recipe from outside is not one that this compiler makes.
    #[error("the recipe has a shape or ranges that no compilation gives. Help: get the card again from its publisher")]
    Recipe,
    /// The model does not fit any supported circuit size.
    #[error("the model needs more rows than a circuit of 2^{max_k} rows has. Help: prove it in segments")]
    TooLarge {
        /// Largest supported k.
        max_k: u32,
    },
    /// Operators that the lowering cannot express.
    #[error("unsupported: {}. Help: `provenn inspect` lists what is supported", .0.join("; "))]
    Unsupported(Vec<String>),
}

impl CircuitError {
    /// Stable code, the same in the command line, the API and the documentation.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Calibration(_) => "calibration",
            Self::Float(_) => "float-execution",
            Self::InputLength { .. } => "input-length",
            Self::OutOfRange { .. } => "out-of-range",
            Self::Recipe => "recipe",
            Self::TooLarge { .. } => "model-too-large",
            Self::Unsupported(_) => "model-unsupported",
            Self::Wrap { .. } => "accumulator-wrap",
        }
    }
}
