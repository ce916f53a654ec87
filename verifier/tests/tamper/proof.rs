//! The elements of a halo2 proof, by their place in the bytes.

use super::Subject;

/// Fields that are drawn and never travel, and those whose parts have rows.
pub const WITHOUT_ROW: &[&str] = &[
    "Messages.challenges",
    "Messages.beta",
    "Messages.gamma",
    "Messages.y",
    "Messages.x",
    "Opening.y",
    "Opening.v",
    "Opening.u",
    "Messages.product_evals",
    "Messages.opening",
];

/// A changed proof and what must be said about it.
pub struct ProofRow {
    pub change: &'static str,
    pub code: &'static str,
    pub bytes: Vec<u8>,
}

/// Every element replaced by another one of its kind, and by bytes that are none.
pub fn rows(subject: &Subject) -> Vec<(&'static str, ProofRow)> {
    let proof = &subject.receipt.proof;
    let elements = elements(subject);
    assert_eq!(32 * elements.len(), proof.len(), "all bytes are named");
    let generator = super::rows::compressed(&subject.srs.g1);
    let mut rows = vec![];
    for (place, (field, kind)) in elements.into_iter().enumerate() {
        let mut add = |change, code, word: &[u8; 32]| {
            let mut bytes = proof.clone();
            bytes[32 * place..32 * place + 32].copy_from_slice(word);
            rows.push((field, ProofRow { change, code, bytes }));
        };
        let mut three = [0; 32];
        three[0] = 3;
        match kind {
            Kind::Point => {
                add("another point", "opening-failed", &generator);
                add("no point", "bad-point", &[0xff; 32]);
            }
            Kind::Scalar => {
                add("another scalar", "opening-failed", &three);
                add("not reduced", "non-canonical-scalar", &[0xff; 32]);
            }
        }
    }
    rows
}

#[derive(Clone, Copy)]
enum Kind {
    Point,
    Scalar,
}

/// Field and kind of each 32-byte word, in the order of the protocol.
fn elements(subject: &Subject) -> Vec<(&'static str, Kind)> {
    let key = &subject.key;
    let sets = key.permutation_columns.len().div_ceil(key.degree as usize - 2);
    let mut out = vec![];
    let mut add = |field, kind, count| out.extend(vec![(field, kind); count]);
    add("Messages.advice", Kind::Point, key.advice_phases.len());
    add("Messages.products", Kind::Point, sets);
    add("Messages.quotient", Kind::Point, key.degree as usize - 1);
    add("Messages.advice_evals", Kind::Scalar, key.advice_queries.len());
    add("Messages.fixed_evals", Kind::Scalar, key.fixed_queries.len());
    add("Messages.sigma_evals", Kind::Scalar, key.permutation_columns.len());
    for set in 1..=sets {
        add("ProductEvals.current", Kind::Scalar, 1);
        add("ProductEvals.next", Kind::Scalar, 1);
        add("ProductEvals.last", Kind::Scalar, usize::from(set < sets));
    }
    add("Opening.h1", Kind::Point, 1);
    add("Opening.h2", Kind::Point, 1);
    out
}
