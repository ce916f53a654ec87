//! Scans, factors and equalities of a layout whose tensors and blocks are placed.

use super::*;

impl Builder<'_> {
    /// Builds all scans and checks.
    pub(in crate::layout) fn finish(mut self) -> Option<Layout> {
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
    pub(super) fn plan_uses(&mut self) -> BTreeMap<(usize, usize), usize> {
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

    pub(super) fn span(&self, tensor: usize) -> (usize, usize) {
        let rows = &self.rows[tensor];
        (
            rows.iter().copied().min().unwrap_or(0),
            rows.iter().copied().max().unwrap_or(0),
        )
    }

    pub(super) fn reserve(&mut self, tensor: usize) -> usize {
        let (low, high) = self.span(tensor);
        let free = |busy: &Vec<(usize, usize)>| busy.iter().all(|&(a, b)| high < a || b < low);
        let slot = (1..self.busy.len()).find(|&s| free(&self.busy[s])).unwrap_or_else(|| {
            self.busy.push(vec![]);
            self.busy.len() - 1
        });
        self.busy[slot].push((low, high));
        slot
    }

    pub(super) fn pow(&self, mono: Mono) -> Option<Src> {
        let Powers { r, t, s } = self.powers;
        match mono {
            Mono { r: e, t: 0, s: 0 } if e < r => Some(Src::Pow(e)),
            Mono { r: 0, t: e, s: 0 } if e < t => Some(Src::Pow(r + e)),
            Mono { r: 0, t: 0, s: e } if e < s => Some(Src::Pow(r + t + e)),
            _ => None,
        }
    }

    /// A run of constant rows in the emptiest slot.
    pub(super) fn constants(&mut self, rows: Vec<ScanRow>) -> Src {
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
    pub(super) fn factor(&mut self, mut factor: Factor, scale: i128) -> Src {
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
    pub(super) fn scan(
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
    pub(super) fn sum(&mut self, terms: Vec<(Src, Src, i128)>) -> Src {
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
    pub(super) fn produce(&mut self, id: usize, uses: &BTreeMap<(usize, usize), usize>) {
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
    pub(super) fn bias_lines(&mut self, height: usize, width: usize, blocks: &[Block]) {
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

    pub(super) fn scan_line(
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

    pub(super) fn scan_linear(&mut self, slot: usize, term: &Linear, out_width: usize) -> Src {
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
    pub(super) fn policy(&mut self, uses: &BTreeMap<(usize, usize), usize>) {
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
