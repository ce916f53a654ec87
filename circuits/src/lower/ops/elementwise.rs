//! Operators that act on elements: activations, sums, products.

use super::*;

impl Lowering<'_> {
    pub(super) fn relu(&mut self, form: Form) -> Form {
        let order = form.order.clone();
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

    /// `relu(x) - slope * relu(-x)`.
    pub(super) fn prelu(&mut self, node: &Node) -> Result<Form, Refused> {
        let (form, slope, first) = self.with_constant(node)?.ok_or("the slope must be constant")?;
        if first {
            return Err("the slope must be constant".into());
        }
        let form = self.rounded(form);
        let positive = self.relu(form.clone());
        let negative = self.relu(form.scale(-1.0));
        let slope: Vec<f64> = slope.iter().map(|s| -s).collect();
        let scaled = self.multiply_constant(negative, &slope);
        Ok(self.total(positive, scaled))
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

    /// `max(a, b) = b + relu(a - b)` for sign 1, `min(a, b) = b - relu(b - a)` for sign -1.
    pub(super) fn extremum(&mut self, node: &Node, sign: f64) -> Result<Form, Refused> {
        if let Some((form, by, _)) = self.with_constant(node)? {
            let form = self.rounded(form);
            let minus: Vec<f64> = by.iter().map(|v| -v).collect();
            let difference = self.add_constant(form, &minus).scale(sign);
            let over = self.relu(difference);
            return Ok(self.add_constant(over.scale(sign), &by));
        }
        let (first, second) = self.operands(node)?;
        let (first, second) = (self.rounded(first), self.rounded(second));
        let difference = join(first, second.clone().scale(-1.0)).scale(sign);
        let over = self.relu(difference);
        Ok(join(over.scale(sign), second))
    }

    pub(super) fn add(&mut self, node: &Node, sign: f64) -> Result<Form, Refused> {
        if let Some((form, by, first)) = self.with_constant(node)? {
            let (form, outer) = if first { (form.scale(sign), 1.0) } else { (form, sign) };
            return Ok(self.add_constant(form, &by.iter().map(|b| b * outer).collect::<Vec<_>>()));
        }
        let (a, b) = self.operands(node)?;
        Ok(self.total(a, b.scale(sign)))
    }

    /// The sum of two forms that lie alike.
    pub(super) fn total(&mut self, a: Form, b: Form) -> Form {
        if let (Kind::Sum { .. }, Kind::Sum { .. }) = (&a.kind, &b.kind) {
            return join(a, b);
        }
        let (grid, order, range, name) = (a.grid, a.order.clone(), a.range + b.range, a.name.clone());
        let affine = a.into_affine().add(b.into_affine(), grid);
        Form {
            grid,
            order,
            range,
            name,
            kind: Kind::Pending(affine),
        }
    }

    pub(super) fn multiply(&mut self, node: &Node, divide: bool) -> Result<Form, Refused> {
        if let Some((form, mut by, first)) = self.with_constant(node)? {
            if divide && first {
                return Err("division by an activation is not supported".into());
            }
            if divide {
                by.iter_mut().for_each(|b| *b = b.recip());
            }
            if by.iter().any(|b| !b.is_finite()) {
                return Err("division by zero".into());
            }
            return Ok(self.multiply_constant(form, &by));
        }
        if divide {
            return Err("division by an activation is not supported".into());
        }
        let (a, b) = self.operands(node)?;
        Ok(self.product(a, b, self.ranges[node.output]))
    }

    /// The products of two forms that lie alike, their largest magnitude being `range`. The factors are brought to
    /// magnitudes up to one and rounded side by side into one tensor of twice the width.
    pub(super) fn product(&mut self, a: Form, b: Form, range: f64) -> Form {
        let [channels, height, width] = a.grid;
        let (grid, order, name) = (a.grid, a.order.clone(), a.name.clone());
        let wide = [channels, height, 2 * width];
        let mut factors = Affine::default();
        let mut exponent = 0;
        for (first, form) in [a, b].into_iter().enumerate() {
            let form = match &form.kind {
                Kind::Pending(affine) if !affine.pairings.is_empty() => self.copied(form),
                _ => form,
            };
            let bits = form.range.max(1e-6).log2().ceil() as i32;
            exponent += bits;
            let form = form.scale(2f64.powi(-bits));
            factors = factors.add(form.into_affine().spread(first, grid), wide);
        }
        let source = self.push(format!("{name}/factors"), wide, true, 1.0, Step::Affine(factors));
        self.neighbours.push(source);
        let unit = 2f64.powi(exponent);
        let id = self.push(
            format!("{name}/products"),
            grid,
            true,
            (range / unit).min(1.0),
            Step::Product(source),
        );
        Form {
            range,
            ..self.stored(id, order).scale(unit)
        }
    }

    /// Both operands of a node, broadcast to the result and lying alike.
    pub(super) fn operands(&mut self, node: &Node) -> Result<(Form, Form), Refused> {
        let to = self.graph.values[node.output].shape.clone();
        let mut forms = vec![];
        for index in 0..2 {
            let (form, from) = (self.form(node, index)?, self.shape(node, index).to_vec());
            forms.push(self.expanded(form, &from, &to)?);
        }
        let (Some(b), Some(a)) = (forms.pop(), forms.pop()) else {
            return Err("an input is missing".into());
        };
        if matches!((&a.kind, &b.kind), (Kind::Sum { .. }, Kind::Pending(_))) {
            let a = self.arranged(a, b.grid, &b.order);
            return Ok((a, b));
        }
        let b = self.arranged(b, a.grid, &a.order);
        Ok((a, b))
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
