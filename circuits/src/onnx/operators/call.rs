//! One node and its operands.

use crate::graph::ValueId;
use crate::onnx::attr::Attrs;
use crate::onnx::build::{remedy, unsupported, Builder, Fault, Origin};
use crate::onnx::error::ImportError;
use crate::onnx::tensor::{type_name, Const};
use std::collections::HashSet;

/// One ONNX node with resolved operands.
pub struct Call<'a> {
    pub origin: Origin,
    pub op: &'a str,
    pub opset: i64,
    pub attrs: Attrs<'a>,
    pub inputs: Vec<Option<ValueId>>,
    pub outputs: &'a [String],
}

impl Call<'_> {
    /// An operator within this one, with its attributes.
    pub fn part<'c>(&'c self, label: &str, op: &'c str, inputs: Vec<Option<ValueId>>) -> Call<'c> {
        let suffix = |name: &str| match label {
            "" => name.to_owned(),
            label => format!("{name}/{label}"),
        };
        Call {
            origin: Origin {
                node: suffix(&self.origin.node),
                onnx_op: self.origin.onnx_op.clone(),
                output: suffix(&self.origin.output),
            },
            op,
            opset: self.opset,
            attrs: self.attrs,
            inputs,
            outputs: &[],
        }
    }

    /// The `i`-th operand, if given.
    pub fn optional(&self, i: usize) -> Option<ValueId> {
        self.inputs.get(i).copied().flatten()
    }

    /// The `i`-th operand.
    pub fn required(&self, i: usize) -> Result<ValueId, ImportError> {
        self.optional(i)
            .ok_or_else(|| ImportError::malformed(format!("node `{}` ({}) lacks input {i}", self.origin.node, self.op)))
    }

    /// All operands, none omitted.
    pub fn all(&self) -> Result<Vec<ValueId>, ImportError> {
        (0..self.inputs.len().max(1)).map(|i| self.required(i)).collect()
    }

    pub fn shape_error(&self, reason: impl Into<String>) -> Fault {
        Fault::Import(ImportError::Shape {
            node: self.origin.node.clone(),
            reason: reason.into(),
        })
    }

    /// The integers of a constant operand, if given. What is read here is public.
    pub fn ints(&self, b: &mut Builder, i: usize, what: &str) -> Result<Option<Vec<i64>>, Fault> {
        let Some(id) = self.optional(i) else {
            return Ok(None);
        };
        match &b.slot(id)?.constant {
            Some(Const::Ints(data)) => {
                let data = data.clone();
                b.publish(id, what, &self.origin);
                Ok(Some(data))
            }
            Some(Const::Floats(_)) => Err(self.shape_error(format!("{what} must be integers"))),
            None => unsupported(format!("{what} must be constant"), remedy::FOLD),
        }
    }

    /// The numbers of a constant operand, if given. What is read here is public.
    pub fn floats(&self, b: &mut Builder, i: usize, what: &str) -> Result<Option<Vec<f32>>, Fault> {
        let Some(id) = self.optional(i) else {
            return Ok(None);
        };
        match &b.slot(id)?.constant {
            Some(data) => {
                let data = data.clone().into_floats();
                b.publish(id, what, &self.origin);
                Ok(Some(data))
            }
            None => unsupported(format!("{what} must be constant"), remedy::FOLD),
        }
    }

    /// The numbers of a constant operand that stays a weight if it is one.
    pub fn known<'b>(&self, b: &'b Builder, i: usize, what: &str) -> Result<(&'b [usize], &'b Const), Fault> {
        let slot = b.slot(self.required(i)?)?;
        match &slot.constant {
            Some(data) => Ok((&slot.shape, data)),
            None => unsupported(format!("{what} must be constant"), remedy::FOLD),
        }
    }

    /// Whether an operand is known at import.
    pub fn is_known(&self, b: &Builder, i: usize) -> bool {
        let slot = self.optional(i).and_then(|id| b.slots.get(id));
        slot.is_some_and(|slot| slot.constant.is_some())
    }

    /// Refuses arithmetic on integers: the circuit has no types in which they wrap around and fractions are cut.
    pub fn real(&self, b: &Builder, id: ValueId) -> Result<(), Fault> {
        let slot = b.slot(id)?;
        match slot.integer() {
            true => unsupported(
                format!(
                    "arithmetic on {} values, which wraps around on overflow",
                    type_name(slot.data_type)
                ),
                "where none is meant, cast to float32 before it",
            ),
            false => Ok(()),
        }
    }

    /// The single number of a constant operand, if given. What is read here is public.
    pub fn number(&self, b: &mut Builder, i: usize, what: &str) -> Result<Option<f32>, Fault> {
        let Some(id) = self.optional(i) else {
            return Ok(None);
        };
        match &b.slot(id)?.constant {
            Some(data) => match data.clone().into_floats().as_slice() {
                [x] => {
                    b.publish(id, what, &self.origin);
                    Ok(Some(*x))
                }
                _ => Err(self.shape_error(format!("{what} must be one number"))),
            },
            None => unsupported(format!("{what} must be constant"), remedy::FOLD),
        }
    }

    /// An axis of a tensor of `rank` axes; negative ones count from the end.
    pub fn axis(&self, axis: i64, rank: usize) -> Result<usize, Fault> {
        let n = rank as i64;
        let resolved = if axis < 0 {
            axis.checked_add(n).unwrap_or(-1)
        } else {
            axis
        };
        match usize::try_from(resolved) {
            Ok(a) if a < rank => Ok(a),
            _ => Err(self.shape_error(format!("axis {axis} of {rank} axes does not exist"))),
        }
    }

    /// Resolved, distinct axes in the given order.
    pub fn axes(&self, axes: &[i64], rank: usize) -> Result<Vec<usize>, Fault> {
        let resolved: Vec<usize> = axes.iter().map(|&a| self.axis(a, rank)).collect::<Result<_, _>>()?;
        let distinct: HashSet<_> = resolved.iter().collect();
        if distinct.len() != resolved.len() {
            return Err(self.shape_error(format!("axes {axes:?} are not distinct")));
        }
        Ok(resolved)
    }
}
