//! The network as a graph of static shapes: the model, shape inference and the float executor. Where it is read from does not
//! matter here.

pub mod float;
mod function;
mod infer;
mod input_type;
mod lift;
mod loops;
mod model;
mod window;

pub use function::{Binary, Function, Unary};
pub(crate) use infer::{broadcast, elements, infer, reduced};
pub use input_type::InputType;
pub use lift::MOST_LIFT;
pub use model::{Graph, Input, Node, Op, Output, ReduceKind, Sample, Tensor, Value, ValueId, Window};
pub(crate) use window::{halves, Axis};
