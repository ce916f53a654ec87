//! Small programs and a mock prover run over them.
#![allow(dead_code, unused_imports)]

pub mod case;
pub mod cells;
pub mod programs;

pub use case::Case;
pub use programs::*;

use provenn_circuits::layout::{InputShape, Shape};
use provenn_circuits::program::*;
use provenn_circuits::program::{execute, Trace};
use provenn_circuits::CircuitError;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

pub const PRECISION: Precision = Precision {
    table_bits: 5,
    limbs: 2,
    top_bits: 1,
};

pub fn random(seed: u64, count: usize, half: i64) -> Vec<i64> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (0..count)
        .map(|_| ((rng.next_u64() % (2 * half as u64)) as i64 - half).max(1 - half))
        .collect()
}

pub fn tensor(name: &str, [channels, height, width]: [usize; 3], signed: bool, step: Step) -> Tensor {
    Tensor {
        name: name.into(),
        channels,
        height,
        width,
        frac: 0,
        signed,
        step,
    }
}

pub fn affine(parts: Vec<Part>, channels: usize, out: usize, axes: [Axis; 2], seed: u64) -> Affine {
    let weights = random(seed, out * channels * axes[0].kernel * axes[1].kernel, 300);
    let contraction = Contraction {
        parts,
        constant: 0,
        groups: 1,
        channels,
        axes,
        weights: weights.into(),
        public: false,
    };
    Affine {
        contractions: vec![contraction],
        bias: random(seed + 1, out, 1 << 15),
        public_bias: false,
        linear: vec![],
        matrix_products: vec![],
        table: None,
    }
}

pub fn part(tensor: usize) -> Part {
    part_at(tensor, 1, 0)
}

pub fn part_at(tensor: usize, alpha: i64, offset: usize) -> Part {
    Part {
        tensor,
        alpha,
        offset,
        view: None,
    }
}

/// A shape for [`PRECISION`]; the layout chooses the rest.
pub fn shape(k: u32, lanes: usize, public_input: bool) -> Shape {
    Shape {
        k,
        lanes,
        table_bits: PRECISION.table_bits,
        limbs: PRECISION.limbs,
        top_bits: PRECISION.top_bits,
        weight_bits: 16,
        line_columns: 1,
        inputs: vec![input_shape(public_input)],
        ..Shape::default()
    }
}

/// An input whose extents the layout fills in.
pub fn input_shape(public: bool) -> InputShape {
    InputShape {
        public,
        channels: 0,
        positions: 0,
        unsigned: false,
    }
}

/// The program of these tensors; the first ones are its inputs, the last one is its output.
pub fn model(tensors: Vec<Tensor>) -> Program {
    let outputs = vec![tensors.len() - 1];
    with_outputs(tensors, &outputs)
}

/// The same with these tensors as outputs.
pub fn with_outputs(tensors: Vec<Tensor>, outputs: &[usize]) -> Program {
    let inputs = tensors.iter().take_while(|t| matches!(t.step, Step::Input));
    let inputs = inputs.map(|t| Input {
        shape: vec![t.len()],
        order: InputOrder::row_major(t.len()),
        elements: provenn_circuits::graph::InputType::Reals,
        lifts: vec![],
    });
    let outputs = outputs.iter().map(|&tensor| Output {
        name: tensors[tensor].name.clone(),
        tensor,
        shape: vec![tensors[tensor].len()],
    });
    Program {
        precision: PRECISION,
        inputs: inputs.collect(),
        outputs: outputs.collect(),
        tensors,
    }
}

/// Runs a program of one input.
pub fn run(model: &Program, input: &[i64]) -> Result<Trace, CircuitError> {
    execute(model, &[input.to_vec()])
}
