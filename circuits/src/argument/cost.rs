//! What a circuit costs, from its dimensions: the model by which shapes are chosen, and what is forecast before anything is
//! committed. Coefficients were fitted to measurements; `just bench-models` compares them with new ones.

use super::counts::Counts;
use crate::layout::{InputShape, Shape, TAIL};
use std::fmt;
use std::str::FromStr;

/// CPU seconds of M20, the library's multi-exponentiation with 2^20 random scalars, on the machine the model was fitted on.
pub const M20_SECONDS: f64 = 3.47;

/// What the search for a shape minimises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// CPU time of a proof.
    Prove,
    /// Bytes of a receipt.
    Receipt,
    /// Time to verify a receipt.
    Verify,
    /// Gas of a contract that verifies a receipt.
    Gas,
    /// Proof, receipt, card and verification together: see [`Objective::of`].
    #[default]
    Balanced,
}

impl Objective {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Prove, Self::Receipt, Self::Verify, Self::Gas, Self::Balanced];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prove => "prove",
            Self::Receipt => "receipt",
            Self::Verify => "verify",
            Self::Gas => "gas",
            Self::Balanced => "balanced",
        }
    }

    /// What is minimised: a logarithm, so that differences are shares. The time of a proof counts a twentieth of what is
    /// asked for, so that no proof takes much longer for almost nothing; of gas, which is paid for, a sixtieth.
    ///
    /// `balanced` is `ln prove + verify / 25 ms + receipt / 100 KB + card / 200 KB`: a hundredth of the time of a proof is worth
    /// a quarter of a millisecond of each verification, 1 KB of each receipt, or 2 KB of the card.
    pub fn of(self, cost: &Cost) -> f64 {
        let prove = cost.prove_m20.ln();
        match self {
            Self::Prove => prove,
            Self::Receipt => (cost.receipt_bytes as f64).ln() + prove / 20.0,
            Self::Verify => cost.verify_ms.ln() + prove / 20.0,
            Self::Gas => cost.gas.ln() + prove / 60.0,
            Self::Balanced => {
                let (receipt, card) = (cost.receipt_bytes as f64, cost.card_bytes as f64);
                prove + cost.verify_ms / 25.0 + receipt / 1e5 + card / 2e5
            }
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|objective| objective.name() == name);
        found.ok_or_else(|| format!("one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// What a prover's sums and transforms are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// The instructions of every machine.
    Portable,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512 IFMA.
    Ifma,
}

impl Machine {
    /// All, the slowest first.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Ifma];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Ifma => "ifma",
        }
    }
}

/// What a model of a shape is forecast to cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// CPU time of a proof in units of M20, with the library's kernels: by it shapes are compared.
    pub prove_m20: f64,
    /// CPU time of commitment and registration in units of M20, likewise.
    pub commit_m20: f64,
    /// Largest resident memory of the prover in bytes.
    pub memory_bytes: u64,
    /// Bytes of a receipt with the policy `label` and no context, the public input included.
    pub receipt_bytes: usize,
    /// Bytes of a card with a short description.
    pub card_bytes: usize,
    /// Milliseconds to verify a receipt when the card is checked.
    pub verify_ms: f64,
    /// Gas of a contract that verifies a receipt.
    pub gas: f64,
}

impl Cost {
    /// The forecast for a shape.
    pub fn of(shape: &Shape) -> Self {
        Forecast {
            shape,
            counts: Counts::of(shape),
        }
        .cost()
    }

    /// CPU time of a proof in units of M20. Fitted to seven models of 2^7 to 2^13 rows, each proven three times on each path: forecasts are between 0.79 and 1.14
    /// times what was measured; with AVX2 between 0.9 and 1.41, and with AVX-512 IFMA between 0.69 and 1.12, in both below 1.23 and above 0.89 but for one noisy run.
    pub fn prove_m20_on(&self, machine: Machine) -> f64 {
        match machine {
            Machine::Portable => 0.56 * self.prove_m20 + 0.001,
            Machine::Avx2 => 0.345 * self.prove_m20 + 0.0025,
            Machine::Ifma => 0.145 * self.prove_m20 + 0.0025,
        }
    }

    /// CPU time of commitment and registration in units of M20: of the same models, in one run on each path, between 0.8 and 1.24 times that was measured.
    pub fn commit_m20_on(&self, machine: Machine) -> f64 {
        match machine {
            Machine::Portable => self.commit_m20 + 0.006,
            Machine::Avx2 => 0.65 * self.commit_m20 + 0.006,
            Machine::Ifma => 0.35 * self.commit_m20 + 0.006,
        }
    }

    /// CPU seconds of a proof where M20 takes [`M20_SECONDS`].
    pub fn prove_cpu_seconds(&self, machine: Machine) -> f64 {
        M20_SECONDS * self.prove_m20_on(machine)
    }

    /// CPU seconds of commitment and registration there.
    pub fn commit_cpu_seconds(&self, machine: Machine) -> f64 {
        M20_SECONDS * self.commit_m20_on(machine)
    }
}

/// Quotient pieces and openings of a proof.
const FIXED_MESSAGES: usize = 4 + 2;

/// Microseconds of a multi-exponentiation with random scalars, for each row; fewer additions the more rows there are.
fn commitment(k: u32) -> f64 {
    7.45 * 12.0 / f64::from(k.max(1))
}

/// What witness, transcript and memory take on top of the kernels of a proof: with it forecasts of 15 models of 2^6 to 2^16 rows, and of ten
/// more runs of five of them under other objectives or with committed inputs, are between 0.79 and 1.3 of what was measured.
const REST: f64 = 0.12;

/// Columns of full width in a registration.
const REGISTRATION_COLUMNS: f64 = 20.0;

/// What a column of a key counts beside one of full width: most of its cells are zero, or small.
const KEY_COLUMN: f64 = 0.1;

/// Resident bytes of the prover, at most: for each row its columns, in coefficients and partly in values, what sums work in and the fixed columns, and
/// the committed columns of weights. Fitted to peaks of proofs with 2^7 to 2^16 rows on two cores (27 to 941 MiB).
pub fn memory_bytes(k: u32, columns: usize, committed: usize) -> u64 {
    let row = 3_500 + 80 * columns as u64 + 3 * committed as u64;
    (34 << 20) + row.saturating_mul(1u64.checked_shl(k).unwrap_or(u64::MAX))
}

/// What the cost of a circuit follows from.
struct Forecast<'a> {
    shape: &'a Shape,
    counts: Counts,
}

impl Forecast<'_> {
    fn cost(&self) -> Cost {
        Cost {
            prove_m20: self.prove(),
            commit_m20: self.commit(),
            memory_bytes: memory_bytes(
                self.shape.k,
                self.counts.small + self.counts.full(),
                self.shape.committed_columns(),
            ),
            receipt_bytes: self.receipt(),
            card_bytes: self.card(),
            verify_ms: self.verify(),
            gas: self.gas(),
        }
    }

    fn rows(&self) -> f64 {
        (1u64 << self.shape.k) as f64
    }

    fn instance_columns(&self) -> usize {
        4 + self.shape.public_columns() + usize::from(!self.shape.whole.is_empty())
    }

    /// Values that a receipt shows.
    fn public_values(&self) -> usize {
        let public = self.shape.inputs.iter().filter(|input| input.public);
        public.map(InputShape::values).sum()
    }

    fn prove(&self) -> f64 {
        let (shape, counts) = (self.shape, &self.counts);
        let [full, small, fixed, instance] =
            [counts.full(), counts.small, counts.fixed(), self.instance_columns()].map(|c| c as f64);
        // Microseconds. Per row: a full commitment (quotient and opening are six of them); the transforms and evaluation of
        // a column; a small commitment; a lane of weights to fold. Per column: what does not depend on the rows.
        let transforms = 0.7 * (full + small + fixed + instance);
        let weights = 0.02 * shape.committed_columns() as f64;
        let per_row = commitment(shape.k) * (full + 6.0) + transforms + 1.25 * small + weights;
        let kernels = self.rows() * per_row + 180.0 * (full + 6.0 + small);
        kernels * (1.0 + REST) / (M20_SECONDS * 1e6)
    }

    fn commit(&self) -> f64 {
        let shape = self.shape;
        // Commitment of small cells and their sums under random bits; columns of the registration and keys of both circuits; what does not grow.
        let weights = 0.75 * shape.committed_columns() as f64;
        let full = 0.62 * commitment(shape.k) + 0.43;
        let registration = (REGISTRATION_COLUMNS + KEY_COLUMN * self.counts.fixed() as f64) * full;
        (self.rows() * (weights + registration) + 20_000.0) / (M20_SECONDS * 1e6)
    }

    /// Points of a proof: advice columns, permutation products, quotient and opening.
    fn points(&self) -> usize {
        self.counts.small + self.counts.full() + FIXED_MESSAGES
    }

    /// Evaluations of a proof: each column at its own row, and advice at others where gates read it there; three of each
    /// product but two of the last.
    fn evaluations(&self) -> usize {
        let counts = &self.counts;
        let advice = counts.small + counts.field + counts.neighbours;
        advice + counts.fixed() + 3 * counts.products() - 1
    }

    fn receipt(&self) -> usize {
        // Public values take as many bytes each as the widest needs, named by one byte.
        let width = (self.shape.precision().bits() as usize).div_ceil(8);
        let binding = |input: &InputShape| match input.public {
            true => 5 + 1 + width * input.values(),
            false => 5 + 32 * input.columns(self.shape.lanes),
        };
        let bindings: usize = self.shape.inputs.iter().map(binding).sum();
        let claim = 2 + 16 + 2 * 32 + (4 + 32 + 8) + 1 + 2 * 32 + (1 + 4) + 4 + 4 + bindings + 4;
        6 + 4 + claim + 4 + 32 * (self.points() + self.evaluations()) + 32 + 4 + 32 * TAIL
    }

    fn card(&self) -> usize {
        let shape = self.shape;
        // Fixed and permutation commitments; gates by lane and slot; description and registration.
        let gates = 1500 + 900 * shape.lanes + 500 * shape.slots;
        32 * (shape.committed_columns() + self.counts.fixed()) + gates + 9000
    }

    /// Multiplications of points in the verifier's sum.
    fn multiplications(&self) -> usize {
        let inputs = 2 * self.shape.input_columns();
        let linked = self.shape.committed_columns() + self.shape.line_columns + inputs;
        self.points() + self.counts.fixed() + linked + TAIL + 3
    }

    fn verify(&self) -> f64 {
        let public = self.public_values();
        1.6 + 0.007 * self.multiplications() as f64 + 0.004 * self.shape.lanes as f64 + 0.0003 * public as f64
    }

    /// Fitted to receipts of three models with 64 to 784 public values, of both kinds of layouts: a multiplication with an addition of points is 6,450 gas, the
    /// pairing 114,500, a byte of calldata 15 on average, a value shown 525, a scalar of the proof with what is made of it 1,200.
    fn gas(&self) -> f64 {
        let calldata = 21_000.0 + 15.0 * (self.receipt() + 32 * self.points()) as f64;
        let scalars = 1200.0 * self.evaluations() as f64 + 525.0 * self.public_values() as f64;
        calldata + 6450.0 * self.multiplications() as f64 + 114_500.0 + scalars + 85_000.0
    }
}

#[cfg(test)]
mod tests;
