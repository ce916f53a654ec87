//! The Lagrange points of a file prepared for phase 2. Computing them takes a group FFT; checking them two multi-exponentiations.

use std::io::{Read, Seek};

use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::{Field, PrimeField};
use rayon::prelude::*;

use super::Ptau;
use crate::srs::error::SrsError;
use crate::srs::{checks, G1_BYTES};

pub(super) const SECTION: u32 = 12;
/// The root of unity of order 2^28 that snarkjs counts rows with: that of the generator 5, where the circuits' library has 7.
const ROOT: Fr = Fr::from_raw([
    0x9bd6_1b6e_725b_19f0,
    0x402d_111e_4111_2ed4,
    0x00e0_a7eb_8ef6_2abc,
    0x2a3c_09f0_a58a_7e85,
]);

/// The points of `2^k` rows in the library's order, checked against the powers `g1`; nothing if the file has none.
pub(super) fn read<R: Read + Seek>(
    file: &mut Ptau<'_, R>,
    k: u32,
    g1: &[G1Affine],
) -> Result<Option<Vec<G1Affine>>, SrsError> {
    let Ok(section) = file.section(SECTION) else {
        return Ok(None);
    };
    let sizes = |last: u32| ((2u64 << last) - 1) * G1_BYTES as u64;
    if section.length != sizes(file.power) {
        file.check_length(SECTION, sizes(file.power + 1))?;
    }
    let n = 1usize << k;
    let theirs: Vec<G1Affine> = file.points(SECTION, n - 1, n)?;
    let stride = stride(k);
    let row = |row: usize| theirs.get(row.wrapping_mul(stride) % n).copied().unwrap_or_default();
    let ours: Vec<G1Affine> = (0..n).into_par_iter().map(row).collect();
    checks::lagrange_of_powers(g1, &ours, k).map_err(|error| match error {
        SrsError::LagrangeInconsistent => SrsError::PtauLagrange { section: SECTION, k },
        error => error,
    })?;
    Ok(Some(ours))
}

/// `e` with `ours = theirs^e` for the roots of order `2^k`, so that row `i` of the library is row `e i` of the file. Bit by bit: once the
/// lower bits are right, what is left of `ours` has an order that is smaller by them.
fn stride(k: u32) -> usize {
    let of_order = |root: Fr| (k..Fr::S).fold(root, |root, _| root.square());
    let (ours, theirs) = (of_order(Fr::ROOT_OF_UNITY), of_order(ROOT));
    (0..k).fold(0u64, |e, bit| {
        let rest = ours * theirs.pow_vartime([(1 << k) - e]);
        let set = rest.pow_vartime([1 << (k - 1 - bit)]) != Fr::ONE;
        e | u64::from(set) << bit
    }) as usize
}
