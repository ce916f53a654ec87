//! Operators over windows: pools, means, sums.

use super::*;

impl Lowering<'_> {
    /// A 1x1 contraction over channels.
    pub(super) fn channel_map(
        &mut self,
        form: Form,
        out: usize,
        public: bool,
        weight: &dyn Fn(usize, usize) -> f64,
    ) -> Form {
        let (form, parts) = self.parts(form);
        let channels = form.grid[0];
        let weights = (0..out)
            .flat_map(|o| (0..channels).map(move |c| weight(o, c)))
            .collect();
        let contraction = Contraction {
            parts,
            magnitude: 0.0,
            channels,
            axes: form.identity(),
            groups: 1,
            weights,
            public,
        };
        Form {
            grid: [out, form.grid[1], form.grid[2]],
            kind: Kind::Pending(contraction.into()),
            ..form
        }
    }

    /// `coef * sum over windows`, per channel.
    pub(super) fn windows(&mut self, form: Form, axes: [Axis; 2], coef: f64) -> Form {
        let (form, parts) = self.terms(form);
        let grid = [form.grid[0], axes[0].out(), axes[1].out()];
        let range = form.range * coef.abs() * (axes[0].most_taps() * axes[1].most_taps()) as f64;
        let term = |p: Part| Linear {
            part: Part {
                coef: p.coef * coef,
                ..p
            },
            axes: axes.clone(),
        };
        let affine = Affine {
            linear: parts.into_iter().map(term).collect(),
            ..Affine::default()
        };
        Form {
            grid,
            range,
            kind: Kind::Pending(affine),
            ..form
        }
    }

    pub(super) fn max_pool(&mut self, form: Form, h: &Axis, w: &Axis) -> Form {
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
        let rounded = matches!(self.tensors[source].step, Step::Affine(_));
        if !disjoint(&rows) || !disjoint(&cols) || !rounded || self.neighbours.contains(&source) {
            // Overlapping windows, and pools of what is placed otherwise, read a copy in which each window has its own
            // elements.
            let unfold = |windows: &mut Vec<Vec<usize>>| {
                let taps: Vec<Vec<(usize, usize)>> = windows.iter().flatten().map(|&q| vec![(0, q)]).collect();
                let mut next = 0..taps.len();
                windows.iter_mut().flatten().for_each(|q| *q = next.next().unwrap_or(0));
                Axis { kernel: 1, taps }
            };
            let axes = [unfold(&mut rows), unfold(&mut cols)];
            let signed = self.tensors[source].signed;
            let form = self.stored(source, Order::Same);
            let copy = self.windows(form, axes, 1.0);
            source = self.round(copy, signed);
        }
        self.neighbours.push(source);
        let t = &self.tensors[source];
        let grid = [t.grid[0], rows.len(), cols.len()];
        let (name, signed, range) = (format!("{}/max", t.name), t.signed, t.range);
        let pool = MaxPool {
            tensor: source,
            rows,
            cols,
        };
        let id = self.push(name, grid, signed, range, Step::MaxPool(pool));
        self.stored(id, Order::Same)
    }

    /// Means over windows; padding counts or not.
    pub(super) fn average_pool(&mut self, form: Form, axes: [Axis; 2], padding: bool) -> Result<Form, Refused> {
        let full = |axis: &Axis| axis.taps.iter().all(|t| t.len() == axis.kernel);
        if padding || axes.iter().all(full) {
            let count = (axes[0].kernel * axes[1].kernel) as f64;
            return Ok(self.windows(form, axes, 1.0 / count));
        }
        let share = |c: &Vec<(usize, usize)>| 1.0 / c.len() as f64;
        let of_position: Vec<f64> = axes[0]
            .taps
            .iter()
            .flat_map(|y| axes[1].taps.iter().map(move |x| share(y) * share(x)))
            .collect();
        let shares = of_position.repeat(form.grid[0]);
        let sums = self.windows(form, axes, 1.0);
        let shares = Constant::public(shares, sums.grid);
        self.multiply_constant(sums, &shares)
    }
}

/// Height and width axes of a window operator; one-dimensional operators have height 1.
pub(super) fn spatial(op: &Op, form: &Form, out: &[usize]) -> Result<[Axis; 2], Refused> {
    let window = op.window().ok_or("the operator has no window")?;
    let rank = window.kernel.len();
    if !(1..=2).contains(&rank) || out.len() != rank + 2 {
        return Err("one or two spatial axes are supported".into());
    }
    // The grid joins the batch and the channels.
    if out[0] != 1 {
        return Err("windows over a batch of more than one are not supported".into());
    }
    for (kernel, out) in window.kernel.iter().zip(&out[2..]) {
        limited(&[*kernel, *out])?;
    }
    let make = match op {
        Op::ConvTranspose { .. } => Axis::conv_transpose,
        _ => Axis::conv,
    };
    let axis = |spatial: usize, len: usize| {
        make(
            len,
            window.kernel[spatial],
            window.strides[spatial],
            window.dilations[spatial],
            window.pads[spatial].0,
            out[spatial + 2],
        )
    };
    let height = match rank {
        2 => axis(0, form.grid[1]),
        _ => Axis::identity(1),
    };
    Ok([height, axis(rank - 1, form.grid[2])])
}
