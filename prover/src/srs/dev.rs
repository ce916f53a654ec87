//! Parameters computed from a known `tau`.

use std::path::Path as FilePath;

use halo2curves::bn256::{Fr, G1Affine, G2Affine};
use halo2curves::ff::{BatchInvert, Field, PrimeField};
use halo2curves::group::Curve;
use provenn_engine::{multiples, Path};
use rayon::prelude::*;

use super::error::SrsError;
use super::{seed, Srs, SrsKind};

/// Scalars handled by one task.
const CHUNK: usize = 1024;

/// `k` is in range. Both bases are multiples of the generator by known scalars, so one table serves for all.
pub(super) fn from_tau(k: u32, mut tau: Fr) -> Srs {
    let n = 1usize << k;
    let mut scalars = vec![Fr::ZERO; 2 * n];
    let (powers, lagrange) = scalars.split_at_mut(n);
    fill_powers(powers, tau);
    fill_lagrange(lagrange, k, tau);

    let mut g1 = multiples(Path::of_machine(), &G1Affine::generator(), &scalars);
    let g1_lagrange = g1.split_off(n);
    let tau_g2 = tau_g2(tau);
    seed::wipe(&mut scalars);
    seed::wipe(std::slice::from_mut(&mut tau));
    Srs::from_points(SrsKind::Dev, k, g1, Some(g1_lagrange), tau_g2)
}

/// Refuses a cached file of another size or another secret.
pub(super) fn check_cached(srs: Srs, path: &FilePath, k: u32, tau: Fr) -> Result<Srs, SrsError> {
    let srs = check_size(srs, path, k)?;
    match srs.params.s_g2() == tau_g2(tau) {
        true => Ok(srs),
        false => Err(SrsError::CacheForeign { path: path.to_owned() }),
    }
}

/// Refuses a cached file of another size.
pub(super) fn check_size(srs: Srs, path: &FilePath, k: u32) -> Result<Srs, SrsError> {
    if srs.k() != k {
        let (expected, got) = (u64::from(k), u64::from(srs.k()));
        return Err(SrsError::CacheFormat {
            path: path.to_owned(),
            field: "k",
            expected,
            got,
        });
    }
    // Whatever the file says of itself, its name makes it a dev SRS.
    Ok(Srs {
        kind: SrsKind::Dev,
        ..srs
    })
}

fn tau_g2(tau: Fr) -> G2Affine {
    (G2Affine::generator() * tau).to_affine()
}

/// `base^0, base^1, ..`.
pub(super) fn fill_powers(powers: &mut [Fr], base: Fr) {
    powers.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, powers)| {
        let mut power = base.pow_vartime([(chunk * CHUNK) as u64]);
        for slot in powers {
            *slot = power;
            power *= base;
        }
    });
}

/// `L_i(tau) = (tau^n - 1) / n * omega^i / (tau - omega^i)` with `omega` of order `n = 2^k`.
///
/// `tau` is no `n`-th root of unity, but with probability below 2^-220.
fn fill_lagrange(lagrange: &mut [Fr], k: u32, tau: Fr) {
    let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let scale = (tau.pow_vartime([1u64 << k]) - Fr::ONE) * Fr::TWO_INV.pow_vartime([u64::from(k)]);
    lagrange
        .par_chunks_mut(CHUNK)
        .enumerate()
        .for_each(|(chunk, lagrange)| {
            let first = omega.pow_vartime([(chunk * CHUNK) as u64]);
            let roots = std::iter::successors(Some(first), |root| Some(*root * omega));
            for (slot, root) in lagrange.iter_mut().zip(roots.clone()) {
                *slot = tau - root;
            }
            lagrange.iter_mut().batch_invert();
            for (slot, root) in lagrange.iter_mut().zip(roots) {
                *slot *= scale * root;
            }
        });
}
