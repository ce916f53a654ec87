//! Registrations as proofs: our verifier agrees with one made of the library's parts that computes the public columns by
//! their definition; what was proven of other lanes, in another order or under other bits is refused.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::agreement::setup::library;
use halo2_proofs::plonk::ProvingKey;
use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::ff::Field;
use provenn_circuits::argument::row_sets;
use provenn_circuits::register::RegisterCircuit;
use provenn_prover::commit::{commit_with, compile, srs_verifying_key, CommitOptions};
use provenn_prover::register::{register, Registered, Unregistered};
use provenn_prover::srs::Srs;
use provenn_verifier::{
    registration_scalar, KeyParts, ModelCard, Registering, SrsVerifyingKey, VerifyError, VerifyingKey,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::sync::OnceLock;

/// Dimensions at which lanes and rows are taken one by one, or by random bits, and sums fill more rows than there are.
const SIZES: [(u32, usize); 4] = [(5, 3), (6, 130), (8, 2), (8, 150)];

/// The key of a model with so many lanes of 2^`k` rows, for cards only.
fn model_key(k: u32, lanes: usize) -> VerifyingKey {
    static BASE: OnceLock<KeyParts> = OnceLock::new();
    let parts = BASE.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/models/linear_30.onnx");
        let compiled = compile(&std::fs::read(path).unwrap(), &CommitOptions::default()).unwrap();
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [6; 32]);
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let committed = commit_with(&compiled, &CommitOptions::default(), &srs, &mut rng).unwrap();
        KeyParts::clone(&committed.card.key)
    });
    let mut parts = parts.clone();
    let layout = parts.purpose.layout_mut().unwrap();
    (layout.inputs[0].channels, layout.inputs[0].positions) = (layout.lanes, 1);
    (layout.outputs[0].len, layout.outputs[0].rows) = (1, 1);
    parts.linked.weights.columns.truncate(1);
    parts.linked.weights.lanes = lanes as u32;
    VerifyingKey::new(KeyParts { k, ..parts }).unwrap()
}

struct Setup {
    circuit: RegisterCircuit,
    lanes: Vec<Vec<u64>>,
    srs: Srs,
    srs_key: SrsVerifyingKey,
    key: VerifyingKey,
    pk: OnceLock<ProvingKey<G1Affine>>,
}

impl Setup {
    fn new(k: u32, lanes: usize) -> Self {
        let circuit = RegisterCircuit::free(k, lanes, 16);
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let rows = circuit.shape().usable() - 3;
        let mut lane = || (0..rows).map(|_| rng.next_u64() & 0xffff).collect();
        let cells = (0..lanes).map(|_| lane()).collect();
        let srs = Srs::dev_from_seed(k, [5; 32]);
        Self {
            circuit,
            lanes: cells,
            srs_key: srs_verifying_key(&srs).unwrap(),
            srs,
            key: model_key(k, lanes),
            pk: OnceLock::new(),
        }
    }

    fn register(&self, lanes: &[Vec<u64>], description: &str) -> ModelCard {
        let model = Unregistered {
            key: self.key.clone(),
            quantization: [0; 32],
            description: description.to_owned(),
        };
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let registered = register(&self.circuit, lanes, model, &self.srs, &self.srs_key, &mut rng);
        let Registered { card, tails } = registered.unwrap();
        assert_eq!(tails.len(), lanes.len());
        card
    }

    fn check(&self, card: &ModelCard) -> Result<(), VerifyError> {
        card.clone().check(&self.srs_key).map(drop)
    }

    /// The halo2 proof alone, with public columns by their definition, under the bits of some digest.
    fn reference(&self, card: &ModelCard, digest: &[u8; 64], bits_of: &[u8; 64]) -> bool {
        let pk = self.pk.get_or_init(|| library::keys(&self.circuit, &self.srs).1);
        let registering = Registering::new(&card.registration.key, bits_of);
        let (bits, grid) = (registering.bits(), self.circuit.shape().grid);
        let computed = |challenges: &[Fr]| {
            let power = |exponent: usize| challenges[0].pow([exponent as u64]);
            let sums = (0..grid.sum_rows()).map(|row| power(grid.columns() * row + 1));
            let beta = |mask: &u128| (0..128).filter(|k| mask >> k & 1 == 1).map(|k| power(k + 1)).sum();
            let mut columns = vec![sums.collect(), bits.rows.iter().map(beta).collect()];
            columns.extend(row_sets(bits.rows.len()));
            columns
        };
        let (params, prefix) = (&self.srs.params, registration_scalar(digest).into());
        crate::reference::accepts(params, pk.get_vk(), prefix, &[], &computed, &card.registration.proof)
    }
}

#[test]
fn both_verifiers_take_honest_registrations() {
    for (k, lanes) in SIZES {
        let setup = Setup::new(k, lanes);
        let card = setup.register(&setup.lanes, "honest");
        let bytes = card.to_bytes();
        assert_eq!(ModelCard::from_bytes(&bytes).as_ref(), Ok(&card));
        assert_eq!(setup.check(&card), Ok(()), "2^{k} rows, {lanes} lanes");
        let digest = card.registration_digest();
        assert!(setup.reference(&card, &digest, &digest), "2^{k} rows, {lanes} lanes");
    }
}

/// Public columns are not absorbed, so a proof fits only those that follow from its own transcript.
#[test]
fn both_verifiers_refuse_other_public_columns() {
    let setup = Setup::new(8, 150);
    let card = setup.register(&setup.lanes, "honest");
    let digest = card.registration_digest();
    assert!(!setup.reference(&card, &digest, &[9; 64]), "other bits");
    assert!(!setup.reference(&card, &[9; 64], &digest), "another transcript");
    for at in (0..card.registration.proof.len()).step_by(97) {
        let mut mutant = card.clone();
        mutant.registration.proof[at] ^= 1;
        assert!(!setup.reference(&mutant, &digest, &digest), "byte {at}");
        assert!(setup.check(&mutant).is_err(), "byte {at}");
    }
}

/// A cell that is too large, alone or in a pair that cancels, has no registration; one at the bound of the sums neither.
#[test]
fn cells_out_of_range_are_refused() {
    for (k, lanes) in SIZES {
        let setup = Setup::new(k, lanes);
        let bound = u64::try_from(setup.circuit.shape().bound()).unwrap();
        for cell in [bound, 1 << 62, u64::MAX] {
            let mut forged = setup.lanes.clone();
            forged[1][7] = cell;
            let forged = setup.register(&forged, "large");
            assert_eq!(setup.check(&forged), Err(VerifyError::RegistrationFailed), "{cell}");
        }
    }
}

/// A registration is of its commitments, in their order, and of its card.
#[test]
fn a_registration_cannot_be_moved() {
    let setup = Setup::new(8, 150);
    let card = setup.register(&setup.lanes, "honest");
    let failed = Err(VerifyError::RegistrationFailed);
    let mut reordered = card.clone();
    reordered.commitments.swap(3, 140);
    assert_eq!(setup.check(&reordered), failed);
    let mut replaced = card.clone();
    replaced.commitments[3] = replaced.commitments[4];
    assert_eq!(setup.check(&replaced), failed);
    let mut described = card.clone();
    described.description = "another".into();
    assert_eq!(setup.check(&described), failed);
    // The same lanes under another text: good by itself, not in parts.
    let other = setup.register(&setup.lanes, "another");
    assert_eq!(setup.check(&other), Ok(()));
    let mut mixed = other.clone();
    mixed.registration.link = card.registration.link.clone();
    assert_eq!(setup.check(&mixed), failed);
    let mut fewer = card;
    fewer.commitments.pop();
    assert!(matches!(setup.check(&fewer), Err(VerifyError::CommitmentCount { .. })));
}
