//! Operators over windows and axes: pools, means, reductions.

use super::*;

impl Lowering<'_> {
    /// A 1x1 contraction over channels.
    pub(super) fn channel_map(&mut self, form: Form, out: usize, weight: &dyn Fn(usize, usize) -> f64) -> Form {
        let (form, parts) = self.parts(form);
        let channels = form.grid[0];
        let weights = (0..out)
            .flat_map(|o| (0..channels).map(move |c| weight(o, c)))
            .collect();
        let contraction = Contraction {
            parts,
            channels,
            axes: form.identity(),
            weights,
        };
        let affine = Affine {
            contraction: Some(contraction),
            bias: vec![],
            linear: vec![],
        };
        Form {
            grid: [out, form.grid[1], form.grid[2]],
            kind: Kind::Pending(affine),
            ..form
        }
    }

    /// `coef * sum over windows`, per channel.
    pub(super) fn windows(&mut self, form: Form, axes: [Axis; 2], coef: f64) -> Form {
        let (form, parts) = self.parts(form);
        let grid = [form.grid[0], axes[0].out(), axes[1].out()];
        let taps = |axis: &Axis| axis.taps.iter().map(Vec::len).max().unwrap_or(0);
        let range = form.range * coef.abs() * (taps(&axes[0]) * taps(&axes[1])) as f64;
        let term = |p: Part| Linear {
            part: Part {
                coef: p.coef * coef,
                ..p
            },
            axes: axes.clone(),
        };
        let affine = Affine {
            contraction: None,
            bias: vec![],
            linear: parts.into_iter().map(term).collect(),
        };
        Form {
            grid,
            range,
            kind: Kind::Pending(affine),
            ..form
        }
    }

    pub(super) fn max_pool(&mut self, form: Form, h: &Axis, w: &Axis) -> Form {
        let order = form.order;
        let mut source = self.single(form);
        let indices = |axis: &Axis| {
            axis.taps
                .iter()
                .map(|t| t.iter().map(|&(_, q)| q).collect())
                .collect::<Vec<Vec<usize>>>()
        };
        let (mut rows, mut cols) = (indices(h), indices(w));
        let disjoint = |windows: &[Vec<usize>]| {
            let mut all: Vec<usize> = windows.iter().flatten().copied().collect();
            all.sort_unstable();
            all.windows(2).all(|w| w[0] != w[1])
        };
        let pool = matches!(self.tensors[source].step, Step::MaxPool(_));
        if !disjoint(&rows) || !disjoint(&cols) || pool || source == 0 || self.pooled.contains(&source) {
            // Overlapping windows, pools of pools and of the input (whose rows are fixed) read a copy in which each window has its own elements.
            let unfold = |windows: &mut Vec<Vec<usize>>| {
                let taps: Vec<Vec<(usize, usize)>> = windows.iter().flatten().map(|&q| vec![(0, q)]).collect();
                let mut next = 0..taps.len();
                windows.iter_mut().flatten().for_each(|q| *q = next.next().unwrap_or(0));
                Axis { kernel: 1, taps }
            };
            let axes = [unfold(&mut rows), unfold(&mut cols)];
            let signed = self.tensors[source].signed;
            let form = self.stored(source, order);
            let copy = self.windows(form, axes, 1.0);
            source = self.round(copy, signed);
        }
        self.pooled.push(source);
        let t = &self.tensors[source];
        let grid = [t.grid[0], rows.len(), cols.len()];
        let (name, signed, range) = (format!("{}/max", t.name), t.signed, t.range);
        self.tensors.push(Tensor {
            name,
            grid,
            signed,
            range,
            step: Step::MaxPool(MaxPool {
                tensor: source,
                rows,
                cols,
            }),
        });
        self.stored(self.tensors.len() - 1, order)
    }

    pub(super) fn reduce(&mut self, node: &Node, kind: ReduceKind, axes: &[usize]) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let rank = self.graph.values[node.inputs[0]].shape.len();
        if form.order != Order::ChannelsFirst {
            return Err("reductions of channels-last values are not supported".into());
        }
        // Grid axes: channel 1, then height and width at the end.
        let on = |axis: usize| axes.contains(&axis);
        let shape = self.shape(node, 0);
        let framed = grid(shape).is_ok_and(|(g, _)| g == form.grid);
        // The one axis of a flattened value is all three.
        let flat = !framed && shape.iter().rev().skip(1).all(|&n| n == 1) && on(rank - 1);
        if !framed && !flat {
            return Err(format!(
                "this reduction of a flattened shape {shape:?} is not supported"
            ));
        }
        let (channel, width) = (flat || rank == 1 || on(1), flat || rank > 2 && on(rank - 1));
        let height = if rank > 3 { on(rank - 2) } else { width };
        let whole = |len: usize, reduced: bool| {
            if !reduced {
                return Axis::identity(len);
            }
            Axis {
                kernel: len,
                taps: vec![(0..len).map(|q| (q, q)).collect()],
            }
        };
        let windows = [whole(form.grid[1], height), whole(form.grid[2], width)];
        let count = (if height { form.grid[1] } else { 1 }) * (if width { form.grid[2] } else { 1 });
        let coef = |n: usize| if kind == ReduceKind::Mean { 1.0 / n as f64 } else { 1.0 };
        match kind {
            ReduceKind::Max | ReduceKind::Min if channel => {
                Err("maximum and minimum over channels are not supported".into())
            }
            ReduceKind::Max => Ok(self.max_pool(form, &windows[0], &windows[1])),
            ReduceKind::Min => {
                let negated = self.single(form.scale(-1.0));
                let form = self.stored(negated, Order::ChannelsFirst);
                Ok(self.max_pool(form, &windows[0], &windows[1]).scale(-1.0))
            }
            ReduceKind::Sum | ReduceKind::Mean => {
                let range = if kind == ReduceKind::Sum {
                    self.ranges[node.output]
                } else {
                    form.range
                };
                let mut form = if height || width {
                    self.windows(form, windows, coef(count))
                } else {
                    form
                };
                if channel {
                    let n = form.grid[0];
                    form = self.channel_map(form, 1, &|_, _| coef(n));
                }
                Ok(Form {
                    range: range.max(self.ranges[node.output]),
                    ..form
                })
            }
        }
    }
}

pub(super) struct Geometry<'a> {
    pub(super) kernel: &'a [usize],
    pub(super) strides: &'a [usize],
    pub(super) pads: &'a [(usize, usize)],
    pub(super) dilations: &'a [usize],
    pub(super) groups: usize,
    pub(super) transpose: bool,
}

/// Height and width axes of a window operator; one-dimensional operators have height 1.
pub(super) fn spatial_axes(g: &Geometry<'_>, form: &Form, out: &[usize]) -> Result<[Axis; 2], Refused> {
    let rank = g.kernel.len();
    if !(1..=2).contains(&rank) || out.len() != rank + 2 || form.order != Order::ChannelsFirst {
        return Err("one or two spatial axes are supported".into());
    }
    let axis = |spatial: usize, len: usize| {
        let make = if g.transpose { Axis::conv_transpose } else { Axis::conv };
        make(
            len,
            g.kernel[spatial],
            g.strides[spatial],
            g.dilations[spatial],
            g.pads[spatial].0,
            out[spatial + 2],
        )
    };
    let height = if rank == 2 {
        axis(0, form.grid[1])
    } else {
        Axis::identity(1)
    };
    Ok([height, axis(rank - 1, form.grid[2])])
}

pub(super) fn spatial(
    kernel: &[usize],
    strides: &[usize],
    pads: &[(usize, usize)],
    dilations: &[usize],
    form: &Form,
    out: &[usize],
) -> Result<[Axis; 2], Refused> {
    spatial_axes(
        &Geometry {
            kernel,
            strides,
            pads,
            dilations,
            groups: 1,
            transpose: false,
        },
        form,
        out,
    )
}
