//! Constants that the circuit depends on, and weights that would be published with them.

use super::{Builder, Made, Origin, Step};
use crate::graph::{elements, ValueId};
use crate::onnx::error::UnsupportedNode;
use crate::onnx::shown;
use crate::onnx::tensor::Const;
use std::collections::HashMap;

/// A stored list that is public because the circuit depends on it, or on what is computed from it.
pub struct Published {
    list: ValueId,
    /// Whether the circuit depends on another value, computed from the list.
    computed: bool,
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
                    // Which elements a mask hides is what the mask says; other lists of fractions have no second use.
                    let index_list = matches!(slot.constant, Some(Const::Ints(_)));
                    if elements(&slot.shape) != Some(1) && (computed || index_list) {
                        self.published.push(Published {
                            list: id,
                            computed,
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

    /// Lists of weights that the structure would show because the circuit depends on them, and that these outputs are computed from
    /// otherwise too.
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
        let refused = leaks.map(|published| {
            let name = self
                .slots
                .get(published.list)
                .map_or_else(String::new, |slot| shown(&slot.name));
            UnsupportedNode {
                name: published.node.clone(),
                operator: published.operator.clone(),
                reason: match published.computed {
                    true => format!(
                        "{} is computed from the weights `{name}`, which the structure of the model would publish; store its value as a number",
                        published.what
                    ),
                    false => format!(
                        "{} is the list `{name}`, which the outputs are computed from too, so that the structure of the model would publish \
                         weights; store the list once more for this node",
                        published.what
                    ),
                },
            }
        });
        refused.collect()
    }
}
