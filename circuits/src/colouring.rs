//! Colouring: the circuit that shows a proper colouring of a public graph.
//!
//! Its gates, with the argument why they suffice, are the verifier's own
//! (`gates`): a verifier makes the key of a class by itself, and this circuit is read from
//! the same programs. It has no fixed columns and no copies, so its proofs are made column by column, see [`ColouringWitness`].

mod witness;

pub use witness::ColouringWitness;

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{
    Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Instance, SecondPhase,
    ThirdPhase,
};
use halo2_proofs::poly::Rotation;
use provenn_verifier::statement::colouring::gates;
use provenn_verifier::{ColouringClass, Expr};

/// The circuit of a class.
#[derive(Clone, Copy, Debug)]
pub struct ColouringCircuit {
    /// Number of colours, and size.
    pub class: ColouringClass,
}

/// Its columns.
#[derive(Clone, Debug)]
pub struct ColouringConfig {
    /// Cells of the colours, lane by lane.
    pub colours: Vec<Column<Advice>>,
    /// Sums over neighbours, lane by lane.
    pub sums: Vec<Column<Advice>>,
    /// The running sum.
    pub accumulator: Column<Advice>,
    /// `usable`, `powers`, `total`, and the weights of each lane.
    pub public: Vec<Column<Instance>>,
    /// `rho`, `sigma`, `s`, `z`.
    pub challenges: [Challenge; 4],
}

impl Circuit<Fr> for ColouringCircuit {
    type Config = ColouringConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ColouringClass;

    fn params(&self) -> ColouringClass {
        self.class
    }

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, class: ColouringClass) -> ColouringConfig {
        ColouringConfig::new(meta, &class)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> ColouringConfig {
        ColouringConfig::new(meta, &ColouringClass::default())
    }

    fn synthesize(&self, _: ColouringConfig, _: impl Layouter<Fr>) -> Result<(), Error> {
        Ok(())
    }
}

impl ColouringConfig {
    fn new(meta: &mut ConstraintSystem<Fr>, class: &ColouringClass) -> Self {
        let lanes = class.lanes();
        let public = (0..gates::PUBLIC + lanes).map(|_| meta.instance_column()).collect();
        let colours = (0..lanes * class.cells()).map(|_| meta.advice_column_in(FirstPhase));
        let colours = colours.collect();
        let first = [(); 2].map(|()| meta.challenge_usable_after(FirstPhase));
        let sums = (0..lanes * class.vectors()).map(|_| meta.advice_column_in(SecondPhase));
        let sums = sums.collect();
        let second = [(); 2].map(|()| meta.challenge_usable_after(SecondPhase));
        let config = Self {
            colours,
            sums,
            accumulator: meta.advice_column_in(ThirdPhase),
            public,
            challenges: [first[0], first[1], second[0], second[1]],
        };
        config.create_gates(meta, class);
        config
    }

    /// The gates of the class. Queries are made in the order of its key.
    fn create_gates(&self, meta: &mut ConstraintSystem<Fr>, class: &ColouringClass) {
        let advice: Vec<Column<Advice>> = [&self.colours[..], &self.sums, &[self.accumulator]].concat();
        meta.create_gate("colouring", |m| {
            let instance: Vec<_> = gates::instance_queries(class)
                .into_iter()
                .map(|(column, rotation)| m.query_instance(self.public[column as usize], Rotation(rotation)))
                .collect();
            let advice: Vec<_> = gates::advice_queries(class)
                .into_iter()
                .map(|(column, rotation)| m.query_advice(advice[column as usize], Rotation(rotation)))
                .collect();
            let expression = |program: &[Expr]| expression(program, &advice, &instance, &self.challenges);
            gates::gates(class)
                .into_iter()
                .map(|(name, program)| (name, expression(&program)))
                .collect::<Vec<_>>()
        });
    }
}

/// The polynomial of a postfix program.
fn expression(
    program: &[Expr],
    advice: &[Expression<Fr>],
    instance: &[Expression<Fr>],
    challenges: &[Challenge],
) -> Expression<Fr> {
    let mut stack: Vec<Expression<Fr>> = vec![];
    for op in program {
        let top = match op {
            Expr::Constant(value) => Expression::Constant((*value).into()),
            Expr::Advice(query) => advice[*query as usize].clone(),
            Expr::Instance(query) => instance[*query as usize].clone(),
            Expr::Challenge(index) => challenges[*index as usize].expr(),
            Expr::Fixed(_) | Expr::Rows(_) => unreachable!("a colouring has neither fixed columns nor sets of rows"),
            Expr::Negated | Expr::Scaled(_) => {
                let operand = pop(&mut stack);
                match op {
                    Expr::Scaled(factor) => operand * Fr::from(*factor),
                    _ => -operand,
                }
            }
            Expr::Sum | Expr::Product => {
                let (right, left) = (pop(&mut stack), pop(&mut stack));
                match op {
                    Expr::Sum => left + right,
                    _ => left * right,
                }
            }
        };
        stack.push(top);
    }
    pop(&mut stack)
}

fn pop(stack: &mut Vec<Expression<Fr>>) -> Expression<Fr> {
    stack.pop().unwrap_or(Expression::Constant(Fr::zero()))
}
