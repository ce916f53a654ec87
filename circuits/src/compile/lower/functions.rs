//! Functions of one value.

use super::*;
use crate::graph::Function;

impl Lowering<'_> {
    /// The function of a form: one lookup of its rounding. Whatever the form sums is summed there, at no cost; products of
    /// matrices are rounded before, as the scale of their sum may be finer than that of what is looked up.
    pub(super) fn function(&mut self, node: &Node, function: &Function) -> Result<Form, Refused> {
        let form = self.form(node, 0)?;
        let form = match &form.kind {
            Kind::Pending(affine) if !affine.matrix_products.is_empty() => self.copied(form),
            Kind::Pending(_) | Kind::Sum { .. } => form,
        };
        let order = form.order.clone();
        let id = self.round(
            Form {
                range: self.ranges[node.output],
                name: self.graph.values[node.output].name.clone(),
                ..form
            },
            true,
        );
        self.tensors[id].function = Some(Applied {
            function: function.clone(),
            range: self.ranges[node.inputs[0]],
        });
        Ok(self.stored(id, order))
    }
}
