//! Points, and the library's sums of them.

use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::ff::Field;
use halo2curves::group::prime::PrimeCurveAffine;
use halo2curves::group::{Curve, Group};
use halo2curves::msm::msm_parallel;
use rand_core::RngCore;

/// Points of a tail.
pub const TAIL: usize = 6;

/// Random points: multiples of the generator by a chain that never meets itself.
pub fn points(count: usize, rng: &mut impl RngCore) -> Vec<G1Affine> {
    let (mut point, step) = (
        G1::generator() * Fr::random(&mut *rng),
        G1::generator() * Fr::random(&mut *rng),
    );
    let points: Vec<G1> = (0..count)
        .map(|_| {
            point = point.double() + step;
            point
        })
        .collect();
    let mut affine = vec![G1Affine::identity(); count];
    G1::batch_normalize(&points, &mut affine);
    affine
}

/// The library's sum.
pub fn expected(cells: &[Fr], points: &[G1Affine]) -> G1 {
    msm_parallel(cells, &points[..cells.len()])
}
