//! Segments whose limbs are as wide as a value, with the range table in several parts.

use super::{model, Chain};
use provenn_circuits::layout::{Layout, Shape};
use provenn_prover::chain;
use provenn_prover::commit::CommitOptions;
use provenn_verifier::{policy, Context, Disclosure};
use std::sync::Arc;

/// They are committed, proven and verified as others are, beside a last segment that has none.
#[test]
fn segments_that_give_may_have_wide_limbs() {
    let options = CommitOptions::default();
    let mut compiled = chain::compile(&model("digits_mlp"), &options, 2).unwrap();
    let bits = compiled.model.precision.bits();
    for (program, layout) in &mut compiled.segments {
        let shape = layout.shape.clone();
        let wide = shape.ends.gives.is_some();
        let shape = Shape {
            k: 13,
            table_bits: if wide { bits } else { shape.table_bits },
            limbs: if wide { 1 } else { shape.limbs },
            top_bits: if wide { 0 } else { shape.top_bits },
            ..shape
        };
        *layout = Arc::new(Layout::build(program, shape).unwrap());
        assert_eq!(
            (layout.shape.range_parts() > 1, layout.shape.precision().bits()),
            (wide, bits)
        );
    }
    let chain = Chain::of(compiled, &options);
    for policy in [Disclosure::from(policy::Label), policy::Top { count: 3 }.into()] {
        assert!(chain.verdict(&chain.prove(policy, Context::default())).is_ok());
    }
}
