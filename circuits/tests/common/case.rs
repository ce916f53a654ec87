//! A program laid out and run, and what its circuit says of it.

use super::*;
use halo2_proofs::dev::{MockProver, VerifyFailure};
use halo2_proofs::halo2curves::bn256::Fr;
use provenn_circuits::argument::{row_sets, signed, ModelCircuit, Witness};
use provenn_circuits::layout::{Layout, Shape};
use std::sync::Arc;

pub struct Case {
    pub model: Arc<Program>,
    pub layout: Arc<Layout>,
    pub witness: Witness,
    pub instances: Vec<Vec<Fr>>,
}

impl Case {
    pub fn new(model: Program, public: bool, seed: u64) -> Self {
        let input = random(seed, model.tensors[0].len(), 16);
        Self::with_input(model, public, input)
    }

    pub fn with_input(model: Program, public: bool, input: Vec<i64>) -> Self {
        let trace = run(&model, &input).expect("in range");
        let shape = (6..12)
            .flat_map(|k| [1, 2, 4].map(|lanes| (k, lanes)))
            .map(|(k, lanes)| shape(k, lanes, public))
            .find(|shape| Layout::build(&model, shape.clone()).is_ok());
        let layout = Layout::build(&model, shape.expect("fits")).expect("fits");
        Self::build(model, layout, trace)
    }

    /// On so many lanes, with these inputs public and the others committed.
    pub fn on(model: Program, lanes: usize, public: &[bool], seed: u64) -> Self {
        let inputs = model.input_tensors().iter().zip(seed..);
        let inputs: Vec<Vec<i64>> = inputs.map(|(tensor, seed)| random(seed, tensor.len(), 16)).collect();
        let trace = execute(&model, &inputs).expect("in range");
        let shape = |k| Shape {
            inputs: public.iter().map(|public| input_shape(*public)).collect(),
            ..shape(k, lanes, true)
        };
        let layout = (6..12)
            .find_map(|k| Layout::build(&model, shape(k)).ok())
            .expect("fits");
        Self::build(model, layout, trace)
    }

    pub fn build(model: Program, layout: Layout, trace: Trace) -> Self {
        let precision = model.precision;
        let (outputs, rows) = (trace.outputs(&model), layout.policy_rows);
        let score = |row: usize| {
            let (output, index) = layout.score(row);
            outputs[output].get(index).copied()
        };
        let coefficients = |z: i64| [Fr::one(), Fr::zero(), signed((-z).into())];
        let policy: Vec<[Fr; 3]> = (0..rows)
            .map(|row| score(row).map_or([Fr::zero(); 3], coefficients))
            .collect();
        let column = |i: usize| policy.iter().map(|p| p[i]).collect::<Vec<Fr>>();
        let equal = (0..rows)
            .map(|row| score(row).map_or(Fr::zero(), |_| Fr::one()))
            .collect();
        let mut instances = vec![column(0), column(1), column(2), equal];
        let half = Fr::from(1u64 << (precision.bits() - 1));
        for (id, input) in layout.shape.inputs.iter().enumerate().filter(|(_, input)| input.public) {
            instances.resize(4 + layout.shape.lanes, vec![]);
            let cells = provenn_circuits::argument::input_cells(&model, &layout, id, &trace.values[id]);
            let first = layout.rows[id].iter().min().copied().unwrap_or(0);
            for (column, cells) in instances[4..].iter_mut().zip(cells) {
                column.resize(column.len().max(cells.len()), Fr::zero());
                for (to, v) in column.iter_mut().zip(cells).skip(first) {
                    *to = Fr::from(v) - half;
                }
            }
            assert!(input.channels > 0);
        }
        if !layout.shape.whole.is_empty() {
            instances.resize(4 + layout.shape.lanes, vec![]);
            let mut shown = vec![];
            for &index in &layout.shape.whole {
                let id = model.outputs[index].tensor;
                let end = layout.rows[id].iter().max().map_or(0, |row| row + 1);
                shown.resize(end.max(shown.len()), Fr::zero());
                layout.rows[id].iter().for_each(|row| shown[*row] = Fr::one());
                let positions = model.tensors[id].positions();
                for (element, &value) in outputs[index].iter().enumerate() {
                    let (channel, position) = (element / positions, element % positions);
                    let row = layout.rows[id][channel / layout.shape.lanes * positions + position];
                    let column = &mut instances[4 + channel % layout.shape.lanes];
                    column.resize(column.len().max(row + 1), Fr::zero());
                    column[row] = signed(value.into());
                }
            }
            instances.push(shown);
        }
        instances.extend(row_sets(layout.shape.usable()));
        let witness = Witness {
            trace,
            top: 0,
            counts: None,
            policy,
        };
        Self {
            model: Arc::new(model),
            layout: Arc::new(layout),
            witness,
            instances,
        }
    }

    pub fn circuit(&self) -> ModelCircuit {
        ModelCircuit {
            model: self.model.clone(),
            layout: self.layout.clone(),
            witness: Some(Arc::new(self.witness.clone())),
        }
    }

    pub fn verify(&self) -> Result<(), Vec<VerifyFailure>> {
        let prover = MockProver::run(self.layout.shape.k, &self.circuit(), self.instances.clone()).expect("mock");
        // To describe a failure in the first row, the library reads blinding rows, which its code calls unreachable. Any other panic is one.
        let verdict = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| prover.verify()));
        verdict.unwrap_or_else(|panic| match panic.downcast_ref::<&str>() {
            Some(&"internal error: entered unreachable code") => Err(vec![]),
            _ => std::panic::resume_unwind(panic),
        })
    }
}
