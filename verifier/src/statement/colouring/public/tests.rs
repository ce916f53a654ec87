#![allow(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use super::*;
use crate::domain::Domain;
use crate::plonk::instance_evals;

const CHALLENGES: [u64; 4] = [0x1234_5678_9abc, 0xdef0_1234, 0x5555_aaaa_1234, 7];

fn challenges() -> [Fr; 4] {
    CHALLENGES.map(|value| Fr::from(value).invert().unwrap())
}

/// Pseudorandom graphs, dense and sparse, with vertices that have no edges.
fn graphs() -> Vec<Graph> {
    let graph = |vertices: u32, step: u32| {
        let pairs = (0..vertices).flat_map(|v| (0..v).map(move |u| (u, v)));
        let edges = pairs.filter(|(u, v)| (u * 7919 + v * 104_729 + u * v) % step == 0);
        Graph::new(vertices, edges.collect()).unwrap()
    };
    vec![graph(0, 1), graph(1, 1), graph(17, 1), graph(33, 3), graph(100, 29)]
}

/// All columns by their definition, cell by cell over the whole domain.
fn naive(graph: &Graph, class: ColouringClass) -> Vec<Vec<Fr>> {
    let [rho, sigma, s, _] = challenges();
    let weight = |u: u32, v: u32| match graph.edges().contains(&(u.min(v), u.max(v))) {
        true => rho.pow(u.min(v).into()) * sigma.pow(u.max(v).into()),
        false => Fr::ZERO,
    };
    let all = || 0..graph.vertices();
    let total = all().fold(Fr::ZERO, |sum, v| (0..v).fold(sum, |sum, u| sum + weight(u, v)));
    let b = |v: u32| all().fold(Fr::ZERO, |sum, u| sum + s.pow(u.into()) * weight(u, v));
    let (rows, usable, lanes) = (1u32 << class.rows(), class.usable(), class.lanes());
    let only_usable = |row: u32, value: Fr| if row < usable { value } else { Fr::ZERO };
    let mut columns = vec![
        (0..rows).map(|row| only_usable(row, Fr::ONE)).collect(),
        (0..rows)
            .map(|row| only_usable(row, s.pow(u64::from(row * lanes))))
            .collect(),
        (0..rows).map(|row| if row == 0 { total } else { Fr::ZERO }).collect(),
    ];
    for lane in 0..lanes {
        let vertex = |row: u32| row * lanes + lane;
        let cell = |row| match vertex(row) < graph.vertices() {
            true => b(vertex(row)),
            false => Fr::ZERO,
        };
        columns.push((0..rows).map(cell).collect());
    }
    columns
}

#[test]
fn columns_are_what_they_are_defined_as() {
    for graph in graphs() {
        for colours in [3, 4, 7, 12] {
            let class = ColouringClass::of(colours, graph.vertices()).unwrap();
            let mut columns = EdgeSums::new(&graph, class).columns(&challenges()).unwrap();
            for column in &mut columns {
                assert!(column.len() <= size(class.usable()));
                column.resize(1 << class.rows(), Fr::ZERO);
            }
            assert_eq!(columns, naive(&graph, class));
        }
    }
}

/// What the verifier evaluates at x is the polynomial of the naive column, at every rotation; on the domain there is no value.
#[test]
fn evaluations_are_those_of_the_whole_domain() {
    let graph = &graphs()[3];
    let class = ColouringClass::of(3, graph.vertices()).unwrap();
    let (key, domain) = (class.key().unwrap(), Domain::new(class.rows()));
    let columns = EdgeSums::new(graph, class).columns(&challenges()).unwrap();
    let all = naive(graph, class);
    for x in [3, 0x9876_5432] {
        let x = Fr::from(x).invert().unwrap();
        let got = instance_evals(&key, x, &domain, domain.power_n(x), &columns).unwrap();
        for ((column, rotation), got) in key.instance_queries.iter().zip(got) {
            assert_eq!(
                got,
                interpolated(&all[size(*column)], domain.rotate(x, *rotation), &domain)
            );
        }
    }
    for row in [0, 1, 31] {
        let x = domain.rotate(Fr::ONE, row);
        let got = instance_evals(&key, x, &domain, domain.power_n(x), &columns);
        assert_eq!(got, Err(VerifyError::DegenerateChallenge));
    }
}

/// `sum_i values_i prod_(j != i) (x - w^j) / (w^i - w^j)`
fn interpolated(values: &[Fr], x: Fr, domain: &Domain) -> Fr {
    let points: Vec<Fr> = (0..)
        .take(values.len())
        .map(|row| domain.rotate(Fr::ONE, row))
        .collect();
    let term = |i: usize| {
        let others = points.iter().enumerate().filter(|(j, _)| *j != i);
        let (above, below) = others.fold((Fr::ONE, Fr::ONE), |(above, below), (_, point)| {
            (above * (x - point), below * (points[i] - point))
        });
        values[i] * above * below.invert().unwrap()
    };
    (0..values.len()).fold(Fr::ZERO, |sum, i| sum + term(i))
}

#[test]
fn other_challenges_are_an_error() {
    let graph = &graphs()[2];
    let class = ColouringClass::of(3, graph.vertices()).unwrap();
    for count in [0, 3, 5] {
        assert!(EdgeSums::new(graph, class).columns(&vec![Fr::ONE; count]).is_err());
    }
}
