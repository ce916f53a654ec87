//! Decoding and checking of points.

use crate::error::VerifyError;
use provenn_bn254::{Fq, Fq2, G1Affine, G2Affine};

/// Decodes a G1 point (cofactor 1), the identity included.
pub(crate) fn g1(bytes: &[u8; 32]) -> Result<G1Affine, VerifyError> {
    G1Affine::from_bytes(bytes).ok_or(VerifyError::BadPoint)
}

/// Decodes a G1 point other than the identity.
pub(crate) fn g1_nonzero(bytes: &[u8; 32]) -> Result<G1Affine, VerifyError> {
    match g1(bytes)? {
        G1Affine::IDENTITY => Err(VerifyError::BadPoint),
        point => Ok(point),
    }
}

/// Uncompressed bytes of a G2 point other than the identity: `x.c0, x.c1, y.c0, y.c1`.
pub(crate) fn g2_bytes(point: &G2Affine) -> [[u8; 32]; 4] {
    let (x, y) = point.coordinates();
    let ((x0, x1), (y0, y1)) = (x.coefficients(), y.coefficients());
    [x0, x1, y0, y1].map(|part| part.to_bytes())
}

/// Decodes a G2 point of the curve; the subgroup is checked by [`check_g2`].
pub(crate) fn g2(parts: &[[u8; 32]; 4]) -> Result<G2Affine, VerifyError> {
    let [x0, x1, y0, y1] = parts.each_ref().map(Fq::from_bytes);
    let point = match (x0, x1, y0, y1) {
        (Some(x0), Some(x1), Some(y0), Some(y1)) => G2Affine::from_xy(Fq2::new(x0, x1), Fq2::new(y0, y1)),
        _ => None,
    };
    point.ok_or(VerifyError::BadPoint)
}

/// Refuses the identity and points outside the prime-order subgroup.
pub(crate) fn check_g2(point: &G2Affine) -> Result<(), VerifyError> {
    if point.is_identity() {
        return Err(VerifyError::BadPoint);
    }
    match point.is_in_subgroup() {
        true => Ok(()),
        false => Err(VerifyError::BadG2Subgroup),
    }
}
