//! The colouring circuit: proper colourings satisfy it, and forged cells violate the gate that speaks of them.

use crate::common::cells::{gates, Cells};
use halo2_proofs::dev::MockProver;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use provenn_circuits::colouring::{ColouringCircuit, ColouringConfig, ColouringWitness};
use provenn_verifier::statement::colouring::gates::CHALLENGE_PHASES;
use provenn_verifier::{ColouringClass, EdgeSums, Graph};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A circuit with all its cells.
#[derive(Clone)]
struct Case {
    class: ColouringClass,
    config: ColouringConfig,
    cells: Cells,
}

fn challenges(seed: u64) -> [Fr; 4] {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    [(); 4].map(|()| Fr::random(&mut rng))
}

impl Case {
    /// The cells that a prover makes for these colours, proper or not.
    fn new(graph: &Graph, colours: &[u8], count: u32, challenges: [Fr; 4]) -> Self {
        let class = ColouringClass::of(count, graph.vertices()).expect("a class");
        let mut cs = ConstraintSystem::default();
        let config = ColouringCircuit::configure_with_params(&mut cs, class);
        let (n, usable) = (1usize << class.rows(), class.usable() as usize);
        assert_eq!(n - cs.blinding_factors() - 1, usable);
        let own: Vec<_> = challenges.iter().map(|challenge| (*challenge).into()).collect();
        let library = |column: Vec<provenn_bn254::Fr>| column.into_iter().map(Fr::from).collect::<Vec<Fr>>();
        let edges = EdgeSums::new(graph, class);
        let public = edges.columns(&own).expect("columns");
        let mut public: Vec<Vec<Fr>> = public.into_iter().map(library).collect();
        let witness = ColouringWitness::new(class, colours);
        let [rho, sigma, s, z] = challenges;
        let sums = witness.phase2(edges.neighbours(), rho, sigma);
        let accumulator = witness.phase3(&sums, [s, z], &public);
        public.iter_mut().for_each(|column| column.resize(n, Fr::zero()));
        // Random cells at the end of each column, as in a proof.
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut advice = [witness.phase1(), sums, vec![accumulator]].concat();
        for column in &mut advice {
            column.resize(usable, Fr::zero());
            column.resize_with(n, || Fr::random(&mut rng));
        }
        let cells = Cells {
            gates: Arc::new(gates(&cs)),
            fixed: Arc::new(vec![]),
            instance: public,
            advice,
            challenges: challenges.to_vec(),
            n,
            usable,
        };
        Self { class, config, cells }
    }

    /// The kinds of gates that do not hold.
    fn failing(&self) -> BTreeSet<String> {
        let kind = |name: String| {
            let name = name.trim_start_matches("colouring/");
            name.split('#').next().unwrap_or(name).to_owned()
        };
        self.cells.failing_gates().into_iter().map(kind).collect()
    }

    fn fails(&self, gates: &[&str]) {
        assert_eq!(self.failing(), gates.iter().map(|gate| (*gate).to_string()).collect());
    }

    /// The accumulator that the cells determine.
    fn accumulate(&mut self) {
        let gate = self.cells.gate("colouring/running sum")[0];
        for row in 0..self.cells.usable {
            self.cells.solve(gate, self.config.accumulator, row);
        }
    }

    /// Adds to a cell of a vertex: cell `index` of `columns`, so many of each lane.
    fn add(&mut self, sums: bool, vertex: u32, index: usize, value: Fr) {
        let (row, lane) = self.class.place(vertex);
        let column = match sums {
            true => self.config.sums[lane * self.class.vectors() as usize + index],
            false => self.config.colours[lane * self.class.cells() as usize + index],
        };
        let value = self.cells.get(column, row) + value;
        self.cells.set(column, row, value);
    }
}

fn graph(vertices: u32, edges: &[(u32, u32)]) -> Graph {
    Graph::new(vertices, edges.to_vec()).expect("a graph")
}

/// All pairs.
fn complete(vertices: u32) -> Graph {
    let pairs = (0..vertices).flat_map(|v| (0..v).map(move |u| (u, v)));
    Graph::new(vertices, pairs.collect()).expect("a graph")
}

/// A random graph with a proper colouring that uses every colour.
fn planted(seed: u64, vertices: u32, edges: usize, count: u32) -> (Graph, Vec<u8>) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let colours: Vec<u8> = (0..vertices).map(|vertex| (vertex % count) as u8).collect();
    let mut list = vec![];
    while list.len() < edges {
        let [u, v] = [(); 2].map(|()| rng.next_u32() % vertices);
        if colours[u as usize] != colours[v as usize] {
            list.push((u, v));
        }
    }
    (graph(vertices, &list), colours)
}

#[test]
fn proper_colourings_satisfy_every_gate() {
    for count in 2..=16 {
        let (graph, colours) = planted(count.into(), 45, 150, count);
        Case::new(&graph, &colours, count, challenges(2)).fails(&[]);
        // As many colours as there are, each next to every other one.
        let all: Vec<u8> = (0..count as u8).collect();
        Case::new(&complete(count), &all, count, challenges(3)).fails(&[]);
    }
    // Nothing at all, vertices without edges, parts that are not joined, the last cell of the circuit.
    let last = 16 * 26 - 1;
    let many = vec![0; last as usize];
    type Coloured<'a> = (u32, &'a [(u32, u32)], Vec<u8>);
    let cases: [Coloured<'_>; 5] = [
        (0, &[], vec![]),
        (3, &[], vec![2, 2, 2]),
        (40, &[(0, 39)], [vec![1; 39], vec![0]].concat()),
        (
            6,
            &[(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)],
            vec![0, 1, 2, 2, 0, 1],
        ),
        (last + 1, &[(0, last)], [many, vec![2]].concat()),
    ];
    for (vertices, edges, colours) in cases {
        Case::new(&graph(vertices, edges), &colours, 3, challenges(4)).fails(&[]);
    }
}

/// Honest cells of every row, the library's own check among them, for a circuit without challenges: that of the empty graph.
#[test]
fn the_library_accepts_the_empty_circuit() {
    for count in 2..=16 {
        let class = ColouringClass::of(count, 0).expect("a class");
        let instances = vec![vec![]; 3 + class.lanes() as usize];
        let mock = MockProver::run(class.rows(), &ColouringCircuit { class }, instances).expect("mock");
        assert_eq!(mock.verify(), Ok(()));
    }
}

/// One edge of one colour is enough, wherever it is.
#[test]
fn one_bad_edge_is_seen() {
    for count in [2, 3, 4, 5, 7, 9, 16] {
        let (honest, colours) = planted(9, 45, 150, count);
        let same = |u: u32, v: u32| colours[u as usize] == colours[v as usize];
        let pairs = (0..45).flat_map(|v| (0..v).map(move |u| (u, v)));
        for (u, v) in pairs.filter(|(u, v)| same(*u, *v)).step_by(17) {
            let edges = [honest.edges(), &[(u, v)]].concat();
            Case::new(&graph(45, &edges), &colours, count, challenges(5)).fails(&["end"]);
        }
    }
}

/// Cells that are no colour. On a vertex without edges nothing else can notice.
#[test]
fn cells_hold_colours() {
    let pair = graph(3, &[(0, 1)]);
    for count in 2..=16 {
        let honest = Case::new(&pair, &[0, 1, 0], count, challenges(6));
        let cells = honest.class.cells();
        for index in 0..cells as usize {
            let mut forged = honest.clone();
            let beyond = if cells == 1 { u64::from(count) } else { 2 };
            forged.add(false, 2, index, Fr::from(beyond));
            forged.accumulate();
            let failing = forged.failing();
            match (cells, index) {
                (1, _) => forged.fails(&["colour"]),
                // The product of two bits, alone or moved by them.
                (_, 2 | 5) => assert!(failing.contains("product of bits")),
                _ => assert!(failing.contains("bit")),
            }
        }
        // A bit that is none, with the product that fits it.
        if cells > 1 {
            let mut forged = honest.clone();
            forged.add(false, 2, 0, Fr::from(2));
            forged.add(false, 2, 1, Fr::one());
            forged.add(false, 2, 2, Fr::from(2));
            forged.accumulate();
            assert!(forged.failing().contains("bit") && !forged.failing().contains("product of bits"));
        }
    }
}

/// There are more roots of unity than colours: patterns of bits beyond the last colour would colour what cannot be coloured.
#[test]
fn roots_beyond_the_last_colour_are_no_colours() {
    for count in 5..=16u32 {
        let class = ColouringClass::of(count, 1).expect("a class");
        let spare = class.order() > count;
        let colours: Vec<u8> = (0..=count as u8).collect();
        if spare {
            // All gates but one hold for a complete graph of a vertex too many.
            Case::new(&complete(count + 1), &colours, count, challenges(7)).fails(&["no colour"]);
        }
        let patterns = if count <= 8 { 8 } else { 16 };
        for pattern in count..patterns {
            let mut forged = Case::new(&graph(1, &[]), &[pattern as u8], count, challenges(7));
            forged.accumulate();
            forged.fails(&["no colour"]);
        }
    }
    // Three colours, and a cell that solves the equation of a complete graph of four.
    let mut forged = 0;
    for seed in 0..20 {
        let mut case = Case::new(&complete(4), &[0, 1, 2, 0], 3, challenges(seed));
        if let Some(cell) = solving_cell(&case) {
            let colours = complete(4);
            case = with_cell(&colours, challenges(seed), cell);
            case.fails(&["colour"]);
            forged += 1;
        }
    }
    assert!(forged > 3, "{forged}");
}

/// The colour of vertex 3 of a complete graph with the colours 0, 1, 2 for which the weighted sum is 0.
fn solving_cell(case: &Case) -> Option<Fr> {
    let [rho, sigma] = [case.cells.challenges[0], case.cells.challenges[1]];
    let roots: Vec<Fr> = case.class.roots().into_iter().map(Fr::from).collect();
    // y = 1 + (w - 1) c + (w - 1)^2 c (c - 1) / 2, and the same for the second power.
    let form = |w: Fr| {
        let step = w - Fr::one();
        let half = step.square() * Fr::from(2).invert().expect("two");
        [Fr::one(), step - half, half]
    };
    let forms = [form(roots[1]), form(roots[2])];
    let mut sum = [Fr::zero(); 3];
    for u in 0..3u64 {
        let weight = rho.pow([u]) * sigma.pow([3]);
        let y = roots[u as usize];
        sum[0] += weight;
        for (of, sum) in sum.iter_mut().enumerate() {
            *sum += weight * (forms[0][of] * y.square() + forms[1][of] * y);
        }
    }
    let discriminant = sum[1].square() - Fr::from(4) * sum[0] * sum[2];
    let root = Option::<Fr>::from(discriminant.sqrt())?;
    let twice: Option<Fr> = (sum[2] + sum[2]).invert().into();
    Some((root - sum[1]) * twice?)
}

/// The complete graph of four with an element of the field as the colour of its last vertex, everything else made to fit.
fn with_cell(graph: &Graph, challenges: [Fr; 4], cell: Fr) -> Case {
    let mut case = Case::new(graph, &[0, 1, 2, 0], 3, challenges);
    case.add(false, 3, 0, cell);
    let [rho, sigma, ..] = challenges;
    let roots: Vec<Fr> = case.class.roots().into_iter().map(Fr::from).collect();
    let step = roots[2] - Fr::one();
    let half = Fr::from(2).invert().expect("two");
    let second = Fr::one() + step * cell + step.square() * half * cell * (cell - Fr::one());
    // The second power of the last vertex enters the sums of its neighbours, in place of that of colour 0.
    for u in 0..3u32 {
        let weight = rho.pow([u64::from(u)]) * sigma.pow([3]);
        case.add(true, u, 0, weight * (second - Fr::one()));
    }
    case.accumulate();
    case
}

/// Sums over neighbours that fit an improper colouring. Without `z` nothing would notice.
#[test]
fn sums_are_what_they_are_defined_as() {
    for count in [2, 3, 4, 5, 8, 9, 16] {
        let pair = graph(3, &[(0, 1)]);
        let [rho, sigma, s, z] = challenges(8);
        for (z, failing) in [(z, &["end"][..]), (Fr::zero(), &[])] {
            let mut forged = Case::new(&pair, &[0, 0, 0], count, [rho, sigma, s, z]);
            let rows = forged.cells.usable - 1;
            let sum = forged.cells.get(forged.config.accumulator, rows);
            assert_ne!(sum, Fr::zero());
            // y = 1 for every vertex here, and the sum counts half if there is only that of the middle.
            let shift = if count == 2 { sum + sum } else { sum };
            forged.add(true, 0, 0, -shift);
            forged.accumulate();
            forged.fails(failing);
        }
        // A vertex that the graph does not have, with a colour of its own.
        let mut forged = Case::new(&pair, &[0, 1, 0], count, challenges(8));
        forged.add(true, 20, 0, Fr::one());
        forged.accumulate();
        forged.fails(&["end"]);
    }
}

/// Public columns of another graph.
#[test]
fn public_columns_are_those_of_the_graph() {
    let (graph, colours) = planted(3, 45, 150, 3);
    let honest = Case::new(&graph, &colours, 3, challenges(9));
    let last = honest.cells.instance.len() - 1;
    for (column, row) in [(1, 0), (1, 1), (2, 0), (3, 0), (last, 1)] {
        let mut forged = honest.clone();
        forged.cells.instance[column][row] += Fr::one();
        forged.accumulate();
        forged.fails(&["end"]);
    }
}

/// The accumulator starts from nothing, adds up what it must, and ends at 0.
#[test]
fn the_accumulator_cannot_jump() {
    let pair = graph(2, &[(0, 1)]);
    let improper = Case::new(&pair, &[0, 0], 3, challenges(10));
    improper.fails(&["end"]);
    let last = improper.cells.usable - 1;
    for row in [0, 1, last] {
        let mut forged = improper.clone();
        for row in row..=last {
            forged.cells.set(forged.config.accumulator, row, Fr::zero());
        }
        forged.fails(&["running sum"]);
    }
    // What stands in the last rows is nobody's.
    let mut honest = Case::new(&pair, &[0, 1], 3, challenges(10));
    for row in last + 1..honest.cells.n {
        honest.cells.set(honest.config.accumulator, row, Fr::from(row as u64));
    }
    honest.fails(&[]);
}

/// Why colours are fixed first: whoever chooses them after `rho` and `sigma` lets two bad edges cancel.
#[test]
fn a_prover_who_knows_rho_would_cheat() {
    let two = graph(4, &[(0, 1), (2, 3)]);
    // sigma + rho^2 sigma^3 = 0 for rho sigma = i, a root of -1.
    let i = Option::<Fr>::from((-Fr::one()).sqrt()).expect("p = 1 mod 4");
    let [_, sigma, s, z] = challenges(11);
    let chosen = [i * sigma.invert().expect("not 0"), sigma, s, z];
    Case::new(&two, &[0; 4], 3, chosen).fails(&[]);
    Case::new(&two, &[0; 4], 3, challenges(11)).fails(&["end"]);
    assert_eq!(CHALLENGE_PHASES, [0, 0, 1, 1]);
    let key = ColouringClass::of(3, 4).expect("a class").key().expect("a key");
    assert_eq!(key.advice_phases, [vec![0; 16], vec![1; 16], vec![2]].concat());
}
