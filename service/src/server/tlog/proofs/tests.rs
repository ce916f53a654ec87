use super::*;
use provenn_verifier::tlog::{extends, leaf_hash, root_of};

/// Reads complete subtrees over the leaves themselves.
fn reader(leaves: &[Hash]) -> impl FnMut(Node) -> Hash + '_ {
    move |node| {
        let first = (node.index << node.level) as usize;
        complete(leaves.get(first..first + (1 << node.level)).unwrap_or_default())
    }
}

#[test]
fn the_verifier_accepts_all_proofs_of_small_logs() {
    let leaves: Vec<Hash> = (0..70u64).map(|i| leaf_hash(&i.to_le_bytes())).collect();
    let mut read = reader(&leaves);
    for size in 1..=70u64 {
        let root = over(0, size, &mut read);
        for index in 0..size {
            let path = path(index, 0, size, &mut read);
            let leaf = leaves.get(index as usize).copied().unwrap_or_default();
            assert_eq!(root_of(&leaf, index, size, &path), Ok(root), "{index} of {size}");
        }
        for old in 1..=size {
            let proof = subproof(old, 0, size, true, &mut read);
            let before = over(0, old, &mut read);
            assert_eq!(
                extends((old, &before), (size, &root), &proof),
                Ok(()),
                "{old} to {size}"
            );
        }
    }
}
