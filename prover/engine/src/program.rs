//! Straight-line code over columns, common terms shared.

use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use std::collections::{BTreeSet, HashMap};

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Instruction {
    Add(Operand, Operand),
    Sub(Operand, Operand),
    Mul(Operand, Operand),
    Load(Operand),
}

/// Builds a program.
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

    /// The program with registers assigned: results reuse the registers of values that are no longer needed.
    pub fn compile(&self, result: Operand) -> Compiled {
        let (instructions, result) = self.loaded(result);
        let mut last_use: Vec<usize> = (0..instructions.len()).collect();
        for (index, instruction) in instructions.iter().enumerate() {
            for operand in instruction.operands() {
                if let Operand::Node(node) = operand {
                    last_use[node] = index;
                }
            }
        }
        if let Operand::Node(node) = result {
            last_use[node] = usize::MAX;
        }
        let (mut free, mut count) = (vec![], 0);
        let mut registers: Vec<usize> = vec![0; instructions.len()];
        for (index, instruction) in instructions.iter().enumerate() {
            registers[index] = free.pop().unwrap_or_else(|| {
                count += 1;
                count - 1
            });
            let mut ended: Vec<usize> = instruction
                .operands()
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
        let source = |operand: Operand| match operand {
            Operand::Node(node) => Source::Register(registers[node]),
            Operand::Column(column, rotation) => Source::Column(column, rotation),
            Operand::Constant(constant) => Source::Constant(constant),
        };
        let operation = |instruction: &Instruction| match *instruction {
            Instruction::Add(a, b) => Operation::Add(source(a), source(b)),
            Instruction::Sub(a, b) => Operation::Sub(source(a), source(b)),
            Instruction::Mul(a, b) => Operation::Mul(source(a), source(b)),
            Instruction::Load(a) => Operation::Load(source(a)),
        };
        let steps = instructions.iter().zip(&registers);
        Compiled {
            constants: self.constants.clone(),
            steps: steps
                .map(|(instruction, register)| Step {
                    operation: operation(instruction),
                    to: *register,
                })
                .collect(),
            registers: count,
            result: source(result),
        }
    }

    /// The instructions, with columns that are read more than once loaded before: reading rows takes as long as a product, where they
    /// have to be brought into another form.
    fn loaded(&self, result: Operand) -> (Vec<Instruction>, Operand) {
        let mut reads: HashMap<Operand, usize> = HashMap::new();
        let operands = self.instructions.iter().flat_map(Instruction::operands);
        for operand in operands.filter(|o| matches!(o, Operand::Column(..))) {
            *reads.entry(operand).or_default() += 1;
        }
        let (mut instructions, mut loads) = (vec![], HashMap::new());
        let mut places: Vec<usize> = vec![];
        for instruction in &self.instructions {
            for operand in instruction.operands() {
                if reads.get(&operand).is_some_and(|reads| *reads > 1) && !loads.contains_key(&operand) {
                    loads.insert(operand, instructions.len());
                    instructions.push(Instruction::Load(operand));
                }
            }
            let moved = |operand: Operand| match operand {
                Operand::Node(node) => Operand::Node(places[node]),
                other => loads.get(&other).map_or(other, |load| Operand::Node(*load)),
            };
            let instruction = match *instruction {
                Instruction::Add(a, b) => Instruction::Add(moved(a), moved(b)),
                Instruction::Sub(a, b) => Instruction::Sub(moved(a), moved(b)),
                Instruction::Mul(a, b) => Instruction::Mul(moved(a), moved(b)),
                Instruction::Load(a) => Instruction::Load(moved(a)),
            };
            places.push(instructions.len());
            instructions.push(instruction);
        }
        let result = match result {
            Operand::Node(node) => Operand::Node(places[node]),
            other => other,
        };
        (instructions, result)
    }
}

impl Instruction {
    fn operands(&self) -> impl Iterator<Item = Operand> {
        let (first, second) = match *self {
            Self::Add(a, b) | Self::Sub(a, b) | Self::Mul(a, b) => (a, Some(b)),
            Self::Load(a) => (a, None),
        };
        std::iter::once(first).chain(second)
    }
}

/// Where a step reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    Register(usize),
    Column(usize, i32),
    Constant(usize),
}

/// What a step does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Add(Source, Source),
    Sub(Source, Source),
    Mul(Source, Source),
    Load(Source),
}

/// One operation, and the register that it writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub operation: Operation,
    pub to: usize,
}

/// A program that can be run.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub(crate) constants: Vec<Fr>,
    pub(crate) steps: Vec<Step>,
    /// Number of registers.
    pub(crate) registers: usize,
    pub(crate) result: Source,
}

impl Compiled {
    /// The program for scaled columns.
    pub(crate) fn scaled(&self, form: Fr) -> Self {
        let mut program = self.clone();
        program.constants.iter_mut().for_each(|constant| *constant *= form);
        program
    }

    /// The program that reads its columns elsewhere.
    pub(crate) fn reading(&self, place: impl Fn(usize, i32) -> (usize, i32)) -> Self {
        let moved = |source: Source| match source {
            Source::Column(column, rotation) => {
                let (column, rotation) = place(column, rotation);
                Source::Column(column, rotation)
            }
            other => other,
        };
        let step = |step: &Step| Step {
            operation: match step.operation {
                Operation::Add(a, b) => Operation::Add(moved(a), moved(b)),
                Operation::Sub(a, b) => Operation::Sub(moved(a), moved(b)),
                Operation::Mul(a, b) => Operation::Mul(moved(a), moved(b)),
                Operation::Load(a) => Operation::Load(moved(a)),
            },
            to: step.to,
        };
        Self {
            constants: self.constants.clone(),
            steps: self.steps.iter().map(step).collect(),
            registers: self.registers,
            result: moved(self.result),
        }
    }

    /// Columns that it reads, each with its rotations.
    pub(crate) fn reads(&self) -> BTreeSet<(usize, i32)> {
        let operands = self.steps.iter().flat_map(|step| match step.operation {
            Operation::Add(a, b) | Operation::Sub(a, b) | Operation::Mul(a, b) => [Some(a), Some(b)],
            Operation::Load(a) => [Some(a), None],
        });
        let sources = operands.flatten().chain([self.result]);
        let read = |source| match source {
            Source::Column(column, rotation) => Some((column, rotation)),
            Source::Register(_) | Source::Constant(_) => None,
        };
        sources.filter_map(read).collect()
    }
}
