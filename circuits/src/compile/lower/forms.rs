//! Forms into stored tensors, and onto other grids.

use super::*;

impl Lowering<'_> {
    /// The form of a stored tensor.
    pub(super) fn stored(&self, id: usize, order: Order) -> Form {
        let t = &self.tensors[id];
        let kind = Kind::Sum {
            parts: vec![Part::whole(id)],
            bias: Bias::default(),
        };
        Form {
            grid: t.grid,
            order,
            range: t.range,
            name: t.name.clone(),
            kind,
        }
    }

    /// Rounds an accumulator into a stored tensor; unsigned ones are clamped at 0 (ReLU).
    pub(super) fn round(&mut self, form: Form, signed: bool) -> usize {
        let (name, grid, range) = (form.name.clone(), form.grid, form.range);
        let mut affine = form.into_affine();
        for product in &mut affine.matrix_products {
            self.make_room(product, range, signed);
        }
        self.push(name, grid, signed, range, Step::Affine(affine))
    }

    pub(super) fn push(&mut self, name: String, grid: [usize; 3], signed: bool, range: f64, step: Step) -> usize {
        self.rows = self.rows.saturating_add(size::rows(grid));
        self.tensors.push(Tensor {
            name,
            grid,
            signed,
            range,
            step,
            function: None,
        });
        self.tensors.len() - 1
    }

    /// The form as a sum of stored tensors.
    pub(super) fn rounded(&mut self, form: Form) -> Form {
        match form.kind {
            Kind::Sum { .. } => form,
            Kind::Pending(_) => self.copied(form),
        }
    }

    /// The form without weights of its own, for two readers: each would commit its own copy of them, and nothing would show
    /// that both are the same. Products of matrices would take lines for each of them.
    pub(super) fn settled(&mut self, form: Form) -> Form {
        match form.has_weights() || form.has_products() {
            true => self.copied(form),
            false => form,
        }
    }

    /// The form as one stored tensor of its own grid, made for it.
    pub(super) fn copied(&mut self, form: Form) -> Form {
        let order = form.order.clone();
        let id = self.round(form, true);
        self.stored(id, order)
    }

    /// The form as one stored tensor.
    pub(super) fn single(&mut self, form: Form) -> usize {
        if let Kind::Sum { parts, bias } = &form.kind {
            if let ([part], true) = (parts.as_slice(), bias.is_empty()) {
                let grid = self.tensors[part.tensor].grid == form.grid;
                if grid && part.coef == 1.0 && part.offset == 0 && part.view.is_none() {
                    return part.tensor;
                }
            }
        }
        self.round(form, true)
    }

    /// The form as one stored tensor whose values may be negative, as policies compare them.
    pub(super) fn signed(&mut self, form: Form) -> usize {
        let unsigned = |id: &usize| !self.tensors[*id].signed;
        match &form.kind {
            Kind::Sum { parts, .. } if parts.iter().map(|part| &part.tensor).any(unsigned) => self.round(form, true),
            _ => self.single(form),
        }
    }

    /// Parts without a constant: a constant, or parts that have no common scale, force a rounding.
    pub(super) fn parts(&mut self, form: Form) -> (Form, Vec<Part>) {
        let form = self.rounded(form);
        if let Kind::Sum { parts, bias } = &form.kind {
            if bias.is_empty() && self.commensurable(parts) {
                let parts = parts.clone();
                return (form, parts);
            }
        }
        let order = form.order.clone();
        let id = self.round(form, true);
        (self.stored(id, order), vec![Part::whole(id)])
    }

    /// The same for who reads them without weights, from which one part alone takes no bits.
    pub(super) fn terms(&mut self, form: Form) -> (Form, Vec<Part>) {
        let form = self.rounded(form);
        match &form.kind {
            Kind::Sum { parts, bias } if bias.is_empty() && parts.len() == 1 && octaves::is_power(parts[0].coef) => {
                let parts = parts.clone();
                (form, parts)
            }
            _ => self.parts(form),
        }
    }

    /// The form on another grid, with its elements in another order there: free for sums, which become views.
    pub(super) fn arranged(&mut self, form: Form, grid: [usize; 3], order: &Order) -> Form {
        if form.grid == grid && form.order == *order {
            return form;
        }
        let mut from = vec![None; grid.iter().product()];
        for i in 0..from.len() {
            from[order.at(i)] = Some(form.order.at(i));
        }
        let moved = self.viewed(form, grid, &from);
        Form {
            order: order.clone(),
            ..moved
        }
    }

    /// The form of which element `i` is element `from[i]` of this one's grid, or zero.
    pub(super) fn viewed(&mut self, form: Form, grid: [usize; 3], from: &[Option<usize>]) -> Form {
        let mut form = self.rounded(form);
        if matches!(&form.kind, Kind::Sum { bias, .. } if !bias.is_empty()) {
            form = self.copied(form);
        }
        let positions = form.grid[1] * form.grid[2];
        let Kind::Sum { parts, .. } = form.kind else {
            return form;
        };
        let view = |part: Part| {
            let tensor = self.tensors[part.tensor].grid;
            let channels = part.view.as_ref().map_or(tensor[0], |v| v.grid[0]);
            let local = |e: usize| {
                e.checked_sub(part.offset * positions)
                    .filter(|e| *e < channels * positions)
            };
            let element = |e: usize| match &part.view {
                Some(view) => view.elements[e],
                None => Some(e),
            };
            let elements: Vec<_> = from.iter().map(|e| e.and_then(local).and_then(element)).collect();
            let whole = grid == tensor && elements.iter().enumerate().all(|(i, e)| *e == Some(i));
            Part {
                offset: 0,
                view: (!whole).then_some(View { grid, elements }),
                ..part
            }
        };
        let parts = parts.into_iter().map(view).collect();
        Form {
            grid,
            order: Order::Same,
            kind: Kind::Sum {
                parts,
                bias: Bias::default(),
            },
            ..form
        }
    }

    /// Whether the parts can be added exactly without taking more than `SPREAD` bits from the weights that read them.
    pub(super) fn commensurable(&self, parts: &[Part]) -> bool {
        const SPREAD: f64 = 3.0;
        let mut bits = (f64::INFINITY, f64::NEG_INFINITY);
        for part in parts {
            if !octaves::is_power(part.coef) {
                return false;
            }
            let coef = f64::from(octaves::floor(part.coef));
            let range = libm::log2(self.tensors[part.tensor].range.max(1e-6));
            bits = (bits.0.min(range + coef.min(0.0)), bits.1.max(range + coef));
        }
        bits.1 - bits.0 <= SPREAD
    }

    /// The form of an operand on the grid of its shape.
    pub(super) fn framed(&mut self, node: &Node, index: usize) -> Result<Form, Refused> {
        let (form, on) = (self.form(node, index)?, grid(self.shape(node, index)));
        Ok(self.arranged(form, on, &Order::Same))
    }
}
