//! Operators that move elements.

use super::*;
use crate::graph::float::structural;

impl Lowering<'_> {
    /// For each element of a node's result, in order, which element of the input it is; `None` is padding.
    fn sources(&self, node: &Node, inputs: &[&[usize]]) -> Result<Vec<Option<(usize, usize)>>, Refused> {
        // Elements are numbered from 1 over all inputs; padding is 0.
        let op = match &node.op {
            Op::Pad { pads, .. } => Op::Pad {
                pads: pads.clone(),
                value: 0.0,
            },
            op => op.clone(),
        };
        let lengths: Vec<usize> = inputs.iter().map(|s| s.iter().product()).collect();
        let starts: Vec<usize> = lengths
            .iter()
            .scan(0, |start, n| Some(std::mem::replace(start, *start + n)))
            .collect();
        let numbers: Vec<Vec<i64>> = starts
            .iter()
            .zip(&lengths)
            .map(|(&start, &n)| (0..n).map(|i| (start + i + 1) as i64).collect())
            .collect();
        let operands: Vec<(&[usize], &[i64])> = inputs.iter().zip(&numbers).map(|(s, n)| (*s, n.as_slice())).collect();
        let moved = structural(&op, &operands, &self.graph.values[node.output].shape);
        let moved = moved.ok_or("the operator does not only move elements")?;
        let source = |number: i64| {
            let at = usize::try_from(number).ok()?.checked_sub(1)?;
            let input = starts.partition_point(|&s| s <= at) - 1;
            Some((input, at - starts[input]))
        };
        Ok(moved.into_iter().map(source).collect())
    }

    pub(super) fn transpose(&mut self, node: &Node) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let sources = self.sources(node, &[self.shape(node, 0)])?;
        let order = sources.iter().flatten().map(|&(_, i)| form.order.at(i)).collect();
        Ok(Form {
            order: Order::new(order),
            ..form
        })
    }

    /// Slices, gathers, paddings and expansions.
    pub(super) fn select(&mut self, node: &Node) -> Result<Form, Refused> {
        let (from, to) = (
            self.shape(node, 0).to_vec(),
            self.graph.values[node.output].shape.clone(),
        );
        let form = self.form(node, 0)?;
        let sources = self.sources(node, &[&from])?;
        let form = self.picked(
            form,
            &from,
            &to,
            &sources.iter().map(|s| s.map(|s| s.1)).collect::<Vec<_>>(),
        );
        match &node.op {
            Op::Pad { value, .. } if *value != 0.0 => {
                let mut by = vec![0.0; sources.len()];
                let padding = sources.iter().enumerate().filter(|(_, s)| s.is_none());
                padding.for_each(|(i, _)| by[form.order.at(i)] = f64::from(*value));
                let by = Constant::public(by, form.grid);
                Ok(self.add_constant(form, &by))
            }
            _ => Ok(form),
        }
    }

    /// A form of shape `from` broadcast to the shape `to`.
    pub(super) fn expanded(&mut self, form: Form, from: &[usize], to: &[usize]) -> Result<Form, Refused> {
        if from.iter().product::<usize>() == to.iter().product::<usize>() {
            return Ok(form);
        }
        let numbers: Vec<usize> = (0..from.iter().product()).collect();
        let sources: Option<Vec<usize>> = crate::graph::float::broadcast_positions((from, &numbers), to).collect();
        let sources = sources.ok_or_else(|| format!("shape {from:?} does not broadcast to {to:?}"))?;
        Ok(self.picked(form, from, to, &sources.into_iter().map(Some).collect::<Vec<_>>()))
    }

    /// As [`Self::expanded`], of a sum as views of what it sums.
    pub(super) fn repeated(&mut self, form: Form, from: &[usize], to: &[usize]) -> Result<Form, Refused> {
        let places: Vec<usize> = (0..from.iter().product()).map(|i| form.order.at(i)).collect();
        let places = crate::graph::float::broadcast_positions((from, &places), to).collect::<Vec<_>>();
        Ok(self.viewed(form, grid(to), &places))
    }

    /// The form of shape `to` whose elements are those elements of a form of shape `from`.
    fn picked(&mut self, form: Form, from: &[usize], to: &[usize], sources: &[Option<usize>]) -> Form {
        let (source, target) = (grid(from), grid(to));
        if from == to && sources.iter().enumerate().all(|(i, s)| *s == Some(i)) {
            return form;
        }
        if form.grid == source && form.order == Order::Same {
            if let Some(axes) = separate(source, target, sources) {
                return self.windows(form, axes, 1.0);
            }
        }
        let from: Vec<Option<usize>> = sources.iter().map(|s| s.map(|i| form.order.at(i))).collect();
        self.viewed(form, target, &from)
    }

    /// Inputs side by side: as channels where they all have the joined axis there, else as parts of the whole grid.
    pub(super) fn concat(&mut self, node: &Node, axis: usize) -> Result<Form, Refused> {
        let shapes: Vec<Vec<usize>> = (0..node.inputs.len()).map(|i| self.shape(node, i).to_vec()).collect();
        let mut forms = vec![];
        for index in 0..node.inputs.len() {
            forms.push(self.operand(node, index)?);
        }
        let to = self.graph.values[node.output].shape.clone();
        let (lead, tail): (usize, usize) = (to[..axis].iter().product(), to[axis + 1..].iter().product());
        let order = |shape: &[usize]| Order::channels(lead, shape[axis], tail);
        let positions = |f: &Form| [f.grid[1], f.grid[2]];
        let alike = forms.iter().zip(&shapes).all(|(form, shape)| {
            form.grid[0] == shape[axis] && form.order == order(shape) && positions(form) == positions(&forms[0])
        });
        if !alike {
            // Inputs that are not stored on the grid of the result are viewed there.
            let target = grid(&to);
            let all: Vec<&[usize]> = shapes.iter().map(Vec::as_slice).collect();
            let sources = self.sources(node, &all)?;
            let mut total: Option<Form> = None;
            for (index, form) in forms.into_iter().enumerate() {
                let own = |s: &Option<(usize, usize)>| s.filter(|s| s.0 == index).map(|s| form.order.at(s.1));
                let from: Vec<Option<usize>> = sources.iter().map(own).collect();
                let part = self.viewed(form, target, &from);
                total = Some(match total {
                    None => part,
                    Some(before) => Form {
                        range: before.range.max(part.range),
                        ..elementwise::join(before, part)
                    },
                });
            }
            return total.ok_or("nothing to concatenate".into());
        }
        let [h, w] = positions(&forms[0]);
        let (mut all, mut offset, mut range) = (vec![], 0, 0f64);
        for form in forms {
            let (form, parts) = self.parts(form);
            all.extend(parts.into_iter().map(|p| Part {
                offset: p.offset + offset,
                ..p
            }));
            offset += form.grid[0];
            range = range.max(form.range);
        }
        let kind = Kind::Sum {
            parts: all,
            bias: Bias::default(),
        };
        Ok(Form {
            grid: [offset, h, w],
            order: order(&to),
            range,
            name: node.name.clone(),
            kind,
        })
    }
}

/// Axes that move elements in the same way, if channels stay and rows and columns move by themselves.
fn separate(from: [usize; 3], to: [usize; 3], sources: &[Option<usize>]) -> Option<[Axis; 2]> {
    let [channels, height, width] = to;
    let position = |y: usize, x: usize| sources[y * width + x];
    let row = |y: usize| (0..width).find_map(|x| position(y, x)).map(|i| i / from[2]);
    let column = |x: usize| (0..height).find_map(|y| position(y, x)).map(|i| i % from[2]);
    let axis = |len: usize, of: &dyn Fn(usize) -> Option<usize>| Axis {
        kernel: 1,
        taps: (0..len).map(|p| of(p).map(|q| (0, q)).into_iter().collect()).collect(),
    };
    let axes = [axis(height, &row), axis(width, &column)];
    let expected = |i: usize| {
        let (c, y, x) = (i / (height * width), i / width % height, i % width);
        let at = axes[0].taps[y].first()?.1 * from[2] + axes[1].taps[x].first()?.1;
        Some(c * from[1] * from[2] + at)
    };
    let same = channels == from[0] && (0..sources.len()).all(|i| sources[i] == expected(i));
    same.then_some(axes)
}
