//! The circuit accepts exactly what the reference executor computes.

mod common;

use common::*;

#[test]
fn models_satisfy_the_circuit() {
    let models = [
        ("dense", dense(&[5, 7, 3])),
        ("conv", conv()),
        ("residual", residual()),
        ("mixed", mixed()),
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

#[test]
fn a_wrong_public_score_is_rejected() {
    let mut case = Case::new(dense(&[5, 7, 3]), true, 3);
    let row = case.layout.policy_rows - 1;
    case.instances[2][row] += halo2_proofs::halo2curves::bn256::Fr::one();
    assert!(case.verify().is_err());
}
