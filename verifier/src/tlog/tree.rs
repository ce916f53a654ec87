//! The Merkle tree of RFC 6962, section 2.1, over SHA-256: roots from paths, and trees that extend each other.

use super::error::LogError;
use crate::codec::wide;
use sha2::{Digest, Sha256};

/// A node of the tree.
pub type Hash = [u8; 32];

/// `SHA-256(0x00 || entry)`
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// `SHA-256(0x01 || left || right)`
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// The root of the tree without entries.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The root that a leaf at `index` of `size` and its audit path lead to (RFC 6962, section 2.1.1).
///
/// The path goes from the leaf's sibling upwards. Below the level where the paths of the leaf and of the tree's last
/// leaf meet, each level has a sibling on the side that the index says; above, only where it lies on the left.
///
/// # Errors
/// [`LogError::Index`], [`LogError::PathLength`].
pub fn root_of(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Result<Hash, LogError> {
    let last = match size.checked_sub(1) {
        Some(last) if index <= last => last,
        _ => return Err(LogError::Index { size, got: index }),
    };
    let inner = u64::BITS.saturating_sub((index ^ last).leading_zeros());
    let border = index.checked_shr(inner).unwrap_or(0).count_ones();
    let expected = u64::from(inner.saturating_add(border));
    if wide(path.len()) != expected {
        return Err(LogError::PathLength {
            expected,
            got: wide(path.len()),
        });
    }
    let (mut root, mut position) = (*leaf, index);
    for (level, sibling) in (0u32..).zip(path) {
        root = match level < inner && position & 1 == 0 {
            true => node_hash(&root, sibling),
            false => node_hash(sibling, &root),
        };
        position >>= 1;
    }
    Ok(root)
}

/// Checks that the tree `new = (size, root)` begins with the tree `old` (RFC 6962, section 2.1.2).
///
/// # Errors
/// [`LogError::Shrunk`] if it is smaller, [`LogError::Fork`] if the proof does not show it, also for a malformed one.
pub fn extends(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> Result<(), LogError> {
    let ((old, old_root), (new, new_root)) = (old, new);
    if new < old {
        return Err(LogError::Shrunk { old, new });
    }
    let shown = match old {
        0 => path.is_empty() && *old_root == empty_root() && (new > 0 || new_root == old_root),
        _ if old == new => path.is_empty() && old_root == new_root,
        _ => roots_of(old, old_root, new, path) == Some((*old_root, *new_root)),
    };
    match shown {
        true => Ok(()),
        false => Err(LogError::Fork { old, new }),
    }
}

/// The roots of the trees of `0 < old < new` entries that a proof leads to, none if its length is wrong.
///
/// It starts from the largest complete subtree that the old tree ends with, which is the old tree itself if its size is a
/// power of two. A sibling on the left belongs to both trees, one on the right to the new one only.
fn roots_of(old: u64, old_root: &Hash, new: u64, path: &[Hash]) -> Option<(Hash, Hash)> {
    let (mut position, mut last) = (old.checked_sub(1)?, new.checked_sub(1)?);
    while position & 1 == 1 {
        position >>= 1;
        last >>= 1;
    }
    let (first, rest) = match old.is_power_of_two() {
        true => (old_root, path),
        false => path.split_first()?,
    };
    let (mut in_old, mut in_new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return None;
        }
        if position & 1 == 1 || position == last {
            in_old = node_hash(sibling, &in_old);
            in_new = node_hash(sibling, &in_new);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            in_new = node_hash(&in_new, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    (last == 0).then_some((in_old, in_new))
}
