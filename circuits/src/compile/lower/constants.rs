//! Sums and products with constants of any shape.

use super::*;
use crate::graph::float::broadcast_positions;
use std::collections::BTreeSet;

/// A constant on a grid. What the circuit looks like follows from its spread and magnitude, never from the values,
/// which may be secret.
pub(super) struct Constant {
    /// An element for each of the grid.
    values: Vec<f64>,
    spread: Spread,
    /// Largest magnitude, public.
    magnitude: f64,
    /// Whether the structure of the graph determines the values.
    pub(super) public: bool,
    /// The stored tensor, on the same grid, of a weight of which one element stands in several places: as weights each place
    /// would hold a copy of its own, and nothing would show that they are the same.
    pub(super) repeated: Option<Form>,
}

/// Which elements of a constant may differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spread {
    None,
    Channels,
    Elements,
}

impl Constant {
    /// A constant that the structure of the graph determines.
    pub(super) fn public(values: Vec<f64>, grid: [usize; 3]) -> Self {
        Self {
            spread: Spread::of(&values, grid),
            magnitude: values.iter().fold(0.0, |m: f64, v| m.max(v.abs())),
            values,
            public: true,
            repeated: None,
        }
    }

    /// Multiplied by a public number.
    pub(super) fn scale(mut self, by: f64) -> Self {
        self.values.iter_mut().for_each(|v| *v *= by);
        self.magnitude *= by.abs();
        self.repeated = self.repeated.map(|form| form.scale(by));
        self
    }

    pub(super) fn is_finite(&self) -> bool {
        self.values.iter().all(|v| v.is_finite())
    }

    /// As a term of an accumulator.
    fn elements(&self, grid: [usize; 3]) -> Affine {
        Contraction::constant(self.values.clone(), self.magnitude, self.public, grid).into()
    }

    fn per_channel(&self, grid: [usize; 3]) -> Vec<f64> {
        self.values.chunks(grid[1] * grid[2]).map(|c| c[0]).collect()
    }
}

impl Spread {
    fn of<T: PartialEq>(values: &[T], grid: [usize; 3]) -> Self {
        let same = |values: &[T]| values.windows(2).all(|v| v[0] == v[1]);
        match values.chunks(grid[1] * grid[2]).all(same) {
            true if same(values) => Self::None,
            true => Self::Channels,
            false => Self::Elements,
        }
    }
}

impl Lowering<'_> {
    /// The constant operands of a node with two inputs: a form and the constant on its grid, and whether the constant
    /// comes first. The form is broadcast to the result.
    pub(super) fn with_constant(&mut self, node: &Node) -> Result<Option<(Form, Constant, bool)>, Refused> {
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
            let broadcast = "the constant does not broadcast to the result";
            let data: Vec<f64> = constant.data.iter().map(|&v| f64::from(v)).collect();
            let numbers: Vec<usize> = (0..data.len()).collect();
            let sources = on_grid(&constant.shape, &numbers, &form, &to).ok_or(broadcast)?;
            let (spread, public) = (Spread::of(&sources, form.grid), self.is_public(node, other));
            let places = match spread {
                Spread::None | Spread::Channels => form.grid[0],
                Spread::Elements => sources.len(),
            };
            let several = sources.iter().collect::<BTreeSet<_>>().len() < places;
            let repeated = match self.is_shared(node, other) || several && !public {
                true => {
                    let stored = self.operand(node, other)?;
                    let stored = self.expanded(stored, &constant.shape, &to)?;
                    Some(self.arranged(stored, form.grid, &form.order))
                }
                false => None,
            };
            let constant = Constant {
                values: on_grid(&constant.shape, &data, &form, &to).ok_or(broadcast)?,
                spread,
                magnitude: self.magnitude(node.inputs[other]),
                public,
                repeated,
            };
            return Ok(Some((form, constant, value == 1)));
        }
        Ok(None)
    }

    /// Adds a constant.
    pub(super) fn add_constant(&mut self, form: Form, by: &Constant) -> Form {
        if let Some(stored) = &by.repeated {
            return self.total(form, stored.clone());
        }
        if by.spread != Spread::Elements {
            let bias = Bias {
                values: by.per_channel(form.grid),
                magnitude: by.magnitude,
                public: by.public,
            };
            return form.add_bias(&bias);
        }
        let (grid, order, name) = (form.grid, form.order.clone(), form.name.clone());
        let range = form.range + by.magnitude;
        let affine = form.into_affine().add(by.elements(grid));
        Form {
            grid,
            order,
            range,
            name,
            kind: Kind::Pending(affine),
        }
    }

    /// Multiplies by a constant. A public number becomes a coefficient, which the key of the circuit fixes; a secret one
    /// must not, so it is a weight of each channel.
    pub(super) fn multiply_constant(&mut self, form: Form, by: &Constant) -> Result<Form, Refused> {
        let range = form.range * by.magnitude;
        if let Some(stored) = &by.repeated {
            return match by.spread {
                Spread::None => self.times_number(form, stored, range),
                _ => Ok(self.product(form, stored.clone(), range)),
            };
        }
        let form = match by.spread {
            Spread::None if by.public => return Ok(self.scaled(form, by.values.first().copied().unwrap_or(1.0))),
            Spread::None | Spread::Channels => {
                let weights = by.per_channel(form.grid);
                self.channel_weights(form, weights, by.public)
            }
            Spread::Elements => {
                let constant = Form {
                    range: by.magnitude,
                    name: format!("{}/factors", form.name),
                    kind: Kind::Pending(by.elements(form.grid)),
                    ..form.clone()
                };
                self.product(form, constant, range)
            }
        };
        Ok(Form { range, ..form })
    }

    /// Multiplies by a constant per channel: a contraction with one channel in each group.
    fn channel_weights(&mut self, form: Form, weights: Vec<f64>, public: bool) -> Form {
        let (form, parts) = self.parts(form);
        let contraction = Contraction {
            parts,
            magnitude: 0.0,
            channels: form.grid[0],
            axes: form.identity(),
            groups: form.grid[0],
            weights,
            public,
        };
        Form {
            kind: Kind::Pending(contraction.into()),
            ..form
        }
    }

    /// Multiplies by a number; the factors of products of activations are powers of two, so others round them first.
    pub(super) fn scaled(&mut self, form: Form, by: f64) -> Form {
        let exact = octaves::is_power(by);
        let products = matches!(&form.kind, Kind::Pending(affine) if !affine.matrix_products.is_empty());
        match products && !exact {
            true => self.copied(form).scale(by),
            false => form.scale(by),
        }
    }

    /// Largest magnitude of a constant: its own if it is public, so that no recipe makes it vanish, else the recipe's.
    pub(super) fn magnitude(&self, id: usize) -> f64 {
        let value = &self.graph.values[id];
        match &value.constant {
            Some(constant) if value.public => constant.data.iter().fold(0.0, |m: f64, v| m.max(f64::from(v.abs()))),
            _ => self.ranges[id],
        }
    }

    /// An operand of either kind. A constant becomes a stored tensor on the grid of its shape, once for all that read it.
    pub(super) fn operand(&mut self, node: &Node, index: usize) -> Result<Form, Refused> {
        let id = *node.inputs.get(index).ok_or("an input is missing")?;
        let value = &self.graph.values[id];
        let Some(tensor) = &value.constant else {
            return self.form(node, index);
        };
        if let Some(form) = self.constants.get(&id) {
            return Ok(form.clone());
        }
        let values: Vec<f64> = tensor.data.iter().map(|&v| f64::from(v)).collect();
        let grid = grid(&value.shape);
        let range = self.magnitude(id);
        let affine = Contraction::constant(values, range, value.public, grid).into();
        let form = Form {
            grid,
            order: Order::Same,
            range,
            name: value.name.clone(),
            kind: Kind::Pending(affine),
        };
        let form = self.copied(form);
        self.constants.insert(id, form.clone());
        Ok(form)
    }
}

/// Data of a shape broadcast to another, as the elements of the form's grid.
fn on_grid<T: Copy + Default>(from: &[usize], data: &[T], form: &Form, to: &[usize]) -> Option<Vec<T>> {
    let mut values = vec![T::default(); to.iter().product()];
    for (i, value) in broadcast_positions((from, data), to).enumerate() {
        values[form.order.at(i)] = value?;
    }
    Some(values)
}
