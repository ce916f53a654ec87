//! Operator by operator: graph values become forms, activations become stored tensors.

mod elementwise;
mod moves;
mod products;
mod windows;

use super::form::{Affine, Contraction, FloatModel, Form, Kind, Linear, Order, Part, Step, Tensor};
use crate::error::CircuitError;
use crate::onnx::{self, Graph, Node, Op, ReduceKind};
use crate::qmodel::{Axis, MaxPool};

use windows::{spatial, spatial_axes, Geometry};

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
}
