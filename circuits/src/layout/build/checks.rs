//! The checks of a layout whose tensors and blocks are placed.

use super::reads::Read;
use super::*;

impl Builder<'_> {
    /// Builds all scans and checks.
    pub(in crate::layout) fn finish(mut self) -> Result<Layout, LayoutError> {
        if self.shape.dense {
            return self.finish_dense();
        }
        let activation_rows = self.kinds.len();
        self.busy = vec![vec![]; 2];
        self.cursor = vec![activation_rows; 2];
        // Slots first, so that constants can use all of them.
        self.plan();
        let mut blocks: Vec<Vec<Block>> = vec![vec![]; self.model.tensors.len()];
        for block in &self.blocks {
            blocks[block.tensor].push(block.clone());
        }
        for (id, blocks) in blocks.iter().enumerate() {
            if matches!(self.model.tensors[id].step, Step::Affine(_)) {
                self.produce(id, blocks);
            }
            self.sound()?;
        }
        let scans = self
            .scored()
            .into_iter()
            .map(|index| (self.read(&Read::output(self.model, index)), Src::Pow(0), 1));
        let scans: Vec<_> = scans.collect();
        if !scans.is_empty() {
            let line = self.sum(scans);
            self.equalities.push((line, Src::Uacc(self.policy_rows - 1)));
        }
        self.tie_given();
        self.sound()?;
        self.shape.slots = self.busy.len();
        Ok(self.layout(vec![]))
    }

    pub(super) fn layout(self, copies: Vec<Copied>) -> Layout {
        Layout {
            shape: self.shape,
            blocks: self.blocks,
            pairs: self.pairs,
            segments: self.segments,
            equalities: self.equalities,
            copies,
            rows: self.rows,
            kinds: self.kinds,
            tags: self.tags,
            powers: self.powers,
            outputs: self.outputs,
            policy_rows: self.policy_rows,
            given: self.given,
        }
    }

    /// Nothing was refused, and everything so far fits.
    fn sound(&self) -> Result<(), LayoutError> {
        let rows = self.cursor.iter().copied().max().unwrap_or(0);
        self.refused.map_or(Ok(()), Err)?;
        self.fit(Area::Activations, rows)
    }

    /// Checks of one affine tensor: the lines are the tensors they claim to be, and
    /// accumulators equal products plus linear terms. `blocks` are those of the tensor.
    fn produce(&mut self, id: usize, blocks: &[Block]) {
        let model = self.model;
        let tensor = &model.tensors[id];
        let Step::Affine(affine) = &tensor.step else { return };
        let width = tensor.width;
        let made = self.scan_each(0, id, Mode::Accumulators);
        let mut terms = vec![];
        for (term, c) in affine.contractions.iter().enumerate() {
            let blocks: Vec<Block> = blocks.iter().filter(|b| b.term == term).cloned().collect();
            if blocks.iter().any(|b| b.bias_rows > 0) {
                self.bias_lines(tensor.height, width, &blocks);
            }
            let (stride, outputs) = (self.stride(c), tensor.channels / c.groups);
            let mut scans = vec![];
            for part in &c.parts {
                let scan = self.read(&Read::line(part, [stride, c.groups], &c.axes, width));
                scans.push((scan, Src::Pow(0), i128::from(part.alpha)));
            }
            let line = match (c.parts.is_empty(), c.channels) {
                (false, _) => Some(self.sum(scans)),
                (true, 0) => None, // It only carries a bias.
                (true, _) => Some(self.constant_line(c, width)),
            };
            for block in &blocks {
                self.equalities.extend(line.map(|line| (line, Src::Uacc(block.end()))));
                for (group, (_, last)) in block.sums().enumerate() {
                    let Some(power) = self.pow(Mono {
                        r: group * outputs + block.first_channel,
                        ..Mono::default()
                    }) else {
                        self.refuse(LayoutError::Coefficient);
                        return;
                    };
                    terms.push((Src::Pacc(last), power, 1));
                }
            }
        }
        for term in &affine.linear {
            let scan = self.read(&Read::linear(term, width));
            terms.push((scan, Src::Pow(0), i128::from(term.part.alpha)));
        }
        for (term, product) in affine.matrix_products.iter().enumerate() {
            let of = |b: &&PairBlock| (b.tensor, b.term) == (id, term);
            let Some(end) = self.pairs.iter().find(of).map(PairBlock::end) else {
                self.refuse(LayoutError::Malformed);
                return;
            };
            let lines = Read::matrix_product(product).map(|read| self.read(&read));
            let line = self.sum(lines.map(|line| (line, Src::Pow(0), 1)).to_vec());
            self.equalities.push((line, Src::Uacc(end)));
            terms.push((Src::Pacc(end), Src::Pow(0), i128::from(product.alpha)));
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

    /// The line cells of bias rows, each a line of its own, are `2^(weight_bits * limb) * sum of t^position`.
    fn bias_lines(&mut self, height: usize, width: usize, blocks: &[Block]) {
        let mono = |t: usize| Mono { t, ..Mono::default() };
        let ys = self.factor((0..height).map(|y| mono(width * y)).collect(), 1);
        for limb in 0..BIAS_LIMBS {
            let scale = 1i128 << (self.shape.weight_bits as usize * limb);
            let xs = self.factor((0..width).map(mono).collect(), scale);
            let cell = self.sum(vec![(ys, xs, 1)]);
            for block in blocks {
                self.equalities.push((cell, Src::Uacc(block.start + limb)));
            }
        }
    }
}
