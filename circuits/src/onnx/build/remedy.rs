//! What to do about nodes that are not lowered, where many have the same remedy.

pub const CONVERT: &str = "convert the model with onnx.version_converter";
pub const DIFFERENCE: &str = "give the difference of the values instead";
pub const FINITE: &str = "export the trained numbers again";
pub const FOLD: &str = "store it as a constant, as simplifying the model with fixed shapes does";
pub const STANDARD: &str = "use one that the standard of ONNX names";
pub const MASK: &str = "give the mask as an input of integers or truth values, 1 for what is shown";
pub const SOFTMAX: &str = "let nothing read it but Softmax, Add and operators that move elements";
