//! Gates as straight-line code over columns, with challenges folded in and common terms shared.

use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use std::collections::HashMap;

/// Rows evaluated together.
pub const BLOCK: usize = 64;

/// A value in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operand {
    /// Result of an instruction.
    Node(usize),
    /// A column at a rotation.
    Column(usize, i32),
    /// A constant.
    Constant(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Instruction {
    Add(Operand, Operand),
    Sub(Operand, Operand),
    Mul(Operand, Operand),
}

/// Builds and evaluates a program.
#[derive(Debug, Default)]
pub struct Program {
    constants: Vec<Fr>,
    instructions: Vec<Instruction>,
    known: HashMap<Instruction, usize>,
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

    fn push(&mut self, instruction: Instruction) -> Operand {
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
            _ => self.push(Instruction::Add(a.min(b), a.max(b))),
        }
    }

    /// `a - b`
    pub fn sub(&mut self, a: Operand, b: Operand) -> Operand {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => self.constant(x - y),
            (None, Some(y)) if y == Fr::ZERO => a,
            _ => self.push(Instruction::Sub(a, b)),
        }
    }

    /// `a * b`
    pub fn mul(&mut self, a: Operand, b: Operand) -> Operand {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => self.constant(x * y),
            (Some(x), None) | (None, Some(x)) if x == Fr::ZERO => self.constant(Fr::ZERO),
            (Some(x), None) if x == Fr::ONE => b,
            (None, Some(y)) if y == Fr::ONE => a,
            _ => self.push(Instruction::Mul(a.min(b), a.max(b))),
        }
    }

    /// A gate polynomial; `fixed`, `advice`, `instance` number the columns.
    pub fn expression(
        &mut self,
        e: &Expression<Fr>,
        challenges: &[Fr],
        column: &dyn Fn(Kind, usize) -> usize,
    ) -> Operand {
        match e {
            Expression::Constant(c) => self.constant(*c),
            // Selectors are fixed columns in a key.
            Expression::Selector(_) => self.constant(Fr::ZERO),
            Expression::Fixed(q) => Operand::Column(column(Kind::Fixed, q.column_index()), q.rotation().0),
            Expression::Advice(q) => Operand::Column(column(Kind::Advice, q.column_index()), q.rotation().0),
            Expression::Instance(q) => Operand::Column(column(Kind::Instance, q.column_index()), q.rotation().0),
            Expression::Challenge(c) => self.constant(challenges[c.index()]),
            Expression::Negated(a) => {
                let (zero, a) = (self.constant(Fr::ZERO), self.expression(a, challenges, column));
                self.sub(zero, a)
            }
            Expression::Sum(a, b) => {
                let a = self.expression(a, challenges, column);
                match &**b {
                    Expression::Negated(b) => {
                        let b = self.expression(b, challenges, column);
                        self.sub(a, b)
                    }
                    b => {
                        let b = self.expression(b, challenges, column);
                        self.add(a, b)
                    }
                }
            }
            Expression::Product(a, b) => {
                let (a, b) = (
                    self.expression(a, challenges, column),
                    self.expression(b, challenges, column),
                );
                self.mul(a, b)
            }
            Expression::Scaled(a, factor) => {
                let (a, factor) = (self.expression(a, challenges, column), self.constant(*factor));
                self.mul(a, factor)
            }
        }
    }

    /// Instructions with registers assigned: results reuse the registers of values that are no longer needed.
    pub fn compile(&self, result: Operand) -> Compiled<'_> {
        let mut last_use: Vec<usize> = (0..self.instructions.len()).collect();
        for (index, instruction) in self.instructions.iter().enumerate() {
            for operand in instruction.operands() {
                if let Operand::Node(node) = operand {
                    last_use[node] = index;
                }
            }
        }
        if let Operand::Node(node) = result {
            last_use[node] = usize::MAX;
        }
        let (mut free, mut registers, mut count) = (vec![], vec![0; self.instructions.len()], 0);
        for (index, instruction) in self.instructions.iter().enumerate() {
            registers[index] = free.pop().unwrap_or_else(|| {
                count += 1;
                count - 1
            });
            let mut ended: Vec<usize> = instruction
                .operands()
                .into_iter()
                .filter_map(|o| match o {
                    Operand::Node(node) if last_use[node] == index => Some(registers[node]),
                    _ => None,
                })
                .collect();
            ended.dedup();
            free.extend(ended);
            if last_use[index] == index {
                free.push(registers[index]);
            }
        }
        Compiled {
            program: self,
            registers,
            count,
            result,
        }
    }
}

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

impl Instruction {
    fn operands(&self) -> [Operand; 2] {
        match *self {
            Self::Add(a, b) | Self::Sub(a, b) | Self::Mul(a, b) => [a, b],
        }
    }
}

/// A program with registers.
#[derive(Debug)]
pub struct Compiled<'a> {
    program: &'a Program,
    registers: Vec<usize>,
    count: usize,
    result: Operand,
}

impl Compiled<'_> {
    /// Registers for [`Self::evaluate`].
    pub fn workspace(&self) -> Vec<[Fr; BLOCK]> {
        vec![[Fr::ZERO; BLOCK]; self.count]
    }

    /// Evaluates rows `start..start + out.len()` (at most [`BLOCK`]) of columns of one length, rotations cyclic.
    pub fn evaluate(&self, columns: &[&[Fr]], start: usize, out: &mut [Fr], work: &mut [[Fr; BLOCK]]) {
        let rows = out.len();
        for (index, instruction) in self.program.instructions.iter().enumerate() {
            let [a, b] = instruction.operands();
            let mut left = [Fr::ZERO; BLOCK];
            let mut right = [Fr::ZERO; BLOCK];
            let a = self.load(a, columns, start, rows, work, &mut left);
            let b = self.load(b, columns, start, rows, work, &mut right);
            let mut result = [Fr::ZERO; BLOCK];
            let pairs = result.iter_mut().zip(a.iter().zip(b)).take(rows);
            match instruction {
                Instruction::Add(..) => pairs.for_each(|(r, (a, b))| *r = a + b),
                Instruction::Sub(..) => pairs.for_each(|(r, (a, b))| *r = a - b),
                Instruction::Mul(..) => pairs.for_each(|(r, (a, b))| *r = a * b),
            }
            work[self.registers[index]] = result;
        }
        let mut buffer = [Fr::ZERO; BLOCK];
        let result = self.load(self.result, columns, start, rows, work, &mut buffer);
        out.copy_from_slice(&result[..rows]);
    }

    fn load<'b>(
        &self,
        operand: Operand,
        columns: &[&'b [Fr]],
        start: usize,
        rows: usize,
        work: &'b [[Fr; BLOCK]],
        buffer: &'b mut [Fr; BLOCK],
    ) -> &'b [Fr] {
        match operand {
            Operand::Node(node) => &work[self.registers[node]],
            Operand::Constant(index) => {
                buffer.fill(self.program.constants[index]);
                buffer
            }
            Operand::Column(column, rotation) => {
                let cells = columns[column];
                let n = cells.len();
                let first = (start as i64 + i64::from(rotation)).rem_euclid(n as i64) as usize;
                if first + rows <= n {
                    return &cells[first..first + rows];
                }
                for (i, cell) in buffer.iter_mut().enumerate().take(rows) {
                    *cell = cells[(first + i) % n];
                }
                buffer
            }
        }
    }
}
