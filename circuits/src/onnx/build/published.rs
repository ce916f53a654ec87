//! Constants that the circuit depends on, and weights that would be published with them.

use super::{Builder, Made, Origin, Step};
use crate::graph::{elements, ValueId};
use crate::onnx::error::UnsupportedNode;
use crate::onnx::shown;
use std::collections::HashMap;

/// A stored list that is public because the circuit depends on what is computed from it.
pub struct Published {
    list: ValueId,
    /// What is computed, and for which node.
    what: String,
    node: String,
    operator: String,
}

impl Builder {
    /// The circuit depends on the value of this constant, so it is no weight, nor is what it was computed from.
    pub fn publish(&mut self, id: ValueId, what: &str, by: &Origin) {
        let mut todo = vec![(id, false)];
        while let Some((id, computed)) = todo.pop() {
            let Some(slot) = self.slots.get_mut(id) else { continue };
            match &mut slot.origin {
                Made::Stored { public } => {
                    *public = true;
                    if computed && elements(&slot.shape) != Some(1) {
                        self.published.push(Published {
                            list: id,
                            what: what.to_owned(),
                            node: by.node.clone(),
                            operator: by.onnx_op.clone(),
                        });
                    }
                }
                // Once is enough for each value. Its sources stay: `leaks` walks them.
                Made::From(sources) => {
                    if self.shown.insert(id) {
                        todo.extend(sources.iter().map(|&id| (id, true)));
                    }
                }
            }
        }
    }

    /// Lists of weights that the structure would show because a number is computed from them, and that these outputs are computed
    /// from otherwise too.
    pub fn leaks(&self, outputs: Vec<ValueId>) -> Vec<UnsupportedNode> {
        let producers: HashMap<ValueId, &Step> = self.steps.iter().map(|step| (step.output, step)).collect();
        let mut read = vec![false; self.slots.len()];
        let mut todo = outputs;
        while let Some(id) = todo.pop() {
            let (Some(seen), Some(slot)) = (read.get_mut(id), self.slots.get(id)) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            if let Made::From(sources) = &slot.origin {
                todo.extend(sources);
            }
            todo.extend(producers.get(&id).into_iter().flat_map(|step| &step.inputs));
        }
        let leaks = self.published.iter().filter(|p| read.get(p.list) == Some(&true));
        let refused = leaks.map(|published| UnsupportedNode {
            name: published.node.clone(),
            operator: published.operator.clone(),
            reason: format!(
                "{} is computed from the weights `{}`, which the structure of the model would publish; store its value as a number",
                published.what,
                self.slots.get(published.list).map_or_else(String::new, |slot| shown(&slot.name))
            ),
        });
        refused.collect()
    }
}
