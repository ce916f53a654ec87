//! Construction of a [`Layout`].

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

    /// Builds all scans and checks.
    pub(super) fn finish(mut self) -> Option<Layout> {
        let activation_rows = self.kinds.len();
        self.busy = vec![vec![]; 2];
        self.cursor = vec![activation_rows; 2];
        // Slots first, so that constants can use all of them.
        let uses = self.plan_uses();
        for id in 0..self.model.tensors.len() {
            if matches!(self.model.tensors[id].step, Step::Affine(_)) {
                self.produce(id, &uses);
            }
        }
        self.policy(&uses);
        let usable = self.shape.usable();
        if self.refused || self.cursor.iter().any(|&c| c > usable) {
            return None;
        }
        self.shape.slots = self.busy.len();
        Some(Layout {
            shape: self.shape,
            blocks: self.blocks,
            segments: self.segments,
            equalities: self.equalities,
            rows: self.rows,
            kinds: self.kinds,
            powers: self.powers,
            policy_rows: self.policy_rows,
        })
    }

    /// Assigns a slot to every read of a tensor: (reader, index of the read) to slot.
    fn plan_uses(&mut self) -> BTreeMap<(usize, usize), usize> {
        let mut uses = BTreeMap::new();
        let count = self.model.tensors.len();
        for reader in 1..count {
            for (index, source) in reads(self.model, reader).into_iter().enumerate() {
                let slot = self.reserve(source);
                uses.insert((reader, index), slot);
            }
        }
        let slot = self.reserve(self.model.output());
        uses.insert((count, 0), slot);
        self.cursor.resize(self.busy.len(), self.kinds.len());
        uses
    }

    fn span(&self, tensor: usize) -> (usize, usize) {
        let rows = &self.rows[tensor];
        (
            rows.iter().copied().min().unwrap_or(0),
            rows.iter().copied().max().unwrap_or(0),
        )
    }

    fn reserve(&mut self, tensor: usize) -> usize {
        let (low, high) = self.span(tensor);
        let free = |busy: &Vec<(usize, usize)>| busy.iter().all(|&(a, b)| high < a || b < low);
        let slot = (1..self.busy.len()).find(|&s| free(&self.busy[s])).unwrap_or_else(|| {
            self.busy.push(vec![]);
            self.busy.len() - 1
        });
        self.busy[slot].push((low, high));
        slot
    }

    fn pow(&self, mono: Mono) -> Option<Src> {
        let Powers { r, t, s } = self.powers;
        match mono {
            Mono { r: e, t: 0, s: 0 } if e < r => Some(Src::Pow(e)),
            Mono { r: 0, t: e, s: 0 } if e < t => Some(Src::Pow(r + e)),
            Mono { r: 0, t: 0, s: e } if e < s => Some(Src::Pow(r + t + e)),
            _ => None,
        }
    }

    /// A run of constant rows in the emptiest slot.
    fn constants(&mut self, rows: Vec<ScanRow>) -> Src {
        let slot = (0..self.cursor.len()).min_by_key(|&s| self.cursor[s]).unwrap_or(0);
        let segment = Segment {
            slot,
            start: self.cursor[slot],
            rows,
        };
        self.cursor[slot] += segment.rows.len();
        let result = segment.result();
        self.segments.push(segment);
        result
    }

    /// A cell that holds `scale * sum of monomials`.
    fn factor(&mut self, mut factor: Factor, scale: i128) -> Src {
        factor.sort_unstable();
        if let ([mono], 1) = (factor.as_slice(), scale) {
            if let Some(src) = self.pow(*mono) {
                return src;
            }
        }
        if factor.is_empty() {
            if let Some(zero) = self.zero {
                return zero;
            }
            let zero = self.constants(vec![ScanRow {
                factors: None,
                kappa: 0,
                mode: Mode::Constant,
            }]);
            self.zero = Some(zero);
            return zero;
        }
        if let Some(&src) = self.factors.get(&(factor.clone(), scale)) {
            return src;
        }
        let row = |m: &Mono| {
            let (a, b) = if m.s > 0 {
                (
                    Mono {
                        s: m.s,
                        ..Mono::default()
                    },
                    Mono { s: 0, ..*m },
                )
            } else {
                (
                    Mono {
                        r: m.r,
                        ..Mono::default()
                    },
                    Mono { r: 0, ..*m },
                )
            };
            let factors = self.pow(a).zip(self.pow(b));
            ScanRow {
                factors,
                kappa: scale,
                mode: Mode::Constant,
            }
        };
        let rows: Vec<ScanRow> = factor.iter().map(row).collect();
        // A constant whose coefficients are not copies would be free.
        self.refused |= rows.iter().any(|row| row.factors.is_none());
        let src = self.constants(rows);
        self.factors.insert((factor, scale), src);
        src
    }

    /// Scans a tensor with coefficient `a(block, y) * b(x)`; gives the cell of the sum.
    fn scan(
        &mut self,
        slot: usize,
        tensor: usize,
        mode: Mode,
        a: &dyn Fn(usize, usize) -> Factor,
        b: &dyn Fn(usize) -> Factor,
    ) -> Src {
        let model = self.model;
        let t = &model.tensors[tensor];
        let (positions, width, height) = (t.positions(), t.width, t.height);
        let blocks = t.channels.div_ceil(self.shape.lanes);
        let bs: Vec<Src> = (0..width).map(|x| self.factor(b(x), 1)).collect();
        let (low, high) = self.span(tensor);
        let mut rows = vec![
            ScanRow {
                factors: None,
                kappa: 0,
                mode: Mode::Skip
            };
            high - low + 1
        ];
        for block in 0..blocks {
            for y in 0..height {
                let a_src = self.factor(a(block, y), 1);
                for (x, &b_src) in bs.iter().enumerate() {
                    let row = self.rows[tensor][block * positions + y * width + x];
                    rows[row - low] = ScanRow {
                        factors: Some((a_src, b_src)),
                        kappa: 0,
                        mode,
                    };
                }
            }
        }
        let segment = Segment { slot, start: low, rows };
        let result = segment.result();
        self.segments.push(segment);
        result
    }

    /// `sum of kappa * a * b` over terms, or the term itself if it is a plain cell.
    fn sum(&mut self, terms: Vec<(Src, Src, i128)>) -> Src {
        let one = Src::Pow(0);
        if let [(cell, factor, 1)] = terms.as_slice() {
            if *factor == one {
                return *cell;
            }
        }
        if terms.is_empty() {
            return self.factor(vec![], 1);
        }
        let row = |(a, b, kappa)| ScanRow {
            factors: Some((a, b)),
            kappa,
            mode: Mode::Constant,
        };
        self.constants(terms.into_iter().map(row).collect())
    }

    /// Checks of one affine tensor: the lines are the tensors they claim to be, and
    /// accumulators equal products plus linear terms.
    fn produce(&mut self, id: usize, uses: &BTreeMap<(usize, usize), usize>) {
        let model = self.model;
        let tensor = &model.tensors[id];
        let Step::Affine(affine) = &tensor.step else { return };
        let (lanes, width) = (self.shape.lanes, tensor.width);
        let made = self.scan(
            0,
            id,
            Mode::Accumulators,
            &|b, y| {
                vec![Mono {
                    r: lanes * b,
                    t: width * y,
                    s: 0,
                }]
            },
            &|x| {
                vec![Mono {
                    t: x,
                    ..Mono::default()
                }]
            },
        );
        let mut terms = vec![];
        let mut read = 0;
        if let Some(c) = &affine.contraction {
            let blocks: Vec<Block> = self.blocks.iter().filter(|b| b.tensor == id).cloned().collect();
            self.bias_lines(tensor.height, width, &blocks);
            let stride = blocks.first().map_or(1, |b| b.stride);
            let mut scans = vec![];
            for part in &c.parts {
                let scan = self.scan_line(uses[&(id, read)], part.tensor, part.offset, stride, &c.axes, width);
                scans.push((scan, Src::Pow(0), i128::from(part.alpha)));
                read += 1;
            }
            // A contraction without parts only carries a bias.
            let line = (!scans.is_empty()).then(|| self.sum(scans));
            for block in &blocks {
                self.equalities.extend(line.map(|line| (line, Src::Uacc(block.end()))));
                let Some(power) = self.pow(Mono {
                    r: block.first_channel,
                    ..Mono::default()
                }) else {
                    self.refused = true;
                    return;
                };
                terms.push((Src::Pacc(block.end()), power, 1));
            }
        }
        for term in &affine.linear {
            let scan = self.scan_linear(uses[&(id, read)], term, width);
            terms.push((scan, Src::Pow(0), i128::from(term.alpha)));
            read += 1;
        }
        let total = self.sum(terms);
        self.equalities.push((total, made));
    }

    /// The line cells of bias rows are `2^(weight_bits * limb) * sum of t^position`.
    fn bias_lines(&mut self, height: usize, width: usize, blocks: &[Block]) {
        let mono = |t: usize| Mono { t, ..Mono::default() };
        let ys = self.factor((0..height).map(|y| mono(width * y)).collect(), 1);
        for limb in 0..BIAS_LIMBS {
            let scale = 1i128 << (self.shape.weight_bits as usize * limb);
            let xs = self.factor((0..width).map(mono).collect(), scale);
            let cell = self.sum(vec![(ys, xs, 1)]);
            for block in blocks {
                self.equalities.push((cell, Src::U(block.start + limb)));
            }
        }
    }

    fn scan_line(
        &mut self,
        slot: usize,
        source: usize,
        offset: usize,
        stride: usize,
        axes: &[Axis; 2],
        out_width: usize,
    ) -> Src {
        let lanes = self.shape.lanes;
        let row_step = stride * axes[1].kernel;
        let [vertical, horizontal] = [inverse(&axes[0]), inverse(&axes[1])];
        let at = |taps: &BTreeMap<usize, Vec<(usize, usize)>>, q: usize| taps.get(&q).cloned().unwrap_or_default();
        self.scan(
            slot,
            source,
            Mode::ValuesS,
            &|b, y| {
                let mono = |(p, k): (usize, usize)| Mono {
                    r: 0,
                    t: out_width * p,
                    s: offset + lanes * b + row_step * k,
                };
                at(&vertical, y).into_iter().map(mono).collect()
            },
            &|x| {
                at(&horizontal, x)
                    .into_iter()
                    .map(|(p, k)| Mono {
                        r: 0,
                        t: p,
                        s: stride * k,
                    })
                    .collect()
            },
        )
    }

    fn scan_linear(&mut self, slot: usize, term: &Linear, out_width: usize) -> Src {
        let lanes = self.shape.lanes;
        let [vertical, horizontal] = [inverse(&term.axes[0]), inverse(&term.axes[1])];
        let at = |taps: &BTreeMap<usize, Vec<(usize, usize)>>, q: usize| taps.get(&q).cloned().unwrap_or_default();
        self.scan(
            slot,
            term.tensor,
            Mode::ValuesR,
            &|b, y| {
                let mono = |(p, _)| Mono {
                    r: term.offset + lanes * b,
                    t: out_width * p,
                    s: 0,
                };
                at(&vertical, y).into_iter().map(mono).collect()
            },
            &|x| {
                at(&horizontal, x)
                    .into_iter()
                    .map(|(p, _)| Mono {
                        t: p,
                        ..Mono::default()
                    })
                    .collect()
            },
        )
    }

    /// The line of the policy rows is the output tensor, in row order (channel-minor).
    fn policy(&mut self, uses: &BTreeMap<(usize, usize), usize>) {
        let output = self.model.output();
        let (lanes, last) = (self.shape.lanes, self.policy_rows - 1);
        let padded = self.padded(self.model.tensors[output].channels);
        let width = self.model.tensors[output].width;
        // Row j of the line has weight s^(last - j); channels descend with the powers of the lanes.
        let slot = uses[&(self.model.tensors.len(), 0)];
        let scan = self.scan(
            slot,
            output,
            Mode::ValuesS,
            &|b, y| {
                vec![Mono {
                    s: padded * width * y + lanes * b,
                    ..Mono::default()
                }]
            },
            &|x| {
                vec![Mono {
                    s: padded * x,
                    ..Mono::default()
                }]
            },
        );
        self.equalities.push((scan, Src::Uacc(last)));
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

/// For each source index, the (output position, kernel index) pairs that read it.
fn inverse(axis: &Axis) -> BTreeMap<usize, Vec<(usize, usize)>> {
    let mut map: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for (p, taps) in axis.taps.iter().enumerate() {
        for &(k, q) in taps {
            map.entry(q).or_default().push((p, k));
        }
    }
    map
}

/// Tensors that a step reads by scans, in the order parts, then linear terms.
fn reads(model: &QModel, id: usize) -> Vec<usize> {
    match &model.tensors[id].step {
        Step::Affine(affine) => {
            let parts = affine.contraction.iter().flat_map(|c| c.parts.iter().map(|p| p.tensor));
            parts.chain(affine.linear.iter().map(|l| l.tensor)).collect()
        }
        Step::Input | Step::MaxPool(_) => vec![],
    }
}
