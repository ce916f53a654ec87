//! Canonical bytes of a verifying key.

use super::expr::MAX_OPS;
use super::validate::{MAX_COLUMNS, MAX_GATES, MAX_QUERIES};
use super::{ColumnKind, Expr, Folded, KeyParts, Linked, PermutationColumn, Purpose, Registered};
use crate::codec::{Put, Reader};
use crate::curve;
use crate::error::VerifyError;
use crate::kind::FileKind;
use crate::statement::inference::MAX_INPUTS;
use alloc::vec::Vec;

pub(super) fn to_bytes(key: &KeyParts) -> Vec<u8> {
    let mut out = Vec::new();
    out.put_head(FileKind::Key);
    out.put_u32(key.k);
    out.put_u32(key.blinding_factors);
    out.put_u32(key.degree);
    out.put_bytes(&key.advice_phases);
    out.put_bytes(&key.challenge_phases);
    out.put_u32(key.instance_columns);
    out.put_u32(key.computed_columns);
    for queries in [&key.advice_queries, &key.instance_queries, &key.fixed_queries] {
        out.put_list(queries, |out, (column, rotation)| {
            out.put_u32(*column);
            out.put(&rotation.to_le_bytes());
        });
    }
    out.put_list(&key.fixed_commitments, |out, point| out.put_point(point));
    out.put_list(&key.permutation_columns, |out, column| {
        out.put(&[match column.kind {
            ColumnKind::Advice => 0,
            ColumnKind::Fixed => 1,
            ColumnKind::Instance => 2,
        }]);
        out.put_u32(column.index);
    });
    out.put_list(&key.permutation_commitments, |out, point| {
        out.put_point(point);
    });
    out.put_scalar(&key.transcript_repr);
    out.put_list(&key.gates, |out, gate| {
        out.put_list(gate, |out, op| op.put(out));
    });
    let Linked {
        weights,
        inputs,
        registered,
    } = &key.linked;
    out.put_list(&weights.columns, |out, column| out.put_u32(*column));
    out.put_u32(weights.lanes);
    out.put_u32(weights.challenge);
    out.put(&weights.zero.to_le_bytes());
    out.put_list(inputs, |out, columns| {
        out.put_list(columns, |out, column| out.put_u32(*column));
    });
    registered.put(&mut out);
    key.purpose.put(&mut out);
    out
}

pub(super) fn from_bytes(bytes: &[u8]) -> Result<KeyParts, VerifyError> {
    let mut reader = Reader::new(bytes);
    reader.head(FileKind::Key)?;
    let key = KeyParts {
        k: reader.u32()?,
        blinding_factors: reader.u32()?,
        degree: reader.u32()?,
        advice_phases: reader.bytes(MAX_COLUMNS)?.to_vec(),
        challenge_phases: reader.bytes(MAX_COLUMNS)?.to_vec(),
        instance_columns: reader.u32()?,
        computed_columns: reader.u32()?,
        advice_queries: queries(&mut reader)?,
        instance_queries: queries(&mut reader)?,
        fixed_queries: queries(&mut reader)?,
        fixed_commitments: reader.list(MAX_COLUMNS, 32, |reader| curve::g1(&reader.array()?))?,
        permutation_columns: reader.list(MAX_COLUMNS, 5, permutation_column)?,
        permutation_commitments: reader.list(MAX_COLUMNS, 32, Reader::point)?,
        transcript_repr: reader.scalar()?,
        gates: gates(&mut reader)?,
        linked: Linked {
            weights: Folded {
                columns: reader.list(MAX_COLUMNS, 4, Reader::u32)?,
                lanes: reader.u32()?,
                challenge: reader.u32()?,
                zero: reader.u64()?,
            },
            inputs: reader.list(MAX_INPUTS, 4, |reader| reader.list(MAX_COLUMNS, 4, Reader::u32))?,
            registered: Registered::read(&mut reader)?,
        },
        purpose: Purpose::read(&mut reader)?,
    };
    reader.finish()?;
    Ok(key)
}

fn queries(reader: &mut Reader<'_>) -> Result<Vec<(u32, i32)>, VerifyError> {
    reader.list(MAX_QUERIES, 8, |reader| Ok((reader.u32()?, reader.i32()?)))
}

/// All gates share one bound: an instruction takes one byte here and forty in memory.
fn gates(reader: &mut Reader<'_>) -> Result<Vec<Vec<Expr>>, VerifyError> {
    let mut left = MAX_OPS;
    reader.list(MAX_GATES, 4, |reader| {
        let gate = reader.list(left, 1, Expr::read)?;
        left = left.saturating_sub(gate.len());
        Ok(gate)
    })
}

fn permutation_column(reader: &mut Reader<'_>) -> Result<PermutationColumn, VerifyError> {
    let kind = match reader.u8()? {
        0 => ColumnKind::Advice,
        1 => ColumnKind::Fixed,
        2 => ColumnKind::Instance,
        got => return Err(VerifyError::BadTag { got }),
    };
    let index = reader.u32()?;
    Ok(PermutationColumn { kind, index })
}

pub(super) fn digest(key: &KeyParts) -> [u8; 32] {
    crate::codec::digest32(b"Provenn-Key-----", &to_bytes(key))
}
