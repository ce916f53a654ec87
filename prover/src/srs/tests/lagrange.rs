//! Lagrange sections of ceremony files: of snarkjs itself, and generated ones with each kind of fault.

use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::{Field, PrimeField};
use halo2curves::group::Curve;
use halo2curves::serde::SerdeObject;

use super::ptau::{assemble, header, powers_g1, powers_g2, section, tau, POWER};
use crate::srs::{import_ptau_bytes, Srs, SrsError, SrsGroup};

/// As snarkjs wrote it; see fixtures/ceremony.
const CEREMONY: &[u8] = include_bytes!("../../../../fixtures/ceremony/power4.ptau");
/// Points before those of `2^k` rows.
const fn before(k: u32) -> usize {
    (1 << k) - 1
}

/// `L_j(tau)` of all sizes up to `2^last` rows, over the roots of the generator 5.
fn lagrange(tau: Fr, last: u32) -> Vec<u8> {
    let minus_one = (-Fr::ONE).to_repr();
    let limbs: Vec<u64> = minus_one
        .as_ref()
        .chunks(8)
        .map(|b| u64::from_le_bytes(b.try_into().unwrap()))
        .collect();
    // 5^((r - 1) / 2^28).
    let shifted = |i: usize| limbs[i] >> 28 | limbs.get(i + 1).map_or(0, |next| next << 36);
    let root = Fr::from(5).pow_vartime([shifted(0), shifted(1), shifted(2), shifted(3)]);
    let sizes = (0..=last).flat_map(|k| {
        let n = 1u64 << k;
        let root = (k..Fr::S).fold(root, |root, _| root.square());
        (0..n).map(move |j| {
            let at = root.pow_vartime([j]);
            (tau.pow_vartime([n]) - Fr::ONE) * (Fr::from(n) * (tau - at)).invert().unwrap() * at
        })
    });
    sizes
        .flat_map(|scalar| (G1Affine::generator() * scalar).to_affine().to_raw_bytes())
        .collect()
}

fn file(lagrange: &[u8]) -> Vec<u8> {
    let g1 = powers_g1(tau());
    assemble(&[
        section(1, &header(POWER)),
        section(2, &g1),
        section(3, &powers_g2(tau())),
        section(12, lagrange),
    ])
}

/// The same file without its Lagrange section, which a group FFT then replaces.
fn without_section(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut rest = &bytes[12..];
    while let Some(head) = rest.get(..12) {
        let length = u64::from_le_bytes(head[4..].try_into().unwrap()) as usize;
        let (whole, next) = rest.split_at(12 + length);
        kept.extend((head[0] != 12).then(|| whole.to_vec()));
        rest = next;
    }
    assemble(&kept)
}

fn same(with: &Srs, without: &Srs) {
    assert_eq!(with.lagrange_points(), without.lagrange_points());
    assert_eq!((with.tail(3), with.id()), (without.tail(3), without.id()));
    with.check().unwrap();
}

#[test]
fn the_section_of_a_real_file_is_what_the_fft_gives() {
    let without = without_section(CEREMONY);
    assert_eq!(CEREMONY.len() - without.len(), 12 + 63 * 64);
    for k in 1..=4 {
        let [with, without] = [CEREMONY, &without].map(|bytes| import_ptau_bytes(bytes, k, None).unwrap());
        same(&with, &without);
    }
}

#[test]
fn generated_sections_of_both_lengths() {
    for last in [POWER, POWER + 1] {
        let bytes = file(&lagrange(tau(), last));
        for k in 1..=POWER {
            let without = import_ptau_bytes(&without_section(&bytes), k, None).unwrap();
            same(&import_ptau_bytes(&bytes, k, None).unwrap(), &without);
        }
    }
    for last in [POWER - 1, POWER + 2] {
        let error = import_ptau_bytes(&file(&lagrange(tau(), last)), 3, None).unwrap_err();
        assert!(
            matches!(error, SrsError::PtauSectionLength { section: 12, .. }),
            "{error}"
        );
    }
}

#[test]
fn wrong_points_are_refused_by_name() {
    let right = lagrange(tau(), POWER);
    let k = 5;
    let at = |row: usize| (before(k) + row) * 64;
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut section = right.clone();
        change(&mut section);
        import_ptau_bytes(&file(&section), k, None).unwrap_err()
    };
    let one = G1Affine::generator().to_raw_bytes();
    for row in [0, 1, 17, 31] {
        let error = refused(&|bytes| bytes[at(row)..at(row) + 64].copy_from_slice(&one));
        assert!(matches!(error, SrsError::PtauLagrange { section: 12, k: 5 }), "{error}");
        assert!(error.to_string().contains("section 12"), "{error}");
        let error = refused(&|bytes| bytes[at(row)] ^= 1);
        assert!(
            matches!(error, SrsError::PointInvalid { group: SrsGroup::Lagrange, index } if index == row),
            "{error}"
        );
    }
    let swapped = refused(&|bytes| (0..64).for_each(|byte| bytes.swap(at(2) + byte, at(3) + byte)));
    assert_eq!(swapped.code(), "srs-ptau-lagrange");
    // Those of another secret, and what other sizes have is not looked at.
    let other = import_ptau_bytes(&file(&lagrange(tau() + Fr::ONE, POWER)), k, None).unwrap_err();
    assert_eq!(other.code(), "srs-ptau-lagrange");
    let mut elsewhere = right.clone();
    elsewhere[before(4) * 64] ^= 1;
    assert!(import_ptau_bytes(&file(&elsewhere), k, None).is_ok());
    assert!(import_ptau_bytes(&file(&elsewhere), 4, None).is_err());
}
