//! The constraints of the colouring circuit, and why they suffice. Circuit and key are both made of them.
//!
//! **Statement.** Vertex `u` has a colour `c_u` in `[0, k)`, and the two ends of every edge have different ones.
//!
//! Let `m >= k` divide `p - 1`, `w` have the order `m`, and `y_u = w^(c_u)`. For an edge, `sum_{j<m} (y_u / y_v)^j` is 0 if the colours
//! differ and `m` if they are equal. An edge `u < v` gets the weight `rho^u sigma^v`, and with
//! `A[u][v] = A[v][u] = rho^u sigma^v` and `d_j[u] = sum_v A[u][v] y_v^(m - j)` (over neighbours) the weighted sum over all edges is
//! `Q = T + sum_{0 < j < m/2} sum_u y_u^j d_j[u] + (1/2) sum_u y_u^(m/2) d_(m/2)[u]`, the last for an even `m`, `T` being the sum of all
//! weights: the terms `j` and `m - j` of an edge are the two directions of `d_j`.
//!
//! **Order of messages.** Claim with the digest of the graph, colours, then `rho` and `sigma`, then all `d_j`, then `s` and `z`, then
//! the accumulator. Vertices are numbered over all cells, those that the graph does not have too, and row `i` of lane `l` is number
//! `i lanes + l`. Public, computed by the verifier from the graph and the four challenges:
//! `usable` (1 where constraints hold), `powers(i) = s^(i lanes)`, `total` (`T` in row 0), and for each lane the weights
//! `b[v] = sum_u s^u A[u][v]`, zero for vertices that the graph does not have. The accumulator runs over all usable rows from 0 to
//! `Q + sum_j z^j (sum_u s^u d_j[u] - sum_v b[v] y_v^(m - j))`, which must be 0.
//!
//! **Soundness.** Colours, `d_j` and graph do not depend on `z`, so but for an error of `m / p` all its coefficients are 0: `Q`, and for
//! each `j` a polynomial in `s` whose coefficients `d_j[u] - sum_v A[u][v] y_v^(m - j)` were fixed before `s`. But for
//! an error of `cells / p` each `d_j` is therefore what it is defined as, and 0 where there is no vertex. Without `z` only one sum would be bound, and
//! any colouring would pass with a `d` moved to fit. Then `Q` is a polynomial in `rho` and `sigma` of degree below
//! `2 vertices`, with the coefficient `m` at `rho^u sigma^v` for every edge of one colour, fixed before both: the monomials of edges are distinct, so it
//! vanishes for proper colourings, or with a probability of `2 vertices / p`. All errors together are below 2^-220.

use super::class::ColouringClass;
use super::term::Term;
use crate::codec::size;
use crate::key::Expr;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

/// Phases after which `rho`, `sigma`, `s` and `z` are drawn.
pub const CHALLENGE_PHASES: [u8; 4] = [0, 0, 1, 1];
const S: u32 = 2;
const Z: u32 = 3;

/// Public columns before those of the lanes: `usable`, `powers`, `total`.
pub const PUBLIC: u32 = 3;
const USABLE: u32 = 0;
const BEFORE: u32 = 1;
const AFTER: u32 = 2;
const POWERS: u32 = 3;
const TOTAL: u32 = 4;
const WEIGHTS: u32 = 5;

/// A constraint with its name.
pub type Gate = (&'static str, Vec<Expr>);

/// Public columns and rotations that the gates read, in order.
pub fn instance_queries(class: &ColouringClass) -> Vec<(u32, i32)> {
    let mut queries = vec![(0, 0), (0, -1), (0, 1), (1, 0), (2, 0)];
    let lanes = PUBLIC..PUBLIC.saturating_add(class.lanes());
    queries.extend(lanes.map(|column| (column, 0)));
    queries
}

/// Advice columns and rotations that the gates read, in order: each column, and the accumulator in the row before. Columns are the
/// cells of the colours lane by lane, the `d_j` lane by lane, and the accumulator.
pub fn advice_queries(class: &ColouringClass) -> Vec<(u32, i32)> {
    let accumulator = accumulator(class);
    let all = (0..=accumulator).map(|column| (column, 0));
    all.chain([(accumulator, -1)]).collect()
}

/// The degree of the gates.
pub fn degree(class: &ColouringClass) -> u32 {
    match class.colours() {
        colours @ 0..=4 => colours.saturating_add(1),
        _ => 4,
    }
}

/// All gates: those of the colours of each lane, the sum, its end.
pub fn gates(class: &ColouringClass) -> Vec<Gate> {
    let lanes = || (0..class.lanes()).map(|lane| Lane::new(class, lane));
    let mut gates: Vec<Gate> = lanes().flat_map(|lane| lane.colour_gates()).collect();
    gates.push(("running sum", running_sum(class, &lanes().collect::<Vec<_>>()).finish()));
    gates.push(("end", end(class).finish()));
    gates
}

/// Number of the accumulator's column.
fn accumulator(class: &ColouringClass) -> u32 {
    let cells = class.cells().saturating_add(class.vectors());
    class.lanes().saturating_mul(cells)
}

/// `usable (acc - sum_l sum_j h_j y_l^j d_lj) - total - z (powers sum_l s^l sum_j z^(j-1) d_lj - sum_l b_l sum_j z^(j-1) y_l^(m-j))
/// = usable before acc_prev`, with `h_j = 1/2` for `j = m/2` and 1 for others.
///
/// It determines `acc` in each usable row: in the first, where `before` is 0, from nothing. Everything public is 0 in the last rows, where
/// it holds whatever `acc` is.
fn running_sum(class: &ColouringClass, lanes: &[Lane]) -> Term {
    let (s, z) = (Term::challenge(S), Term::challenge(Z));
    let (m, vectors) = (class.order(), class.vectors());
    let mut products = Vec::new();
    let (mut sums, mut weighted) = (Vec::new(), Vec::new());
    for lane in lanes {
        for j in 1..=vectors {
            let product = lane.power(j).times(lane.sum(j));
            products.push(match j.saturating_mul(2) == m {
                true => product.scaled(Fr::HALF),
                false => product,
            });
        }
        sums.push(Term::joined((1..=vectors).map(|j| lane.sum(j)).collect(), &z));
        let powers = (1..=vectors).map(|j| lane.power(m.saturating_sub(j)));
        weighted.push(Term::joined(powers.collect(), &z).times(lane.weight()));
    }
    let check = Term::joined(sums, &s)
        .times(Term::instance(POWERS))
        .minus(Term::sum(weighted))
        .times(z);
    let accumulator = accumulator(class);
    let [now, prev] = [accumulator, accumulator.saturating_add(1)].map(Term::advice);
    let before = Term::instance(USABLE).times(Term::instance(BEFORE));
    now.minus(Term::sum(products))
        .times(Term::instance(USABLE))
        .minus(Term::instance(TOTAL))
        .minus(check)
        .minus(before.times(prev))
}

/// `usable (1 - after) acc = 0`: the accumulator ends at 0, in the last usable row, the only one that is followed by one that is not.
fn end(class: &ColouringClass) -> Term {
    Term::instance(AFTER)
        .complement()
        .times(Term::instance(USABLE))
        .times(Term::advice(accumulator(class)))
}

/// One vertex of each row.
struct Lane {
    class: ColouringClass,
    roots: Vec<Fr>,
    /// Its first cell of a colour, `d_1`, and `b`.
    cell: u32,
    sum: u32,
    weight: u32,
}

impl Lane {
    fn new(class: &ColouringClass, lane: u32) -> Self {
        let colours = class.lanes().saturating_mul(class.cells());
        Self {
            class: *class,
            roots: class.roots(),
            cell: lane.saturating_mul(class.cells()),
            sum: colours.saturating_add(lane.saturating_mul(class.vectors())),
            weight: WEIGHTS.saturating_add(lane),
        }
    }

    fn cell(&self, index: u32) -> Term {
        Term::advice(self.cell.saturating_add(index))
    }

    /// `d_j`
    fn sum(&self, j: u32) -> Term {
        Term::advice(self.sum.saturating_add(j.saturating_sub(1)))
    }

    /// `b`
    fn weight(&self) -> Term {
        Term::instance(self.weight)
    }

    /// `w^(j c)`: the root's power with the exponent `j c mod m`.
    fn root(&self, j: u32, colour: u32) -> Fr {
        let exponent = j.saturating_mul(colour).checked_rem(self.class.order());
        let root = exponent.and_then(|exponent| self.roots.get(size(exponent)));
        root.copied().unwrap_or(Fr::ZERO)
    }

    /// `y^j = w^(j c)` for each colour, directly as a polynomial in the cells: no column holds a power, and none is a power of a column.
    ///
    /// Up to four colours it is `sum_i binomial(c, i) (w^j - 1)^i` for `i < k`, by the binomial theorem; above, with the low two bits and the
    /// others read as numbers, `(sum_l w^(j l) [low = l]) (sum_h w^(4 j h) [high = h])`.
    fn power(&self, j: u32) -> Term {
        if self.class.colours() > 4 {
            let form = |indicators: Vec<Term>, step: u32| {
                let terms = indicators.into_iter().zip(0u32..);
                Term::sum(
                    terms
                        .map(|(is, digit)| is.scaled(self.root(j, digit.saturating_mul(step))))
                        .collect(),
                )
            };
            return form(self.low(), 1).times(form(self.high(), 4));
        }
        let step = self.root(j, 1) - Fr::ONE;
        let mut sum = Term::constant(Fr::ONE);
        let (mut coefficient, mut falling) = (Fr::ONE, None);
        for i in 1..self.class.colours() {
            let factor = self.minus(i.saturating_sub(1));
            let product = match falling {
                None => factor,
                Some(product) => factor.times(product),
            };
            coefficient *= step * Fr::from(u64::from(i)).invert().unwrap_or(Fr::ZERO);
            sum = sum.plus(product.clone().scaled(coefficient));
            falling = Some(product);
        }
        sum
    }

    /// `c - value`
    fn minus(&self, value: u32) -> Term {
        match value {
            0 => self.cell(0),
            _ => self.cell(0).minus(Term::constant(Fr::from(u64::from(value)))),
        }
    }

    /// `[low = 0], .., [low = 3]` of the bits in cells 0 and 1, whose product is cell 2.
    fn low(&self) -> Vec<Term> {
        self.pair(0)
    }

    /// The same for the bits above: one, or two with their product.
    fn high(&self) -> Vec<Term> {
        match self.class.cells() {
            4 => vec![self.cell(3).complement(), self.cell(3)],
            _ => self.pair(3),
        }
    }

    fn pair(&self, first: u32) -> Vec<Term> {
        let [a, b, both] = [0, 1, 2].map(|i: u32| self.cell(first.saturating_add(i)));
        vec![
            a.clone().plus(b.clone()).minus(both.clone()).complement(),
            a.minus(both.clone()),
            b.minus(both.clone()),
            both,
        ]
    }

    /// The cells hold a colour.
    ///
    /// Up to four colours: `usable c (c - 1) .. (c - k + 1) = 0`. Above: `usable b (b - 1) = 0` for each bit,
    /// `usable (both - b b') = 0` for each pair of bits with its product, which determines it, and `usable sum_a [colour = a] = 0` over the patterns `a >= k`:
    /// for bits each indicator is 0 or 1, so none of at most seven is 1.
    fn colour_gates(&self) -> Vec<Gate> {
        let usable = |name: &'static str, term: Term| (name, term.times(Term::instance(USABLE)).finish());
        let colours = self.class.colours();
        if colours <= 4 {
            let product = (1..colours).fold(self.cell(0), |product, a| product.times(self.minus(a)));
            return vec![usable("colour", product)];
        }
        let (bits, pairs): (&[u32], &[u32]) = match self.class.cells() {
            4 => (&[0, 1, 3], &[0]),
            _ => (&[0, 1, 3, 4], &[0, 3]),
        };
        let bit = |bit: &u32| {
            let bit = self.cell(*bit);
            usable("bit", bit.clone().complement().times(bit))
        };
        let pair = |first: &u32| {
            let [a, b, both] = [0, 1, 2].map(|i: u32| self.cell(first.saturating_add(i)));
            usable("product of bits", both.minus(a.times(b)))
        };
        let mut gates: Vec<Gate> = bits.iter().map(bit).chain(pairs.iter().map(pair)).collect();
        let low = self.low();
        let patterns = self.high().into_iter().zip(0u32..).flat_map(|(high, h)| {
            let low = low.clone().into_iter().zip(h.saturating_mul(4)..);
            low.map(move |(low, pattern)| (pattern, high.clone().times(low)))
        });
        let beyond: Vec<Term> = patterns
            .filter(|(pattern, _)| *pattern >= colours)
            .map(|(_, is)| is)
            .collect();
        if !beyond.is_empty() {
            gates.push(usable("no colour", Term::sum(beyond)));
        }
        gates
    }
}
