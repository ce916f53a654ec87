//! Kernels for machines whose vectors hold eight elements: sums of points and columns, whatever the instructions are.
//!
//! A function with `#[inline(always)]` has no instructions of its own: it is compiled as part of the one that [`path`] makes for each path, with
//! what that machine has. So none of them may call itself; [`Vectors::dft`] is the way around. Closures that calculate with vectors would be
//! functions of their own, and macros stand in their place.

#[macro_use]
mod path;
pub mod columns;
pub mod points;
pub mod program;
#[cfg(test)]
mod tests;
pub mod transform;

use crate::limbs::{Constants, Limbs};
use halo2curves::bn256::Fr;
use std::fmt::Debug;

/// Instructions that hold eight elements.
///
/// A value of such a type exists only on a machine that has them, and so do the vectors that it makes: therefore their functions are safe.
pub trait Vectors: Copy + Send + Sync + Debug + 'static {
    /// Eight elements of a field.
    type Lanes<M: Constants>: Lanes<M>;

    /// All of one value.
    fn splat<M: Constants>(self, limbs: Limbs) -> Self::Lanes<M>;

    /// From the words of any numbers below `2^256`.
    fn gather<M: Constants>(self, rows: [&[u64; 4]; 8]) -> Self::Lanes<M>;

    /// [`transform::dft`], as a function of its own.
    fn dft(self, out: &mut [Self::Lanes<Fr>], twiddles: &transform::Twiddles, level: usize);
}

/// Eight elements of a field, in limbs of 52 bits.
///
/// A limb is *carried* if it is below `2^52`, and the highest holds what is left. Multiplications read 52 bits of each limb: **an operand that is
/// not carried gives a wrong product and no error.** All functions that return `Lanes` carry; [`Wide`], which sums return, has no multiplication.
/// Values are below a small multiple of `p`, stated at each function; nothing is reduced to its canonical value before it leaves.
pub trait Lanes<M: Constants>: Copy + Send + Sync {
    /// Sums of them.
    type Wide: Wide<M, Lanes = Self>;

    /// As a term of a sum.
    fn wide(self) -> Self::Wide;

    /// `a b / R`, below `a b / (84.6 p) + 2 p`; `a` and `b` are below `84 p`.
    fn mul(self, other: Self) -> Self;

    /// `a a / R`, as in [`mul`](Self::mul).
    fn square(self) -> Self;

    /// The canonical residue, for values below `16 p`.
    fn canonical(self) -> Self;

    /// The words of numbers below `2^256`, which are more than `5 p`: the inverse of [`Vectors::gather`].
    fn scatter(self) -> [[u64; 4]; 8];
}

/// Eight sums of elements: limbs with a sign, below `2^60`.
pub trait Wide<M: Constants>: Copy {
    /// What is summed.
    type Lanes;

    fn add(self, other: Self) -> Self;

    fn sub(self, other: Self) -> Self;

    /// With a number added to each.
    fn plus(self, limbs: Limbs) -> Self;

    /// `2p - self` in the lanes of the mask.
    fn negate_where(self, mask: u8) -> Self;

    /// For a sum that is not negative and below `2^260`.
    fn carried(self) -> Self::Lanes;

    /// The same residue below `1.2 p`, for a sum that is not negative and below `16 p`.
    ///
    /// With `h` its highest limb, `v / p = 84.6 h / 2^52` up to what lies below; `q = floor(84 h / 2^52)` is at most `v / p`, and less by
    /// at most `1 + 0.6 * 16 / 84.6`. What the other limbs carry changes `h` by a few units, `2^-45 p` each; where that matters,
    /// `h` is so small that `q = 0`. A highest limb that is -1 counts as 0.
    fn narrowed(self) -> Self::Lanes;
}
