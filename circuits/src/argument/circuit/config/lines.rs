//! Gates of powers and lines.

use super::*;

impl Config {
    /// `pow_one * (pow - 1) = 0`, `pow * q - q * challenge * pow_prev = 0` with `q` one of `pow_r, pow_t, pow_s`.
    /// Each run is determined from its first row on; needs no soundness of its own: the powers are of fixed challenges.
    pub(super) fn power_gate(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.create_gate("powers", |m| {
            let [now, before] = [Rotation::cur(), Rotation::prev()].map(|at| m.query_advice(self.pow, at));
            let [one, r, t, s] =
                [self.pow_one, self.pow_r, self.pow_t, self.pow_s].map(|c| m.query_fixed(c, Rotation::cur()));
            let step = r.clone() * self.challenge(0) + t.clone() * self.challenge(1) + s.clone() * self.challenge(3);
            vec![
                ("first power", one * (now.clone() - constant(1))),
                ("next power", (r + t + s) * now - step * before),
            ]
        });
    }

    /// With `m` line columns `u_i` and folded weights `W_i`, on usable rows:
    /// * `uacc = keep_u s^m uacc_prev + line sum_i s^i u_i`, and `uacc = keep s uacc_prev + u_0` on single rows (policy
    ///   rows and products of activations, which use the first column only): each cell has a power of `s` of its own;
    /// * `pacc = keep_p pacc_prev + u_0 W_0 + line sum_{i > 0} u_i W_i`; on rows of products of activations
    ///   `pacc = keep_p pacc_prev`, with `u_0 u_0_prev` added where `u_0` is the right and `u_0_prev` the left line. Bias rows
    ///   are no line rows: they count in the first column alone, whose cells there are copies.
    ///
    /// All are determined by `u`, `W` and the challenges. `u` (phase 2) is determined because its accumulator under `s`,
    /// drawn after it, equals the scan of what it claims to be, whose cells are of phase 1. `W` (phase 2) is determined on
    /// all usable rows by the link proof, up to the combination `sum_l r^l (w_l - zero)` of lanes that were committed
    /// before `r`: a sum over `o` of `r^o` times a line cell is what it would be if the lanes were columns here.
    pub(super) fn line_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        let columns: Vec<_> = self.u.iter().copied().zip(self.weights.iter().copied()).collect();
        let Some(&(first, _)) = columns.first() else { return };
        meta.create_gate("lines", |m| {
            let usable = m.query_fixed(self.usable, Rotation::cur());
            let [line, keep_u, keep_p] =
                [self.line, self.keep_u, self.keep_p].map(|c| m.query_fixed(c, Rotation::cur()));
            let s = self.challenge(3);
            let cells: Vec<(Expr, Expr)> = columns
                .iter()
                .map(|&(u, w)| (m.query_advice(u, Rotation::cur()), m.query_advice(w, Rotation::cur())))
                .collect();
            let [uacc, uacc_prev] = [Rotation::cur(), Rotation::prev()].map(|at| m.query_advice(self.uacc, at));
            let [pacc, pacc_prev] = [Rotation::cur(), Rotation::prev()].map(|at| m.query_advice(self.pacc, at));
            let u = cells[0].0.clone();
            let products: Vec<Expr> = cells.iter().map(|(u, w)| u.clone() * w.clone()).collect();
            let step = (1..columns.len()).fold(s.clone(), |power, _| power * s.clone());
            let lines = horner(cells.into_iter().map(|(u, _)| u).collect(), &s);
            let mut sum = usable.clone() * uacc - keep_u * step * uacc_prev.clone() - line.clone() * lines;
            if let Some(single) = self.single {
                let [single, keep] = single.map(|c| m.query_fixed(c, Rotation::cur()));
                sum = sum - keep * s * uacc_prev - single * u.clone();
            }
            let mut product = usable * (pacc - products[0].clone()) - keep_p * pacc_prev;
            if let Some(others) = products[1..].iter().cloned().reduce(|a, b| a + b) {
                product = product - line * others;
            }
            if let Some(pair) = self.pair {
                let [pairs, right] = pair.map(|c| m.query_fixed(c, Rotation::cur()));
                let left = m.query_advice(first, Rotation::prev());
                product = product + pairs * products[0].clone() - right * u * left;
            }
            vec![("line sum", sum), ("product sum", product)]
        });
    }
}
