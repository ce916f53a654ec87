//! Products of matrices of activations.

use super::*;
use crate::float::broadcast_positions;

/// A factor: its tensor, which element of it each element of the value is, and its coefficient.
type Factor = (usize, Vec<Option<usize>>, f64);

impl Lowering<'_> {
    /// `MatMul` with numpy semantics of two activations, or with constants of several matrices.
    pub(super) fn pairing(&mut self, node: &Node) -> Result<Form, Refused> {
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
        let batch = onnx::shape::broadcast(left_batch, right_batch)?;
        let batches: usize = batch.iter().product();
        let mut factor = |index: usize, own: &[usize], grid: [usize; 3]| -> Result<((usize, View), f64), Refused> {
            let (tensor, elements, coef) = self.factor(node, index)?;
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
        let (pairing, order) = match batches {
            1 => (
                Pairing {
                    coef,
                    left: transposed(right),
                    right: transposed(left),
                },
                Order::channels(rows, columns, 1),
            ),
            _ => (Pairing { coef, left, right }, Order::Same),
        };
        let grid = match batches {
            1 => [columns, 1, rows],
            _ => [batches * rows, 1, columns],
        };
        let affine = Affine {
            pairings: vec![pairing],
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

    /// An operand as one tensor under a coefficient that is a power of two; anything else is rounded.
    fn factor(&mut self, node: &Node, index: usize) -> Result<Factor, Refused> {
        let form = match self.constant(node, index) {
            Some(_) => self.constant_tensor(node.inputs[index])?,
            None => self.form(node, index)?,
        };
        let mut form = self.rounded(form);
        let simple = |form: &Form| match &form.kind {
            Kind::Sum { parts, bias } => match parts.as_slice() {
                [part] if bias.is_empty() && part.coef.abs().log2().fract() == 0.0 => Some(part.clone()),
                _ => None,
            },
            Kind::Pending(_) => None,
        };
        if simple(&form).is_none() {
            form = self.copied(form);
        }
        let part = simple(&form).ok_or("the operand could not be rounded")?;
        let positions = form.grid[1] * form.grid[2];
        let element = |i: usize| {
            let local = form.order.at(i).checked_sub(part.offset * positions)?;
            match &part.view {
                Some(view) => view.elements.get(local).copied().flatten(),
                None => (local < self.tensors[part.tensor].grid.iter().product()).then_some(local),
            }
        };
        let elements = (0..form.grid.iter().product()).map(element).collect();
        Ok((part.tensor, elements, part.coef))
    }

    /// A product of values with `f` and `g` fractional bits has `f + g`, which must not be more than the accumulator has.
    /// Where it is, the left factor is rounded to fewer bits.
    pub(super) fn make_room(&mut self, pairing: &mut Pairing, range: f64, signed: bool) {
        let integer = |t: &Tensor| i32::from(t.signed) + integer_bits(t.range);
        let factors = integer(&self.tensors[pairing.left.0]) + integer(&self.tensors[pairing.right.0]);
        let spare = factors + pairing.coef.abs().log2() as i32 - i32::from(signed) - integer_bits(range);
        if spare < 0 {
            let coarse = self.stored(pairing.left.0, Order::Same);
            let range = coarse.range * 2f64.powi(-spare);
            pairing.left.0 = self.round(Form { range, ..coarse }, true);
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
