//! `Resize` and `Upsample`: a constant map along each axis.

use super::maps::{along, Map};
use super::table::{one, Operator};
use super::Call;
use crate::graph::ValueId;
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};

pub const TABLE: &[Operator] = &[
    one(
        "Resize",
        resize,
        "constant sizes, scales and regions; before operator set 11 no downsampling by nearest elements",
    ),
    one(
        "Upsample",
        resize,
        "constant scales; no downsampling by nearest elements",
    ),
];

/// Where an element of the result lies in the input.
#[derive(Clone, Copy)]
enum Coordinates {
    HalfPixel,
    HalfPixelSymmetric,
    PytorchHalfPixel,
    /// Of nearest elements in tensorflow, before operator set 13.
    TfHalfPixelForNn,
    AlignCorners,
    Asymmetric,
    TfCropAndResize,
}

/// What an element between others is made of.
#[derive(Clone, Copy)]
enum Mode {
    Nearest(Nearest),
    Linear,
    Cubic(f64),
}

#[derive(Clone, Copy)]
enum Nearest {
    Floor,
    Ceil,
    PreferFloor,
    PreferCeil,
}

/// What holds for all axes.
#[derive(Clone, Copy)]
struct Method {
    coordinates: Coordinates,
    mode: Mode,
    antialias: bool,
    exclude_outside: bool,
    extrapolation: f64,
}

/// One axis.
#[derive(Clone, Copy)]
struct Line {
    input: usize,
    output: usize,
    scale: f64,
    region: (f64, f64),
}

fn method(call: &Call<'_>) -> Result<Method, Fault> {
    let old = call.op == "Upsample" || call.opset < 11;
    let coordinates = match call.attrs.string("coordinate_transformation_mode")? {
        _ if old => Coordinates::Asymmetric,
        "" | "half_pixel" => Coordinates::HalfPixel,
        "half_pixel_symmetric" => Coordinates::HalfPixelSymmetric,
        "pytorch_half_pixel" => Coordinates::PytorchHalfPixel,
        "tf_half_pixel_for_nn" if call.opset < 13 => Coordinates::TfHalfPixelForNn,
        "align_corners" => Coordinates::AlignCorners,
        "asymmetric" => Coordinates::Asymmetric,
        "tf_crop_and_resize" => Coordinates::TfCropAndResize,
        other => {
            return unsupported(
                format!("coordinate_transformation_mode `{other}` is unknown"),
                remedy::STANDARD,
            )
        }
    };
    let nearest = match call.attrs.string("nearest_mode")? {
        _ if old => Nearest::Floor,
        "" | "round_prefer_floor" => Nearest::PreferFloor,
        "round_prefer_ceil" => Nearest::PreferCeil,
        "floor" => Nearest::Floor,
        "ceil" => Nearest::Ceil,
        other => return unsupported(format!("nearest_mode `{other}` is unknown"), remedy::STANDARD),
    };
    let mode = match call.attrs.string("mode")? {
        "" | "nearest" => Mode::Nearest(nearest),
        "linear" | "bilinear" | "trilinear" => Mode::Linear,
        "cubic" if !old => Mode::Cubic(call.attrs.float("cubic_coeff_a")?.unwrap_or(-0.75).into()),
        other => return unsupported(format!("mode `{other}` is unknown"), remedy::STANDARD),
    };
    let antialias = call.attrs.flag("antialias", false)?;
    if antialias && matches!(mode, Mode::Nearest(_)) {
        return unsupported(
            "antialias of nearest elements, which has no meaning",
            "leave antialias out",
        );
    }
    Ok(Method {
        coordinates,
        mode,
        antialias,
        exclude_outside: call.attrs.flag("exclude_outside", false)?,
        extrapolation: call.attrs.float("extrapolation_value")?.unwrap_or(0.0).into(),
    })
}

/// Region, scales and sizes, of the axes that are resized.
type Given = (Vec<f32>, Vec<f32>, Vec<i64>);

fn given(call: &Call<'_>, b: &mut Builder) -> Result<Given, Fault> {
    if call.op == "Upsample" && call.opset < 9 {
        return Ok((
            vec![],
            call.attrs.floats("scales")?.unwrap_or_default().to_vec(),
            vec![],
        ));
    }
    if call.op == "Upsample" || call.opset < 11 {
        return Ok((vec![], call.floats(b, 1, "the scales")?.unwrap_or_default(), vec![]));
    }
    let region = call.floats(b, 1, "the region")?.unwrap_or_default();
    let scales = call.floats(b, 2, "the scales")?.unwrap_or_default();
    Ok((region, scales, call.ints(b, 3, "the sizes")?.unwrap_or_default()))
}

fn lines(call: &Call<'_>, b: &mut Builder, shape: &[usize]) -> Result<Vec<(usize, Line)>, Fault> {
    let (region, scales, sizes) = given(call, b)?;
    let axes = match call.attrs.ints("axes")? {
        Some(axes) => call.axes(axes, shape.len())?,
        None => (0..shape.len()).collect(),
    };
    let n = axes.len();
    let region = if region.len() == 2 * n {
        region
    } else {
        [vec![0.0; n], vec![1.0; n]].concat()
    };
    let own = |i: usize| axes.get(i).and_then(|&a| shape.get(a)).copied().unwrap_or(0);
    let mut lines = vec![];
    if scales.len() == n && sizes.is_empty() {
        for (i, &scale) in scales.iter().enumerate() {
            let scale = f64::from(scale);
            let output = (scale * own(i) as f64).floor();
            if !(scale > 0.0 && output >= 1.0) {
                return Err(call.shape_error(format!("a scale of {scale}")));
            }
            lines.push((size("scales", output as i64)?, scale));
        }
    } else if sizes.len() == n && scales.is_empty() {
        let ratio = |i: usize, wanted: i64| wanted as f64 / own(i) as f64;
        let ratios: Vec<f64> = sizes.iter().enumerate().map(|(i, &wanted)| ratio(i, wanted)).collect();
        let kept = match call.attrs.string("keep_aspect_ratio_policy")? {
            "" | "stretch" => None,
            "not_larger" => Some(ratios.iter().copied().fold(f64::INFINITY, f64::min)),
            "not_smaller" => Some(ratios.iter().copied().fold(0.0, f64::max)),
            other => {
                return unsupported(
                    format!("keep_aspect_ratio_policy `{other}` is unknown"),
                    remedy::STANDARD,
                )
            }
        };
        for (i, (&wanted, &ratio)) in sizes.iter().zip(&ratios).enumerate() {
            lines.push(match kept {
                None => (size("sizes", wanted)?, ratio),
                // Halves round up.
                Some(scale) => (size("sizes", (scale * own(i) as f64 + 0.5).floor() as i64)?, scale),
            });
        }
    } else {
        return Err(call.shape_error("one scale or one size for each resized axis is needed"));
    }
    let line = |(i, (output, scale)): (usize, (usize, f64))| {
        let at = |i: usize| region.get(i).copied().unwrap_or(0.0).into();
        let line = Line {
            input: own(i),
            output,
            scale,
            region: (at(i), at(n + i)),
        };
        (axes.get(i).copied().unwrap_or(0), line)
    };
    Ok(lines.into_iter().enumerate().map(line).collect())
}

fn resize(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let mut x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let method = method(call)?;
    let old = call.op == "Upsample" || call.opset < 11;
    for (axis, line) in lines(call, b, &shape)? {
        if line.output == 0 || line.input == 0 {
            return Err(call.shape_error("nothing is left"));
        }
        let same = line.output == line.input && line.scale == 1.0;
        if same && (line.region == (0.0, 1.0) || !matches!(method.coordinates, Coordinates::TfCropAndResize)) {
            continue;
        }
        if old && line.scale < 1.0 && matches!(method.mode, Mode::Nearest(_)) {
            return unsupported(
                "downsampling by nearest elements, which the text before operator set 11 does not define",
                remedy::CONVERT,
            );
        }
        let single =
            matches!(method.coordinates, Coordinates::PytorchHalfPixel) && line.scale * line.input as f64 == 1.0;
        if single && (method.antialias || matches!(method.mode, Mode::Cubic(_))) {
            return unsupported(
                "one element by pytorch_half_pixel, where the standard and its implementations differ",
                "use half_pixel",
            );
        }
        b.reserve(&[line.input, line.output], 1)?;
        let map = map(method, line);
        if map.rows.iter().flatten().any(|w| !w.is_finite()) {
            return unsupported("weights that are not finite", remedy::FINITE);
        }
        x = along(call, b, &format!("{axis}"), x, (axis, &map))?;
    }
    Ok(x)
}

/// The coordinate in the input of position `o`.
fn coordinate(method: Method, line: Line, o: usize) -> f64 {
    let (input, o, scale) = (line.input as f64, o as f64, line.scale);
    let length = scale * input;
    match method.coordinates {
        Coordinates::HalfPixel => (o + 0.5) / scale - 0.5,
        Coordinates::HalfPixelSymmetric => {
            let adjustment = line.output as f64 / length;
            input / 2.0 * (1.0 - adjustment) + (o + 0.5) / scale - 0.5
        }
        Coordinates::PytorchHalfPixel if length == 1.0 => -0.5,
        Coordinates::PytorchHalfPixel => (o + 0.5) / scale - 0.5,
        Coordinates::TfHalfPixelForNn => (o + 0.5) / scale,
        Coordinates::AlignCorners if length == 1.0 => 0.0,
        Coordinates::AlignCorners => o * (input - 1.0) / (length - 1.0),
        Coordinates::Asymmetric => o / scale,
        Coordinates::TfCropAndResize => {
            let (start, end) = line.region;
            let within = match length == 1.0 {
                true => (end - start) * (input - 1.0) / 2.0,
                false => o * (end - start) * (input - 1.0) / (length - 1.0),
            };
            start * (input - 1.0) + within
        }
    }
}

fn map(method: Method, line: Line) -> Map {
    let (mut rows, mut shift) = (vec![], vec![]);
    for o in 0..line.output {
        let x = coordinate(method, line, o);
        let outside = x < 0.0 || x > line.input as f64 - 1.0;
        let mut row = vec![0.0; line.input];
        if outside && matches!(method.coordinates, Coordinates::TfCropAndResize) {
            shift.push(method.extrapolation);
        } else {
            shift.push(0.0);
            fill(method, line, x, &mut row);
        }
        rows.push(row);
    }
    if shift.iter().all(|&s| s == 0.0) {
        shift.clear();
    }
    Map {
        rows,
        shift,
        from: vec![],
    }
}

/// Neighbours beyond the ends are the elements at the ends, or do not count.
fn fill(method: Method, line: Line, x: f64, row: &mut [f64]) {
    let last = line.input as i64 - 1;
    let mut taps = taps(method, line.scale, x);
    if method.exclude_outside {
        taps.retain(|(at, _)| (0..=last).contains(at));
        let sum: f64 = taps.iter().map(|tap| tap.1).sum();
        taps.iter_mut().for_each(|tap| tap.1 /= sum);
    }
    for (at, weight) in taps {
        if let Some(slot) = usize::try_from(at.clamp(0, last)).ok().and_then(|at| row.get_mut(at)) {
            *slot += weight;
        }
    }
}

/// Neighbours of a coordinate with their weights.
fn taps(method: Method, scale: f64, x: f64) -> Vec<(i64, f64)> {
    let below = x.floor();
    let (from, part) = (below as i64, x - below);
    // Antialiasing widens the window where the result is smaller.
    let scale = if method.antialias { scale.min(1.0) } else { 1.0 };
    let weighed = |reach: f64, weight: &dyn Fn(f64) -> f64| {
        let first = (x - reach / scale).floor() as i64;
        let all = first..=(x + reach / scale).ceil() as i64;
        let taps: Vec<(i64, f64)> = all.map(|i| (i, weight(((i as f64 - x) * scale).abs()))).collect();
        let sum: f64 = taps.iter().map(|tap| tap.1).sum();
        taps.into_iter().map(|(i, w)| (i, w / sum)).collect()
    };
    match method.mode {
        Mode::Nearest(nearest) => {
            let up = match nearest {
                Nearest::Floor => false,
                Nearest::Ceil => part > 0.0,
                Nearest::PreferFloor => part > 0.5,
                Nearest::PreferCeil => part >= 0.5,
            };
            vec![(from + i64::from(up), 1.0)]
        }
        Mode::Linear => weighed(1.0, &|d| (1.0 - d).max(0.0)),
        Mode::Cubic(a) => weighed(2.0, &|d| match d {
            d if d <= 1.0 => ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0,
            d if d < 2.0 => ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a,
            _ => 0.0,
        }),
    }
}
