//! The order of a program's instructions: columns that are read near each other.
//!
//! Most terms read few columns, and one may read very many: what it sums up goes through the columns in some order. The others are computed as soon as that
//! has come to the last column that they share with it, so that a column is not needed any more soon after it was read first.

use super::{Operand, Program};
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use std::collections::HashMap;

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
            program: Self::default(),
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
            let columns = operands.filter_map(|operand| match operand {
                Operand::Column(column, _) => ranks.get(&column),
                _ => None,
            });
            for column in columns {
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
        let (mut open, mut nodes) = (vec![operand], std::collections::BTreeSet::new());
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
        let (mut known, mut columns) = (std::collections::HashSet::new(), vec![]);
        for operand in operands.chain([operand]) {
            if let Operand::Column(column, _) = operand {
                if known.insert(column) {
                    columns.push(column);
                }
            }
        }
        columns
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
            self.places[node] = Some(self.program.instruction(moved));
        }
        self.moved(operand)
    }

    fn moved(&mut self, operand: Operand) -> Operand {
        match operand {
            Operand::Node(node) => self.places[node].unwrap_or(operand),
            Operand::Constant(constant) => self.program.constant(self.given.constants[constant]),
            column @ Operand::Column(..) => column,
        }
    }

    /// Adds a term to the sum.
    fn join(&mut self, term: Operand, factor: Fr) {
        let term = self.emit(term);
        let factor = self.program.constant(factor);
        let term = self.program.mul(factor, term);
        self.sum = Some(match self.sum {
            Some(sum) => self.program.add(sum, term),
            None => term,
        });
    }
}
