//! Elements between the elements of an image, at constant places: linear maps over all its positions.

use super::maps::{along, indices, number, reshaped, Map};
use super::table::{one, Operator};
use super::{deform, Call};
use crate::graph::{elements, Op, ReduceKind, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use std::collections::BTreeMap;

pub const TABLE: &[Operator] = &[
    one("AffineGrid", affine_grid, "constant size"),
    one(
        "DeformConv",
        deform::convolution,
        "two axes, constant offsets and masks",
    ),
    one("GridSample", grid_sample, "constant grid"),
    one("RoiAlign", roi_align, "constant regions"),
];

/// For each position of a result, which positions of an image count how much.
pub type Samples = Vec<Vec<(usize, f64)>>;

/// For each example `chosen`, its image `[c, ..]` sampled: `[chosen, c, samples]`.
pub fn sampled(
    call: &Call<'_>,
    b: &mut Builder,
    x: ValueId,
    (chosen, samples): (&[usize], Vec<Samples>),
    from: Vec<ValueId>,
) -> Result<ValueId, Fault> {
    let shape = b.shape(x)?.to_vec();
    let positions: usize = shape.iter().skip(2).product();
    let (n, c) = (shape.first().copied().unwrap_or(0), shape.get(1).copied().unwrap_or(0));
    let x = reshaped(call, b, "positions", x, vec![n, c, positions])?;
    let mut parts = vec![];
    for (i, (&example, samples)) in chosen.iter().zip(samples).enumerate() {
        let mut one = x;
        if n > 1 {
            let ranges = vec![(example, 1, 1), (0, c, 1), (0, positions, 1)];
            one = b.emit(&call.origin, &format!("{i}/image"), Op::Slice { ranges }, &[x])?;
        }
        b.reserve(&[samples.len(), positions], 1)?;
        let mut rows = vec![vec![0.0; positions]; samples.len()];
        for (row, sample) in rows.iter_mut().zip(samples) {
            for (at, weight) in sample {
                row.iter_mut().skip(at).take(1).for_each(|slot| *slot += weight);
            }
        }
        let map = Map {
            rows,
            shift: vec![],
            from: from.clone(),
        };
        parts.push(along(call, b, &format!("{i}/samples"), one, (2, &map))?);
    }
    match parts.as_slice() {
        [one] => Ok(*one),
        all => b.emit(&call.origin, "samples", Op::Concat { axis: 0 }, all),
    }
}

/// What lies beyond the borders.
#[derive(Clone, Copy, PartialEq)]
enum Padding {
    Zeros,
    Border,
    Reflection,
}

/// Turned around at the ends until it is between them.
fn reflected(x: f64, low: f64, high: f64) -> f64 {
    let range = high - low;
    let (beyond, below) = if x < low {
        (low - x, true)
    } else if x > high {
        (x - high, false)
    } else {
        return x;
    };
    if range <= 0.0 {
        return low;
    }
    let turns = (beyond / range).floor();
    let rest = beyond - turns * range;
    match (turns % 2.0 == 0.0) == below {
        true => low + rest,
        false => high - rest,
    }
}

/// The elements of one axis that a coordinate reads.
fn taps(x: f32, extent: usize, mode: &str, padding: Padding, corners: bool) -> Vec<(usize, f64)> {
    let last = extent as f64 - 1.0;
    let (low, high) = if corners { (0.0, last) } else { (-0.5, last + 0.5) };
    let mut x = f64::from(if mode == "nearest" { x.round_ties_even() } else { x });
    if x < low || x > high {
        x = match padding {
            Padding::Zeros => x,
            Padding::Border => x.clamp(0.0, last),
            Padding::Reflection => reflected(x, low, high),
        };
    }
    // As the grid, in 32 bits.
    let x = f64::from(x as f32);
    let below = x.floor();
    let part = x - below;
    let all: Vec<(f64, f64)> = match mode {
        "nearest" => vec![(x.trunc(), 1.0)],
        "cubic" => {
            let a = -0.75;
            let outer = |d: f64| ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a;
            let inner = |d: f64| ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
            let weights = [outer(part + 1.0), inner(part), inner(1.0 - part), outer(2.0 - part)];
            weights
                .into_iter()
                .enumerate()
                .map(|(i, w)| (below - 1.0 + i as f64, w))
                .collect()
        }
        _ => vec![(below, 1.0 - part), (below + 1.0, part)],
    };
    let place = |at: f64| match padding {
        Padding::Zeros => (0.0..=last).contains(&at).then_some(at),
        Padding::Border => Some(at.clamp(0.0, last)),
        Padding::Reflection => Some(reflected(at, low, high).trunc().clamp(0.0, last)),
    };
    let placed = all.into_iter().filter_map(|(at, w)| Some((place(at)? as usize, w)));
    placed.filter(|(_, w)| *w != 0.0).collect()
}

/// Taps of all axes together, each element once: no more than the image has.
pub fn product(axes: &[Vec<(usize, f64)>], spatial: &[usize]) -> Vec<(usize, f64)> {
    let mut all = vec![(vec![], 1.0)];
    for own in axes {
        let mut taps: BTreeMap<usize, f64> = BTreeMap::new();
        own.iter().for_each(|(at, w)| *taps.entry(*at).or_default() += w);
        let longer = |(at, w): &(Vec<usize>, f64)| {
            let (at, w) = (at.clone(), *w);
            taps.iter()
                .map(move |(i, v)| ([at.clone(), vec![*i]].concat(), w * v))
                .collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all.into_iter().map(|(at, w)| (number(&at, spatial), w)).collect()
}

pub fn finite(data: Vec<f32>, what: &str) -> Result<Vec<f32>, Fault> {
    match data.iter().all(|x| x.is_finite()) {
        true => Ok(data),
        false => unsupported(format!("{what} with numbers that are not finite"), remedy::FINITE),
    }
}

fn grid_sample(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let (to, grid) = call.known(b, 1, "the grid")?;
    let (to, grid) = (to.to_vec(), finite(grid.clone().into_floats(), "a grid")?);
    let mode = match call.attrs.string("mode")? {
        "" | "linear" | "bilinear" => "linear",
        "cubic" | "bicubic" => "cubic",
        "nearest" => "nearest",
        other => return unsupported(format!("mode `{other}` is unknown"), remedy::STANDARD),
    };
    let padding = match call.attrs.string("padding_mode")? {
        "" | "zeros" => Padding::Zeros,
        "border" => Padding::Border,
        "reflection" => Padding::Reflection,
        other => return unsupported(format!("padding_mode `{other}` is unknown"), remedy::STANDARD),
    };
    let corners = call.attrs.flag("align_corners", false)?;
    let spatial = shape.get(2..).unwrap_or_default().to_vec();
    let k = spatial.len();
    if k == 0 || to.len() != k + 2 || to.last() != Some(&k) || to.first() != shape.first() {
        return Err(call.shape_error(format!("a grid of shape {to:?} for {shape:?}")));
    }
    let coordinate = |n: f32, extent: usize| match corners {
        true => (n + 1.0) / 2.0 * (extent as f32 - 1.0),
        false => ((n + 1.0) * extent as f32 - 1.0) / 2.0,
    };
    let point = |point: &[f32]| {
        // The last axis comes first.
        let axes = spatial.iter().zip(point.iter().rev());
        let axes: Vec<_> = axes
            .map(|(&d, &n)| taps(coordinate(n, d), d, mode, padding, corners))
            .collect();
        product(&axes, &spatial)
    };
    let n = shape.first().copied().unwrap_or(0);
    let points = grid.len() / (n * k).max(1);
    let (reach, positions) = (
        if mode == "cubic" { 4usize } else { 2 },
        elements(&spatial).unwrap_or(0),
    );
    let read = reach.saturating_pow(k as u32).min(positions.max(1));
    b.reserve(&[n, points, read], k as u64)?;
    let samples = grid
        .chunks((points * k).max(1))
        .map(|own| own.chunks(k).map(point).collect())
        .collect();
    let from = call.optional(1).into_iter().collect();
    let all: Vec<usize> = (0..n).collect();
    let y = sampled(call, b, x, (&all, samples), from)?;
    let to = [shape.get(..2).unwrap_or_default(), to.get(1..=k).unwrap_or_default()].concat();
    reshaped(call, b, "", y, to)
}

fn affine_grid(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let theta = call.required(0)?;
    let sizes = call.ints(b, 1, "the size")?.unwrap_or_default();
    let sizes: Vec<usize> = sizes.iter().map(|&d| size("size", d)).collect::<Result<_, _>>()?;
    let spatial = sizes.get(2..).unwrap_or_default().to_vec();
    let k = spatial.len();
    let n = sizes.first().copied().unwrap_or(0);
    if !(2..=3).contains(&k) || *b.shape(theta)? != [n, k, k + 1] || spatial.contains(&0) {
        return Err(call.shape_error("matrices that do not fit the size"));
    }
    let corners = call.attrs.flag("align_corners", false)?;
    if corners && spatial.contains(&1) {
        return unsupported(
            "align_corners with an axis of one element, which has no two corners",
            "repeat the element before it",
        );
    }
    let at = |i: usize, extent: usize| match corners {
        true => -1.0 + 2.0 * i as f64 / (extent as f64 - 1.0),
        false => (2.0 * i as f64 + 1.0) / extent as f64 - 1.0,
    };
    b.reserve(&[elements(&spatial).unwrap_or(usize::MAX), k + 1], 1)?;
    let row = |index: Vec<usize>| {
        let own = index.iter().zip(&spatial).rev().map(|(&i, &d)| at(i, d));
        own.chain([1.0]).collect()
    };
    let map = Map::public(indices(&spatial).map(row).collect());
    let y = along(call, b, "points", theta, (2, &map))?;
    let y = b.emit(&call.origin, "turned", Op::Transpose { perm: vec![0, 2, 1] }, &[y])?;
    reshaped(call, b, "", y, [vec![n], spatial, vec![k]].concat())
}

fn roi_align(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = <[usize; 4]>::try_from(b.shape(x)?).map_err(|_| call.shape_error("the input must have four axes"))?;
    let [n, c, h, w] = shape;
    let largest = match call.attrs.string("mode")? {
        "" | "avg" => false,
        "max" => true,
        other => return unsupported(format!("mode `{other}` is unknown"), remedy::STANDARD),
    };
    let half = match call.attrs.string("coordinate_transformation_mode")? {
        "output_half_pixel" => 0.0,
        "half_pixel" => 0.5,
        "" if call.opset < 16 => 0.0,
        "" => 0.5,
        other => {
            return unsupported(
                format!("coordinate_transformation_mode `{other}` is unknown"),
                remedy::STANDARD,
            )
        }
    };
    let whole = |name: &str, default: i64| size(name, call.attrs.int(name)?.unwrap_or(default));
    let (oh, ow) = (whole("output_height", 1)?, whole("output_width", 1)?);
    let ratio = whole("sampling_ratio", 0)?;
    let scale = f64::from(call.attrs.float("spatial_scale")?.unwrap_or(1.0));
    let examples = call.ints(b, 2, "the examples")?.unwrap_or_default();
    let examples: Vec<usize> = examples
        .iter()
        .map(|&i| size("batch_indices", i))
        .collect::<Result<_, _>>()?;
    let (regions_shape, regions) = call.known(b, 1, "the regions")?;
    let (regions_shape, regions) = (
        regions_shape.to_vec(),
        finite(regions.clone().into_floats(), "regions")?,
    );
    if regions_shape != [examples.len(), 4] || examples.iter().any(|&i| i >= n) || oh * ow == 0 {
        return Err(call.shape_error("regions that do not fit the examples"));
    }
    let (mut samples, mut taps) = (vec![], 0);
    for region in regions.chunks(4) {
        let at: Vec<f64> = region.iter().map(|&v| f64::from(v) * scale - half).collect();
        let &[x1, y1, x2, y2] = at.as_slice() else { continue };
        let least = |length: f64| if half == 0.0 { length.max(1.0) } else { length };
        let bins = [least(y2 - y1) / oh as f64, least(x2 - x1) / ow as f64];
        let count = bins.map(|bin| if ratio > 0 { ratio } else { bin.ceil().max(0.0) as usize });
        // The mean over rows of the mean over columns.
        b.reserve(&[oh, ow, count[0].saturating_add(count[1])], 4)?;
        let line = |start: f64, bin: f64, count: usize, p: usize, extent: usize| -> Vec<(usize, f64)> {
            let at = |i: usize| start + p as f64 * bin + (i as f64 + 0.5) * bin / count as f64;
            let taps = (0..count).flat_map(|i| clamped(at(i), extent));
            taps.map(|(at, weight)| (at, weight / count as f64)).collect()
        };
        let mut own = vec![];
        let counts = (4 * count[0]).saturating_mul(count[1]);
        taps = taps.max(counts);
        b.reserve(&[oh, ow, if largest { counts } else { 1 }], 4)?;
        for index in indices(&[oh, ow]) {
            let &[p, q] = index.as_slice() else { continue };
            if largest {
                let at = |start: f64, bin: f64, count: usize, p: usize, i: usize| {
                    start + p as f64 * bin + (i as f64 + 0.5) * bin / count as f64
                };
                for sample in indices(&count) {
                    let &[i, j] = sample.as_slice() else { continue };
                    let rows = clamped(at(y1, bins[0], count[0], p, i), h);
                    let columns = clamped(at(x1, bins[1], count[1], q, j), w);
                    let corners = rows
                        .iter()
                        .flat_map(|r| columns.iter().map(move |c| vec![(r.0 * w + c.0, r.1 * c.1)]));
                    let corners: Vec<Vec<(usize, f64)>> = corners.collect();
                    own.extend((0..4).map(|k| corners.get(k).cloned().unwrap_or_default()));
                }
                continue;
            }
            let (rows, columns) = (line(y1, bins[0], count[0], p, h), line(x1, bins[1], count[1], q, w));
            own.push(product(&[rows, columns], &[h, w]));
        }
        if largest && (own.len() != oh * ow * taps || taps == 0) {
            return unsupported("the largest of different numbers of samples", "give a sampling_ratio");
        }
        samples.push(own);
    }
    let from = call.optional(1).into_iter().collect();
    let mut y = sampled(call, b, x, (&examples, samples), from)?;
    if largest {
        // Of the four corners of each sample, by their weights.
        let y4 = reshaped(call, b, "corners", y, vec![examples.len(), c, oh * ow, taps])?;
        let op = Op::Reduce {
            kind: ReduceKind::Max,
            axes: vec![3],
            keepdims: false,
        };
        y = b.emit(&call.origin, "largest", op, &[y4])?;
    }
    reshaped(call, b, "", y, vec![examples.len(), c, oh, ow])
}

/// Linear taps of a coordinate of a region; up to one element beyond the ends is the end, further is nothing.
fn clamped(x: f64, extent: usize) -> Vec<(usize, f64)> {
    let last = extent as f64 - 1.0;
    if x < -1.0 || x > extent as f64 {
        return vec![];
    }
    let x = x.clamp(0.0, last);
    let (low, part) = (x.floor(), x - x.floor());
    vec![(low as usize, 1.0 - part), ((low + 1.0).min(last) as usize, part)]
}
