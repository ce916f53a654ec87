//! Inputs and calibration data, graphs and their colourings.

pub mod commit;
pub mod form;
pub mod graph;
pub mod put;
