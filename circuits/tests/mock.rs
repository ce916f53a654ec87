//! The circuit accepts exactly what the reference executor computes.

mod common;

use common::*;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use provenn_circuits::argument::ModelCircuit;

#[test]
fn models_satisfy_the_circuit() {
    let models = [
        ("dense", dense(&[5, 7, 3])),
        ("conv", conv()),
        ("residual", residual()),
        ("mixed", mixed()),
        ("grouped", grouped()),
    ];
    for (name, model) in models {
        for public in [true, false] {
            let case = Case::new(model.clone(), public, 7);
            assert_eq!(case.verify(), Ok(()), "{name}, public {public}");
        }
    }
}

#[test]
fn extreme_inputs_satisfy_the_circuit() {
    let model = dense(&[4, 4, 2]);
    let half = 1i64 << (model.precision.bits() - 1);
    for input in [vec![-half; 4], vec![half - 1; 4], vec![0; 4]] {
        let case = Case::with_input(model.clone(), true, input);
        assert_eq!(case.verify(), Ok(()));
    }
}

/// The cost model counts the columns that the circuit has.
#[test]
fn columns_are_as_forecast() {
    for model in [dense(&[5, 7, 3]), conv(), residual(), mixed(), grouped()] {
        for public in [true, false] {
            let shape = Case::new(model.clone(), public, 7).layout.shape.clone();
            let mut cs = ConstraintSystem::<Fr>::default();
            let _config = ModelCircuit::configure_with_params(&mut cs, shape.clone());
            let copied = cs.permutation().get_columns().len();
            assert_eq!(shape.fixed_columns(), cs.num_fixed_columns() + copied);
            let advice = cs.num_advice_columns() + copied.div_ceil(cs.degree() - 2);
            assert_eq!(shape.small_columns() + shape.full_columns(), advice);
        }
    }
}

#[test]
fn a_wrong_public_score_is_rejected() {
    let mut case = Case::new(dense(&[5, 7, 3]), true, 3);
    let row = case.layout.policy_rows - 1;
    case.instances[2][row] += Fr::one();
    assert!(case.verify().is_err());
}
