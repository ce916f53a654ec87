//! Sums of points: eight pairs at once.

use super::Ifma;
use crate::kernel::{row, Collision, Kernel, Ref, MINUS};
use crate::lanes::{each, gather, scatter, Lanes, Wide};
use crate::limbs::Constants;
use crate::words::{words, words_mut};
use halo2curves::bn256::{Fq, Fr, G1Affine};
use halo2curves::ff::{BatchInvert, Field};

/// Coordinates as `a 2^260`, at most `2 p`.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Row {
    x: [u64; 4],
    y: [u64; 4],
}

/// For eight pairs, the product of the runs of all after them, and their own runs.
type Step = [Lanes<Fq>; 2];

#[allow(unsafe_code)]
impl Kernel for Ifma {
    type Row = Row;
    type Scratch = Vec<Step>;

    fn rows(self, points: &[G1Affine]) -> Vec<Row> {
        // SAFETY: `self` was detected, here and below.
        unsafe { rows(points) }
    }

    fn points(self, rows: &[Row]) -> Vec<G1Affine> {
        // SAFETY: as above.
        unsafe { points(rows) }
    }

    fn negated(self, row: Row) -> Row {
        // SAFETY: as above.
        unsafe { negated(row) }
    }

    fn add(
        self,
        bases: &[Row],
        sums: &mut Vec<Row>,
        pairs: &[[Ref; 2]],
        scratch: &mut Vec<Step>,
    ) -> Result<(), Collision> {
        // SAFETY: as above.
        unsafe { add(bases, sums, pairs, scratch) }
    }

    fn integers(self, elements: &[Fr]) -> Vec<[u64; 4]> {
        // SAFETY: as above.
        unsafe { integers(elements) }
    }
}

/// Eight of a list that is not empty, from `start` on; the last one again where it ends.
fn eight<T>(list: &[T], start: usize) -> [&T; 8] {
    std::array::from_fn(|lane| &list[(start + lane).min(list.len() - 1)])
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn rows(points: &[G1Affine]) -> Vec<Row> {
    let mut rows = Vec::with_capacity(points.len());
    for chunk in points.chunks(8) {
        let of = eight(chunk, 0);
        let (x, y) = (enter(each!(of, point => point.x)), enter(each!(of, point => point.y)));
        for (x, y) in x.into_iter().zip(y).take(chunk.len()) {
            rows.push(Row { x, y });
        }
    }
    rows
}

/// Coordinates of rows.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn enter(coordinates: [Fq; 8]) -> [[u64; 4]; 8] {
    let [a, b, c, d, e, f, g, h] = words(&coordinates) else {
        return [[0; 4]; 8];
    };
    let value = Lanes::<Fq>::from_words(gather([a, b, c, d, e, f, g, h]));
    scatter(value.mul(Lanes::splat(Fq::ENTER)).wide().narrowed().to_words())
}

/// Elements of the library.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn leave(value: Lanes<Fq>) -> [Fq; 8] {
    let mut elements = [Fq::ZERO; 8];
    words_mut(&mut elements).copy_from_slice(&scatter(value.mul(Lanes::splat(Fq::LEAVE)).canonical().to_words()));
    elements
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn points(rows: &[Row]) -> Vec<G1Affine> {
    let mut points = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(8) {
        let of = eight(chunk, 0);
        let x = leave(Lanes::from_words(gather(each!(of, row => &row.x))));
        let y = leave(Lanes::from_words(gather(each!(of, row => &row.y))));
        for (x, y) in x.into_iter().zip(y).take(chunk.len()) {
            points.push(G1Affine { x, y });
        }
    }
    points
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn negated(row: Row) -> Row {
    let y = Lanes::<Fq>::from_words(gather([&row.y; 8]));
    let [y, ..] = scatter(y.wide().negate_where(0xff).carried().to_words());
    Row { x: row.x, y }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn add(bases: &[Row], sums: &mut Vec<Row>, pairs: &[[Ref; 2]], steps: &mut Vec<Step>) -> Result<(), Collision> {
    if pairs.is_empty() {
        return Ok(());
    }
    steps.clear();
    let groups = pairs.len().div_ceil(8);
    let mut product = Lanes::splat(Fq::UNIT);
    for group in (0..groups).rev() {
        let of = eight(pairs, 8 * group);
        let x = |side: usize| {
            let rows = each!(of, pair => &row(bases, sums, pair[side]).x);
            Lanes::<Fq>::from_words(gather(rows)).wide()
        };
        // At most 4 p; the product stays below 2.2 p.
        let run = x(1).sub(x(0)).add(Wide::splat(Fq::P2)).carried();
        steps.push([product, run]);
        product = product.mul(run);
    }
    let mut inverses = leave(product);
    if inverses.iter().any(|product| bool::from(product.is_zero())) {
        return Err(Collision);
    }
    inverses.iter_mut().batch_invert();
    let [a, b, c, d, e, f, g, h] = words(&inverses) else {
        return Err(Collision);
    };
    let mut inverse = Lanes::<Fq>::from_words(gather([a, b, c, d, e, f, g, h])).mul(Lanes::splat(Fq::ENTER));
    sums.reserve(pairs.len());
    for (group, [before, run]) in steps.drain(..).rev().enumerate() {
        let of = eight(pairs, 8 * group);
        let side = |side: usize| {
            let rows = each!(of, pair => row(bases, sums, pair[side]));
            let mut minus = 0;
            for (lane, pair) in of.into_iter().enumerate() {
                minus |= u8::from(pair[side] & MINUS != 0) << lane;
            }
            let x = Lanes::<Fq>::from_words(gather(each!(rows, row => &row.x))).wide();
            let y = Lanes::<Fq>::from_words(gather(each!(rows, row => &row.y))).wide();
            (x, y.negate_where(minus))
        };
        let ((x1, y1), (x2, y2)) = (side(0), side(1));
        let rise = y2.sub(y1).add(Wide::splat(Fq::P2)).carried();
        let slope = rise.mul(inverse.mul(before));
        inverse = inverse.mul(run);
        // Products are below 2.2 p, so these are below 6.2 p and 4.2 p.
        let x = slope
            .square()
            .wide()
            .add(Wide::splat(Fq::P4))
            .sub(x1)
            .sub(x2)
            .narrowed();
        let back = x1.sub(x.wide()).add(Wide::splat(Fq::P2)).carried();
        let y = slope.mul(back).wide().add(Wide::splat(Fq::P2)).sub(y1).narrowed();
        let rows = scatter(x.to_words()).into_iter().zip(scatter(y.to_words()));
        for (x, y) in rows.take(pairs.len() - 8 * group) {
            sums.push(Row { x, y });
        }
    }
    Ok(())
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn integers(elements: &[Fr]) -> Vec<[u64; 4]> {
    let elements = words(elements);
    let mut integers = Vec::with_capacity(elements.len());
    for chunk in elements.chunks(8) {
        let value = Lanes::<Fr>::from_words(gather(eight(chunk, 0)));
        let value = value.mul(Lanes::splat(Fr::INTEGER)).canonical();
        integers.extend(scatter(value.to_words()).into_iter().take(chunk.len()));
    }
    integers
}
