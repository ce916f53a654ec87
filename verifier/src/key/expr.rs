//! Gate polynomials as postfix programs: no recursion, neither in decoding nor in evaluation.

use crate::codec::{size, Put, Reader};
use crate::error::VerifyError;
use crate::plonk::RowEvals;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// Deepest evaluation stack.
pub const MAX_DEPTH: usize = 4096;
/// Most instructions of all gates of a key together.
pub const MAX_OPS: usize = 1 << 20;

/// One instruction. Operands are pushed, operators replace the top of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expr {
    /// Pushes a constant.
    Constant(Fr),
    /// Pushes the evaluation of a fixed query (index into the fixed queries).
    Fixed(u32),
    /// Pushes the evaluation of an advice query.
    Advice(u32),
    /// Pushes the evaluation of an instance query.
    Instance(u32),
    /// Pushes a challenge.
    Challenge(u32),
    /// Negates the top.
    Negated,
    /// Replaces the two topmost by their sum.
    Sum,
    /// Replaces the two topmost by their product.
    Product,
    /// Multiplies the top by a constant.
    Scaled(Fr),
    /// Pushes the evaluation of the polynomial that is 1 on these rows and 0 on all others.
    Rows(RowSet),
}

/// Rows whose polynomial has a formula: nobody commits to it, and no proof opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowSet {
    /// All but the tail.
    Usable,
    /// All usable rows but the first.
    NotFirst,
    /// The last usable row.
    LastUsable,
}

impl RowSet {
    /// In the order of their tags.
    pub const ALL: [Self; 3] = [Self::Usable, Self::NotFirst, Self::LastUsable];

    const fn tag(self) -> u8 {
        match self {
            Self::Usable => 0,
            Self::NotFirst => 1,
            Self::LastUsable => 2,
        }
    }
}

impl Expr {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let (tag, index) = match self {
            Self::Constant(value) => return put_number(out, [0, 10], value),
            Self::Scaled(value) => return put_number(out, [8, 11], value),
            Self::Rows(set) => {
                out.put(&[9]);
                return out.put(&[set.tag()]);
            }
            Self::Fixed(index) => (1, Some(index)),
            Self::Advice(index) => (2, Some(index)),
            Self::Instance(index) => (3, Some(index)),
            Self::Challenge(index) => (4, Some(index)),
            Self::Negated => (5, None),
            Self::Sum => (6, None),
            Self::Product => (7, None),
        };
        out.put(&[tag]);
        if let Some(index) = index {
            out.put_u32(*index);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(match reader.u8()? {
            0 => Self::Constant(large(reader)?),
            1 => Self::Fixed(reader.u32()?),
            2 => Self::Advice(reader.u32()?),
            3 => Self::Instance(reader.u32()?),
            4 => Self::Challenge(reader.u32()?),
            5 => Self::Negated,
            6 => Self::Sum,
            7 => Self::Product,
            8 => Self::Scaled(large(reader)?),
            9 => {
                let got = reader.u8()?;
                let set = RowSet::ALL.into_iter().find(|set| set.tag() == got);
                Self::Rows(set.ok_or(VerifyError::BadTag { got })?)
            }
            10 => Self::Constant(Fr::from(u64::from(reader.u32()?))),
            11 => Self::Scaled(Fr::from(u64::from(reader.u32()?))),
            got => return Err(VerifyError::BadTag { got }),
        })
    }
}

/// A number below 2^32 takes four bytes; most are, and gates have many. One number has one encoding.
fn small(value: &Fr) -> Option<u32> {
    let bytes = value.to_bytes();
    let (low, high) = bytes.split_first_chunk()?;
    high.iter().all(|byte| *byte == 0).then(|| u32::from_le_bytes(*low))
}

fn put_number(out: &mut Vec<u8>, [large, short]: [u8; 2], value: &Fr) {
    match small(value) {
        Some(value) => {
            out.put(&[short]);
            out.put_u32(value);
        }
        None => {
            out.put(&[large]);
            out.put_scalar(value);
        }
    }
}

fn large(reader: &mut Reader<'_>) -> Result<Fr, VerifyError> {
    let value = reader.scalar()?;
    match small(&value) {
        Some(_) => Err(VerifyError::NonCanonicalScalar),
        None => Ok(value),
    }
}

/// The numbers of things that programs may refer to.
pub(super) struct Bounds {
    pub(super) fixed: usize,
    pub(super) advice: usize,
    pub(super) instance: usize,
    pub(super) challenges: usize,
}

/// Checks indices and stack discipline of one program.
pub(super) fn check(program: &[Expr], bounds: &Bounds) -> Result<(), VerifyError> {
    let invalid = |reason| Err(VerifyError::KeyInvalid { reason });
    let mut depth = 0usize;
    for op in program {
        let (index, bound) = match op {
            Expr::Fixed(index) => (*index, bounds.fixed),
            Expr::Advice(index) => (*index, bounds.advice),
            Expr::Instance(index) => (*index, bounds.instance),
            Expr::Challenge(index) => (*index, bounds.challenges),
            Expr::Constant(_) | Expr::Rows(_) => (0, 1),
            Expr::Negated | Expr::Scaled(_) if depth >= 1 => continue,
            Expr::Sum | Expr::Product if depth >= 2 => {
                depth = depth.saturating_sub(1);
                continue;
            }
            _ => return invalid("gate program underflows its stack"),
        };
        if size(index) >= bound {
            return invalid("gate program refers to something that does not exist");
        }
        depth = depth.saturating_add(1);
        if depth > MAX_DEPTH {
            return invalid("gate program is too deep");
        }
    }
    match depth {
        1 => Ok(()),
        _ => invalid("gate program does not leave one value"),
    }
}

/// What gate programs read.
pub(crate) struct Evals<'a> {
    pub(crate) fixed: &'a [Fr],
    pub(crate) advice: &'a [Fr],
    pub(crate) instance: &'a [Fr],
    pub(crate) challenges: &'a [Fr],
    pub(crate) rows: &'a RowEvals,
}

/// Runs a checked program. `stack` is scratch space.
pub(crate) fn evaluate(program: &[Expr], evals: &Evals<'_>, stack: &mut Vec<Fr>) -> Result<Fr, VerifyError> {
    const BROKEN: VerifyError = VerifyError::KeyInvalid { reason: "gate program" };
    stack.clear();
    for op in program {
        let value = match op {
            Expr::Constant(value) => *value,
            Expr::Fixed(index) => *evals.fixed.get(size(*index)).ok_or(BROKEN)?,
            Expr::Advice(index) => *evals.advice.get(size(*index)).ok_or(BROKEN)?,
            Expr::Instance(index) => *evals.instance.get(size(*index)).ok_or(BROKEN)?,
            Expr::Challenge(index) => *evals.challenges.get(size(*index)).ok_or(BROKEN)?,
            Expr::Rows(set) => evals.rows.of(*set),
            Expr::Negated => -stack.pop().ok_or(BROKEN)?,
            Expr::Scaled(factor) => stack.pop().ok_or(BROKEN)? * factor,
            Expr::Sum => stack.pop().ok_or(BROKEN)? + stack.pop().ok_or(BROKEN)?,
            Expr::Product => stack.pop().ok_or(BROKEN)? * stack.pop().ok_or(BROKEN)?,
        };
        stack.push(value);
    }
    stack.pop().ok_or(BROKEN)
}
