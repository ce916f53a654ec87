//! Tiles: where they lie, and those that change when the log grows.

use super::proofs::read;
use crate::server::error::ApiError;
use crate::server::state::App;
use provenn_verifier::tlog::{node_hash, Entry, Hash};
use std::collections::BTreeMap;

/// Hashes or entries of a full tile.
pub const WIDTH: u64 = 256;
const HASH: usize = 32;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Entries, each with its length.
    Entries,
    /// Hashes of subtrees of `256^level` leaves.
    Hashes(u32),
}

/// The tile of number `n` on a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    pub level: Level,
    pub n: u64,
}

impl Tile {
    /// How many hashes or entries it has in a log of `size` entries.
    pub fn width(&self, size: u64) -> u64 {
        let there = match self.level {
            Level::Entries => size,
            Level::Hashes(level) => size.checked_shr(8 * level).unwrap_or(0),
        };
        there.saturating_sub(self.n.saturating_mul(WIDTH)).min(WIDTH)
    }

    /// The object that holds it in a log of `size` entries.
    pub fn object(&self, size: u64) -> String {
        match self.width(size) {
            WIDTH => format!("_log/{}", self.full()),
            width => format!("{}{width}", self.partials()),
        }
    }

    /// Prefix of the objects that hold it while it is not full.
    pub fn partials(&self) -> String {
        format!("_log/{}.p/", self.full())
    }

    fn full(&self) -> String {
        let level = match self.level {
            Level::Entries => "entries".into(),
            Level::Hashes(level) => level.to_string(),
        };
        let (mut rest, mut path) = (self.n / 1000, format!("{:03}", self.n % 1000));
        while rest > 0 {
            path = format!("x{:03}/{path}", rest % 1000);
            rest /= 1000;
        }
        format!("tile/{level}/{path}")
    }

    /// Reads `<L>/<N>[.p/<W>]`; only the canonical form.
    pub fn parse(address: &str) -> Option<(Self, u64)> {
        let (path, width) = match address.split_once(".p/") {
            Some((path, width)) => (path, width.parse().ok().filter(|width| (1..WIDTH).contains(width))?),
            None => (address, WIDTH),
        };
        let (level, path) = path.split_once('/')?;
        let level = match level {
            "entries" => Level::Entries,
            level => Level::Hashes(level.parse().ok().filter(|level| *level < 64)?),
        };
        let mut n = 0u64;
        for part in path.split('/') {
            n = n
                .checked_mul(1000)?
                .checked_add(part.trim_start_matches('x').parse().ok()?)?;
        }
        let tile = Self { level, n };
        let canonical = match width {
            WIDTH => tile.full(),
            width => format!("{}.p/{width}", tile.full()),
        };
        (canonical == format!("tile/{address}")).then_some((tile, width))
    }
}

/// The tiles that differ between logs of `old` entries and of those whose entries from `first` on are given. `first` is
/// where the tile begins that entry `old` falls into.
pub async fn grow(app: &App, old: u64, first: u64, entries: &[Entry]) -> Result<BTreeMap<Tile, Vec<u8>>, ApiError> {
    let mut tiles = BTreeMap::new();
    for (n, bundle) in (first / WIDTH..).zip(entries.chunks(WIDTH as usize)) {
        let tile = Tile {
            level: Level::Entries,
            n,
        };
        tiles.insert(tile, bundle.iter().flat_map(framed).collect());
    }
    let mut hashes: Vec<Hash> = entries.iter().map(Entry::leaf).collect();
    let mut start = first;
    for level in 0u32.. {
        if hashes.is_empty() {
            break;
        }
        let mut above = Vec::new();
        for (n, chunk) in (start / WIDTH..).zip(hashes.chunks(WIDTH as usize)) {
            let tile = Tile {
                level: Level::Hashes(level),
                n,
            };
            tiles.insert(tile, chunk.concat());
            if chunk.len() as u64 == WIDTH {
                above.push(complete(chunk));
            }
        }
        // What is new above comes after the hashes that are there already.
        let next = start / WIDTH;
        let tile = Tile {
            level: Level::Hashes(level + 1),
            n: next / WIDTH,
        };
        let mut known = match next % WIDTH {
            0 => vec![],
            _ if above.is_empty() => vec![],
            width => split(&read(app, &tile, width, old).await?),
        };
        start = tile.n * WIDTH;
        known.append(&mut above);
        hashes = known;
    }
    Ok(tiles)
}

/// An entry with its length, as bundles have it.
fn framed(entry: &Entry) -> Vec<u8> {
    let bytes = entry.to_bytes();
    [&(bytes.len() as u16).to_be_bytes(), bytes.as_slice()].concat()
}

/// The entries of a bundle.
pub fn unframe(mut bundle: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(Entry::from_bytes(entry).ok()?);
        bundle = rest;
    }
    bundle.is_empty().then_some(entries)
}

/// Bytes of `width` hashes or entries from the start of a tile. Entries have equal lengths.
pub fn cut(tile: &Tile, bytes: &[u8], width: u64) -> Option<Vec<u8>> {
    let each = match tile.level {
        Level::Entries => 2 + usize::from(u16::from_be_bytes(*bytes.first_chunk()?)),
        Level::Hashes(_) => HASH,
    };
    Some(bytes.get(..each * width as usize)?.to_vec())
}

/// The hashes of a tile.
pub fn split(bytes: &[u8]) -> Vec<Hash> {
    bytes
        .chunks_exact(HASH)
        .filter_map(|hash| hash.try_into().ok())
        .collect()
}

/// The root over a power of two of hashes.
pub fn complete(hashes: &[Hash]) -> Hash {
    match hashes {
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&complete(left), &complete(right))
        }
    }
}

#[cfg(test)]
mod tests;
