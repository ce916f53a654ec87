//! The quotient of a program of polynomials, by its values on cosets.
//!
//! Every so many rows of a coset are a coset of a smaller group, a *class*: one after the other is gone through, and in it one part of the program after the other, so that of a column
//! that no rotation reads only the values of one class are held, and only while parts need them. Values of other rows are read in other classes.

use crate::columns::{Columns, Given, BLOCK};
use crate::domain::{combine, inverse, powers, root, Table};
use crate::program::{Compiled, Operand, Parts, Program};
use crate::rooms::Rooms;
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A column in the rows of a class: both by their numbers.
type Place = (usize, usize);

/// A part of the program in the rows of a class.
struct Pass {
    /// Reads slots in the place of columns.
    program: Compiled,
    /// What is put into which slots before.
    fresh: Vec<(usize, Place)>,
}

/// The passes of a program, class by class and part by part, and how many slots they take.
fn passes(parts: &[Compiled], classes: usize) -> (Vec<Pass>, usize) {
    // The class of the rows that a class reads with a rotation, and how many rows further on they are there.
    let turned = |class: usize, rotation: i32| {
        let (row, classes) = (class as i64 + i64::from(rotation), classes as i64);
        (row.rem_euclid(classes) as usize, row.div_euclid(classes) as i32)
    };
    let order: Vec<(usize, &Compiled)> = (0..classes)
        .flat_map(|class| parts.iter().map(move |part| (class, part)))
        .collect();
    let needed = |(class, part): &(usize, &Compiled)| -> BTreeSet<Place> {
        let places = part
            .reads()
            .into_iter()
            .map(|(column, rotation)| (column, turned(*class, rotation).0));
        places.collect()
    };
    let needed: Vec<BTreeSet<Place>> = order.iter().map(needed).collect();
    let mut last = BTreeMap::new();
    for (pass, needed) in needed.iter().enumerate() {
        last.extend(needed.iter().map(|place| (*place, pass)));
    }
    let (mut slots, mut free, mut count) = (BTreeMap::new(), vec![], 0);
    let mut passes = vec![];
    for (pass, ((class, part), needed)) in order.into_iter().zip(needed).enumerate() {
        let mut fresh = vec![];
        for place in needed {
            slots.entry(place).or_insert_with(|| {
                let slot = free.pop().unwrap_or_else(|| {
                    count += 1;
                    count - 1
                });
                fresh.push((slot, place));
                slot
            });
        }
        let program = part.reading(|column, rotation| {
            let (of, rows) = turned(class, rotation);
            (slots[&(column, of)], rows)
        });
        passes.push(Pass { program, fresh });
        slots.retain(|place, slot| {
            let again = last[place] > pass;
            if !again {
                free.push(*slot);
            }
            again
        });
    }
    (passes, count)
}

impl<K: Columns> Table<K> {
    /// On each of as many cosets `s H` as there are pieces the quotient `Q = sum X^(nt) Q_t` is `sum v^t Q_t` with the constant `v = s^n`:
    /// its values there, program by `v - 1`, give that polynomial of less than `n` coefficients, and these give the pieces `Q_t`, as
    /// the matrix of the powers of the `v` has an inverse.
    pub fn quotient(&self, program: &Program, result: Operand, columns: &[&[Fr]], pieces: usize) -> Vec<Fr> {
        /// Bytes of the columns that a part reads first: what one part writes and reads stays in the caches that cores share.
        const PART: usize = 1 << 22;
        /// That many columns at least, so that there is work for all cores.
        const COLUMNS: usize = 8;
        let step = root(self.rows.trailing_zeros() + pieces.next_power_of_two().trailing_zeros());
        // A generator of the group: no power of it is of an order of two.
        let shifts = powers(Fr::MULTIPLICATIVE_GENERATOR, step, pieces);
        let constants = shifts.iter().map(|shift| shift.pow([self.rows as u64]));
        let weights = weights(&constants.collect::<Vec<_>>());
        let rows = self.rows / self.classes;
        let Parts { parts, carried } = program.parts(result, (PART / (rows * size_of::<Fr>())).max(COLUMNS));
        let scaled = parts.into_iter().map(|part| part.scaled(Fr::from(K::FORM)));
        let parts: Vec<Compiled> = scaled.collect();
        let (passes, slots) = passes(&parts, self.classes);
        // One coset after the other, in the same memory: what is freed between them is taken back page by page.
        let slot = |_| vec![Fr::ZERO; rows];
        let mut room = Room {
            slots: (0..slots).into_par_iter().map(slot).collect(),
            carried: vec![[Fr::ZERO; BLOCK]; rows.div_ceil(BLOCK) * carried],
            places: carried,
            registers: parts.iter().map(|_| Rooms::default()).collect(),
        };
        let values = |shift: &Fr| self.values(&passes, columns, *shift, &mut room);
        let values: Vec<Vec<Fr>> = shifts.iter().map(values).collect();
        drop(room);
        let combinations = values.into_par_iter().zip(&shifts).map(|(values, shift)| {
            let after = powers(inverse(Fr::from(self.rows as u64)), inverse(*shift), self.rows);
            self.backward(&values[..self.rows], &after)
        });
        let combinations: Vec<Vec<Fr>> = combinations.collect();
        let piece = |of: Vec<Fr>| {
            let terms: Vec<(&[Fr], Fr)> = combinations.iter().map(Vec::as_slice).zip(of).collect();
            combine(self.kernel, &terms, self.rows)
        };
        weights.into_iter().flat_map(piece).collect()
    }

    /// What the program makes of the columns on the coset, in whole blocks of each class.
    fn values(&self, passes: &[Pass], columns: &[&[Fr]], shift: Fr, room: &mut Room<K>) -> Vec<Fr> {
        /// Blocks of a task in all classes: few enough that no core waits long for another.
        const TASK: usize = 8;
        let (kernel, form, classes) = (self.kernel, Fr::from(K::FORM), self.classes);
        let rows = self.rows / classes;
        let omega = root(self.rows.trailing_zeros());
        let factors = |class: usize| {
            let shift = shift * omega.pow([class as u64]);
            let fold = shift.pow([rows as u64]);
            let folds = powers(form * fold, fold, classes - 1);
            (powers(form * form, shift, rows), folds)
        };
        let factors: Vec<(Vec<Fr>, Vec<Fr>)> = (0..classes).map(factors).collect();
        let mut values = vec![Fr::ZERO; rows.next_multiple_of(BLOCK) * classes];
        let (blocks, places) = ((TASK / classes).max(1), room.places);
        for (class, passes) in passes.chunks(room.registers.len()).enumerate() {
            for (pass, registers) in passes.iter().zip(&room.registers) {
                self.fill(&pass.fresh, columns, &factors, &mut room.slots);
                let slots: Vec<&[Fr]> = room.slots.iter().map(Vec::as_slice).collect();
                let tasks = room.carried.par_chunks_mut(blocks * places).enumerate();
                tasks.for_each(|(task, carried)| {
                    let run = |registers: &mut _| {
                        for (block, carried) in (task * blocks..).zip(carried.chunks_exact_mut(places)) {
                            kernel.run(&pass.program, &slots, block * BLOCK, carried, registers);
                        }
                    };
                    registers.with(|| kernel.registers(&pass.program), run);
                });
            }
            let results = room.carried.chunks_exact(places).flat_map(|block| block[0]);
            let rows = values[class..].iter_mut().step_by(classes);
            rows.zip(results).for_each(|(row, result)| *row = result);
        }
        values
    }

    /// Writes values of columns on a coset to slots.
    fn fill(&self, fresh: &[(usize, Place)], columns: &[&[Fr]], factors: &[(Vec<Fr>, Vec<Fr>)], slots: &mut [Vec<Fr>]) {
        let mut places: Vec<Option<Place>> = vec![None; slots.len()];
        fresh.iter().for_each(|(slot, place)| places[*slot] = Some(*place));
        let filled = slots
            .iter_mut()
            .zip(places)
            .filter_map(|(slot, place)| Some((slot, place?)));
        let filled: Vec<(&mut Vec<Fr>, Place)> = filled.collect();
        filled.into_par_iter().for_each(|(slot, (column, class))| {
            let (before, folds) = &factors[class];
            let given = Given::Coset {
                coefficients: columns[column],
                folds,
                before,
            };
            self.transform(&self.forward, given, None, slot);
        });
    }
}

/// Memory that all passes work in.
struct Room<K: Columns> {
    /// Values of columns.
    slots: Vec<Vec<Fr>>,
    /// For each block of rows so many places.
    carried: Vec<[Fr; BLOCK]>,
    places: usize,
    /// Of each part.
    registers: Vec<Rooms<K::Registers>>,
}

/// A polynomial of `v` with as many coefficients as there are `v`, from its values times `v - 1`: for each coefficient the factors of these.
fn weights(at: &[Fr]) -> Vec<Vec<Fr>> {
    let lagrange = |i: usize| {
        // Coefficients of the product of all `X - v_j` with `j != i`.
        let mut product = vec![Fr::ONE];
        let mut divisor = at[i] - Fr::ONE;
        for other in (0..at.len()).filter(|j| *j != i).map(|j| at[j]) {
            divisor *= at[i] - other;
            product.push(Fr::ZERO);
            for place in (0..product.len()).rev() {
                let lower = if place > 0 { product[place - 1] } else { Fr::ZERO };
                product[place] = lower - other * product[place];
            }
        }
        let share = inverse(divisor);
        product.into_iter().map(|c| c * share).collect::<Vec<_>>()
    };
    let of: Vec<Vec<Fr>> = (0..at.len()).map(lagrange).collect();
    (0..at.len()).map(|t| of.iter().map(|c| c[t]).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each place is filled once, before a pass that reads it, and no slot is filled while it is read later.
    #[test]
    fn places_are_filled_once() {
        let mut program = Program::default();
        let mut terms = vec![];
        for column in 1..40 {
            let [left, right] =
                [(column, 0), (column - 1, (column % 3) as i32 - 1)].map(|(c, r)| Operand::Column(c, r));
            terms.push(program.mul(left, right));
        }
        let (program, result) = program.joined(&terms, Fr::from(5));
        for (most, classes) in [(4, 1), (4, 2), (10, 4), (100, 2)] {
            let parts = program.parts(result, most).parts;
            let (passes, slots) = passes(&parts, classes);
            assert_eq!(passes.len(), parts.len() * classes);
            let mut filled: Vec<Place> = passes
                .iter()
                .flat_map(|pass| &pass.fresh)
                .map(|(_, place)| *place)
                .collect();
            let count = filled.len();
            filled.sort_unstable();
            filled.dedup();
            assert_eq!((count, filled.len()), (40 * classes, 40 * classes), "{most} at a time");
            assert!(slots < count || parts.len() == 1, "{slots} slots for {count} places");
        }
    }
}
