//! Point encodings. The library's decoder accepts several byte strings for one point (it ignores the identity
//! flag of a non-zero `x`), so every decoded point is encoded again and compared.

use crate::error::VerifyError;
use ff::PrimeField;
use group::prime::PrimeCurveAffine;
use group::GroupEncoding;
use halo2curves::bn256::{Fq, Fq2, G1Affine, G2Affine, G2};
use halo2curves::group::cofactor::CofactorGroup;
use halo2curves::CurveAffine;

/// Compressed bytes of a G1 point.
pub(crate) fn g1_bytes(point: &G1Affine) -> [u8; 32] {
    let mut bytes = [0u8; 32];
    for (to, from) in bytes.iter_mut().zip(point.to_bytes().as_ref()) {
        *to = *from;
    }
    bytes
}

/// Decodes a G1 point (cofactor 1), the identity included.
pub(crate) fn g1(bytes: &[u8; 32]) -> Result<G1Affine, VerifyError> {
    let mut repr = <G1Affine as GroupEncoding>::Repr::default();
    for (to, from) in repr.as_mut().iter_mut().zip(bytes) {
        *to = *from;
    }
    let point: G1Affine = Option::from(G1Affine::from_bytes(&repr)).ok_or(VerifyError::BadPoint)?;
    if g1_bytes(&point) != *bytes {
        return Err(VerifyError::BadPoint);
    }
    Ok(point)
}

/// Decodes a G1 point other than the identity.
pub(crate) fn g1_nonzero(bytes: &[u8; 32]) -> Result<G1Affine, VerifyError> {
    let point = g1(bytes)?;
    if bool::from(point.is_identity()) {
        return Err(VerifyError::BadPoint);
    }
    Ok(point)
}

/// Uncompressed bytes of a G2 point other than the identity: `x.c0, x.c1, y.c0, y.c1`.
pub(crate) fn g2_bytes(point: &G2Affine) -> [u8; 128] {
    let mut bytes = [0u8; 128];
    let parts = [point.x.c0, point.x.c1, point.y.c0, point.y.c1];
    for (to, from) in bytes.iter_mut().zip(parts.iter().flat_map(Fq::to_repr)) {
        *to = from;
    }
    bytes
}

/// Decodes a G2 point of the curve; the subgroup is checked by [`check_g2`]. The library's own decoder panics on
/// coordinates that are not reduced.
pub(crate) fn g2(parts: &[[u8; 32]; 4]) -> Result<G2Affine, VerifyError> {
    let field = |bytes: &[u8; 32]| Option::<Fq>::from(Fq::from_repr(*bytes));
    let [x0, x1, y0, y1] = parts.each_ref().map(field);
    let point = match (x0, x1, y0, y1) {
        (Some(x0), Some(x1), Some(y0), Some(y1)) => G2Affine::from_xy(Fq2::new(x0, x1), Fq2::new(y0, y1)),
        _ => return Err(VerifyError::BadPoint),
    };
    Option::from(point).ok_or(VerifyError::BadPoint)
}

/// Refuses the identity and points outside the prime-order subgroup; the library's readers do not.
pub(crate) fn check_g2(point: &G2Affine) -> Result<(), VerifyError> {
    if bool::from(point.is_identity()) {
        return Err(VerifyError::BadPoint);
    }
    match bool::from(G2::from(*point).is_torsion_free()) {
        true => Ok(()),
        false => Err(VerifyError::BadG2Subgroup),
    }
}
