//! The checks of a layout whose tensors and blocks are placed.

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
            pairs: self.pairs,
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
        let mut slots = (0..).map_while(|read| uses.get(&(id, read)).copied());
        let mut next = || slots.next().unwrap_or(0);
        for (term, c) in affine.contractions.iter().enumerate() {
            let of = |b: &&Block| (b.tensor, b.term) == (id, term);
            let blocks: Vec<Block> = self.blocks.iter().filter(of).cloned().collect();
            if term == 0 {
                self.bias_lines(tensor.height, width, &blocks);
            }
            let stride = blocks.first().map_or(1, |b| b.stride);
            let mut scans = vec![];
            for part in &c.parts {
                let scan = self.scan_line(next(), part, stride, &c.axes, width);
                scans.push((scan, Src::Pow(0), i128::from(part.alpha)));
            }
            let line = match (c.parts.is_empty(), c.channels) {
                (false, _) => Some(self.sum(scans)),
                (true, 0) => None, // It only carries a bias.
                (true, _) => Some(self.constant_line(c, width)),
            };
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
            let scan = self.scan_linear(next(), term, width);
            terms.push((scan, Src::Pow(0), i128::from(term.part.alpha)));
        }
        for (term, pairing) in affine.pairings.iter().enumerate() {
            let of = |b: &&PairBlock| (b.tensor, b.term) == (id, term);
            let Some(end) = self.pairs.iter().find(of).map(PairBlock::end) else {
                self.refused = true;
                return;
            };
            let lines = self.scan_pairing([next(), next()], pairing);
            let line = self.sum(lines.map(|line| (line, Src::Pow(0), 1)).to_vec());
            self.equalities.push((line, Src::Uacc(end)));
            terms.push((Src::Pacc(end), Src::Pow(0), i128::from(pairing.alpha)));
        }
        let total = self.sum(terms);
        self.equalities.push((total, made));
    }

    /// What the line of a constant is: `constant * sum of t^position s^kernel_index`.
    fn constant_line(&mut self, c: &Contraction, width: usize) -> Src {
        let factor = |axis: &Axis, t: usize, s: usize| {
            let taps = axis.taps.iter().enumerate();
            let monos = taps.flat_map(|(p, taps)| taps.iter().map(move |&(k, _)| (p, k)));
            monos
                .map(|(p, k)| Mono {
                    r: 0,
                    t: t * p,
                    s: s * k,
                })
                .collect()
        };
        let ys = self.factor(factor(&c.axes[0], width, c.axes[1].kernel), 1);
        let xs = self.factor(factor(&c.axes[1], 1, 1), 1);
        self.sum(vec![(ys, xs, i128::from(c.constant))])
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
        part: &Part,
        stride: usize,
        axes: &[Axis; 2],
        out_width: usize,
    ) -> Src {
        let (lanes, offset, row_step) = (self.shape.lanes, part.offset, stride * axes[1].kernel);
        if let Some(view) = &part.view {
            let targets = self.view_targets(part.tensor, view, axes, &|c, (py, ky), (px, kx)| Mono {
                r: 0,
                t: out_width * py + px,
                s: offset + c + row_step * ky + stride * kx,
            });
            return self.scan_elements(slot, part.tensor, &targets);
        }
        let [vertical, horizontal] = [inverse(&axes[0]), inverse(&axes[1])];
        let at = |taps: &Taps, q: usize| taps.get(&q).cloned().unwrap_or_default();
        self.scan(
            slot,
            part.tensor,
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
        let (lanes, part) = (self.shape.lanes, &term.part);
        if let Some(view) = &part.view {
            let targets = self.view_targets(part.tensor, view, &term.axes, &|c, (py, _), (px, _)| Mono {
                r: part.offset + c,
                t: out_width * py + px,
                s: 0,
            });
            return self.scan_elements(slot, part.tensor, &targets);
        }
        let [vertical, horizontal] = [inverse(&term.axes[0]), inverse(&term.axes[1])];
        let at = |taps: &Taps, q: usize| taps.get(&q).cloned().unwrap_or_default();
        self.scan(
            slot,
            part.tensor,
            Mode::ValuesR,
            &|b, y| {
                let mono = |(p, _)| Mono {
                    r: part.offset + lanes * b,
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

    /// The line of the policy rows is the output tensor: line index `j` is channel `j`, or element `j` if there are
    /// several positions.
    pub(super) fn policy(&mut self, uses: &BTreeMap<(usize, usize), usize>) {
        let output = self.model.output();
        let (lanes, last) = (self.shape.lanes, self.policy_rows - 1);
        let tensor = &self.model.tensors[output];
        // Row j of the line has weight s^(last - j); channels descend with the powers of the lanes.
        let slot = uses[&(self.model.tensors.len(), 0)];
        let mono = |s: usize| vec![Mono { s, ..Mono::default() }];
        let scan = if tensor.positions() == 1 {
            self.scan(slot, output, Mode::ValuesS, &|b, _| mono(lanes * b), &|_| mono(0))
        } else {
            let targets: Vec<Factor> = (0..tensor.len()).map(mono).collect();
            self.scan_elements(slot, output, &targets)
        };
        self.equalities.push((scan, Src::Uacc(last)));
    }
}

/// For each source index, the (output position, kernel index) pairs that read it.
pub(super) type Taps = BTreeMap<usize, Vec<(usize, usize)>>;

pub(super) fn inverse(axis: &Axis) -> Taps {
    let mut map = Taps::new();
    for (p, taps) in axis.taps.iter().enumerate() {
        for &(k, q) in taps {
            map.entry(q).or_default().push((p, k));
        }
    }
    map
}

/// Tensors that a step reads by scans, in the order parts, linear terms, products.
fn reads(model: &QModel, id: usize) -> Vec<usize> {
    match &model.tensors[id].step {
        Step::Affine(affine) => {
            let parts = affine
                .contractions
                .iter()
                .flat_map(|c| c.parts.iter().map(|p| p.tensor));
            let linear = affine.linear.iter().map(|l| l.part.tensor);
            let pairings = affine.pairings.iter().flat_map(|p| [p.left.0, p.right.0]);
            parts.chain(linear).chain(pairings).collect()
        }
        Step::Input | Step::MaxPool(_) | Step::Product(_) => vec![],
    }
}
