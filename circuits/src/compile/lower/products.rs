//! Operators with constant matrices and kernels.

use super::*;

impl Lowering<'_> {
    pub(super) fn matmul(&mut self, node: &Node) -> Result<Form, Refused> {
        let matrix = |t: &graph::Tensor| t.shape.len() == 2;
        let (first, second) = (self.constant(node, 0).cloned(), self.constant(node, 1).cloned());
        match (first, second) {
            (None, Some(weights)) if matrix(&weights) && !self.is_shared(node, 1) => {
                let form = self.form(node, 0)?;
                Ok(self.times_matrix(form, &weights, self.is_public(node, 1)))
            }
            (Some(weights), None) if matrix(&weights) && !self.is_shared(node, 0) => {
                let (form, shape) = (self.form(node, 1)?, self.shape(node, 1).to_vec());
                Ok(self.matrix_times(&weights, self.is_public(node, 0), form, &shape))
            }
            _ => self.matrix_product(node),
        }
    }

    /// Rows of a form by a matrix `[inner, outer]`: a contraction over channels, with one position for each row.
    fn times_matrix(&mut self, form: Form, weights: &graph::Tensor, public: bool) -> Form {
        let (inner, outer) = (weights.shape[0], weights.shape[1]);
        let rows = form.grid.iter().product::<usize>() / inner;
        let at = |o: usize, k: usize| f64::from(weights.data[k * outer + o]);
        if rows > 1 {
            let form = self.arranged(form, [inner, 1, rows], &Order::channels(rows, inner, 1));
            let mapped = self.channel_map(form, outer, public, &at);
            return Form {
                order: Order::channels(rows, outer, 1),
                ..mapped
            };
        }
        // The whole grid is one vector: the weights go where its elements are.
        let order = form.order.clone();
        let mut column = vec![0; inner];
        (0..inner).for_each(|k| column[order.at(k)] = k);
        let (form, parts) = self.parts(form);
        let [c, h, w] = form.grid;
        let contraction = Contraction {
            parts,
            magnitude: 0.0,
            channels: c,
            axes: [Axis::conv(h, h, 1, 1, 0, 1), Axis::conv(w, w, 1, 1, 0, 1)],
            groups: 1,
            weights: (0..outer).flat_map(|o| column.iter().map(move |&k| at(o, k))).collect(),
            public,
        };
        Form {
            grid: [outer, 1, 1],
            order: Order::Same,
            kind: Kind::Pending(contraction.into()),
            ..form
        }
    }

    /// A matrix `[outer, inner]` by a form of shape `[.., inner, columns]`.
    fn matrix_times(&mut self, weights: &graph::Tensor, public: bool, form: Form, shape: &[usize]) -> Form {
        let (outer, inner) = (weights.shape[0], weights.shape[1]);
        let columns = if shape.len() > 1 { shape[shape.len() - 1] } else { 1 };
        let batch = form.grid.iter().product::<usize>() / (inner * columns);
        let form = self.arranged(
            form,
            [inner, 1, batch * columns],
            &Order::channels(batch, inner, columns),
        );
        let mapped = self.channel_map(form, outer, public, &|o, k| f64::from(weights.data[o * inner + k]));
        Form {
            order: Order::channels(batch, outer, columns),
            ..mapped
        }
    }

    pub(super) fn conv(&mut self, node: &Node, groups: usize, out: &[usize]) -> Result<Form, Refused> {
        let form = self.framed(node, 0)?;
        let weights = self.constant(node, 1).ok_or("the kernel must be constant")?.clone();
        let axes = spatial(&node.op, &form, out)?;
        let transposed = matches!(node.op, Op::ConvTranspose { .. });
        let (channels, output) = (form.grid[0], out[1]);
        let kernel = axes[0].kernel * axes[1].kernel;
        let (per_in, per_out) = (channels / groups, output / groups);
        let place = |o: usize, c: usize, k: usize| {
            let index = match transposed {
                true => (o / per_out * per_in + c) * per_out + o % per_out,
                false => o * per_in + c,
            };
            index * kernel + k
        };
        if self.is_shared(node, 1) {
            let kernel = self.operand(node, 1)?;
            let form = self.unfolded(form, kernel, &axes, [groups, per_out, per_in], &place)?;
            return self.add_bias(node, form);
        }
        let (form, parts) = self.parts(form);
        let at = |o: usize, c: usize, k: usize| f64::from(weights.data[place(o, c, k)]);
        let list = (0..output).flat_map(|o| (0..per_in).map(move |c| (o, c)));
        let list = list
            .flat_map(|(o, c)| (0..kernel).map(move |k| (o, c, k)))
            .map(|(o, c, k)| at(o, c, k))
            .collect();
        let grid = [output, axes[0].out(), axes[1].out()];
        let contraction = Contraction {
            parts,
            magnitude: 0.0,
            channels,
            axes,
            groups,
            weights: list,
            public: self.is_public(node, 1),
        };
        let form = Form {
            grid,
            kind: Kind::Pending(contraction.into()),
            ..form
        };
        self.add_bias(node, form)
    }

    /// The result of a convolution and its bias, if there is one.
    fn add_bias(&mut self, node: &Node, form: Form) -> Result<Form, Refused> {
        if node.inputs.len() < 3 {
            return Ok(form);
        }
        let bias = self.constant(node, 2).ok_or("the bias must be constant")?;
        if self.is_shared(node, 2) {
            let stored = self.operand(node, 2)?;
            let channels = form.grid[0];
            let stored = self.expanded(stored, &[1, channels, 1, 1], &[&[1], &form.grid[..]].concat())?;
            let stored = self.arranged(stored, form.grid, &form.order);
            return Ok(self.total(form, stored));
        }
        let bias = Bias {
            values: bias.data.iter().map(|&b| f64::from(b)).collect(),
            magnitude: self.magnitude(node.inputs[2]),
            public: self.is_public(node, 2),
        };
        Ok(form.add_bias(&bias))
    }
}
