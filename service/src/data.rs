//! Formats of the files that people bring and keep, other than receipts and cards.

pub mod agreement;
pub mod csv;
pub mod expected;
pub mod foreign;
pub mod image;
pub mod labels;
pub mod npy;
pub mod npz;
pub mod opening;
pub mod sample;
pub mod source;
