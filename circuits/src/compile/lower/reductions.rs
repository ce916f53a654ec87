//! Reductions along axes.

use super::*;

impl Lowering<'_> {
    pub(super) fn reduce(&mut self, node: &Node, kind: ReduceKind, axes: &[usize]) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let shape = self.shape(node, 0).to_vec();
        let range = form.range;
        let reduced: usize = axes.iter().map(|&a| shape[a]).product();
        // Sums over positions, or over channels, of a value on the grid of its shape are taken where it lies.
        let on = |axis: usize| axes.contains(&axis);
        let framed = form.order == Order::Same && form.grid == grid(&shape);
        let additive = matches!(kind, ReduceKind::Sum | ReduceKind::Mean);
        let channel = on(1);
        let (rank, plain) = (shape.len(), shape[0] == 1 && (2..=4).contains(&shape.len()));
        let positions = (2..rank).map(on).collect::<Vec<_>>();
        let result = if framed && plain && (additive || !channel) {
            let [height, width] = match positions[..] {
                [h, w] => [h, w],
                [w] => [false, w],
                _ => [false, false],
            };
            let axes = [whole(form.grid[1], height), whole(form.grid[2], width)];
            let form = if height || width {
                self.over_positions(form, kind, axes)
            } else {
                form
            };
            match channel {
                true => self.channel_map(form, 1, true, &|_, _| 1.0),
                false => form,
            }
        } else {
            // Anything else is viewed with the reduced axes along the width.
            let kept = form.grid.iter().product::<usize>() / reduced;
            let mut order = vec![];
            let strides = mixed_strides(&shape, axes);
            for i in 0..kept * reduced {
                let (mut rest, mut at) = (i, [0usize; 2]);
                for (axis, &n) in shape.iter().enumerate().rev() {
                    at[usize::from(on(axis))] += rest % n * strides[axis];
                    rest /= n;
                }
                order.push(at[0] * reduced + at[1]);
            }
            let form = self.arranged(form, [kept, 1, reduced], &Order::new(order));
            let axes = [whole(1, false), whole(reduced, true)];
            let result = self.over_positions(form, kind, axes);
            Form {
                order: Order::Same,
                ..result
            }
        };
        let result = match kind {
            ReduceKind::Mean => result.scale(1.0 / reduced as f64),
            _ => result,
        };
        Ok(Form {
            range: if kind == ReduceKind::Sum {
                self.ranges[node.output]
            } else {
                self.ranges[node.output].max(range)
            },
            ..result
        })
    }

    fn over_positions(&mut self, form: Form, kind: ReduceKind, axes: [Axis; 2]) -> Form {
        match kind {
            ReduceKind::Sum | ReduceKind::Mean => self.windows(form, axes, 1.0),
            ReduceKind::Max => self.max_pool(form, &axes[0], &axes[1]),
            ReduceKind::Min => {
                let negated = self.single(form.scale(-1.0));
                let form = self.stored(negated, Order::Same);
                self.max_pool(form, &axes[0], &axes[1]).scale(-1.0)
            }
        }
    }
}

/// One window over an axis, or each position by itself.
fn whole(len: usize, reduced: bool) -> Axis {
    match reduced {
        false => Axis::identity(len),
        true => Axis {
            kernel: len,
            taps: vec![(0..len).map(|q| (q, q)).collect()],
        },
    }
}

/// Row-major strides of the reduced axes among themselves, and of the others among themselves.
fn mixed_strides(shape: &[usize], reduced: &[usize]) -> Vec<usize> {
    let (mut strides, mut next) = (vec![1; shape.len()], [1usize; 2]);
    for (axis, &n) in shape.iter().enumerate().rev() {
        let own = &mut next[usize::from(reduced.contains(&axis))];
        strides[axis] = *own;
        *own *= n;
    }
    strides
}
