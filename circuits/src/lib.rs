//! From an ONNX model to a halo2 circuit: import, quantization, layout and gates.
//!
//! In storeys, each of which knows only those below it (`tests/storeys.rs`):
//! * [`graph`]: the network as a float graph, its shapes and its execution;
//! * [`onnx`]: reading one from a file, [`onnx::import`];
//! * [`program`]: the exact integer program, [`program::Program`], and its executor [`program::execute`], which is the
//!   specification of what is proven;
//! * [`layout`]: where each cell of the program lives, [`layout::Layout`];
//! * [`argument`]: the halo2 circuit that proves exactly that function, [`argument::ModelCircuit`];
//! * [`register`]: [`register::RegisterCircuit`] shows once, at commitment, that the weights are in range;
//! * [`colouring`]: a statement of its own, [`colouring::ColouringCircuit`] shows a proper colouring of a graph;
//! * [`compile`](mod@compile): from a float graph and calibration data to program and layout, [`compile::compile`].

pub mod argument;
pub mod colouring;
pub mod compile;
mod error;
pub mod graph;
pub mod layout;
mod octaves;
pub mod onnx;
pub mod program;
pub mod register;

pub use error::CircuitError;
