//! Values of all advice cells of a colouring.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use provenn_bn254::Fr as Own;
use provenn_verifier::statement::colouring::gates;
use provenn_verifier::statement::colouring::One;
use provenn_verifier::{ColouringClass, Neighbours};
use rayon::prelude::*;

/// Colours that cells can hold, those beyond the colours of a class too.
const MOST_COLOURS: u8 = 16;

/// A colour for each vertex of a graph. Whether the colouring is proper, or in so many colours, is not looked at here.
#[derive(Clone, Debug)]
pub struct ColouringWitness<'a> {
    class: ColouringClass,
    colours: &'a [u8],
    /// `w^i`
    roots: Vec<Fr>,
}

impl<'a> ColouringWitness<'a> {
    /// For a graph that the class holds.
    pub fn new(class: ColouringClass, colours: &'a [u8]) -> Self {
        let roots = class.roots().into_iter().map(Fr::from).collect();
        Self { class, colours, roots }
    }

    fn lanes(&self) -> usize {
        self.class.lanes() as usize
    }

    fn vectors(&self) -> usize {
        self.class.vectors() as usize
    }

    /// `y^j = w^(j c)`
    fn power(&self, j: usize, colour: u8) -> Fr {
        self.roots[j * usize::from(colour) % self.roots.len()]
    }

    /// Colours of the vertices of a lane, row by row.
    fn lane(&self, lane: usize) -> impl Iterator<Item = u8> + '_ {
        self.colours.iter().skip(lane).step_by(self.lanes()).copied()
    }

    /// The cells of the colours. Vertices that the graph does not have get the colour 0.
    pub fn phase1(&self) -> Vec<Vec<Fr>> {
        let cells = self.class.cells() as usize;
        let columns = (0..self.lanes()).flat_map(|lane| (0..cells).map(move |cell| (lane, cell)));
        let field = |(lane, cell)| self.lane(lane).map(|c| Fr::from(digit(c, cell, cells))).collect();
        columns.map(field).collect()
    }

    /// `d_j[u] = sigma^u sum_{v < u} rho^v y_v^(m - j) + rho^u sum_{v > u} sigma^v y_v^(m - j)` over neighbours.
    pub fn phase2(&self, neighbours: &Neighbours<'_>, rho: Fr, sigma: Fr) -> Vec<Vec<Fr>> {
        let powers = |base: Fr| -> Vec<Own> {
            let base = Own::from(base);
            let powers = std::iter::successors(Some(Own::ONE), move |power| Some(*power * base));
            powers.take(self.colours.len()).collect()
        };
        let (rhos, sigmas) = rayon::join(|| powers(rho), || powers(sigma));
        let roots = self.class.roots();
        let sums: Vec<Vec<Fr>> = (1..=self.vectors())
            .into_par_iter()
            .map(|j| {
                // Of each colour.
                let exponents = (0..usize::from(MOST_COLOURS)).map(|colour| (self.roots.len() - j) * colour);
                let factors: Vec<Own> = exponents.map(|exponent| roots[exponent % roots.len()]).collect();
                self.vector(neighbours, &factors, &rhos, &sigmas)
            })
            .collect();
        let columns = (0..self.lanes()).flat_map(|lane| sums.iter().map(move |sum| (lane, sum)));
        let column = |(lane, sum): (usize, &Vec<Fr>)| sum.iter().skip(lane).step_by(self.lanes()).copied().collect();
        columns.map(column).collect()
    }

    fn vector(&self, neighbours: &Neighbours<'_>, factors: &[Own], rhos: &[Own], sigmas: &[Own]) -> Vec<Fr> {
        let weighted = |powers: &[Own]| -> Vec<One> {
            let pairs = powers.iter().zip(self.colours);
            pairs
                .map(|(power, c)| One([*power * factors[usize::from(*c)]]))
                .collect()
        };
        let (before, after) = (weighted(rhos), weighted(sigmas));
        let sums = neighbours.before(&before).zip(neighbours.after(&after));
        let powers = sigmas.iter().zip(rhos);
        // There is a value for each vertex.
        sums.zip(powers)
            .map(|((before, after), (sigma, rho))| {
                let [[before], [after]] = [before, after].map(Result::unwrap_or_default);
                Fr::from(before * sigma + after * rho)
            })
            .collect()
    }

    /// The running sum, from the columns of phase 2, the challenges and the public columns.
    pub fn phase3(&self, sums: &[Vec<Fr>], [s, z]: [Fr; 2], public: &[Vec<Fr>]) -> Vec<Fr> {
        let (m, vectors) = (self.roots.len(), self.vectors());
        let zs: Vec<Fr> = std::iter::successors(Some(z), |power| Some(power * z))
            .take(vectors)
            .collect();
        // For each colour: the factors `h_j y^j` of the sums, and `sum_j z^j y^(m - j)`, that of the weight.
        let halves = |j: usize, value: Fr| if 2 * j == m { value * Fr::TWO_INV } else { value };
        let colours = 0..MOST_COLOURS;
        let factors = colours.clone().map(|c| (1..=vectors).map(move |j| (j, c)));
        let factors: Vec<Vec<Fr>> = factors
            .map(|pairs| pairs.map(|(j, c)| halves(j, self.power(j, c))).collect())
            .collect();
        let weights = colours.map(|c| zs.iter().zip(1..).map(|(z, j)| z * self.power(m - j, c)).sum());
        let weights: Vec<Fr> = weights.collect();
        let step: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(power * s))
            .take(self.lanes())
            .collect();
        let cell = |column: &[Fr], row: usize| column.get(row).copied().unwrap_or(Fr::ZERO);
        let row = |row: usize| {
            let mut sum = cell(&public[2], row);
            for (lane, step) in step.iter().enumerate() {
                let c = self.colours.get(row * self.lanes() + lane).copied().unwrap_or(0);
                let c = usize::from(c);
                let mut check = Fr::ZERO;
                for (j, z) in zs.iter().enumerate() {
                    let d = cell(&sums[lane * vectors + j], row);
                    sum += factors[c][j] * d;
                    check += z * d;
                }
                let weight = cell(&public[gates::PUBLIC as usize + lane], row);
                sum += cell(&public[1], row) * step * check - weight * weights[c];
            }
            sum
        };
        let rows: Vec<Fr> = (0..self.class.usable() as usize).into_par_iter().map(row).collect();
        let mut total = Fr::ZERO;
        rows.into_iter()
            .map(|row| {
                total += row;
                total
            })
            .collect()
    }
}

/// A cell of a colour: the colour itself if there is only one, else bits with the products of the first and of the second pair.
fn digit(colour: u8, cell: usize, cells: usize) -> u64 {
    let bit = |bit: u32| u64::from(colour >> bit & 1);
    match (cells, cell) {
        (1, _) => u64::from(colour),
        (_, 0) => bit(0),
        (_, 1) => bit(1),
        (_, 2) => bit(0) & bit(1),
        (_, 3) => bit(2),
        (_, 4) => bit(3),
        _ => bit(2) & bit(3),
    }
}
