//! Operators that move elements.

use super::*;

impl Lowering<'_> {
    pub(super) fn reshape(&mut self, node: &Node, shape: &[usize]) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let elements: usize = form.grid.iter().product();
        let positions = form.grid[1] * form.grid[2];
        // Flattening keeps the grid; whoever reads it reads all of it. Ones are free.
        let flat = matches!(*shape, [1, n] | [n] if n == elements);
        let channels_first = grid(shape).is_ok_and(|(g, _)| g[0] == form.grid[0] && g[1] * g[2] == positions);
        if form.order == Order::ChannelsLast && positions > 1 {
            return Err("reshapes of channels-last values are not supported".into());
        }
        if positions == 1 && elements != shape.iter().copied().max().unwrap_or(1) {
            return Err(format!("reshape of {elements} channels to {shape:?} is not supported"));
        }
        if flat || channels_first {
            let same = grid(shape).is_ok_and(|(g, _)| g[1..] == form.grid[1..]);
            if flat || same {
                return Ok(form);
            }
        }
        Err(format!(
            "reshape of {:?} to {shape:?} moves elements between channels",
            form.grid
        ))
    }

    pub(super) fn transpose(&mut self, node: &Node, perm: &[usize]) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let shape = &self.graph.values[node.inputs[0]].shape;
        let moved: Vec<usize> = perm.iter().copied().filter(|&axis| shape[axis] != 1).collect();
        if moved.windows(2).all(|w| w[0] < w[1]) {
            return Ok(form);
        }
        Err(format!("permutation {perm:?} of shape {shape:?} moves channels"))
    }

    pub(super) fn concat(&mut self, node: &Node, axis: usize) -> Result<Form, Refused> {
        if axis != 1 {
            return Err("concatenation is supported along channels".into());
        }
        let mut all = vec![];
        let (mut offset, mut range, mut grid) = (0, 0f64, None);
        for index in 0..node.inputs.len() {
            let form = self.form(node, index)?;
            if self.shape(node, index).len() < 2
                || !matches!(self.shape(node, index), [1, _]) && self.framed(node, index).is_err()
            {
                return Err("the parts must have a channel axis".into());
            }
            let (form, parts) = self.parts(form);
            if grid.is_some_and(|g: [usize; 3]| g[1..] != form.grid[1..]) || form.order != Order::ChannelsFirst {
                return Err("the parts must have the same positions".into());
            }
            all.extend(parts.into_iter().map(|p| Part {
                offset: p.offset + offset,
                ..p
            }));
            offset += form.grid[0];
            range = range.max(form.range);
            grid = Some(form.grid);
        }
        let [_, h, w] = grid.ok_or("nothing to concatenate")?;
        let kind = Kind::Sum {
            parts: all,
            bias: vec![],
        };
        Ok(Form {
            grid: [offset, h, w],
            order: Order::ChannelsFirst,
            range,
            name: node.name.clone(),
            kind,
        })
    }

    pub(super) fn slice(&mut self, node: &Node, ranges: &[(usize, usize, i64)]) -> Result<Form, Refused> {
        let pick = |&(start, len, step): &(usize, usize, i64)| {
            (0..len)
                .map(|i| (start as i64 + step * i as i64) as usize)
                .collect::<Vec<_>>()
        };
        let indices: Vec<Vec<usize>> = ranges.iter().map(pick).collect();
        self.select(node, &indices)
    }

    pub(super) fn gather(&mut self, node: &Node, axis: usize, indices: &[usize]) -> Result<Form, Refused> {
        let shape = self.graph.values[node.inputs[0]].shape.clone();
        let all = shape
            .iter()
            .enumerate()
            .map(|(a, &n)| if a == axis { indices.to_vec() } else { (0..n).collect() });
        let rank = self.graph.values[node.output].shape.len();
        if rank != shape.len() {
            return Err("gather with scalar or multi-axis indices is not supported".into());
        }
        self.select(node, &all.collect::<Vec<_>>())
    }

    /// Picks indices along every axis of a channels-first value.
    pub(super) fn select(&mut self, node: &Node, indices: &[Vec<usize>]) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let shape = &self.graph.values[node.inputs[0]].shape;
        let (g, _) = grid(shape)?;
        if form.order != Order::ChannelsFirst || g != form.grid {
            return Err("selection from flattened values is not supported".into());
        }
        let rank = shape.len();
        let identity = |n: usize| (0..n).collect::<Vec<usize>>();
        let channels = indices[1].clone();
        let rows = if rank > 3 {
            indices[rank - 2].clone()
        } else {
            identity(1)
        };
        let cols = if rank > 2 {
            indices[rank - 1].clone()
        } else {
            identity(1)
        };
        let mut form = form;
        if channels != identity(g[0]) {
            form = self.channel_map(form, channels.len(), &|o, c| if channels[o] == c { 1.0 } else { 0.0 });
        }
        if rows != identity(g[1]) || cols != identity(g[2]) {
            let axis = |list: &[usize]| Axis {
                kernel: 1,
                taps: list.iter().map(|&q| vec![(0, q)]).collect(),
            };
            form = self.windows(form, [axis(&rows), axis(&cols)], 1.0);
        }
        Ok(form)
    }

    pub(super) fn pad(&mut self, node: &Node, pads: &[(usize, usize)], value: f32) -> Result<Form, Refused> {
        let form = self.framed(node, 0)?;
        let rank = pads.len();
        if value != 0.0 || rank < 3 || pads[..2].iter().any(|p| *p != (0, 0)) || form.order != Order::ChannelsFirst {
            return Err("zero padding of positions is supported".into());
        }
        let axis = |len: usize, (before, after): (usize, usize)| Axis {
            kernel: 1,
            taps: (0..before + len + after)
                .map(|p| {
                    p.checked_sub(before)
                        .filter(|q| *q < len)
                        .map(|q| (0, q))
                        .into_iter()
                        .collect()
                })
                .collect(),
        };
        let vertical = if rank > 3 { pads[rank - 2] } else { (0, 0) };
        let axes = [axis(form.grid[1], vertical), axis(form.grid[2], pads[rank - 1])];
        Ok(self.windows(form, axes, 1.0))
    }

    pub(super) fn expand(&mut self, node: &Node, shape: &[usize]) -> Result<Form, Refused> {
        let form = self.framed(node, 0)?;
        let (g, order) = grid(shape)?;
        if form.grid == g {
            return Ok(form);
        }
        if order != form.order || g[0] != form.grid[0] {
            return Err("expansion over positions is supported".into());
        }
        let axis = |from: usize, to: usize| Axis {
            kernel: 1,
            taps: (0..to).map(|p| vec![(0, if from == 1 { 0 } else { p })]).collect(),
        };
        let axes = [axis(form.grid[1], g[1]), axis(form.grid[2], g[2])];
        Ok(self.windows(form, axes, 1.0))
    }
}
