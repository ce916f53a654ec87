//! Models in segments in their files.

use super::{model, Chain};
use provenn_prover::chain::{self, Segments, Stored};
use provenn_prover::store::PRIVATE;
use provenn_prover::ProveError;
use provenn_verifier::{policy, Context};
use std::path::PathBuf;

/// A folder of its own with the files of a model.
fn saved(chain: &Chain, name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("provenn-chain-{name}-{}", std::process::id()));
    for (index, segment) in chain.segments.iter().enumerate() {
        chain::keep(segment, &folder, index).unwrap();
    }
    chain::save(&chain.card, &chain.srs, &folder).unwrap();
    folder
}

/// What is stored is what was committed, and an audit with and without weights finds nothing; of another model's file it does.
#[test]
fn stored_and_audited() {
    let chain = Chain::new("digits_cnn", 3, false);
    let folder = saved(&chain, "audited");
    let stored = chain::Stored::load(&folder).unwrap();
    assert_eq!(stored.card, chain.card);
    let inputs = chain::bind_inputs(&stored.card, &stored, &chain.srs, chain.values.clone()).unwrap();
    let policy = policy::Label.into();
    let receipt = chain::prove(
        &stored.card,
        &stored,
        &chain.srs,
        &inputs,
        policy,
        Context::default(),
        &|_| {},
    )
    .unwrap();
    assert!(chain.verdict(&receipt).is_ok());

    let bytes = model("digits_cnn");
    let tails = chain::openings(&folder, 3).unwrap();
    for tails in [None, Some(tails.as_slice())] {
        let checks = chain::audit(&bytes, &chain.card, &chain.srs, tails).unwrap();
        assert!(checks.iter().all(|check| check.holds), "{checks:?}");
        assert_eq!(checks.len(), if tails.is_some() { 8 } else { 5 });
    }
    // Openings of another segment, and another cut than the keys have.
    let mut swapped = tails.clone();
    swapped.swap(0, 1);
    let checks = chain::audit(&bytes, &chain.card, &chain.srs, Some(&swapped)).unwrap();
    assert!(checks.iter().any(|check| check.name == "commitments" && !check.holds));
    let other = model("digits_mlp");
    assert!(chain::audit(&other, &chain.card, &chain.srs, None).is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Private files are read once for run and proof, and what was read of one is gone when it is proven. Others read them again.
#[test]
fn what_a_run_reads_is_kept_for_its_proofs_if_they_follow() {
    let chain = Chain::new("digits_cnn", 3, false);
    for keeping in [false, true] {
        let folder = saved(&chain, &format!("kept-{keeping}"));
        let stored = Stored::load(&folder).unwrap();
        let stored = if keeping { stored.keeping() } else { stored };
        assert_eq!(stored.order(3), [0, 1, 2]);
        let bytes: Vec<u64> = (0..3)
            .map(|index| stored.program(index).unwrap().weight_bytes())
            .collect();
        let order = stored.order(3);
        let mut largest = bytes.clone();
        largest.sort_unstable_by(|a, b| b.cmp(a));
        assert_ne!(bytes, largest, "the first segment has least weights");
        match keeping {
            true => assert!(order.iter().map(|index| bytes[*index]).eq(largest), "{order:?}"),
            false => assert_eq!(order, [0, 1, 2]),
        }
        for index in 0..3 {
            std::fs::remove_file(folder.join(chain::folder_name(index)).join(PRIVATE)).unwrap();
        }
        for index in order {
            let again = || stored.segment(index).map(|segment| segment.tails.clone());
            match keeping {
                true => assert_eq!(again().unwrap(), chain.segments[index].tails),
                false => assert!(matches!(again(), Err(ProveError::Io { .. }))),
            }
            assert!(matches!(again(), Err(ProveError::Io { .. })));
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

/// Whatever the order in which segments are proven, the receipt has them in theirs.
#[test]
fn a_receipt_of_kept_segments_is_one_like_others() {
    let chain = Chain::new("digits_cnn", 3, false);
    let folder = saved(&chain, "order");
    let stored = Stored::load(&folder).unwrap().keeping();
    let inputs = chain::bind_inputs(&stored.card, &stored, &chain.srs, chain.values.clone()).unwrap();
    let context = Context::default();
    let label = policy::Label.into();
    let receipt = chain::prove(&stored.card, &stored, &chain.srs, &inputs, label, context, &|_| {}).unwrap();
    assert_eq!(
        chain.verdict(&receipt),
        chain.verdict(&chain.prove(policy::Label, Context::default()))
    );
    assert!(chain.verdict(&receipt).is_ok());
    std::fs::remove_dir_all(&folder).unwrap();
}
