//! Inputs and calibration data.

pub mod commit;
pub mod put;
