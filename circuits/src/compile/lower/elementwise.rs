//! Operators that act on elements: activations, sums, products.

use super::*;
use crate::compile::quantize::magnitude;

impl Lowering<'_> {
    pub(super) fn relu(&mut self, form: Form) -> Form {
        let order = form.order.clone();
        let id = self.round(form, false);
        self.stored(id, order)
    }

    /// The form for an operator that reads it in two places.
    fn twice(&mut self, form: Form) -> Form {
        let form = self.rounded(form);
        self.settled(form)
    }

    /// `relu(x) + by * relu(-x)`.
    pub(super) fn two_sided(&mut self, form: Form, by: f64) -> Form {
        let form = self.twice(form);
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
        let form = self.twice(form);
        let positive = self.relu(form.clone());
        let negative = self.relu(form.scale(-1.0));
        let scaled = self.multiply_constant(negative, &slope.scale(-1.0))?;
        Ok(self.total(positive, scaled))
    }

    pub(super) fn clip(&mut self, node: &Node, min: Option<f32>, max: Option<f32>) -> Result<Form, Refused> {
        let mut form = self.form(node, 0)?;
        let add = |form: Form, v: f64| {
            let by = Bias {
                values: vec![v; form.grid[0]],
                magnitude: v.abs(),
                public: true,
            };
            match v == 0.0 {
                true => form,
                false => form.add_bias(&by),
            }
        };
        let low = min.map_or(0.0, f64::from);
        if min.is_some() {
            form = self.relu(add(form, -low));
        }
        if let Some(max) = max {
            // min(x, m) = m - relu(m - x)
            let by = f64::from(max) - low;
            let over = self.relu(add(form.scale(-1.0), by));
            form = add(over.scale(-1.0), by);
            form.range = (f64::from(max) - low).abs().max(form.range);
        }
        Ok(add(form, low))
    }

    /// `max(a, b) = b + relu(a - b)` for sign 1, `min(a, b) = b - relu(b - a)` for sign -1.
    pub(super) fn extremum(&mut self, node: &Node, sign: f64) -> Result<Form, Refused> {
        if (0..2).any(|index| self.is_public(node, index)) {
            if let Some((form, by, _)) = self.with_constant(node)? {
                let form = self.rounded(form);
                let by = by.scale(-1.0);
                let difference = self.add_constant(form, &by).scale(sign);
                let over = self.relu(difference);
                return Ok(self.add_constant(over.scale(sign), &by.scale(-1.0)));
            }
        }
        // A weight stands in two places here, so it is stored.
        let (first, second) = self.operands(node)?;
        let (first, second) = (self.rounded(first), self.twice(second));
        let difference = join(first, second.clone().scale(-1.0)).scale(sign);
        let over = self.relu(difference);
        Ok(join(over.scale(sign), second))
    }

    pub(super) fn add(&mut self, node: &Node, sign: f64) -> Result<Form, Refused> {
        if let Some((form, by, first)) = self.with_constant(node)? {
            let (form, outer) = if first { (form.scale(sign), 1.0) } else { (form, sign) };
            return Ok(self.add_constant(form, &by.scale(outer)));
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
        let affine = a.into_affine().add(b.into_affine());
        Form {
            grid,
            order,
            range,
            name,
            kind: Kind::Pending(affine),
        }
    }

    pub(super) fn multiply(&mut self, node: &Node) -> Result<Form, Refused> {
        if let Some(index) = self.mask(node) {
            return self.covered(node, index);
        }
        if let Some((form, by, _)) = self.with_constant(node)? {
            return match by.is_finite() {
                true => self.multiply_constant(form, &by),
                false => Err("a factor is not finite; is there a division by zero?".into()),
            };
        }
        let (a, b) = self.operands(node)?;
        Ok(self.product(a, b, self.ranges[node.output]))
    }

    /// The products of two forms that lie alike, their largest magnitude being `range`. The factors are brought to
    /// magnitudes up to one and rounded side by side into one tensor of twice the width.
    pub(super) fn product(&mut self, a: Form, b: Form, range: f64) -> Form {
        let (grid, order, name) = (a.grid, a.order.clone(), a.name.clone());
        let bits = [a.range, b.range].map(exponent);
        let source = self.side_by_side(format!("{name}/factors"), [(a, bits[0]), (b, bits[1])]);
        let unit = 2f64.powi(bits[0] + bits[1]);
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

    /// The quotients of an activation or a constant by an activation.
    pub(super) fn divide(&mut self, node: &Node) -> Result<Form, Refused> {
        let (a, b) = self.operands(node)?;
        Ok(self.quotient(a, b, self.ranges[node.output]))
    }

    /// The quotients of two forms that lie alike, their largest magnitude being `range`. Divisors are brought to magnitudes up
    /// to one, dividends and quotients too; what is divided is not rounded before.
    pub(super) fn quotient(&mut self, a: Form, b: Form, range: f64) -> Form {
        let (grid, order, name) = (a.grid, a.order.clone(), a.name.clone());
        let divisor = exponent(b.range);
        let dividend = exponent(a.range).max(divisor + exponent(range));
        let source = self.side_by_side(format!("{name}/operands"), [(a, dividend), (b, divisor)]);
        let unit = 2f64.powi(dividend - divisor);
        let step = Step::Quotient(source);
        let id = self.push(format!("{name}/quotients"), grid, true, range / unit, step);
        Form {
            range,
            ..self.stored(id, order).scale(unit)
        }
    }

    /// Two forms that lie alike, divided by these powers of two, in alternate columns of one tensor.
    fn side_by_side(&mut self, name: String, forms: [(Form, i32); 2]) -> usize {
        let grid = forms[0].0.grid;
        let mut both = Affine::default();
        for (first, (form, bits)) in forms.into_iter().enumerate() {
            let form = match &form.kind {
                Kind::Pending(affine) if !affine.matrix_products.is_empty() => self.copied(form),
                _ => form,
            };
            let form = form.scale(2f64.powi(-bits));
            both = both.add(form.into_affine().spread(first, grid));
        }
        let wide = [grid[0], grid[1], 2 * grid[2]];
        let id = self.push(name, wide, true, 1.0, Step::Affine(both));
        self.neighbours.push(id);
        id
    }

    /// Both operands of a node, broadcast to the result and lying alike.
    pub(super) fn operands(&mut self, node: &Node) -> Result<(Form, Form), Refused> {
        let to = self.graph.values[node.output].shape.clone();
        let mut forms = vec![];
        let whole = |index: usize| self.shape(node, index).iter().product::<usize>() == to.iter().product::<usize>();
        let whole = [whole(0), whole(1)];
        let both = [self.operand(node, 0)?, self.operand(node, 1)?];
        let moved = |index: usize| whole[index] && (both[index].order != Order::Same || both[index].grid != grid(&to));
        let moved = [moved(0), moved(1)];
        for (index, form) in both.into_iter().enumerate() {
            let from = self.shape(node, index).to_vec();
            // What is repeated beside a form that lies otherwise is viewed where that one lies, so that it does not move there.
            let form = if moved[1 - index] && !whole[index] {
                self.rounded(form)
            } else {
                form
            };
            forms.push(match &form.kind {
                Kind::Sum { .. } if moved[1 - index] && !whole[index] => self.repeated(form, &from, &to)?,
                _ => self.expanded(form, &from, &to)?,
            });
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

/// The least power of two that is not below a range.
fn exponent(range: f64) -> i32 {
    octaves::ceil(magnitude(range))
}

/// A sum of two sums over the same grid.
pub(super) fn join(a: Form, b: Form) -> Form {
    let (
        Kind::Sum { mut parts, mut bias },
        Kind::Sum {
            parts: more,
            bias: other,
        },
    ) = (a.kind.clone(), b.kind)
    else {
        return a;
    };
    parts.extend(more);
    bias.add(&other);
    Form {
        range: a.range + b.range,
        kind: Kind::Sum { parts, bias },
        ..a
    }
}
