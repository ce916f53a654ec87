//! Proving: our own protocol, for circuits of the library.
//!
//! It is the library's, but for the quotient, whose pieces are blinded (see `quotient`), so that no random polynomial
//! is needed. Columns of a committed input reuse its commitments (`C' = C + sum delta_i [L_i]`, the tails differ in 6 rows),
//! sums and transforms are the engine's, and gates are compiled once per proof with the challenges folded in.
//!
//! Stages, one file each, as in the verifier: advice, permutation, quotient, open.

mod advice;
mod gates;
mod key;
pub mod msm;
mod multiopen;
mod open;
mod permutation;
mod quotient;
mod transcript;
mod verifying;

pub use key::Key;
pub use verifying::verifying_key;

use crate::error::{Defect, ProveError};
use crate::srs::Srs;
use ark_std::{end_timer, start_timer};
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::Field;
use msm::Bases;
use permutation::Permuted;
use provenn_circuits::argument::Entries;
use provenn_engine::{Domain, Path};
use rand_core::RngCore;
use rayon::prelude::*;
use std::borrow::Cow;
use transcript::Writer;

/// An advice column to commit.
#[derive(Debug)]
pub struct AdviceColumn<'a> {
    /// Cells of the first rows; the rest is zero.
    pub cells: Cells<'a>,
    /// A published commitment to the same cells, with its tail.
    pub published: Option<(G1Affine, Vec<Fr>)>,
}

/// The cells of a column.
#[derive(Debug)]
pub enum Cells<'a> {
    /// Elements of the field.
    Field(Cow<'a, [Fr]>),
    /// Integers.
    Integers(&'a [u64]),
    /// Elements that are sums of entries of a table.
    Entries(&'a [Fr], Entries<'a>),
}

impl<'a> From<Cells<'a>> for AdviceColumn<'a> {
    fn from(cells: Cells<'a>) -> Self {
        Self { cells, published: None }
    }
}

impl From<Vec<Fr>> for AdviceColumn<'_> {
    fn from(cells: Vec<Fr>) -> Self {
        Cells::Field(cells.into()).into()
    }
}

impl<'a> From<&'a [Fr]> for AdviceColumn<'a> {
    fn from(cells: &'a [Fr]) -> Self {
        Cells::Field(cells.into()).into()
    }
}

/// How the circuit of a statement gives the prover its columns.
pub trait Assignment {
    /// The advice columns of a phase, in column order, from all challenges so far.
    fn advice(&mut self, phase: u8, challenges: &[Fr]) -> Vec<AdviceColumn<'_>>;

    /// The public columns that the verifier computes from all challenges of the circuit, after those that it is given.
    fn computed(&self, _challenges: &[Fr]) -> Vec<Vec<Fr>> {
        vec![]
    }
}

/// A proof, and what the link proof needs of it.
#[derive(Debug)]
pub struct Proof {
    /// Canonical bytes.
    pub bytes: Vec<u8>,
    /// Commitment of each advice column, in column order.
    pub advice: Vec<G1Affine>,
    /// Their tails. Secret.
    pub tails: Vec<Vec<Fr>>,
    /// Challenges of the circuit.
    pub challenges: Vec<Fr>,
}

/// What every stage reads.
struct Context<'a> {
    key: &'a Key,
    domain: Domain,
    bases: Bases,
    /// Rows at the end of each advice column that hold random cells.
    tail_rows: usize,
}

impl<'a> Context<'a> {
    fn new(key: &'a Key, srs: &'a Srs) -> Self {
        let tail_rows = key.cs().blinding_factors() + 1;
        let domain = || Domain::new(Path::of_machine(), srs.k());
        let (domain, bases) = rayon::join(domain, || Bases::new(srs, tail_rows));
        Self {
            key,
            domain,
            bases,
            tail_rows,
        }
    }

    fn cs(&self) -> &'a ConstraintSystem<Fr> {
        self.key.cs()
    }

    /// Number of rows.
    fn rows(&self) -> usize {
        self.domain.rows()
    }
}

/// The cells of an advice column: those given, and the random ones of its last rows. Integers take a quarter of the memory of elements, which they become where
/// these are needed.
enum Values {
    Field(Vec<Fr>),
    Integers { given: Vec<u64>, tail: Vec<Fr> },
}

impl Values {
    /// As elements, in so many rows.
    fn elements(&self, rows: usize) -> Cow<'_, [Fr]> {
        match self {
            Self::Field(cells) => Cow::Borrowed(cells),
            Self::Integers { given, tail } => {
                let mut cells = Vec::with_capacity(rows);
                cells.extend(given.iter().map(|integer| Fr::from(*integer)));
                cells.resize(rows - tail.len(), Fr::ZERO);
                cells.extend_from_slice(tail);
                Cow::Owned(cells)
            }
        }
    }
}

/// All columns, in coefficients.
struct Columns {
    fixed: Vec<Vec<Fr>>,
    advice: Vec<Vec<Fr>>,
    instance: Vec<Vec<Fr>>,
    permutation: Vec<Vec<Fr>>,
    products: Vec<Vec<Fr>>,
    /// Of the argument: the first row, the last usable one, all before that.
    selectors: Vec<Vec<Fr>>,
}

impl Columns {
    /// From their cells, whose memory goes column by column.
    fn new(context: &Context<'_>, advice: Vec<Values>, instance: Vec<Vec<Fr>>, permutation: Permuted) -> Self {
        let of = |cells: &[Fr]| context.domain.coefficients(cells);
        let each = |columns: Vec<Vec<Fr>>| columns.into_par_iter().map(|cells| of(&cells)).collect();
        let advice = advice.into_par_iter();
        Self {
            advice: advice.map(|cells| of(&cells.elements(context.rows()))).collect(),
            instance: each(instance),
            permutation: each(permutation.names),
            products: each(permutation.products),
            fixed: context.key.fixed().par_iter().map(|cells| of(cells)).collect(),
            selectors: each(context.key.selectors().into()),
        }
    }
}

/// Makes a proof about these public columns, which the transcript absorbs after `prefix`.
///
/// # Errors
/// There are other columns than in the key, or a challenge hits an opening point.
pub fn prove<R: RngCore>(
    key: &Key,
    srs: &Srs,
    instances: &[Vec<Fr>],
    prefix: Fr,
    assignment: &mut dyn Assignment,
    rng: &mut R,
) -> Result<Proof, ProveError> {
    let context = Context::new(key, srs);
    let mut transcript = Writer::default();
    transcript.absorb(prefix)?;
    transcript.absorb(key.name())?;
    for value in instances.iter().flatten() {
        transcript.absorb(*value)?;
    }

    let timer = start_timer!(|| "advice");
    let advice::Advice {
        columns,
        commitments,
        tails,
        challenges,
    } = advice::commit(&context, assignment, &mut transcript, rng)?;
    end_timer!(timer);

    let timer = start_timer!(|| "permutation");
    let mut instance = [instances, &assignment.computed(&challenges)].concat();
    let (expected, got) = (context.cs().num_instance_columns(), instance.len());
    if expected != got {
        return Err(Defect::PublicColumns { expected, got }.into());
    }
    instance
        .iter_mut()
        .for_each(|cells| cells.resize(context.rows(), Fr::zero()));
    let permutation = permutation::commit(&context, &columns, &instance, &mut transcript, rng)?;
    end_timer!(timer);

    let timer = start_timer!(|| "quotient");
    let [beta, gamma] = [permutation.beta, permutation.gamma];
    let columns = Columns::new(&context, columns, instance, permutation);
    let y = transcript.challenge();
    let joined = quotient::Challenges {
        circuit: &challenges,
        beta,
        gamma,
        y,
    };
    let pieces = quotient::commit(&context, &columns, &joined, &mut transcript, rng)?;
    end_timer!(timer);

    let timer = start_timer!(|| "open");
    open::open(&context, &columns, &pieces, &mut transcript)?;
    end_timer!(timer);
    Ok(Proof {
        bytes: transcript.finish(),
        advice: commitments,
        tails,
        challenges,
    })
}
