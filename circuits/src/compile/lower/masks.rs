//! Public masks of zeros and ones.

use super::*;
use crate::compile::quantize::{integer_bits, magnitude};

impl Lowering<'_> {
    /// Which operand of a product is a mask, where only what is above 0 of the product is read.
    pub(super) fn mask(&self, node: &Node) -> Option<usize> {
        if node.op != Op::Mul || self.graph.outputs_of(node.output) > 0 {
            return None;
        }
        let mut readers = self.graph.nodes.iter().filter(|n| n.inputs.contains(&node.output));
        if !readers.all(|reader| reader.op == Op::Relu) {
            return None;
        }
        (0..2).find(|&index| {
            let bits = |t: &graph::Tensor| t.data.len() > 1 && t.data.iter().all(|&v| v == 0.0 || v == 1.0);
            self.is_public(node, index) && self.constant(node, index).is_some_and(bits)
        })
    }

    /// The other operand, below 0 by what it can be above 0 where the mask is 0: a ReLU of it is that of the product, and costs
    /// no product. The mask is stored once for all of them.
    pub(super) fn covered(&mut self, node: &Node, mask: usize) -> Result<Form, Refused> {
        let to = self.graph.values[node.output].shape.clone();
        let (form, from) = (self.form(node, 1 - mask)?, self.shape(node, 1 - mask).to_vec());
        let form = self.expanded(form, &from, &to)?;
        let form = self.rounded(form);
        let (cover, own) = (self.cover(node.inputs[mask]), self.shape(node, mask).to_vec());
        let cover = self.repeated(cover, &own, &to)?;
        let cover = self.arranged(cover, form.grid, &form.order);
        let bound = self.most(&form);
        if let Kind::Sum { parts, .. } = &form.kind {
            self.held.extend(parts.iter().map(|part| part.tensor));
        }
        // A ReLU bounds what is below 0 by as much as what is above: here the form and the bound.
        Ok(Form {
            range: 2.0 * bound,
            ..self.total(form, cover.scale(bound))
        })
    }

    /// A power of two that no element of a sum is above, whatever the stored tensors hold. Calibrated ranges are no such bound: nothing
    /// else holds hidden elements to them.
    fn most(&self, form: &Form) -> f64 {
        let Kind::Sum { parts, bias } = &form.kind else {
            return f64::INFINITY;
        };
        let largest = |part: &Part| part.coef.abs() * 2f64.powi(integer_bits(self.tensors[part.tensor].range));
        let sum = parts.iter().map(largest).sum::<f64>() + bias.magnitude;
        2f64.powi(octaves::ceil(magnitude(sum)))
    }

    /// -1 where a mask is 0, and 0 elsewhere.
    fn cover(&mut self, id: usize) -> Form {
        if let Some(form) = self.covers.get(&id) {
            return form.clone();
        }
        let value = &self.graph.values[id];
        let data = value.constant.iter().flat_map(|t| &t.data);
        let values = data.map(|&v| f64::from(v) - 1.0).collect();
        let grid = grid(&value.shape);
        let form = Form {
            grid,
            order: Order::Same,
            range: 1.0,
            name: value.name.clone(),
            kind: Kind::Pending(Contraction::constant(values, 1.0, true, grid).into()),
        };
        let form = self.copied(form);
        self.covers.insert(id, form.clone());
        form
    }
}
