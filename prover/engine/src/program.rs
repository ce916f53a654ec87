//! Straight-line code over columns, common terms shared.
//!
//! It is written by terms ([`Program`]), brought into an order in which few columns are held at a time (`order`), and cut into parts that are
//! run one after the other (`parts`).

mod order;
mod parts;

#[cfg(target_arch = "x86_64")]
pub(crate) use parts::Step;
pub(crate) use parts::{Compiled, Parts, Source};

use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use std::collections::HashMap;

/// A value in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operand {
    /// Result of an instruction.
    Node(usize),
    /// A column, so many rows further on.
    Column(usize, i32),
    /// A constant.
    Constant(usize),
}

impl Operand {
    fn column(self) -> Option<usize> {
        match self {
            Self::Column(column, _) => Some(column),
            Self::Node(_) | Self::Constant(_) => None,
        }
    }
}

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation<S> {
    Add(S, S),
    Sub(S, S),
    Mul(S, S),
    Load(S),
}

impl<S: Copy> Operation<S> {
    pub fn operands(self) -> impl Iterator<Item = S> {
        let (first, second) = match self {
            Self::Add(a, b) | Self::Sub(a, b) | Self::Mul(a, b) => (a, Some(b)),
            Self::Load(a) => (a, None),
        };
        std::iter::once(first).chain(second)
    }

    fn map<T>(self, mut of: impl FnMut(S) -> T) -> Operation<T> {
        match self {
            Self::Add(a, b) => Operation::Add(of(a), of(b)),
            Self::Sub(a, b) => Operation::Sub(of(a), of(b)),
            Self::Mul(a, b) => Operation::Mul(of(a), of(b)),
            Self::Load(a) => Operation::Load(of(a)),
        }
    }
}

/// Builds a program.
#[derive(Debug, Default)]
pub struct Program {
    constants: Vec<Fr>,
    instructions: Vec<Operation<Operand>>,
    known: HashMap<Operation<Operand>, usize>,
    known_constants: HashMap<[u8; 32], usize>,
}

impl Program {
    /// A constant.
    pub fn constant(&mut self, value: Fr) -> Operand {
        let next = self.constants.len();
        let index = *self.known_constants.entry(value.to_repr()).or_insert(next);
        if index == next {
            self.constants.push(value);
        }
        Operand::Constant(index)
    }

    fn value(&self, operand: Operand) -> Option<Fr> {
        match operand {
            Operand::Constant(index) => Some(self.constants[index]),
            _ => None,
        }
    }

    fn push(&mut self, instruction: Operation<Operand>) -> Operand {
        let next = self.instructions.len();
        let index = *self.known.entry(instruction).or_insert(next);
        if index == next {
            self.instructions.push(instruction);
        }
        Operand::Node(index)
    }

    /// `a + b`
    pub fn add(&mut self, a: Operand, b: Operand) -> Operand {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => self.constant(x + y),
            (Some(x), None) if x == Fr::ZERO => b,
            (None, Some(y)) if y == Fr::ZERO => a,
            _ => self.push(Operation::Add(a.min(b), a.max(b))),
        }
    }

    /// `a - b`
    pub fn sub(&mut self, a: Operand, b: Operand) -> Operand {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => self.constant(x - y),
            (None, Some(y)) if y == Fr::ZERO => a,
            _ => self.push(Operation::Sub(a, b)),
        }
    }

    /// `a * b`
    pub fn mul(&mut self, a: Operand, b: Operand) -> Operand {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => self.constant(x * y),
            (Some(x), None) | (None, Some(x)) if x == Fr::ZERO => self.constant(Fr::ZERO),
            (Some(x), None) if x == Fr::ONE => b,
            (None, Some(y)) if y == Fr::ONE => a,
            _ => self.push(Operation::Mul(a.min(b), a.max(b))),
        }
    }
}
