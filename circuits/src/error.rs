//! Errors of compilation and execution of a program.

use crate::layout::LayoutError;
use crate::program::{listed, NoCut};
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
    /// There are more or fewer inputs than the model has.
    #[error("{got} inputs were given, the model takes {expected}. Help: give each input of the model once")]
    InputCount {
        /// Inputs of the model.
        expected: usize,
        /// Inputs given.
        got: usize,
    },
    /// An input tensor of a proof has the wrong number of values.
    #[error("input `{input}` has {got} values, the model takes {expected}. Help: flatten the tensor in ONNX order, without the batch dimension")]
    InputLength {
        /// Its name.
        input: String,
        /// Values the model takes.
        expected: usize,
        /// Values given.
        got: usize,
    },
    /// An element of the input is no number of the declared element type.
    #[error("input `{input}` has {value} as {place}, the model takes {takes}. Help: give the numbers that the model itself runs on")]
    InputType {
        /// Its name.
        input: String,
        /// Which element.
        place: String,
        /// The element.
        value: f32,
        /// What the model takes.
        takes: String,
    },
    /// A value is outside the range that the circuit can represent.
    #[error("tensor `{tensor}`: value {value} is outside [{min}, {max}]. Help: calibrate with data that covers this input, or with more headroom")]
    OutOfRange {
        /// Tensor name.
        tensor: String,
        /// Offending value (integer of the program).
        value: i128,
        /// Smallest representable value.
        min: i128,
        /// Largest representable value.
        max: i128,
    },
    /// A constant is too large to be an integer of the circuit at the scale of its tensor.
    #[error("tensor `{tensor}`: the {what} {value:e} is {units:e} units of its scale, and a circuit holds up to {limit}. Help: it is out of proportion to the other values of the tensor; calibrate with rows of the data that the model is for")]
    Constant {
        /// Tensor name.
        tensor: String,
        /// Coefficient, weight or bias.
        what: &'static str,
        /// The constant.
        value: f64,
        /// The same in units of the scale that calibration chose.
        units: f64,
        /// Largest number of units.
        limit: i64,
    },
    /// A number is NaN or infinite.
    #[error("`{tensor}`: {place} is {value}. Help: only finite numbers can be proven; replace it in the input, the calibration rows or the model")]
    NotFinite {
        /// Tensor name.
        tensor: String,
        /// Which of its numbers.
        place: String,
        /// The number.
        value: f64,
    },
    /// A circuit has another number of outputs than the model has scores.
    #[error("the circuit has {got} outputs, the model {expected} scores. Help: this is a defect; please report it with the model's structure")]
    Outputs {
        /// Scores of the model.
        expected: usize,
        /// Outputs of the circuit.
        got: usize,
    },
    /// The outputs of a model are not scores of so many items.
    #[error("a batch of {items} items takes outputs whose first axis is {items}, and scores rather than an index; the scores have the shapes {shapes}. Help: export the model so that it computes on a batch, without ArgMax at its end")]
    Items {
        /// Items of the batch.
        items: usize,
        /// Shapes of the scores.
        shapes: String,
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
    #[error("no compilation of this model gives the recipe on the card: it has {0}. Help: get card and model again from their publisher")]
    Recipe(String),
    /// The committed lanes differ in too many ways in what the structure of the model determines of them.
    #[error("the lanes that hold the weights are of more than {most} kinds, by the constants and the empty places in them that everybody knows. Help: optimize for another objective, or use fewer constants that differ from channel to channel")]
    LaneKinds {
        /// Most kinds that a registration tells apart.
        most: usize,
    },
    /// The model cannot be cut so often.
    #[error("the model cannot be cut into {asked} segments; from 2 to {most} are possible, since it is cut where one tensor is all that the rest of it reads. Help: ask for fewer segments, or leave --segments out")]
    Segments {
        /// Segments that were asked for.
        asked: usize,
        /// Most that are possible; 1 if it cannot be cut at all.
        most: usize,
    },
    /// The model cannot be cut at a tensor that was named.
    #[error("the model cannot be cut at \"{name}\": {reason}. Help: {}", instead(.possible))]
    CutAt {
        /// The name.
        name: String,
        /// Why not.
        reason: NoCut,
        /// Names of the tensors at which it can be cut.
        possible: Vec<String>,
    },
    /// A stage of a chain does not fit the others.
    #[error("the model is no such stage: {reason}. Help: {help}")]
    Stage {
        /// Why not.
        reason: String,
        /// What to do.
        help: &'static str,
    },
    /// The model does not fit any supported circuit size.
    #[error(
        "the model needs more rows than a circuit of 2^{max_k} rows has. Help: use a smaller model, or a smaller input"
    )]
    TooLarge {
        /// Largest supported k.
        max_k: u32,
    },
    /// No layout holds the model.
    #[error("no circuit of up to 2^{k} rows holds the model: {reason}. Help: use a smaller model, or a smaller input")]
    Layout {
        /// log2 of the rows of the circuit that came nearest.
        k: u32,
        /// What it lacks.
        reason: LayoutError,
    },
    /// Operators that the lowering cannot express.
    #[error("unsupported: {}. Help: each is refused for the reason beside it; express it by supported operators that compute the same", .0.join("; "))]
    Unsupported(Vec<String>),
}

impl CircuitError {
    /// Stable code, the same in the command line, the API and the documentation.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Calibration(_) => "calibration",
            Self::Constant { .. } => "constant-too-large",
            Self::CutAt { .. } => "model-unsupported",
            Self::Float(_) => "float-execution",
            Self::InputCount { .. } => "input-number",
            Self::InputLength { .. } => "input-length",
            Self::InputType { .. } => "input-type",
            Self::LaneKinds { .. } => "lane-kinds",
            Self::Layout { reason, .. } if reason.excess().is_none() => "model-unsupported",
            Self::Layout { .. } => "model-too-large",
            Self::NotFinite { .. } => "not-finite",
            Self::Items { .. } => "model-unsupported",
            Self::Outputs { .. } => "output-count",
            Self::OutOfRange { .. } => "out-of-range",
            Self::Recipe(_) => "recipe",
            Self::Segments { .. } => "model-unsupported",
            Self::Stage { .. } => "stage-mismatch",
            Self::TooLarge { .. } => "model-too-large",
            Self::Unsupported(_) => "model-unsupported",
            Self::Wrap { .. } => "accumulator-wrap",
        }
    }
}

/// What can be done instead.
fn instead(names: &[String]) -> String {
    match names.is_empty() {
        true => "this model cannot be cut anywhere".into(),
        false => format!("cut at some of {}", listed(names)),
    }
}
