//! The transform of points is that of their numbers.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::Field;
use halo2curves::group::Curve;
use provenn_engine::{lagrange, Domain, Path};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// Points that are numbers times the generator.
fn points(numbers: &[Fr]) -> Vec<G1Affine> {
    numbers
        .iter()
        .map(|number| (G1Affine::generator() * number).to_affine())
        .collect()
}

#[test]
fn points_are_transformed_as_their_numbers() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for k in [1, 2, 3, 5, 8, 10] {
        let random: Vec<Fr> = (0..1 << k).map(|_| Fr::random(&mut rng)).collect();
        let tau = Fr::random(&mut rng);
        let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(power * tau))
            .take(1 << k)
            .collect();
        for numbers in [random, powers] {
            // The transform back of values: its sums have the same roots.
            let expected = points(&Domain::new(Path::portable(), k).coefficients(&numbers));
            for path in Path::all() {
                let made = lagrange(path, &points(&numbers));
                assert!(made.as_deref() == Some(&expected[..]), "{}, 2^{k}", path.name());
            }
        }
    }
}

#[test]
fn points_that_meet_are_refused() {
    for path in Path::all() {
        let generator = G1Affine::generator();
        assert_eq!(lagrange(path, &[generator; 8]), None);
        assert_eq!(lagrange(path, &[generator, -generator]), None);
        let mut numbers: Vec<G1Affine> = points(&(2..10).map(Fr::from).collect::<Vec<_>>());
        assert!(lagrange(path, &numbers[..7]).is_none());
        numbers[3] = G1Affine::default();
        assert_eq!(lagrange(path, &numbers), None);
    }
}
