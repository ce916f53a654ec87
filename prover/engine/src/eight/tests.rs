//! Vectors of each path at the bounds of what they hold, against the library.

use super::{Lanes, Vectors, Wide};
use crate::limbs::{Constants, MASK};
use crate::words::{words, words_mut};
use halo2curves::bn256::{Fq, Fr};
use halo2curves::ff::PrimeField;

/// Numbers at the bounds: 0, 1, the largest canonical value, and what fills the limbs of a lazy one.
const NUMBERS: [[u64; 4]; 16] = [
    [0; 4],
    [1, 0, 0, 0],
    [u64::MAX; 4],
    [u64::MAX, 0, 0, 0],
    [0, 0, 0, u64::MAX],
    [MASK, MASK << 52, u64::MAX, 1 << 63],
    [1 << 52, 1 << 40, 1 << 28, 1 << 16],
    [0x1234_5678_9abc_def0; 4],
    // Limbs whose products are halfway between two multiples of 2^52, or next to it.
    [1 << 51, 0, 0, 0],
    [1 << 51 | 1, 1 << 39 | 1 << 40, 1 << 27 | 1 << 28, 1 << 15],
    [(1 << 51) - 1, 0, 0, 0],
    [3, 0, 0, 0],
    [MASK - 1, (1 << 40) - 1, (1 << 28) - 1, (1 << 16) - 1],
    [MASK, 0, 0, 0],
    [0, (1 << 40) - 1, 0, 0],
    [1 << 26, 1 << 14, 1 << 2, 1 << 54],
];

/// Products of numbers up to `2^256 > 5 p`, each with each.
fn products<K: Vectors, M: Constants + PrimeField>(path: K) {
    let value = |words: [u64; 4]| {
        let word = |sum: M, word: u64| sum * M::from(2).pow([64]) + M::from(word);
        words.into_iter().rev().fold(M::ZERO, word)
    };
    let of = |lanes: K::Lanes<M>| {
        let mut elements = [M::ZERO; 8];
        words_mut(&mut elements).copy_from_slice(&lanes.canonical().scatter());
        elements
    };
    // `a b / 2^260`, read as `c 2^256`, is `a b / 2^516`.
    let power = |exponent: u64| M::from(2).pow([exponent]).invert().unwrap_or(M::ZERO);
    let (divisor, shrink) = (power(516), power(256));
    for start in 0..2 {
        for shift in 0..16 {
            let left: [[u64; 4]; 8] = std::array::from_fn(|lane| NUMBERS[8 * start + lane]);
            let right: [[u64; 4]; 8] = std::array::from_fn(|lane| NUMBERS[(lane + shift) % 16]);
            let (a, b) = (path.gather::<M>(left.each_ref()), path.gather::<M>(right.each_ref()));
            assert_eq!(a.scatter(), left);
            let (products, squares) = (of(a.mul(b)), of(a.square()));
            let difference = of(a.wide().sub(b.wide()).plus(M::P4).plus(M::P2).narrowed());
            let negated = of(b.wide().negate_where(0b1010_0110).plus(M::P4).narrowed());
            for lane in 0..8 {
                let (x, y) = (value(left[lane]), value(right[lane]));
                assert_eq!(products[lane], x * y * divisor);
                assert_eq!(squares[lane], x * x * divisor);
                assert_eq!(difference[lane], (x - y) * shrink);
                let sign = if 0b1010_0110 >> lane & 1 == 1 { -M::ONE } else { M::ONE };
                assert_eq!(negated[lane], sign * y * shrink);
                for product in [products[lane], squares[lane], difference[lane], negated[lane]] {
                    let words = words(&[product])[0];
                    assert!(words.iter().rev().lt(M::P.iter().rev()), "not canonical: {words:x?}");
                }
            }
        }
    }
}

/// Pseudo-random numbers below `2^256`: a product's sums take every size in between.
fn random<K: Vectors, M: Constants + PrimeField>(path: K) {
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state ^ state >> 31
    };
    for _ in 0..2000 {
        let left: [[u64; 4]; 8] = std::array::from_fn(|_| std::array::from_fn(|_| next()));
        let right: [[u64; 4]; 8] = std::array::from_fn(|_| std::array::from_fn(|_| next()));
        let (a, b) = (path.gather::<M>(left.each_ref()), path.gather::<M>(right.each_ref()));
        // (a + b)(a - b) = a^2 - b^2, all in lazy values.
        let sum = a.wide().add(b.wide()).carried();
        let difference = a.wide().sub(b.wide()).plus(M::P6).carried();
        let squares = a.square().wide().sub(b.square().wide()).plus(M::P3).narrowed();
        assert_eq!(sum.mul(difference).canonical().scatter(), squares.canonical().scatter());
    }
}

fn test<K: Vectors>(path: K) {
    products::<K, Fq>(path);
    products::<K, Fr>(path);
    random::<K, Fq>(path);
    random::<K, Fr>(path);
}

#[test]
fn products_at_the_bounds_are_the_librarys() {
    if let Some(path) = crate::ifma::Ifma::detect() {
        test(path);
    }
    if let Some(path) = crate::avx2::Avx2::detect() {
        test(path);
    }
}
