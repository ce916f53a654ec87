//! What a segment gives on another number of lanes than its own: the same elements twice, on its lanes and in the cells that the next segment has.

use super::*;

impl Builder<'_> {
    /// The tensor that is given, the first row of its cells and on how many lanes they lie, if those are not the lanes of the circuit.
    pub(super) fn onto(&self) -> Option<(usize, usize, usize)> {
        let ends = self.shape.ends;
        Some((self.given?, ends.gives?, ends.onto?))
    }

    /// Gives the scan of the cells a slot.
    pub(super) fn plan_given(&mut self) {
        let Some((given, start, lanes)) = self.onto() else {
            return;
        };
        let tensor = &self.model.tensors[given];
        let rows = tensor.channels.div_ceil(lanes).saturating_mul(tensor.positions());
        let end = start.saturating_add(rows);
        if let Err(why) = self.fit(Area::Activations, end) {
            self.refuse(why);
            return;
        }
        self.shape.features.given_slot = Some(self.reserve_rows((start, end - 1)));
    }

    /// Both scans have the same sum: channel `c` at position `p` counts `r^c t^p` in each.
    pub(super) fn tie_given(&mut self) {
        let Some(((given, start, lanes), slot)) = self.onto().zip(self.shape.features.given_slot) else {
            return;
        };
        let tensor = &self.model.tensors[given];
        let blocks = tensor.channels.div_ceil(lanes);
        let row = |index: usize| ScanRow {
            factors: self
                .pow(Mono {
                    r: index % blocks * lanes,
                    ..Mono::default()
                })
                .zip(self.pow(Mono {
                    t: index / blocks,
                    ..Mono::default()
                })),
            kappa: 0,
            mode: Mode::Given,
        };
        let rows: Vec<ScanRow> = (0..blocks * tensor.positions()).map(row).collect();
        if rows.iter().any(|row| row.factors.is_none()) {
            self.refuse(LayoutError::Coefficient);
        }
        let cells = Segment { slot, start, rows };
        let sum = cells.result();
        self.segments.push(cells);
        let values = self.read(&reads::Read::given(given));
        self.equalities.push((sum, values));
    }
}
