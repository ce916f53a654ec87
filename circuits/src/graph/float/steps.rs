//! Loops, step by step. All values of a loop have a row for each step, or as many for each, and a step reads its own rows.

use super::{apply, FloatError};
use crate::graph::{Graph, Node, Op, Tensor};
use std::borrow::Cow;
use std::ops::Range;

/// Rows of a tensor.
fn rows(tensor: &Tensor, range: Range<usize>) -> Option<Tensor> {
    let (all, rest) = tensor.shape.split_first()?;
    let size: usize = rest.iter().product();
    (range.end <= *all).then_some(())?;
    Some(Tensor {
        shape: [&[range.len()], rest].concat(),
        data: tensor.data.get(range.start * size..range.end * size)?.to_vec(),
    })
}

/// The operator on the rows of one step.
fn of_step(op: &Op, rows: usize) -> Op {
    match op {
        Op::Slice { ranges } => {
            let mut ranges = ranges.clone();
            ranges.iter_mut().take(1).for_each(|range| *range = (0, rows, 1));
            Op::Slice { ranges }
        }
        op => op.clone(),
    }
}

/// Runs the nodes of a loop.
pub fn run(graph: &Graph, nodes: Range<usize>, tensors: &mut [Option<Tensor>]) -> Result<(), FloatError> {
    let nodes = graph.nodes.get(nodes).unwrap_or_default();
    let rows_of = |node: &Node| match &node.op {
        Op::Delay { rows } => Some(*rows),
        _ => None,
    };
    let step = nodes.iter().find_map(rows_of).unwrap_or(1).max(1);
    let mut all = 0;
    for node in nodes {
        let shape = graph
            .values
            .get(node.output)
            .map(|value| value.shape.clone())
            .unwrap_or_default();
        let first = shape.first().copied().unwrap_or(0);
        if all == 0 {
            all = first;
        }
        let alike = first == all && first % step == 0 && rows_of(node).is_none_or(|rows| rows == step);
        if !alike {
            return Err(node.fails("a loop whose values have different numbers of rows".into()));
        }
        if let Some(slot) = tensors.get_mut(node.output) {
            let data = vec![0.0; shape.iter().product()];
            *slot = Some(Tensor { shape, data });
        }
    }
    for start in (0..all).step_by(step) {
        for node in nodes {
            let own = |&id: &usize| {
                let tensor = tensors.get(id)?.as_ref()?;
                match graph.values.get(id)?.constant {
                    Some(_) => Some(Cow::Borrowed(tensor)),
                    None if tensor.shape.first() == Some(&all) => rows(tensor, start..start + step).map(Cow::Owned),
                    None => None,
                }
            };
            let result = match node.op {
                Op::Delay { .. } => node.inputs.first().and_then(|&id| {
                    let tensor = tensors.get(id)?.as_ref()?;
                    let before = rows(tensor, start.saturating_sub(step)..start.max(step))?;
                    Some(match start {
                        0 => Tensor {
                            data: vec![0.0; before.data.len()],
                            ..before
                        },
                        _ => before,
                    })
                }),
                _ => {
                    let operands: Option<Vec<Cow<'_, Tensor>>> = node.inputs.iter().map(own).collect();
                    let operands =
                        operands.ok_or_else(|| node.fails("an operand has another number of rows".into()))?;
                    let operands: Vec<&Tensor> = operands.iter().map(|operand| &**operand).collect();
                    Some(apply(&of_step(&node.op, step), &operands).map_err(|reason| node.fails(reason))?)
                }
            };
            let result = result.ok_or_else(|| node.fails("an operand has another number of rows".into()))?;
            let size = result.data.len() / step;
            let place = tensors.get_mut(node.output).and_then(Option::as_mut);
            let place = place.and_then(|tensor| tensor.data.get_mut(start * size..(start + step) * size));
            match place.filter(|place| place.len() == result.data.len()) {
                Some(place) => place.copy_from_slice(&result.data),
                None => return Err(node.fails("a loop whose values have different numbers of rows".into())),
            }
        }
    }
    Ok(())
}
