//! What a tenant learns of work that a prover process refused: a code and a text from here. What the process said may hold scores and
//! hidden values, which a receipt would have to be asked, and paid, for; the owner sees it on the own command line.

use crate::estimate;
use crate::server::problem::Problem;

/// The code of jobs whose input has no receipt under the policy: a value out of range or a statement that does not hold, which of them is not said.
pub const NOT_PROVABLE: &str = "not-provable";

/// Not the fault of whoever asked, who is not charged for it.
const DEFECT: &str = "proof-system";
const OF_THE_SERVICE: [&str; 2] = [DEFECT, "srs-too-small"];

const OWNER: &str = "the model's owner sees why with the command line, on the own machine";

/// The problem of a job whose process refused with `code`. It depends on nothing else.
pub fn problem(code: &str) -> Problem {
    let (code, detail, help) = match code {
        "out-of-range" | "scores-far-apart" | "untrue" => (
            NOT_PROVABLE,
            "there is no receipt for this input under this policy",
            "an input outside of what the model was calibrated for has none, nor has a yes that does not hold",
        ),
        // Which edge, vertex or colour it is would say something of the colouring.
        "colouring-improper" | "colouring-range" | "colouring-length" => (
            NOT_PROVABLE,
            "there is no receipt for this colouring of the graph in so many colours",
            "`provenn color prove` says on your own machine what is wrong with it",
        ),
        "srs-too-small" => (
            "srs-too-small",
            "the service's parameters are too small for the graph",
            "use a smaller graph, or ask the operator for larger parameters",
        ),
        "unprovable" => ("unprovable", "none of the rows that were given can be proven", OWNER),
        "about" => (
            "about",
            "what is to be said about the model does not fit it",
            "name inputs and outputs as the model does, a class for each label, and texts that are neither empty nor long",
        ),
        "accumulator-wrap" => (
            "accumulator-wrap",
            "the model's weights are too large for a circuit",
            OWNER,
        ),
        "calibration" => ("calibration", "the calibration rows do not fit the model", OWNER),
        "constant-too-large" => (
            "constant-too-large",
            "a constant of the model is too large at its scale",
            OWNER,
        ),
        "input-length" => (
            "input-length",
            "the input does not have the model's shape",
            "upload an input of the shape on the card",
        ),
        "input-type" => (
            "input-type",
            "the input holds numbers that its element type does not",
            "upload the numbers that the model itself runs on",
        ),
        "lane-kinds" => (
            "lane-kinds",
            "the model has too many constants that differ from channel to channel",
            OWNER,
        ),
        "memory-limit" => (
            "memory-limit",
            "the work needs more memory than it may have",
            "use a smaller model, or ask the operator for a higher limit",
        ),
        "model-too-large" => ("model-too-large", "the model is too large for one circuit", OWNER),
        "model-unsupported" => (
            "model-unsupported",
            "the model has operators that cannot be proven, cannot be cut as was asked, or its outputs have no row for each one of the batch that was asked for",
            "the answer to the upload names the operators, and `provenn inspect --cut-at` where a model can be cut; for a batch export the model so that it computes on one",
        ),
        "not-finite" => (
            "not-finite",
            "a number of the model, the calibration rows or the input is NaN or infinite",
            OWNER,
        ),
        "onnx-batch" => (
            "onnx-batch",
            "the first axis of an input or output of the model is not a batch of so many rows",
            "export the model with a symbolic first axis, or commit without `batch`",
        ),
        "opening" => (
            "opening",
            "an uploaded opening does not open its commitments under this model",
            "have its party commit to the input again, with the card of this model",
        ),
        "policy" => (
            "policy",
            "the policy does not fit the model",
            "choose one that the card names",
        ),
        "sample" => (
            "sample",
            "the uploaded data does not fit the model",
            "upload data of the shape on the card",
        ),
        "time-limit" => (
            "time-limit",
            "the work takes longer than it may",
            "use a smaller model, or ask the operator for a higher limit",
        ),
        estimate::EXCEEDS => (
            estimate::EXCEEDS,
            "a proof of the model would cost more than is allowed here",
            estimate::HELP,
        ),
        DEFECT => (DEFECT, "the prover failed", "please report this"),
        _ => ("refused", "the work was refused", OWNER),
    };
    let status = if OF_THE_SERVICE.contains(&code) { 500 } else { 422 };
    Problem::new(status, code, detail, help)
}
