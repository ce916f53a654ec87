use super::*;
use crate::program::{Axis, Step};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// A window that slides by `stride` over so many rows, with zeros around them.
fn axis(length: usize, kernel: usize, stride: usize, around: usize) -> Axis {
    let tap = |at: usize| move |k: usize| Some((k, (at + k).checked_sub(around)?));
    let taps = |at: usize| (0..kernel).filter_map(tap(at)).filter(|(_, i)| *i < length);
    let starts = (0..=length + 2 * around - kernel).step_by(stride);
    Axis {
        kernel,
        taps: starts.map(|at| taps(at).collect()).collect(),
    }
}

/// Each position reads what the one after it does too, with the same weights.
fn summed(axis: Axis) -> Axis {
    let pairs = axis.taps.windows(2).map(|pair| pair.concat());
    Axis {
        taps: pairs.collect(),
        ..axis
    }
}

fn contraction(
    channels: usize,
    outputs: usize,
    axes: [Axis; 2],
    weight: &mut dyn FnMut() -> i64,
) -> (Contraction, Tensor) {
    let out = Tensor {
        name: String::new(),
        channels: outputs,
        height: axes[0].taps.len(),
        width: axes[1].taps.len(),
        frac: 0,
        signed: true,
        step: Step::Input,
    };
    let kernel = axes[0].kernel * axes[1].kernel;
    let contraction = Contraction {
        parts: vec![],
        constant: 0,
        channels,
        axes,
        groups: 1,
        weights: (0..outputs * channels * kernel).map(|_| weight()).collect(),
        public: false,
    };
    (contraction, out)
}

/// Sums in floats are those of integers, up to the largest that are exact, and those that are larger are not taken.
#[test]
fn floats_are_exact() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let cases = [
        (1, 1, axis(1, 1, 1, 0), axis(1, 1, 1, 0)),
        (3, 5, axis(7, 3, 1, 1), axis(6, 3, 2, 1)),
        (7, 4, axis(5, 2, 1, 0), axis(5, 1, 1, 0)),
        (130, 9, axis(1, 1, 1, 0), axis(3, 3, 1, 2)),
        // Weights that are read at several places.
        (2, 3, summed(axis(4, 2, 1, 0)), summed(axis(3, 1, 1, 0))),
        // More than one round.
        (90, 6, axis(14, 3, 1, 1), axis(14, 3, 1, 1)),
    ];
    for (case, (channels, outputs, rows, columns)) in cases.into_iter().enumerate() {
        let (height, width) = ([1, 7, 5, 1, 4, 14][case], [1, 6, 5, 3, 3, 14][case]);
        let most = |axis: &Axis| axis.taps.iter().map(Vec::len).max().unwrap_or(0);
        let terms = (channels * most(&rows) * most(&columns)) as u64;
        // Both factors as large as may be, and less.
        for bits in [0, 1, 12, 26] {
            let most = ((1u64 << 53) / terms) >> bits;
            let (left, right) = (most.min(1 << 30), most / most.clamp(1, 1 << 30));
            let mut number = |most: u64| match rng.next_u32() % 4 {
                0 => most as i64,
                1 => -(most as i64),
                _ => (rng.next_u64() % (2 * most + 1)) as i64 - most as i64,
            };
            let source: Vec<i64> = (0..channels * height * width).map(|_| number(right)).collect();
            let (mut c, out) = contraction(channels, outputs, [rows.clone(), columns.clone()], &mut || number(left));
            c.weights.edit(|weights| weights[0] = left as i64);
            let at: Vec<usize> = (0..out.positions()).collect();
            assert!(dense(&c, at.len()) && exact(&c, &source), "{case} {bits}");
            let mut sums = [vec![-7; out.len()], vec![-7; out.len()]];
            let [by_floats, by_integers] = &mut sums;
            floats(by_floats, (&out, &at), &c, (&source, width));
            integers(by_integers, (&out, &at), &c, (&source, width));
            assert_eq!(by_floats, by_integers, "{case} {bits}");
        }
        let (mut large, _) = contraction(channels, outputs, [rows, columns], &mut || 1);
        large.weights.edit(|weights| weights[0] = ((1u64 << 53) / terms) as i64);
        assert!(exact(&large, &[1, -1]));
        large.weights.edit(|weights| weights[0] += 1);
        assert!(!exact(&large, &[1, -1]));
        large.weights.edit(|weights| weights[0] = -weights[0]);
        assert!(!exact(&large, &[1, -1]));
    }
}

/// Of windows of which little is there the floats would mostly add zeros.
#[test]
fn sparse_windows_are_left_to_integers() {
    let sparse = Axis {
        kernel: 5,
        taps: vec![vec![(0, 0)], vec![(1, 0)]],
    };
    let (c, out) = contraction(1, 1, [sparse, Axis::identity(1)], &mut || 1);
    assert!(!dense(&c, out.positions()));
}
