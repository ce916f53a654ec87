//! Construction of a [`Layout`].

mod checks;

use super::{Block, Layout, Mode, Powers, RowKind, ScanRow, Segment, Src, BIAS_LIMBS};
use crate::qmodel::{Axis, Contraction, Linear, MaxPool, QModel, Step};
use crate::shape::Shape;
use std::collections::BTreeMap;

/// Exponents of the challenges `r`, `t`, `s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Mono {
    r: usize,
    t: usize,
    s: usize,
}

/// A coefficient: a sum of monomials.
type Factor = Vec<Mono>;

pub(super) struct Builder<'a> {
    model: &'a QModel,
    shape: Shape,
    powers: Powers,
    blocks: Vec<Block>,
    segments: Vec<Segment>,
    equalities: Vec<(Src, Src)>,
    rows: Vec<Vec<usize>>,
    kinds: Vec<RowKind>,
    /// Occupied row ranges of each slot in the activation area.
    busy: Vec<Vec<(usize, usize)>>,
    /// Next free row of each slot after the activation area.
    cursor: Vec<usize>,
    factors: BTreeMap<(Factor, i128), Src>,
    zero: Option<Src>,
    policy_rows: usize,
    /// Set when something cannot be laid out soundly; the layout is then refused.
    refused: bool,
}

impl<'a> Builder<'a> {
    /// Places tensors and line blocks; `None` if they do not fit.
    pub(super) fn new(model: &'a QModel, shape: Shape) -> Option<Self> {
        let output = &model.tensors[model.output()];
        let mut builder = Self {
            model,
            powers: Powers::default(),
            blocks: vec![],
            segments: vec![],
            equalities: vec![],
            rows: vec![],
            kinds: vec![],
            busy: vec![],
            cursor: vec![],
            factors: BTreeMap::new(),
            zero: None,
            policy_rows: output.channels.div_ceil(shape.lanes) * shape.lanes * output.positions(),
            shape,
            refused: false,
        };
        if !well_formed(model) {
            return None;
        }
        let input = model.tensors.first()?.channels;
        builder.shape.live_input_lanes = input - (input - 1) / builder.shape.lanes * builder.shape.lanes;
        builder.place_tensors()?;
        builder.choose_weight_lanes()?;
        builder.place_blocks();
        builder.powers = builder.count_powers();
        let total = builder.powers.r + builder.powers.t + builder.powers.s;
        (total <= builder.shape.usable()).then_some(builder)
    }

    fn padded(&self, channels: usize) -> usize {
        channels.div_ceil(self.shape.lanes) * self.shape.lanes
    }

    fn place_tensors(&mut self) -> Option<()> {
        let pools: BTreeMap<usize, (usize, &MaxPool)> = self
            .model
            .tensors
            .iter()
            .enumerate()
            .filter_map(|(id, t)| match &t.step {
                Step::MaxPool(pool) => Some((pool.tensor, (id, pool))),
                _ => None,
            })
            .collect();
        self.rows = vec![vec![]; self.model.tensors.len()];
        if !self.shape.public_input {
            self.kinds = vec![RowKind::Free; self.policy_rows];
        }
        for (id, tensor) in self.model.tensors.iter().enumerate() {
            if matches!(tensor.step, Step::MaxPool(_)) {
                continue; // placed with its source
            }
            // Policy rows use the limbs of lane 0, as everything but a public input does.
            if id > 0 && self.kinds.len() < self.policy_rows {
                self.kinds.resize(self.policy_rows, RowKind::Free);
            }
            let blocks = tensor.channels.div_ceil(self.shape.lanes);
            let positions = tensor.positions();
            self.rows[id] = vec![usize::MAX; blocks * positions];
            if let Some((pool_id, pool)) = pools.get(&id) {
                self.place_pooled(id, *pool_id, pool, blocks);
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

    /// Rows of a window: e0, e1, max(e0, e1), e2, max(that, e2), ...
    fn place_pooled(&mut self, id: usize, pool_id: usize, pool: &MaxPool, blocks: usize) {
        let (width, out) = (self.model.tensors[id].width, pool.rows.len() * pool.cols.len());
        self.rows[pool_id] = vec![usize::MAX; blocks * out];
        for block in 0..blocks {
            for (window, (ys, xs)) in pool
                .rows
                .iter()
                .flat_map(|y| pool.cols.iter().map(move |x| (y, x)))
                .enumerate()
            {
                let cells = ys.iter().flat_map(|y| xs.iter().map(move |x| y * width + x));
                for (index, position) in cells.enumerate() {
                    self.place_row(id, block, position);
                    if index > 0 {
                        self.kinds.push(RowKind::Max(pool_id));
                    }
                }
                self.rows[pool_id][block * out + window] = self.kinds.len() - 1;
            }
        }
    }

    fn contraction(&self, id: usize) -> Option<&'a Contraction> {
        match &self.model.tensors[id].step {
            Step::Affine(affine) => affine.contraction.as_ref(),
            _ => None,
        }
    }

    /// Padded virtual channels of a contraction, its line stride.
    fn stride(&self, c: &Contraction) -> usize {
        let padded = |p: &crate::qmodel::Part| p.offset + self.padded(self.model.tensors[p.tensor].channels);
        c.parts.iter().map(padded).max().unwrap_or(0).max(c.channels)
    }

    fn line_rows(&self, weight_lanes: usize) -> usize {
        let rows = |id: usize| {
            let c = self.contraction(id)?;
            let line = self.stride(c) * c.axes[0].kernel * c.axes[1].kernel;
            Some(self.model.tensors[id].channels.div_ceil(weight_lanes) * (BIAS_LIMBS + line))
        };
        self.policy_rows + (0..self.model.tensors.len()).filter_map(rows).sum::<usize>()
    }

    /// The fewest weight lanes with which all blocks fit.
    fn choose_weight_lanes(&mut self) -> Option<()> {
        let most = (0..self.model.tensors.len())
            .map(|id| self.model.tensors[id].channels)
            .max()?;
        let usable = self.shape.usable();
        if self.line_rows(most) > usable {
            return None;
        }
        let (mut low, mut high) = (1, most);
        while low < high {
            let middle = (low + high) / 2;
            if self.line_rows(middle) <= usable {
                high = middle
            } else {
                low = middle + 1
            }
        }
        self.shape.weight_lanes = low;
        Some(())
    }

    fn place_blocks(&mut self) {
        let mut start = self.policy_rows;
        for id in 0..self.model.tensors.len() {
            let Some(c) = self.contraction(id) else { continue };
            let stride = self.stride(c);
            let line = stride * c.axes[0].kernel * c.axes[1].kernel;
            for first_channel in (0..self.model.tensors[id].channels).step_by(self.shape.weight_lanes) {
                self.blocks.push(Block {
                    tensor: id,
                    first_channel,
                    start,
                    line,
                    stride,
                });
                start += BIAS_LIMBS + line;
            }
        }
    }

    fn count_powers(&self) -> Powers {
        let tensors = &self.model.tensors;
        let r = tensors.iter().map(|t| self.padded(t.channels)).max().unwrap_or(1) + self.shape.weight_lanes;
        let t = tensors.iter().map(crate::qmodel::Tensor::positions).max().unwrap_or(1);
        let policy = self.policy_rows;
        let s = self.blocks.iter().map(|b| b.line).max().unwrap_or(1).max(policy) + self.shape.lanes;
        Powers {
            r: r + 1,
            t: t + 1,
            s: s + 1,
        }
    }
}

/// What the layout relies on: pools read a rounded tensor of the same sign, each tensor is pooled at most once, windows
/// are not empty and disjoint, and a contraction without parts has no channels.
fn well_formed(model: &QModel) -> bool {
    let mut pooled = vec![];
    model.tensors.iter().all(|tensor| match &tensor.step {
        Step::Input => true,
        Step::Affine(affine) => affine
            .contraction
            .as_ref()
            .is_none_or(|c| c.parts.is_empty() == (c.channels == 0)),
        Step::MaxPool(pool) => {
            let source = &model.tensors[pool.tensor];
            let disjoint = |windows: &[Vec<usize>]| {
                let mut all: Vec<usize> = windows.iter().flatten().copied().collect();
                all.sort_unstable();
                windows.iter().all(|w| !w.is_empty()) && all.windows(2).all(|w| w[0] != w[1])
            };
            let first = !pooled.contains(&pool.tensor);
            pooled.push(pool.tensor);
            let rounded = matches!(source.step, Step::Affine(_)) && source.signed == tensor.signed;
            first && rounded && disjoint(&pool.rows) && disjoint(&pool.cols)
        }
    })
}
