//! All operators, by name.

use super::table::Operator;
use super::{
    attention, compare, constant, determinant, einsum, elementwise, features, functions, fused, linear, loss, ml,
    moves, normalize, order, pick, pool, quantized, recurrent, reductions, reshape, resize, sample, scatter, sequence,
    shapes, signal, slice, softmax, transformer,
};
use crate::onnx::attr::is_default_domain;

/// Every operator.
const TABLES: &[&[Operator]] = &[
    attention::TABLE,
    compare::TABLE,
    constant::TABLE,
    determinant::TABLE,
    einsum::TABLE,
    elementwise::TABLE,
    features::TABLE,
    functions::TABLE,
    fused::TABLE,
    linear::TABLE,
    loss::TABLE,
    ml::TABLE,
    moves::TABLE,
    normalize::TABLE,
    order::TABLE,
    pick::TABLE,
    pool::TABLE,
    quantized::TABLE,
    recurrent::TABLE,
    reductions::TABLE,
    reshape::TABLE,
    resize::TABLE,
    sample::TABLE,
    scatter::TABLE,
    sequence::TABLE,
    shapes::TABLE,
    signal::TABLE,
    slice::TABLE,
    softmax::TABLE,
    transformer::TABLE,
];

/// All of them, in the order of their names, those of other domains last.
pub fn all() -> Vec<&'static Operator> {
    let mut all: Vec<&Operator> = TABLES.iter().copied().flatten().collect();
    all.sort_by_key(|operator| (operator.domain, operator.name));
    all
}

/// The operator of a node. Both spellings of the default domain are empty.
pub fn found(domain: &str, name: &str) -> Option<&'static Operator> {
    let domain = if is_default_domain(domain) { "" } else { domain };
    let mut all = TABLES.iter().copied().flatten();
    all.find(|operator| operator.domain == domain && operator.name == name)
}
