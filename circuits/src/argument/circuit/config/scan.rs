//! Gates of the scan slots.

use super::*;

impl Config {
    /// `usable * acc = keep * acc_prev + a * b * (kappa + lanes)`; `a`, `b` are copies wherever they matter, so
    /// the accumulator is determined by the lanes and the challenges. The lanes are combined by powers of one challenge,
    /// or by a pattern of monomials; every challenge is drawn after phase 1, which holds the lanes.
    pub(super) fn scan_gate(&self, meta: &mut ConstraintSystem<Fr>, index: usize) {
        let slot = &self.slots[index];
        meta.create_gate(format!("scan {index}"), |m| {
            let usable = m.query_fixed(self.usable, Rotation::cur());
            let [keep, kappa, first] = [slot.keep, slot.kappa, slot.first].map(|c| m.query_fixed(c, Rotation::cur()));
            let [a, b, acc] = [slot.a, slot.b, slot.acc].map(|c| m.query_advice(c, Rotation::cur()));
            let before = m.query_advice(slot.acc, Rotation::prev());
            let zero = m.query_fixed(self.zero_point, Rotation::cur());
            let added = match slot.second {
                None => {
                    let lanes = self.lanes.iter().map(|l| self.accumulator(m, l)).collect();
                    first * horner(lanes, &self.challenge(0))
                }
                Some(second) => {
                    let second = m.query_fixed(second, Rotation::cur());
                    let values: Vec<Expr> = self
                        .lanes
                        .iter()
                        .map(|l| m.query_advice(l.value, Rotation::cur()) - zero.clone())
                        .collect();
                    let by_pattern = slot.patterns.iter().map(|&(pattern, column)| {
                        m.query_fixed(column, Rotation::cur()) * self.by_pattern(pattern, &values)
                    });
                    let by_pattern = by_pattern.reduce(|a, b| a + b);
                    let by_powers = first * horner(values.clone(), &self.challenge(3))
                        + second * horner(values.clone(), &self.challenge(0));
                    by_pattern.into_iter().fold(by_powers, |a, b| a + b)
                }
            };
            vec![("scan", usable * acc - keep * before - a * b * (kappa + added))]
        });
    }

    /// `sum of weight * value` over the lanes of a pattern.
    fn by_pattern(&self, pattern: usize, values: &[Expr]) -> Expr {
        let lanes = self.shape.features.patterns.get(pattern).map_or(&[][..], |p| &p.lanes);
        let terms = lanes
            .iter()
            .zip(values)
            .filter_map(|(weight, value)| Some((((*weight)?), value)));
        let mut runs: Vec<(Weight, Expr)> = vec![];
        // By Horner from the last lane down, as long as weights do not fall.
        for (weight, value) in terms.rev() {
            match runs.last_mut() {
                Some((above, sum)) if above.iter().zip(weight).all(|(a, w)| *a >= w) => {
                    let by = [0, 1, 2].map(|i| above[i] - weight[i]);
                    *sum = self.weigh(sum.clone(), by) + value.clone();
                    *above = weight;
                }
                _ => runs.push((weight, value.clone())),
            }
        }
        let sums = runs.into_iter().map(|(weight, sum)| self.weigh(sum, weight));
        sums.reduce(|a, b| a + b).unwrap_or_else(|| constant(0))
    }

    /// `term * r^i t^j s^k`.
    fn weigh(&self, term: Expr, weight: Weight) -> Expr {
        let challenges = [0, 1, 3].map(|i| self.challenge(i));
        let factors = challenges.iter().zip(weight).flat_map(|(c, e)| (0..e).map(move |_| c));
        factors.fold(term, |term, c| term * c.clone())
    }
}

/// Exponents of `r`, `t`, `s`.
type Weight = [u32; 3];
