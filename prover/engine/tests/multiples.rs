//! Multiples of one point on all paths against the library's.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::Field;
use halo2curves::group::prime::PrimeCurveAffine;
use halo2curves::group::Curve;
use provenn_engine::{multiples, Path};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

#[test]
fn multiples_at_the_bounds_of_windows_and_signs() {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let two = Fr::from(2);
    let half = two.invert().unwrap();
    let mut scalars = vec![Fr::ZERO, Fr::ONE, -Fr::ONE, -two, half, -half, half - Fr::ONE];
    scalars.extend((0..254).flat_map(|bit| [two.pow([bit]), two.pow([bit]) - Fr::ONE, -two.pow([bit])]));
    scalars.extend((0..100).map(|_| Fr::random(&mut rng)));
    for base in [
        G1Affine::generator(),
        (G1Affine::generator() * Fr::random(&mut rng)).to_affine(),
    ] {
        let expected: Vec<G1Affine> = scalars.iter().map(|scalar| (base * scalar).to_affine()).collect();
        // The number of scalars chooses the window.
        for padding in [0, 5_000, 50_000] {
            let mut padded = scalars.clone();
            padded.resize(scalars.len() + padding, Fr::ZERO);
            for path in Path::all() {
                let found = multiples(path, &base, &padded);
                assert_eq!(found[..scalars.len()], expected, "{}", path.name());
                assert!(found[scalars.len()..]
                    .iter()
                    .all(|point| bool::from(point.is_identity())));
            }
        }
        for path in Path::all() {
            assert_eq!(multiples(path, &base, &[]), []);
        }
    }
}
