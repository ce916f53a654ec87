//! Products of matrices of activations.

use super::*;
use crate::graph::float::broadcast_positions;

/// A factor: its tensor, which element of it each element of the grid is, and its coefficient.
type Factor = (usize, Vec<Option<usize>>, f64);

impl Lowering<'_> {
    /// `MatMul` with numpy semantics of two activations, or with constants of several matrices.
    pub(super) fn matrix_product(&mut self, node: &Node) -> Result<Form, Refused> {
        let mut shapes = [self.shape(node, 0).to_vec(), self.shape(node, 1).to_vec()];
        if shapes[0].len() == 1 {
            shapes[0].insert(0, 1);
        }
        if shapes[1].len() == 1 {
            shapes[1].push(1);
        }
        let [(left_batch, &[rows, inner]), (right_batch, &[_, columns])] = [&shapes[0], &shapes[1]].map(|s| {
            let (batch, matrix) = s.split_at(s.len() - 2);
            (batch, <&[usize; 2]>::try_from(matrix).unwrap_or(&[0, 0]))
        });
        let batch = graph::broadcast(left_batch, right_batch)?;
        let batches: usize = batch.iter().product();
        limited(&[&batch[..], &[rows, inner]].concat())?;
        limited(&[&batch[..], &[inner, columns]].concat())?;
        let mut factor = |index: usize, own: &[usize], grid: [usize; 3]| -> Result<((usize, View), f64), Refused> {
            let form = self.operand(node, index)?;
            let order = form.order.clone();
            let (tensor, on_grid, coef) = self.factor(form)?;
            let elements: Vec<_> = (0..on_grid.len()).map(|i| on_grid[order.at(i)]).collect();
            let size = grid[1] * grid[2];
            let matrices: Vec<usize> = (0..own.iter().product()).collect();
            let broadcast: Option<Vec<usize>> = broadcast_positions((own, &matrices), &batch).collect();
            let matrices = broadcast.ok_or("the batches do not broadcast")?;
            let elements = matrices
                .into_iter()
                .flat_map(|b| elements[b * size..(b + 1) * size].to_vec());
            let view = View {
                grid,
                elements: elements.collect(),
            };
            Ok(((tensor, view), coef))
        };
        let (left, a) = factor(0, left_batch, [batches, rows, inner])?;
        let (right, b) = factor(1, right_batch, [batches, inner, columns])?;
        let coef = a * b;
        // One matrix has its columns as channels, as contractions with constants leave and take them.
        let (product, order) = match batches {
            1 => (
                MatrixProduct {
                    coef,
                    left: transposed(right),
                    right: transposed(left),
                },
                Order::channels(rows, columns, 1),
            ),
            _ => (MatrixProduct { coef, left, right }, Order::Same),
        };
        let grid = match batches {
            1 => [columns, 1, rows],
            _ => [batches * rows, 1, columns],
        };
        let affine = Affine {
            matrix_products: vec![product],
            ..Affine::default()
        };
        Ok(Form {
            grid,
            order,
            range: self.ranges[node.output],
            name: self.graph.values[node.output].name.clone(),
            kind: Kind::Pending(affine),
        })
    }

    /// A convolution with a stored kernel: in each group a matrix `[outputs, inputs and taps]` by the windows as columns.
    /// `place` is the element of the kernel for an output channel, an input channel of its group and a tap.
    pub(super) fn unfolded(
        &mut self,
        form: Form,
        kernel: Form,
        axes: &[Axis; 2],
        [groups, outputs, inputs]: [usize; 3],
        place: &dyn Fn(usize, usize, usize) -> usize,
    ) -> Result<Form, Refused> {
        let (order, name, kernel_order) = (form.order.clone(), form.name.clone(), kernel.order.clone());
        let ([_, height, width], [rows, columns]) = (form.grid, [axes[0].out(), axes[1].out()]);
        limited(&[groups, inputs, axes[0].kernel, axes[1].kernel, rows, columns])?;
        let (left, weights, a) = self.factor(kernel)?;
        let (right, values, b) = self.factor(form)?;
        let taps = axes[0].kernel * axes[1].kernel;
        let inner = || (0..inputs).flat_map(move |c| (0..taps).map(move |k| (c, k)));
        let weight = |o: usize| inner().map(move |(c, k)| (o, c, k));
        let source = |axis: &Axis, p: usize, k: usize| axis.taps[p].iter().find(|tap| tap.0 == k).map(|tap| tap.1);
        let value = |group: usize, (c, k): (usize, usize), p: usize| {
            let y = source(&axes[0], p / columns, k / axes[1].kernel)?;
            let x = source(&axes[1], p % columns, k % axes[1].kernel)?;
            values[((group * inputs + c) * height + y) * width + x]
        };
        let window = |group: usize| inner().flat_map(move |at| (0..rows * columns).map(move |p| (group, at, p)));
        let product = MatrixProduct {
            coef: a * b,
            left: (
                left,
                View {
                    grid: [groups, outputs, inputs * taps],
                    elements: (0..groups * outputs)
                        .flat_map(weight)
                        .map(|(o, c, k)| weights[kernel_order.at(place(o, c, k))])
                        .collect(),
                },
            ),
            right: (
                right,
                View {
                    grid: [groups, inputs * taps, rows * columns],
                    elements: (0..groups)
                        .flat_map(window)
                        .map(|(group, at, p)| value(group, at, p))
                        .collect(),
                },
            ),
        };
        Ok(Form {
            grid: [groups * outputs, rows, columns],
            order,
            range: 0.0,
            name,
            kind: Kind::Pending(Affine {
                matrix_products: vec![product],
                ..Affine::default()
            }),
        })
    }

    /// The form times the one element that all of another on its grid are: a matrix of one element by one row, in each channel.
    pub(super) fn times_number(&mut self, form: Form, number: &Form, range: f64) -> Result<Form, Refused> {
        let (grid, order, name) = (form.grid, form.order.clone(), form.name.clone());
        let [channels, height, width] = grid;
        let (left, numbers, a) = self.factor(number.clone())?;
        let (right, elements, b) = self.factor(form)?;
        let product = MatrixProduct {
            coef: a * b,
            left: (
                left,
                View {
                    grid: [channels, 1, 1],
                    elements: numbers[..channels].to_vec(),
                },
            ),
            right: (
                right,
                View {
                    grid: [channels, 1, height * width],
                    elements,
                },
            ),
        };
        let kind = Kind::Pending(Affine {
            matrix_products: vec![product],
            ..Affine::default()
        });
        Ok(Form {
            grid,
            order,
            range,
            name,
            kind,
        })
    }

    /// A form as one tensor under a coefficient that is a power of two; anything else is rounded.
    fn factor(&mut self, form: Form) -> Result<Factor, Refused> {
        let mut form = self.rounded(form);
        let simple = |form: &Form| match &form.kind {
            Kind::Sum { parts, bias } => match parts.as_slice() {
                [part] if bias.is_empty() && octaves::is_power(part.coef) => Some(part.clone()),
                _ => None,
            },
            Kind::Pending(_) => None,
        };
        if simple(&form).is_none() {
            form = self.copied(form);
        }
        let part = simple(&form).ok_or("the operand could not be rounded")?;
        let positions = form.grid[1] * form.grid[2];
        let element = |e: usize| {
            let local = e.checked_sub(part.offset * positions)?;
            match &part.view {
                Some(view) => view.elements.get(local).copied().flatten(),
                None => (local < self.tensors[part.tensor].grid.iter().product()).then_some(local),
            }
        };
        let elements = (0..form.grid.iter().product()).map(element).collect();
        Ok((part.tensor, elements, part.coef))
    }

    /// A product of values with `f` and `g` fractional bits has `f + g`, which must not be more than the accumulator has.
    /// Where it is, the left factor has fewer bits: its own, if it is a rounding that a step before made, else those of a copy.
    pub(super) fn make_room(&mut self, product: &mut MatrixProduct, range: f64, signed: bool) {
        let integer = |t: &Tensor| i32::from(t.signed) + integer_bits(t.range);
        let factors = integer(&self.tensors[product.left.0]) + integer(&self.tensors[product.right.0]);
        let spare = factors + octaves::floor(product.coef) - i32::from(signed) - integer_bits(range);
        if spare < 0 {
            let coarse = self.stored(product.left.0, Order::Same);
            // As `integer_bits`: a factor that is always zero is one of 1e-6 there.
            let range = coarse.range.max(1e-6) * 2f64.powi(-spare);
            let held = self.held.contains(&product.left.0);
            let left = &mut self.tensors[product.left.0];
            if !held && !left.signed && left.function.is_none() && matches!(left.step, Step::Affine(_)) {
                left.range = range;
                return;
            }
            product.left.0 = self.round(Form { range, ..coarse }, true);
        }
    }
}

/// `[b, i, j]` to `[b, j, i]`.
fn transposed((tensor, view): (usize, View)) -> (usize, View) {
    let [batches, rows, columns] = view.grid;
    let element = |i: usize| {
        let (b, column, row) = (i / (rows * columns), i / rows % columns, i % rows);
        view.elements[(b * rows + row) * columns + column]
    };
    let elements = (0..view.elements.len()).map(element).collect();
    let grid = [batches, columns, rows];
    (tensor, View { grid, elements })
}
