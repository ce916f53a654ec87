//! What an SRS from outside must satisfy. Every G1 point was already found on the curve, whose order is prime.

use halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine, G1, G2};
use halo2curves::ff::{Field, FromUniformBytes};
use halo2curves::group::cofactor::CofactorGroup;
use halo2curves::group::{Curve, Group};
use halo2curves::pairing::{Engine, MillerLoopResult, MultiMillerLoop};
use provenn_engine::{Bases, Domain, Path};

use super::dev::fill_powers;
use super::error::{SrsError, SrsGroup};

/// All checks of a `.ptau` import on `g1 = [tau^i]G1`, at least two of them, and `g2 = [1, tau]G2`.
pub(super) fn imported(g1: &[G1Affine], g2: &[G2Affine; 2]) -> Result<(), SrsError> {
    generators(g1, &g2[0])?;
    subgroup(&g2[1], 1)?;
    secret_not_degenerate(g1)?;
    same_tau(g1, &g2[1])?;
    successive_powers(g1, &g2[1])
}

/// `g1[0]` and `g2` are the standard generators.
pub(super) fn generators(g1: &[G1Affine], g2: &G2Affine) -> Result<(), SrsError> {
    if g1.first() != Some(&G1Affine::generator()) {
        return Err(SrsError::GeneratorMismatch { group: SrsGroup::G1 });
    }
    if *g2 != G2Affine::generator() {
        return Err(SrsError::GeneratorMismatch { group: SrsGroup::G2 });
    }
    Ok(())
}

/// The G2 curve has a cofactor; outside the subgroup the pairing equations mean nothing.
fn subgroup(point: &G2Affine, index: usize) -> Result<(), SrsError> {
    if bool::from(G2::from(*point).is_torsion_free()) {
        Ok(())
    } else {
        Err(SrsError::PointOutsideSubgroup { index })
    }
}

/// `tau^(2^j)` is neither 1 nor -1: `tau` is no root of unity of the evaluation domain. In particular `tau != 1`, which is what a
/// ceremony file holds before the first contribution. (Zero was refused with the identity point.)
fn secret_not_degenerate(g1: &[G1Affine]) -> Result<(), SrsError> {
    let generator = G1Affine::generator();
    let doubling = std::iter::successors(Some(1usize), |i| i.checked_mul(2)).map_while(|i| g1.get(i));
    for power in doubling {
        if *power == generator || *power == -generator {
            return Err(SrsError::SecretDegenerate);
        }
    }
    Ok(())
}

/// `e([tau]G1, G2) = e(G1, [tau]G2)`.
pub(super) fn same_tau(g1: &[G1Affine], tau_g2: &G2Affine) -> Result<(), SrsError> {
    match g1 {
        [one, tau, ..] if pairings_equal(tau, one, tau_g2) => Ok(()),
        _ => Err(SrsError::TauMismatch),
    }
}

/// `e(sum_i r^i g1[i+1], G2) = e(sum_i r^i g1[i], [tau]G2)` for a random `r`: a run that is not `tau^i` passes with probability
/// at most `2^k / 2^253` (Schwartz-Zippel in `r`).
fn successive_powers(g1: &[G1Affine], tau_g2: &G2Affine) -> Result<(), SrsError> {
    let mut randomness = [0; 64];
    getrandom::getrandom(&mut randomness).map_err(SrsError::Randomness)?;
    let mut weights = vec![Fr::ZERO; g1.len().saturating_sub(1)];
    fill_powers(&mut weights, Fr::from_uniform_bytes(&randomness));

    let (Some((_, upper)), Some((_, lower))) = (g1.split_first(), g1.split_last()) else {
        return Err(SrsError::PowersInconsistent);
    };
    let mut sums = [G1Affine::default(); 2];
    let combined = [combination(&weights, upper), combination(&weights, lower)];
    G1::batch_normalize(&combined, &mut sums);
    if pairings_equal(&sums[0], &sums[1], tau_g2) {
        Ok(())
    } else {
        Err(SrsError::PowersInconsistent)
    }
}

/// All of an SRS, in the order of its cost.
pub(super) fn whole(g1: &[G1Affine], lagrange: &[G1Affine], tau_g2: &G2Affine, k: u32) -> Result<(), SrsError> {
    subgroup(tau_g2, 1)?;
    secret_not_degenerate(g1)?;
    same_tau(g1, tau_g2)?;
    successive_powers(g1, tau_g2)?;
    lagrange_of_powers(g1, lagrange, k)
}

/// The Lagrange points `L_i` are those of the powers if `sum_i p(w^i) L_i = sum_j p_j g1[j]` for a random polynomial `p` of degree below
/// `2^k`: here `p(w^i) = r^i`, so a wrong basis passes with probability at most `2^k / 2^253`.
pub(super) fn lagrange_of_powers(g1: &[G1Affine], lagrange: &[G1Affine], k: u32) -> Result<(), SrsError> {
    let mut randomness = [0; 64];
    getrandom::getrandom(&mut randomness).map_err(SrsError::Randomness)?;
    let domain = Domain::new(Path::of_machine(), k);
    let mut values = vec![Fr::ZERO; domain.rows()];
    if values.len() != g1.len() || values.len() != lagrange.len() {
        return Err(SrsError::LagrangeInconsistent);
    }
    fill_powers(&mut values, Fr::from_uniform_bytes(&randomness));
    let by_values = combination(&values, lagrange);
    let coefficients = domain.coefficients(&values);
    match by_values == combination(&coefficients, g1) {
        true => Ok(()),
        false => Err(SrsError::LagrangeInconsistent),
    }
}

fn combination(weights: &[Fr], points: &[G1Affine]) -> G1 {
    Bases::new(Path::of_machine(), points, &[]).msm(weights)
}

/// `e(a, G2) = e(b, q)`, as `e(a, G2) e(-b, q) = 1`.
fn pairings_equal(a: &G1Affine, b: &G1Affine, q: &G2Affine) -> bool {
    type Prepared = <Bn256 as MultiMillerLoop>::G2Prepared;
    let (g2, q) = (Prepared::from(G2Affine::generator()), Prepared::from(*q));
    let product: <Bn256 as Engine>::Gt = Bn256::multi_miller_loop(&[(a, &g2), (&-b, &q)]).final_exponentiation();
    bool::from(product.is_identity())
}
