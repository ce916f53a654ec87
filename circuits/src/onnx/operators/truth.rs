//! Truth values that depend on the input, as masks of tokens do: 1 and 0, in arithmetic.

use super::compare::indicator;
use super::maps::labelled;
use super::Call;
use crate::graph::{broadcast, Binary, Function, Op, Unary, ValueId};
use crate::onnx::build::{remedy, unsupported, Builder, Fault, Veil, HIDES};

/// Steps from a mask back to the input.
const LONGEST: usize = 32;

/// The element type of truth values.
const BOOL: i32 = 9;

/// A value that is `factor * root + shift` with its elements moved; the root holds integers that the circuit knows as numbers.
struct Affine {
    root: ValueId,
    factor: f64,
    shift: f64,
    moves: Vec<Op>,
}

/// Walks back from a value to the integers it is made of.
fn affine(b: &Builder, mut x: ValueId) -> Option<Affine> {
    let (mut factor, mut shift, mut moves) = (1.0, 0.0, vec![]);
    // Last first.
    let mut rounded: Vec<(Op, f32, bool)> = vec![];
    let mut left = LONGEST;
    while let Some(step) = b.producer(x) {
        left = usize::checked_sub(left, 1)?;
        let number = |id: ValueId| b.number(id).map(f64::from);
        let known = |id: ValueId| b.slots.get(id).is_some_and(|slot| slot.constant.is_some());
        match (&step.op, step.inputs.as_slice()) {
            (
                op @ (Op::Reshape { .. }
                | Op::Transpose { .. }
                | Op::Expand { .. }
                | Op::Slice { .. }
                | Op::Gather { .. }),
                &[from],
            ) => {
                moves.push(op.clone());
                x = from;
            }
            (op @ (Op::Add | Op::Sub | Op::Mul), &[left, right]) => {
                let (from, number, first) = match (known(left), known(right)) {
                    (true, false) => (right, number(left)?, true),
                    (false, true) => (left, number(right)?, false),
                    _ => return None,
                };
                rounded.push((op.clone(), number as f32, first));
                match op {
                    Op::Mul => factor *= number,
                    Op::Sub if first => {
                        shift += factor * number;
                        factor = -factor;
                    }
                    Op::Sub => shift -= factor * number,
                    _ => shift += factor * number,
                }
                let to = b.shape(step.output).ok()?;
                if b.shape(from).ok()? != to {
                    moves.push(Op::Expand { shape: to.to_vec() });
                }
                x = from;
            }
            _ => break,
        }
    }
    moves.reverse();
    rounded.reverse();
    let slot = b.slots.get(x)?;
    let root = (slot.integer() && slot.constant.is_none() && b.compared(x).is_none()).then_some(x)?;
    let value = Affine {
        root,
        factor,
        shift,
        moves,
    };
    value.is_of(&rounded).then_some(value)
}

impl Affine {
    /// Whether these steps give the same if each is rounded, as runtimes do: what cancels or vanishes there is another function.
    fn is_of(&self, steps: &[(Op, f32, bool)]) -> bool {
        let near = |(root, exact): (f32, f64)| {
            let value = steps.iter().fold(root, |x, (op, number, first)| match (op, first) {
                (Op::Mul, _) => x * number,
                (Op::Sub, true) => number - x,
                (Op::Sub, false) => x - number,
                _ => x + number,
            });
            (value == 0.0) == (exact == 0.0) && (f64::from(value) - exact).abs() <= 1e-6 * exact.abs()
        };
        [0.0, 1.0].into_iter().zip(self.at()).all(near)
    }

    /// Its values where the root is 0 and 1.
    fn at(&self) -> [f64; 2] {
        [self.shift, self.factor + self.shift]
    }

    /// The root as a truth value, its elements moved. Of other numbers than 0 and 1 there is no proof.
    fn truth(&self, call: &Call<'_>, b: &mut Builder, label: &str) -> Result<ValueId, Fault> {
        let mut truth = held(call, b, label, self.root)?;
        for (i, op) in self.moves.iter().enumerate() {
            truth = match op {
                Op::Reshape { shape } if b.shape(truth)? == shape => truth,
                op => b.emit(&call.origin, &labelled(label, &format!("{i}")), op.clone(), &[truth])?,
            };
        }
        Ok(truth)
    }
}

/// Integers that are 0 or 1, or have no proof.
fn held(call: &Call<'_>, b: &mut Builder, label: &str, root: ValueId) -> Result<ValueId, Fault> {
    if b.slot(root)?.data_type == BOOL {
        return Ok(root);
    }
    if let Some(&truth) = b.truths.get(&root) {
        return Ok(truth);
    }
    let held = Op::Function(Function::Variable.integer(0..=1));
    let truth = b.emit(&call.origin, &labelled(label, "truth"), held, &[root])?;
    b.bound(root, 0..=1, truth);
    b.truths.insert(root, truth);
    Ok(typed(b, truth))
}

/// Elements that are truth values by what they are computed from.
fn typed(b: &mut Builder, id: ValueId) -> ValueId {
    b.slots.get_mut(id).into_iter().for_each(|slot| slot.data_type = BOOL);
    id
}

/// 1 where a truth value is 0.
fn negated(call: &Call<'_>, b: &mut Builder, label: &str, truth: ValueId) -> Result<ValueId, Fault> {
    let one = b.scalar(1.0);
    let not = b.emit(&call.origin, label, Op::Sub, &[one, truth])?;
    Ok(typed(b, not))
}

/// Whether an operand is a truth value that depends on the input, but no comparison.
pub fn is_truth(b: &Builder, id: ValueId) -> bool {
    let slot = b.slots.get(id);
    slot.is_some_and(|slot| slot.data_type == BOOL && slot.constant.is_none()) && b.compared(id).is_none()
}

/// `Cast` to a truth value: of integers that are 0 or 1, whatever was added to them or multiplied with them.
pub fn cast(call: &Call<'_>, b: &mut Builder, x: ValueId) -> Result<Option<ValueId>, Fault> {
    let Some(value) = affine(b, x) else { return Ok(None) };
    let truth = value.truth(call, b, "")?;
    match value.at().map(|v| v != 0.0) {
        [false, true] => Ok(Some(truth)),
        [true, false] => negated(call, b, "", truth).map(Some),
        _ => Ok(None),
    }
}

/// A mask of tokens as a truth value.
pub fn mask(call: &Call<'_>, b: &mut Builder, label: &str, x: ValueId) -> Result<ValueId, Fault> {
    match affine(b, x).filter(|value| value.at() == [0.0, 1.0]) {
        Some(value) => value.truth(call, b, label),
        None => unsupported("a mask that is neither constant nor the input's", remedy::MASK),
    }
}

/// `Mul` of 0 and a number where a truth value is 0 or 1, if the product hides or shows scores to which it is added.
pub fn product(call: &Call<'_>, b: &mut Builder) -> Result<Option<ValueId>, Fault> {
    let (x, y) = (call.required(0)?, call.required(1)?);
    let by = |id: ValueId| b.number(id).or_else(|| b.huge(id));
    let (x, factor, by) = match (by(x), by(y)) {
        (None, Some(by)) => (x, y, by),
        (Some(by), None) => (y, x, by),
        _ => return Ok(None),
    };
    if by.abs() < -HIDES {
        return Ok(None);
    }
    let Some(value) = affine(b, x) else {
        return Ok(None);
    };
    let hides = value.at().map(|v| (v * f64::from(by)) as f32);
    let hidden_at_one = match hides {
        [zero, huge] if zero == 0.0 && huge <= HIDES => true,
        [huge, zero] if zero == 0.0 && huge <= HIDES => false,
        _ => return Ok(None),
    };
    // Which constants hide is part of the circuit.
    b.publish(factor, "a mask", &call.origin);
    let truth = value.truth(call, b, "shown")?;
    let shown = match hidden_at_one {
        true => negated(call, b, "shown/not", truth)?,
        false => truth,
    };
    let shape = broadcast(b.shape(call.required(0)?)?, b.shape(call.required(1)?)?);
    let shape = shape.map_err(|reason| call.shape_error(reason))?;
    b.veiled(&call.origin.output, shape, Veil { scores: None, shown })
        .map(Some)
}

/// `Where` by a truth value: scores and what hides them, or `y + condition (x - y)`.
pub fn selected(call: &Call<'_>, b: &mut Builder, (x, y): (ValueId, ValueId)) -> Result<ValueId, Fault> {
    let condition = call.required(0)?;
    let mut to = b.shape(condition)?.to_vec();
    for id in [x, y] {
        to = broadcast(&to, b.shape(id)?).map_err(|reason| call.shape_error(reason))?;
    }
    for (mask, scores, hidden_at_one) in [(x, y, true), (y, x, false)] {
        if !b.hides(mask) {
            continue;
        }
        // Which constants hide is part of the circuit.
        b.publish(mask, "a mask", &call.origin);
        let shown = match hidden_at_one {
            true => negated(call, b, "shown", condition)?,
            false => condition,
        };
        let veil = match b.veil(scores) {
            None => Veil {
                scores: (b.number(scores) != Some(0.0)).then_some(scores),
                shown,
            },
            Some(veil) => Veil {
                shown: b.emit(&call.origin, "shown/both", Op::Mul, &[veil.shown, shown])?,
                ..veil
            },
        };
        return b.veiled(&call.origin.output, to, veil);
    }
    let difference = b.emit(&call.origin, "branches", Op::Sub, &[x, y])?;
    let part = b.emit(&call.origin, "part", Op::Mul, &[condition, difference])?;
    let whole = [x, y].iter().all(|&id| b.slot(id).is_ok_and(|slot| slot.integer()));
    let kind = b.slot(x)?.data_type;
    let chosen = b.emit(&call.origin, "chosen", Op::Add, &[y, part])?;
    if whole {
        b.slots
            .get_mut(chosen)
            .into_iter()
            .for_each(|slot| slot.data_type = kind);
    }
    b.widened(&call.origin, "wide", chosen, &to)
}

/// An operand of a logical operator as a number.
fn operand(call: &Call<'_>, b: &mut Builder, i: usize) -> Result<ValueId, Fault> {
    let id = call.required(i)?;
    match b.compared(id) {
        Some(comparison) => indicator(call, b, &format!("{i}"), comparison),
        None if b.slot(id)?.data_type == BOOL => Ok(id),
        None => Err(call.shape_error("the operands must be truth values")),
    }
}

/// `And`, `Or`, `Xor`, `Not` and `Equal` of values that are not all constant.
pub fn logical(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let from = &call.origin;
    if call.op == "Equal" {
        return equal(call, b);
    }
    let x = operand(call, b, 0)?;
    if call.op == "Not" {
        return negated(call, b, "", x);
    }
    let y = operand(call, b, 1)?;
    let truth = match call.op {
        "And" => b.emit(from, "", Op::Mul, &[x, y])?,
        "Or" => b.emit(from, "", Op::Max, &[x, y])?,
        _ => {
            let difference = b.emit(from, "difference", Op::Sub, &[x, y])?;
            b.emit(from, "", Op::Abs, &[difference])?
        }
    };
    Ok(typed(b, truth))
}

/// Whether integers are equal: a function of their difference.
fn equal(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let (x, y) = (call.required(0)?, call.required(1)?);
    if ![x, y].iter().all(|&id| b.slot(id).is_ok_and(|slot| slot.integer())) {
        return unsupported(
            "equality of floats, which rounding decides",
            "compare with Less or Greater",
        );
    }
    if [x, y].iter().any(|&id| b.compared(id).is_some()) {
        return unsupported("equality of comparisons", "use Xor and Not");
    }
    let difference = b.emit(&call.origin, "difference", Op::Sub, &[x, y])?;
    let apart = Function::Variable.then(Unary::Abs).with(Binary::Min, 1.0);
    let same = Op::Function(Function::Number(1.0).with(Binary::Sub, apart));
    let truth = b.emit(&call.origin, "", same, &[difference])?;
    Ok(typed(b, truth))
}

/// Scores without what hides them, and where they are shown, both in the shape of the value that stands for them.
pub fn unveiled(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
) -> Result<(ValueId, Option<ValueId>), Fault> {
    let Some(veil) = b.veil(x) else { return Ok((x, None)) };
    let to = b.shape(x)?.to_vec();
    b.reserve(&to, 1)?;
    let scores = match veil.scores {
        Some(scores) => scores,
        None => b.scalar(0.0),
    };
    let scores = b.widened(&call.origin, &labelled(label, "scores/wide"), scores, &to)?;
    let shown = b.widened(&call.origin, &labelled(label, "shown/wide"), veil.shown, &to)?;
    Ok((scores, Some(shown)))
}
