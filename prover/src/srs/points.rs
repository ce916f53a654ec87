//! Points of a file, in pieces of bounded size, each checked before the next is read: memory follows what was found good, never what
//! a header or the length of a sparse file promises.

use std::io::{self, Read};

use halo2curves::bn256::{G1Affine, G2Affine};
use halo2curves::group::prime::PrimeCurveAffine;
use halo2curves::serde::SerdeObject;
use rayon::prelude::*;

use super::error::SrsGroup;
use super::{G1_BYTES, G2_BYTES};

/// Points read at a time: a megabyte of G1.
const PIECE: usize = 1 << 14;

pub(super) trait Point: PrimeCurveAffine + SerdeObject {
    const BYTES: usize;
    const GROUP: SrsGroup;
}

impl Point for G1Affine {
    const BYTES: usize = G1_BYTES;
    const GROUP: SrsGroup = SrsGroup::G1;
}

impl Point for G2Affine {
    const BYTES: usize = G2_BYTES;
    const GROUP: SrsGroup = SrsGroup::G2;
}

/// Why points could not be read.
pub(super) enum Unread {
    Io(io::Error),
    /// The point of this index is none: coordinates not canonical, off the curve, or the identity.
    Invalid(usize),
}

/// The next `count` points, uncompressed in Montgomery form; the first that is none ends the reading.
pub(super) fn read<P: Point>(input: &mut impl Read, count: usize) -> Result<Vec<P>, Unread> {
    let mut points = Vec::new();
    let mut bytes = vec![0; count.min(PIECE) * P::BYTES];
    while points.len() < count {
        let read = points.len();
        bytes.truncate((count - read) * P::BYTES);
        input.read_exact(&mut bytes).map_err(Unread::Io)?;
        let point = |bytes| P::from_raw_bytes(bytes).filter(|point| !bool::from(point.is_identity()));
        let piece: Vec<Option<P>> = bytes.par_chunks_exact(P::BYTES).map(point).collect();
        // In order: a parallel collection into a result would name any of several that are none.
        for (index, point) in piece.into_iter().enumerate() {
            points.push(point.ok_or(Unread::Invalid(read + index))?);
        }
    }
    Ok(points)
}
