//! The order in which an input is stored: the one that its reader wants.

use super::*;
use crate::program::InputOrder;

/// Axes of a value, outermost first: extents, and how far apart their elements are in the caller's order.
type Axes = Vec<(usize, usize)>;

impl Lowering<'_> {
    /// Stores an input. What only moves it on its way to the first operator that does more costs nothing: it is stored as
    /// that operator wants it, and whoever has it in another order places it.
    pub(super) fn input(&mut self, input: &graph::Input) -> Input {
        let (id, tensor) = (input.value, self.tensors.len());
        let value = &self.graph.values[id];
        let (grid, order) = match self.taken {
            None => {
                let (shape, order) = self.wanted(id);
                (grid(&shape), order)
            }
            // Height and width are this circuit's own matter.
            Some([channels, positions]) => {
                let own = grid(&value.shape);
                let fits = (own[0], own[1] * own[2]) == (channels, positions);
                let grid = if fits { own } else { [channels, positions, 1] };
                (grid, InputOrder::row_major(channels * positions))
            }
        };
        self.tensors.push(Tensor {
            name: value.name.clone(),
            grid,
            signed: true,
            range: self.ranges[id],
            step: Step::Input,
            function: None,
        });
        self.forms[id] = Some(self.stored(tensor, Order::new(order.elements())));
        Input {
            shape: self.graph.unbatched(id).to_vec(),
            order,
            elements: input.elements,
            lifts: input.lifts.clone(),
        }
    }

    /// The shape in which an input is read, and its order there.
    fn wanted(&self, id: usize) -> (Vec<usize>, InputOrder) {
        let shape = self.graph.values[id].shape.clone();
        let len = shape.iter().product();
        let mut best = (shape.clone(), InputOrder::row_major(len));
        let (mut axes, mut at) = (row_major(&shape), id);
        while let Some(node) = self.only_reader(at) {
            let moved = match &node.op {
                Op::Transpose { perm } => transposed(&axes, &self.graph.values[at].shape, perm),
                Op::Reshape { .. } => Some(axes.clone()),
                _ if self.keeps_elements(node) => Some(axes.clone()),
                _ => None,
            };
            let Some(moved) = moved else { break };
            (axes, at) = (moved, node.output);
            let order = placed(&axes);
            if order.axes().len() > InputOrder::MAX_AXES {
                break;
            }
            if matches!(node.op, Op::Transpose { .. } | Op::Reshape { .. }) {
                best = (self.graph.values[at].shape.clone(), order);
            }
        }
        best
    }

    /// The node that reads a value, if there is one and the value is no output.
    fn only_reader(&self, id: usize) -> Option<&Node> {
        let single = self.reads[id] == 1 && self.graph.outputs_of(id) == 0;
        let mut nodes = self.graph.nodes.iter();
        single.then(|| nodes.find(|node| node.inputs.contains(&id))).flatten()
    }

    /// Whether a node maps each element by itself: of one activation, the others constants.
    fn keeps_elements(&self, node: &Node) -> bool {
        let values = &self.graph.values;
        let activations = node.inputs.iter().filter(|&&id| values[id].constant.is_none());
        let [id] = activations.copied().collect::<Vec<_>>()[..] else {
            return false;
        };
        let by_element = matches!(
            node.op,
            Op::Add
                | Op::Sub
                | Op::Mul
                | Op::Div
                | Op::Min
                | Op::Max
                | Op::Relu
                | Op::LeakyRelu { .. }
                | Op::PRelu
                | Op::Abs
                | Op::Neg
                | Op::Clip { .. }
                | Op::Function(_)
        );
        by_element && values[id].shape == values[node.output].shape
    }
}

fn row_major(shape: &[usize]) -> Axes {
    let after = |axis: usize| shape[axis + 1..].iter().product();
    shape
        .iter()
        .enumerate()
        .map(|(axis, &extent)| (extent, after(axis)))
        .collect()
}

/// The axes of a transposed value, if each of its extents is made of whole axes.
fn transposed(axes: &Axes, shape: &[usize], perm: &[usize]) -> Option<Axes> {
    let mut rest: Axes = axes.iter().rev().copied().filter(|a| a.0 != 1).collect();
    let mut of_extent = vec![];
    for &extent in shape {
        let (mut group, mut need) = (vec![], extent);
        while need > 1 {
            let (own, stride) = rest.pop()?;
            if need % own == 0 {
                group.push((own, stride));
                need /= own;
            } else if own % need == 0 {
                group.push((need, stride * (own / need)));
                rest.push((own / need, stride));
                need = 1;
            } else {
                return None;
            }
        }
        of_extent.push(group);
    }
    Some(perm.iter().flat_map(|&p| of_extent[p].clone()).collect())
}

/// The caller's order of a value whose elements are stored row-major.
fn placed(axes: &Axes) -> InputOrder {
    let mut stride = 1;
    let mut stored: Vec<(usize, usize, usize)> = vec![];
    for &(extent, callers) in axes.iter().rev() {
        stored.push((callers, extent, stride));
        stride *= extent;
    }
    stored.sort_unstable_by(|a, b| b.cmp(a));
    InputOrder::new(stored.into_iter().map(|(_, extent, stride)| (extent, stride)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_with_channels_last() {
        let axes = transposed(&row_major(&[1, 2, 5, 3]), &[1, 2, 5, 3], &[0, 3, 1, 2]).expect("axes");
        let order = placed(&axes);
        assert_eq!(order.axes(), [(10, 1), (3, 10)]);
        let pixels: Vec<usize> = (0..30).collect();
        let stored = order.place(&pixels);
        assert_eq!(stored[..4], [0, 3, 6, 9]);
        assert_eq!(stored[10..13], [1, 4, 7]);
    }

    #[test]
    fn reversed_axes_through_another_shape() {
        let axes = transposed(&row_major(&[4, 6]), &[2, 2, 6], &[2, 0, 1]).expect("axes");
        assert_eq!(placed(&axes).axes(), [(4, 1), (6, 4)]);
        let whole = transposed(&axes, &[6, 4], &[1, 0]).expect("axes");
        assert_eq!(placed(&whole), InputOrder::row_major(24));
        assert_eq!(transposed(&axes, &[8, 3], &[1, 0]), None);
    }
}
