//! The path of every machine: the library's field.

mod columns;
mod points;

pub use columns::Twiddles;

/// The portable path.
#[derive(Clone, Copy, Debug)]
pub struct Portable;
