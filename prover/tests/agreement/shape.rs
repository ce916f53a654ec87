//! Random circuits that always have a witness: free columns hold anything, a derived column is a random polynomial of
//! what came before it, a copied column repeats earlier cells.

use halo2_proofs::circuit::{Cell, Layouter, Region, SimpleFloorPlanner};
use halo2_proofs::plonk::{
    Advice, Any, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed, Instance,
    SecondPhase, ThirdPhase,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// Rows next to both ends stay out of gates, so that rotations stay inside.
const MARGIN: usize = 4;
/// Upper bound of unusable rows at the end: the columns are queried at few rotations.
const TAIL: usize = 16;

/// What a cell of a polynomial reads.
#[derive(Clone, Copy, Debug)]
pub enum Factor {
    Advice(usize, i32),
    Fixed(usize, i32),
    Instance(usize, i32),
    Challenge(usize),
    /// A set of rows, by its place in `RowSet::ALL`.
    Rows(usize),
}

/// A sum of terms: coefficient times factors.
pub type Polynomial = Vec<(Fr, Vec<Factor>)>;

/// How the cells of an advice column come about.
#[derive(Clone, Debug)]
pub enum Rule {
    Free,
    /// Equal to the polynomial where the fixed column `switch` is one.
    Derived {
        switch: usize,
        polynomial: Polynomial,
    },
    /// For each row of the list, the cell copied to it.
    Copied(Vec<(usize, Any, usize, usize)>),
}

/// A circuit's shape and its public contents.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    pub k: u32,
    pub minimum_degree: usize,
    /// Phase and rule of each advice column.
    pub advice: Vec<(u8, Rule)>,
    /// Phase of each challenge.
    pub challenges: Vec<u8>,
    /// Values of each fixed column.
    pub fixed: Vec<Vec<Fr>>,
    /// Public input columns, after the four of the policy.
    pub lanes: usize,
    pub positions: usize,
    pub outputs: usize,
}

/// Small draws.
pub struct Draw(pub ChaCha20Rng);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// Below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    pub fn scalar(&mut self) -> Fr {
        Fr::random(&mut self.0)
    }
}

impl Shape {
    pub fn random(draw: &mut Draw) -> Self {
        let k = 5 + draw.below(4) as u32;
        let rows = 1usize << k;
        let mut shape = Self {
            k,
            minimum_degree: draw.pick(&[0, 0, 0, 0, 4, 7]),
            lanes: 1 + draw.below(3),
            positions: 1 + draw.below(6),
            outputs: 1 + draw.below(4),
            ..Self::default()
        };
        let phases = 1 + draw.below(3) as u8;
        let columns = phases as usize + 1 + draw.below(6);
        // The library wants one column of each phase before the next; after that any order.
        let mut of = vec![0];
        of.extend(0..phases);
        while of.len() < columns {
            of.push(draw.below(phases as usize) as u8);
        }
        shape.challenges = (0..phases).flat_map(|phase| vec![phase; draw.below(3)]).collect();
        for _ in 0..draw.below(3) {
            let zero = draw.below(4) == 0;
            let cells = (0..rows - TAIL).map(|_| if zero { Fr::ZERO } else { draw.scalar() });
            let cells = cells.collect();
            shape.fixed.push(cells);
        }
        let mut derived = 0;
        for (index, phase) in of.iter().copied().enumerate() {
            let rule = match (index, draw.below(4)) {
                (0, _) => Rule::Free,
                (last, _) if last + 1 == of.len() && derived == 0 => shape.derived(draw, index, phase, &of, true),
                (_, 0) => Rule::Free,
                (_, 1) => Rule::Copied(shape.copies(draw, index, phase, &of)),
                _ => shape.derived(draw, index, phase, &of, derived == 0),
            };
            derived += usize::from(matches!(rule, Rule::Derived { .. }));
            shape.advice.push((phase, rule));
        }
        shape
    }

    /// Columns known before column `index` of `phase`.
    fn known(index: usize, phase: u8, of: &[u8]) -> Vec<usize> {
        (0..of.len())
            .filter(|&other| (of[other], other) < (phase, index))
            .collect()
    }

    fn derived(&mut self, draw: &mut Draw, index: usize, phase: u8, of: &[u8], deep: bool) -> Rule {
        let known = Self::known(index, phase, of);
        let challenges: Vec<usize> = (0..self.challenges.len())
            .filter(|&c| self.challenges[c] < phase)
            .collect();
        let rotations = [0, 0, 0, 1, -1, 2, -3];
        let data = self.fixed.len();
        let switch = data;
        let rows = (1usize << self.k) - TAIL;
        let mut cells: Vec<Fr> = (0..rows).map(|_| Fr::from(draw.below(2) as u64)).collect();
        cells[..MARGIN].fill(Fr::ZERO);
        cells[rows - MARGIN..].fill(Fr::ZERO);
        cells[MARGIN] = Fr::ONE;
        self.fixed.push(cells);
        let factor = |draw: &mut Draw| match draw.below(10) {
            0 if data > 0 => Factor::Fixed(draw.below(data), draw.pick(&rotations)),
            1 => Factor::Instance(draw.below(4 + self.lanes), draw.pick(&rotations)),
            2 if !challenges.is_empty() => Factor::Challenge(draw.pick(&challenges)),
            3 => Factor::Advice(index, -1),
            4 => Factor::Rows(draw.below(3)),
            _ if known.is_empty() => Factor::Advice(index, -1),
            _ => Factor::Advice(draw.pick(&known), draw.pick(&rotations)),
        };
        let mut polynomial: Polynomial = (0..1 + draw.below(3))
            .map(|_| {
                let factors = (0..draw.below(4)).map(|_| factor(draw)).collect();
                (draw.scalar(), factors)
            })
            .collect();
        if deep {
            let degree = 1 + draw.below(4);
            polynomial.push((Fr::ONE, vec![Factor::Advice(0, 0); degree]));
        }
        Rule::Derived { switch, polynomial }
    }

    fn copies(&self, draw: &mut Draw, index: usize, phase: u8, of: &[u8]) -> Vec<(usize, Any, usize, usize)> {
        let known = Self::known(index, phase, of);
        let rows = (1usize << self.k) - TAIL;
        let rows: Vec<usize> = (0..rows).filter(|_| draw.below(3) == 0).collect();
        rows.into_iter()
            .map(|row| {
                let from = draw.below(1 + rows_of(self.k));
                match draw.below(6) {
                    0 if !self.fixed.is_empty() => (row, Any::Fixed, draw.below(self.fixed.len()), from),
                    1 => (row, Any::Instance, draw.below(4 + self.lanes), draw.below(self.outputs)),
                    _ if known.is_empty() => (row, Any::Instance, 0, 0),
                    _ => (row, Any::advice(), draw.pick(&known), from),
                }
            })
            .collect()
    }

    /// The advice cells of a phase, in column order, given those before it.
    pub fn witness(
        &self,
        phase: u8,
        before: &mut Vec<Vec<Fr>>,
        instances: &[Vec<Fr>],
        challenges: &[Fr],
        draw: &mut Draw,
    ) -> Vec<Vec<Fr>> {
        let rows = (1usize << self.k) - TAIL;
        before.resize(self.advice.len(), vec![]);
        let columns = self.advice.iter().enumerate().filter(|(_, (of, _))| *of == phase);
        for (index, (_, rule)) in columns.clone() {
            before[index] = (0..rows).map(|_| draw.scalar()).collect();
            match rule {
                Rule::Free => {}
                Rule::Derived { switch, polynomial } => {
                    for row in MARGIN..rows - MARGIN {
                        if self.fixed[*switch][row] == Fr::ONE {
                            before[index][row] = self.evaluate(polynomial, row, before, instances, challenges);
                        }
                    }
                }
                Rule::Copied(cells) => {
                    for (row, kind, column, from) in cells {
                        before[index][*row] = match kind {
                            Any::Fixed => self.fixed[*column][*from],
                            Any::Instance => cell(&instances[*column], *from),
                            Any::Advice(_) => before[*column][*from],
                        };
                    }
                }
            }
        }
        columns.map(|(index, _)| before[index].clone()).collect()
    }

    fn evaluate(
        &self,
        polynomial: &Polynomial,
        row: usize,
        advice: &[Vec<Fr>],
        instances: &[Vec<Fr>],
        challenges: &[Fr],
    ) -> Fr {
        let at = |rotation: i32| row.checked_add_signed(rotation as isize).unwrap();
        let value = |factor: &Factor| match *factor {
            Factor::Advice(column, rotation) => advice[column][at(rotation)],
            Factor::Fixed(column, rotation) => cell(&self.fixed[column], at(rotation)),
            Factor::Instance(column, rotation) => cell(&instances[column], at(rotation)),
            Factor::Challenge(index) => challenges[index],
            // Gates keep away from both ends.
            Factor::Rows(set) => Fr::from(u64::from(set < 2)),
        };
        let term =
            |(coefficient, factors): &(Fr, Vec<Factor>)| factors.iter().map(value).fold(*coefficient, |a, b| a * b);
        polynomial.iter().map(term).fold(Fr::ZERO, |a, b| a + b)
    }
}

fn rows_of(k: u32) -> usize {
    (1usize << k) - TAIL - 1
}

fn cell(column: &[Fr], row: usize) -> Fr {
    column.get(row).copied().unwrap_or(Fr::ZERO)
}

/// Columns of a configured shape.
#[derive(Clone, Debug)]
pub struct Config {
    instance: Vec<Column<Instance>>,
    advice: Vec<Column<Advice>>,
    fixed: Vec<Column<Fixed>>,
}

impl Circuit<Fr> for Shape {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn params(&self) -> Shape {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("the shape is given")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Config {
        if shape.minimum_degree > 0 {
            meta.set_minimum_degree(shape.minimum_degree);
        }
        let instance: Vec<_> = (0..4 + shape.lanes).map(|_| meta.instance_column()).collect();
        let sets = [(); 3].map(|()| meta.instance_column());
        let advice = shape.advice.iter().map(|(phase, _)| match phase {
            0 => meta.advice_column_in(FirstPhase),
            1 => meta.advice_column_in(SecondPhase),
            _ => meta.advice_column_in(ThirdPhase),
        });
        let advice: Vec<_> = advice.collect();
        let challenges = shape.challenges.iter().map(|phase| match phase {
            0 => meta.challenge_usable_after(FirstPhase),
            1 => meta.challenge_usable_after(SecondPhase),
            _ => meta.challenge_usable_after(ThirdPhase),
        });
        let challenges: Vec<Challenge> = challenges.collect();
        let fixed: Vec<_> = shape.fixed.iter().map(|_| meta.fixed_column()).collect();
        for (index, (_, rule)) in shape.advice.iter().enumerate() {
            match rule {
                Rule::Free => {}
                Rule::Derived { switch, polynomial } => meta.create_gate("derived", |_| {
                    let expression = |factor: &Factor| match *factor {
                        Factor::Advice(column, rotation) => advice[column].query_cell(Rotation(rotation)),
                        Factor::Fixed(column, rotation) => fixed[column].query_cell(Rotation(rotation)),
                        Factor::Instance(column, rotation) => instance[column].query_cell(Rotation(rotation)),
                        Factor::Challenge(index) => challenges[index].expr(),
                        Factor::Rows(set) => sets[set].query_cell(Rotation::cur()),
                    };
                    // Every kind of node of an expression occurs.
                    let mut sum = Expression::Constant(Fr::ZERO);
                    for (place, (coefficient, factors)) in polynomial.iter().enumerate() {
                        let product = factors.iter().map(expression).reduce(|a, b| a * b);
                        let term = match product {
                            Some(product) if place % 2 == 0 => product * *coefficient,
                            Some(product) => -(product * Expression::Constant(-*coefficient)),
                            None => Expression::Constant(*coefficient),
                        };
                        sum = sum + term;
                    }
                    let switch = fixed[*switch].query_cell(Rotation::cur());
                    vec![switch * (advice[index].query_cell(Rotation::cur()) - sum)]
                }),
                Rule::Copied(cells) => {
                    for (_, kind, column, _) in cells {
                        match kind {
                            Any::Fixed => meta.enable_equality(fixed[*column]),
                            Any::Instance => meta.enable_equality(instance[*column]),
                            Any::Advice(_) => meta.enable_equality(advice[*column]),
                        }
                    }
                    meta.enable_equality(advice[index]);
                }
            }
        }
        Config {
            instance,
            advice,
            fixed,
        }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(|| "all", |mut region| self.assign(&config, &mut region))
    }
}

impl Shape {
    /// Fixed cells and copies; the witness is given to the prover column by column.
    fn assign(&self, config: &Config, region: &mut Region<'_, Fr>) -> Result<(), Error> {
        for (column, cells) in config.fixed.iter().zip(&self.fixed) {
            for (row, value) in cells.iter().enumerate() {
                region.assign_fixed(*column, row, *value);
            }
        }
        for (index, (_, rule)) in self.advice.iter().enumerate() {
            let Rule::Copied(cells) = rule else { continue };
            for (row, kind, column, from) in cells {
                let source: Column<Any> = match kind {
                    Any::Fixed => config.fixed[*column].into(),
                    Any::Instance => config.instance[*column].into(),
                    Any::Advice(_) => config.advice[*column].into(),
                };
                let at = |column, row_offset| Cell { row_offset, column };
                region.constrain_equal(at(config.advice[index].into(), *row), at(source, *from));
            }
        }
        Ok(())
    }
}
