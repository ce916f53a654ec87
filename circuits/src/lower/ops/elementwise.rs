//! Operators that act on elements: activations, sums, scalings.

use super::*;

impl Lowering<'_> {
    pub(super) fn relu(&mut self, form: Form) -> Form {
        let order = form.order;
        let id = self.round(form, false);
        self.stored(id, order)
    }

    /// `relu(x) + by * relu(-x)`.
    pub(super) fn two_sided(&mut self, form: Form, by: f64) -> Form {
        let form = self.rounded(form);
        let range = form.range;
        let positive = self.relu(form.clone());
        let negative = self.relu(form.scale(-1.0)).scale(by);
        Form {
            range: range * by.abs().max(1.0),
            ..join(positive, negative)
        }
    }

    /// The form with its contraction rounded, so that it can be used more than once.
    pub(super) fn rounded(&mut self, form: Form) -> Form {
        match form.kind {
            Kind::Sum { .. } => form,
            Kind::Pending(_) => {
                let order = form.order;
                let id = self.round(form, true);
                self.stored(id, order)
            }
        }
    }

    pub(super) fn prelu(&mut self, node: &Node) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let form = self.rounded(form);
        let slope = self.constant(node, 1).ok_or("the slope must be constant")?.clone();
        let slope = per_channel(&slope, &form, self.shape(node, 0)).ok_or("the slope must be one per channel")?;
        let positive = self.relu(form.clone());
        let negative = self.relu(form.scale(-1.0));
        let scaled = self.channel_map(negative, slope.len(), &|o, c| if o == c { -slope[c] } else { 0.0 });
        let (_, parts) = self.parts(positive);
        let Kind::Pending(mut affine) = scaled.kind else {
            return Err("the slope could not be applied".into());
        };
        let axes = [Axis::identity(scaled.grid[1]), Axis::identity(scaled.grid[2])];
        affine.linear.extend(parts.into_iter().map(|part| Linear {
            part,
            axes: axes.clone(),
        }));
        Ok(Form {
            kind: Kind::Pending(affine),
            ..scaled
        })
    }

    pub(super) fn clip(&mut self, node: &Node, min: Option<f32>, max: Option<f32>) -> Result<Form, Refused> {
        let mut form = self.form(node, 0)?;
        let constant = |form: &Form, v: f64| vec![v; form.grid[0]];
        let low = min.map_or(0.0, f64::from);
        if min.is_some() {
            let by = constant(&form, -low);
            form = self.relu(form.add_bias(&by));
        }
        if let Some(max) = max {
            // min(x, m) = m - relu(m - x)
            let by = constant(&form, f64::from(max) - low);
            let over = self.relu(form.scale(-1.0).add_bias(&by));
            form = over.scale(-1.0).add_bias(&by);
            form.range = (f64::from(max) - low).abs().max(form.range);
        }
        let by = constant(&form, low);
        Ok(if low == 0.0 { form } else { form.add_bias(&by) })
    }

    /// `max(a, b) = b + relu(a - b)` for sign 1, `min(a, b) = a - relu(a - b)` for sign -1.
    pub(super) fn extremum(&mut self, node: &Node, sign: f64) -> Result<Form, Refused> {
        let (mut a, mut b) = (0, 1);
        if self.constant(node, 0).is_some() {
            (a, b) = (1, 0);
        }
        let first = self.form(node, a)?;
        let first = self.rounded(first);
        if let Some(constant) = self.constant(node, b).cloned() {
            let by =
                per_channel(&constant, &first, self.shape(node, a)).ok_or("the constant must be one per channel")?;
            // sign * relu(sign * (a - b)) + b is max(a, b) or min(a, b).
            let minus: Vec<f64> = by.iter().map(|v| -v).collect();
            let over = self.relu(first.add_bias(&minus).scale(sign));
            return Ok(over.scale(sign).add_bias(&by));
        }
        let second = self.form(node, b)?;
        let second = self.rounded(second);
        if first.grid != second.grid || first.order != second.order {
            return Err("the two shapes must be equal".into());
        }
        let difference = join(first, second.clone().scale(-1.0)).scale(sign);
        let over = self.relu(difference);
        Ok(join(over.scale(sign), second))
    }

    pub(super) fn add(&mut self, node: &Node, sign: f64) -> Result<Form, Refused> {
        for (constant, value, outer) in [(1, 0, sign), (0, 1, 1.0)] {
            let Some(tensor) = self.constant(node, constant).cloned() else {
                continue;
            };
            let form = self.form(node, value)?.scale(if value == 1 { sign } else { 1.0 });
            let by =
                per_channel(&tensor, &form, self.shape(node, value)).ok_or("the constant must be one per channel")?;
            return Ok(form.add_bias(&by.iter().map(|b| b * outer).collect::<Vec<_>>()));
        }
        let (a, b) = (self.form(node, 0)?, self.form(node, 1)?.scale(sign));
        let (a, b) = self.broadcast(a, b)?;
        if let (Kind::Sum { .. }, Kind::Sum { .. }) = (&a.kind, &b.kind) {
            return Ok(join(a, b));
        }
        // Two contractions cannot share an accumulator: the first is rounded.
        let both = matches!((&a.kind, &b.kind), (Kind::Pending(_), Kind::Pending(_)));
        let a = if both { self.rounded(a) } else { a };
        let (grid, order, range, name) = (a.grid, a.order, a.range + b.range, a.name.clone());
        let affine = a
            .into_affine()
            .add(b.into_affine(), grid)
            .ok_or("the operands could not be added")?;
        Ok(Form {
            grid,
            order,
            range,
            name,
            kind: Kind::Pending(affine),
        })
    }

    /// Makes two forms of one grid: an operand with one position is spread over the positions of the other.
    pub(super) fn broadcast(&mut self, a: Form, b: Form) -> Result<(Form, Form), Refused> {
        if a.grid == b.grid && a.order == b.order {
            return Ok((a, b));
        }
        let spread = |this: &mut Self, small: Form, large: &Form| {
            let fits = small.grid[0] == large.grid[0]
                && small.grid[1..]
                    .iter()
                    .zip(&large.grid[1..])
                    .all(|(s, l)| s == l || *s == 1);
            if !fits || small.order != large.order {
                return Err(format!(
                    "shapes {:?} and {:?} do not broadcast position-wise",
                    small.grid, large.grid
                ));
            }
            let axis = |from: usize, to: usize| Axis {
                kernel: 1,
                taps: (0..to).map(|p| vec![(0, if from == 1 { 0 } else { p })]).collect(),
            };
            let axes = [axis(small.grid[1], large.grid[1]), axis(small.grid[2], large.grid[2])];
            Ok(this.windows(small, axes, 1.0))
        };
        if a.grid[1] * a.grid[2] < b.grid[1] * b.grid[2] {
            let a = spread(self, a, &b)?;
            Ok((a, b))
        } else {
            let b = spread(self, b, &a)?;
            Ok((a, b))
        }
    }

    pub(super) fn mul(&mut self, node: &Node, divide: bool) -> Result<Form, Refused> {
        let (value, constant) = match (self.constant(node, 0), self.constant(node, 1)) {
            (_, Some(c)) => (0, c.clone()),
            (Some(c), None) if !divide => (1, c.clone()),
            _ => return Err("products and quotients of two activations are not supported".into()),
        };
        let form = self.form(node, value)?;
        let by = per_channel(&constant, &form, self.shape(node, value))
            .ok_or("the factor must be constant with one value per channel")?;
        let by: Vec<f64> = by.iter().map(|&b| if divide { 1.0 / b } else { b }).collect();
        if by.iter().any(|b| !b.is_finite()) {
            return Err("division by zero".into());
        }
        if by.windows(2).all(|w| w[0] == w[1]) {
            return Ok(form.scale(by.first().copied().unwrap_or(1.0)));
        }
        Ok(self.channel_map(form, by.len(), &|o, c| if o == c { by[c] } else { 0.0 }))
    }
}

/// A sum of two sums over the same grid.
pub(super) fn join(a: Form, b: Form) -> Form {
    let (
        Kind::Sum { mut parts, bias },
        Kind::Sum {
            parts: more,
            bias: other,
        },
    ) = (a.kind.clone(), b.kind)
    else {
        return a;
    };
    parts.extend(more);
    let bias = match (bias.is_empty(), other.is_empty()) {
        (_, true) => bias,
        (true, false) => other,
        (false, false) => bias.iter().zip(&other).map(|(x, y)| x + y).collect(),
    };
    Form {
        range: a.range + b.range,
        kind: Kind::Sum { parts, bias },
        ..a
    }
}

/// A constant that broadcasts over the positions of a value of this shape, as one value per channel.
pub(super) fn per_channel(constant: &onnx::Tensor, form: &Form, shape: &[usize]) -> Option<Vec<f64>> {
    let data: Vec<f64> = constant.data.iter().map(|&v| f64::from(v)).collect();
    let channels = form.grid[0];
    if let [v] = data[..] {
        return Some(vec![v; channels]);
    }
    // Channels are axis 1 of a grid, and the last axis of a row vector without positions.
    let axis = match grid(shape) {
        Ok((g, _)) if g == form.grid && shape.len() > 1 => 1,
        _ if form.grid[1] * form.grid[2] == 1 => shape.len().checked_sub(1)?,
        _ => return None,
    };
    // Numpy aligns the last axes.
    let at = (axis + constant.shape.len()).checked_sub(shape.len())?;
    (data.len() == channels && constant.shape.get(at) == Some(&channels)).then_some(data)
}
