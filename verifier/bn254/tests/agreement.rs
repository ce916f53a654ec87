//! Every operation beside the prover's curve crate, on random values and on the edges of the ranges.
#![allow(clippy::unwrap_used, reason = "tests")]

use ff::{Field as _, FromUniformBytes, PrimeField};
use group::cofactor::CofactorGroup;
use group::prime::PrimeCurveAffine;
use group::{Curve, Group, GroupEncoding};
use halo2curves::bn256 as library;
use pairing::{MillerLoopResult, MultiMillerLoop};
use proptest::prelude::*;
use provenn_bn254::{batch_invert, msm, pairing_product_is_one, Field, Fq, Fq2, Fr, G1Affine, G2Affine, G2Prepared};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// Integers of 256 bits: uniform, close to the moduli, close to powers of `2^64`, with limbs of all ones.
fn integers() -> impl Strategy<Value = [u8; 32]> {
    let near = |bytes: [u8; 32], by: i8| {
        let mut carry = i16::from(by);
        bytes.map(|byte| {
            let sum = i16::from(byte) + carry;
            carry = sum >> 8;
            (sum & 255) as u8
        })
    };
    let edge = |limb: u8| match limb {
        0 => 0u64,
        1 => 1,
        2 => u64::MAX,
        3 => 1 << 63,
        _ => (1 << 62) - 1,
    };
    let moduli = [
        library::Fq::ZERO - library::Fq::ONE,
        library::Fq::from(0),
        library::Fq::TWO_INV,
    ]
    .map(|value| value.to_repr());
    let orders = [
        library::Fr::ZERO - library::Fr::ONE,
        library::Fr::from(1),
        library::Fr::TWO_INV,
    ]
    .map(|value| value.to_repr());
    prop_oneof![
        4 => any::<[u8; 32]>(),
        4 => any::<[u8; 32]>().prop_map(|mut bytes| {
            bytes[31] &= 0x1f;
            bytes
        }),
        1 => (0..3usize, any::<i8>()).prop_map(move |(at, by)| near(moduli[at], by)),
        1 => (0..3usize, any::<i8>()).prop_map(move |(at, by)| near(orders[at], by)),
        1 => any::<[u8; 4]>().prop_map(move |limbs| {
            let mut bytes = [0; 32];
            for (to, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
                to.copy_from_slice(&edge(limb % 5).to_le_bytes());
            }
            bytes
        }),
    ]
}

macro_rules! field_agrees {
    ($name:ident, $own:ty, $library:ty) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(2_000))]
            #[test]
            fn $name(a in integers(), b in integers(), c in integers(), exponent: u64) {
                let decoded = <$own>::from_bytes(&a);
                let expected = Option::<$library>::from(<$library>::from_repr(a));
                prop_assert_eq!(decoded.map(|value| value.to_bytes()), expected.map(|value| value.to_repr()));

                let wide: [u8; 64] = std::array::from_fn(|i| if i < 32 { a[i] } else { b[i - 32] });
                let (x, x2) = (<$own>::from_wide_bytes(&wide), <$library>::from_uniform_bytes(&wide));
                prop_assert_eq!(x.to_bytes(), x2.to_repr());
                // Mostly the value itself, which keeps the edges.
                let value = |bytes: [u8; 32]| match <$own>::from_bytes(&bytes) {
                    Some(value) => (value, <$library>::from_repr(bytes).unwrap()),
                    None => (x, x2),
                };
                let ((a, a2), (b, b2), (c, c2)) = (value(a), value(b), value(c));
                prop_assert_eq!((a + b).to_bytes(), (a2 + b2).to_repr());
                prop_assert_eq!((a - b).to_bytes(), (a2 - b2).to_repr());
                prop_assert_eq!((a * b).to_bytes(), (a2 * b2).to_repr());
                prop_assert_eq!((a * b + c * x).to_bytes(), (a2 * b2 + c2 * x2).to_repr());
                prop_assert_eq!((-a).to_bytes(), (-a2).to_repr());
                prop_assert_eq!(a.double().to_bytes(), a2.double().to_repr());
                prop_assert_eq!(a.square().to_bytes(), a2.square().to_repr());
                prop_assert_eq!((a * <$own>::HALF).double(), a);
                prop_assert_eq!(a.pow(exponent).to_bytes(), a2.pow_vartime([exponent]).to_repr());
                prop_assert_eq!(
                    a.invert().map(|value| value.to_bytes()),
                    Option::<$library>::from(a2.invert()).map(|value| value.to_repr())
                );
                prop_assert_eq!(<$own>::from(exponent).to_bytes(), <$library>::from(exponent).to_repr());
                prop_assert_eq!(a == b, a2 == b2);
                prop_assert_eq!(a.is_zero(), bool::from(a2.is_zero()));

                let mut values = [a, <$own>::ZERO, b, c, x];
                batch_invert(&mut values);
                let inverses = [a, <$own>::ZERO, b, c, x].map(|value| value.invert().unwrap_or(<$own>::ZERO));
                prop_assert_eq!(values, inverses);
            }
        }
    };
}

field_agrees!(the_base_field_agrees, Fq, library::Fq);
field_agrees!(the_scalar_field_agrees, Fr, library::Fr);

#[test]
fn constants_of_the_scalar_field_agree() {
    assert_eq!(Fr::TWO_ADICITY, library::Fr::S);
    assert_eq!(Fr::ROOT_OF_UNITY.to_bytes(), library::Fr::ROOT_OF_UNITY.to_repr());
    assert_eq!(
        Fr::ROOT_OF_UNITY_INVERSE.to_bytes(),
        library::Fr::ROOT_OF_UNITY_INV.to_repr()
    );
    assert_eq!(Fr::DELTA.to_bytes(), library::Fr::DELTA.to_repr());
    assert_eq!(Fr::HALF.to_bytes(), library::Fr::TWO_INV.to_repr());
}

fn fq(value: library::Fq) -> Fq {
    Fq::from_bytes(&value.to_repr()).unwrap()
}

fn fq2(value: library::Fq2) -> Fq2 {
    Fq2::new(fq(value.c0), fq(value.c1))
}

fn fr(value: library::Fr) -> Fr {
    Fr::from_bytes(&value.to_repr()).unwrap()
}

fn g1(point: library::G1Affine) -> G1Affine {
    match bool::from(point.is_identity()) {
        true => G1Affine::IDENTITY,
        false => G1Affine::from_xy(fq(point.x), fq(point.y)).unwrap(),
    }
}

fn g2(point: library::G2Affine) -> G2Affine {
    G2Affine::from_xy(fq2(point.x), fq2(point.y)).unwrap()
}

fn repr(bytes: [u8; 32]) -> <library::G1Affine as GroupEncoding>::Repr {
    let mut repr = <library::G1Affine as GroupEncoding>::Repr::default();
    repr.as_mut().copy_from_slice(&bytes);
    repr
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    /// The library accepts more byte strings, but none that encodes the decoded point.
    #[test]
    fn points_are_decoded_as_the_library_does_and_in_one_form_only(mut bytes in integers(), flags in 0u8..4) {
        bytes[31] = bytes[31] & 0x3f | flags << 6;
        let expected = Option::<library::G1Affine>::from(library::G1Affine::from_bytes(&repr(bytes)))
            .filter(|point| point.to_bytes().as_ref() == bytes);
        let decoded = G1Affine::from_bytes(&bytes);
        prop_assert_eq!(decoded, expected.map(g1));
        if let Some(point) = decoded {
            prop_assert_eq!(point.to_bytes(), bytes);
        }
    }

    #[test]
    fn the_second_field_agrees(seed: u64) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (a, b) = (library::Fq2::random(&mut rng), library::Fq2::random(&mut rng));
        prop_assert_eq!(fq2(a) * fq2(b), fq2(a * b));
        prop_assert_eq!(fq2(a) + fq2(b), fq2(a + b));
        prop_assert_eq!(fq2(a) - fq2(b), fq2(a - b));
        prop_assert_eq!(fq2(a).square(), fq2(a.square()));
        prop_assert_eq!(fq2(a).double(), fq2(a.double()));
        prop_assert_eq!(-fq2(a), fq2(-a));
        prop_assert_eq!(fq2(a).invert(), Option::<library::Fq2>::from(a.invert()).map(fq2));
    }

    #[test]
    fn both_groups_agree(seed: u64) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (a, b) = (library::G1::random(&mut rng), library::G1::random(&mut rng));
        let scalar = library::Fr::random(&mut rng);
        let (x, y) = (g1(a.to_affine()), g1(b.to_affine()));
        prop_assert_eq!((x * Fr::from(3) + y).to_affine(), g1((a.double() + a + b).to_affine()));
        prop_assert_eq!((x * Fr::ONE + y * Fr::ONE).to_affine(), g1((a + b).to_affine()));
        prop_assert_eq!((x * fr(scalar)).to_affine(), g1((a * scalar).to_affine()));
        prop_assert_eq!((-x).coordinates(), g1((-a).to_affine()).coordinates());
        let p = library::G2::random(&mut rng);
        let q = g2(p.to_affine());
        prop_assert_eq!((q * fr(scalar)).to_affine(), g2((p * scalar).to_affine()));
    }
}

#[test]
fn additions_of_equal_and_opposite_points_and_of_the_identity() {
    let point = (G1Affine::GENERATOR * Fr::from(5)).to_affine();
    let (one, zero) = (point * Fr::ONE, G1Affine::IDENTITY * Fr::ONE);
    let (twice, minus) = (point * Fr::from(2), (-point) * Fr::ONE);
    // Another representative of the same point.
    let scaled = point * Fr::from(7) + (point * (-Fr::from(6)));
    for same in [one, scaled] {
        assert_eq!(same + same, twice);
        assert_eq!(same + one, twice);
        assert_eq!(same + point, twice);
        assert!((same + minus).is_identity());
        assert!((same + -point).is_identity());
        assert_eq!(same + zero, one);
        assert_eq!(zero + same, one);
        assert_eq!(same + G1Affine::IDENTITY, one);
        assert_eq!(zero + point, one);
    }
    assert!((zero + zero).is_identity() && zero.double().is_identity());
    assert!((point * Fr::ZERO).is_identity());
    assert_eq!(zero.to_affine(), G1Affine::IDENTITY);
    assert_ne!(one, zero);
    assert_ne!(one, minus);
}

#[test]
fn generators_are_those_of_the_library() {
    assert_eq!(G1Affine::GENERATOR, g1(library::G1Affine::generator()));
    assert_eq!(G2Affine::GENERATOR, g2(library::G2Affine::generator()));
}

#[test]
fn points_outside_of_the_subgroup_are_seen() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut outside = 0;
    while outside < 8 {
        let x = library::Fq2::random(&mut rng);
        let b = library::G2Affine::generator();
        let b = b.y.square() - b.x.square() * b.x;
        let Some(y) = Option::<library::Fq2>::from((x.square() * x + b).sqrt()) else {
            continue;
        };
        let point = G2Affine::from_xy(fq2(x), fq2(y)).unwrap();
        let library = library::G2::from(library::G2Affine { x, y });
        assert_eq!(point.is_in_subgroup(), bool::from(library.is_torsion_free()));
        assert!(!point.is_in_subgroup());
        outside += 1;
        assert_eq!(G2Affine::from_xy(fq2(x), fq2(y + library::Fq2::ONE)), None);
    }
    assert!(G2Affine::GENERATOR.is_in_subgroup());
    assert_eq!(G1Affine::from_xy(Fq::ONE, Fq::ONE), None);
    assert_eq!(G1Affine::from_xy(Fq::ZERO, Fq::ZERO), None);
}

#[test]
fn sums_of_multiples_agree() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for count in [0, 1, 2, 3, 7, 30, 200, 1000, 3000] {
        let mut terms: Vec<(library::Fr, library::G1Affine)> = (0..count)
            .map(|_| (library::Fr::random(&mut rng), library::G1::random(&mut rng).to_affine()))
            .collect();
        // Equal and opposite points in one bucket, the identity, and the edges of signed digits.
        for i in 1..terms.len() {
            terms[i] = match i % 9 {
                0 => terms[i - 1],
                1 => (terms[i - 1].0, -terms[i - 1].1),
                2 => (terms[i - 1].0, library::G1Affine::identity()),
                3 => (library::Fr::ZERO, terms[i].1),
                4 => (-library::Fr::ONE, terms[i].1),
                5 => (library::Fr::from(1 << (i % 64)), terms[i - 1].1),
                _ => terms[i],
            };
        }
        let expected: library::G1 = terms.iter().map(|(scalar, point)| point * scalar).sum();
        let own: Vec<(Fr, G1Affine)> = terms.iter().map(|(scalar, point)| (fr(*scalar), g1(*point))).collect();
        assert_eq!(msm(&own).to_affine(), g1(expected.to_affine()), "{count} terms");
    }
}

/// Every window, and so many terms that columns are summed in several runs: points with known logarithms.
#[test]
fn long_sums_are_those_of_the_logarithms() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut points = vec![(Fr::ONE, G1Affine::GENERATOR)];
    while points.len() < 500 {
        let log = fr(library::Fr::random(&mut rng));
        points.push((log, (G1Affine::GENERATOR * log).to_affine()));
    }
    for count in [1, 2, 5, 12, 30, 70, 170, 400, 900, 2000, 4600, 5462, 8193, 16385, 40001] {
        let terms: Vec<(Fr, G1Affine)> = (0..count)
            .map(|i| (fr(library::Fr::random(&mut rng)), points[i * i % points.len()].1))
            .collect();
        let logs = (0..count).map(|i| points[i * i % points.len()].0);
        let sum = terms
            .iter()
            .zip(logs)
            .fold(Fr::ZERO, |sum, ((scalar, _), log)| sum + *scalar * log);
        assert_eq!(msm(&terms), G1Affine::GENERATOR * sum, "{count} terms");
    }
}

#[test]
fn products_of_pairings_agree() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let scalar = |rng: &mut ChaCha20Rng| library::Fr::random(rng);
    for round in 0..24 {
        let (a, b, c) = (scalar(&mut rng), scalar(&mut rng), scalar(&mut rng));
        // e(a, b) e(c, d) with d = -a b / c, then with another d.
        let d = -(a * b) * c.invert().unwrap();
        let d = if round % 2 == 0 {
            d
        } else {
            d + library::Fr::from(1 + round / 2)
        };
        let p = [a, c].map(|by| (library::G1Affine::generator() * by).to_affine());
        let q = [b, d].map(|by| (library::G2Affine::generator() * by).to_affine());
        let prepared = q.map(library::G2Prepared::from);
        let terms = [(&p[0], &prepared[0]), (&p[1], &prepared[1])];
        let expected = library::Bn256::multi_miller_loop(&terms)
            .final_exponentiation()
            .is_identity();
        let own = q.map(|point| G2Prepared::from(g2(point)));
        let holds = pairing_product_is_one(&[(g1(p[0]), &own[0]), (g1(p[1]), &own[1])]);
        assert_eq!(holds, bool::from(expected));
        assert_eq!(holds, round % 2 == 0);
    }
    let own = G2Prepared::from(G2Affine::GENERATOR);
    assert!(pairing_product_is_one(&[]));
    assert!(pairing_product_is_one(&[(G1Affine::IDENTITY, &own)]));
    assert!(!pairing_product_is_one(&[(G1Affine::GENERATOR, &own)]));
    assert!(pairing_product_is_one(&[
        (G1Affine::GENERATOR, &own),
        (-G1Affine::GENERATOR, &own)
    ]));
}
