//! The argument: the halo2 circuit of a program on its layout, and the values of its cells.

mod circuit;
mod witness;

pub use circuit::{signed, Challenges, CommittedInput, Config, Lane, ModelCircuit, Slot};
pub use witness::{input_cells, weight_cells, First, Second, Witness};
