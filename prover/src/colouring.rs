//! Receipts of colourings. Keys are made anew for each proof: they hold nothing but what follows from the class.

mod error;

pub use error::ColouringError;

use crate::commit::{srs_verifying_key, system_rng};
use crate::error::{Defect, ProveError};
use crate::link;
use crate::plonk::{self, AdviceColumn, Assignment, Key, Proof};
use crate::prove::Stage;
use crate::srs::Srs;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_circuits::colouring::{ColouringCircuit, ColouringWitness};
use provenn_verifier::{
    verify, Claim, Colouring, ColouringClass, ColouringExpectation, Context, EdgeSums, Expectation, Graph, LinkProof,
    LinkStatement, Receipt, SrsVerifyingKey,
};
use rand_core::{CryptoRng, RngCore};

/// A graph with a proper colouring of it, in colours from 0 on.
#[derive(Clone, Copy, Debug)]
pub struct Coloured<'a> {
    graph: &'a Graph,
    colours: &'a [u8],
    class: ColouringClass,
}

impl<'a> Coloured<'a> {
    /// Looks at every vertex and edge.
    ///
    /// # Errors
    /// [`ColouringError`], or a number of colours or vertices that no circuit is for.
    pub fn new(graph: &'a Graph, colours: &'a [u8], count: u32) -> Result<Self, ProveError> {
        let class = ColouringClass::of(count, graph.vertices()).map_err(ColouringError::Class)?;
        let (expected, got) = (graph.vertices(), colours.len());
        if u32::try_from(got) != Ok(expected) {
            return Err(ColouringError::Length { expected, got }.into());
        }
        let mut numbered = (0u32..).zip(colours);
        if let Some((vertex, &colour)) = numbered.find(|(_, colour)| u32::from(**colour) >= count) {
            return Err(ColouringError::OutOfRange { vertex, colour, count }.into());
        }
        let same = |&&(u, v): &&(u32, u32)| colours[u as usize] == colours[v as usize];
        match graph.edges().iter().find(same) {
            Some(&(u, v)) => Err(ColouringError::Improper {
                u,
                v,
                colour: colours[u as usize],
            }
            .into()),
            None => Ok(Self { graph, colours, class }),
        }
    }

    /// Size of the circuit, as the SRS must have it.
    pub fn class(&self) -> ColouringClass {
        self.class
    }
}

/// Proves one receipt: that whoever made it knows a proper colouring of the graph.
///
/// # Errors
/// [`ProveError::SrsMismatch`] for an SRS of another size, or a defect of the proof system; never an unverified receipt.
pub fn prove(
    coloured: &Coloured<'_>,
    srs: &Srs,
    context: Context,
    progress: &dyn Fn(Stage),
) -> Result<Vec<u8>, ProveError> {
    prove_with(coloured, srs, context, progress, &mut system_rng()?)
}

/// [`prove`] with the caller's randomness. Whoever can guess it learns the colouring: seeded generators are for fixtures.
///
/// # Errors
/// As [`prove`].
pub fn prove_with<R: RngCore + CryptoRng>(
    coloured: &Coloured<'_>,
    srs: &Srs,
    context: Context,
    progress: &dyn Fn(Stage),
    rng: &mut R,
) -> Result<Vec<u8>, ProveError> {
    let Coloured { graph, colours, class } = *coloured;
    progress(Stage::Witness);
    if srs.k() != class.rows() {
        return Err(ProveError::SrsMismatch);
    }
    let srs_key = srs_verifying_key(srs)?;
    let key = class.key().map_err(Defect::Key)?;
    let claim = Claim {
        srs_id: srs_key.id(),
        key_digest: key.digest(),
        context: context.clone(),
        body: Colouring::new(class.colours(), graph).into(),
    };
    let mut columns = ColouringColumns::new(class, graph, colours);
    progress(Stage::Proof);
    let proof = plonk::prove(
        &proving_key(class)?,
        srs,
        &[],
        claim.claim_scalar().into(),
        &mut columns,
        rng,
    )?;
    progress(Stage::Link);
    let link = no_link(&claim, srs, &srs_key, &proof, rng)?;
    let receipt = Receipt {
        claim,
        proof: proof.bytes,
        link,
    }
    .to_bytes();
    progress(Stage::Verify);
    let expectation = Expectation {
        colouring: ColouringExpectation {
            colours: Some(class.colours()),
        },
        audience: Some(context.audience),
        nonce: Some(context.nonce),
        accept_dev: true,
        ..Expectation::default()
    };
    let _verdict = verify(&receipt, graph, &srs_key, &expectation).map_err(ProveError::Refused)?;
    Ok(receipt)
}

/// The key of a class. It has no name: verifiers make it themselves.
///
/// # Errors
/// Errors of key generation.
pub fn proving_key(class: ColouringClass) -> Result<Key, ProveError> {
    Key::new(&ColouringCircuit { class }, class.rows())
}

/// Nothing is linked; every receipt has a link proof, this one about no columns.
fn no_link<R: RngCore>(
    claim: &Claim,
    srs: &Srs,
    srs_key: &SrsVerifyingKey,
    proof: &Proof,
    rng: &mut R,
) -> Result<LinkProof, ProveError> {
    let statement = LinkStatement {
        claim_digest: claim.digest(),
        key_digest: claim.key_digest,
        srs_id: claim.srs_id,
        proof: &proof.bytes,
        committed: vec![],
        columns: vec![],
        tail: &srs_key.tail,
        g1: srs_key.g1,
    };
    let points = srs.tail(srs_key.tail.len());
    let nonces: Vec<Fr> = points.iter().map(|_| Fr::random(&mut *rng)).collect();
    link::prove(&statement, &points, &[], &[], &nonces)
}

/// The columns of a receipt. They are made for any colours: whether these are proper is the caller's to know.
#[derive(Debug)]
pub struct ColouringColumns<'a> {
    witness: ColouringWitness<'a>,
    edges: EdgeSums<'a>,
    sums: Vec<Vec<Fr>>,
    public: Vec<Vec<Fr>>,
}

impl<'a> ColouringColumns<'a> {
    /// For a graph that the class holds.
    pub fn new(class: ColouringClass, graph: &'a Graph, colours: &'a [u8]) -> Self {
        Self {
            witness: ColouringWitness::new(class, colours),
            edges: EdgeSums::new(graph, class),
            sums: vec![],
            public: vec![],
        }
    }

    fn public_columns(&self, challenges: &[Fr]) -> Vec<Vec<Fr>> {
        let challenges: Vec<_> = challenges.iter().map(|challenge| (*challenge).into()).collect();
        let columns = self.edges.columns(&challenges).into_iter().flatten();
        columns
            .map(|column| column.into_iter().map(Fr::from).collect())
            .collect()
    }
}

impl Assignment for ColouringColumns<'_> {
    fn advice(&mut self, phase: u8, challenges: &[Fr]) -> Vec<AdviceColumn<'_>> {
        let columns = match (phase, challenges) {
            (0, _) => self.witness.phase1(),
            (1, [rho, sigma]) => {
                self.sums = self.witness.phase2(self.edges.neighbours(), *rho, *sigma);
                return self.sums.iter().map(|sum| AdviceColumn::from(sum.as_slice())).collect();
            }
            (2, [_, _, s, z]) => {
                self.public = self.public_columns(challenges);
                vec![self.witness.phase3(&self.sums, [*s, *z], &self.public)]
            }
            _ => vec![],
        };
        columns.into_iter().map(AdviceColumn::from).collect()
    }

    fn computed(&self, _: &[Fr]) -> Vec<Vec<Fr>> {
        self.public.clone()
    }
}
