//! Values of the line column.

use super::*;

impl Witness {
    /// The line columns.
    pub(super) fn lines(&self, model: &Program, layout: &Layout, r: Fr, t: Fr) -> Vec<Vec<Fr>> {
        let shape = &layout.shape;
        let mut u = vec![vec![Fr::ZERO; shape.usable()]; shape.line_columns];
        for (row, cell) in u[0].iter_mut().enumerate().take(layout.policy_rows) {
            *cell = signed(self.output(model, layout, row).into());
        }
        let mut done: Option<&Block> = None;
        for block in &layout.blocks {
            match done {
                Some(first) if (first.tensor, first.term) == (block.tensor, block.term) => {
                    u.iter_mut()
                        .for_each(|u| u.copy_within(first.start..=first.end(), block.start));
                }
                _ => {
                    self.line(model, layout, block, t, &mut u);
                    done = Some(block);
                }
            }
        }
        for block in &layout.pairs {
            self.pair_lines(model, block, [r, t], &mut u[0]);
        }
        u
    }

    fn line(&self, model: &Program, layout: &Layout, block: &Block, t: Fr, u: &mut [Vec<Fr>]) {
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
            u[0][block.start + limb] = all * signed(1i128 << (layout.shape.weight_bits as usize * limb));
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
                if channel >= inputs || k >= c.axes[0].kernel * c.axes[1].kernel {
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
            let (row, column) = block.cell(j);
            u[column][row] = value;
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
