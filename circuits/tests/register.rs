//! The registration circuit: honest lanes satisfy it, and forged ones violate the gate that speaks of them.

mod common;

use common::cells::{gates, Cells};
use common::{bounded, conv, dense, grouped, mixed, residual, Case};
use halo2_proofs::dev::{CellValue, MockProver};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use provenn_circuits::qmodel::{QModel, Step};
use provenn_circuits::register::{sums, Combined, RegisterCircuit, RegisterConfig, RegisterShape, RegisterWitness};
use provenn_circuits::shape::check_registered;
use provenn_circuits::witness::weight_cells;
use provenn_circuits::CircuitError;
use provenn_verifier::Bits;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
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
    let mock = MockProver::run(shape.k, circuit, vec![vec![]; 2]).expect("mock");
    let cell = |v: &CellValue<Fr>| if let CellValue::Assigned(v) = v { *v } else { Fr::zero() };
    let fixed = mock.fixed().iter().map(|c| c.iter().map(cell).collect()).collect();
    let bits = Bits::new(shape.grid, &digest);
    let sums = sums_of(&shape, &bits, lanes);
    let ranged: Vec<Option<u128>> = sums.iter().map(|sum| in_range(&shape, sum)).collect();
    let fits = ranged.iter().all(Option::is_some);
    let sums: Vec<u128> = ranged.into_iter().map(|sum| sum.unwrap_or(7)).collect();
    let witness = RegisterWitness::from_sums(&shape, &sums);
    let combined = combined(circuit, &bits, lanes, theta);
    let public = combined.public.clone();
    let mut advice = vec![vec![]; cs.num_advice_columns()];
    let phases = [witness.phase1(), witness.phase2(theta, alpha, &combined)];
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
        instance: public.into_iter().map(padded).collect(),
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
        let kind = |name: String| name.trim_end_matches(|c: char| c.is_numeric() || c == ' ').to_string();
        self.failing().into_iter().map(kind).collect()
    }
}

fn of_case(case: &Case, cells: Option<Lanes>) -> Registration {
    let circuit = RegisterCircuit::new(&case.model, &case.layout);
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

/// Random bits on both sides, and more sums than rows.
fn large() -> (RegisterCircuit, Vec<Vec<u64>>) {
    let circuit = RegisterCircuit::free(8, 150, 16);
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut lane = || (0..200).map(|_| rng.next_u64() & 0xffff).collect();
    let lanes = (0..150).map(|_| lane()).collect();
    (circuit, lanes)
}

#[test]
fn the_sums_are_those_of_the_definition() {
    let (circuit, cells) = large();
    let shape = circuit.shape();
    let bits = Bits::new(shape.grid, &[1; 64]);
    let fast = sums(&shape.grid, &bits, &cells);
    let slow = sums_of(shape, &bits, &lanes(&cells));
    assert_eq!(fast.len(), 128 * 128);
    assert!(fast
        .iter()
        .zip(&slow)
        .all(|(fast, slow)| in_range(shape, slow) == Some(*fast)));
    assert!(registration(&circuit, &lanes(&cells), [1; 64]).failing().is_empty());
}

/// The largest honest cells fit, whatever the bits.
#[test]
fn a_shape_covers_its_weights() {
    for k in 5..19 {
        for (lanes, bits) in [(0, 16), (1, 16), (40, 17), (300, 24), (4096, 48)] {
            let shape = RegisterShape::new(k, lanes, bits, 0);
            let largest = u128::from(shape.grid.cells()) * ((1 << bits) - 1);
            assert!(shape.bound() > largest, "{k} {lanes} {bits}");
            let sums = largest.ilog2();
            assert!((sums..=sums + 30).contains(&shape.proven_bits()), "{shape:?}");
            let table = shape.tables * shape.usable();
            assert_eq!(shape.bound(), (table as u128).pow(shape.limbs as u32));
        }
    }
    let full = vec![vec![0xffff; 250]; 150];
    let (circuit, _) = large();
    assert!(registration(&circuit, &lanes(&full), [2; 64]).failing().is_empty());
}

/// What a dishonest owner may commit to, and what sums say of it. Each but the last is refused under every one of a few digests.
#[test]
fn cells_out_of_range_are_refused() {
    let (circuit, honest) = large();
    let bound = circuit.shape().bound();
    let half = Fr::from(2).invert().expect("two");
    let large = Fr::from_u128(2 * bound);
    type Edit<'a> = Box<dyn Fn(&mut Lanes) + 'a>;
    let attacks: Vec<(&str, Edit<'_>)> = vec![
        ("one large cell", Box::new(|l| l[70][3] = large)),
        ("the largest element", Box::new(|l| l[149][199] = -Fr::one() - large)),
        ("one half", Box::new(|l| l[1][0] = half)),
        (
            "two halves of a row, so that every vector of signs would pass",
            Box::new(|l| (l[1][9], l[2][9]) = (half, half)),
        ),
        ("two halves of a lane", Box::new(|l| (l[1][9], l[1][8]) = (half, half))),
        (
            "a pair in a row that cancels",
            Box::new(|l| (l[7][4], l[8][4]) = (large, -large)),
        ),
        (
            "a pair in a lane that cancels",
            Box::new(|l| (l[7][4], l[7][5]) = (large, -large)),
        ),
        (
            "four that cancel in rows and lanes",
            Box::new(|l| {
                (l[7][4], l[7][5]) = (large, -large);
                (l[8][4], l[8][5]) = (-large, large);
            }),
        ),
        (
            "a cell at the bound of the sums",
            Box::new(|l| l[3][3] = Fr::from_u128(bound)),
        ),
    ];
    for (name, edit) in attacks {
        for digest in 0..3 {
            let mut forged = lanes(&honest);
            edit(&mut forged);
            let forged = registration(&circuit, &forged, [digest; 64]);
            assert!(!forged.fits, "{name}");
            assert_eq!(forged.kinds(), BTreeSet::from(["range/balance".to_string()]), "{name}");
        }
    }
    // Slack costs nothing: a cell that no honest weight has, below what the sums hold.
    let mut slack = lanes(&honest);
    slack[3][3] = Fr::from(1 << 17);
    assert!(registration(&circuit, &slack, [0; 64]).failing().is_empty());
}

/// The same where lanes and rows are few and taken one by one: then each cell is below the bound itself.
#[test]
fn few_cells_are_looked_at_one_by_one() {
    let circuit = RegisterCircuit::free(6, 3, 16);
    let bound = circuit.shape().bound();
    let with = |cell: Fr| {
        let mut lanes = vec![vec![Fr::from(5); 58]; 3];
        lanes[2][57] = cell;
        registration(&circuit, &lanes, [0; 64]).kinds()
    };
    assert!(with(Fr::from_u128(bound - 1)).is_empty());
    let refused = BTreeSet::from(["range/balance".to_string()]);
    assert_eq!(with(Fr::from_u128(bound)), refused);
    assert_eq!(with(-Fr::one()), refused);
}

/// A limb that is in no table, a sum that is another, a wrong multiplicity, a running sum that jumps.
#[test]
fn each_gate_is_needed() {
    let case = Case::new(conv(), true, 5);
    let honest = || of_case(&case, None);
    let [first, second] = honest().config.phases();
    let shape = honest().shape;
    let sum = second[second.len() - honest().shape.classes - 2];
    let helpers = &second[..shape.fractions().div_ceil(3)];
    // Helpers and sums that fit the cells of phase 1.
    let recompute = |forged: &mut Registration| {
        let mut gates = forged.cells.gate("range/range helper");
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
        assert_eq!(forged.kinds(), BTreeSet::from(["range/range helper".to_string()]));
        caught.extend(forged.failing().into_iter().map(|name| (name, ())));
    }
    assert_eq!(caught.len(), honest().cells.gate("range/range helper").len());
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
    assert!(check_registered(&case.model, &layout).is_ok());
    layout.shape.weight_bits = 63;
    let wrap = check_registered(&case.model, &layout);
    assert!(matches!(wrap, Err(CircuitError::Wrap { limit: 200, .. })), "{wrap:?}");
}

/// Changed by one, each cell that the structure determines violates the gate of its class and nothing else: lanes and line
/// cells without a channel, and public constants.
#[test]
fn each_known_cell_is_fixed() {
    for (index, case) in cases().into_iter().enumerate() {
        let circuit = RegisterCircuit::new(&case.model, &case.layout);
        let honest = weight_cells(&case.model, &case.layout);
        let known: Vec<_> = circuit.known_cells().collect();
        let zero = 1u64 << (case.layout.shape.weight_bits - 1);
        assert!(known.iter().all(|&(lane, row, cell)| honest[lane][row] == cell));
        let mut caught = BTreeSet::new();
        let places = known
            .iter()
            .enumerate()
            .filter(|(place, k)| place % 7 == 0 || k.2 != zero);
        for (_, &(lane, row, cell)) in places {
            let mut weights = honest.clone();
            weights[lane][row] = if cell == 0 { 1 } else { cell - 1 };
            let failing = of_case(&case, Some(lanes(&weights))).failing();
            assert_eq!(failing.len(), 1, "{failing:?}");
            assert!(failing.iter().all(|name| name.starts_with("known weight/")));
            caught.extend(failing);
        }
        let gates = of_case(&case, None).cells.gate("known weight/").len();
        assert_eq!(gates, circuit.shape().classes);
        assert!(index < 5 || caught.len() == gates, "each class is caught");
    }
}

/// A sum over the lanes of a class does not hide that they differ.
#[test]
fn lanes_of_a_class_do_not_cancel() {
    let case = Case::new(bounded(), true, 5);
    let circuit = RegisterCircuit::new(&case.model, &case.layout);
    let known: Vec<_> = circuit.known_cells().collect();
    let pair = known.iter().find_map(|a| {
        let other = known.iter().find(|b| b.1 == a.1 && b.0 > a.0 && b.2 > 0);
        other.map(|b| (a, b))
    });
    let (&(one, row, _), &(other, _, _)) = pair.expect("a row that is known in two lanes");
    let mut weights = weight_cells(&case.model, &case.layout);
    weights[one][row] += 1;
    weights[other][row] -= 1;
    let failing = of_case(&case, Some(lanes(&weights))).kinds();
    assert_eq!(failing, BTreeSet::from(["known weight/known weight".to_string()]));
}

/// What is not known is free, in the same lanes and on the same rows.
#[test]
fn weights_beside_known_ones_are_free() {
    let case = Case::new(bounded(), true, 5);
    let circuit = RegisterCircuit::new(&case.model, &case.layout);
    let known: BTreeSet<(usize, usize)> = circuit.known_cells().map(|(lane, row, _)| (lane, row)).collect();
    let honest = weight_cells(&case.model, &case.layout);
    let mut changed = 0;
    for lane in 0..honest.len() {
        for row in (0..honest[lane].len()).filter(|&row| !known.contains(&(lane, row))) {
            let mut weights = honest.clone();
            weights[lane][row] ^= 1;
            assert_eq!(of_case(&case, Some(lanes(&weights))).failing(), BTreeSet::new());
            changed += 1;
        }
    }
    assert!(changed >= 4 * 6 + 6 * 5 + 3 * 5, "two layers and a bias");
}

/// Lanes that know the same share a column; a model that fills its lanes has none.
#[test]
fn known_columns_are_shared() {
    let mut wide = dense(&[5, 16, 3]);
    let Step::Affine(affine) = &mut wide.tensors[1].step else {
        unreachable!("affine")
    };
    (affine.bias, affine.public_bias) = (vec![600; 16], true);
    let case = Case::new(wide, true, 5);
    let circuit = RegisterCircuit::new(&case.model, &case.layout);
    let lanes: u32 = circuit.runs().iter().map(|run| run.lanes).sum();
    assert_eq!(lanes as usize, circuit.shape().grid.lanes);
    assert!(circuit.shape().classes < circuit.shape().grid.lanes.max(3));
    let classes: BTreeSet<u32> = circuit.runs().iter().filter_map(|run| run.class).collect();
    assert_eq!(classes.len(), circuit.shape().classes);
}

/// Lanes that differ in many ways would need as many columns.
#[test]
fn too_many_kinds_of_lanes_are_refused() {
    let wide = |outputs: usize| {
        let mut model = dense(&[2, outputs]);
        let Step::Affine(affine) = &mut model.tensors[1].step else {
            unreachable!("affine")
        };
        (affine.bias, affine.public_bias) = ((0..outputs as i64).collect(), true);
        model
    };
    let case = Case::new(wide(3), true, 5);
    assert!(check_registered(&case.model, &case.layout).is_ok());
    let mut layout = (*case.layout).clone();
    layout.shape.weight_lanes = 300;
    let mut model = wide(300);
    model.tensors[1].channels = 300;
    let refused = check_registered(&model, &layout);
    assert!(matches!(refused, Err(CircuitError::Unsupported(_))), "{refused:?}");
}

/// A shape whose cells cannot hold a constant would fix something else, or nothing; a secret one would be another weight.
#[test]
fn constants_that_do_not_fit_are_refused() {
    let case = Case::new(bounded(), true, 5);
    let check = |edit: &dyn Fn(&mut QModel)| {
        let mut model = bounded();
        edit(&mut model);
        check_registered(&model, &case.layout)
    };
    let set = |model: &mut QModel, weight: Option<i64>, bias: Option<i64>| {
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
            let refused = check_registered(&with(bias), &case.layout);
            assert!(matches!(refused, Err(CircuitError::Constant { .. })), "{refused:?}");
            let forged = cells.iter().flatten().any(|cell| u128::from(*cell) >= bound);
            let failing = of_case(&case, Some(lanes(&cells))).kinds();
            assert_eq!(failing.contains("range/balance"), forged, "{bias}: {failing:?}");
        }
    }
}
