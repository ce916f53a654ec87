//! Roots and proofs from tiles. What RFC 6962 defines over leaves is computed here over complete subtrees, whose hashes
//! are read from tiles; which ones are needed does not depend on hashes, so they are found first and read then.

use super::tiles::{complete, cut, split, Level, Tile, WIDTH};
use crate::server::error::ApiError;
use crate::server::state::App;
use provenn_verifier::tlog::{empty_root, node_hash, Hash};
use std::collections::btree_map::{BTreeMap, Entry};

/// Tiles that are not stored yet.
#[derive(Debug, Default)]
pub struct Overlay(pub BTreeMap<Tile, Vec<u8>>);

/// The subtree over leaves `index << level` to `(index + 1) << level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    level: u32,
    index: u64,
}

/// Gives hashes of nodes.
type Read<'a> = &'a mut dyn FnMut(Node) -> Hash;

/// The root of the first `of` entries in a log of `size`.
pub async fn root(app: &App, of: u64, size: u64, overlay: &Overlay) -> Result<Hash, ApiError> {
    match of {
        0 => Ok(empty_root()),
        _ => resolve(app, size, overlay, |read| over(0, of, read)).await,
    }
}

/// The audit path of entry `index` in a log of `size` entries.
pub async fn inclusion(app: &App, index: u64, size: u64) -> Result<Vec<Hash>, ApiError> {
    resolve(app, size, &Overlay::default(), |read| path(index, 0, size, read)).await
}

/// The proof that the first `old` of `size` entries are the log of that size.
pub async fn consistency(app: &App, old: u64, size: u64) -> Result<Vec<Hash>, ApiError> {
    match old {
        0 => Ok(vec![]),
        _ => {
            resolve(app, size, &Overlay::default(), |read| {
                subproof(old, 0, size, true, read)
            })
            .await
        }
    }
}

/// The largest power of two smaller than `n > 1`.
fn split_at(n: u64) -> u64 {
    1 << (u64::BITS - 1 - (n - 1).leading_zeros())
}

/// MTH of leaves `low..high`. All ranges that occur begin at a multiple of their complete size.
fn over(low: u64, high: u64, read: Read<'_>) -> Hash {
    let n = high - low;
    if n.is_power_of_two() {
        return read(Node {
            level: n.trailing_zeros(),
            index: low / n,
        });
    }
    let middle = low + split_at(n);
    node_hash(&over(low, middle, read), &over(middle, high, read))
}

/// PATH
fn path(index: u64, low: u64, high: u64, read: Read<'_>) -> Vec<Hash> {
    if high - low == 1 {
        return vec![];
    }
    let middle = low + split_at(high - low);
    let (mut path, sibling) = match index < middle {
        true => (path(index, low, middle, read), over(middle, high, read)),
        false => (path(index, middle, high, read), over(low, middle, read)),
    };
    path.push(sibling);
    path
}

/// SUBPROOF; `old` counts from the first leaf of all.
fn subproof(old: u64, low: u64, high: u64, whole: bool, read: Read<'_>) -> Vec<Hash> {
    if old == high {
        return if whole { vec![] } else { vec![over(low, high, read)] };
    }
    let middle = low + split_at(high - low);
    let (mut proof, sibling) = match old <= middle {
        true => (subproof(old, low, middle, whole, read), over(middle, high, read)),
        false => (subproof(old, middle, high, false, read), over(low, middle, read)),
    };
    proof.push(sibling);
    proof
}

/// Runs `compute` once to see what it reads, reads that, and runs it again.
async fn resolve<T>(app: &App, size: u64, overlay: &Overlay, compute: impl Fn(Read<'_>) -> T) -> Result<T, ApiError> {
    let mut nodes = BTreeMap::new();
    compute(&mut |node| *nodes.entry(node).or_insert([0; 32]));
    let mut seen: BTreeMap<Tile, Vec<Hash>> = BTreeMap::new();
    for (node, hash) in &mut nodes {
        let (tile, first) = node.place();
        let hashes = match seen.entry(tile) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(split(&match overlay.0.get(&tile) {
                Some(bytes) => bytes.clone(),
                None => read(app, &tile, tile.width(size), size).await?,
            })),
        };
        let hashes = hashes.get(first..first + node.spread());
        *hash = complete(hashes.ok_or_else(|| ApiError::Internal("a tile of the log is short".into()))?);
    }
    Ok(compute(&mut |node| nodes.get(&node).copied().unwrap_or_default()))
}

impl Node {
    /// Hashes of a tile that it is made of.
    fn spread(self) -> usize {
        1 << (self.level % 8)
    }

    /// Its tile, and the first of its hashes there.
    fn place(self) -> (Tile, usize) {
        let first = self.index << (self.level % 8);
        let tile = Tile {
            level: Level::Hashes(self.level / 8),
            n: first / WIDTH,
        };
        (tile, (first % WIDTH) as usize)
    }
}

/// The first `width` hashes or entries of a stored tile of a log of `size` entries.
pub async fn read(app: &App, tile: &Tile, width: u64, size: u64) -> Result<Vec<u8>, ApiError> {
    let mut bytes = app.store.read(&tile.object(size)).await?;
    if bytes.is_none() {
        // It may have become full since.
        bytes = app.store.read(&tile.object(u64::MAX)).await?;
    }
    let cut = bytes.and_then(|bytes| cut(tile, &bytes, width));
    cut.ok_or_else(|| ApiError::Internal(format!("the log's object {} is missing or short", tile.object(size))))
}

#[cfg(test)]
mod tests;
