//! Coefficients and scans.

use super::*;

impl Builder<'_> {
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
        if rows.iter().any(|row| row.factors.is_none()) {
            self.refuse(LayoutError::Coefficient);
        }
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

    /// Scans a tensor, channel `c` at position `p` with coefficient `r^c t^p`.
    pub(super) fn scan_each(&mut self, slot: usize, tensor: usize, mode: Mode) -> Src {
        let (lanes, width) = (self.shape.lanes, self.model.tensors[tensor].width);
        self.scan(
            slot,
            tensor,
            mode,
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
        )
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
}
