//! The constraints of the permutation argument (copies), in the order of the library.

use crate::codec::wide;
use crate::error::VerifyError;
use crate::key::{ColumnKind, Evals, VerifyingKey};
use crate::plonk::RowEvals;
use crate::proof::Messages;
use alloc::vec::Vec;
use provenn_bn254::Fr;

const BROKEN: VerifyError = VerifyError::KeyInvalid { reason: "permutation" };

/// Evaluations of all constraints at `x`:
///
/// ```text
/// l_0 (1 - z_0)                                 first product starts at 1
/// l_last (z_m^2 - z_m)                          last product ends at 0 or 1
/// l_0 (z_i - z_{i-1}(omega^last X))             products continue one another
/// (1 - l_last - l_blind) (z_i(omega X) prod (p + beta s + gamma) - z_i prod (p + delta^j beta X + gamma))
/// ```
pub(crate) fn constraints(
    key: &VerifyingKey,
    messages: &Messages,
    evals: &Evals<'_>,
    rows: &RowEvals,
) -> Result<Vec<Fr>, VerifyError> {
    let mut out = Vec::new();
    let products = &messages.product_evals;
    if let (Some(first), Some(last)) = (products.first(), products.last()) {
        out.push(rows.first * (Fr::ONE - first.current));
        out.push(rows.last * (last.current.square() - last.current));
    }
    for (previous, current) in products.iter().zip(products.iter().skip(1)) {
        let end = previous.last.ok_or(BROKEN)?;
        out.push(rows.first * (current.current - end));
    }
    let columns = column_evals(key, evals)?;
    let chunk = key.permutation_chunk();
    let active = Fr::ONE - (rows.last + rows.blind);
    let chunks = columns.chunks(chunk).zip(messages.sigma_evals.chunks(chunk));
    let chunk_delta = Fr::DELTA.pow(wide(chunk));
    let mut delta = messages.beta * messages.x;
    for (product, (columns, sigmas)) in products.iter().zip(chunks) {
        let mut left = product.next;
        for (column, sigma) in columns.iter().zip(sigmas) {
            left *= *column + messages.beta * sigma + messages.gamma;
        }
        let mut right = product.current;
        let mut identity = delta;
        for column in columns {
            right *= *column + identity + messages.gamma;
            identity *= Fr::DELTA;
        }
        delta *= chunk_delta;
        out.push((left - right) * active);
    }
    Ok(out)
}

fn column_evals(key: &VerifyingKey, evals: &Evals<'_>) -> Result<Vec<Fr>, VerifyError> {
    key.permutation_columns
        .iter()
        .zip(key.permutation_queries())
        .map(|(column, query)| {
            let evals = match column.kind {
                ColumnKind::Advice => evals.advice,
                ColumnKind::Fixed => evals.fixed,
                ColumnKind::Instance => evals.instance,
            };
            evals.get(*query).copied().ok_or(BROKEN)
        })
        .collect()
}
