//! A prover who knows a colouring, and claims what they like: the proof is of the claim that is made.

use crate::common::chain::{artifact, Chain, GAS};
use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, FromUniformBytes};
use provenn_evm::{Calldata, KeyData};
use provenn_prover::colouring::{proving_key, ColouringColumns};
use provenn_prover::commit::srs_verifying_key;
use provenn_prover::link;
use provenn_prover::plonk;
use provenn_prover::srs::Srs;
use provenn_verifier::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub struct Forger {
    pub graph: Graph,
    pub colours: Vec<u8>,
    class: ColouringClass,
    srs: Srs,
    key: SrsVerifyingKey,
}

impl Forger {
    /// With a circuit for so many vertices.
    pub fn new(graph: Graph, colours: &[u8], count: u32, vertices: u32) -> Self {
        let class = ColouringClass::of(count, vertices).unwrap();
        let srs = Srs::dev_from_seed(class.rows(), [3; 32]);
        Self {
            key: srs_verifying_key(&srs).unwrap(),
            colours: colours.to_vec(),
            graph,
            class,
            srs,
        }
    }

    /// What an honest prover claims.
    pub fn body(&self) -> Colouring {
        Colouring::new(self.class.colours(), &self.graph)
    }

    /// A receipt of this claim, whose bytes end with others.
    fn receipt(&self, body: &Colouring, end: &[u8]) -> Vec<u8> {
        let claim = Claim {
            srs_id: self.key.id(),
            key_digest: self.class.key().unwrap().digest(),
            context: Context::default(),
            body: body.clone().into(),
        };
        let stated = [&claim.to_bytes()[..], end].concat();
        let digest = claim_digest(&stated);
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let mut columns = ColouringColumns::new(self.class, &self.graph, &self.colours);
        let proof = plonk::prove(
            &proving_key(self.class).unwrap(),
            &self.srs,
            &[],
            Fr::from_uniform_bytes(&digest),
            &mut columns,
            &mut rng,
        )
        .unwrap();
        let statement = LinkStatement {
            claim_digest: digest,
            key_digest: claim.key_digest,
            srs_id: claim.srs_id,
            proof: &proof.bytes,
            committed: vec![],
            columns: vec![],
            tail: &self.key.tail,
            g1: self.key.g1,
        };
        let points = self.srs.tail(self.key.tail.len());
        let nonces: Vec<Fr> = points.iter().map(|_| Fr::random(&mut rng)).collect();
        let link = link::prove(&statement, &points, &[], &[], &nonces).unwrap();
        let proof = proof.bytes;
        let length = claim.to_bytes().len();
        let bytes = Receipt { claim, proof, link }.to_bytes();
        let stated_length = (stated.len() as u32).to_le_bytes();
        [&bytes[..6], &stated_length, &stated, &bytes[10 + length..]].concat()
    }

    /// What the contract says, with these bytes for a graph.
    pub fn code(&self, body: &Colouring, graph: &[u8]) -> String {
        self.code_with(body, &[], graph)
    }

    /// The same with bytes behind the claim.
    pub fn code_with(&self, body: &Colouring, end: &[u8], graph: &[u8]) -> String {
        let receipt = self.receipt(body, end);
        let data = KeyData::colouring(&self.class, &self.key).unwrap();
        let mut chain = Chain::new();
        let verifier = chain.place(&artifact("Verifier", "deployed"));
        let key = chain.place(&data.code);
        // Coordinates are read from a receipt that decodes, with the same proof.
        let mut honest = Receipt::from_bytes(&self.receipt(&self.body(), &[])).unwrap();
        let length = |at: usize| u32::from_le_bytes(receipt[at..at + 4].try_into().unwrap()) as usize;
        let proof = 10 + length(6);
        honest.proof = receipt[proof + 4..][..length(proof)].to_vec();
        let r = proof + 4 + length(proof);
        honest.link.r = receipt[r..r + 32].try_into().unwrap();
        let call = Calldata::new(&honest.to_bytes(), &self.class.key().unwrap()).unwrap();
        let call = Calldata {
            receipt,
            graph: Some(graph.to_vec()),
            ..call
        };
        chain.call(verifier, &call.encode(key.into_array()), GAS).code()
    }

    /// What the crate says, with the graph that was proven.
    pub fn judge(&self, body: &Colouring) -> &'static str {
        let anything = Expectation {
            accept_dev: true,
            ..Expectation::default()
        };
        let verdict = verify(&self.receipt(body, &[]), &self.graph, &self.key, &anything);
        verdict.map_or_else(|error| error.code(), |_| "verified")
    }
}

fn claim_digest(bytes: &[u8]) -> [u8; 64] {
    let digest = blake2b_simd::Params::new().personal(b"Provenn-Claim---").hash(bytes);
    *digest.as_array()
}

/// The digest of any bytes, as that of a graph.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    let digest = blake2b_simd::Params::new()
        .hash_length(32)
        .personal(b"Provenn-Graph---")
        .hash(bytes);
    digest.as_bytes().try_into().unwrap()
}
