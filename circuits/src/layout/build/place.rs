//! Rows of tensors, and what a program must be for them to be sound.

use super::*;
use crate::qmodel::{Pairing, Tensor, View};

impl Builder<'_> {
    pub(super) fn place_tensors(&mut self) -> Option<()> {
        let neighbours: BTreeMap<usize, (usize, Vec<Vec<usize>>)> = (0..self.model.tensors.len())
            .filter_map(|id| self.windows(id).map(|(source, windows)| (source, (id, windows))))
            .collect();
        self.rows = vec![vec![]; self.model.tensors.len()];
        if !self.shape.public_input {
            self.kinds = vec![RowKind::Free; self.policy_rows];
        }
        for (id, tensor) in self.model.tensors.iter().enumerate() {
            if matches!(tensor.step, Step::MaxPool(_) | Step::Product(_)) {
                continue; // placed with its source
            }
            // Policy rows use the limbs of lane 0, as everything but a public input does.
            if id > 0 && self.kinds.len() < self.policy_rows {
                self.kinds.resize(self.policy_rows, RowKind::Free);
            }
            let blocks = tensor.channels.div_ceil(self.shape.lanes);
            let positions = tensor.positions();
            self.rows[id] = vec![usize::MAX; blocks * positions];
            if let Some((reader, windows)) = neighbours.get(&id) {
                self.place_windows(id, *reader, windows, blocks);
            }
            for position in 0..positions {
                for block in 0..blocks {
                    if self.rows[id][block * positions + position] == usize::MAX {
                        self.place_row(id, block, position);
                    }
                }
            }
            if self.kinds.len() > self.shape.usable() {
                return None;
            }
        }
        Some(())
    }

    fn place_row(&mut self, id: usize, block: usize, position: usize) {
        let positions = self.model.tensors[id].positions();
        self.rows[id][block * positions + position] = self.kinds.len();
        self.kinds.push(match self.model.tensors[id].step {
            Step::Input => RowKind::Input {
                last: (block + 1) * self.shape.lanes >= self.model.tensors[id].channels,
            },
            _ => RowKind::Affine(id, block, position),
        });
    }

    /// The tensor whose rows a pool or product stands among, and its positions per result.
    fn windows(&self, id: usize) -> Option<(usize, Vec<Vec<usize>>)> {
        match &self.model.tensors[id].step {
            Step::MaxPool(pool) => {
                let width = self.model.tensors[pool.tensor].width;
                let window = |ys: &Vec<usize>, xs: &Vec<usize>| {
                    let cells = ys.iter().flat_map(|y| xs.iter().map(move |x| y * width + x));
                    cells.collect()
                };
                let windows = pool
                    .rows
                    .iter()
                    .flat_map(|y| pool.cols.iter().map(move |x| window(y, x)));
                Some((pool.tensor, windows.collect()))
            }
            Step::Product(product) => {
                let pairs = (0..self.model.tensors[id].positions()).map(|p| vec![2 * p, 2 * p + 1]);
                Some((product.tensor, pairs.collect()))
            }
            Step::Input | Step::Affine(_) => None,
        }
    }

    /// Rows of a window: e0, e1, max(e0, e1), e2, max(that, e2), ..., or e0, e1, e0 * e1.
    fn place_windows(&mut self, id: usize, reader: usize, windows: &[Vec<usize>], blocks: usize) {
        self.rows[reader] = vec![usize::MAX; blocks * windows.len()];
        let product = matches!(self.model.tensors[reader].step, Step::Product(_));
        self.shape.features.products |= product;
        for block in 0..blocks {
            for (window, cells) in windows.iter().enumerate() {
                for (index, &position) in cells.iter().enumerate() {
                    self.place_row(id, block, position);
                    if index > 0 {
                        self.kinds.push(match product {
                            true => RowKind::Product(reader, block, window),
                            false => RowKind::Max(reader),
                        });
                    }
                }
                self.rows[reader][block * windows.len() + window] = self.kinds.len() - 1;
            }
        }
    }
}

/// What the layout relies on: pools and products read a rounded tensor that no other pool or product reads, pools one
/// of the same sign with disjoint windows that are not empty, products a signed one of twice the width; a bias has a
/// contraction without groups to carry it; what is read without parts has at most one channel; views stay inside their tensors.
pub(super) fn well_formed(model: &QModel) -> bool {
    let mut neighbours = vec![];
    let mut first = |id: usize| {
        let new = !neighbours.contains(&id);
        neighbours.push(id);
        new && matches!(model.tensors[id].step, Step::Affine(_))
    };
    model.tensors.iter().enumerate().all(|(id, tensor)| match &tensor.step {
        Step::Input => id == 0,
        Step::Affine(affine) => affine_is_well_formed(model, tensor, affine),
        Step::MaxPool(pool) => {
            let source = &model.tensors[pool.tensor];
            let disjoint = |windows: &[Vec<usize>]| {
                let mut all: Vec<usize> = windows.iter().flatten().copied().collect();
                all.sort_unstable();
                windows.iter().all(|w| !w.is_empty()) && all.windows(2).all(|w| w[0] != w[1])
            };
            let same = source.signed == tensor.signed && source.channels == tensor.channels;
            first(pool.tensor) && same && disjoint(&pool.rows) && disjoint(&pool.cols)
        }
        Step::Product(product) => {
            let source = &model.tensors[product.tensor];
            let same =
                (source.channels, source.height, source.width) == (tensor.channels, tensor.height, 2 * tensor.width);
            first(product.tensor) && source.signed && same && product.alpha > 0
        }
    })
}

fn affine_is_well_formed(model: &QModel, tensor: &Tensor, affine: &Affine) -> bool {
    let inside = |id: usize, view: &View| {
        let len = model.tensors[id].len();
        view.elements.len() == view.grid.iter().product::<usize>() && view.elements.iter().flatten().all(|&e| e < len)
    };
    let part = |p: &Part| p.view.as_ref().is_none_or(|v| inside(p.tensor, v));
    let contraction = |c: &Contraction| {
        let ends = |p: &Part| p.offset + model.grid(p)[0] <= c.channels;
        let divides = |n: usize| n / c.groups * c.groups == n;
        let grouped = c.groups > 1 && divides(c.channels) && divides(tensor.channels);
        let sound = c.groups == 1 || grouped && !c.parts.is_empty() && c.parts.iter().all(ends);
        sound && c.parts.iter().all(part) && (!c.parts.is_empty() || c.channels <= 1)
    };
    let linear = |l: &Linear| part(&l.part) && l.part.offset + model.grid(&l.part)[0] <= tensor.channels;
    let pairing = |p: &Pairing| {
        let ([batches, rows, inner], [b, j, columns]) = (p.left.1.grid, p.right.1.grid);
        let fits = (b, j) == (batches, inner) && (batches * rows, columns) == (tensor.channels, tensor.positions());
        fits && p.pairs() > 0 && inside(p.left.0, &p.left.1) && inside(p.right.0, &p.right.1)
    };
    affine.contractions.iter().all(contraction)
        && affine.linear.iter().all(linear)
        && affine.pairings.iter().all(pairing)
        && (affine.bias.is_empty() || affine.contractions.first().is_some_and(|c| c.groups == 1))
}
