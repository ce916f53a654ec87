//! The registration circuit: honest lanes satisfy it, and forged ones violate the gate that speaks of them.

#[path = "register/known.rs"]
mod known;
#[path = "register/range.rs"]
mod range;

use crate::common::cells::{gates, Cells};
use crate::common::{bounded, conv, dense, grouped, mixed, residual, Case};
use halo2_proofs::dev::{CellValue, MockProver};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use provenn_circuits::argument::{row_sets, weight_cells};
use provenn_circuits::program::{Program, Step};
use provenn_circuits::register::{Combined, RegisterCircuit, RegisterConfig, RegisterShape, RegisterWitness};
use provenn_circuits::CircuitError;
use provenn_verifier::Bits;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Committed lanes, as field elements: a dishonest owner commits to anything.
type Lanes = Vec<Vec<Fr>>;

fn lanes(cells: &[Vec<u64>]) -> Lanes {
    let field = |lane: &Vec<u64>| lane.iter().map(|&cell| Fr::from(cell)).collect();
    cells.iter().map(field).collect()
}

/// All sums, by their definition.
fn sums_of(shape: &RegisterShape, bits: &Bits, lanes: &Lanes) -> Vec<Fr> {
    let (lane_tests, row_tests) = shape.grid.tests();
    let mut out = vec![Fr::zero(); lane_tests * row_tests];
    for i in 0..lane_tests {
        let mut rows = vec![Fr::zero(); shape.usable()];
        for (lane, mask) in lanes.iter().zip(&bits.lanes) {
            if mask >> i & 1 == 1 {
                rows.iter_mut().zip(lane).for_each(|(sum, cell)| *sum += cell);
            }
        }
        for (value, mask) in rows.iter().zip(&bits.rows) {
            for k in (0..row_tests).filter(|k| mask >> k & 1 == 1) {
                out[i * row_tests + k] += value;
            }
        }
    }
    out
}

/// The integer that a field element stands for, if it is below the bound of the sums.
fn in_range(shape: &RegisterShape, value: &Fr) -> Option<u128> {
    let bytes = value.to_repr();
    let (low, high) = bytes.as_ref().split_at(16);
    let low = u128::from_le_bytes(low.try_into().expect("half"));
    (high.iter().all(|byte| *byte == 0) && low < shape.bound()).then_some(low)
}

struct Registration {
    shape: RegisterShape,
    config: RegisterConfig,
    cells: Cells,
    /// Whether all sums are in range, so that limbs are those of the sums.
    fits: bool,
}

/// The cells for a circuit about these lanes; limbs of sums that are out of range are those of other numbers.
fn registration(circuit: &RegisterCircuit, lanes: &Lanes, digest: [u8; 64]) -> Registration {
    let (shape, n) = (circuit.shape().clone(), 1usize << circuit.shape().k);
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let [theta, alpha] = [(); 2].map(|()| Fr::random(&mut rng));
    let mut cs = ConstraintSystem::default();
    let config = RegisterCircuit::configure_with_params(&mut cs, shape.clone());
    assert_eq!(cs.degree(), 5);
    assert_eq!(n - cs.blinding_factors() - 1, shape.usable());
    let sets = row_sets(shape.usable());
    let mut public = vec![vec![]; 2];
    public.extend(sets.clone());
    let mock = MockProver::run(shape.k, circuit, public).expect("mock");
    let cell = |v: &CellValue<Fr>| if let CellValue::Assigned(v) = v { *v } else { Fr::zero() };
    let fixed = mock.fixed().iter().map(|c| c.iter().map(cell).collect()).collect();
    let bits = Bits::new(shape.grid, &digest);
    let sums = sums_of(&shape, &bits, lanes);
    let ranged: Vec<Option<u128>> = sums.iter().map(|sum| in_range(&shape, sum)).collect();
    let fits = ranged.iter().all(Option::is_some);
    let sums: Vec<u128> = ranged.into_iter().map(|sum| sum.unwrap_or(7)).collect();
    let witness = RegisterWitness::from_sums(&shape, &sums);
    let combined = combined(circuit, &bits, lanes, theta);
    let public = combined.public.clone().into_iter().chain(sets);
    let mut advice = vec![vec![]; cs.num_advice_columns()];
    let field = |column: &[u64]| column.iter().map(|&v| Fr::from(v)).collect();
    let first = witness.integers().into_iter().map(field).collect();
    let phases = [first, witness.phase2(theta, alpha, &combined)];
    for (columns, values) in config.phases().iter().zip(phases) {
        assert_eq!(columns.len(), values.len());
        for (column, mut values) in columns.iter().zip(values) {
            assert_eq!(values.len(), shape.usable());
            values.resize_with(n, || Fr::random(&mut rng));
            advice[column.index()] = values;
        }
    }
    let linked: Vec<u32> = circuit.linked_columns();
    let second = &config.phases()[1];
    let last: Vec<u32> = second[second.len() - linked.len()..]
        .iter()
        .map(|c| c.index() as u32)
        .collect();
    assert_eq!(linked, last, "linked columns end the second phase");
    let padded = |mut column: Vec<Fr>| {
        column.resize(n, Fr::zero());
        column
    };
    let cells = Cells {
        gates: Arc::new(gates(&cs)),
        fixed: Arc::new(fixed),
        instance: public.map(padded).collect(),
        advice,
        challenges: vec![theta, alpha],
        n,
        usable: shape.usable(),
    };
    Registration {
        shape,
        config,
        cells,
        fits,
    }
}

/// What the link proof would tie to the commitments: all lanes by their bits, and each class.
fn combined(circuit: &RegisterCircuit, bits: &Bits, lanes: &Lanes, theta: Fr) -> Combined {
    let usable = circuit.shape().usable();
    let library = |column: Vec<provenn_bn254::Fr>| column.into_iter().map(Fr::from).collect::<Vec<Fr>>();
    let all = library(bits.lane_coefficients(theta.into()));
    let runs = circuit.runs();
    let classes = runs.iter().flat_map(|run| vec![run.class; run.lanes as usize]);
    let classes: Vec<Option<u32>> = classes.collect();
    assert_eq!(classes.len(), lanes.len());
    let combine = |coefficients: &[Fr]| {
        let mut sum = vec![Fr::zero(); usable];
        for (lane, coefficient) in lanes.iter().zip(coefficients) {
            sum.iter_mut()
                .zip(lane)
                .for_each(|(sum, cell)| *sum += *coefficient * cell);
        }
        sum
    };
    let mut columns = vec![combine(&all)];
    for class in 0..circuit.shape().classes as u32 {
        let power = |(lane, of): (usize, &Option<u32>)| match *of == Some(class) {
            true => theta.pow([lane as u64]),
            false => Fr::zero(),
        };
        let powers: Vec<Fr> = classes.iter().enumerate().map(power).collect();
        let scale = powers.iter().sum::<Fr>().invert().expect("lanes");
        columns.push(combine(&powers.iter().map(|power| power * scale).collect::<Vec<_>>()));
    }
    Combined {
        columns,
        public: bits.public_columns(theta.into()).map(library),
    }
}

impl Registration {
    fn failing(&self) -> BTreeSet<String> {
        self.cells.failing_gates()
    }

    /// The names of failing gates without their numbers.
    fn kinds(&self) -> BTreeSet<String> {
        let kind = |name: String| name.trim_end_matches(|c: char| c.is_numeric() || c == '#').to_string();
        self.failing().into_iter().map(kind).collect()
    }
}

fn of_case(case: &Case, cells: Option<Lanes>) -> Registration {
    let circuit = RegisterCircuit::new(&case.model, &case.layout).expect("registered");
    let cells = cells.unwrap_or_else(|| lanes(&weight_cells(&case.model, &case.layout)));
    registration(&circuit, &cells, [3; 64])
}

fn cases() -> Vec<Case> {
    let models = vec![dense(&[5, 7, 3]), conv(), residual(), mixed(), grouped(), bounded()];
    models.into_iter().map(|model| Case::new(model, true, 5)).collect()
}

#[test]
fn honest_weights_are_registered() {
    for case in cases() {
        assert_eq!(of_case(&case, None).failing(), BTreeSet::new());
    }
}

/// A limb that is in no table, a sum that is another, a wrong multiplicity, a running sum that jumps.
#[test]
fn each_gate_is_needed() {
    let case = Case::new(conv(), true, 5);
    let honest = || of_case(&case, None);
    let [first, second] = honest().config.phases();
    let shape = honest().shape;
    let sum = second[second.len() - honest().shape.classes - 2];
    let helpers = &second[..shape.fractions().div_ceil(3) - 1];
    // Helpers and sums that fit the cells of phase 1.
    let recompute = |forged: &mut Registration| {
        let mut gates = forged.cells.gate("range/helper");
        gates.extend(forged.cells.gate("range/running sum"));
        assert_eq!(gates.len(), helpers.len() + 1);
        for (gate, column) in gates.into_iter().zip(helpers.iter().chain([&sum])) {
            (0..forged.cells.usable).for_each(|row| forged.cells.solve(gate, *column, row));
        }
    };
    let off_by_one = |column, row| {
        let mut forged = honest();
        let value = forged.cells.get(column, row) + Fr::one();
        forged.cells.set(column, row, value);
        forged
    };
    // Phase 1: every column counts, and only the balance sees it.
    for &column in &first {
        let mut forged = off_by_one(column, 0);
        recompute(&mut forged);
        assert_eq!(forged.kinds(), BTreeSet::from(["range/balance".to_string()]));
    }
    // A limb that is in no table, with the sum that it makes, is refused too: by logUp.
    let mut forged = honest();
    for (place, limb) in [(0, shape.table() as u64), (1, 1)] {
        let value = forged.cells.get(first[place], 0);
        let value = if place == 0 {
            value + Fr::from(limb)
        } else {
            value - Fr::from(limb)
        };
        forged.cells.set(first[place], 0, value);
    }
    recompute(&mut forged);
    assert_eq!(forged.kinds(), BTreeSet::from(["range/balance".to_string()]));
    // Helpers: each has its gate.
    let mut caught = BTreeMap::new();
    for (index, &helper) in helpers.iter().enumerate() {
        let mut forged = off_by_one(helper, 3);
        let gate = forged.cells.gate("range/running sum")[0];
        let other = helpers[(index + 1) % helpers.len()];
        let balanced = forged.cells.get(other, 3) - Fr::one();
        forged.cells.set(other, 3, balanced);
        (0..forged.cells.usable).for_each(|row| forged.cells.solve(gate, sum, row));
        assert_eq!(forged.kinds(), BTreeSet::from(["range/helper".to_string()]));
        caught.extend(forged.failing().into_iter().map(|name| (name, ())));
    }
    assert_eq!(caught.len(), honest().cells.gate("range/helper").len());
    // A free jump of the running sum hides a wrong multiplicity.
    let mut forged = off_by_one(first[first.len() - 1], 0);
    recompute(&mut forged);
    let last = forged.cells.usable - 1;
    assert_ne!(forged.cells.get(sum, last), Fr::zero());
    forged.cells.set(sum, last, Fr::zero());
    assert_eq!(forged.kinds(), BTreeSet::from(["range/running sum".to_string()]));
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
    let shape = RegisterShape::of_layout(&case.layout, 0);
    let most = 6 + 50 + model.precision.bits() + shape.proven_bits();
    assert!(shape.accumulator_bits(&model) > most, "three channels of {most} bits");
    let mut layout = (*case.layout).clone();
    assert!(RegisterCircuit::new(&case.model, &layout).is_ok());
    (layout.shape.k, layout.shape.weight_lanes, layout.shape.weight_bits) = (18, 4096, 60);
    let wrap = RegisterCircuit::new(&case.model, &layout);
    assert!(matches!(wrap, Err(CircuitError::Wrap { limit: 200, .. })), "{wrap:?}");
}

/// A shape whose cells cannot hold a constant would fix something else, or nothing; a secret one would be another weight.
#[test]
fn constants_that_do_not_fit_are_refused() {
    let case = Case::new(bounded(), true, 5);
    let check = |edit: &dyn Fn(&mut Program)| {
        let mut model = bounded();
        edit(&mut model);
        RegisterCircuit::new(&model, &case.layout)
    };
    let set = |model: &mut Program, weight: Option<i64>, bias: Option<i64>| {
        let affine = |step: &mut Step| match step {
            Step::Affine(affine) => affine.clone(),
            _ => unreachable!("affine"),
        };
        let mut second = affine(&mut model.tensors[2].step);
        second.contractions[1].weights = vec![weight.unwrap_or(0); 10].into();
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

/// A bias keeps every digit: one that three digits do not hold has other cells than any that they hold, and is not registered.
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
    let bound = RegisterShape::of_layout(&case.layout, 0).bound();
    for sign in [1, -1] {
        for bits in 47..60 {
            let (reduced, bias) = (5, 5 + (sign << bits));
            let cells = weight_cells(&with(bias), &case.layout);
            assert_ne!(cells, weight_cells(&with(reduced), &case.layout), "{bias}");
            let refused = RegisterCircuit::new(&with(bias), &case.layout);
            assert!(matches!(refused, Err(CircuitError::Constant { .. })), "{refused:?}");
            let forged = cells.iter().flatten().any(|cell| u128::from(*cell) >= bound);
            let failing = of_case(&case, Some(lanes(&cells))).kinds();
            assert_eq!(failing.contains("range/balance"), forged, "{bias}: {failing:?}");
        }
    }
}
