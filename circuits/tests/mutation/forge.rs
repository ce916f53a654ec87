//! Tables forged for one constraint.

use super::*;

/// Forged tables that break exactly one constraint: accepted without it, rejected with it.
pub struct Forge {
    pub base: Table,
    pub broken: BTreeSet<String>,
}

impl Forge {
    pub fn new(case: &Case) -> Self {
        let base = Table::new(case, 5);
        assert_eq!(base.violations(), BTreeSet::new());
        Self {
            base,
            broken: BTreeSet::new(),
        }
    }

    pub fn expect(&mut self, name: &str, forge: impl FnOnce(&mut Table)) {
        let mut t = self.base.clone();
        forge(&mut t);
        let broken = t.violations();
        assert!(
            broken.len() == 1 && broken.iter().all(|b| b.starts_with(name)),
            "wanted {name}, got {broken:?}"
        );
        self.broken.extend(broken);
    }
}

pub fn add(t: &mut Table, column: Column<Advice>, row: usize, delta: Fr) {
    let value = t.get(column, row) + delta;
    t.set(column, row, value);
}

pub fn put(t: &mut Table, parts: &[Column<Advice>], row: usize, value: u64) {
    let (bits, limbs) = (t.layout.shape.table_bits, t.layout.shape.limbs as usize);
    for (i, &column) in parts.iter().enumerate() {
        let digit = if i < limbs {
            value >> (bits * i as u32) & ((1 << bits) - 1)
        } else {
            value >> (bits * limbs as u32 + (i - limbs) as u32) & 1
        };
        t.set(column, row, Fr::from(digit));
    }
}

pub fn small(v: Fr) -> u64 {
    (0..1 << 12).find(|&i| Fr::from(i) == v).expect("a small value")
}

/// Claims an output that is larger by `delta`.
pub fn claim(t: &mut Table, channel: usize, delta: Fr) {
    let row = t.layout.policy_rows - 1 - channel;
    add(t, t.config.advice.lines.u[0], row, delta);
    if t.instance[0][row] == Fr::one() {
        t.instance[2][row] -= delta;
    } else {
        t.instance[0][row] = Fr::zero();
    }
}
