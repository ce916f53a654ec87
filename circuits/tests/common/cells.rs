//! All cells of a circuit with the gates evaluated one by one, so that each can be left out.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Advice, Column, ConstraintSystem, Expression};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Advice column index and row.
pub type At = (usize, usize);

/// Name, polynomial and queried advice columns.
pub type NamedGate = (String, Expression<Fr>, BTreeSet<usize>);

#[derive(Clone)]
pub struct Cells {
    pub gates: Arc<Vec<NamedGate>>,
    pub fixed: Arc<Vec<Vec<Fr>>>,
    pub instance: Vec<Vec<Fr>>,
    pub advice: Vec<Vec<Fr>>,
    pub challenges: Vec<Fr>,
    pub n: usize,
    pub usable: usize,
}

impl Cells {
    pub fn get(&self, column: Column<Advice>, row: usize) -> Fr {
        self.advice[column.index()][row]
    }

    pub fn set(&mut self, column: Column<Advice>, row: usize, value: Fr) {
        self.advice[column.index()][row] = value;
    }

    pub fn eval(&self, gate: usize, row: usize) -> Fr {
        let at = |rotation: halo2_proofs::poly::Rotation| {
            (row as i64 + i64::from(rotation.0)).rem_euclid(self.n as i64) as usize
        };
        self.gates[gate].1.evaluate(
            &|c| c,
            &|_| unreachable!("no selectors"),
            &|q| self.fixed[q.column_index()][at(q.rotation())],
            &|q| self.advice[q.column_index()][at(q.rotation())],
            &|q| self.instance[q.column_index()][at(q.rotation())],
            &|c| self.challenges[c.index()],
            &|a| -a,
            &|a, b| a + b,
            &|a, b| a * b,
            &|a, f| a * f,
        )
    }

    /// Names of the gates that do not hold, over all rows, the blinding rows included.
    pub fn failing_gates(&self) -> BTreeSet<String> {
        let fails = |gate: &usize| (0..self.n).any(|row| self.eval(*gate, row) != Fr::zero());
        (0..self.gates.len())
            .filter(fails)
            .map(|gate| self.gates[gate].0.clone())
            .collect()
    }

    pub fn gate(&self, name: &str) -> Vec<usize> {
        (0..self.gates.len())
            .filter(|&g| self.gates[g].0.starts_with(name))
            .collect()
    }

    /// Sets a cell so that a gate, linear in it, holds at its row.
    pub fn solve(&mut self, gate: usize, column: Column<Advice>, row: usize) {
        self.set(column, row, Fr::zero());
        let zero = self.eval(gate, row);
        self.set(column, row, Fr::one());
        let slope = self.eval(gate, row) - zero;
        self.set(
            column,
            row,
            -zero * slope.invert().expect("the gate determines the cell"),
        );
    }
}

/// The gates of a constraint system, one by one.
pub fn gates(cs: &ConstraintSystem<Fr>) -> Vec<NamedGate> {
    let mut gates = vec![];
    for gate in cs.gates() {
        for (i, poly) in gate.polynomials().iter().enumerate() {
            let name = format!("{}/{}#{i}", gate.name(), gate.constraint_name(i));
            gates.push((name, poly.clone(), queried(poly)));
        }
    }
    gates
}

fn queried(e: &Expression<Fr>) -> BTreeSet<usize> {
    let join = |a: BTreeSet<usize>, b: BTreeSet<usize>| a.into_iter().chain(b).collect();
    e.evaluate(
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|q| BTreeSet::from([q.column_index()]),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|a| a,
        &join,
        &join,
        &|a, _| a,
    )
}
