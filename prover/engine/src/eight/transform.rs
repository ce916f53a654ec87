//! Transforms: eight of them, of every eighth row, in the lanes; then those of the eight results of each place.
//!
//! Rows go in and come out in order. With `n = 8 m`, lane `l` of place `j` is row `8j + l`, so one transform of `m` places, with the same
//! factors in all lanes, gives `X_l[k]`; and `y[k + mq] = sum_l w^(lk) X_l[k] w_8^(lq)`, for eight `k` at once after turning them.
//!
//! Bounds, in multiples of `p`: a product with a canonical factor is below `x / 84.6 + 2`, hence below 3 for all `x` that may be
//! multiplied; of a folded polynomial that is the first coefficient and as many products as there are folds, which are less than 28. Sums of four parts grow from `x` to `x + 3 (x / 84.6 + 2)`, from 12 of the shortest transforms: after nine rounds to less
//! than 80, which is [`MAX_K`].

use super::columns::{load, FORM};
use super::{Lanes, Vectors, Wide};
use crate::columns::Given;
use crate::limbs::{split, Constants, Limbs};
use crate::words::{words, words_mut};
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;

/// Smallest transform: eight places.
const MIN_K: u32 = 6;
/// Largest: places are at most four, and nine times four times as many.
const MAX_K: u32 = 22;

/// Eight values, and sums of them.
type Value<K> = <K as Vectors>::Lanes<Fr>;
type Sums<K> = <Value<K> as Lanes<Fr>>::Wide;
/// The values of all places.
pub type Values<K> = Vec<Value<K>>;

/// Powers of a root, in the form of factors.
#[derive(Debug)]
pub struct Twiddles {
    /// For each round of [`dft`], the shortest first: `w^i, w^2i, w^3i` for the places of a part.
    levels: Vec<Vec<[Limbs; 3]>>,
    /// The root of order 4.
    quarter: Limbs,
    /// The root of order 8, and its third power.
    eighth: [Limbs; 2],
    /// `w^(lk)` of lane `l` at place `k`, by places.
    turns: Vec<Fr>,
}

/// The limbs of an element of the library.
pub fn limbs(element: Fr) -> Limbs {
    match words(&[element]) {
        [words] => split(*words),
        _ => [0; 5],
    }
}

/// As a factor of elements of the library: `a 2^260`.
pub fn factor(element: Fr) -> Limbs {
    limbs(element * Fr::from(FORM))
}

impl Twiddles {
    pub fn new(omega: Fr, k: u32) -> Option<Self> {
        if !(MIN_K..=MAX_K).contains(&k) {
            return None;
        }
        let root = |order: u32| (order..k).fold(omega, |root, _| root.square());
        let places = k - 3;
        let level = |length: u32| {
            let powers = std::iter::successors(Some(Fr::ONE), |power| Some(power * root(length)));
            powers
                .take(1 << (length - 2))
                .map(|power| [power, power.square(), power.square() * power].map(factor))
                .collect()
        };
        let lengths = (3..=places).filter(|length| (places - length).is_multiple_of(2));
        let mut turns = Vec::with_capacity(1 << k);
        let mut step = Fr::ONE;
        for _ in 0..1 << places {
            turns.extend(std::iter::successors(Some(Fr::from(FORM)), |power| Some(power * step)).take(8));
            step *= omega;
        }
        Some(Self {
            levels: lengths.map(level).collect(),
            quarter: factor(root(2)),
            eighth: [factor(root(3)), factor(root(3).square() * root(3))],
            turns,
        })
    }
}

/// A transform of four rows: a macro because a call would copy them twice.
macro_rules! four {
    ([$a:expr, $b:expr, $c:expr, $d:expr], $quarter:expr) => {{
        let (a, b, c, d) = ($a, $b, $c, $d);
        let (e, f) = (a.add(c), b.add(d));
        let g = a.sub(c).plus(Fr::P3);
        let h = b.sub(d).plus(Fr::P3).carried().mul($quarter).wide();
        [
            e.add(f).carried(),
            g.add(h).carried(),
            e.sub(f).plus(Fr::P6).carried(),
            g.sub(h).plus(Fr::P3).carried(),
        ]
    }};
}

/// Where [`dft`] wants a place: its digits in base 4, the lowest of which says in which of the four parts it is, then in which part of that.
/// An odd power of 2 leaves a last digit in base 2.
fn position(mut place: usize, places: usize) -> usize {
    let (mut position, mut size) = (0, places);
    while size > 1 {
        let parts = size.min(4);
        size /= parts;
        position += place % parts * size;
        place /= parts;
    }
    position
}

/// The transform of the values that stand by [`position`], by those of four parts of them. Values are below `3 p`.
#[inline(always)]
pub fn dft<K: Vectors>(path: K, out: &mut [Value<K>], twiddles: &Twiddles, level: usize) {
    if let [a, b] = out {
        let (x, y) = (a.wide(), b.wide());
        (*a, *b) = (x.add(y).carried(), x.sub(y).plus(Fr::P3).carried());
        return;
    }
    let quarter = path.splat(twiddles.quarter);
    let (front, back) = out.split_at_mut(out.len() / 2);
    let ((first, second), (third, fourth)) = (front.split_at_mut(front.len() / 2), back.split_at_mut(back.len() / 2));
    if let ([a], [b], [c], [d]) = (&mut *first, &mut *second, &mut *third, &mut *fourth) {
        [*a, *b, *c, *d] = four!([a.wide(), b.wide(), c.wide(), d.wide()], quarter);
        return;
    }
    let below = level.saturating_sub(1);
    path.dft(first, twiddles, below);
    path.dft(second, twiddles, below);
    path.dft(third, twiddles, below);
    path.dft(fourth, twiddles, below);
    let places = first.iter_mut().zip(second).zip(third.iter_mut().zip(fourth));
    for (((a, b), (c, d)), [w, w2, w3]) in places.zip(&twiddles.levels[level]) {
        let (x, y) = (c.mul(path.splat(*w2)).wide(), d.mul(path.splat(*w3)).wide());
        [*a, *b, *c, *d] = four!([a.wide(), b.mul(path.splat(*w)).wide(), x, y], quarter);
    }
}

/// The transforms of eight values below `3 p`, at most `4.3 p`.
#[inline(always)]
fn eight<K: Vectors>(x: [Value<K>; 8], quarter: Value<K>, eighth: [Value<K>; 2]) -> [Value<K>; 8] {
    let [a, b, c, d, e, f, g, h] = x.map(Lanes::wide);
    let even = half::<K>([a.add(e), b.add(f), c.add(g), d.add(h)], quarter);
    let odd = half::<K>(
        [
            a.sub(e).plus(Fr::P3),
            b.sub(f).plus(Fr::P3).carried().mul(eighth[0]).wide(),
            c.sub(g).plus(Fr::P3).carried().mul(quarter).wide(),
            d.sub(h).plus(Fr::P3).carried().mul(eighth[1]).wide(),
        ],
        quarter,
    );
    let ([a, c, e, g], [b, d, f, h]) = (even, odd);
    [a, b, c, d, e, f, g, h]
}

/// The transform of four sums below `6 p`: at most `4.3 p`.
#[inline(always)]
fn half<K: Vectors>([a, b, c, d]: [Sums<K>; 4], quarter: Value<K>) -> [Value<K>; 4] {
    let (e, f) = (a.add(c).narrowed().wide(), b.add(d).narrowed().wide());
    let g = a.sub(c).plus(Fr::P6).narrowed().wide();
    let h = b.sub(d).plus(Fr::P6).carried().mul(quarter).wide();
    [
        e.add(f).carried(),
        g.add(h).carried(),
        e.sub(f).plus(Fr::P2).carried(),
        g.sub(h).plus(Fr::P3).carried(),
    ]
}

#[inline(always)]
pub fn transform<K: Vectors>(
    path: K,
    twiddles: &Twiddles,
    given: Given<'_>,
    after: Option<&[Fr]>,
    out: &mut [Fr],
    values: &mut Values<K>,
) {
    let places = twiddles.turns.len() / 8;
    // Rows are read in order, as memory gives them fastest, and values written where they are wanted.
    values.resize(places, path.splat([0; 5]));
    match given {
        Given::Rows(rows) => {
            for place in 0..places {
                values[position(place, places)] = load(path, rows, 8 * place);
            }
        }
        Given::Coset {
            coefficients,
            folds,
            before,
        } => {
            for place in 0..places {
                let mut sum = load(path, coefficients, 8 * place);
                for (fold, step) in folds.iter().zip(1..) {
                    let next = load(path, coefficients, 8 * (place + step * places));
                    sum = sum.wide().add(next.mul(path.splat(limbs(*fold))).wide()).carried();
                }
                values[position(place, places)] = sum.mul(load(path, before, 8 * place));
            }
        }
    }
    path.dft(values, twiddles, twiddles.levels.len().saturating_sub(1));

    let quarter = path.splat(twiddles.quarter);
    let eighth = [path.splat(twiddles.eighth[0]), path.splat(twiddles.eighth[1])];
    for (block, values) in values.chunks_exact(8).enumerate() {
        // By lanes, then by places; all below `3 p`.
        let mut turned = [[[0; 4]; 8]; 8];
        for (place, (value, turned)) in values.iter().zip(&mut turned).enumerate() {
            let turns = load(path, &twiddles.turns, 64 * block + 8 * place);
            *turned = value.mul(turns).scatter();
        }
        let mut lanes = [path.splat([0; 5]); 8];
        for (lane, value) in lanes.iter_mut().enumerate() {
            let [a, b, c, d, e, f, g, h] = &turned;
            let rows = [
                &a[lane], &b[lane], &c[lane], &d[lane], &e[lane], &f[lane], &g[lane], &h[lane],
            ];
            *value = path.gather(rows);
        }
        for (part, mut value) in eight::<K>(lanes, quarter, eighth).into_iter().enumerate() {
            let at = places * part + 8 * block;
            if let Some(after) = after {
                value = value.mul(load(path, after, at));
            }
            words_mut(&mut out[at..at + 8]).copy_from_slice(&value.canonical().scatter());
        }
    }
}
