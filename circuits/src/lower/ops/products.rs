//! Operators with constant matrices and kernels.

use super::*;

impl Lowering<'_> {
    pub(super) fn matmul(&mut self, node: &Node, out: &[usize]) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let weights = self
            .constant(node, 1)
            .ok_or("products of two activations are not supported")?
            .clone();
        let [inner, outer] = weights.shape[..] else {
            return Err("the constant operand must be a matrix".into());
        };
        let shape = self.graph.values[node.inputs[0]].shape.clone();
        let (form, parts) = self.parts(form);
        let elements: usize = form.grid.iter().product();
        let [c, h, w] = form.grid;
        let single = shape.iter().rev().skip(1).all(|&n| n == 1);
        let at = |k: usize, o: usize| f64::from(weights.data[k * outer + o]);
        if single && elements == inner {
            // The whole grid is one vector in channel-major order.
            let axes = [Axis::conv(h, h, 1, 1, 0, 1), Axis::conv(w, w, 1, 1, 0, 1)];
            let list = (0..outer)
                .flat_map(|o| (0..inner).map(move |k| (k, o)))
                .map(|(k, o)| at(k, o))
                .collect();
            let contraction = Contraction {
                parts,
                channels: c,
                axes,
                weights: list,
            };
            let affine = Affine {
                contraction: Some(contraction),
                bias: vec![],
                linear: vec![],
            };
            return Ok(Form {
                grid: [outer, 1, 1],
                order: Order::ChannelsFirst,
                kind: Kind::Pending(affine),
                ..form
            });
        }
        Err(format!(
            "product of shape {shape:?} with a matrix, giving {out:?}, is supported for one row"
        ))
    }

    pub(super) fn conv(&mut self, node: &Node, g: &Geometry<'_>, out: &[usize]) -> Result<Form, Refused> {
        let form = self.framed(node, 0)?;
        let weights = self.constant(node, 1).ok_or("the kernel must be constant")?.clone();
        let bias = match node.inputs.get(2) {
            Some(_) => Some(self.constant(node, 2).ok_or("the bias must be constant")?.clone()),
            None => None,
        };
        let axes = spatial_axes(g, &form, out)?;
        let (form, parts) = self.parts(form);
        let (channels, output) = (form.grid[0], out[1]);
        let kernel = axes[0].kernel * axes[1].kernel;
        let (per_in, per_out) = (channels / g.groups, output / g.groups);
        // Groups are zero weights outside of the group.
        let at = |o: usize, c: usize, k: usize| {
            if o / per_out != c / per_in {
                return 0.0;
            }
            let index = if g.transpose {
                c * per_out + o % per_out
            } else {
                o * per_in + c % per_in
            };
            f64::from(weights.data[index * kernel + k])
        };
        let list = (0..output).flat_map(|o| (0..channels).map(move |c| (o, c)));
        let list = list
            .flat_map(|(o, c)| (0..kernel).map(move |k| (o, c, k)))
            .map(|(o, c, k)| at(o, c, k))
            .collect();
        let grid = [output, axes[0].out(), axes[1].out()];
        let contraction = Contraction {
            parts,
            channels,
            axes,
            weights: list,
        };
        let mut affine = Affine {
            contraction: Some(contraction),
            bias: vec![],
            linear: vec![],
        };
        if let Some(bias) = bias {
            affine.add_bias(&bias.data.iter().map(|&b| f64::from(b)).collect::<Vec<_>>(), grid);
        }
        Ok(Form {
            grid,
            kind: Kind::Pending(affine),
            ..form
        })
    }
}
