//! Gates of a key as a program.

use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_engine::{Operand, Program};

/// Kinds of columns in gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Fixed.
    Fixed,
    /// Advice.
    Advice,
    /// Instance.
    Instance,
}

/// A gate polynomial, with challenges folded in; `column` numbers the columns.
pub fn expression(
    program: &mut Program,
    e: &Expression<Fr>,
    challenges: &[Fr],
    column: &dyn Fn(Kind, usize) -> usize,
) -> Operand {
    match e {
        Expression::Constant(c) => program.constant(*c),
        // Selectors are fixed columns in a key.
        Expression::Selector(_) => program.constant(Fr::ZERO),
        Expression::Fixed(q) => Operand::Column(column(Kind::Fixed, q.column_index()), q.rotation().0),
        Expression::Advice(q) => Operand::Column(column(Kind::Advice, q.column_index()), q.rotation().0),
        Expression::Instance(q) => Operand::Column(column(Kind::Instance, q.column_index()), q.rotation().0),
        Expression::Challenge(c) => program.constant(challenges[c.index()]),
        Expression::Negated(a) => {
            let (zero, a) = (program.constant(Fr::ZERO), expression(program, a, challenges, column));
            program.sub(zero, a)
        }
        Expression::Sum(a, b) => {
            let a = expression(program, a, challenges, column);
            match &**b {
                Expression::Negated(b) => {
                    let b = expression(program, b, challenges, column);
                    program.sub(a, b)
                }
                b => {
                    let b = expression(program, b, challenges, column);
                    program.add(a, b)
                }
            }
        }
        Expression::Product(a, b) => {
            let (a, b) = (
                expression(program, a, challenges, column),
                expression(program, b, challenges, column),
            );
            program.mul(a, b)
        }
        Expression::Scaled(a, factor) => {
            let (a, factor) = (expression(program, a, challenges, column), program.constant(*factor));
            program.mul(a, factor)
        }
    }
}
