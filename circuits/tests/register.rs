//! The registration circuit: honest columns satisfy it, and each gate has a forgery that violates only it.

mod common;

use common::cells::{gates, Cells};
use common::{bounded, conv, dense, grouped, mixed, residual, Case};
use halo2_proofs::dev::{CellValue, MockProver};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use provenn_circuits::argument::weight_cells;
use provenn_circuits::program::{Program, Step};
use provenn_circuits::register::{check_registered, RegisterCircuit, RegisterConfig, RegisterShape, RegisterWitness};
use provenn_circuits::CircuitError;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

struct Registration {
    shape: RegisterShape,
    config: RegisterConfig,
    cells: Cells,
}

/// The honest cells for a model, or those for the given weights.
fn registration(model: Program, weights: Option<Vec<Vec<u64>>>) -> Registration {
    let case = Case::new(model, true, 5);
    let circuit = RegisterCircuit::new(&case.model, &case.layout);
    let (shape, n) = (circuit.shape().clone(), 1usize << circuit.shape().k);
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let alpha = Fr::random(&mut rng);
    let mut cs = ConstraintSystem::default();
    let config = RegisterCircuit::configure_with_params(&mut cs, shape.clone());
    assert_eq!(cs.degree(), 5);
    assert_eq!(n - cs.blinding_factors() - 1, shape.usable());
    let mock = MockProver::run(shape.k, &circuit, vec![]).expect("mock");
    let cell = |v: &CellValue<Fr>| if let CellValue::Assigned(v) = v { *v } else { Fr::zero() };
    let fixed = mock.fixed().iter().map(|c| c.iter().map(cell).collect()).collect();
    let weights = weights.unwrap_or_else(|| weight_cells(&case.model, &case.layout));
    let witness = RegisterWitness::new(&shape, weights);
    let mut advice = vec![vec![]; cs.num_advice_columns()];
    for (columns, values) in config.phases().iter().zip([witness.phase1(), witness.phase2(alpha)]) {
        assert_eq!(columns.len(), values.len());
        for (column, mut values) in columns.iter().zip(values) {
            values.resize_with(n, || Fr::random(&mut rng));
            advice[column.index()] = values;
        }
    }
    let cells = Cells {
        gates: Arc::new(gates(&cs)),
        fixed: Arc::new(fixed),
        instance: vec![],
        advice,
        challenges: vec![alpha],
        n,
        usable: shape.usable(),
    };
    Registration { shape, config, cells }
}

impl Registration {
    /// Helpers and sums that fit the cells of phase 1, wherever that is possible.
    fn recompute(&mut self) {
        let [_, second] = self.config.phases();
        let mut gates = self.cells.gate("range/range helper");
        gates.extend(self.cells.gate("range/range sum"));
        assert_eq!(gates.len(), second.len());
        for (gate, column) in gates.into_iter().zip(second) {
            (0..self.cells.usable).for_each(|row| self.cells.solve(gate, column, row));
        }
    }

    fn failing(&self) -> BTreeSet<String> {
        self.cells.failing_gates()
    }
}

fn models() -> Vec<Program> {
    vec![dense(&[5, 7, 3]), conv(), residual(), mixed(), grouped(), bounded()]
}

#[test]
fn honest_weights_are_registered() {
    for model in models() {
        let registration = registration(model, None);
        assert_eq!(registration.failing(), BTreeSet::new());
    }
}

#[test]
fn a_shape_covers_its_weights() {
    for k in 5..19 {
        let case = Case::new(dense(&[3, 2]), true, 5);
        let mut layout = (*case.layout).clone();
        layout.shape.k = k;
        for (lanes, bits) in [(1, 16), (40, 17), (120, 24), (300, 33)] {
            (layout.shape.weight_lanes, layout.shape.weight_bits) = (lanes, bits);
            let shape = RegisterShape::new(&case.model, &layout);
            assert!(shape.limb_bits * shape.limbs as u32 >= bits);
            assert!(shape.tables * shape.usable() >= 1 << shape.limb_bits);
            assert!(shape.proven_bits() >= bits && shape.proven_bits() <= bits + 20);
        }
    }
}

/// The bound on accumulators counts each use of a weight, and layouts without room below the field size are refused.
#[test]
fn accumulators_of_registered_weights_are_bounded() {
    let mut model = dense(&[3, 2]);
    let Step::Affine(affine) = &mut model.tensors[1].step else {
        unreachable!("affine")
    };
    // One weight meets the same element 64 times.
    let c = &mut affine.contractions[0];
    c.parts[0].alpha = 1 << 50;
    c.axes[1].taps = vec![vec![(0, 0); 64]];
    let case = Case::new(dense(&[3, 2]), true, 5);
    let shape = RegisterShape::new(&case.model, &case.layout);
    let most = 6 + 50 + model.precision.bits() + shape.proven_bits();
    assert!(shape.accumulator_bits(&model) > most, "three channels of {most} bits");
    let mut layout = (*case.layout).clone();
    assert!(check_registered(&case.model, &layout).is_ok());
    layout.shape.weight_bits = 60;
    let wrap = check_registered(&case.model, &layout);
    assert!(matches!(wrap, Err(CircuitError::Wrap { limit: 200, .. })), "{wrap:?}");
}

/// Every cell of the weight columns that is out of range unbalances the sum, and nothing else fails.
#[test]
fn weights_out_of_range_are_refused() {
    let bound = {
        let honest = registration(dense(&[5, 7, 3]), None);
        1u64 << honest.shape.proven_bits()
    };
    for value in [-Fr::one(), Fr::from(bound), Fr::from(2).invert().unwrap()] {
        for row in [0, 4, 20] {
            let mut forged = registration(dense(&[5, 7, 3]), None);
            let column = forged.config.phases()[0][0];
            forged.cells.set(column, row, value);
            forged.recompute();
            let failing = forged.failing();
            assert!(
                failing.iter().any(|name| name.starts_with("range/range balance")),
                "{failing:?}"
            );
            assert!(
                failing.iter().all(|name| !name.starts_with("range/range helper")),
                "{failing:?}"
            );
        }
    }
}

#[test]
fn each_gate_is_needed() {
    let mut caught: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    // A limb, a helper, a sum that is off by one; a multiplicity that is.
    let honest = || registration(conv(), None);
    let [first, second] = honest().config.phases();
    let off_by_one = |mut forged: Registration, column, row| {
        let value = forged.cells.get(column, row) + Fr::one();
        forged.cells.set(column, row, value);
        forged
    };
    for (index, &helper) in second[..second.len() - 1].iter().enumerate() {
        let mut forged = off_by_one(honest(), helper, 3);
        let gate = forged.cells.gate("range/range sum")[0];
        let sum = second[second.len() - 1];
        // Spread the difference over another helper, so that only the two helpers are wrong.
        let other = second[(index + 1) % (second.len() - 1)];
        let balanced = forged.cells.get(other, 3) - Fr::one();
        forged.cells.set(other, 3, balanced);
        (0..forged.cells.usable).for_each(|row| forged.cells.solve(gate, sum, row));
        let failing = forged.failing();
        assert!(
            failing.iter().all(|name| name.starts_with("range/range helper")),
            "{failing:?}"
        );
        caught.entry("range helper").or_default().extend(failing);
    }
    let helpers = honest().cells.gate("range/range helper");
    let names: BTreeSet<String> = helpers.iter().map(|&g| honest().cells.gates[g].0.clone()).collect();
    assert_eq!(caught["range helper"], names);
    // A free jump of the running sum hides a wrong multiplicity.
    let mut forged = off_by_one(honest(), first[first.len() - 1], 0);
    forged.recompute();
    let (sum, last) = (second[second.len() - 1], forged.cells.usable - 1);
    let jump = forged.cells.get(sum, last);
    assert_ne!(jump, Fr::zero());
    let unbalanced = forged.failing();
    assert_eq!(unbalanced.len(), 1);
    assert!(unbalanced.iter().all(|name| name.starts_with("range/range balance")));
    forged.cells.set(sum, last, Fr::zero());
    let jumped = forged.failing();
    assert_eq!(jumped.len(), 1);
    assert!(jumped.iter().all(|name| name.starts_with("range/range sum")));
}

/// A weight in a lane or line row that the architecture does not have: everything balances, the mask fails.
#[test]
fn weights_outside_of_the_architecture_are_refused() {
    for model in models() {
        let case = Case::new(model.clone(), true, 5);
        let honest = weight_cells(&case.model, &case.layout);
        let zero = 1u64 << (case.layout.shape.weight_bits - 1);
        let circuit = RegisterCircuit::new(&case.model, &case.layout);
        let mut found = 0;
        for (row, live) in circuit.live_lanes() {
            for lane in live..case.layout.shape.weight_lanes {
                assert_eq!(honest[lane][row], zero, "honest cells have no weight there");
                if found % 7 == 0 {
                    let mut weights = honest.clone();
                    weights[lane][row] = zero + 1;
                    let failing = registration(model.clone(), Some(weights)).failing();
                    assert_eq!(failing.len(), 1, "{failing:?}");
                    assert!(failing.iter().all(|name| name.starts_with("no weight/")), "{failing:?}");
                }
                found += 1;
            }
        }
    }
}

/// Changed by one, each known cell violates the gate of its lane and nothing else; every such gate is one of them.
#[test]
fn each_known_weight_is_fixed() {
    let case = Case::new(bounded(), true, 5);
    let circuit = RegisterCircuit::new(&case.model, &case.layout);
    let honest = weight_cells(&case.model, &case.layout);
    let known: Vec<_> = circuit.known_cells().collect();
    // Three limbs of six biases, two constants for each of five channels.
    assert_eq!(known.len(), 3 * 6 + 2 * 5);
    assert!(known.iter().any(|k| k.2 == 0), "a known cell can be 0");
    let mut caught = BTreeSet::new();
    for &(lane, row, cell) in &known {
        assert_eq!(honest[lane][row], cell);
        let mut weights = honest.clone();
        weights[lane][row] = if cell == 0 { 1 } else { cell - 1 };
        let failing = registration(bounded(), Some(weights)).failing();
        assert_eq!(failing.len(), 1, "{failing:?}");
        caught.extend(failing);
    }
    let honest = registration(bounded(), None);
    let gates = honest.cells.gate("known weight/");
    let names: BTreeSet<String> = gates.iter().map(|&g| honest.cells.gates[g].0.clone()).collect();
    assert_eq!(caught, names);
    assert!(!names.is_empty());
}

/// Weights are free in the same columns, and on the rows of known cells in lanes that have none.
#[test]
fn weights_beside_known_ones_are_free() {
    let case = Case::new(bounded(), true, 5);
    let circuit = RegisterCircuit::new(&case.model, &case.layout);
    let known: BTreeSet<(usize, usize)> = circuit.known_cells().map(|(lane, row, _)| (lane, row)).collect();
    let honest = weight_cells(&case.model, &case.layout);
    let mut changed = 0;
    for (row, live) in circuit.live_lanes() {
        for lane in (0..live).filter(|&lane| !known.contains(&(lane, row))) {
            let mut weights = honest.clone();
            weights[lane][row] ^= 1;
            assert_eq!(registration(bounded(), Some(weights)).failing(), BTreeSet::new());
            changed += 1;
        }
    }
    assert_eq!(changed, 4 * 6 + 6 * 5 + 3 * 5, "two layers and a bias");
}

/// Lanes that know the same share a fixed column; models without known weights have none, and no gate.
#[test]
fn known_columns_are_shared() {
    for model in models() {
        let registration = registration(model, None);
        let lanes: BTreeSet<_> = registration.shape.known.iter().flatten().collect();
        assert_eq!(lanes.len(), registration.shape.known_columns());
        let gates = registration.cells.gate("known weight/").len();
        assert_eq!(gates, registration.shape.known.iter().flatten().count());
    }
    let mut wide = dense(&[5, 16, 3]);
    let Step::Affine(affine) = &mut wide.tensors[1].step else {
        unreachable!("affine")
    };
    (affine.bias, affine.public_bias) = (vec![600; 16], true);
    let case = Case::new(wide, true, 5);
    let shape = RegisterShape::new(&case.model, &case.layout);
    assert!(shape.columns > 1);
    assert_eq!(shape.known_columns(), 1);
    assert_eq!(registration(dense(&[5, 7, 3]), None).shape.known_columns(), 0);
}

/// A shape whose cells cannot hold a constant would fix something else, or nothing; a secret one would be another weight.
#[test]
fn constants_that_do_not_fit_are_refused() {
    let case = Case::new(bounded(), true, 5);
    let check = |edit: &dyn Fn(&mut Program)| {
        let mut model = bounded();
        edit(&mut model);
        check_registered(&model, &case.layout)
    };
    let set = |model: &mut Program, weight: Option<i64>, bias: Option<i64>| {
        let affine = |step: &mut Step| match step {
            Step::Affine(affine) => affine.clone(),
            _ => unreachable!("affine"),
        };
        let mut second = affine(&mut model.tensors[2].step);
        second.contractions[1].weights = vec![weight.unwrap_or(0); 10];
        model.tensors[2].step = Step::Affine(second);
        let mut first = affine(&mut model.tensors[1].step);
        first.bias = vec![bias.unwrap_or(0); 6];
        model.tensors[1].step = Step::Affine(first);
    };
    let (most, widest) = ((1 << 15) - 1, (1 << 46) - 1);
    for sign in [1, -1] {
        assert!(check(&|m| set(m, Some(sign * most), Some(sign * widest))).is_ok());
        for (weight, bias) in [(Some(sign * (most + 1)), None), (None, Some(sign * (widest + 1)))] {
            let refused = check(&|m| set(m, weight, bias));
            assert!(matches!(refused, Err(CircuitError::Constant { .. })), "{refused:?}");
        }
    }
}

/// A bias keeps every digit: one that three digits do not hold has other cells than any that they hold, is not registered,
/// and has no registration once its digit is out of the table.
#[test]
fn digits_of_a_bias_are_never_dropped() {
    let with = |bias: i64| {
        let mut model = dense(&[3, 2]);
        let Step::Affine(affine) = &mut model.tensors[1].step else {
            unreachable!("affine")
        };
        affine.bias = vec![bias; 2];
        model
    };
    let case = Case::new(with(5), true, 5);
    assert_eq!(case.layout.shape.weight_bits, 16);
    let proven = RegisterShape::new(&case.model, &case.layout).proven_bits();
    for sign in [1, -1] {
        for bits in 47..60 {
            let (reduced, bias) = (5, 5 + (sign << bits));
            let cells = weight_cells(&with(bias), &case.layout);
            assert_ne!(cells, weight_cells(&with(reduced), &case.layout), "{bias}");
            let refused = check_registered(&with(bias), &case.layout);
            assert!(matches!(refused, Err(CircuitError::Constant { .. })), "{refused:?}");
            if sign < 0 && bits > 47 || bits - 32 >= proven {
                let failing = registration(with(5), Some(cells)).failing();
                assert!(
                    failing.iter().any(|gate| gate.starts_with("range")),
                    "{bias}: {failing:?}"
                );
            }
        }
    }
}
