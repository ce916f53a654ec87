//! The sums by random bits: what they let through, and what not.

use super::*;
use provenn_circuits::register::sums;
use rand_core::RngCore;

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
