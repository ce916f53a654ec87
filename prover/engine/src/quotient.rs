//! The quotient of a program of polynomials, by its values on cosets.
//!
//! Every so many rows of a coset are a coset of a smaller group, a *class*: one after the other is gone through, so that of a column that no rotation reads only the values
//! of one class are held at a time. Values of other rows are read in other classes.

use crate::columns::{Columns, Given, BLOCK};
use crate::domain::{combine, inverse, powers, root, Table};
use crate::program::Compiled;
use crate::rooms::Rooms;
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A column in the rows of a class: both by their numbers.
type Place = (usize, usize);

/// What is done for a class.
struct Pass {
    /// Reads slots in the place of columns.
    program: Compiled,
    /// For each slot what is put into it before, if anything is.
    fresh: Vec<Option<Place>>,
}

/// The passes of a program, one for each class. All have as many slots.
fn passes(program: &Compiled, classes: usize) -> Vec<Pass> {
    let reads = program.reads();
    // The class of the rows that a class reads with a rotation, and how many rows further on they are there.
    let turned = |class: usize, rotation: i32| {
        let (row, classes) = (class as i64 + i64::from(rotation), classes as i64);
        (row.rem_euclid(classes) as usize, row.div_euclid(classes) as i32)
    };
    let read = |class: usize| -> BTreeSet<Place> {
        let places = reads
            .iter()
            .map(|(column, rotation)| (*column, turned(class, *rotation).0));
        places.collect()
    };
    let read: Vec<BTreeSet<Place>> = (0..classes).map(read).collect();
    let (mut slots, mut free, mut count) = (BTreeMap::new(), vec![], 0);
    let mut passes = vec![];
    for (class, needed) in read.iter().enumerate() {
        let mut fresh = vec![];
        for place in needed {
            slots.entry(*place).or_insert_with(|| {
                let slot = free.pop().unwrap_or_else(|| {
                    count += 1;
                    count - 1
                });
                fresh.push((slot, *place));
                slot
            });
        }
        let program = program.reading(|column, rotation| {
            let (of, rows) = turned(class, rotation);
            (slots[&(column, of)], rows)
        });
        passes.push((program, fresh));
        slots.retain(|place, slot| {
            let again = read[class + 1..].iter().any(|later| later.contains(place));
            if !again {
                free.push(*slot);
            }
            again
        });
    }
    let by_slots = |(program, fresh): (Compiled, Vec<(usize, Place)>)| {
        let mut places = vec![None; count];
        fresh.into_iter().for_each(|(slot, place)| places[slot] = Some(place));
        Pass { program, fresh: places }
    };
    passes.into_iter().map(by_slots).collect()
}

impl<K: Columns> Table<K> {
    /// On each of as many cosets `s H` as there are pieces the quotient `Q = sum X^(nt) Q_t` is `sum v^t Q_t` with the constant `v = s^n`:
    /// its values there, program by `v - 1`, give that polynomial of less than `n` coefficients, and these give the pieces `Q_t`, as
    /// the matrix of the powers of the `v` has an inverse.
    pub fn quotient(&self, program: &Compiled, columns: &[&[Fr]], pieces: usize) -> Vec<Fr> {
        let step = root(self.rows.trailing_zeros() + pieces.next_power_of_two().trailing_zeros());
        // A generator of the group: no power of it is of an order of two.
        let shifts = powers(Fr::MULTIPLICATIVE_GENERATOR, step, pieces);
        let constants = shifts.iter().map(|shift| shift.pow([self.rows as u64]));
        let weights = weights(&constants.collect::<Vec<_>>());
        let passes = passes(&program.scaled(Fr::from(K::FORM)), self.classes);
        let slots = passes.first().map_or(0, |pass| pass.fresh.len());
        // One coset after the other, in the same memory: what is freed between them is taken back page by page.
        let slot = |_| vec![Fr::ZERO; self.rows / self.classes];
        let mut values: Vec<Vec<Fr>> = (0..slots).into_par_iter().map(slot).collect();
        let registers = Rooms::default();
        let part = |shift: &Fr| self.values((&passes, &registers), columns, *shift, &mut values);
        let parts: Vec<Vec<Fr>> = shifts.iter().map(part).collect();
        drop(values);
        let parts = parts.into_par_iter().zip(&shifts).map(|(part, shift)| {
            let after = powers(inverse(Fr::from(self.rows as u64)), inverse(*shift), self.rows);
            self.backward(&part[..self.rows], &after)
        });
        let parts: Vec<Vec<Fr>> = parts.collect();
        let piece = |of: Vec<Fr>| {
            let terms: Vec<(&[Fr], Fr)> = parts.iter().map(Vec::as_slice).zip(of).collect();
            combine(self.kernel, &terms, self.rows)
        };
        weights.into_iter().flat_map(piece).collect()
    }

    /// What the program makes of the columns on the coset, in whole blocks of each class; the columns' values there are written to slots.
    fn values(
        &self,
        (passes, registers): (&[Pass], &Rooms<K::Registers>),
        columns: &[&[Fr]],
        shift: Fr,
        slots: &mut [Vec<Fr>],
    ) -> Vec<Fr> {
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
        let mut part = vec![Fr::ZERO; rows.next_multiple_of(BLOCK) * classes];
        for (class, pass) in passes.iter().enumerate() {
            let fresh = slots.par_iter_mut().zip(&pass.fresh);
            fresh.for_each(|(slot, place)| {
                if let Some((column, class)) = place {
                    let (before, folds) = &factors[*class];
                    let given = Given::Coset {
                        coefficients: columns[*column],
                        folds,
                        before,
                    };
                    self.transform(&self.forward, given, None, slot);
                }
            });
            let values: Vec<&[Fr]> = slots.iter().map(Vec::as_slice).collect();
            let blocks = (TASK / classes).max(1);
            let tasks = part.par_chunks_mut(blocks * BLOCK * classes).enumerate();
            tasks.for_each(|(task, part)| {
                let run = |registers: &mut _| {
                    let mut out = [Fr::ZERO; BLOCK];
                    for (block, part) in part.chunks_mut(BLOCK * classes).enumerate() {
                        let start = (task * blocks + block) * BLOCK;
                        kernel.run(&pass.program, &values, start, &mut out, registers);
                        let rows = part[class..].iter_mut().step_by(classes);
                        rows.zip(out).for_each(|(row, value)| *row = value);
                    }
                };
                registers.with(|| kernel.registers(&pass.program), run);
            });
        }
        part
    }
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
