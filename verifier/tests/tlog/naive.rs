//! RFC 6962, section 2.1, word for word.

use provenn_verifier::tlog::{empty_root, node_hash, Hash};

/// The largest power of two smaller than `n`.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// MTH(D)
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// PATH(m, D)
pub fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return vec![];
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = match index < k {
        true => (path(index, left), root(right)),
        false => (path(index - k, right), root(left)),
    };
    path.push(sibling);
    path
}

/// PROOF(m, D), and nothing for the empty tree.
pub fn consistency(old: usize, leaves: &[Hash]) -> Vec<Hash> {
    match old {
        0 => vec![],
        _ => subproof(old, leaves, true),
    }
}

fn subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { vec![] } else { vec![root(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, sibling) = match old <= k {
        true => (subproof(old, left, whole), root(right)),
        false => (subproof(old - k, right, false), root(left)),
    };
    proof.push(sibling);
    proof
}
