//! The transparency log: published vectors, agreement with the definitions of RFC 6962, and every way to tamper.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "tlog/cosign.rs"]
mod cosign;
#[path = "tlog/naive.rs"]
mod naive;
#[path = "tlog/notes.rs"]
mod notes;

use ed25519_compact::{KeyPair, Seed};
use naive::{consistency, path, root};
use proptest::prelude::*;
use provenn_verifier::tlog::{
    base64_decode, empty_root, extends, leaf_hash, node_hash, root_of, Checkpoint, ConsistencyProof, Entry, EntryKind,
    Hash, InclusionProof, LogError, LogKey, MAX_NOTE, MAX_PROOF_TEXT,
};
use provenn_verifier::VerifyError;

/// The leaves that the first implementation of RFC 6962 is tested with.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\0",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// Roots of the trees of 0 to 8 of them.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn leaves(n: usize) -> Vec<Hash> {
    (0..n).map(|i| leaf_hash(&i.to_le_bytes())).collect()
}

fn unhex(text: &str) -> Hash {
    let bytes: Vec<u8> = (0..32)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    bytes.try_into().unwrap()
}

#[test]
fn published_roots_follow_from_audit_paths() {
    assert_eq!(empty_root(), unhex(ROOTS[0]));
    let all: Vec<Hash> = LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect();
    for size in 1..=all.len() {
        let tree = &all[..size];
        for index in 0..size {
            let found = root_of(&tree[index], index as u64, size as u64, &path(index, tree));
            assert_eq!(found, Ok(unhex(ROOTS[size])), "leaf {index} of {size}");
        }
        for (old, root) in ROOTS.iter().enumerate().take(size + 1) {
            let (from, to) = (unhex(root), unhex(ROOTS[size]));
            let proof = consistency(old, tree);
            assert_eq!(
                extends((old as u64, &from), (size as u64, &to), &proof),
                Ok(()),
                "{old} to {size}"
            );
        }
    }
}

/// The example of RFC 6962, section 2.1.3: the hashes that it names, in its order.
#[test]
fn the_example_of_the_rfc() {
    let d = leaves(7);
    let [a, b, c, dd, e, f, j] = [d[0], d[1], d[2], d[3], d[4], d[5], d[6]];
    let (g, h, i) = (node_hash(&a, &b), node_hash(&c, &dd), node_hash(&e, &f));
    let (k, l) = (node_hash(&g, &h), node_hash(&i, &j));
    let root = node_hash(&k, &l);
    for (index, path) in [
        (0, vec![b, h, l]),
        (3, vec![c, g, l]),
        (4, vec![f, j, k]),
        (6, vec![i, k]),
    ] {
        assert_eq!(root_of(&d[index], index as u64, 7, &path), Ok(root));
    }
    let (three, six) = (node_hash(&g, &c), node_hash(&k, &i));
    assert_eq!(extends((3, &three), (7, &root), &[c, dd, g, l]), Ok(()));
    assert_eq!(extends((4, &k), (7, &root), &[l]), Ok(()));
    assert_eq!(extends((6, &six), (7, &root), &[i, j, k]), Ok(()));
}

#[test]
fn a_published_checkpoint_verifies_and_a_changed_one_does_not() {
    let note =
        "go.sum database tree\n49189689\nftjbAOzaupaIvaPo/G+Dk63nxOZ2s1OPOKIaPtXs7S4=\n\n\u{2014} sum.golang.org \
                Az3grlKZssqRoMNPpZfKt0TphbbcF+pzXqElURJKRNFKfaUAgqeI5k2AORH0QAhg/ebRwyIqD/OqP4oLtLnNumvOBAM=\n";
    let key: LogKey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
        .parse()
        .unwrap();
    // The signature holds; that log's origin differs from its key's name, which ours requires to be equal.
    assert_eq!(Checkpoint::from_note(note, &key), Err(LogError::Origin));
    let changed = note.replace("49189689", "49189688");
    assert_eq!(Checkpoint::from_note(&changed, &key), Err(LogError::Signature));
    let other: LogKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        .parse()
        .unwrap();
    assert_eq!(Checkpoint::from_note(note, &other), Err(LogError::Unsigned));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn paths_agree_with_the_definition(size in 1usize..600, at in any::<prop::sample::Index>(), other in any::<prop::sample::Index>()) {
        let (tree, index) = (leaves(size), at.index(size));
        let proof = path(index, &tree);
        let (n, i) = (size as u64, index as u64);
        prop_assert_eq!(root_of(&tree[index], i, n, &proof), Ok(root(&tree)));
        // Another leaf, another index, a changed hash lead elsewhere.
        let wrong = other.index(size);
        if wrong != index {
            prop_assert_ne!(root_of(&tree[wrong], i, n, &proof), Ok(root(&tree)));
            prop_assert_ne!(root_of(&tree[index], wrong as u64, n, &proof), Ok(root(&tree)));
        }
        if !proof.is_empty() {
            let mut changed = proof.clone();
            changed[other.index(proof.len())][0] ^= 1;
            prop_assert_ne!(root_of(&tree[index], i, n, &changed), Ok(root(&tree)));
        }
        let longer = [proof.as_slice(), &[[0; 32]]].concat();
        prop_assert!(matches!(root_of(&tree[index], i, n, &longer), Err(LogError::PathLength { .. })), "longer");
        if let Some((_, shorter)) = proof.split_last() {
            prop_assert!(matches!(root_of(&tree[index], i, n, shorter), Err(LogError::PathLength { .. })), "shorter");
        }
        prop_assert_eq!(root_of(&tree[index], n, n, &proof), Err(LogError::Index { size: n, got: n }));
    }

    #[test]
    fn consistency_agrees_with_the_definition(new in 1usize..600, at in any::<prop::sample::Index>(), hit in any::<prop::sample::Index>()) {
        let (tree, old) = (leaves(new), at.index(new + 1));
        let (from, to) = (root(&tree[..old]), root(&tree));
        let (o, n) = (old as u64, new as u64);
        let proof = consistency(old, &tree);
        prop_assert_eq!(extends((o, &from), (n, &to), &proof), Ok(()));
        let fork = Err(LogError::Fork { old: o, new: n });
        // A tree with another history.
        let mut forked = tree.clone();
        if old > 0 {
            forked[hit.index(old)][0] ^= 1;
            prop_assert_eq!(extends((o, &root(&forked[..old])), (n, &to), &proof), fork);
            prop_assert_eq!(extends((o, &from), (n, &root(&forked)), &consistency(old, &forked)), fork);
        }
        if !proof.is_empty() {
            let mut changed = proof.clone();
            changed[hit.index(proof.len())][0] ^= 1;
            prop_assert_eq!(extends((o, &from), (n, &to), &changed), fork);
            prop_assert_eq!(extends((o, &from), (n, &to), &proof[1..]), fork);
        }
        prop_assert_eq!(extends((o, &from), (n, &to), &[proof.as_slice(), &[[0; 32]]].concat()), fork);
        if old < new {
            prop_assert_eq!(extends((n, &to), (o, &from), &proof), Err(LogError::Shrunk { old: n, new: o }));
        }
    }

    #[test]
    fn texts_that_decode_are_canonical(noise in "[a-z0-9/+=\n ]{0,80}", size in 1usize..9, index in 0usize..9) {
        if let Ok(proof) = InclusionProof::from_text(&noise) {
            prop_assert_eq!(proof.to_text(), noise);
        }
        let index = index % size;
        let log = Log::new(size);
        let text = log.proof(index).to_text();
        prop_assert_eq!(InclusionProof::from_text(&text).unwrap().to_text(), text);
        let proof = ConsistencyProof { old: 1, new: size as u64, path: consistency(1, &log.tree()) };
        prop_assert_eq!(ConsistencyProof::from_text(&proof.to_text()).unwrap(), proof);
    }
}

/// A log of receipts, with its key.
struct Log {
    pair: KeyPair,
    key: LogKey,
    entries: Vec<Entry>,
}

impl Log {
    fn new(size: usize) -> Self {
        let pair = KeyPair::from_seed(Seed::new([7; 32]));
        Self {
            key: LogKey::new("log.example", *pair.pk).unwrap(),
            pair,
            entries: (0..size).map(|i| Entry::of(EntryKind::Receipt, &[i as u8])).collect(),
        }
    }

    fn tree(&self) -> Vec<Hash> {
        self.entries.iter().map(Entry::leaf).collect()
    }

    fn head(&self) -> Checkpoint {
        Checkpoint {
            origin: self.key.name().into(),
            size: self.entries.len() as u64,
            root: root(&self.tree()),
        }
    }

    fn sign(&self, text: &str) -> String {
        format!(
            "{text}\n{}",
            self.key.signature_line(self.pair.sk.sign(text, None).as_slice())
        )
    }

    fn proof(&self, index: usize) -> InclusionProof {
        InclusionProof {
            extra: vec![],
            index: index as u64,
            path: path(index, &self.tree()),
            checkpoint: self.sign(&self.head().to_text()),
        }
    }
}

#[test]
fn a_logged_receipt_is_found_and_nothing_else() {
    let log = Log::new(5);
    let proof = log.proof(3);
    let found = proof.verify(&log.entries[3], &log.key).unwrap();
    assert_eq!(
        (found.entry(), found.index(), found.checkpoint()),
        (log.entries[3], 3, &log.head())
    );
    assert_eq!(proof.verify(&log.entries[2], &log.key), Err(LogError::NotIncluded));
    let card = Entry {
        kind: EntryKind::Card,
        ..log.entries[3]
    };
    assert_eq!(proof.verify(&card, &log.key), Err(LogError::NotIncluded));
    let other = InclusionProof {
        index: 4,
        ..proof.clone()
    };
    assert_eq!(
        other.verify(&log.entries[3], &log.key),
        Err(LogError::PathLength { expected: 1, got: 3 })
    );
    let stranger = LogKey::new("log.example", *KeyPair::from_seed(Seed::new([8; 32])).pk).unwrap();
    assert_eq!(proof.verify(&log.entries[3], &stranger), Err(LogError::Unsigned));
    let renamed = LogKey::new("other.example", *log.pair.pk).unwrap();
    assert_eq!(proof.verify(&log.entries[3], &renamed), Err(LogError::Unsigned));
}

#[test]
fn every_changed_byte_of_a_proof_is_noticed() {
    let log = Log::new(5);
    let text = log.proof(3).to_text();
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            let verdict = InclusionProof::from_text(&changed).and_then(|proof| proof.verify(&log.entries[3], &log.key));
            assert!(verdict.is_err(), "byte {at} bit {bit}: {changed}");
        }
        if text.is_char_boundary(at) {
            let cut = InclusionProof::from_text(&text[..at]).and_then(|proof| proof.verify(&log.entries[3], &log.key));
            assert!(cut.is_err(), "cut at {at}");
        }
    }
    for more in ["\n", " ", "a", "\u{2014} x AAAA\n"] {
        let longer =
            InclusionProof::from_text(&format!("{text}{more}")).and_then(|p| p.verify(&log.entries[3], &log.key));
        assert!(matches!(longer, Err(LogError::Malformed { .. })), "{more:?}");
    }
}

#[test]
fn monitors_see_forks_and_shrinking() {
    let (small, mut large) = (Log::new(3), Log::new(7));
    let proof = ConsistencyProof {
        old: 3,
        new: 7,
        path: consistency(3, &large.tree()),
    };
    assert_eq!(proof.verify(&small.head(), &large.head()), Ok(()));
    let unchanged = ConsistencyProof {
        old: 3,
        new: 3,
        path: vec![],
    };
    assert_eq!(unchanged.verify(&small.head(), &small.head()), Ok(()));
    let mut forked = Log::new(3);
    forked.entries[0] = Entry::of(EntryKind::Card, b"rewritten");
    let fork = Err(LogError::Fork { old: 3, new: 3 });
    assert_eq!(unchanged.verify(&small.head(), &forked.head()), fork);
    let longer = ConsistencyProof {
        path: vec![[0; 32]],
        ..unchanged
    };
    assert_eq!(longer.verify(&small.head(), &small.head()), fork);
    let (empty, wrong) = (empty_root(), [0; 32]);
    assert_eq!(extends((0, &empty), (0, &empty), &[]), Ok(()));
    let fork = Err(LogError::Fork { old: 0, new: 0 });
    assert_eq!(extends((0, &empty), (0, &wrong), &[]), fork);
    let shrunk = proof.verify(&large.head(), &small.head());
    assert_eq!(shrunk, Err(LogError::Shrunk { old: 7, new: 3 }));
    let other = ConsistencyProof {
        old: 2,
        ..proof.clone()
    };
    assert!(matches!(
        other.verify(&small.head(), &large.head()),
        Err(LogError::Malformed { .. })
    ));
    let stranger = Checkpoint {
        origin: "other.example".into(),
        ..large.head()
    };
    assert_eq!(proof.verify(&small.head(), &stranger), Err(LogError::Origin));
    large.entries[1] = Entry::of(EntryKind::Receipt, b"rewritten");
    let proof = ConsistencyProof {
        path: consistency(3, &large.tree()),
        ..proof
    };
    assert_eq!(
        proof.verify(&small.head(), &large.head()),
        Err(LogError::Fork { old: 3, new: 7 })
    );
}
