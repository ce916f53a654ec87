//! What a path does by itself; everything else is one schedule for all.

use halo2curves::bn256::{Fr, G1Affine};

/// A point to be added: its place among the bases or, with [`SUM`], among the sums made so far; negated with [`MINUS`].
pub type Ref = u32;
/// Marks a negated point.
pub const MINUS: Ref = 1 << 31;
/// Marks a sum.
pub const SUM: Ref = 1 << 30;

/// Two points with the same `x` met, which have no slope between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collision;

/// A path: how points are kept, and how they are added.
pub trait Kernel: Copy + Send + Sync + 'static {
    /// A point that is not at infinity.
    type Row: Copy + Send + Sync;
    /// Room for the work of one task.
    type Scratch: Default + Send;

    /// Points as rows. None is at infinity.
    fn rows(self, points: &[G1Affine]) -> Vec<Self::Row>;

    /// Rows as points.
    fn points(self, rows: &[Self::Row]) -> Vec<G1Affine>;

    /// `-row`.
    fn negated(self, row: Self::Row) -> Self::Row;

    /// Appends the sum of each pair, in affine coordinates, with one inversion for all of them.
    ///
    /// # Errors
    /// The points of a pair are equal or opposite; then nothing was appended.
    fn add(
        self,
        bases: &[Self::Row],
        sums: &mut Vec<Self::Row>,
        pairs: &[[Ref; 2]],
        scratch: &mut Self::Scratch,
    ) -> Result<(), Collision>;

    /// Doubles each row, with one inversion for all of them. The group is of an odd order, so that no row is its own negative.
    fn double(self, rows: &mut [Self::Row], scratch: &mut Self::Scratch);

    /// Elements as integers below `r`.
    fn integers(self, elements: &[Fr]) -> Vec<[u64; 4]>;
}

/// What a reference means, without its sign.
pub fn row<'a, R>(bases: &'a [R], sums: &'a [R], reference: Ref) -> &'a R {
    let place = (reference & (SUM - 1)) as usize;
    match reference & SUM {
        0 => &bases[place],
        _ => &sums[place],
    }
}
