//! What proofs of a circuit are made with: its constraints, its fixed columns, and which of its cells are equal.
//!
//! All of it follows from the circuit, and it is made where it is needed: that takes less time than to read it from a file.

use crate::error::{Defect, ProveError};
use halo2_proofs::circuit::Value;
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed, FloorPlanner,
    Instance, Selector,
};
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};
use provenn_engine::Path;
use rayon::prelude::*;

/// A key. It holds nothing secret: circuits are made without a witness.
#[derive(Clone, Debug)]
pub struct Key {
    k: u32,
    cs: ConstraintSystem<Fr>,
    name: Fr,
    fixed: Vec<Vec<Fr>>,
    next: Vec<Cell>,
}

/// A cell of the permutation, by the number of its column there: `column 2^k + row`.
type Cell = u32;

impl Key {
    /// That of a circuit in `2^k` rows, which has no name yet: of those whose verifiers make the key themselves.
    ///
    /// # Errors
    /// [`Defect::KeyGeneration`] for a circuit that has more rows, or selectors of the library's, which would become fixed columns.
    pub fn new<C: Circuit<Fr>>(circuit: &C, k: u32) -> Result<Self, ProveError> {
        let mut cs = ConstraintSystem::default();
        let config = C::configure_with_params(&mut cs, circuit.params());
        if cs.num_selectors() > 0 {
            return Err(Defect::Unsupported("selectors").into());
        }
        let mut assembly = Assembly::new(&cs, k).map_err(Defect::KeyGeneration)?;
        let made = C::FloorPlanner::synthesize(&mut assembly, circuit, config, cs.constants().clone());
        made.and_then(|()| assembly.whole()).map_err(Defect::KeyGeneration)?;
        Ok(Self {
            k,
            name: Fr::ZERO,
            fixed: assembly.fixed,
            next: assembly.next,
            cs,
        })
    }

    /// With this name of the circuit in the transcript: the library's digest of the verifying key.
    #[must_use]
    pub fn named(self, name: Fr) -> Self {
        Self { name, ..self }
    }

    /// log2 of the rows.
    pub fn k(&self) -> u32 {
        self.k
    }

    /// The constraints.
    pub fn cs(&self) -> &ConstraintSystem<Fr> {
        &self.cs
    }

    /// What names the circuit in the transcript.
    pub fn name(&self) -> Fr {
        self.name
    }

    /// The fixed columns; the rest of each is zero.
    pub fn fixed(&self) -> &[Vec<Fr>] {
        &self.fixed
    }

    /// The columns of the permutation, given the powers of the root of unity: for each cell the name of the next one that is equal to it. That of a cell is
    /// the power of its row, times that of `DELTA` for its column.
    pub fn permutation(&self, powers: &[Fr]) -> Vec<Vec<Fr>> {
        let columns = self.cs.permutation().get_columns().len();
        let deltas: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |delta| Some(delta * Fr::DELTA))
            .take(columns)
            .collect();
        let column = |(column, next): (usize, &[Cell])| {
            let mut names = Path::of_machine().combine(&[(powers, deltas[column])], powers.len());
            for (row, (name, next)) in names.iter_mut().zip(next).enumerate() {
                if *next as usize != column * powers.len() + row {
                    let (column, row) = (*next as usize / powers.len(), *next as usize % powers.len());
                    *name = deltas[column] * powers[row];
                }
            }
            names
        };
        self.next.par_chunks(powers.len()).enumerate().map(column).collect()
    }

    /// Columns that are 1 in the first row, in the last usable one, and in all before that; the rest of each is zero.
    pub fn selectors(&self) -> [Vec<Fr>; 3] {
        let last = usable(&self.cs, self.k);
        let mut only_last = vec![Fr::ZERO; last + 1];
        only_last[last] = Fr::ONE;
        [vec![Fr::ONE], only_last, vec![Fr::ONE; last]]
    }
}

/// Rows that a circuit may use: it has as many as the constraints need at least.
fn usable(cs: &ConstraintSystem<Fr>, k: u32) -> usize {
    (1 << k) - (cs.blinding_factors() + 1)
}

/// A circuit as it is made.
struct Assembly {
    k: u32,
    usable: usize,
    fixed: Vec<Vec<Fr>>,
    /// Columns of the permutation.
    columns: Vec<Column<Any>>,
    /// For each cell the next one of a circle of equal cells.
    next: Vec<Cell>,
    /// For each cell another one of its circle, nearer to the one that names it: that one is its own.
    nearer: Vec<Cell>,
    /// What went wrong first: functions of the trait that cannot fail leave it here.
    failed: Option<Error>,
}

impl Assembly {
    fn new(cs: &ConstraintSystem<Fr>, k: u32) -> Result<Self, Error> {
        let too_few = || Error::NotEnoughRowsAvailable { current_k: k };
        let columns = cs.permutation().get_columns();
        let rows = 1usize.checked_shl(k).filter(|rows| *rows >= cs.minimum_rows());
        let rows = rows.ok_or_else(too_few)?;
        let cells = Cell::try_from(columns.len() * rows).map_err(|_| Error::BoundsFailure)?;
        Ok(Self {
            k,
            usable: usable(cs, k),
            fixed: vec![vec![]; cs.num_fixed_columns()],
            columns,
            next: (0..cells).collect(),
            nearer: (0..cells).collect(),
            failed: None,
        })
    }

    fn whole(&mut self) -> Result<(), Error> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn row(&self, row: usize) -> Result<usize, Error> {
        let failed = Error::NotEnoughRowsAvailable { current_k: self.k };
        (row < self.usable).then_some(row).ok_or(failed)
    }

    fn cell(&self, column: Column<Any>, row: usize) -> Result<usize, Error> {
        let place = self.columns.iter().position(|known| *known == column);
        let place = place.ok_or(Error::ColumnNotInPermutation(column))?;
        Ok((place << self.k) + self.row(row)?)
    }

    /// The cell that names the circle of this one.
    fn circle(&mut self, mut cell: usize) -> usize {
        while self.nearer[cell] as usize != cell {
            self.nearer[cell] = self.nearer[self.nearer[cell] as usize];
            cell = self.nearer[cell] as usize;
        }
        cell
    }

    fn set(&mut self, column: Column<Fixed>, row: usize, to: Fr) -> Result<(), Error> {
        let (row, k) = (self.row(row)?, self.k);
        let column = self.fixed.get_mut(column.index()).ok_or(Error::BoundsFailure)?;
        if column.len() <= row {
            column.reserve_exact((1 << k) - column.len());
            column.resize(row + 1, Fr::ZERO);
        }
        column[row] = to;
        Ok(())
    }

    /// Joins the circles of two cells, if they are not one already.
    fn equal(&mut self, left: (Column<Any>, usize), right: (Column<Any>, usize)) -> Result<(), Error> {
        let (left, right) = (self.cell(left.0, left.1)?, self.cell(right.0, right.1)?);
        let (of_left, of_right) = (self.circle(left), self.circle(right));
        if of_left != of_right {
            self.nearer[of_right] = of_left as Cell;
            self.next.swap(left, right);
        }
        Ok(())
    }

    fn keep(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.failed.get_or_insert(error);
        }
    }
}

impl Assignment<Fr> for Assembly {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}

    fn exit_region(&mut self) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        _: &Selector,
        _: usize,
    ) -> Result<(), Error> {
        Err(Error::Synthesis)
    }

    fn query_instance(&self, _: Column<Instance>, row: usize) -> Result<Value<Fr>, Error> {
        self.row(row).map(|_| Value::unknown())
    }

    fn assign_advice<'v>(&mut self, _: Column<Advice>, _: usize, _: Value<Assigned<Fr>>) -> Value<&'v Assigned<Fr>> {
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<Fr>) {
        let set = self.set(column, row, to.evaluate());
        self.keep(set);
    }

    fn copy(&mut self, left: Column<Any>, left_row: usize, right: Column<Any>, right_row: usize) {
        let equal = self.equal((left, left_row), (right, right_row));
        self.keep(equal);
    }

    fn fill_from_row(&mut self, column: Column<Fixed>, from: usize, to: Value<Assigned<Fr>>) -> Result<(), Error> {
        let mut value = None;
        to.map(|to| value = Some(to.evaluate()));
        let value = value.ok_or(Error::Synthesis)?;
        (from..self.usable).try_for_each(|row| self.set(column, row, value))
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}
}
