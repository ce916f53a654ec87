//! Cells that the structure of a model determines.

use super::*;

/// Changed by one, each cell that the structure determines violates the gate of its class and nothing else: lanes and line
/// cells without a channel, and public constants.
#[test]
fn each_known_cell_is_fixed() {
    for (index, case) in cases().into_iter().enumerate() {
        let circuit = RegisterCircuit::new(&case.model, &case.layout).expect("registered");
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
    let circuit = RegisterCircuit::new(&case.model, &case.layout).expect("registered");
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
    let circuit = RegisterCircuit::new(&case.model, &case.layout).expect("registered");
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
    let circuit = RegisterCircuit::new(&case.model, &case.layout).expect("registered");
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
    assert!(RegisterCircuit::new(&case.model, &case.layout).is_ok());
    let mut layout = (*case.layout).clone();
    layout.shape.weight_lanes = 300;
    let mut model = wide(300);
    model.tensors[1].channels = 300;
    let refused = RegisterCircuit::new(&model, &layout);
    assert!(
        matches!(refused, Err(CircuitError::LaneKinds { most: 256 })),
        "{refused:?}"
    );
}
