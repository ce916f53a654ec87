//! Graphs and colourings as people bring them, make them, and look at them.

pub mod drawing;
pub mod dsatur;
pub mod generate;
pub mod graph;
pub mod graphml;
pub mod node_link;
pub mod random;
pub mod solution;
