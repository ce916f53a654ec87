//! The circuit accepts exactly what the reference executor computes.

use crate::common::*;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use provenn_circuits::argument::{Counts, ModelCircuit, Phase};
use provenn_circuits::layout::Shape;

#[test]
fn models_satisfy_the_circuit() {
    let models = [
        ("dense", dense(&[5, 7, 3])),
        ("conv", conv()),
        ("residual", residual()),
        ("mixed", mixed()),
        ("grouped", grouped()),
        ("activated", activated()),
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
    for model in [dense(&[5, 7, 3]), conv(), residual(), mixed(), grouped(), activated()] {
        for (public, line_columns) in [(true, 1), (false, 1), (false, 2), (true, 4)] {
            let shape = Shape {
                line_columns,
                ..Case::new(model.clone(), public, 7).layout.shape.clone()
            };
            let mut cs = ConstraintSystem::<Fr>::default();
            let config = ModelCircuit::configure_with_params(&mut cs, shape.clone());
            let counts = Counts::of(&shape);
            assert_eq!(counts.selectors, cs.num_fixed_columns());
            assert_eq!(counts.copied, cs.permutation().get_columns().len());
            assert_eq!(counts.products(), counts.copied.div_ceil(cs.degree() - 2));
            assert_eq!(counts.small + counts.field, cs.num_advice_columns());
            assert_eq!(counts.small, config.phase(Phase::First).len());
            // Every column is read at its own row, and so often at others.
            let queries = cs.advice_queries().iter().filter(|(_, rows)| rows.0 != 0).count();
            assert_eq!(counts.neighbours, queries, "{shape:?}");
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
