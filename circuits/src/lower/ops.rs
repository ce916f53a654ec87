//! Operator by operator: graph values become forms, activations become stored tensors.

use super::form::{Affine, Contraction, FloatModel, Form, Kind, Linear, Order, Part, Step, Tensor};
use crate::error::CircuitError;
use crate::onnx::{self, Graph, Node, Op, ReduceKind};
use crate::qmodel::{Axis, MaxPool};

/// Why a node cannot be lowered.
type Refused = String;

/// Lowers a graph.
pub fn lower(graph: &Graph, ranges: &[f64]) -> Result<FloatModel, CircuitError> {
    let one = |what: &str, ids: &[usize]| match ids {
        [id] => Ok(*id),
        _ => Err(CircuitError::Unsupported(vec![format!(
            "{} {what}s; exactly one is supported",
            ids.len()
        )])),
    };
    let (input, output) = (one("input", &graph.input)?, one("output", &graph.output)?);
    let mut lowering = Lowering {
        graph,
        ranges,
        forms: vec![None; graph.values.len()],
        tensors: vec![],
        pooled: vec![],
    };
    lowering.input(input).map_err(|e| CircuitError::Unsupported(vec![e]))?;
    let mut refused = vec![];
    for node in &graph.nodes {
        match lowering.node(node) {
            Ok(form) => lowering.forms[node.output] = Some(form),
            // A node whose input was refused is not reported again.
            Err(reason) if reason.is_empty() => {}
            Err(reason) => refused.push(format!(
                "node `{}` ({}): {reason}",
                onnx::shown(&node.name),
                onnx::shown(&node.onnx_op)
            )),
        }
    }
    if !refused.is_empty() {
        return Err(CircuitError::Unsupported(refused));
    }
    let shape = |id: usize| graph.values[id].shape.get(1..).unwrap_or_default().to_vec();
    lowering
        .output(output)
        .map_err(|e| CircuitError::Unsupported(vec![e]))?;
    Ok(FloatModel {
        tensors: lowering.tensors,
        input_shape: shape(input),
        output_shape: shape(output),
    })
}

struct Lowering<'a> {
    graph: &'a Graph,
    ranges: &'a [f64],
    forms: Vec<Option<Form>>,
    tensors: Vec<Tensor>,
    /// Tensors that a pool reads already.
    pooled: Vec<usize>,
}

/// Grid of a value's shape.
fn grid(shape: &[usize]) -> Result<([usize; 3], Order), Refused> {
    match *shape {
        [1, c] | [c] => Ok(([c, 1, 1], Order::ChannelsFirst)),
        [1, c, w] => Ok(([c, 1, w], Order::ChannelsFirst)),
        [1, c, h, w] => Ok(([c, h, w], Order::ChannelsFirst)),
        _ => Err(format!("shape {shape:?} is neither [1, c], [1, c, w] nor [1, c, h, w]")),
    }
}

/// Whether a value of this shape may lie on a grid: with the same axes, or with all elements along one axis.
fn fits(shape: &[usize], on: [usize; 3]) -> bool {
    let vector =
        shape.iter().filter(|&&n| n != 1).count() <= 1 && shape.iter().product::<usize>() == on.iter().product();
    vector || grid(shape).is_ok_and(|(g, _)| g == on)
}

impl Lowering<'_> {
    fn input(&mut self, id: usize) -> Result<(), Refused> {
        let value = &self.graph.values[id];
        let (grid, order) = grid(&value.shape)?;
        self.tensors.push(Tensor {
            name: value.name.clone(),
            grid,
            signed: true,
            range: self.ranges[id],
            step: Step::Input,
        });
        self.forms[id] = Some(self.stored(0, order));
        Ok(())
    }

    /// The form of a stored tensor.
    fn stored(&self, id: usize, order: Order) -> Form {
        let t = &self.tensors[id];
        let kind = Kind::Sum {
            parts: vec![Part {
                tensor: id,
                coef: 1.0,
                offset: 0,
            }],
            bias: vec![],
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
    fn round(&mut self, form: Form, signed: bool) -> usize {
        let (name, grid, range) = (form.name.clone(), form.grid, form.range);
        self.tensors.push(Tensor {
            name,
            grid,
            signed,
            range,
            step: Step::Affine(form.into_affine()),
        });
        self.tensors.len() - 1
    }

    /// The form as a sum of stored tensors.
    fn sum(&mut self, form: Form) -> (Form, Vec<Part>, Vec<f64>) {
        match form.kind.clone() {
            Kind::Sum { parts, bias } => (form, parts, bias),
            Kind::Pending(_) => {
                let order = form.order;
                let id = self.round(form, true);
                let form = self.stored(id, order);
                (
                    form,
                    vec![Part {
                        tensor: id,
                        coef: 1.0,
                        offset: 0,
                    }],
                    vec![],
                )
            }
        }
    }

    /// The form as one stored tensor.
    fn single(&mut self, form: Form) -> usize {
        if let Kind::Sum { parts, bias } = &form.kind {
            if let ([part], true) = (parts.as_slice(), bias.iter().all(|b| *b == 0.0)) {
                let whole = part.coef == 1.0 && part.offset == 0 && self.tensors[part.tensor].grid == form.grid;
                if whole {
                    return part.tensor;
                }
            }
        }
        self.round(form, true)
    }

    /// Parts without a constant: a constant, or parts that have no common scale, force a rounding.
    fn parts(&mut self, form: Form) -> (Form, Vec<Part>) {
        let (form, parts, bias) = self.sum(form);
        if bias.iter().all(|b| *b == 0.0) && self.commensurable(&parts) {
            return (form, parts);
        }
        let order = form.order;
        let id = self.round(form, true);
        (
            self.stored(id, order),
            vec![Part {
                tensor: id,
                coef: 1.0,
                offset: 0,
            }],
        )
    }

    /// Whether the parts can be added exactly without taking more than `SPREAD` bits from the weights that read them.
    fn commensurable(&self, parts: &[Part]) -> bool {
        const SPREAD: f64 = 3.0;
        let mut bits = (f64::INFINITY, f64::NEG_INFINITY);
        for part in parts {
            let coef = part.coef.abs().log2();
            if coef.fract() != 0.0 {
                return false;
            }
            let range = self.tensors[part.tensor].range.max(1e-6).log2();
            bits = (bits.0.min(range + coef.min(0.0)), bits.1.max(range + coef));
        }
        bits.1 - bits.0 <= SPREAD
    }

    fn output(&mut self, id: usize) -> Result<(), Refused> {
        let form = self.forms[id]
            .clone()
            .ok_or("the output does not depend on the input")?;
        if form.grid[1] * form.grid[2] != 1 {
            return Err(format!(
                "output shape {:?}: outputs with one position are supported",
                self.graph.values[id].shape
            ));
        }
        self.round(form, true);
        Ok(())
    }

    fn form(&self, node: &Node, index: usize) -> Result<Form, Refused> {
        let id = *node.inputs.get(index).ok_or("an input is missing")?;
        match &self.forms[id] {
            Some(form) => Ok(form.clone()),
            None if self.graph.values[id].constant.is_some() => Err("this input must not be constant".into()),
            None => Err(String::new()),
        }
    }

    fn shape(&self, node: &Node, index: usize) -> &[usize] {
        &self.graph.values[node.inputs[index]].shape
    }

    fn constant(&self, node: &Node, index: usize) -> Option<&onnx::Tensor> {
        self.graph.values[*node.inputs.get(index)?].constant.as_ref()
    }

    fn node(&mut self, node: &Node) -> Result<Form, Refused> {
        let out = self.graph.values[node.output].clone();
        let range = self.ranges[node.output];
        let mut form = match &node.op {
            Op::Conv {
                kernel,
                strides,
                pads,
                dilations,
                groups,
            } => {
                let geometry = Geometry {
                    kernel,
                    strides,
                    pads,
                    dilations,
                    groups: *groups,
                    transpose: false,
                };
                self.conv(node, &geometry, &out.shape)?
            }
            Op::ConvTranspose {
                kernel,
                strides,
                pads,
                dilations,
                groups,
                ..
            } => {
                let geometry = Geometry {
                    kernel,
                    strides,
                    pads,
                    dilations,
                    groups: *groups,
                    transpose: true,
                };
                self.conv(node, &geometry, &out.shape)?
            }
            Op::MatMul => self.matmul(node, &out.shape)?,
            Op::Add => self.add(node, 1.0)?,
            Op::Sub => self.add(node, -1.0)?,
            Op::Mul => self.mul(node, false)?,
            Op::Div => self.mul(node, true)?,
            Op::Max => self.extremum(node, 1.0)?,
            Op::Min => self.extremum(node, -1.0)?,
            Op::Relu => {
                let form = self.form(node, 0)?;
                // Negative accumulators are bounded too, by twice the range.
                let range = range.max(form.range / 2.0);
                self.relu(Form {
                    range,
                    name: out.name.clone(),
                    ..form
                })
            }
            Op::LeakyRelu { alpha } => {
                let form = self.form(node, 0)?;
                self.two_sided(form, -f64::from(*alpha))
            }
            Op::PRelu => Form {
                range,
                ..self.prelu(node)?
            },
            Op::Abs => {
                let form = self.form(node, 0)?;
                self.two_sided(form, 1.0)
            }
            Op::Neg => self.form(node, 0)?.scale(-1.0),
            Op::Clip { min, max } => self.clip(node, *min, *max)?,
            Op::MaxPool {
                kernel,
                strides,
                pads,
                dilations,
            } => {
                let form = self.framed(node, 0)?;
                let [h, w] = spatial(kernel, strides, pads, dilations, &form, &out.shape)?;
                self.max_pool(form, &h, &w)
            }
            Op::AveragePool {
                kernel,
                strides,
                pads,
                dilations,
                count_include_pad,
            } => {
                let form = self.framed(node, 0)?;
                let axes = spatial(kernel, strides, pads, dilations, &form, &out.shape)?;
                let full = |axis: &Axis| axis.taps.iter().all(|t| t.len() == axis.kernel);
                if !count_include_pad && !axes.iter().all(full) {
                    return Err("padding that does not count in the mean is not supported".into());
                }
                let count = (axes[0].kernel * axes[1].kernel) as f64;
                self.windows(form, axes, 1.0 / count)
            }
            Op::Reduce { kind, axes, .. } => self.reduce(node, *kind, axes)?,
            Op::ArgMax { axis, .. } => {
                if !self.graph.output.contains(&node.output) {
                    return Err("ArgMax is supported as the last operator; prove it with the label policy".into());
                }
                if self.shape(node, 0).get(*axis) != Some(&self.shape(node, 0).iter().product()) {
                    return Err("ArgMax is supported over all scores".into());
                }
                self.form(node, 0)?
            }
            Op::Reshape { shape } => self.reshape(node, shape)?,
            Op::Transpose { perm } => self.transpose(node, perm)?,
            Op::Concat { axis } => self.concat(node, *axis)?,
            Op::Slice { ranges } => self.slice(node, ranges)?,
            Op::Gather { axis, indices, .. } => self.gather(node, *axis, indices)?,
            Op::Pad { pads, value } => self.pad(node, pads, *value)?,
            Op::Expand { shape } => self.expand(node, shape)?,
        };
        if matches!(
            node.op,
            Op::Conv { .. } | Op::ConvTranspose { .. } | Op::MatMul | Op::Add | Op::Sub | Op::Mul | Op::Div
        ) {
            form.range = range;
        }
        if !matches!(node.op, Op::ArgMax { .. }) && !fits(&out.shape, form.grid) {
            return Err(format!(
                "the result of shape {:?} would lie on another grid, {:?}",
                out.shape, form.grid
            ));
        }
        form.name = out.name;
        Ok(form)
    }

    /// The form of an operand whose axes are those of its grid: not a flattened one, nor a vector along another axis.
    fn framed(&self, node: &Node, index: usize) -> Result<Form, Refused> {
        let form = self.form(node, index)?;
        let shape = &self.graph.values[node.inputs[index]].shape;
        if grid(shape)?.0 != form.grid {
            return Err(format!("an operand of shape {shape:?} is a flattened {:?}", form.grid));
        }
        Ok(form)
    }

    fn relu(&mut self, form: Form) -> Form {
        let order = form.order;
        let id = self.round(form, false);
        self.stored(id, order)
    }

    /// `relu(x) + by * relu(-x)`.
    fn two_sided(&mut self, form: Form, by: f64) -> Form {
        let form = self.rounded(form);
        let range = form.range;
        let positive = self.relu(form.clone());
        let negative = self.relu(form.scale(-1.0)).scale(by);
        Form {
            range: range * by.abs().max(1.0),
            ..join(positive, negative)
        }
    }

    /// The form with its contraction rounded, so that it can be used more than once.
    fn rounded(&mut self, form: Form) -> Form {
        match form.kind {
            Kind::Sum { .. } => form,
            Kind::Pending(_) => {
                let order = form.order;
                let id = self.round(form, true);
                self.stored(id, order)
            }
        }
    }

    fn prelu(&mut self, node: &Node) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let form = self.rounded(form);
        let slope = self.constant(node, 1).ok_or("the slope must be constant")?.clone();
        let slope = per_channel(&slope, &form, self.shape(node, 0)).ok_or("the slope must be one per channel")?;
        let positive = self.relu(form.clone());
        let negative = self.relu(form.scale(-1.0));
        let scaled = self.channel_map(negative, slope.len(), &|o, c| if o == c { -slope[c] } else { 0.0 });
        let (_, parts) = self.parts(positive);
        let Kind::Pending(mut affine) = scaled.kind else {
            return Err("the slope could not be applied".into());
        };
        let axes = [Axis::identity(scaled.grid[1]), Axis::identity(scaled.grid[2])];
        affine.linear.extend(parts.into_iter().map(|part| Linear {
            part,
            axes: axes.clone(),
        }));
        Ok(Form {
            kind: Kind::Pending(affine),
            ..scaled
        })
    }

    fn clip(&mut self, node: &Node, min: Option<f32>, max: Option<f32>) -> Result<Form, Refused> {
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

    /// `max(a, b) = b + relu(a - b)` for sign 1, `min(a, b) = a - relu(a - b)` for sign -1.
    fn extremum(&mut self, node: &Node, sign: f64) -> Result<Form, Refused> {
        let (mut a, mut b) = (0, 1);
        if self.constant(node, 0).is_some() {
            (a, b) = (1, 0);
        }
        let first = self.form(node, a)?;
        let first = self.rounded(first);
        if let Some(constant) = self.constant(node, b).cloned() {
            let by =
                per_channel(&constant, &first, self.shape(node, a)).ok_or("the constant must be one per channel")?;
            // sign * relu(sign * (a - b)) + b is max(a, b) or min(a, b).
            let minus: Vec<f64> = by.iter().map(|v| -v).collect();
            let over = self.relu(first.add_bias(&minus).scale(sign));
            return Ok(over.scale(sign).add_bias(&by));
        }
        let second = self.form(node, b)?;
        let second = self.rounded(second);
        if first.grid != second.grid || first.order != second.order {
            return Err("the two shapes must be equal".into());
        }
        let difference = join(first, second.clone().scale(-1.0)).scale(sign);
        let over = self.relu(difference);
        Ok(join(over.scale(sign), second))
    }

    fn add(&mut self, node: &Node, sign: f64) -> Result<Form, Refused> {
        for (constant, value, outer) in [(1, 0, sign), (0, 1, 1.0)] {
            let Some(tensor) = self.constant(node, constant).cloned() else {
                continue;
            };
            let form = self.form(node, value)?.scale(if value == 1 { sign } else { 1.0 });
            let by =
                per_channel(&tensor, &form, self.shape(node, value)).ok_or("the constant must be one per channel")?;
            return Ok(form.add_bias(&by.iter().map(|b| b * outer).collect::<Vec<_>>()));
        }
        let (a, b) = (self.form(node, 0)?, self.form(node, 1)?.scale(sign));
        let (a, b) = self.broadcast(a, b)?;
        if let (Kind::Sum { .. }, Kind::Sum { .. }) = (&a.kind, &b.kind) {
            return Ok(join(a, b));
        }
        // Two contractions cannot share an accumulator: the first is rounded.
        let both = matches!((&a.kind, &b.kind), (Kind::Pending(_), Kind::Pending(_)));
        let a = if both { self.rounded(a) } else { a };
        let (grid, order, range, name) = (a.grid, a.order, a.range + b.range, a.name.clone());
        let affine = a
            .into_affine()
            .add(b.into_affine(), grid)
            .ok_or("the operands could not be added")?;
        Ok(Form {
            grid,
            order,
            range,
            name,
            kind: Kind::Pending(affine),
        })
    }

    /// Makes two forms of one grid: an operand with one position is spread over the positions of the other.
    fn broadcast(&mut self, a: Form, b: Form) -> Result<(Form, Form), Refused> {
        if a.grid == b.grid && a.order == b.order {
            return Ok((a, b));
        }
        let spread = |this: &mut Self, small: Form, large: &Form| {
            let fits = small.grid[0] == large.grid[0]
                && small.grid[1..]
                    .iter()
                    .zip(&large.grid[1..])
                    .all(|(s, l)| s == l || *s == 1);
            if !fits || small.order != large.order {
                return Err(format!(
                    "shapes {:?} and {:?} do not broadcast position-wise",
                    small.grid, large.grid
                ));
            }
            let axis = |from: usize, to: usize| Axis {
                kernel: 1,
                taps: (0..to).map(|p| vec![(0, if from == 1 { 0 } else { p })]).collect(),
            };
            let axes = [axis(small.grid[1], large.grid[1]), axis(small.grid[2], large.grid[2])];
            Ok(this.windows(small, axes, 1.0))
        };
        if a.grid[1] * a.grid[2] < b.grid[1] * b.grid[2] {
            let a = spread(self, a, &b)?;
            Ok((a, b))
        } else {
            let b = spread(self, b, &a)?;
            Ok((a, b))
        }
    }

    fn mul(&mut self, node: &Node, divide: bool) -> Result<Form, Refused> {
        let (value, constant) = match (self.constant(node, 0), self.constant(node, 1)) {
            (_, Some(c)) => (0, c.clone()),
            (Some(c), None) if !divide => (1, c.clone()),
            _ => return Err("products and quotients of two activations are not supported".into()),
        };
        let form = self.form(node, value)?;
        let by = per_channel(&constant, &form, self.shape(node, value))
            .ok_or("the factor must be constant with one value per channel")?;
        let by: Vec<f64> = by.iter().map(|&b| if divide { 1.0 / b } else { b }).collect();
        if by.iter().any(|b| !b.is_finite()) {
            return Err("division by zero".into());
        }
        if by.windows(2).all(|w| w[0] == w[1]) {
            return Ok(form.scale(by.first().copied().unwrap_or(1.0)));
        }
        Ok(self.channel_map(form, by.len(), &|o, c| if o == c { by[c] } else { 0.0 }))
    }

    /// A 1x1 contraction over channels.
    fn channel_map(&mut self, form: Form, out: usize, weight: &dyn Fn(usize, usize) -> f64) -> Form {
        let (form, parts) = self.parts(form);
        let channels = form.grid[0];
        let weights = (0..out)
            .flat_map(|o| (0..channels).map(move |c| weight(o, c)))
            .collect();
        let contraction = Contraction {
            parts,
            channels,
            axes: form.identity(),
            weights,
        };
        let affine = Affine {
            contraction: Some(contraction),
            bias: vec![],
            linear: vec![],
        };
        Form {
            grid: [out, form.grid[1], form.grid[2]],
            kind: Kind::Pending(affine),
            ..form
        }
    }

    /// `coef * sum over windows`, per channel.
    fn windows(&mut self, form: Form, axes: [Axis; 2], coef: f64) -> Form {
        let (form, parts) = self.parts(form);
        let grid = [form.grid[0], axes[0].out(), axes[1].out()];
        let taps = |axis: &Axis| axis.taps.iter().map(Vec::len).max().unwrap_or(0);
        let range = form.range * coef.abs() * (taps(&axes[0]) * taps(&axes[1])) as f64;
        let term = |p: Part| Linear {
            part: Part {
                coef: p.coef * coef,
                ..p
            },
            axes: axes.clone(),
        };
        let affine = Affine {
            contraction: None,
            bias: vec![],
            linear: parts.into_iter().map(term).collect(),
        };
        Form {
            grid,
            range,
            kind: Kind::Pending(affine),
            ..form
        }
    }

    fn max_pool(&mut self, form: Form, h: &Axis, w: &Axis) -> Form {
        let order = form.order;
        let mut source = self.single(form);
        let indices = |axis: &Axis| {
            axis.taps
                .iter()
                .map(|t| t.iter().map(|&(_, q)| q).collect())
                .collect::<Vec<Vec<usize>>>()
        };
        let (mut rows, mut cols) = (indices(h), indices(w));
        let disjoint = |windows: &[Vec<usize>]| {
            let mut all: Vec<usize> = windows.iter().flatten().copied().collect();
            all.sort_unstable();
            all.windows(2).all(|w| w[0] != w[1])
        };
        let pool = matches!(self.tensors[source].step, Step::MaxPool(_));
        if !disjoint(&rows) || !disjoint(&cols) || pool || source == 0 || self.pooled.contains(&source) {
            // Overlapping windows, pools of pools and of the input (whose rows are fixed) read a copy in which each window has its own elements.
            let unfold = |windows: &mut Vec<Vec<usize>>| {
                let taps: Vec<Vec<(usize, usize)>> = windows.iter().flatten().map(|&q| vec![(0, q)]).collect();
                let mut next = 0..taps.len();
                windows.iter_mut().flatten().for_each(|q| *q = next.next().unwrap_or(0));
                Axis { kernel: 1, taps }
            };
            let axes = [unfold(&mut rows), unfold(&mut cols)];
            let signed = self.tensors[source].signed;
            let form = self.stored(source, order);
            let copy = self.windows(form, axes, 1.0);
            source = self.round(copy, signed);
        }
        self.pooled.push(source);
        let t = &self.tensors[source];
        let grid = [t.grid[0], rows.len(), cols.len()];
        let (name, signed, range) = (format!("{}/max", t.name), t.signed, t.range);
        self.tensors.push(Tensor {
            name,
            grid,
            signed,
            range,
            step: Step::MaxPool(MaxPool {
                tensor: source,
                rows,
                cols,
            }),
        });
        self.stored(self.tensors.len() - 1, order)
    }

    fn reduce(&mut self, node: &Node, kind: ReduceKind, axes: &[usize]) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let rank = self.graph.values[node.inputs[0]].shape.len();
        if form.order != Order::ChannelsFirst {
            return Err("reductions of channels-last values are not supported".into());
        }
        // Grid axes: channel 1, then height and width at the end.
        let on = |axis: usize| axes.contains(&axis);
        let shape = self.shape(node, 0);
        let framed = grid(shape).is_ok_and(|(g, _)| g == form.grid);
        // The one axis of a flattened value is all three.
        let flat = !framed && shape.iter().rev().skip(1).all(|&n| n == 1) && on(rank - 1);
        if !framed && !flat {
            return Err(format!(
                "this reduction of a flattened shape {shape:?} is not supported"
            ));
        }
        let (channel, width) = (flat || rank == 1 || on(1), flat || rank > 2 && on(rank - 1));
        let height = if rank > 3 { on(rank - 2) } else { width };
        let whole = |len: usize, reduced: bool| {
            if !reduced {
                return Axis::identity(len);
            }
            Axis {
                kernel: len,
                taps: vec![(0..len).map(|q| (q, q)).collect()],
            }
        };
        let windows = [whole(form.grid[1], height), whole(form.grid[2], width)];
        let count = (if height { form.grid[1] } else { 1 }) * (if width { form.grid[2] } else { 1 });
        let coef = |n: usize| if kind == ReduceKind::Mean { 1.0 / n as f64 } else { 1.0 };
        match kind {
            ReduceKind::Max | ReduceKind::Min if channel => {
                Err("maximum and minimum over channels are not supported".into())
            }
            ReduceKind::Max => Ok(self.max_pool(form, &windows[0], &windows[1])),
            ReduceKind::Min => {
                let negated = self.single(form.scale(-1.0));
                let form = self.stored(negated, Order::ChannelsFirst);
                Ok(self.max_pool(form, &windows[0], &windows[1]).scale(-1.0))
            }
            ReduceKind::Sum | ReduceKind::Mean => {
                let range = if kind == ReduceKind::Sum {
                    self.ranges[node.output]
                } else {
                    form.range
                };
                let mut form = if height || width {
                    self.windows(form, windows, coef(count))
                } else {
                    form
                };
                if channel {
                    let n = form.grid[0];
                    form = self.channel_map(form, 1, &|_, _| coef(n));
                }
                Ok(Form {
                    range: range.max(self.ranges[node.output]),
                    ..form
                })
            }
        }
    }

    fn reshape(&mut self, node: &Node, shape: &[usize]) -> Result<Form, Refused> {
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

    fn transpose(&mut self, node: &Node, perm: &[usize]) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let shape = &self.graph.values[node.inputs[0]].shape;
        let moved: Vec<usize> = perm.iter().copied().filter(|&axis| shape[axis] != 1).collect();
        if moved.windows(2).all(|w| w[0] < w[1]) {
            return Ok(form);
        }
        Err(format!("permutation {perm:?} of shape {shape:?} moves channels"))
    }

    fn concat(&mut self, node: &Node, axis: usize) -> Result<Form, Refused> {
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

    fn slice(&mut self, node: &Node, ranges: &[(usize, usize, i64)]) -> Result<Form, Refused> {
        let pick = |&(start, len, step): &(usize, usize, i64)| {
            (0..len)
                .map(|i| (start as i64 + step * i as i64) as usize)
                .collect::<Vec<_>>()
        };
        let indices: Vec<Vec<usize>> = ranges.iter().map(pick).collect();
        self.select(node, &indices)
    }

    fn gather(&mut self, node: &Node, axis: usize, indices: &[usize]) -> Result<Form, Refused> {
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
    fn select(&mut self, node: &Node, indices: &[Vec<usize>]) -> Result<Form, Refused> {
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

    fn pad(&mut self, node: &Node, pads: &[(usize, usize)], value: f32) -> Result<Form, Refused> {
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

    fn expand(&mut self, node: &Node, shape: &[usize]) -> Result<Form, Refused> {
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

    fn matmul(&mut self, node: &Node, out: &[usize]) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let weights = self
            .constant(node, 1)
            .ok_or("products of two activations are not supported")?
            .clone();
        let [inner, outer] = weights.shape[..] else {
            return Err("the constant operand must be a matrix".into());
        };
        let shape = self.graph.values[node.inputs[0]].shape.clone();
        let (form, parts) = self.parts(form);
        let elements: usize = form.grid.iter().product();
        let [c, h, w] = form.grid;
        let single = shape.iter().rev().skip(1).all(|&n| n == 1);
        let at = |k: usize, o: usize| f64::from(weights.data[k * outer + o]);
        if single && elements == inner {
            // The whole grid is one vector in channel-major order.
            let axes = [Axis::conv(h, h, 1, 1, 0, 1), Axis::conv(w, w, 1, 1, 0, 1)];
            let list = (0..outer)
                .flat_map(|o| (0..inner).map(move |k| (k, o)))
                .map(|(k, o)| at(k, o))
                .collect();
            let contraction = Contraction {
                parts,
                channels: c,
                axes,
                weights: list,
            };
            let affine = Affine {
                contraction: Some(contraction),
                bias: vec![],
                linear: vec![],
            };
            return Ok(Form {
                grid: [outer, 1, 1],
                order: Order::ChannelsFirst,
                kind: Kind::Pending(affine),
                ..form
            });
        }
        Err(format!(
            "product of shape {shape:?} with a matrix, giving {out:?}, is supported for one row"
        ))
    }

    fn conv(&mut self, node: &Node, g: &Geometry<'_>, out: &[usize]) -> Result<Form, Refused> {
        let form = self.framed(node, 0)?;
        let weights = self.constant(node, 1).ok_or("the kernel must be constant")?.clone();
        let bias = match node.inputs.get(2) {
            Some(_) => Some(self.constant(node, 2).ok_or("the bias must be constant")?.clone()),
            None => None,
        };
        let axes = spatial_axes(g, &form, out)?;
        let (form, parts) = self.parts(form);
        let (channels, output) = (form.grid[0], out[1]);
        let kernel = axes[0].kernel * axes[1].kernel;
        let (per_in, per_out) = (channels / g.groups, output / g.groups);
        // Groups are zero weights outside of the group.
        let at = |o: usize, c: usize, k: usize| {
            if o / per_out != c / per_in {
                return 0.0;
            }
            let index = if g.transpose {
                c * per_out + o % per_out
            } else {
                o * per_in + c % per_in
            };
            f64::from(weights.data[index * kernel + k])
        };
        let list = (0..output).flat_map(|o| (0..channels).map(move |c| (o, c)));
        let list = list
            .flat_map(|(o, c)| (0..kernel).map(move |k| (o, c, k)))
            .map(|(o, c, k)| at(o, c, k))
            .collect();
        let grid = [output, axes[0].out(), axes[1].out()];
        let contraction = Contraction {
            parts,
            channels,
            axes,
            weights: list,
        };
        let mut affine = Affine {
            contraction: Some(contraction),
            bias: vec![],
            linear: vec![],
        };
        if let Some(bias) = bias {
            affine.add_bias(&bias.data.iter().map(|&b| f64::from(b)).collect::<Vec<_>>(), grid);
        }
        Ok(Form {
            grid,
            kind: Kind::Pending(affine),
            ..form
        })
    }
}

struct Geometry<'a> {
    kernel: &'a [usize],
    strides: &'a [usize],
    pads: &'a [(usize, usize)],
    dilations: &'a [usize],
    groups: usize,
    transpose: bool,
}

/// Height and width axes of a window operator; one-dimensional operators have height 1.
fn spatial_axes(g: &Geometry<'_>, form: &Form, out: &[usize]) -> Result<[Axis; 2], Refused> {
    let rank = g.kernel.len();
    if !(1..=2).contains(&rank) || out.len() != rank + 2 || form.order != Order::ChannelsFirst {
        return Err("one or two spatial axes are supported".into());
    }
    let axis = |spatial: usize, len: usize| {
        let make = if g.transpose { Axis::conv_transpose } else { Axis::conv };
        make(
            len,
            g.kernel[spatial],
            g.strides[spatial],
            g.dilations[spatial],
            g.pads[spatial].0,
            out[spatial + 2],
        )
    };
    let height = if rank == 2 {
        axis(0, form.grid[1])
    } else {
        Axis::identity(1)
    };
    Ok([height, axis(rank - 1, form.grid[2])])
}

fn spatial(
    kernel: &[usize],
    strides: &[usize],
    pads: &[(usize, usize)],
    dilations: &[usize],
    form: &Form,
    out: &[usize],
) -> Result<[Axis; 2], Refused> {
    spatial_axes(
        &Geometry {
            kernel,
            strides,
            pads,
            dilations,
            groups: 1,
            transpose: false,
        },
        form,
        out,
    )
}

/// A sum of two sums over the same grid.
fn join(a: Form, b: Form) -> Form {
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

/// A constant that broadcasts over the positions of a value of this shape, as one value per channel.
fn per_channel(constant: &onnx::Tensor, form: &Form, shape: &[usize]) -> Option<Vec<f64>> {
    let data: Vec<f64> = constant.data.iter().map(|&v| f64::from(v)).collect();
    let channels = form.grid[0];
    if let [v] = data[..] {
        return Some(vec![v; channels]);
    }
    // Channels are axis 1 of a grid, and the last axis of a row vector without positions.
    let axis = match grid(shape) {
        Ok((g, _)) if g == form.grid && shape.len() > 1 => 1,
        _ if form.grid[1] * form.grid[2] == 1 => shape.len().checked_sub(1)?,
        _ => return None,
    };
    // Numpy aligns the last axes.
    let at = (axis + constant.shape.len()).checked_sub(shape.len())?;
    (data.len() == channels && constant.shape.get(at) == Some(&channels)).then_some(data)
}
