//! Conversions from and to the types of the prover's curve crate, which have the same bytes.

use crate::{Affine, Fp, Fq2, Fr, G1Affine, G2Affine, Modulus};
use halo2curves::bn256;
use halo2curves::ff::PrimeField;
use halo2curves::group::prime::PrimeCurveAffine;

fn element<M: Modulus>(bytes: [u8; 32]) -> Fp<M> {
    // Both crates write integers below the same modulus.
    Fp::from_bytes(&bytes).unwrap_or_default()
}

impl From<bn256::Fr> for Fr {
    fn from(value: bn256::Fr) -> Self {
        element(value.to_repr())
    }
}

impl From<Fr> for bn256::Fr {
    fn from(value: Fr) -> Self {
        let [a, b, c, d] = value.limbs();
        bn256::Fr::from_raw([a, b, c, d])
    }
}

/// A point that is not on the curve stays so: [`is_on_curve`](G1Affine::is_on_curve).
impl From<bn256::G1Affine> for G1Affine {
    fn from(point: bn256::G1Affine) -> Self {
        Affine {
            x: element(point.x.to_repr()),
            y: element(point.y.to_repr()),
        }
    }
}

impl From<G1Affine> for bn256::G1Affine {
    fn from(point: G1Affine) -> Self {
        let field = |value: crate::Fq| bn256::Fq::from_raw(value.limbs());
        match point.is_identity() {
            true => Self::identity(),
            false => Self {
                x: field(point.x),
                y: field(point.y),
            },
        }
    }
}

/// A point that is not on the twist stays so: [`is_on_curve`](G2Affine::is_on_curve).
impl From<bn256::G2Affine> for G2Affine {
    fn from(point: bn256::G2Affine) -> Self {
        let field = |value: bn256::Fq2| Fq2::new(element(value.c0.to_repr()), element(value.c1.to_repr()));
        Affine {
            x: field(point.x),
            y: field(point.y),
        }
    }
}
