//! Rows of tensors.

use super::*;
use crate::program::{Product, Quotient};

impl Builder<'_> {
    pub(super) fn place_tensors(&mut self) -> Result<(), LayoutError> {
        let neighbours: BTreeMap<usize, (usize, Vec<Vec<usize>>)> = (0..self.model.tensors.len())
            .filter_map(|id| self.windows(id).map(|(source, windows)| (source, (id, windows))))
            .collect();
        self.rows = vec![vec![]; self.model.tensors.len()];
        // Public inputs first: policy rows use the limbs of lane 0, as everything else does.
        let is_public = |id: &usize| self.shape.inputs.get(*id).is_some_and(|input| input.public);
        let (public, others): (Vec<usize>, Vec<usize>) = (0..self.model.tensors.len()).partition(is_public);
        let stated = self.policy_rows + usize::from(self.shape.items > 0);
        // Then what a segment has in common with its neighbours, where they have it.
        let ends = self.shape.ends;
        let mut ends: Vec<(usize, usize)> = ends
            .takes
            .map(|row| (row, 0))
            .into_iter()
            .chain(ends.gives.filter(|_| ends.onto.is_none()).zip(self.given))
            .collect();
        ends.sort_unstable();
        let others = others.into_iter().filter(|id| ends.iter().all(|(_, end)| end != id));
        let public = public.into_iter().map(|id| (0, id));
        // Outputs that are shown whole before the rest, in their order: a verifier has cells up to the last of them.
        let whole: Vec<usize> = self
            .shape
            .whole
            .iter()
            .map(|&index| self.model.outputs[index].tensor)
            .collect();
        let rest = others.filter(|id| !whole.contains(id));
        let others: Vec<(usize, usize)> = whole.iter().copied().chain(rest).map(|id| (stated, id)).collect();
        for (start, id) in public.chain(ends.iter().copied()).chain(others) {
            let tensor = &self.model.tensors[id];
            if matches!(tensor.step, Step::MaxPool(_) | Step::Product(_) | Step::Quotient(_)) {
                continue; // placed with its source
            }
            if self.shape.dense && matches!(tensor.step, Step::Affine(_)) {
                continue; // placed with its lines
            }
            self.fit(Area::Activations, start)?;
            let agreed = ends.contains(&(start, id));
            if agreed && start < self.kinds.len().max(stated) {
                return Err(LayoutError::Malformed);
            }
            if self.kinds.len() < start {
                self.kinds.resize(start, RowKind::Free);
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
            self.fit(Area::Activations, self.kinds.len())?;
        }
        Ok(())
    }

    fn place_row(&mut self, id: usize, block: usize, position: usize) {
        let positions = self.model.tensors[id].positions();
        self.rows[id][block * positions + position] = self.kinds.len();
        self.kinds.push(match self.model.tensors[id].step {
            Step::Input => RowKind::Input(id, block),
            Step::Affine(_) => RowKind::Affine(id, block, position),
            Step::MaxPool(_) | Step::Product(_) | Step::Quotient(_) => unreachable!("placed with its source"),
        });
    }

    /// The tensor whose rows a pool, product or quotient stands among, and its positions per result.
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
            Step::Product(Product { tensor, .. }) | Step::Quotient(Quotient { tensor, .. }) => {
                let pairs = (0..self.model.tensors[id].positions()).map(|p| vec![2 * p, 2 * p + 1]);
                Some((*tensor, pairs.collect()))
            }
            Step::Input | Step::Affine(_) => None,
        }
    }

    /// Rows of a window: e0, e1, max(e0, e1), e2, max(that, e2), ..., or e0, e1, e0 * e1, or e0, e1, e0 / e1 and two more.
    fn place_windows(&mut self, id: usize, reader: usize, windows: &[Vec<usize>], blocks: usize) {
        self.rows[reader] = vec![usize::MAX; blocks * windows.len()];
        let step = &self.model.tensors[reader].step;
        self.shape.features.products |= matches!(step, Step::Product(_));
        if matches!(step, Step::Quotient(_)) {
            let live = self.live(self.model.tensors[reader].channels);
            let known = self.shape.features.quotients.iter().copied();
            let all: BTreeSet<usize> = known.chain(live).collect();
            self.shape.features.quotients = all.into_iter().collect();
        }
        for block in 0..blocks {
            for (window, cells) in windows.iter().enumerate() {
                for (index, &position) in cells.iter().enumerate() {
                    self.place_row(id, block, position);
                    if index > 0 {
                        self.kinds.push(match step {
                            Step::Product(_) => RowKind::Product(reader, block, window),
                            Step::Quotient(_) => RowKind::Quotient(reader, block),
                            Step::Input | Step::Affine(_) | Step::MaxPool(_) => RowKind::Max(reader),
                        });
                    }
                }
                self.rows[reader][block * windows.len() + window] = self.kinds.len() - 1;
                if matches!(step, Step::Quotient(_)) {
                    self.kinds.extend([RowKind::Remainder(reader, block), RowKind::Bits]);
                }
            }
        }
    }
}
