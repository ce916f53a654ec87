//! Which table each tensor is looked up in, and on which lanes.

use super::*;

/// Most times that all rows hold entries of tables: each takes three columns.
const MAX_BLOCKS: usize = 64;

impl Builder<'_> {
    pub(super) fn place_tables(&mut self) -> Result<(), LayoutError> {
        let model = self.model;
        let mut tables = vec![];
        let tag = |id: usize| {
            let Some(table) = model.table(id) else { return 0 };
            match tables.iter().position(|known| *known == table) {
                Some(index) => index + 1,
                None => {
                    tables.push(table);
                    tables.len()
                }
            }
        };
        self.tags = (0..model.tensors.len()).map(tag).collect();
        // Rows for those without a result too: how many there are may depend on the precision.
        let entries: usize = tables.iter().map(|table| table.results.len()).sum();
        let blocks = entries.div_ceil(self.shape.usable());
        let looked_up = self.tags.iter().zip(&model.tensors).filter(|(tag, _)| **tag > 0);
        let live: BTreeSet<usize> = looked_up.flat_map(|(_, tensor)| self.live(tensor.channels)).collect();
        let live = live.into_iter().collect();
        self.shape.features.tables = Tables { blocks, live };
        match blocks <= MAX_BLOCKS {
            true => Ok(()),
            false => Err(LayoutError::Tables {
                blocks,
                most: MAX_BLOCKS,
            }),
        }
    }
}
