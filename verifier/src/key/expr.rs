//! Gate polynomials as postfix programs: no recursion, neither in decoding nor in evaluation.

use crate::codec::{size, Put, Reader};
use crate::error::VerifyError;
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
}

impl Expr {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let (tag, index) = match self {
            Self::Constant(value) => {
                out.put(&[0]);
                return out.put_scalar(value);
            }
            Self::Scaled(value) => {
                out.put(&[8]);
                return out.put_scalar(value);
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
            0 => Self::Constant(reader.scalar()?),
            1 => Self::Fixed(reader.u32()?),
            2 => Self::Advice(reader.u32()?),
            3 => Self::Instance(reader.u32()?),
            4 => Self::Challenge(reader.u32()?),
            5 => Self::Negated,
            6 => Self::Sum,
            7 => Self::Product,
            8 => Self::Scaled(reader.scalar()?),
            got => return Err(VerifyError::BadTag { got }),
        })
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
            Expr::Constant(_) => (0, 1),
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
            Expr::Negated => -stack.pop().ok_or(BROKEN)?,
            Expr::Scaled(factor) => stack.pop().ok_or(BROKEN)? * factor,
            Expr::Sum => stack.pop().ok_or(BROKEN)? + stack.pop().ok_or(BROKEN)?,
            Expr::Product => stack.pop().ok_or(BROKEN)? * stack.pop().ok_or(BROKEN)?,
        };
        stack.push(value);
    }
    stack.pop().ok_or(BROKEN)
}
