//! Registration: commitments to the weights, and the proof, made once, that they are in range and fit the architecture.

use crate::commit::{commit_columns, compressed};
use crate::compact::compact;
use crate::error::ProveError;
use crate::link;
use crate::plonk::{self, AdviceColumn, Assignment, Cells, Key};
use crate::prove::decompress;
use crate::srs::Srs;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_circuits::argument::row_sets;
use provenn_circuits::layout::{Layout, TAIL};
use provenn_circuits::program::Program;
use provenn_circuits::register::{Combined, RegisterCircuit, RegisterWitness};
use provenn_verifier::{
    registration_scalar, LinkProof, LinkStatement, Linked, ModelCard, Purpose, Registered as Lanes, Registering,
    Registration, RowSet, SrsVerifyingKey, VerifyingKey,
};
use rand_core::RngCore;
use rayon::prelude::*;

/// What a card says of a model beside its weights.
#[derive(Clone, Debug)]
pub struct Unregistered {
    /// Verifying key of the model's circuit.
    pub key: VerifyingKey,
    /// Digest of the quantization recipe.
    pub quantization: [u8; 32],
    /// The text for people.
    pub description: String,
}

/// A card, and what opens its commitments.
#[derive(Debug)]
pub struct Registered {
    /// The public card. Its registration was not checked yet.
    pub card: ModelCard,
    /// Tails of the committed columns. Secret.
    pub tails: Vec<Vec<Fr>>,
}

/// Commits to the lanes of a model, and proves for the card with these commitments what the circuit says of them.
///
/// # Errors
/// Errors of key generation or the proof system.
pub fn register<R: RngCore>(
    circuit: &RegisterCircuit,
    lanes: &[Vec<u64>],
    model: Unregistered,
    srs: &Srs,
    srs_key: &SrsVerifyingKey,
    rng: &mut R,
) -> Result<Registered, ProveError> {
    let (proving_key, key) = keys(circuit, srs)?;
    let tail = |_: &Vec<u64>| (0..TAIL).map(|_| Fr::random(&mut *rng)).collect();
    let tails: Vec<Vec<Fr>> = lanes.iter().map(tail).collect();
    let points = commit_columns(srs, lanes, &tails);
    let mut card = ModelCard {
        key: model.key,
        srs_id: srs_key.id(),
        quantization: model.quantization,
        commitments: points.iter().map(compressed).collect(),
        registration: Registration {
            key,
            proof: vec![],
            link: LinkProof { r: [0; 32], z: vec![] },
        },
        description: model.description,
    };
    let digest = card.registration_digest();
    let registering = Registering::new(&card.registration.key, &digest);
    let mut columns = Columns {
        witness: RegisterWitness::new(circuit.shape(), registering.bits(), lanes),
        registering: &registering,
        lanes,
        usable: circuit.shape().usable(),
    };
    let (proof, link) = prove(&proving_key, &card, &tails, &mut columns, srs, srs_key, rng)?;
    (card.registration.proof, card.registration.link) = (proof, link);
    Ok(Registered { card, tails })
}

/// Proof and link of a registration, for a card that lacks nothing else. `columns` follow from its digest.
///
/// # Errors
/// Errors of the proof system.
pub fn prove<R: RngCore>(
    proving_key: &Key,
    card: &ModelCard,
    tails: &[Vec<Fr>],
    columns: &mut dyn Assignment,
    srs: &Srs,
    srs_key: &SrsVerifyingKey,
    rng: &mut R,
) -> Result<(Vec<u8>, LinkProof), ProveError> {
    let (key, digest) = (&card.registration.key, card.registration_digest());
    let prefix = registration_scalar(&digest).into();
    let proof = plonk::prove(proving_key, srs, &[], prefix, columns, rng)?;
    let advice: Vec<_> = proof.advice.iter().map(|point| (*point).into()).collect();
    let committed = card.commitments.iter().map(|point| decompress(point).map(Into::into));
    let statement = LinkStatement {
        claim_digest: digest,
        key_digest: key.digest(),
        srs_id: card.srs_id,
        proof: &proof.bytes,
        committed: committed.collect::<Result<_, _>>()?,
        columns: Registering::new(key, &digest)
            .linked_columns(&advice, &own(&proof.challenges))
            .map_err(ProveError::Refused)?,
        tail: &srs_key.tail,
        g1: srs_key.g1,
    };
    let linked = key.linked.registered.columns.iter();
    let proven = linked.filter_map(|column| proof.tails.get(*column as usize).map(Vec::as_slice));
    let proven: Vec<&[Fr]> = proven.collect();
    let committed: Vec<&[Fr]> = tails.iter().map(Vec::as_slice).collect();
    let points = srs.tail(srs_key.tail.len());
    let nonces: Vec<Fr> = points.iter().map(|_| Fr::random(&mut *rng)).collect();
    let link = link::prove(&statement, &points, &proven, &committed, &nonces)?;
    Ok((proof.bytes, link))
}

/// The columns of a registration.
struct Columns<'a> {
    witness: RegisterWitness,
    registering: &'a Registering<'a>,
    lanes: &'a [Vec<u64>],
    usable: usize,
}

impl Columns<'_> {
    fn combined(&self, challenges: &[Fr]) -> Option<Combined> {
        let combinations = self.registering.combinations(&own(challenges)).ok()?;
        let [powers, betas] = self.registering.public_columns(&own(challenges)).ok()?;
        let library = |column: Vec<_>| column.into_iter().map(Fr::from).collect();
        let columns = combinations.iter().map(|terms| combine(self.lanes, terms, self.usable));
        Some(Combined {
            columns: columns.collect(),
            public: [library(powers), library(betas)],
        })
    }
}

impl Assignment for Columns<'_> {
    fn advice(&mut self, phase: u8, challenges: &[Fr]) -> Vec<AdviceColumn<'_>> {
        let columns = match (phase, challenges) {
            (0, _) => {
                return self
                    .witness
                    .integers()
                    .into_iter()
                    .map(|integers| Cells::Integers(integers).into())
                    .collect()
            }
            (1, [theta, alpha]) => match self.combined(challenges) {
                Some(combined) => self.witness.phase2(*theta, *alpha, &combined),
                None => vec![],
            },
            _ => vec![],
        };
        columns.into_iter().map(AdviceColumn::from).collect()
    }

    fn computed(&self, challenges: &[Fr]) -> Vec<Vec<Fr>> {
        let columns = self.registering.public_columns(&own(challenges)).into_iter().flatten();
        let columns = columns.map(|column| column.into_iter().map(Fr::from).collect());
        columns.chain(row_sets(self.usable)).collect()
    }
}

/// As the verifier holds them.
fn own(challenges: &[Fr]) -> Vec<provenn_bn254::Fr> {
    challenges.iter().map(|challenge| (*challenge).into()).collect()
}

/// `sum_l c_l w_l` in every usable row.
fn combine(lanes: &[Vec<u64>], terms: &[(usize, provenn_bn254::Fr)], usable: usize) -> Vec<Fr> {
    const ROWS: usize = 256;
    let terms: Vec<(&Vec<u64>, Fr)> = terms.iter().map(|(lane, c)| (&lanes[*lane], Fr::from(*c))).collect();
    let mut sums = vec![Fr::ZERO; usable];
    sums.par_chunks_mut(ROWS).enumerate().for_each(|(chunk, sums)| {
        for (lane, coefficient) in &terms {
            let cells = lane.get(chunk * ROWS..).unwrap_or_default();
            let pairs = sums.iter_mut().zip(cells).filter(|(_, cell)| **cell != 0);
            pairs.for_each(|(sum, cell)| *sum += coefficient * Fr::from(*cell));
        }
    });
    sums
}

/// The verifying key of a layout's registration; no weights are needed.
///
/// # Errors
/// Errors of key generation.
pub fn registration_key(model: &Program, layout: &Layout, srs: &Srs) -> Result<VerifyingKey, ProveError> {
    keys(&RegisterCircuit::new(model, layout)?, srs).map(|(_, key)| key)
}

/// Both keys.
fn keys(circuit: &RegisterCircuit, srs: &Srs) -> Result<(Key, VerifyingKey), ProveError> {
    let proving_key = Key::new(circuit, circuit.shape().k)?;
    let linked = Linked {
        registered: Lanes {
            columns: circuit.linked_columns(),
            runs: circuit.runs(),
        },
        ..Linked::default()
    };
    let library = plonk::verifying_key(&proving_key, srs)?;
    let key = compact(&library, proving_key.k(), linked, Purpose::Registration, &RowSet::ALL)?;
    Ok((proving_key.named(library.transcript_repr()), key))
}
