//! Programs in their order and in parts, against what the terms say row by row.

use super::*;
use crate::columns::{Columns, BLOCK};
use crate::portable::Portable;
use halo2curves::ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// A program of terms that read few of so many columns each, but for one that reads all, with shared nodes.
fn program(columns: usize, rng: &mut impl RngCore) -> (Program, Vec<Operand>) {
    let mut program = Program::default();
    let shared = program.mul(Operand::Column(0, 0), Operand::Column(columns - 1, 1));
    let base = program.constant(Fr::random(&mut *rng));
    let mut all = Operand::Column(0, 0);
    // Horner's rule goes through the columns from the last to the first.
    for column in (0..columns).rev() {
        let raised = program.mul(all, base);
        all = program.add(raised, Operand::Column(column, 0));
    }
    let mut terms = vec![];
    for column in 1..columns {
        let [left, right] = [column, column - 1].map(|column| Operand::Column(column, (rng.next_u32() % 3) as i32 - 1));
        let product = program.mul(left, right);
        let value = match column % 4 {
            0 => program.sub(product, shared),
            1 => program.add(product, all),
            2 => product,
            _ => program.sub(left, base),
        };
        terms.push(value);
    }
    terms.insert(columns / 2, all);
    terms.extend([Operand::Column(columns / 3, -1), base, shared, all]);
    (program, terms)
}

/// The value of an operand in a row.
fn value(program: &Program, operand: Operand, columns: &[Vec<Fr>], row: usize) -> Fr {
    let mut values: Vec<Fr> = vec![];
    let of = |operand: Operand, values: &[Fr]| match operand {
        Operand::Node(node) => values[node],
        Operand::Constant(constant) => program.constants[constant],
        Operand::Column(column, rotation) => {
            let rows = columns[column].len() as i64;
            columns[column][(row as i64 + i64::from(rotation)).rem_euclid(rows) as usize]
        }
    };
    for instruction in &program.instructions {
        let operation = instruction.map(|operand| of(operand, &values));
        values.push(match operation {
            Operation::Add(a, b) => a + b,
            Operation::Sub(a, b) => a - b,
            Operation::Mul(a, b) => a * b,
            Operation::Load(a) => a,
        });
    }
    of(operand, &values)
}

/// What the parts leave in the first place, row by row.
fn run<K: Columns>(kernel: K, Parts { parts, carried }: &Parts, columns: &[Vec<Fr>]) -> Vec<Fr> {
    let (rows, slices): (usize, Vec<&[Fr]>) = (columns[0].len(), columns.iter().map(Vec::as_slice).collect());
    let mut rooms = vec![vec![[Fr::ONE; BLOCK]; *carried]; rows / BLOCK];
    for part in parts {
        let mut registers = kernel.registers(part);
        for (block, room) in rooms.iter_mut().enumerate() {
            kernel.run(part, &slices, block * BLOCK, room, &mut registers);
        }
    }
    rooms.iter().flat_map(|room| room[0]).collect()
}

#[test]
fn parts_make_what_the_terms_say() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    // Miri takes a thousand times as long.
    let counts: &[usize] = if cfg!(miri) { &[1, 5] } else { &[1, 2, 5, 23, 60] };
    for &count in counts {
        let columns: Vec<Vec<Fr>> = (0..count)
            .map(|_| (0..2 * BLOCK).map(|_| Fr::random(&mut *rng)).collect())
            .collect();
        let (given, terms) = program(count, rng);
        let by = Fr::random(&mut *rng);
        let sum = |row: usize| {
            let terms = terms.iter().map(|term| value(&given, *term, &columns, row));
            terms.fold(Fr::ZERO, |sum, term| sum * by + term)
        };
        let expected: Vec<Fr> = (0..2 * BLOCK).map(sum).collect();
        let (ordered, result) = given.joined(&terms, by);
        for most in [1, 2, 3, 8, 59, 60, usize::MAX] {
            let parts = ordered.parts(result, most);
            assert_eq!(
                run(Portable, &parts, &columns),
                expected,
                "{count} columns, {most} at a time"
            );
            // No part reads more than so many that none before it did: an instruction may be the first to read two.
            let mut known = BTreeSet::new();
            for part in &parts.parts {
                let read: BTreeSet<usize> = part.reads().into_iter().map(|(column, _)| column).collect();
                assert!(
                    read.difference(&known).count() <= most.max(2),
                    "{count} columns, {most} at a time"
                );
                known.extend(read);
            }
            assert!(
                count > most || parts.parts.len() == 1,
                "{count} columns, {most} at a time"
            );
            assert!(
                count <= most.max(2) || parts.parts.len() > 1,
                "{count} columns, {most} at a time"
            );
        }
    }
}

/// A column is read by few parts in a row, if no term is shared: those that read it are next to each other in the order.
#[test]
fn few_columns_are_held_at_a_time() {
    let mut program = Program::default();
    let mut all = Operand::Column(0, 0);
    for column in (0..64).rev() {
        let raised = program.mul(all, all);
        all = program.add(raised, Operand::Column(column, 0));
    }
    // In the other order, and twice.
    let mut terms = vec![all];
    for (column, square) in (1..64).flat_map(|column| [(column, false), (column, true)]) {
        let [own, other] = [column, if square { column } else { column - 1 }].map(|column| Operand::Column(column, 0));
        terms.push(program.mul(own, other));
    }
    let (ordered, result) = program.joined(&terms, Fr::from(3));
    let Parts { parts, carried } = ordered.parts(result, 4);
    assert!(parts.len() >= 16);
    for column in 1..64 {
        let read = parts.iter().map(|part| part.reads().contains(&(column, 0)));
        let places: Vec<usize> = read
            .enumerate()
            .filter(|(_, read)| *read)
            .map(|(part, _)| part)
            .collect();
        let (Some(first), Some(last)) = (places.first(), places.last()) else {
            panic!("column {column} is read")
        };
        assert!(last - first <= 1, "column {column} is read by parts {places:?}");
    }
    // The sum, and the long term.
    assert_eq!(carried, 3);
}

/// Any value may be the result, also one that an early part makes.
#[test]
fn a_result_is_carried_to_the_end() {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    let columns: Vec<Vec<Fr>> = (0..20)
        .map(|_| (0..BLOCK).map(|_| Fr::random(&mut *rng)).collect())
        .collect();
    let (given, _) = program(20, rng);
    for node in [0, 5, given.instructions.len() / 2, given.instructions.len() - 1] {
        let result = Operand::Node(node);
        let expected: Vec<Fr> = (0..BLOCK).map(|row| value(&given, result, &columns, row)).collect();
        assert_eq!(run(Portable, &given.parts(result, 3), &columns), expected, "{node}");
    }
}

#[test]
fn no_terms_are_zero_and_a_term_is_itself() {
    let columns = [(0..BLOCK as u64).map(Fr::from).collect::<Vec<Fr>>()];
    let (empty, zero) = Program::default().joined(&[], Fr::ONE);
    assert_eq!(run(Portable, &empty.parts(zero, 1), &columns), [Fr::ZERO; BLOCK]);
    let (same, column) = Program::default().joined(&[Operand::Column(0, 0)], Fr::from(7));
    assert_eq!(run(Portable, &same.parts(column, 1), &columns), columns[0]);
}
