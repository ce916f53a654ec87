//! Sums and products with constants of any shape.

use super::*;
use crate::float::broadcast_positions;

impl Lowering<'_> {
    /// The constant operands of a node with two inputs: a form and the elements of the constant on its grid, and
    /// whether the constant comes first. The form is broadcast to the result.
    pub(super) fn with_constant(&mut self, node: &Node) -> Result<Option<(Form, Vec<f64>, bool)>, Refused> {
        for (value, other) in [(0, 1), (1, 0)] {
            let Some(constant) = self.constant(node, other).cloned() else {
                continue;
            };
            let form = self.form(node, value)?;
            let (from, to) = (
                self.shape(node, value).to_vec(),
                self.graph.values[node.output].shape.clone(),
            );
            let form = self.expanded(form, &from, &to)?;
            let by = on_grid(&constant, &form, &to).ok_or("the constant does not broadcast to the result")?;
            return Ok(Some((form, by, value == 1)));
        }
        Ok(None)
    }

    /// Adds a constant per element of the grid.
    pub(super) fn add_constant(&mut self, form: Form, by: &[f64]) -> Form {
        if let Some(channels) = per_channel(by, form.grid) {
            return form.add_bias(&channels);
        }
        let (grid, order, name) = (form.grid, form.order.clone(), form.name.clone());
        let range = form.range + by.iter().fold(0.0, |m: f64, b| m.max(b.abs()));
        let mut affine = form.into_affine();
        affine.add_elements(by, grid);
        Form {
            grid,
            order,
            range,
            name,
            kind: Kind::Pending(affine),
        }
    }

    /// Multiplies by a constant per element of the grid.
    pub(super) fn multiply_constant(&mut self, form: Form, by: &[f64]) -> Form {
        let Some(channels) = per_channel(by, form.grid) else {
            let largest = by.iter().fold(0.0, |m: f64, b| m.max(b.abs()));
            let range = form.range * largest;
            let mut constant = Affine::default();
            constant.add_elements(by, form.grid);
            let constant = Form {
                range: largest,
                name: format!("{}/factors", form.name),
                kind: Kind::Pending(constant),
                ..form.clone()
            };
            return self.product(form, constant, range);
        };
        if channels.windows(2).all(|w| w[0] == w[1]) {
            return self.scaled(form, channels.first().copied().unwrap_or(1.0));
        }
        self.channel_map(form, channels.len(), &|o, c| if o == c { channels[c] } else { 0.0 })
    }

    /// Multiplies by a number; the factors of products of activations are powers of two, so others round them first.
    pub(super) fn scaled(&mut self, form: Form, by: f64) -> Form {
        let exact = by.abs().log2().fract() == 0.0;
        let products = matches!(&form.kind, Kind::Pending(affine) if !affine.pairings.is_empty());
        match products && !exact {
            true => self.copied(form).scale(by),
            false => form.scale(by),
        }
    }

    /// A constant as a stored tensor on the grid of its shape.
    pub(super) fn constant_tensor(&mut self, id: usize) -> Result<Form, Refused> {
        let value = &self.graph.values[id];
        let tensor = value.constant.as_ref().ok_or("this input must be constant")?;
        let values: Vec<f64> = tensor.data.iter().map(|&v| f64::from(v)).collect();
        let (grid, mut affine) = (grid(&value.shape), Affine::default());
        affine.add_elements(&values, grid);
        let form = Form {
            grid,
            order: Order::Same,
            range: values.iter().fold(0.0, |m: f64, v| m.max(v.abs())),
            name: value.name.clone(),
            kind: Kind::Pending(affine),
        };
        Ok(self.copied(form))
    }
}

/// A constant broadcast to a shape, as the elements of the form's grid.
fn on_grid(constant: &onnx::Tensor, form: &Form, shape: &[usize]) -> Option<Vec<f64>> {
    let mut values = vec![0.0; shape.iter().product()];
    for (i, value) in broadcast_positions((&constant.shape, &constant.data), shape).enumerate() {
        values[form.order.at(i)] = f64::from(value?);
    }
    Some(values)
}

/// One value per channel, if elements differ by channel only.
fn per_channel(values: &[f64], grid: [usize; 3]) -> Option<Vec<f64>> {
    let mut channels = values.chunks(grid[1] * grid[2]);
    let same = channels.clone().all(|c| c.iter().all(|v| *v == c[0]));
    same.then(|| channels.by_ref().map(|c| c[0]).collect())
}
