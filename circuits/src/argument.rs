//! The argument: the halo2 circuit of a program on its layout, and the values of its cells.
//!
//! A file for each argument: its columns over whatever stands for a column, its fixed rows, its gates with the reasoning
//! above them, and its values. [`Columns`] and [`Fixed`] list them all; circuit, witness and [`Counts`] follow the lists.

mod circuit;
mod columns;
mod config;
mod cost;
mod counts;
mod dense;
pub(crate) mod expr;
mod function;
mod input;
mod labels;
mod lane;
mod lines;
pub(crate) mod lookup;
mod maximum;
mod pairs;
mod policy;
mod powers;
mod product;
mod quotient;
mod range;
mod rounding;
pub(crate) mod rows;
mod scan;
mod whole;
mod witness;

pub use circuit::ModelCircuit;
pub use columns::{Columns, Fixed, Kind, Phase};
pub use config::{Challenges, Config};
pub use cost::{memory_bytes, Cost, Machine, Objective, M20_SECONDS};
pub use counts::Counts;
pub use expr::signed;
pub use input::{given_cells, input_cells};
pub(crate) use lines::lane_cells;
pub use lines::weight_cells;
pub use lookup::Entries;
pub use rows::row_sets;
pub use witness::{First, Second, Witness};
