//! Window attributes of convolutions and pooling.

use super::Call;
use crate::graph::Axis;
use crate::onnx::build::{remedy, unsupported, Fault};

/// Attributes shared by convolutions and pooling, before padding is resolved.
#[derive(Clone)]
pub struct Geometry {
    pub kernel: Vec<usize>,
    pub strides: Vec<usize>,
    pub dilations: Vec<usize>,
    pub spatial: Vec<usize>,
}

impl Geometry {
    pub fn read(call: &Call<'_>, input: &[usize], kernel: &[usize]) -> Result<Self, Fault> {
        let spatial = input.get(2..).unwrap_or_default().to_vec();
        if spatial.is_empty() || spatial.len() != kernel.len() {
            return Err(call.shape_error(format!("input {input:?} and kernel {kernel:?} differ in rank")));
        }
        let declared = call.attrs.sizes("kernel_shape", kernel.len(), 0)?;
        if call.attrs.has("kernel_shape") && declared != kernel {
            return Err(call.shape_error(format!(
                "kernel_shape {declared:?} is not that of the weights, {kernel:?}"
            )));
        }
        let n = kernel.len();
        Ok(Self {
            kernel: kernel.to_vec(),
            strides: call.attrs.sizes("strides", n, 1)?,
            dilations: call.attrs.sizes("dilations", n, 1)?,
            spatial,
        })
    }

    /// The axes with explicit pads (all zero unless given).
    pub fn axes(&self, pads: &[(usize, usize)]) -> Vec<Axis> {
        let window = self.kernel.iter().zip(&self.strides).zip(&self.dilations);
        let all = self.spatial.iter().zip(pads).zip(window);
        all.map(|((&input, &pads), ((&kernel, &stride), &dilation))| Axis {
            input,
            kernel,
            stride,
            pads,
            dilation,
        })
        .collect()
    }

    /// `pads` or `auto_pad` as explicit pads.
    pub fn pads(&self, call: &Call<'_>) -> Result<Vec<(usize, usize)>, Fault> {
        let n = self.kernel.len();
        let none = vec![(0, 0); n];
        match call.attrs.string("auto_pad")? {
            "" | "NOTSET" => explicit_pads(call, n),
            "VALID" => Ok(none),
            mode @ ("SAME_UPPER" | "SAME_LOWER") => {
                let pads: Result<Vec<_>, _> = self
                    .axes(&none)
                    .into_iter()
                    .map(|axis| axis.same(mode == "SAME_UPPER"))
                    .collect();
                pads.map_err(|reason| call.shape_error(reason))
            }
            other => unsupported(format!("auto_pad `{other}` is unknown"), remedy::STANDARD),
        }
    }
}

fn explicit_pads(call: &Call<'_>, n: usize) -> Result<Vec<(usize, usize)>, Fault> {
    if call.attrs.ints("pads")?.is_some_and(|pads| pads.iter().any(|&p| p < 0)) {
        return unsupported("negative pads", "crop with Slice before it");
    }
    let pads = call.attrs.sizes("pads", 2 * n, 0)?;
    let (begin, end) = pads.split_at(n);
    Ok(begin.iter().copied().zip(end.iter().copied()).collect())
}
