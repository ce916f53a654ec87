//! What benches share.
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

pub mod lines;
#[path = "../../service/tests/crash/postgres.rs"]
pub mod postgres;
pub mod service;

use provenn_engine::{Operand, Program};

/// 40 products and as many sums of two columns, of degree 41 in them.
pub fn forty_products() -> (Program, Operand) {
    let (mut program, mut result) = (Program::default(), Operand::Column(0, 0));
    for step in 0..40 {
        result = program.mul(result, Operand::Column(step % 2, step as i32 % 3));
        result = program.add(result, Operand::Column(1, 0));
    }
    (program, result)
}
