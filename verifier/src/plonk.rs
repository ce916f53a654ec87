//! The quotient identity: all constraints, joined by powers of `y`, are divisible by `X^n - 1`.

use crate::codec::{length, size, wide};
use crate::domain::{invert, Domain};
use crate::error::VerifyError;
use crate::key::{evaluate, Evals, RowSet, VerifyingKey};
use crate::permutation;
use crate::proof::{self, Messages};
use crate::shplonk::{self, Accumulator, Poly, Query};
use crate::srs::SrsVerifyingKey;
use alloc::vec::Vec;
use provenn_bn254::{Fr, G1Affine};

/// Lagrange evaluations that the constraints use.
pub(crate) struct RowEvals {
    /// The last usable row.
    pub(crate) last_usable: Fr,
    /// The first row.
    pub(crate) first: Fr,
    /// The row after the last usable one.
    pub(crate) last: Fr,
    /// The sum over the blinding rows.
    pub(crate) blind: Fr,
}

impl RowEvals {
    /// The polynomial that is 1 on these rows and 0 on all others.
    pub(crate) fn of(&self, set: RowSet) -> Fr {
        let usable = Fr::ONE - (self.last + self.blind);
        match set {
            RowSet::Usable => usable,
            RowSet::NotFirst => usable - self.first,
            RowSet::LastUsable => self.last_usable,
        }
    }
}

/// A proof whose messages are read.
pub(crate) struct Reduced {
    /// Holds if the proof is valid.
    pub(crate) opening: Accumulator,
    /// Commitments to the advice columns.
    pub(crate) advice: Vec<G1Affine>,
    /// Challenges of the circuit.
    pub(crate) challenges: Vec<Fr>,
}

/// The public columns of a statement. Rows after their last one are zero.
pub(crate) trait Public {
    /// Those that the transcript absorbs before the first message.
    fn given(&self) -> &[Vec<Fr>];

    /// Those that follow from what was absorbed and from the challenges of the circuit: nothing that the prover sends after
    /// a challenge of the last phase, and nothing drawn after the advice, may move them.
    fn computed(&self, challenges: &[Fr]) -> Result<Vec<Vec<Fr>>, VerifyError>;
}

/// Columns that were all given.
impl Public for Vec<Vec<Fr>> {
    fn given(&self) -> &[Vec<Fr>] {
        self
    }

    fn computed(&self, _: &[Fr]) -> Result<Vec<Vec<Fr>>, VerifyError> {
        Ok(Vec::new())
    }
}

/// Reduces a proof to one pairing equation.
pub(crate) fn reduce<P: Public + ?Sized>(
    key: &VerifyingKey,
    srs: &SrsVerifyingKey,
    claim_scalar: &Fr,
    public: &P,
    proof: &[u8],
) -> Result<Reduced, VerifyError> {
    let messages = proof::read(key, claim_scalar, public.given(), proof)?;
    let columns = public_columns(key, public, &messages.challenges)?;
    let domain = Domain::new(key.k);
    let x_n = domain.power_n(messages.x);
    let quotient = quotient_eval(key, &messages, &domain, x_n, &columns)?;
    let queries = queries(key, &messages, quotient);
    Ok(Reduced {
        opening: shplonk::reduce(key, srs, &messages, &domain, &queries)?,
        advice: messages.advice,
        challenges: messages.challenges,
    })
}

/// All public columns; none reaches into the blinding rows.
fn public_columns<P: Public + ?Sized>(
    key: &VerifyingKey,
    public: &P,
    challenges: &[Fr],
) -> Result<Vec<Vec<Fr>>, VerifyError> {
    let computed = public.computed(challenges)?;
    let fits = |column: &Vec<Fr>| wide(column.len()) <= key.usable_rows();
    if length(computed.len()) != key.computed_columns || !computed.iter().all(fits) {
        return Err(VerifyError::KeyInvalid {
            reason: "computed columns",
        });
    }
    let mut columns = public.given().to_vec();
    columns.extend(computed);
    Ok(columns)
}

/// The value that the quotient polynomial must have at `x`.
fn quotient_eval(
    key: &VerifyingKey,
    messages: &Messages,
    domain: &Domain,
    x_n: Fr,
    instances: &[Vec<Fr>],
) -> Result<Fr, VerifyError> {
    let instance = instance_evals(key, messages.x, domain, x_n, instances)?;
    let rows = row_evals(key, messages.x, domain, x_n)?;
    let evals = Evals {
        rows: &rows,
        fixed: &messages.fixed_evals,
        advice: &messages.advice_evals,
        instance: &instance,
        challenges: &messages.challenges,
    };
    let mut sum = Fr::ZERO;
    let mut stack = Vec::new();
    for gate in &key.gates {
        sum = sum * messages.y + evaluate(gate, &evals, &mut stack)?;
    }
    for constraint in permutation::constraints(key, messages, &evals, &rows)? {
        sum = sum * messages.y + constraint;
    }
    Ok(sum * invert(x_n - Fr::ONE)?)
}

/// Rows `-(b + 2)` (the last usable one), `-(b + 1)` (last), `-b .. -1` (blinding) and `0`.
fn row_evals(key: &VerifyingKey, x: Fr, domain: &Domain, x_n: Fr) -> Result<RowEvals, VerifyError> {
    let before = i32::try_from(key.tail_rows()).unwrap_or(0).saturating_add(1);
    let count = size(key.tail_rows()).saturating_add(2);
    let values = domain.lagrange(x, x_n, before.saturating_neg(), count)?;
    match values.as_slice() {
        [last_usable, last, blind @ .., first] => Ok(RowEvals {
            last_usable: *last_usable,
            first: *first,
            last: *last,
            blind: blind.iter().fold(Fr::ZERO, |sum, value| sum + value),
        }),
        _ => Err(VerifyError::KeyInvalid {
            reason: "blinding factors",
        }),
    }
}

/// Instance columns are not committed: the verifier evaluates them itself. Row `i` of a column queried at rotation
/// `r` has weight `L_{i - r}(x)`.
pub(crate) fn instance_evals(
    key: &VerifyingKey,
    x: Fr,
    domain: &Domain,
    x_n: Fr,
    instances: &[Vec<Fr>],
) -> Result<Vec<Fr>, VerifyError> {
    let rotations = || key.instance_queries.iter().map(|(_, rotation)| *rotation);
    let highest = rotations().max().unwrap_or(0).max(0);
    let lowest = rotations().min().unwrap_or(0).min(0);
    let longest = instances.iter().map(Vec::len).max().unwrap_or(0);
    let count = longest
        .saturating_add(size(highest.unsigned_abs()))
        .saturating_add(size(lowest.unsigned_abs()));
    let weights = domain.lagrange(x, x_n, highest.saturating_neg(), count)?;
    key.instance_queries
        .iter()
        .map(|(column, rotation)| {
            let values = instances.get(size(*column)).ok_or(VerifyError::KeyInvalid {
                reason: "instance query",
            })?;
            let skip = size(highest.saturating_sub(*rotation).unsigned_abs());
            Ok(values
                .iter()
                .zip(weights.iter().skip(skip))
                .filter(|(value, _)| !value.is_zero())
                .fold(Fr::ZERO, |sum, (value, weight)| sum + *value * weight))
        })
        .collect()
}

/// All openings; their order fixes the powers of the SHPLONK challenges.
fn queries(key: &VerifyingKey, messages: &Messages, quotient: Fr) -> Vec<Query> {
    let mut out = Vec::new();
    let mut open = |poly, rotation, eval| {
        out.push(Query { poly, rotation, eval });
    };
    for ((column, rotation), eval) in key.advice_queries.iter().zip(&messages.advice_evals) {
        open(Poly::Advice(size(*column)), *rotation, *eval);
    }
    for (index, evals) in messages.product_evals.iter().enumerate() {
        open(Poly::Product(index), 0, evals.current);
        open(Poly::Product(index), 1, evals.next);
    }
    let last = i32::try_from(key.tail_rows()).unwrap_or(0).saturating_neg();
    for (index, evals) in messages.product_evals.iter().enumerate().rev() {
        if let Some(eval) = evals.last {
            open(Poly::Product(index), last, eval);
        }
    }
    for ((column, rotation), eval) in key.fixed_queries.iter().zip(&messages.fixed_evals) {
        open(Poly::Fixed(size(*column)), *rotation, *eval);
    }
    for (index, eval) in messages.sigma_evals.iter().enumerate() {
        open(Poly::Sigma(index), 0, *eval);
    }
    open(Poly::Quotient, 0, quotient);
    out
}
