//! Sums of points: eight pairs at once.

use super::{Lanes, Vectors, Wide};
use crate::kernel::{row, Collision, Ref, MINUS};
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
pub type Step<K> = [<K as Vectors>::Lanes<Fq>; 2];

/// Sums of coordinates.
type WideOf<K> = <<K as Vectors>::Lanes<Fq> as Lanes<Fq>>::Wide;

/// Eight of a list that is not empty, from `start` on; the last one again where it ends.
fn eight<T>(list: &[T], start: usize) -> [&T; 8] {
    std::array::from_fn(|lane| &list[(start + lane).min(list.len() - 1)])
}

#[inline(always)]
pub fn rows<K: Vectors>(path: K, points: &[G1Affine]) -> Vec<Row> {
    let mut rows = Vec::with_capacity(points.len());
    for chunk in points.chunks(8) {
        let of = eight(chunk, 0);
        let (x, y) = (
            enter(path, of.map(|point| point.x)),
            enter(path, of.map(|point| point.y)),
        );
        for (x, y) in x.into_iter().zip(y).take(chunk.len()) {
            rows.push(Row { x, y });
        }
    }
    rows
}

/// Coordinates of rows.
#[inline(always)]
fn enter<K: Vectors>(path: K, coordinates: [Fq; 8]) -> [[u64; 4]; 8] {
    let [a, b, c, d, e, f, g, h] = words(&coordinates) else {
        return [[0; 4]; 8];
    };
    let value = path.gather::<Fq>([a, b, c, d, e, f, g, h]);
    value.mul(path.splat(Fq::ENTER)).wide().narrowed().scatter()
}

/// Elements of the library.
#[inline(always)]
fn leave<K: Vectors>(path: K, value: K::Lanes<Fq>) -> [Fq; 8] {
    let mut elements = [Fq::ZERO; 8];
    words_mut(&mut elements).copy_from_slice(&value.mul(path.splat(Fq::LEAVE)).canonical().scatter());
    elements
}

#[inline(always)]
pub fn points<K: Vectors>(path: K, rows: &[Row]) -> Vec<G1Affine> {
    let mut points = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(8) {
        let of = eight(chunk, 0);
        let x = leave(path, path.gather(of.map(|row| &row.x)));
        let y = leave(path, path.gather(of.map(|row| &row.y)));
        for (x, y) in x.into_iter().zip(y).take(chunk.len()) {
            points.push(G1Affine { x, y });
        }
    }
    points
}

#[inline(always)]
pub fn negated<K: Vectors>(path: K, row: Row) -> Row {
    let y = path.gather::<Fq>([&row.y; 8]);
    let [y, ..] = y.wide().negate_where(0xff).carried().scatter();
    Row { x: row.x, y }
}

#[inline(always)]
pub fn add<K: Vectors>(
    path: K,
    bases: &[Row],
    sums: &mut Vec<Row>,
    pairs: &[[Ref; 2]],
    steps: &mut Vec<Step<K>>,
) -> Result<(), Collision> {
    if pairs.is_empty() {
        return Ok(());
    }
    steps.clear();
    let groups = pairs.len().div_ceil(8);
    let mut product = path.splat(Fq::UNIT);
    for group in (0..groups).rev() {
        let of = eight(pairs, 8 * group);
        let [first, second] = [0, 1].map(|side| of.map(|pair| &row(bases, sums, pair[side]).x));
        let (first, second) = (path.gather::<Fq>(first).wide(), path.gather::<Fq>(second).wide());
        // At most 4 p; the product stays below 2.2 p.
        let run = second.sub(first).plus(Fq::P2).carried();
        steps.push([product, run]);
        product = product.mul(run);
    }
    let mut inverses = leave(path, product);
    if inverses.iter().any(|product| bool::from(product.is_zero())) {
        return Err(Collision);
    }
    inverses.iter_mut().batch_invert();
    let [a, b, c, d, e, f, g, h] = words(&inverses) else {
        return Err(Collision);
    };
    let mut inverse = path.gather::<Fq>([a, b, c, d, e, f, g, h]).mul(path.splat(Fq::ENTER));
    sums.reserve(pairs.len());
    for (group, [before, run]) in steps.drain(..).rev().enumerate() {
        let of = eight(pairs, 8 * group);
        let (x1, y1) = side(path, bases, sums, of, 0);
        let (x2, y2) = side(path, bases, sums, of, 1);
        let rise = y2.sub(y1).plus(Fq::P2).carried();
        let slope = rise.mul(inverse.mul(before));
        inverse = inverse.mul(run);
        // Products are below 2.2 p, so these are below 6.2 p and 4.2 p.
        let x = slope.square().wide().plus(Fq::P4).sub(x1).sub(x2).narrowed();
        let back = x1.sub(x.wide()).plus(Fq::P2).carried();
        let y = slope.mul(back).wide().plus(Fq::P2).sub(y1).narrowed();
        let rows = x.scatter().into_iter().zip(y.scatter());
        for (x, y) in rows.take(pairs.len() - 8 * group) {
            sums.push(Row { x, y });
        }
    }
    Ok(())
}

#[inline(always)]
pub fn double<K: Vectors>(path: K, rows: &mut [Row], steps: &mut Vec<Step<K>>) {
    steps.clear();
    let mut product = path.splat(Fq::UNIT);
    for chunk in rows.chunks(8).rev() {
        // At most 4 p; the product stays below 2.2 p.
        let y = path.gather::<Fq>(eight(chunk, 0).map(|row| &row.y)).wide();
        let run = y.add(y).carried();
        steps.push([product, run]);
        product = product.mul(run);
    }
    let mut inverses = leave(path, product);
    inverses.iter_mut().batch_invert();
    let [a, b, c, d, e, f, g, h] = words(&inverses) else {
        return;
    };
    let mut inverse = path.gather::<Fq>([a, b, c, d, e, f, g, h]).mul(path.splat(Fq::ENTER));
    for (chunk, [before, run]) in rows.chunks_mut(8).zip(steps.drain(..).rev()) {
        let of = eight(chunk, 0);
        let (x, y) = (
            path.gather::<Fq>(of.map(|row| &row.x)),
            path.gather::<Fq>(of.map(|row| &row.y)),
        );
        // A product is below 2.2 p, three of them below 6.6 p.
        let square = x.square().wide();
        let rise = square.add(square).add(square).carried();
        let slope = rise.mul(inverse.mul(before));
        inverse = inverse.mul(run);
        let (x, y) = (x.wide(), y.wide());
        let sum = slope.square().wide().plus(Fq::P4).sub(x).sub(x).narrowed();
        let back = x.sub(sum.wide()).plus(Fq::P2).carried();
        let y = slope.mul(back).wide().plus(Fq::P2).sub(y).narrowed();
        let doubled = sum.scatter().into_iter().zip(y.scatter());
        chunk
            .iter_mut()
            .zip(doubled)
            .for_each(|(row, (x, y))| *row = Row { x, y });
    }
}

/// One side of eight pairs: `x`, and `y` with the sign of each.
#[inline(always)]
fn side<K: Vectors>(
    path: K,
    bases: &[Row],
    sums: &[Row],
    pairs: [&[Ref; 2]; 8],
    side: usize,
) -> (WideOf<K>, WideOf<K>) {
    let rows = pairs.map(|pair| row(bases, sums, pair[side]));
    let mut minus = 0;
    for (lane, pair) in pairs.into_iter().enumerate() {
        minus |= u8::from(pair[side] & MINUS != 0) << lane;
    }
    let x = path.gather::<Fq>(rows.map(|row| &row.x)).wide();
    let y = path.gather::<Fq>(rows.map(|row| &row.y)).wide();
    (x, y.negate_where(minus))
}

#[inline(always)]
pub fn integers<K: Vectors>(path: K, elements: &[Fr]) -> Vec<[u64; 4]> {
    let elements = words(elements);
    let mut integers = Vec::with_capacity(elements.len());
    for chunk in elements.chunks(8) {
        let value = path.gather::<Fr>(eight(chunk, 0));
        let value = value.mul(path.splat(Fr::INTEGER)).canonical();
        integers.extend(value.scatter().into_iter().take(chunk.len()));
    }
    integers
}
