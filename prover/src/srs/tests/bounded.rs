//! What a file promises costs nothing: sparse files of any length are refused after a piece of them.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::ptau::header;
use crate::srs::{cache, ptau, SrsError, SrsGroup, MAX_K};

/// Largest piece asked for at once, and most that is read at all, before the first point that is none: one megabyte, and the table.
const PIECE: u64 = 1 << 20;

/// Bytes at the places given and zeros elsewhere, as a sparse file has them. Counts what is asked for.
struct Sparse {
    length: u64,
    at: u64,
    held: Vec<(u64, Vec<u8>)>,
    read: u64,
    largest: u64,
}

impl Sparse {
    fn new(length: u64, held: Vec<(u64, Vec<u8>)>) -> Self {
        Self {
            length,
            at: 0,
            held,
            read: 0,
            largest: 0,
        }
    }

    #[track_caller]
    fn read_little(&self) {
        assert!(self.largest <= PIECE, "a piece of {} bytes", self.largest);
        assert!(self.read <= PIECE + 4096, "{} bytes", self.read);
    }
}

impl Read for Sparse {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let asked = bytes.len() as u64;
        self.largest = self.largest.max(asked);
        self.read += asked;
        // A reader of the whole would wait here for long.
        if self.largest > PIECE {
            return Err(io::Error::other("too much asked for"));
        }
        let given = asked.min(self.length.saturating_sub(self.at));
        for (place, byte) in (self.at..self.at + given).zip(&mut *bytes) {
            let held = self
                .held
                .iter()
                .find_map(|(start, held)| held.get(usize::try_from(place.checked_sub(*start)?).ok()?));
            *byte = held.copied().unwrap_or(0);
        }
        self.at += given;
        Ok(given as usize)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.length.saturating_add_signed(by),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

#[test]
fn a_sparse_ceremony_is_refused_at_its_first_piece() {
    let sections = [(1, 44), (2, ((2u64 << MAX_K) - 1) * 64), (3, 128u64 << MAX_K)];
    let mut held = vec![(0, [&b"ptau"[..], &1u32.to_le_bytes(), &3u32.to_le_bytes()].concat())];
    let mut end = 12u64;
    for (id, length) in sections {
        held.push((end, [&u32::to_le_bytes(id)[..], &length.to_le_bytes()].concat()));
        end += 12 + length;
    }
    held.push((24, header(MAX_K)));
    let mut file = Sparse::new(end, held);
    let error = ptau::import(&mut file, Path::new("sparse.ptau"), MAX_K, None).unwrap_err();
    assert!(
        matches!(
            error,
            SrsError::PointInvalid {
                group: SrsGroup::G1,
                index: 0
            }
        ),
        "{error}"
    );
    file.read_little();
}

#[test]
fn a_sparse_file_of_parameters_is_refused_at_its_first_piece() {
    for k in [20, MAX_K] {
        let words = [1u32, 1, k, 0].map(u32::to_le_bytes).concat();
        let length = 56 + (2 << k) * 64 + 256;
        let mut file = Sparse::new(length, vec![(0, [&b"PROVNSRS"[..], &words].concat())]);
        let error = cache::read_from(&mut file, length, Path::new("sparse.srs")).unwrap_err();
        assert!(
            matches!(
                error,
                SrsError::CachePoint {
                    group: SrsGroup::G1,
                    index: 0,
                    ..
                }
            ),
            "{error}"
        );
        file.read_little();
    }
    // A header that promises more than there is reads nothing of it.
    let words = [1u32, 1, 28, 0].map(u32::to_le_bytes).concat();
    let mut short = Sparse::new(4096, vec![(0, [&b"PROVNSRS"[..], &words].concat())]);
    let error = cache::read_from(&mut short, 4096, Path::new("short.srs")).unwrap_err();
    assert!(
        matches!(error, SrsError::CacheFormat { field: "length", .. }),
        "{error}"
    );
    assert!(short.read < 100, "{}", short.read);
}
