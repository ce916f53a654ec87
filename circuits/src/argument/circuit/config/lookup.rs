//! Gates of the range lookup.

use super::*;

impl Config {
    /// logUp: every table-checked limb on every usable row is in the range table, because
    /// `sum 1 / (alpha + limb) = sum multiplicity / (alpha + table)` with `alpha` drawn after limbs and multiplicities.
    /// Unused cells are 0, which is in the table.
    pub(super) fn lookup_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        let limbs = self.shape.limbs as usize;
        let cells: Vec<Column<Advice>> = self.lookup_columns(limbs);
        meta.create_gate("lookup", |m| {
            let [usable, not_first, last, table] =
                [self.usable, self.not_first, self.last, self.table].map(|c| m.query_fixed(c, Rotation::cur()));
            let alpha = self.challenge(2);
            let mut gates = vec![];
            let mut total = constant(0);
            for (group, &helper) in cells.chunks(3).zip(&self.helpers) {
                let f: Vec<Expr> = group
                    .iter()
                    .map(|&c| m.query_advice(c, Rotation::cur()) + alpha.clone())
                    .collect();
                let h = m.query_advice(helper, Rotation::cur());
                let product = |skip: Option<usize>| {
                    let kept = f
                        .iter()
                        .enumerate()
                        .filter(|(i, _)| Some(*i) != skip)
                        .map(|(_, e)| e.clone());
                    kept.reduce(|a, b| a * b).unwrap_or_else(|| constant(1))
                };
                let numerator = (0..f.len())
                    .map(|i| product(Some(i)))
                    .reduce(|a, b| a + b)
                    .unwrap_or_else(|| constant(0));
                gates.push((
                    "lookup helper",
                    usable.clone() * (h.clone() * product(None) - numerator),
                ));
                total = total + h;
            }
            let [multiplicity, table_helper] =
                [self.multiplicity, self.table_helper].map(|c| m.query_advice(c, Rotation::cur()));
            gates.push((
                "table helper",
                usable.clone() * (table_helper.clone() * (table + alpha) - multiplicity),
            ));
            let [sum, before] = [Rotation::cur(), Rotation::prev()].map(|at| m.query_advice(self.sum, at));
            gates.push((
                "lookup sum",
                usable * (sum.clone() - total + table_helper) - not_first * before,
            ));
            gates.push(("lookup balance", last * sum));
            gates
        });
    }

    /// Columns that are range-checked by the table, in lookup order.
    pub fn lookup_columns(&self, limbs: usize) -> Vec<Column<Advice>> {
        self.lanes
            .iter()
            .flat_map(|l| l.high[..limbs].iter().chain(&l.rem[..limbs]).copied())
            .collect()
    }
}
