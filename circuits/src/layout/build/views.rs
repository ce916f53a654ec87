//! Scans under any map of elements: which coefficient each element gets, and how the lanes of a row share it.

use super::reads::inverse;
use super::*;
use crate::layout::Pattern;
use crate::program::View;

/// Most patterns of a layout, and the largest exponent in one: each costs a fixed column, and gate operations.
const MAX_PATTERNS: usize = 40;
const MAX_PATTERN: u32 = 1024;

impl Mono {
    fn exponents(self) -> [usize; 3] {
        [self.r, self.t, self.s]
    }

    fn new([r, t, s]: [usize; 3]) -> Self {
        Self { r, t, s }
    }

    /// The largest monomial that divides all of them.
    fn common(all: impl Iterator<Item = Self>) -> Option<Self> {
        let least = |a: Self, b: Self| Self::new([a.r.min(b.r), a.t.min(b.t), a.s.min(b.s)]);
        all.reduce(least)
    }

    fn divided(self, by: Self) -> Self {
        Self::new([self.r - by.r, self.t - by.t, self.s - by.s])
    }
}

impl Builder<'_> {
    /// Coefficient of each element of a tensor that is read through a view and axes; `place` gives the monomial of a
    /// channel and of (output position, kernel index) of both axes.
    pub(super) fn view_targets(
        &self,
        tensor: usize,
        view: &View,
        axes: &[Axis; 2],
        place: &dyn Fn(usize, (usize, usize), (usize, usize)) -> Mono,
    ) -> Vec<Factor> {
        let mut targets = vec![vec![]; self.model.tensors[tensor].len()];
        let [vertical, horizontal] = [inverse(&axes[0]), inverse(&axes[1])];
        let [_, height, width] = view.grid;
        for (index, element) in view.elements.iter().enumerate() {
            let Some(element) = *element else { continue };
            let (c, y, x) = (index / (height * width), index / width % height, index % width);
            for &vertical in vertical.get(&y).into_iter().flatten() {
                for &horizontal in horizontal.get(&x).into_iter().flatten() {
                    targets[element].push(place(c, vertical, horizontal));
                }
            }
        }
        targets
    }

    /// The left line of a product of matrices: `[b, i, j]` has weight `r^(b I + i)` at line index `2 (b J + j) + 1`.
    pub(super) fn scan_left(&mut self, slot: usize, tensor: usize, view: &View) -> Src {
        let [_, rows, inner] = view.grid;
        let weight = |i: usize| Mono {
            r: i / inner,
            t: 0,
            s: 2 * (i / inner / rows * inner + i % inner) + 1,
        };
        self.scan_view(slot, tensor, view, &weight)
    }

    /// The right line: `[b, j, n]` has weight `t^n` at line index `2 (b J + j)`.
    pub(super) fn scan_right(&mut self, slot: usize, tensor: usize, view: &View) -> Src {
        let columns = view.grid[2];
        let weight = |i: usize| Mono {
            r: 0,
            t: i % columns,
            s: 2 * (i / columns),
        };
        self.scan_view(slot, tensor, view, &weight)
    }

    fn scan_view(&mut self, slot: usize, tensor: usize, view: &View, weight: &dyn Fn(usize) -> Mono) -> Src {
        let mut targets = vec![vec![]; self.model.tensors[tensor].len()];
        for (index, element) in view.elements.iter().enumerate() {
            targets
                .get_mut(element.unwrap_or(usize::MAX))
                .into_iter()
                .for_each(|t: &mut Factor| t.push(weight(index)));
        }
        self.scan_elements(slot, tensor, &targets)
    }

    /// Scans a tensor, element `i` with coefficient `targets[i]`; gives the cell of the sum. The lanes of a row differ by
    /// monomials, which are the row's pattern; anything else is refused, which never happens with one lane.
    pub(super) fn scan_elements(&mut self, slot: usize, tensor: usize, targets: &[Factor]) -> Src {
        let model = self.model;
        let (channels, positions) = (model.tensors[tensor].channels, model.tensors[tensor].positions());
        let (low, high) = self.span(tensor);
        let empty = ScanRow {
            factors: None,
            kappa: 0,
            mode: Mode::Skip,
        };
        let mut rows = vec![empty; high - low + 1];
        for (index, row) in self.rows[tensor].clone().into_iter().enumerate() {
            if self.refused.is_some() {
                break;
            }
            let (block, position) = (index / positions, index % positions);
            let lane = |l: usize| {
                let channel = block * self.shape.lanes + l;
                let target = (channel < channels).then(|| &targets[channel * positions + position])?;
                Mono::common(target.iter().copied()).map(|base| (base, target))
            };
            let lanes: Vec<Option<(Mono, &Factor)>> = (0..self.shape.lanes).map(lane).collect();
            let Some(base) = Mono::common(lanes.iter().flatten().map(|l| l.0)) else {
                continue;
            };
            let shared = |&(base, target): &(Mono, &Factor)| {
                let mut factor: Factor = target.iter().map(|m| m.divided(base)).collect();
                factor.sort_unstable();
                factor
            };
            let mut factors = lanes.iter().flatten().map(shared);
            let factor = factors.next().unwrap_or_default();
            let unlike = factors.any(|other| other != factor);
            let weights = lanes.iter().map(|l| l.map(|(m, _)| m.divided(base))).collect();
            if unlike {
                let lanes = self.shape.lanes;
                self.refuse(LayoutError::Lanes { lanes });
            }
            let mode = self.pattern(slot, weights);
            let factors = self.coefficient(base, factor);
            rows[row - low] = ScanRow {
                factors: Some(factors),
                kappa: 0,
                mode,
            };
        }
        let segment = Segment { slot, start: low, rows };
        let result = segment.result();
        self.segments.push(segment);
        result
    }

    /// Two cells whose product is `base * factor`.
    fn coefficient(&mut self, base: Mono, factor: Factor) -> (Src, Src) {
        let powers: Vec<Mono> = (0..3)
            .filter(|&i| base.exponents()[i] > 0)
            .map(|i| {
                let mut only = [0; 3];
                only[i] = base.exponents()[i];
                Mono::new(only)
            })
            .collect();
        if factor.len() == 1 {
            if let [a] = powers[..] {
                return (self.factor(vec![a], 1), Src::Pow(0));
            }
            if let [a, b] = powers[..] {
                return (self.factor(vec![a], 1), self.factor(vec![b], 1));
            }
        }
        (self.factor(vec![base], 1), self.factor(factor, 1))
    }

    /// The mode of a row whose lanes have these weights.
    fn pattern(&mut self, slot: usize, weights: Vec<Option<Mono>>) -> Mode {
        let powers = |of: &dyn Fn(usize) -> Mono| weights.iter().enumerate().all(|(l, w)| *w == Some(of(l)));
        if powers(&|r| Mono { r, ..Mono::default() }) {
            return Mode::ValuesR;
        }
        if powers(&|s| Mono { s, ..Mono::default() }) {
            return Mode::ValuesS;
        }
        let lanes = weights.iter().map(|w| w.map(|w| w.exponents().map(|e| e as u32)));
        let pattern = Pattern {
            slot,
            lanes: lanes.collect(),
        };
        let patterns = &mut self.shape.features.patterns;
        if let Some(index) = patterns.iter().position(|p| *p == pattern) {
            return Mode::Pattern(index);
        }
        let large = pattern.lanes.iter().flatten().flatten().any(|&e| e > MAX_PATTERN);
        let many = patterns.len() == MAX_PATTERNS;
        patterns.push(pattern);
        let index = patterns.len() - 1;
        if large || many {
            self.refuse(LayoutError::Patterns {
                most: MAX_PATTERNS,
                power: MAX_PATTERN,
            });
        }
        Mode::Pattern(index)
    }
}
