//! Fourier transforms: constant linear maps.

use super::maps::{along, reshaped, Map};
use super::table::{one, Operator};
use super::Call;
use crate::graph::{Op, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{unsupported, Builder, Fault};
use std::f64::consts::TAU;

pub const TABLE: &[Operator] = &[
    one("DFT", dft, "constant length and axis"),
    one("STFT", stft, "constant step, length and window"),
];

/// Cosine and sine of the angle of a frequency at a position; the product is reduced first, so that it stays exact.
fn angle(frequency: usize, position: usize, length: usize) -> (f64, f64) {
    let turn = (frequency as u64 * position as u64 % length as u64) as f64 / length as f64;
    ((TAU * turn).cos(), (TAU * turn).sin())
}

/// What is transformed into what.
#[derive(Clone, Copy)]
struct Transform {
    /// Positions given, and those that count; frequencies that come out.
    given: usize,
    length: usize,
    out: usize,
    inverse: bool,
    onesided: bool,
}

/// Positions are pairs `[position, part]` of `parts` numbers each, as are results.
fn transform(t: Transform, parts: usize, results: usize) -> Map {
    let sign = if t.inverse { 1.0 } else { -1.0 };
    let share = if t.inverse { 1.0 / t.length as f64 } else { 1.0 };
    let mut rows = vec![];
    for (o, result) in (0..t.out).flat_map(|o| (0..results).map(move |r| (o, r))) {
        let mut row = vec![0.0; t.given * parts];
        for (i, slots) in row.chunks_mut(parts.max(1)).enumerate().take(t.length) {
            // Frequencies beyond the middle are conjugates of those before it.
            let middle = i == 0 || 2 * i == t.length;
            let twice = match t.inverse && t.onesided {
                true if 2 * i > t.length => 0.0,
                true if !middle => 2.0,
                _ => 1.0,
            };
            let (cos, sin) = angle(o, i, t.length);
            let (cos, sin) = (cos * share * twice, sign * sin * share * twice);
            // (cos + i sin) (real + i imaginary)
            let own = match result {
                0 => [cos, -sin],
                _ => [sin, cos],
            };
            slots.iter_mut().zip(own).for_each(|(slot, w)| *slot = w);
        }
        rows.push(row);
    }
    Map::public(rows)
}

fn dft(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let rank = shape.len();
    let axis = match call.opset {
        ..=19 => call.attrs.int("axis")?.unwrap_or(1),
        _ => call.number(b, 2, "the axis")?.map_or(-2, |a| a as i64),
    };
    let axis = call.axis(axis, rank)?;
    let (inverse, onesided) = (call.attrs.flag("inverse", false)?, call.attrs.flag("onesided", false)?);
    let (parts, given) = (
        shape.last().copied().unwrap_or(0),
        shape.get(axis).copied().unwrap_or(0),
    );
    if rank < 2 || axis + 1 == rank || !(1..=2).contains(&parts) || given == 0 {
        return Err(
            call.shape_error("the last axis must be of one or two numbers, real and imaginary, and not be transformed")
        );
    }
    if inverse && onesided && parts == 1 {
        return unsupported(
            "an inverse transform of one side of real numbers",
            "give the transform all of its elements, and cut after it",
        );
    }
    if onesided && !inverse && parts == 2 {
        return unsupported(
            "one side of the transform of complex numbers, which is not all of it",
            "give the transform all of its elements, and cut after it",
        );
    }
    let default = if inverse && onesided {
        2 * given as i64 - 2
    } else {
        given as i64
    };
    let length = call.number(b, 1, "the length")?.map_or(default, |n| n as i64);
    let length = size("dft_length", length)?;
    if length == 0 {
        return Err(call.shape_error("a transform of length 0"));
    }
    let (out, results) = match (inverse, onesided) {
        (false, true) => (length / 2 + 1, 2),
        (true, true) => (length, 1),
        _ => (length, 2),
    };
    b.reserve(&[given * parts, out * results], 1)?;
    let map = transform(
        Transform {
            given,
            length,
            out,
            inverse,
            onesided,
        },
        parts,
        results,
    );
    // The transformed axis beside the numbers.
    let others: Vec<usize> = (0..rank - 1).filter(|a| *a != axis).collect();
    let perm = [others.clone(), vec![axis, rank - 1]].concat();
    let straight = perm.iter().copied().eq(0..rank);
    let mut y = x;
    if !straight {
        y = b.emit(&call.origin, "turned", Op::Transpose { perm: perm.clone() }, &[y])?;
    }
    let kept: Vec<usize> = others.iter().filter_map(|&a| shape.get(a).copied()).collect();
    y = reshaped(call, b, "joined", y, [kept.clone(), vec![given * parts]].concat())?;
    y = along(call, b, "transformed", y, (kept.len(), &map))?;
    let split = [kept, vec![out, results]].concat();
    if straight {
        return reshaped(call, b, "", y, split);
    }
    y = reshaped(call, b, "split", y, split)?;
    let mut back = vec![0; rank];
    perm.iter()
        .enumerate()
        .for_each(|(to, &from)| back.iter_mut().skip(from).take(1).for_each(|p| *p = to));
    b.emit(&call.origin, "", Op::Transpose { perm: back }, &[y])
}

/// Windows of a signal, each transformed.
fn stft(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let (n, given, parts) = match *shape.as_slice() {
        [n, given] => (n, given, 1),
        [n, given, parts] if parts == 1 || parts == 2 => (n, given, parts),
        _ => return Err(call.shape_error("the signal must be of shape [batch, length, 1 or 2]")),
    };
    let onesided = call.attrs.flag("onesided", true)?;
    if onesided && parts == 2 {
        return unsupported(
            "one side of the transform of complex numbers, which is not all of it",
            "give the transform all of its elements, and cut after it",
        );
    }
    let step = size("frame_step", call.number(b, 1, "the step")?.unwrap_or(0.0) as i64)?;
    let window = call.floats(b, 2, "the window")?;
    let default = window.as_ref().map_or(given, Vec::len);
    let length = call.number(b, 3, "the length")?.map_or(default as i64, |l| l as i64);
    let length = size("frame_length", length)?;
    if step == 0 || length == 0 || length > given || window.as_ref().is_some_and(|w| w.len() != length) {
        return Err(call.shape_error("step, length and window do not fit the signal"));
    }
    let (frames, out) = (
        (given - length) / step + 1,
        if onesided { length / 2 + 1 } else { length },
    );
    b.reserve(&[frames, length], 1)?;
    b.reserve(&[length * parts, out * 2], 1)?;
    let mut map = transform(
        Transform {
            given: length,
            length,
            out,
            inverse: false,
            onesided,
        },
        parts,
        2,
    );
    for row in &mut map.rows {
        for (slots, factor) in row.chunks_mut(parts).zip(window.iter().flatten()) {
            slots.iter_mut().for_each(|slot| *slot *= f64::from(*factor));
        }
    }
    let y = reshaped(call, b, "signal", x, vec![n, given, parts])?;
    let op = Op::Gather {
        axis: 1,
        indices: (0..frames)
            .flat_map(|f| (0..length).map(move |i| f * step + i))
            .collect(),
        indices_shape: vec![frames, length],
    };
    let y = b.emit(&call.origin, "frames", op, &[y])?;
    let y = reshaped(call, b, "joined", y, vec![n, frames, length * parts])?;
    let y = along(call, b, "transformed", y, (2, &map))?;
    reshaped(call, b, "", y, vec![n, frames, out, 2])
}
