//! BN254 as a verifier needs it: the two prime fields, both groups, the pairing and multi-scalar multiplication.
//!
//! No dependencies, no `std`, no unsafe code, no threads. Everything runs in *variable time*: use it on public data only;
//! the prover, which has secrets, uses another implementation. Tests compare every operation with that one.
//!
//! Bytes are those of the `halo2curves` crate: scalars little endian, G1 points as `x` with the parity of `y` in bit 254.
//! Decoders accept one byte string for each value.
//!
//! Sources: curve `y^2 = x^3 + 3` and its twist as in EIP-197; optimal ate pairing after Vercauteren
//! (<https://eprint.iacr.org/2008/096>) with the line formulas of Costello, Lange and Naehrig
//! (<https://eprint.iacr.org/2009/615>); final exponentiation after Scott and others (<https://eprint.iacr.org/2008/490>).
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod curve;
mod fp;
mod fq;
mod fr;
mod g1;
mod g2;
#[cfg(feature = "halo2curves")]
mod halo2curves;
mod msm;
mod pairing;
mod sum;
mod tower;

pub use curve::{Affine, Field, Jacobian};
pub use fp::{Fp, Modulus};
pub use fq::{Fq, FqModulus};
pub use fr::{Fr, FrModulus};
pub use g1::{G1Affine, G1};
pub use g2::{G2Affine, G2};
pub use msm::{batch_invert, msm};
pub use pairing::{pairing_product_is_one, G2Prepared};
pub use sum::Sum;
pub use tower::Fq2;
