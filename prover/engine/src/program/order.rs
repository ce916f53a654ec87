//! The order of a program's instructions: columns that are read near each other.
//!
//! Most terms read few columns, and one may read very many: what it sums up goes through the columns in some order. The others are computed as soon as that
//! has come to the last column that they share with it, so that a column is not needed any more soon after it was read first.

use super::{Operand, Operation, Program};
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use std::collections::{BTreeSet, HashMap, HashSet};

impl Program {
    /// A program of `sum_i by^(n - 1 - i) term_i`, and its result.
    pub(crate) fn joined(&self, terms: &[Operand], by: Fr) -> (Self, Operand) {
        let mut powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(power * by))
            .take(terms.len())
            .collect();
        powers.reverse();
        let mut ordered = Ordered {
            given: self,
            places: vec![None; self.instructions.len()],
            // Its instructions are known to differ from each other.
            program: Self {
                constants: self.constants.clone(),
                ..Self::default()
            },
            sum: None,
        };
        let columns: Vec<Vec<usize>> = terms.iter().map(|term| self.columns(*term)).collect();
        let Some(longest) = (0..terms.len()).max_by_key(|term| (columns[*term].len(), *term)) else {
            let zero = ordered.program.constant(Fr::ZERO);
            return (ordered.program, zero);
        };
        let ranks: HashMap<usize, usize> = columns[longest].iter().copied().zip(1..).collect();
        let rank = |term: usize| columns[term].iter().filter_map(|column| ranks.get(column)).max();
        let mut others: Vec<usize> = (0..terms.len()).filter(|term| *term != longest).collect();
        others.sort_by_key(|term| (rank(*term), *term));
        let mut others = others.into_iter().peekable();
        let (mut read, mut known) = (0, vec![false; columns[longest].len() + 1]);
        for node in self.below(terms[longest], &[]) {
            let operands = self.instructions[node].operands();
            for column in operands
                .filter_map(Operand::column)
                .filter_map(|column| ranks.get(&column))
            {
                read += usize::from(!std::mem::replace(&mut known[*column], true));
            }
            ordered.emit(Operand::Node(node));
            while let Some(term) = others.next_if(|term| rank(*term).is_none_or(|rank| *rank <= read)) {
                ordered.join(terms[term], powers[term]);
            }
        }
        for term in others.chain([longest]) {
            ordered.join(terms[term], powers[term]);
        }
        let result = match ordered.sum {
            Some(sum) => sum,
            None => ordered.program.constant(Fr::ZERO),
        };
        (ordered.program, result)
    }

    /// What an operand is computed from and is not done yet, itself last.
    fn below(&self, operand: Operand, done: &[Option<Operand>]) -> Vec<usize> {
        let (mut open, mut nodes) = (vec![operand], BTreeSet::new());
        while let Some(operand) = open.pop() {
            if let Operand::Node(node) = operand {
                if done.get(node).copied().flatten().is_none() && nodes.insert(node) {
                    open.extend(self.instructions[node].operands());
                }
            }
        }
        // Instructions read those before them.
        nodes.into_iter().collect()
    }

    /// The columns that an operand is computed from, in the order in which they are read.
    fn columns(&self, operand: Operand) -> Vec<usize> {
        let nodes = self.below(operand, &[]);
        let operands = nodes.iter().flat_map(|node| self.instructions[*node].operands());
        let mut known = HashSet::new();
        let columns = operands.chain([operand]).filter_map(Operand::column);
        columns.filter(|column| known.insert(*column)).collect()
    }
}

/// A program in its order, as far as it is there.
struct Ordered<'a> {
    given: &'a Program,
    /// For each instruction that is given, where it is in the order.
    places: Vec<Option<Operand>>,
    program: Program,
    sum: Option<Operand>,
}

impl Ordered<'_> {
    fn emit(&mut self, operand: Operand) -> Operand {
        for node in self.given.below(operand, &self.places) {
            let moved = self.given.instructions[node].map(|operand| self.moved(operand));
            self.places[node] = Some(self.instruction(moved));
        }
        self.moved(operand)
    }

    fn moved(&self, operand: Operand) -> Operand {
        match operand {
            Operand::Node(node) => self.places[node].unwrap_or(operand),
            Operand::Column(..) | Operand::Constant(_) => operand,
        }
    }

    fn instruction(&mut self, instruction: Operation<Operand>) -> Operand {
        self.program.instructions.push(instruction);
        Operand::Node(self.program.instructions.len() - 1)
    }

    /// Adds a term to the sum.
    fn join(&mut self, term: Operand, factor: Fr) {
        let mut term = self.emit(term);
        if factor != Fr::ONE {
            self.program.constants.push(factor);
            let factor = Operand::Constant(self.program.constants.len() - 1);
            term = self.instruction(Operation::Mul(factor, term));
        }
        self.sum = Some(match self.sum {
            Some(sum) => self.instruction(Operation::Add(sum, term)),
            None => term,
        });
    }
}
