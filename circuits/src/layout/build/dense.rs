//! Dense layouts: of models whose layers have one position each and read one tensor, element by element.

use super::*;
use std::ops::Range;

/// Whether a program has a dense layout: one input, and layers of one contraction, without a table, each cell of whose line is an element of one
/// tensor. Outputs are layers.
pub(super) fn suits(model: &Program, shape: &Shape) -> bool {
    let layer = |tensor: &crate::program::Tensor| match &tensor.step {
        Step::Affine(affine) => {
            let [contraction] = affine.contractions.as_slice() else {
                return false;
            };
            let plain = affine.linear.is_empty() && affine.matrix_products.is_empty() && affine.table.is_none();
            plain && tensor.positions() == 1 && elements(model, contraction).is_some()
        }
        Step::Input | Step::MaxPool(_) | Step::Product(_) | Step::Quotient(_) => false,
    };
    let whole = shape.items == 0 && shape.ends == super::super::Ends::default();
    let narrow = (shape.lanes, shape.line_columns) == (1, 1);
    // What tells the rows of the input, and what the policy takes off a score, are zero points.
    let signed = |id: usize| model.tensors.get(id).is_some_and(|tensor| tensor.signed);
    let outputs = model
        .outputs
        .iter()
        .all(|output| output.tensor > 0 && signed(output.tensor));
    whole && narrow && signed(0) && outputs && model.inputs.len() == 1 && model.tensors.iter().skip(1).all(layer)
}

/// The tensor that a contraction reads, and of each cell of its line the element; none if a cell is not just one element.
fn elements(model: &Program, c: &Contraction) -> Option<(usize, Vec<usize>)> {
    let [part] = c.parts.as_slice() else { return None };
    let [channels, height, width] = model.grid(part);
    if (part.alpha, part.offset, channels, c.groups) != (1, 0, c.channels, 1) {
        return None;
    }
    // What the only output position reads at each kernel index.
    let sources = |axis: &Axis| {
        let [taps] = axis.taps.as_slice() else { return None };
        let source = |k: usize| {
            let mut found = taps.iter().filter(|(at, _)| *at == k).map(|(_, q)| *q);
            found.next().filter(|_| found.next().is_none())
        };
        (0..axis.kernel).map(source).collect::<Option<Vec<usize>>>()
    };
    let [rows, columns] = [sources(&c.axes[0])?, sources(&c.axes[1])?];
    let kernel = rows.iter().flat_map(|y| columns.iter().map(move |x| y * width + x));
    let cells = kernel.flat_map(|place| (0..channels).map(move |channel| channel * height * width + place));
    let element = |at: usize| match &part.view {
        Some(view) => view.elements.get(at).copied().flatten(),
        None => Some(at),
    };
    Some((part.tensor, cells.map(element).collect::<Option<Vec<usize>>>()?))
}

impl Builder<'_> {
    /// Rows of the results of a block, behind it. The rows of the input end before.
    pub(super) fn place_results(
        &mut self,
        id: usize,
        channels: Range<usize>,
        start: usize,
    ) -> Result<usize, LayoutError> {
        if start < self.kinds.len() {
            return Err(LayoutError::Unwanted);
        }
        self.kinds.resize(start, RowKind::Free);
        self.rows[id].extend(start..start + channels.len());
        let end = start + channels.len();
        self.kinds
            .extend(channels.map(|channel| RowKind::Affine(id, channel, 0)));
        Ok(end)
    }

    /// Which line cells, and which scores in the policy rows, are copies of which values.
    pub(super) fn finish_dense(mut self) -> Result<Layout, LayoutError> {
        let model = self.model;
        self.shape.slots = 0;
        let mut copies = vec![];
        for block in &self.blocks {
            let read = self
                .affine(block.tensor)
                .and_then(|affine| affine.contractions.first())
                .and_then(|c| elements(model, c));
            let Some((source, elements)) = read.filter(|(_, elements)| elements.len() == block.line) else {
                return Err(LayoutError::Malformed);
            };
            let copy = |(j, element): (usize, &usize)| {
                Some(Copied {
                    line: block.cell(j).0,
                    row: *self.rows[source].get(*element)?,
                    signed: model.tensors[source].signed,
                })
            };
            let cells: Option<Vec<Copied>> = elements.iter().enumerate().map(copy).collect();
            copies.extend(cells.ok_or(LayoutError::Malformed)?);
        }
        for (output, (first, count)) in model.outputs.iter().zip(&self.outputs) {
            copies.extend((0..*count).zip(&self.rows[output.tensor]).map(|(index, &row)| Copied {
                line: self.policy_rows - 1 - (first + index),
                row,
                signed: true,
            }));
        }
        Ok(self.layout(copies))
    }
}
