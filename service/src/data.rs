//! Formats of the files that people bring and keep, other than receipts and cards.

pub mod agreement;
pub mod labels;
pub mod npy;
pub mod opening;
pub mod sample;
