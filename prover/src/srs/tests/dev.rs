use halo2_proofs::poly::commitment::{Blind, Params, ParamsProver};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::poly::EvaluationDomain;
use halo2_proofs::SerdeFormat;
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2curves::ff::Field;
use halo2curves::group::Curve;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::srs::{checks, dev, Srs, SrsError, SrsKind};

fn raw(params: &ParamsKZG<Bn256>) -> Vec<u8> {
    let mut bytes = Vec::new();
    params.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
    bytes
}

#[test]
fn equals_the_library_setup_byte_for_byte() {
    for k in [1, 2, 5, 8, 11] {
        let rng = ChaCha20Rng::from_seed([7; 32]);
        let tau = Fr::random(rng.clone());
        assert!(
            raw(&ParamsKZG::setup(k, rng)) == raw(&dev::from_tau(k, tau).params),
            "k = {k}"
        );
    }
}

#[test]
fn both_bases_commit_to_the_same_polynomial() {
    let srs = Srs::dev(7).unwrap();
    let domain = EvaluationDomain::<Fr>::new(1, 7);
    let mut evals = domain.empty_lagrange();
    evals
        .iter_mut()
        .enumerate()
        .for_each(|(i, value)| *value = Fr::from(i as u64 * i as u64 + 3));
    let coeffs = domain.lagrange_to_coeff(evals.clone());
    assert_eq!(
        srs.params.commit_lagrange(&evals, Blind::default()),
        srs.params.commit(&coeffs, Blind::default())
    );
}

#[test]
fn satisfies_the_checks_of_an_import() {
    let srs = Srs::dev(6).unwrap();
    assert_eq!(srs.kind, SrsKind::Dev);
    checks::imported(srs.g1_points(), &[srs.params.g2(), srs.params.s_g2()]).unwrap();
}

#[test]
fn tail_is_the_commitment_to_unit_vectors() {
    let srs = Srs::dev_from_seed(6, [1; 32]);
    let domain = EvaluationDomain::<Fr>::new(1, 6);
    let unit = |row: usize| {
        let mut column = domain.empty_lagrange();
        column[row] = Fr::ONE;
        srs.params.commit_lagrange(&column, Blind::default()).to_affine()
    };
    let rows: Vec<G1Affine> = (0..64).map(unit).collect();
    for t in [0, 1, 5, 31, 32, 33, 64] {
        assert_eq!(srs.tail(t), rows[64 - t..], "t = {t}");
    }
    assert_eq!(srs.tail(65), rows);
    assert_eq!(srs.lagrange_points(), rows);
}

#[test]
fn downsize_keeps_tau() {
    let (large, small) = (Srs::dev_from_seed(6, [2; 32]), Srs::dev_from_seed(4, [2; 32]));
    assert_eq!(raw(&large.downsize(4).params), raw(&small.params));
    assert_eq!(large.downsize(4).tail(7), small.tail(7));
    assert_eq!(large.id(), small.id());
    assert_ne!(large.id(), Srs::dev_from_seed(4, [3; 32]).id());
}

#[test]
fn fresh_secrets_differ() {
    assert_ne!(Srs::dev(1).unwrap().id(), Srs::dev(1).unwrap().id());
}

#[test]
fn k_out_of_range_is_refused() {
    for k in [0, 29, u32::MAX] {
        assert!(matches!(Srs::dev(k), Err(SrsError::KOutOfRange { minimum: 1, maximum: 28, got }) if got == k));
    }
}

#[test]
fn parameters_that_are_not_whole_are_found() {
    let srs = Srs::dev_from_seed(4, [9; 32]);
    srs.check().unwrap();
    let (g1, lagrange, tau) = (srs.g1_points().to_vec(), srs.lagrange_points(), srs.params.s_g2());
    let with = |g1: &[G1Affine], lagrange: &[G1Affine]| {
        Srs::from_points(SrsKind::Ceremony, 4, g1.to_vec(), Some(lagrange.to_vec()), tau).check()
    };
    with(&g1, &lagrange).unwrap();
    for (i, j) in [(0, 1), (3, 12), (14, 15)] {
        let (mut powers, mut basis) = (g1.clone(), lagrange.clone());
        basis.swap(i, j);
        assert!(matches!(with(&g1, &basis), Err(SrsError::LagrangeInconsistent)));
        powers.swap(i, j);
        assert!(with(&powers, &lagrange).is_err());
    }
}

#[test]
fn reading_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Srs::load_dev(dir.path(), 4).unwrap_err();
    assert_eq!(missing.code(), "srs-dev-missing");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    let made = Srs::load_or_make_dev(dir.path(), 4).unwrap();
    assert_eq!(Srs::load_dev(dir.path(), 4).unwrap().id(), made.id());
    // The points alone suffice, and are development parameters whatever they say.
    let seed = dir.path().join("dev.seed");
    std::fs::remove_file(&seed).unwrap();
    let alone = Srs::load_dev(dir.path(), 4).unwrap();
    assert_eq!((alone.id(), alone.kind), (made.id(), SrsKind::Dev));
    assert!(!seed.exists());
    assert!(Srs::load_dev(dir.path(), 5).is_err() && !seed.exists());
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    Srs::load_or_make_dev(dir.path(), 4).unwrap();
    let seed = dir.path().join("dev.seed");
    std::fs::set_permissions(&seed, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = Srs::load_or_make_dev(dir.path(), 4).unwrap_err();
    assert_eq!(refused.code(), "srs-seed-open");
}
