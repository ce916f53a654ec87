//! Sums of points of BN254, and columns of elements of its field: what most of a proof's time goes to.
//!
//! There are three paths with one schedule: [`portable`](Path::portable), in the library's field, and two which multiply eight elements at once,
//! with AVX2 or with AVX-512 IFMA. [`Path::of_machine`] takes the fastest one that the machine has, or the one that `PROVENN_ENGINE` names; all give the same results, and tests
//! compare each with the library.
//!
//! **Time depends on values, as it does in the library:** the number of additions of a sum tells how many of its scalars are zero, how long
//! the longest is, and how digits share buckets. Who can measure a prover's time or its caches learns about witness and weights.

#[cfg(target_arch = "x86_64")]
#[macro_use]
mod eight;
#[cfg(target_arch = "x86_64")]
mod avx2;
mod columns;
mod digits;
mod domain;
mod entries;
mod fixed_base;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod kernel;
#[cfg(target_arch = "x86_64")]
mod limbs;
mod msm;
mod path;
mod points;
mod portable;
mod program;
mod quotient;
mod rooms;
mod sums;
mod words;

pub use columns::Ratio;
pub use domain::Domain;
pub use entries::Entries;
pub use fixed_base::multiples;
pub use msm::{Bases, Cells, Column};
pub use path::{NoSuchPath, Path, VARIABLE};
pub use points::lagrange;
pub use program::{Operand, Program};
