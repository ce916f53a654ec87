//! What is known of the elements of inputs by what reads them.

use super::Builder;
use crate::graph::{Op, ValueId};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Elements of an input that are some numbers of their type only: as far as `reader` is computed.
pub struct Bound {
    pub input: ValueId,
    pub numbers: RangeInclusive<i64>,
    pub reader: ValueId,
}

impl Builder {
    /// The inputs and constants whose elements these are, all of theirs; none if anything else is among them.
    pub fn sources(&self, x: ValueId) -> BTreeSet<ValueId> {
        let (mut sources, mut seen, mut todo) = (BTreeSet::new(), BTreeSet::new(), vec![x]);
        while let Some(id) = todo.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.producer(id) {
                None => {
                    sources.insert(id);
                }
                // What moves elements and drops none.
                Some(step) if matches!(step.op, Op::Reshape { .. } | Op::Transpose { .. } | Op::Concat { .. }) => {
                    todo.extend(&step.inputs);
                }
                Some(_) => return BTreeSet::new(),
            }
        }
        sources
    }

    /// Whether all elements are those of inputs.
    pub fn is_of_inputs(&self, x: ValueId) -> bool {
        let sources = self.sources(x);
        let input = |id: &ValueId| self.slots.get(*id).is_some_and(|slot| slot.constant.is_none());
        !sources.is_empty() && sources.iter().all(input)
    }

    /// All elements of `x` are among these numbers. If they are those of inputs, the elements of these are.
    pub fn bound(&mut self, x: ValueId, numbers: RangeInclusive<i64>, reader: ValueId) {
        let bounds = self.sources(x).into_iter().map(|input| Bound {
            input,
            numbers: numbers.clone(),
            reader,
        });
        self.bounds.extend(bounds);
    }
}
