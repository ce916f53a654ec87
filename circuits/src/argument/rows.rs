//! Where a circuit begins and ends.

use halo2_proofs::halo2curves::bn256::Fr;

/// Selectors of usable rows.
#[derive(Clone, Debug)]
pub struct Fixed<T> {
    /// 1 on usable rows.
    pub usable: T,
    /// 1 on usable rows but the first.
    pub not_first: T,
    /// 1 on the last usable row.
    pub last: T,
}

impl<T> Fixed<T> {
    pub(super) fn new(next: &mut dyn FnMut() -> T) -> Self {
        let [usable, not_first, last] = [(); 3].map(|()| next());
        Self {
            usable,
            not_first,
            last,
        }
    }

    pub(super) fn fill(&self, usable: usize, set: &mut dyn FnMut(&T, usize, Fr)) {
        for row in 0..usable {
            set(&self.usable, row, Fr::one());
            if row > 0 {
                set(&self.not_first, row, Fr::one());
            }
        }
        set(&self.last, usable - 1, Fr::one());
    }
}
