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

    /// `uacc = keep_u * s * uacc_prev + line * u` and `pacc = keep_p * pacc_prev + u * sum_l r^l (w_l - offset)`
    /// on usable rows; on those of products of activations `pacc = keep_p * pacc_prev`, with `u * u_prev` added where
    /// `u` is the right and `u_prev` the left line. All are determined by `u`, the weights and the challenges. `u` itself
    /// (phase 2) is determined because its accumulator under `s`, drawn after `u`, equals the scan of what it claims to
    /// be, whose cells are of phase 1.
    pub(super) fn line_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.create_gate("lines", |m| {
            let usable = m.query_fixed(self.usable, Rotation::cur());
            let [line, keep_u, keep_p] =
                [self.line, self.keep_u, self.keep_p].map(|c| m.query_fixed(c, Rotation::cur()));
            let u = m.query_advice(self.u, Rotation::cur());
            let [uacc, uacc_prev] = [Rotation::cur(), Rotation::prev()].map(|at| m.query_advice(self.uacc, at));
            let [pacc, pacc_prev] = [Rotation::cur(), Rotation::prev()].map(|at| m.query_advice(self.pacc, at));
            let offset = Expression::Constant(power_of_two(self.shape.weight_bits.max(1) - 1));
            let weights = self
                .weights
                .iter()
                .map(|&w| m.query_advice(w, Rotation::cur()) - offset.clone())
                .collect();
            let combined = horner(weights, &self.challenge(0));
            let mut product = usable.clone() * (pacc - u.clone() * combined.clone()) - keep_p * pacc_prev;
            if let Some(pair) = self.pair {
                let [pairs, right] = pair.map(|c| m.query_fixed(c, Rotation::cur()));
                let left = m.query_advice(self.u, Rotation::prev());
                product = product + u.clone() * (pairs * combined - right * left);
            }
            vec![
                (
                    "line sum",
                    usable * uacc - keep_u * self.challenge(3) * uacc_prev - line * u,
                ),
                ("product sum", product),
            ]
        });
    }
}
