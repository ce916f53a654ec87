//! Transforms, quotients, combinations and values on all paths, against sums written out.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use provenn_engine::{Domain, Operand, Path, Program, Ratio};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

fn paths() -> Vec<Path> {
    Path::all()
}

/// The library's elements of the largest words, of the smallest, and random ones.
fn column(kind: usize, count: usize, rng: &mut impl RngCore) -> Vec<Fr> {
    let bounds = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(2).invert().unwrap()];
    // In memory `a 2^256`: these have the words of -1, and of 1.
    let shrink = Fr::from(2).pow([256]).invert().unwrap();
    (0..count)
        .map(|i| match kind {
            0 => Fr::random(&mut *rng),
            1 => -shrink,
            2 => shrink,
            3 => -Fr::ONE,
            4 => bounds[i % 4],
            5 => Fr::ZERO,
            6 => [-shrink, Fr::ZERO][i % 2],
            _ => [Fr::from(rng.next_u64() & 0xff), -shrink][usize::from(i % 89 == 0)],
        })
        .collect()
}

const KINDS: usize = 8;

fn at(coefficients: &[Fr], point: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::ZERO, |sum, c| sum * point + c)
}

#[test]
fn coefficients_have_the_values() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    for k in 1..=14 {
        let columns: Vec<Vec<Fr>> = (0..KINDS).map(|kind| column(kind, 1 << k, rng)).collect();
        for path in paths() {
            let domain = Domain::new(path, k);
            assert_eq!(domain.omega().pow([1 << k]), Fr::ONE);
            assert_ne!(domain.omega().pow([1 << (k - 1)]), Fr::ONE);
            let powers = (0..1 << k).map(|row| domain.omega().pow([row]));
            assert!(powers.eq(domain.powers()));
            for values in &columns {
                let coefficients = domain.coefficients(values);
                assert_eq!(coefficients.len(), domain.rows());
                // All places of small domains, some of large ones.
                for row in (0..domain.rows()).step_by(1 + (domain.rows() >> 6)) {
                    let point = domain.omega().pow([row as u64]);
                    assert_eq!(
                        at(&coefficients, point),
                        values[row],
                        "{}, 2^{k}, row {row}",
                        path.name()
                    );
                }
            }
        }
    }
}

#[test]
fn paths_agree_on_large_domains() {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    for k in [15, 16, 17] {
        let columns: Vec<Vec<Fr>> = (0..3).map(|kind| column(kind, 1 << k, rng)).collect();
        let of = |path| {
            let domain = Domain::new(path, k);
            columns
                .iter()
                .map(|column| domain.coefficients(column))
                .collect::<Vec<_>>()
        };
        let portable = of(Path::portable());
        assert!(paths().into_iter().all(|path| of(path) == portable), "2^{k}");
    }
}

#[test]
fn columns_that_end_early_are_zero_there() {
    let rng = &mut ChaCha20Rng::seed_from_u64(3);
    for path in paths() {
        let domain = Domain::new(path, 7);
        for count in [0, 1, 7, 8, 9, 64, 127] {
            let short = column(0, count, rng);
            let mut whole = short.clone();
            whole.resize(domain.rows(), Fr::ZERO);
            let [a, b] = [short, whole].map(|column| domain.coefficients(&column));
            assert_eq!((&a, a.len()), (&b, domain.rows()));
        }
    }
}

/// `a b(next) - c + 7 (a - b) (b + c)^2 - ..`, which needs every step and reuses registers, with `degree` factors.
fn program(degree: usize) -> (Program, Operand) {
    let mut program = Program::default();
    let [a, b, c] = [0, 1, 2].map(|column| Operand::Column(column, 0));
    let next = Operand::Column(1, 1);
    let before = Operand::Column(2, -3);
    let seven = program.constant(Fr::from(7));
    let difference = program.sub(a, b);
    let scaled = program.mul(seven, difference);
    let mut sum = program.add(b, before);
    for _ in 0..5 {
        sum = program.add(sum, sum);
        sum = program.sub(sum, c);
    }
    let mut product = program.mul(scaled, sum);
    for _ in 2..degree {
        product = program.mul(product, next);
    }
    let minus = program.sub(before, product);
    let zero = program.constant(Fr::ZERO);
    let negative = program.sub(zero, minus);
    let result = program.add(negative, c);
    (program, result)
}

fn expected(degree: usize, columns: &[Vec<Fr>], row: usize) -> Fr {
    let n = columns[0].len();
    let [a, b, c] = [0, 1, 2].map(|column| columns[column][row]);
    let (next, before) = (columns[1][(row + 1) % n], columns[2][(row + n - 3) % n]);
    let mut sum = b + before;
    for _ in 0..5 {
        sum = sum + sum - c;
    }
    let product = Fr::from(7) * (a - b) * sum * next.pow([degree as u64 - 2]);
    product - before + c
}

#[test]
fn quotients_times_the_divisor_are_the_programs() {
    let rng = &mut ChaCha20Rng::seed_from_u64(4);
    for (k, degree) in [(1, 3), (4, 2), (5, 3), (6, 2), (6, 5), (7, 3), (8, 4), (9, 9), (10, 4)] {
        for kind in 0..KINDS {
            let columns: Vec<Vec<Fr>> = [kind, 0, kind].map(|kind| column(kind, 1 << k, rng)).to_vec();
            for path in paths() {
                let domain = Domain::new(path, k);
                let (n, omega) = (domain.rows(), domain.omega());
                // What vanishes on the domain: the program less the polynomial with its values.
                let (mut program, result) = program(degree);
                let values: Vec<Fr> = (0..n).map(|row| expected(degree, &columns, row)).collect();
                let result = program.sub(result, Operand::Column(3, 0));
                let given = columns.iter().chain([&values]);
                let coefficients: Vec<Vec<Fr>> = given.map(|column| domain.coefficients(column)).collect();
                let slices: Vec<&[Fr]> = coefficients.iter().map(Vec::as_slice).collect();
                let quotient = domain.quotient(&program, (&[result], Fr::ONE), &slices, degree - 1);
                assert_eq!(quotient.len(), n * (degree - 1));
                let x = Fr::random(&mut *rng);
                let [a, b, c, remainder] = [0, 1, 2, 3].map(|column| at(&coefficients[column], x));
                let next = at(&coefficients[1], x * omega);
                let before = at(&coefficients[2], x * omega.invert().unwrap().pow([3]));
                let mut sum = b + before;
                for _ in 0..5 {
                    sum = sum + sum - c;
                }
                let product = Fr::from(7) * (a - b) * sum * next.pow([degree as u64 - 2]);
                let constraint = product - before + c - remainder;
                let divisor = x.pow([n as u64]) - Fr::ONE;
                let name = path.name();
                assert_eq!(
                    at(&quotient, x) * divisor,
                    constraint,
                    "{name}, 2^{k}, {degree}, {kind}"
                );
            }
        }
    }
}

/// So many columns that the program is run in parts: products of neighbours, some rows apart, and all columns joined by Horner's rule.
#[test]
fn quotients_of_many_columns_are_the_programs() {
    const COLUMNS: usize = 70;
    const K: u32 = 13;
    let rng = &mut ChaCha20Rng::seed_from_u64(7);
    let rotation = |column: usize| (column % 5) as i32 - 2;
    let [base, by, x] = [0; 3].map(|_| Fr::random(&mut *rng));
    // Of the value of each column in a row and in the row that its rotation names.
    let joined = |here: &[Fr], there: &[Fr]| {
        let all = here.iter().rev().fold(Fr::ZERO, |all, cell| all * base + cell);
        let products = (1..COLUMNS).map(|column| here[column - 1] * there[column]);
        std::iter::once(all)
            .chain(products)
            .fold(Fr::ZERO, |sum, term| sum * by + term)
    };
    let columns: Vec<Vec<Fr>> = (0..COLUMNS)
        .map(|column| self::column(column % 2 * 7, 1 << K, rng))
        .collect();
    let n = columns[0].len();
    let row = |row: usize| {
        let here: Vec<Fr> = columns.iter().map(|column| column[row]).collect();
        let there =
            (0..COLUMNS).map(|of| columns[of][(row as i64 + i64::from(rotation(of))).rem_euclid(n as i64) as usize]);
        joined(&here, &there.collect::<Vec<_>>())
    };
    let remainder: Vec<Fr> = (0..n).map(row).collect();
    let mut program = Program::default();
    let by_base = program.constant(base);
    let mut all = program.constant(Fr::ZERO);
    for column in (0..COLUMNS).rev() {
        all = program.mul(all, by_base);
        all = program.add(all, Operand::Column(column, 0));
    }
    let mut terms = vec![all];
    for column in 1..COLUMNS {
        terms.push(program.mul(
            Operand::Column(column - 1, 0),
            Operand::Column(column, rotation(column)),
        ));
    }
    // The last term is of the first power, as is what is taken off.
    let last = terms.pop().unwrap();
    terms.push(program.sub(last, Operand::Column(COLUMNS, 0)));
    for path in paths() {
        let domain = Domain::new(path, K);
        let given = columns.iter().chain([&remainder]);
        let coefficients: Vec<Vec<Fr>> = given.map(|column| domain.coefficients(column)).collect();
        let slices: Vec<&[Fr]> = coefficients.iter().map(Vec::as_slice).collect();
        let quotient = domain.quotient(&program, (&terms, by), &slices, 2);
        let here: Vec<Fr> = slices.iter().map(|column| at(column, x)).collect();
        let power = |rotation: i32| domain.omega().pow([i64::from(rotation).rem_euclid(n as i64) as u64]);
        let there: Vec<Fr> = (0..COLUMNS).map(|of| at(slices[of], x * power(rotation(of)))).collect();
        let constraint = joined(&here[..COLUMNS], &there) - here[COLUMNS];
        assert_eq!(
            at(&quotient, x) * (x.pow([n as u64]) - Fr::ONE),
            constraint,
            "{}",
            path.name()
        );
    }
}

#[test]
fn a_constant_and_a_column_are_programs() {
    for path in paths() {
        let domain = Domain::new(path, 6);
        let mut program = Program::default();
        let zero = program.constant(Fr::ZERO);
        assert_eq!(
            domain.quotient(&program, (&[zero], Fr::ONE), &[], 1),
            vec![Fr::ZERO; 64]
        );
        // `X^n - 1` has more coefficients than a column: `X (X^(n-1)) - 1`.
        let one = program.constant(Fr::ONE);
        let product = program.mul(Operand::Column(0, 0), Operand::Column(1, 0));
        let divisor = program.sub(product, one);
        let last = [vec![Fr::ZERO; 63], vec![Fr::ONE]].concat();
        let quotient = domain.quotient(&program, (&[divisor], Fr::ONE), &[&[Fr::ZERO, Fr::ONE], &last], 1);
        assert_eq!(quotient, [vec![Fr::ONE], vec![Fr::ZERO; 63]].concat());
    }
}

#[test]
fn combinations_and_values_are_the_sums() {
    let rng = &mut ChaCha20Rng::seed_from_u64(5);
    for rows in [1, 7, 8, 64, 511, 513, 1100] {
        for count in [0, 1, 5, 6, 7, 40] {
            let lengths = (0..count).map(|i| [rows, rows / 2, 3, rows + 5][i % 4]);
            let columns: Vec<Vec<Fr>> = lengths
                .enumerate()
                .map(|(i, len)| column(i % KINDS, len, rng))
                .collect();
            let factors = column(rows % 2, count, rng);
            let terms: Vec<(&[Fr], Fr)> = columns.iter().map(Vec::as_slice).zip(factors).collect();
            let cell = |column: &[Fr], row: usize| column.get(row).copied().unwrap_or(Fr::ZERO);
            let sum = |row: usize| terms.iter().map(|(column, factor)| cell(column, row) * factor).sum();
            let expected: Vec<Fr> = (0..rows).map(sum).collect();
            for path in paths() {
                assert_eq!(path.combine(&terms, rows), expected, "{}, {rows}, {count}", path.name());
                for (column, point) in &terms {
                    assert_eq!(path.evaluate(column, *point), at(column, *point));
                }
            }
        }
    }
}

#[test]
fn ratios_are_the_products_written_out() {
    let rng = &mut ChaCha20Rng::seed_from_u64(6);
    for rows in [1, 8, 63, 2048, 2100] {
        for count in [0, 1, 2, 5] {
            let columns: Vec<Vec<Fr>> = (0..3 * count).map(|i| column(i % KINDS, rows, rng)).collect();
            let numbers = column(0, 2 * count + 1, rng);
            // The last of many rows has a zero below the line.
            let plus = match (rows, columns.first()) {
                (2100, Some(cells)) => -(cells[rows - 1] + numbers[1] * columns[2][rows - 1]),
                _ => numbers[2 * count],
            };
            let term = |i: usize| Ratio {
                cells: &columns[3 * i],
                above: (numbers[2 * i], &columns[3 * i + 1]),
                below: (numbers[2 * i + 1], &columns[3 * i + 2]),
            };
            let terms: Vec<Ratio<'_>> = (0..count).map(term).collect();
            let factor = |cell: Fr, (by, names): (Fr, &[Fr]), row: usize| cell + by * names[row] + plus;
            let expected = |row: usize| {
                let above: Fr = terms
                    .iter()
                    .map(|term| factor(term.cells[row], term.above, row))
                    .product();
                let below: Fr = terms
                    .iter()
                    .map(|term| factor(term.cells[row], term.below, row))
                    .product();
                above * below.invert().unwrap_or(Fr::ZERO)
            };
            let expected: Vec<Fr> = (0..rows).map(expected).collect();
            assert!(rows != 2100 || count == 0 || expected[rows - 1] == Fr::ZERO);
            for path in paths() {
                assert_eq!(
                    path.ratios(&terms, plus, rows),
                    expected,
                    "{}, {rows}, {count}",
                    path.name()
                );
            }
        }
    }
}

#[test]
fn roots_are_those_of_the_field() {
    let domain = Domain::new(Path::of_machine(), 1);
    assert_eq!(domain.omega(), -Fr::ONE);
    assert_eq!(
        Domain::new(Path::portable(), 20).omega().pow([1 << 8]),
        Domain::new(Path::portable(), 12).omega()
    );
    assert_eq!(Fr::S, 28);
}
