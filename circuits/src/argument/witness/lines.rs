//! Values of the line column.

use super::*;

impl Witness {
    /// The line column, and the weights of each row combined by powers of `r`.
    pub(super) fn lines(&self, model: &Program, layout: &Layout, small: &Small, r: Fr, t: Fr) -> (Vec<Fr>, Vec<Fr>) {
        let shape = &layout.shape;
        let mut u = vec![Fr::ZERO; shape.usable()];
        for (row, u) in u.iter_mut().enumerate().take(layout.policy_rows) {
            *u = signed(self.output(model, layout, row).into());
        }
        let mut done: Option<&Block> = None;
        for block in &layout.blocks {
            match done {
                Some(first) if (first.tensor, first.term) == (block.tensor, block.term) => {
                    u.copy_within(first.start..=first.end(), block.start);
                }
                _ => {
                    self.line(model, layout, block, t, &mut u);
                    done = Some(block);
                }
            }
        }
        for block in &layout.pairs {
            self.pair_lines(model, block, [r, t], &mut u);
        }
        let offset = Fr::from(1u64 << (shape.weight_bits - 1));
        let rows = small.weights.first().map_or(0, Vec::len);
        let mut combined: Vec<Fr> = (0..rows)
            .into_par_iter()
            .map(|row| {
                small
                    .weights
                    .iter()
                    .rev()
                    .fold(Fr::ZERO, |acc, lane| acc * r + Fr::from(lane[row]) - offset)
            })
            .collect();
        let unused = (0..shape.weight_lanes).fold(Fr::ZERO, |acc, _| acc * r - offset);
        combined.resize(shape.usable(), unused);
        (u, combined)
    }

    fn line(&self, model: &Program, layout: &Layout, block: &Block, t: Fr, u: &mut [Fr]) {
        let tensor = &model.tensors[block.tensor];
        let Step::Affine(affine) = &tensor.step else { return };
        let Some(c) = affine.contractions.get(block.term) else {
            return;
        };
        let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |p| Some(p * t))
            .take(tensor.positions())
            .collect();
        let all: Fr = powers.iter().sum();
        for limb in 0..block.bias_rows {
            u[block.start + limb] = all * signed(1i128 << (layout.shape.weight_bits as usize * limb));
        }
        let (source, width) = virtual_source(c, &self.trace.values, model);
        let plane = source.len() / c.channels.max(1);
        // Taps by kernel index: (output position, source index).
        let taps = |axis: &crate::program::Axis| {
            let mut by_kernel = vec![vec![]; axis.kernel];
            for (p, taps) in axis.taps.iter().enumerate() {
                taps.iter().for_each(|&(k, q)| by_kernel[k].push((p, q)));
            }
            by_kernel
        };
        let [vertical, horizontal] = [taps(&c.axes[0]), taps(&c.axes[1])];
        let values: Vec<Fr> = (0..block.line)
            .into_par_iter()
            .map(|j| {
                let (group, channel, k) = block.place(j);
                let inputs = c.channels / c.groups;
                if channel >= inputs {
                    return Fr::ZERO;
                }
                let x = &source[(group * inputs + channel) * plane..];
                let mut sum = Fr::ZERO;
                for &(py, qy) in &vertical[k / c.axes[1].kernel] {
                    for &(px, qx) in &horizontal[k % c.axes[1].kernel] {
                        let value = x[qy * width + qx];
                        if value != 0 {
                            sum += powers[py * tensor.width + px] * signed(value.into());
                        }
                    }
                }
                sum
            })
            .collect();
        for (j, value) in values.into_iter().enumerate() {
            u[block.row(j)] = value;
        }
    }

    /// For each pair `(b, j)`: `sum_i r^(b I + i) L[b, i, j]`, then `sum_n t^n R[b, j, n]`.
    fn pair_lines(&self, model: &Program, block: &PairBlock, [r, t]: [Fr; 2], u: &mut [Fr]) {
        let Step::Affine(affine) = &model.tensors[block.tensor].step else {
            return;
        };
        let Some(product) = affine.matrix_products.get(block.term) else {
            return;
        };
        let [(left, a), (right, b)] = [&product.left, &product.right];
        let ([batches, rows, inner], columns) = (a.grid, b.grid[2]);
        let (left, right) = (a.read(&self.trace.values[*left]), b.read(&self.trace.values[*right]));
        let powers = |base: Fr, count: usize| -> Vec<Fr> {
            std::iter::successors(Some(Fr::ONE), |p| Some(p * base))
                .take(count)
                .collect()
        };
        let (rs, ts) = (powers(r, batches * rows), powers(t, columns));
        for pair in 0..block.pairs {
            let (batch, j) = (pair / inner, pair % inner);
            let left = (batch * rows..(batch + 1) * rows).map(|row| rs[row] * signed(left[row * inner + j].into()));
            let right = ts
                .iter()
                .zip(&right[pair * columns..])
                .map(|(t, &x)| *t * signed(x.into()));
            let at = block.row(pair);
            (u[at], u[at + 1]) = (left.sum(), right.sum());
        }
    }
}
