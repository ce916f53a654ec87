//! `DeformConv`: a convolution whose taps lie between elements.

use super::geometry::Geometry;
use super::maps::{indices, number, reshaped};
use super::sample::{finite, product, sampled};
use super::windows::{self, Convolution};
use super::Call;
use crate::graph::{Op, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{Builder, Fault};

pub fn convolution(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let (x, w) = (call.required(0)?, call.required(1)?);
    let shape = <[usize; 4]>::try_from(b.shape(x)?).map_err(|_| call.shape_error("the input must have four axes"))?;
    let [n, c, h, width] = shape;
    let kernel = b.shape(w)?.get(2..).unwrap_or_default().to_vec();
    let geometry = Geometry::read(call, &shape, &kernel)?;
    let pads = geometry.pads(call)?;
    let axes = geometry.axes(&pads);
    let out: Result<Vec<usize>, String> = axes.iter().map(|axis| axis.output()).collect();
    let out = out.map_err(|reason| call.shape_error(reason))?;
    let &[oh, ow] = out.as_slice() else {
        return Err(call.shape_error("two spatial axes are supported"));
    };
    let (groups, parts) = (
        call.attrs.int("group")?.unwrap_or(1),
        call.attrs.int("offset_group")?.unwrap_or(1),
    );
    let (groups, parts) = (size("group", groups)?, size("offset_group", parts)?.max(1));
    let taps: usize = kernel.iter().product();
    let (offset_shape, offset) = call.known(b, 2, "the offsets")?;
    let fits = *offset_shape == [n, parts * taps * 2, oh, ow] && c % parts == 0;
    let offset = finite(offset.clone().into_floats(), "offsets")?;
    let mut from = vec![call.required(2)?];
    let mut mask = vec![1.0; n * parts * taps * oh * ow];
    let mut masked = true;
    if let Some(id) = call.optional(4) {
        let (shape, data) = call.known(b, 4, "the mask")?;
        masked = *shape == [n, parts * taps, oh, ow];
        mask = finite(data.clone().into_floats(), "a mask")?;
        from.push(id);
    }
    if !fits || !masked {
        return Err(call.shape_error("offsets or a mask that do not fit the result"));
    }
    b.reserve(&[n, parts, taps, oh * ow], 8)?;
    let at = |list: &[f32], index: &[usize], shape: &[usize]| list.get(number(index, shape)).copied().unwrap_or(0.0);
    let part = c / parts;
    let mut examples = vec![];
    for example in 0..n {
        let mut channels = vec![];
        for own in 0..parts {
            let mut samples = vec![];
            for index in indices(&[kernel[0], kernel[1], oh, ow]) {
                let &[ky, kx, p, q] = index.as_slice() else { continue };
                let tap = own * taps + ky * kernel[1] + kx;
                let place = |axis: usize, p: usize, k: usize| {
                    let shift = at(
                        &offset,
                        &[example, 2 * tap + axis, index[2], index[3]],
                        &[n, parts * taps * 2, oh, ow],
                    );
                    let line = axes[axis];
                    let whole = (p * line.stride + k * line.dilation) as f64 - line.pads.0 as f64;
                    linear(whole + f64::from(shift), line.input)
                };
                let weight = f64::from(at(&mask, &[example, tap, p, q], &[n, parts * taps, oh, ow]));
                let all = product(&[place(0, p, ky), place(1, q, kx)], &[h, width]);
                samples.push(all.into_iter().map(|(at, w)| (at, w * weight)).collect());
            }
            let ranges = vec![(example, 1, 1), (own * part, part, 1), (0, h, 1), (0, width, 1)];
            let whole = n == 1 && parts == 1;
            let image = match whole {
                true => x,
                false => b.emit(
                    &call.origin,
                    &format!("{example}/{own}/image"),
                    Op::Slice { ranges },
                    &[x],
                )?,
            };
            let named = Call {
                origin: crate::onnx::build::Origin {
                    node: call.origin.node.clone(),
                    onnx_op: call.origin.onnx_op.clone(),
                    output: format!("{}/{example}/{own}", call.origin.output),
                },
                inputs: call.inputs.clone(),
                ..*call
            };
            channels.push(sampled(&named, b, image, (&[0], vec![samples]), from.clone())?);
        }
        examples.push(match channels.as_slice() {
            [one] => *one,
            all => b.emit(
                &call.origin,
                &format!("{example}/channels"),
                Op::Concat { axis: 1 },
                all,
            )?,
        });
    }
    let x = match examples.as_slice() {
        [one] => *one,
        all => b.emit(&call.origin, "examples", Op::Concat { axis: 0 }, all)?,
    };
    // Taps are channels now.
    let x = reshaped(call, b, "taps", x, vec![n, c * taps, oh, ow])?;
    let of = b.shape(w)?.to_vec();
    let (outputs, per_group) = (of.first().copied().unwrap_or(0), of.get(1).copied().unwrap_or(0));
    let w = reshaped(call, b, "kernel", w, vec![outputs, per_group * taps, 1, 1])?;
    let conv = Convolution {
        geometry: Geometry {
            kernel: vec![1, 1],
            strides: vec![1, 1],
            dilations: vec![1, 1],
            spatial: vec![oh, ow],
        },
        pads: vec![(0, 0); 2],
        groups,
        output_padding: None,
    };
    let inputs: Vec<ValueId> = [x, w].into_iter().chain(call.optional(3)).collect();
    windows::convolution(call, b, &inputs, conv)
}

/// Linear taps; elements beyond the ends are 0.
fn linear(x: f64, extent: usize) -> Vec<(usize, f64)> {
    let (low, part) = (x.floor(), x - x.floor());
    let all = [(low, 1.0 - part), (low + 1.0, part)].into_iter();
    let inside = all.filter(|(at, w)| *w != 0.0 && (0.0..extent as f64).contains(at));
    inside.map(|(at, w)| (at as usize, w)).collect()
}
