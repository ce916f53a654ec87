//! What a path does with columns of elements of the field; the schedules in `domain` are one for all.

use crate::program::Compiled;
use halo2curves::bn256::Fr;

/// Rows that a program is run on together, beginning again where a column has fewer.
pub const BLOCK: usize = 32;

/// What a column adds to the quotient of a permutation argument: in each row `(cell + above) / (cell + below)`, where both are a number
/// times the row of a column, and the same is added to both.
#[derive(Clone, Copy, Debug)]
pub struct Ratio<'a> {
    /// The column.
    pub cells: &'a [Fr],
    /// Number and column above the line.
    pub above: (Fr, &'a [Fr]),
    /// Number and column below the line.
    pub below: (Fr, &'a [Fr]),
}

/// What a transform is of: at most as many rows as it has, the others are zero, or a polynomial.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a> {
    /// Values.
    Rows(&'a [Fr]),
    /// Coefficients, of which more than rows are folded: `x_i = before_i sum_q folds_q c_(i + q 2^k)`, where the first fold is 1 and is not given. Each of the
    /// other factors is one product of the path (divided by [`FORM`](Columns::FORM)).
    Coset {
        coefficients: &'a [Fr],
        folds: &'a [Fr],
        before: &'a [Fr],
    },
}

/// A path: how elements are multiplied.
///
/// A path may keep values *scaled*, as [`FORM`](Self::FORM) times what they are: its products are divided by that number, so that products
/// of scaled values are scaled too.
pub trait Columns: Copy + Send + Sync + 'static {
    /// What products are divided by.
    const FORM: u64;
    /// Powers of a root of unity, for transforms of one size.
    type Twiddles: Send + Sync + std::fmt::Debug;
    /// Room for the registers of a program, and its constants.
    type Registers: Send;
    /// Room for the values of a transform; those of one thread follow one another in it.
    type Room: Default + Send;

    /// Those of a root of order `2^k`; `None` if the path has no transform of this size.
    #[cfg(target_arch = "x86_64")]
    fn twiddles(self, omega: Fr, k: u32) -> Option<Self::Twiddles>;

    /// `y_j = after_j sum_i x_i omega^(ij)` for all `2^k` of `j`, where the factor, if there is one, is one product of this path (divided by `FORM`);
    /// there are as many factors and `y` as `2^k`.
    fn transform(
        self,
        twiddles: &Self::Twiddles,
        given: Given<'_>,
        after: Option<&[Fr]>,
        out: &mut [Fr],
        room: &mut Self::Room,
    );

    /// What running a part of a program takes.
    fn registers(self, program: &Compiled) -> Self::Registers;

    /// Runs it in a block of rows from `start` on, of scaled columns of one length; rotations are cyclic. What it carries on is scaled.
    fn run(
        self,
        program: &Compiled,
        columns: &[&[Fr]],
        start: usize,
        carried: &mut [[Fr; BLOCK]],
        registers: &mut Self::Registers,
    );

    /// Adds `factor x_i` for all columns to the rows from `start` on: columns are zero where they end. Not scaled.
    fn combine(self, terms: &[(&[Fr], Fr)], start: usize, out: &mut [Fr]);

    /// The quotients of a permutation argument in the rows from `start` on, which all columns have. Not scaled.
    fn ratios(self, terms: &[Ratio<'_>], plus: Fr, start: usize, out: &mut [Fr]);

    /// `sum_i x_i point^i`. Not scaled.
    fn evaluate(self, coefficients: &[Fr], point: Fr) -> Fr;
}
