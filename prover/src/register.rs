//! Registration: the proof, made once per committed model, that the committed weights are in range.
//!
//! Its first commitments are the model commitments, so it needs no link proof.

use crate::commit::compressed;
use crate::compact::compact;
use crate::error::{Defect, ProveError};
use crate::plonk::{self, AdviceColumn, Assignment};
use crate::srs::Srs;
use halo2_proofs::plonk::{keygen_pk2, ProvingKey};
use halo2curves::bn256::{Fr, G1Affine};
use provenn_circuits::argument::weight_cells;
use provenn_circuits::layout::Layout;
use provenn_circuits::program::Program;
use provenn_circuits::register::{check_registered, RegisterCircuit, RegisterWitness};
use provenn_verifier::{registration_scalar, Linked, Registration, VerifyingKey};
use rand_core::RngCore;

/// Committed weights.
#[derive(Debug)]
pub struct Registered {
    /// Compressed commitments, one per weight column.
    pub commitments: Vec<[u8; 32]>,
    /// Tails of the columns: the openings. Secret.
    pub tails: Vec<Vec<Fr>>,
    /// The public evidence.
    pub registration: Registration,
}

/// Commits to the weights of a model and proves that they are in range. `circuit` is the digest of the key of the
/// model's circuit.
///
/// # Errors
/// Constants that do not fit their cells; errors of key generation, randomness or the proof system.
pub fn register<R: RngCore>(
    model: &Program,
    layout: &Layout,
    circuit: &[u8; 32],
    srs_id: &[u8; 32],
    srs: &Srs,
    rng: &mut R,
) -> Result<Registered, ProveError> {
    check_registered(model, layout)?;
    let registration = RegisterCircuit::new(model, layout);
    let columns = registration.shape().columns;
    let proving_key = keygen(&registration, srs)?;
    let key = verifying_key(&registration, &proving_key)?;
    let witness = RegisterWitness::new(registration.shape(), weight_cells(model, layout));
    let scalar = registration_scalar(circuit, &key.digest(), srs_id).into();
    let mut proof = plonk::prove(&proving_key, srs, &[], scalar, &mut Columns(witness), rng)?;
    proof.tails.truncate(columns);
    Ok(Registered {
        commitments: proof.advice[..columns].iter().map(compressed).collect(),
        tails: proof.tails,
        registration: Registration {
            key,
            proof: proof.bytes.split_off(32 * columns),
        },
    })
}

/// The columns of a registration.
struct Columns(RegisterWitness);

impl Assignment for Columns {
    fn advice(&mut self, phase: u8, challenges: &[Fr]) -> Vec<AdviceColumn> {
        let columns = match (phase, challenges) {
            (0, _) => self.0.phase1(),
            (1, [alpha]) => self.0.phase2(*alpha),
            _ => vec![],
        };
        columns.into_iter().map(AdviceColumn::from).collect()
    }
}

/// The verifying key of a layout's registration; no weights are needed.
///
/// # Errors
/// Errors of key generation.
pub fn registration_key(model: &Program, layout: &Layout, srs: &Srs) -> Result<VerifyingKey, ProveError> {
    let circuit = RegisterCircuit::new(model, layout);
    verifying_key(&circuit, &keygen(&circuit, srs)?)
}

fn keygen(circuit: &RegisterCircuit, srs: &Srs) -> Result<ProvingKey<G1Affine>, ProveError> {
    if srs.k() != circuit.shape().k {
        return Err(ProveError::SrsMismatch);
    }
    keygen_pk2(&srs.params, circuit, false).map_err(|e| Defect::KeyGeneration(e).into())
}

fn verifying_key(circuit: &RegisterCircuit, key: &ProvingKey<G1Affine>) -> Result<VerifyingKey, ProveError> {
    compact(key.get_vk(), circuit.shape().k, Linked::default(), None)
}
