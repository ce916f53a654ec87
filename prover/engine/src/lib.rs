//! Sums of points of BN254, and columns of elements of its field: what most of a proof's time goes to.
//!
//! There are two paths with one schedule: [`portable`](Path::portable), in the library's field, and one with AVX-512 IFMA, which multiplies
//! eight elements at once. [`Path::of_machine`] takes the faster one that the machine has; both give the same results, and tests
//! compare each with the library.
//!
//! **Time depends on values, as it does in the library:** the number of additions of a sum tells how many of its scalars are zero, how long
//! the longest is, and how digits share buckets. Who can measure a prover's time or its caches learns about witness and weights.

mod columns;
mod digits;
mod domain;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod kernel;
#[cfg(target_arch = "x86_64")]
mod lanes;
#[cfg(target_arch = "x86_64")]
mod limbs;
mod msm;
mod path;
mod portable;
mod program;
mod sums;
mod words;

pub use columns::Ratio;
pub use domain::Domain;
pub use msm::{Bases, Cells, Column};
pub use path::Path;
pub use program::{Compiled, Operand, Program};
