//! Scores of which the input says which ones are hidden: no values of their own until a softmax reads them.

use super::{remedy, unsupported, Builder, Fault, Made, Origin, Slot};
use crate::graph::{Op, ValueId};
use crate::onnx::tensor::Const;

/// A constant of at most this that is added to a score hides it: the exponential of a distance of some thousand is 0.
pub const HIDES: f32 = -1e4;

/// Scores (none for zeros), and a truth value that is 0 where a constant that hides was added or stands in their place.
/// Both broadcast to the shape of the value that stands for them.
#[derive(Clone, Copy)]
pub struct Veil {
    pub scores: Option<ValueId>,
    pub shown: ValueId,
}

impl Builder {
    /// A value that only stands for scores behind a mask.
    pub fn veiled(&mut self, name: &str, shape: Vec<usize>, veil: Veil) -> Result<ValueId, Fault> {
        self.count(name, &shape)?;
        let id = self.push(Slot {
            name: name.into(),
            shape,
            constant: None,
            data_type: 1,
            origin: Made::From(Vec::new()),
        });
        self.veils.insert(id, veil);
        Ok(id)
    }

    /// What a value stands for, if no node computes it.
    pub fn veil(&self, id: ValueId) -> Option<Veil> {
        self.veils.get(&id).copied()
    }

    /// Whether a constant hides whatever it is added to.
    pub fn hides(&self, id: ValueId) -> bool {
        match self.slots.get(id).and_then(|slot| slot.constant.as_ref()) {
            Some(Const::Floats(data)) => data.iter().all(|&v| v <= HIDES),
            _ => false,
        }
    }

    /// The number that all elements of a constant that hides are.
    pub fn huge(&self, id: ValueId) -> Option<f32> {
        match self.slots.get(id).and_then(|slot| slot.constant.as_ref()) {
            Some(Const::Floats(data)) => {
                let first = *data.first()?;
                data.iter().all(|&v| v == first && v <= HIDES).then_some(first)
            }
            _ => None,
        }
    }

    /// An operation on what stands for scores behind a mask.
    pub(super) fn behind(
        &mut self,
        from: &Origin,
        label: &str,
        op: &Op,
        inputs: &[ValueId],
        shape: Vec<usize>,
    ) -> Result<ValueId, Fault> {
        let part = |word: &str| match label {
            "" => word.to_owned(),
            label => format!("{label}/{word}"),
        };
        let veil = match (op, inputs) {
            (
                Op::Reshape { .. } | Op::Transpose { .. } | Op::Expand { .. } | Op::Slice { .. } | Op::Gather { .. },
                &[x],
            ) => match self.veil(x) {
                Some(veil) => {
                    let own = self.shape(x)?.to_vec();
                    let mut moved = |word: &str, id: ValueId| {
                        let wide = self.widened(from, &part(&format!("{word}/wide")), id, &own)?;
                        self.emit(from, &part(word), op.clone(), &[wide])
                    };
                    let shown = moved("shown", veil.shown)?;
                    let scores = veil.scores.map(|scores| moved("scores", scores)).transpose()?;
                    Some(Veil { scores, shown })
                }
                None => None,
            },
            (Op::Add, &[a, c]) => {
                let both = [a, c].map(|id| self.veil(id));
                let scores = [(a, both[0]), (c, both[1])].map(|(id, veil)| veil.map_or(Some(id), |veil| veil.scores));
                let scores = match scores {
                    [Some(a), Some(c)] => Some(self.emit(from, &part("scores"), Op::Add, &[a, c])?),
                    [a, c] => a.or(c),
                };
                let shown = match both.map(|veil| veil.map(|veil| veil.shown)) {
                    [Some(a), Some(c)] => Some(self.emit(from, &part("shown"), Op::Mul, &[a, c])?),
                    [a, c] => a.or(c),
                };
                shown.map(|shown| Veil { scores, shown })
            }
            // Nothing is below what hides.
            (Op::Max, &[a, c]) if self.hides(c) => {
                self.publish(c, "a mask", from);
                self.veil(a)
            }
            (Op::Max, &[a, c]) if self.hides(a) => {
                self.publish(a, "a mask", from);
                self.veil(c)
            }
            _ => None,
        };
        let name = match label {
            "" => from.output.clone(),
            label => format!("{}/{label}", from.output),
        };
        match veil {
            Some(veil) => self.veiled(&name, shape, veil),
            None => unsupported("an operand hides scores where the input says so", remedy::SOFTMAX),
        }
    }

    /// A value in a shape that it broadcasts to.
    pub fn widened(&mut self, from: &Origin, label: &str, id: ValueId, to: &[usize]) -> Result<ValueId, Fault> {
        match self.shape(id)? == to {
            true => Ok(id),
            false => self.emit(from, label, Op::Expand { shape: to.to_vec() }, &[id]),
        }
    }
}
