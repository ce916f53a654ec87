use halo2curves::bn256::{Fq, Fq2, Fr, G1Affine, G2Affine, G2};
use halo2curves::ff::{Field, PrimeField};
use halo2curves::group::cofactor::CofactorGroup;
use halo2curves::group::{Curve, Group};
use halo2curves::serde::SerdeObject;
use halo2curves::CurveAffine;

use crate::srs::{dev, import_ptau, import_ptau_bytes, import_ptau_published, Srs, SrsError, SrsGroup, SrsKind};

pub(super) const POWER: u32 = 6;
/// Offsets in the synthetic file: file header 12, section header 12 each, header section 44.
const HEADER_AT: usize = 12 + 12;
const G1_AT: usize = HEADER_AT + 44 + 12;
const G2_AT: usize = G1_AT + ((2 << POWER) - 1) * 64 + 12;

pub(super) fn tau() -> Fr {
    Fr::from(0x5eed_1234_5678_9abc).pow([5])
}

pub(super) fn section(id: u32, content: &[u8]) -> Vec<u8> {
    [&id.to_le_bytes()[..], &(content.len() as u64).to_le_bytes(), content].concat()
}

pub(super) fn assemble(sections: &[Vec<u8>]) -> Vec<u8> {
    [
        &b"ptau"[..],
        &1u32.to_le_bytes(),
        &(sections.len() as u32).to_le_bytes(),
        &sections.concat(),
    ]
    .concat()
}

pub(super) fn header(power: u32) -> Vec<u8> {
    let mut prime = (-Fq::ONE).to_repr().as_ref().to_vec();
    prime[0] += 1;
    [
        &32u32.to_le_bytes()[..],
        &prime,
        &power.to_le_bytes(),
        &28u32.to_le_bytes(),
    ]
    .concat()
}

pub(super) fn powers_g1(tau: Fr) -> Vec<u8> {
    let power = |i: u64| (G1Affine::generator() * tau.pow([i])).to_affine().to_raw_bytes();
    (0..(2 << POWER) - 1).flat_map(power).collect()
}

pub(super) fn powers_g2(tau: Fr) -> Vec<u8> {
    (0..1 << POWER)
        .flat_map(|i| (G2Affine::generator() * tau.pow([i])).to_affine().to_raw_bytes())
        .collect()
}

fn synthetic(tau: Fr) -> Vec<u8> {
    let groth16 = section(4, &[0xab; 100]);
    assemble(&[
        section(1, &header(POWER)),
        section(2, &powers_g1(tau)),
        section(3, &powers_g2(tau)),
        groth16,
    ])
}

fn refused(change: impl FnOnce(&mut Vec<u8>)) -> SrsError {
    let mut bytes = synthetic(tau());
    change(&mut bytes);
    import_ptau_bytes(&bytes, 5, None).unwrap_err()
}

fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes[at..at + new.len()].copy_from_slice(new);
}

#[test]
fn equals_the_dev_srs_of_the_same_tau() {
    let bytes = synthetic(tau());
    for k in 1..=POWER {
        let (imported, made) = (import_ptau_bytes(&bytes, k, None).unwrap(), dev::from_tau(k, tau()));
        assert_eq!(imported.g1_points(), made.g1_points());
        assert_eq!(imported.lagrange_points(), made.lagrange_points());
        assert_eq!(
            (imported.tail(2), imported.id(), imported.k()),
            (made.tail(2), made.id(), k)
        );
    }
}

#[test]
fn only_a_pinned_file_is_a_ceremony() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.ptau");
    let bytes = synthetic(tau());
    std::fs::write(&path, &bytes).unwrap();
    let short: [u8; 32] = blake2b_simd::Params::new()
        .hash_length(32)
        .hash(&bytes)
        .as_bytes()
        .try_into()
        .unwrap();
    let long = *blake2b_simd::blake2b(&bytes).as_array();

    assert_eq!(import_ptau(&path, 4, None).unwrap().kind, SrsKind::Dev);
    assert_eq!(import_ptau(&path, 4, Some(short)).unwrap().kind, SrsKind::Ceremony);
    assert_eq!(import_ptau_published(&path, 4, long).unwrap().kind, SrsKind::Ceremony);
    assert_eq!(
        import_ptau(&path, 4, Some([0; 32])).unwrap_err().code(),
        "srs-digest-mismatch"
    );
    assert_eq!(
        import_ptau_published(&path, 4, [0; 64]).unwrap_err().code(),
        "srs-digest-mismatch"
    );
    assert_eq!(
        import_ptau(&dir.path().join("absent"), 4, None).unwrap_err().code(),
        "srs-io"
    );

    let imported = import_ptau(&path, 4, Some(short)).unwrap();
    imported.save(&dir.path().join("c.srs")).unwrap();
    let loaded = Srs::load(&dir.path().join("c.srs"), Some(imported.id())).unwrap();
    assert_eq!(
        (loaded.kind, loaded.lagrange_points()),
        (SrsKind::Ceremony, imported.lagrange_points())
    );
}

#[test]
fn k_above_the_power_is_refused() {
    let error = import_ptau_bytes(&synthetic(tau()), POWER + 1, None).unwrap_err();
    assert!(
        matches!(
            error,
            SrsError::KOutOfRange {
                maximum: POWER,
                got: 7,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        import_ptau_bytes(&synthetic(tau()), 0, None).unwrap_err().code(),
        "srs-k-out-of-range"
    );
}

#[test]
fn bad_g1_point() {
    let off_curve = refused(|bytes| bytes[G1_AT + 17 * 64] ^= 1);
    assert!(
        matches!(
            off_curve,
            SrsError::PointInvalid {
                group: SrsGroup::G1,
                index: 17
            }
        ),
        "{off_curve}"
    );
    let identity = refused(|bytes| put(bytes, G1_AT + 9 * 64, &[0; 64]));
    assert!(
        matches!(
            identity,
            SrsError::PointInvalid {
                group: SrsGroup::G1,
                index: 9
            }
        ),
        "{identity}"
    );
    // x + p is the same residue under another name.
    let not_canonical = refused(|bytes| {
        let prime = header(POWER)[4..36].to_vec();
        let mut carry = 0;
        for (byte, p) in bytes[G1_AT + 64..G1_AT + 96].iter_mut().zip(prime) {
            let sum = u16::from(*byte) + u16::from(p) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
    });
    assert!(
        matches!(
            not_canonical,
            SrsError::PointInvalid {
                group: SrsGroup::G1,
                index: 1
            }
        ),
        "{not_canonical}"
    );
}

#[test]
fn bad_g2_point() {
    let error = refused(|bytes| bytes[G2_AT + 128] ^= 1);
    assert!(
        matches!(
            error,
            SrsError::PointInvalid {
                group: SrsGroup::G2,
                index: 1
            }
        ),
        "{error}"
    );
}

#[test]
fn wrong_generators() {
    let minus_one = (-G1Affine::generator()).to_raw_bytes();
    let error = refused(|bytes| put(bytes, G1_AT, &minus_one));
    assert!(
        matches!(error, SrsError::GeneratorMismatch { group: SrsGroup::G1 }),
        "{error}"
    );
    let minus_one = (-G2Affine::generator()).to_raw_bytes();
    let error = refused(|bytes| put(bytes, G2_AT, &minus_one));
    assert!(
        matches!(error, SrsError::GeneratorMismatch { group: SrsGroup::G2 }),
        "{error}"
    );
}

/// On the curve, and outside the subgroup of order r.
fn outside_subgroup() -> G2Affine {
    (1..)
        .filter_map(|x| {
            let x = Fq2::new(Fq::from(x), Fq::ONE);
            let y = Option::from((x.square() * x + G2Affine::b()).sqrt())?;
            Option::<G2Affine>::from(G2Affine::from_xy(x, y))
        })
        .find(|point| !bool::from(G2::from(*point).is_torsion_free()))
        .unwrap()
}

#[test]
fn g2_outside_the_subgroup() {
    let error = refused(|bytes| put(bytes, G2_AT + 128, &outside_subgroup().to_raw_bytes()));
    assert!(matches!(error, SrsError::PointOutsideSubgroup { index: 1 }), "{error}");
    // An honest [tau]G2 shifted by a cofactor point is refused as well.
    let cofactor_point = G2::from(outside_subgroup()) * -Fr::ONE + outside_subgroup();
    assert!(!bool::from(cofactor_point.is_identity()));
    let shifted = (G2Affine::generator() * tau() + cofactor_point).to_affine();
    let error = refused(|bytes| put(bytes, G2_AT + 128, &shifted.to_raw_bytes()));
    assert!(matches!(error, SrsError::PointOutsideSubgroup { index: 1 }), "{error}");
}

#[test]
fn wrong_order_of_powers() {
    let error = refused(|bytes| {
        let (a, b) = (G1_AT + 5 * 64, G1_AT + 6 * 64);
        (0..64).for_each(|i| bytes.swap(a + i, b + i));
    });
    assert!(matches!(error, SrsError::PowersInconsistent), "{error}");
    // The last power used counts too.
    let error = refused(|bytes| bytes.copy_within(G1_AT + 64..G1_AT + 128, G1_AT + 31 * 64));
    assert!(matches!(error, SrsError::PowersInconsistent), "{error}");
}

#[test]
fn different_secrets_in_the_groups() {
    let bytes = assemble(&[
        section(1, &header(POWER)),
        section(2, &powers_g1(tau())),
        section(3, &powers_g2(tau() + Fr::ONE)),
    ]);
    assert!(matches!(import_ptau_bytes(&bytes, 5, None), Err(SrsError::TauMismatch)));
}

#[test]
fn nobody_contributed() {
    let omega_32 = (5..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    for tau in [Fr::ONE, -Fr::ONE, omega_32] {
        assert!(matches!(
            import_ptau_bytes(&synthetic(tau), 5, None),
            Err(SrsError::SecretDegenerate)
        ));
    }
}

#[test]
fn every_truncation_and_an_extension_are_refused() {
    let bytes = synthetic(tau());
    for length in (0..200).chain((200..bytes.len()).step_by(97)) {
        let error = import_ptau_bytes(&bytes[..length], 5, None).unwrap_err();
        assert!(
            matches!(error, SrsError::PtauTruncated { got, .. } if got == length as u64),
            "{length}: {error}"
        );
    }
    assert_eq!(refused(|bytes| bytes.push(0)).code(), "srs-ptau-header");
}

#[test]
fn wrong_headers() {
    assert!(matches!(
        refused(|bytes| bytes[HEADER_AT + 4] ^= 1),
        SrsError::PtauPrime { .. }
    ));
    assert!(matches!(refused(|bytes| bytes[0] ^= 1), SrsError::PtauMagic { .. }));
    assert!(matches!(
        refused(|bytes| bytes[4] = 2),
        SrsError::PtauHeader {
            field: "version",
            expected: 1,
            got: 2
        }
    ));
    assert_eq!(refused(|bytes| bytes[8] = 33).code(), "srs-ptau-header");
    assert_eq!(refused(|bytes| bytes[HEADER_AT] = 48).code(), "srs-ptau-header");
    assert_eq!(refused(|bytes| bytes[HEADER_AT + 36] = 0).code(), "srs-ptau-header");
    assert_eq!(refused(|bytes| bytes[HEADER_AT + 36] = 255).code(), "srs-ptau-header");
    assert_eq!(refused(|bytes| bytes[HEADER_AT + 40] = 5).code(), "srs-ptau-header");
    let length = refused(|bytes| bytes[HEADER_AT + 36] = 5);
    assert!(
        matches!(
            length,
            SrsError::PtauSectionLength {
                section: 2,
                expected: 4032,
                got: 8128
            }
        ),
        "{length}"
    );
}

#[test]
fn wrong_section_tables() {
    let (one, two, three) = (
        section(1, &header(POWER)),
        section(2, &powers_g1(tau())),
        section(3, &powers_g2(tau())),
    );
    let error = |sections: &[Vec<u8>]| import_ptau_bytes(&assemble(sections), 5, None).unwrap_err();
    assert!(matches!(error(&[]), SrsError::PtauSectionMissing { section: 1 }));
    assert!(matches!(
        error(&[one.clone(), two.clone()]),
        SrsError::PtauSectionMissing { section: 3 }
    ));
    assert!(matches!(
        error(&[one.clone(), two.clone(), two.clone()]),
        SrsError::PtauSectionRepeated { section: 2 }
    ));
    assert!(matches!(
        error(&[section(1, &[]), two.clone()]),
        SrsError::PtauSectionLength { section: 1, got: 0, .. }
    ));
    assert!(
        import_ptau_bytes(&assemble(&[three, two, one]), 5, None).is_ok(),
        "any order of sections"
    );
    let huge = refused(|bytes| put(bytes, 16, &u64::MAX.to_le_bytes()));
    assert!(
        matches!(huge, SrsError::PtauTruncated { expected: u64::MAX, .. }),
        "{huge}"
    );
}

#[test]
fn codes_are_distinct_from_each_other_and_have_help() {
    let errors = [
        SrsError::PowersInconsistent,
        SrsError::SecretDegenerate,
        SrsError::TauMismatch,
    ];
    for error in &errors {
        assert!(error.code().starts_with("srs-") && error.help().ends_with('.'));
    }
}
