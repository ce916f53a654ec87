//! Formats of the files that people bring and keep, other than receipts and cards.

pub mod agreement;
pub mod expected;
pub mod labels;
pub mod npy;
pub mod npz;
pub mod opening;
pub mod sample;
