//! One step of a recurrent layer.

use super::activation::{applied, Activations};
use super::Sizes;
use crate::graph::{Op, ValueId};
use crate::onnx::build::{Builder, Fault};
use crate::onnx::operators::maps::{labelled, reshaped};
use crate::onnx::operators::Call;

/// The weights of a direction, turned for products from the right.
pub struct Cell {
    /// `[inputs, gates hidden]`.
    pub weights: ValueId,
    /// What is added to the product of the inputs.
    pub bias: Option<ValueId>,
    /// `[hidden, gates hidden]`.
    recurrence: ValueId,
    /// Of the hidden gate of a GRU that multiplies before it resets: added to the product of the state.
    late: Option<ValueId>,
    /// `[3 hidden]`.
    peepholes: Option<ValueId>,
    activations: Vec<Op>,
    clip: Option<f32>,
    sizes: Sizes,
    kind: Kind,
}

impl Cell {
    /// Whether no weight depends on the input: the steps of a loop share what they read, but for their own rows.
    pub fn is_constant(&self, b: &Builder) -> bool {
        let optional = [self.bias, self.late, self.peepholes].into_iter().flatten();
        let mut all = optional.chain([self.weights, self.recurrence]);
        all.all(|id| b.slots.get(id).is_some_and(|slot| slot.constant.is_some()))
    }
}

/// What the gates get of the inputs.
#[derive(Clone, Copy)]
pub enum Inputs {
    /// That of one step, for all gates side by side.
    Gates(ValueId),
    /// Rows of all steps, of which each gate takes a product of its own: nothing of them is stored.
    Rows(ValueId),
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Simple,
    Gru { reset_after: bool },
    Lstm { coupled: bool },
}

/// One element of the first axis.
pub fn part(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    (index, shape): (usize, Vec<usize>),
) -> Result<ValueId, Fault> {
    let mut ranges: Vec<(usize, usize, i64)> = b.shape(x)?.iter().map(|&d| (0, d, 1)).collect();
    if let Some(range) = ranges.first_mut() {
        *range = (index, 1, 1);
    }
    let one = b.emit(&call.origin, &labelled(label, "slice"), Op::Slice { ranges }, &[x])?;
    reshaped(call, b, label, one, shape)
}

impl Cell {
    /// `operands`: biases, the first states and peepholes.
    pub fn read(
        call: &Call<'_>,
        b: &mut Builder,
        (direction, sizes): (usize, Sizes),
        operands: &[Option<ValueId>],
        activations: &Activations,
        clip: Option<f32>,
    ) -> Result<Self, Fault> {
        let from = &call.origin;
        let name = |more: &str| labelled(&direction.to_string(), more);
        let width = sizes.gates * sizes.hidden;
        let kind = match call.op {
            "LSTM" => Kind::Lstm {
                coupled: call.attrs.flag("input_forget", false)?,
            },
            "GRU" => Kind::Gru {
                reset_after: call.attrs.flag("linear_before_reset", false)?,
            },
            _ => Kind::Simple,
        };
        let mut turned = |i: usize, label: &str| {
            let w = call.required(i)?;
            let columns = b.shape(w)?.last().copied().unwrap_or(0);
            let w = part(call, b, &name(label), w, (direction, vec![width, columns]))?;
            let perm = vec![1, 0];
            b.emit(from, &name(&format!("{label}/turned")), Op::Transpose { perm }, &[w])
        };
        let (weights, recurrence) = (turned(1, "weights")?, turned(2, "recurrence")?);
        let (mut bias, mut late) = (None, None);
        if let Some(all) = operands.first().copied().flatten() {
            let all = part(call, b, &name("biases"), all, (direction, vec![2 * width]))?;
            let mut slice = |label: &str, start: usize, len: usize| {
                let ranges = vec![(start, len, 1)];
                b.emit(from, &name(label), Op::Slice { ranges }, &[all])
            };
            let first = slice("biases/inputs", 0, width)?;
            // Those of the state are added along, but for what a reset comes after.
            let with = match kind {
                Kind::Gru { reset_after: true } => 2 * sizes.hidden,
                _ => width,
            };
            let mut second = slice("biases/state", width, with)?;
            if with < width {
                late = Some(slice("biases/late", width + with, width - with)?);
                let pads = vec![(0, width - with)];
                let op = Op::Pad { pads, value: 0.0 };
                second = b.emit(from, &name("biases/wide"), op, &[second])?;
            }
            bias = Some(b.emit(from, &name("bias"), Op::Add, &[first, second])?);
        }
        let peepholes = match operands.get(3).copied().flatten() {
            Some(all) => {
                let shape = vec![3 * sizes.hidden];
                Some(part(call, b, &name("peepholes"), all, (direction, shape))?)
            }
            None => None,
        };
        Ok(Self {
            weights,
            bias,
            recurrence,
            late,
            peepholes,
            activations: (0..3).filter_map(|i| activations.at(direction, i)).collect(),
            clip,
            sizes,
            kind,
        })
    }

    /// The next state and cell state from the inputs and the ones before: of one step, or of all.
    pub fn step(
        &self,
        call: &Call<'_>,
        b: &mut Builder,
        label: &str,
        gates: Inputs,
        (h, c): (Option<ValueId>, Option<ValueId>),
    ) -> Result<(ValueId, Option<ValueId>), Fault> {
        match self.kind {
            Kind::Simple => {
                let sum = self.with_state(call, b, label, gates, (h, (0, 1)))?;
                Ok((self.active(call, b, &labelled(label, "state"), sum, 0)?, None))
            }
            Kind::Gru { reset_after } => Ok((self.gru(call, b, label, gates, (h, reset_after))?, None)),
            Kind::Lstm { coupled } => {
                let (h, c) = self.lstm(call, b, label, gates, (h, c, coupled))?;
                Ok((h, Some(c)))
            }
        }
    }

    fn active(&self, call: &Call<'_>, b: &mut Builder, label: &str, x: ValueId, i: usize) -> Result<ValueId, Fault> {
        match self.activations.get(i) {
            Some(activation) => applied(call, b, label, x, (activation, self.clip)),
            None => Err(call.shape_error("an activation is missing")),
        }
    }

    /// Gates from `first` on, of the last axis.
    fn gate(
        &self,
        call: &Call<'_>,
        b: &mut Builder,
        label: &str,
        x: ValueId,
        (first, count): (usize, usize),
    ) -> Result<ValueId, Fault> {
        let hidden = self.sizes.hidden;
        let mut ranges: Vec<(usize, usize, i64)> = b.shape(x)?.iter().map(|&d| (0, d, 1)).collect();
        let whole = (0, count * hidden, 1);
        if let Some(range) = ranges.last_mut() {
            if *range == whole {
                return Ok(x);
            }
            *range = (first * hidden, count * hidden, 1);
        }
        b.emit(&call.origin, label, Op::Slice { ranges }, &[x])
    }

    /// What gates from `first` on get of the inputs.
    fn own(
        &self,
        call: &Call<'_>,
        b: &mut Builder,
        label: &str,
        inputs: Inputs,
        gates: (usize, usize),
    ) -> Result<ValueId, Fault> {
        let rows = match inputs {
            Inputs::Gates(all) => return self.gate(call, b, label, all, gates),
            Inputs::Rows(rows) => rows,
        };
        let weights = self.gate(call, b, &labelled(label, "weights"), self.weights, gates)?;
        let product = b.emit(&call.origin, &labelled(label, "product"), Op::MatMul, &[rows, weights])?;
        let Some(bias) = self.bias else { return Ok(product) };
        let bias = self.gate(call, b, &labelled(label, "bias"), bias, gates)?;
        b.emit(&call.origin, label, Op::Add, &[product, bias])
    }

    /// These gates with what the state gives to them.
    fn with_state(
        &self,
        call: &Call<'_>,
        b: &mut Builder,
        label: &str,
        gates: Inputs,
        (h, (first, count)): (Option<ValueId>, (usize, usize)),
    ) -> Result<ValueId, Fault> {
        let label = |more: &str| labelled(label, &format!("{first}/{more}"));
        let own = self.own(call, b, &label("inputs"), gates, (first, count))?;
        let Some(h) = h else { return Ok(own) };
        let recurrence = self.gate(call, b, &label("recurrence"), self.recurrence, (first, count))?;
        let product = b.emit(&call.origin, &label("product"), Op::MatMul, &[h, recurrence])?;
        b.emit(&call.origin, &label("sum"), Op::Add, &[own, product])
    }

    fn gru(
        &self,
        call: &Call<'_>,
        b: &mut Builder,
        label: &str,
        gates: Inputs,
        (h, reset_after): (Option<ValueId>, bool),
    ) -> Result<ValueId, Fault> {
        let (from, name) = (&call.origin, |more: &str| labelled(label, more));
        let (update, reset) = match gates {
            Inputs::Gates(_) => {
                let both = self.with_state(call, b, label, gates, (h, (0, 2)))?;
                let both = self.active(call, b, &name("update-reset"), both, 0)?;
                let update = self.gate(call, b, &name("update"), both, (0, 1))?;
                (update, self.gate(call, b, &name("reset"), both, (1, 1))?)
            }
            // Side by side they would lie on another grid, whose positions are not steps.
            Inputs::Rows(_) => {
                let mut gate = |word: &str, i: usize| {
                    let sum = self.with_state(call, b, label, gates, (h, (i, 1)))?;
                    self.active(call, b, &name(word), sum, 0)
                };
                (gate("update", 0)?, gate("reset", 1)?)
            }
        };
        let own = self.own(call, b, &name("hidden/inputs"), gates, (2, 1))?;
        let sum = match (h, reset_after) {
            (None, false) => own,
            (Some(h), false) => {
                let part = b.emit(from, &name("kept"), Op::Mul, &[reset, h])?;
                self.with_state(call, b, label, gates, (Some(part), (2, 1)))?
            }
            (h, true) => {
                let mut inner = self.late;
                if let Some(h) = h {
                    let recurrence = self.gate(call, b, &name("hidden/recurrence"), self.recurrence, (2, 1))?;
                    let product = b.emit(from, &name("hidden/product"), Op::MatMul, &[h, recurrence])?;
                    inner = Some(match inner {
                        Some(late) => b.emit(from, &name("hidden/late"), Op::Add, &[product, late])?,
                        None => product,
                    });
                }
                match inner {
                    Some(inner) => {
                        let part = b.emit(from, &name("kept"), Op::Mul, &[reset, inner])?;
                        b.emit(from, &name("hidden/sum"), Op::Add, &[own, part])?
                    }
                    None => own,
                }
            }
        };
        let new = self.active(call, b, &name("new"), sum, 1)?;
        // `(1 - z) new + z old` with one product.
        let Some(old) = h else {
            let part = b.emit(from, &name("part"), Op::Mul, &[update, new])?;
            return b.emit(from, &name("state"), Op::Sub, &[new, part]);
        };
        let difference = b.emit(from, &name("difference"), Op::Sub, &[old, new])?;
        let part = b.emit(from, &name("part"), Op::Mul, &[update, difference])?;
        b.emit(from, &name("state"), Op::Add, &[new, part])
    }

    fn lstm(
        &self,
        call: &Call<'_>,
        b: &mut Builder,
        label: &str,
        gates: Inputs,
        (h, c, coupled): (Option<ValueId>, Option<ValueId>, bool),
    ) -> Result<(ValueId, ValueId), Fault> {
        let (from, name) = (&call.origin, |more: &str| labelled(label, more));
        let all = match gates {
            Inputs::Gates(_) => Some(self.with_state(call, b, label, gates, (h, (0, 4)))?),
            Inputs::Rows(_) => None,
        };
        let sum = |b: &mut Builder, i: usize, word: &str| match all {
            Some(all) => self.gate(call, b, &name(&format!("{word}/sum")), all, (i, 1)),
            None => self.with_state(call, b, label, gates, (h, (i, 1))),
        };
        // Gates are in the order input, output, forget, cell; peepholes too.
        let gate = |b: &mut Builder, i: usize, word: &str, cell: Option<ValueId>| {
            let mut sum = sum(b, i, word)?;
            if let (Some(all), Some(cell)) = (self.peepholes, cell) {
                let peephole = self.gate(call, b, &name(&format!("{word}/peephole")), all, (i, 1))?;
                let part = b.emit(from, &name(&format!("{word}/seen")), Op::Mul, &[cell, peephole])?;
                sum = b.emit(from, &name(&format!("{word}/all")), Op::Add, &[sum, part])?;
            }
            self.active(call, b, &name(word), sum, 0)
        };
        let input = gate(b, 0, "input", c)?;
        let new = sum(b, 3, "new")?;
        let new = self.active(call, b, &name("new"), new, 1)?;
        let mut cell = b.emit(from, &name("entered"), Op::Mul, &[input, new])?;
        if let Some(c) = c {
            cell = match coupled {
                // `(1 - i) c + i new` with one product.
                true => {
                    let difference = b.emit(from, &name("difference"), Op::Sub, &[new, c])?;
                    let part = b.emit(from, &name("part"), Op::Mul, &[input, difference])?;
                    b.emit(from, &name("cell"), Op::Add, &[c, part])?
                }
                false => {
                    let forget = gate(b, 2, "forget", Some(c))?;
                    let part = b.emit(from, &name("remembered"), Op::Mul, &[forget, c])?;
                    b.emit(from, &name("cell"), Op::Add, &[part, cell])?
                }
            };
        }
        let output = gate(b, 1, "output", Some(cell))?;
        let seen = self.active(call, b, &name("seen"), cell, 2)?;
        Ok((b.emit(from, &name("state"), Op::Mul, &[output, seen])?, cell))
    }
}
