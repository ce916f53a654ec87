//! From an ONNX model to a halo2 circuit: import, quantization, layout and gates.
//!
//! The pipeline is [`onnx::import`] (bytes to a float graph), [`lower::compile`] (float graph and
//! calibration data to an exact integer program, the [`qmodel::QModel`]), [`layout::Layout`] (where
//! each cell of the program lives) and [`circuit::ModelCircuit`] (the halo2 circuit).
//! [`register::RegisterCircuit`] shows once, at commitment, that the weights are in range. The integer
//! semantics of the program are computed outside the circuit by [`exec::execute`]; the circuit
//! proves exactly that function.

pub mod circuit;
pub mod cost;
pub mod error;
pub mod exec;
pub mod float;
pub mod layout;
pub mod lower;
pub mod onnx;
pub mod qmodel;
pub mod register;
pub mod shape;
pub mod witness;

pub use error::CircuitError;
