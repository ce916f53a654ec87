//! What the tests of the contract share: models and graphs with their receipts, and both verdicts about one.
#![allow(dead_code, clippy::unwrap_used, reason = "shared by tests")]

pub mod chain;
pub mod graphs;

use chain::{artifact, Chain, Outcome, GAS};
use provenn_bn254::G1Affine;
use provenn_circuits::argument::Objective;
use provenn_circuits::compile::default_samples;
use provenn_circuits::program::quantize_inputs;
use provenn_evm::{Calldata, ExportError, KeyData};
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions};
use provenn_prover::prove::bind_inputs;
use provenn_prover::srs::Srs;
use provenn_prover::{commit, prove};
use provenn_verifier::*;
use revm::primitives::Address;
use std::path::Path;

/// Models of the test kit with a golden receipt, and the SRS key of each.
pub const GOLDEN: [(&str, &str); 5] = [
    ("linear_30", "linear_30"),
    ("breast_cancer_mlp", "linear_30"),
    ("digits_mlp", "digits_cnn"),
    ("digits_cnn", "digits_cnn"),
    ("conflict_check", "conflict_check"),
];

/// A model of the fixtures, committed for the least gas.
pub fn cheapest(name: &str, committed_input: bool) -> Case {
    let path = format!("{}/../../fixtures/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"));
    Case::cheapest(name, &std::fs::read(path).unwrap(), committed_input).unwrap()
}

/// The folder of the test kit.
pub fn kit() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/testkit"))
}

pub fn read(name: &str) -> Vec<u8> {
    std::fs::read(kit().join(name)).unwrap()
}

/// All of them, and the golden colouring.
pub fn golden() -> Vec<Case> {
    GOLDEN
        .map(Case::golden)
        .into_iter()
        .chain([graphs::petersen()])
        .collect()
}

/// What receipts are about.
#[allow(clippy::large_enum_variant, reason = "tests")]
pub enum About {
    Model(CheckedCard),
    /// A graph, and the number of colours.
    Graph(Graph, u32),
}

/// A model or a graph on a chain, with a receipt for it.
pub struct Case {
    pub name: String,
    pub srs: SrsVerifyingKey,
    pub about: About,
    pub circuit: VerifyingKey,
    pub data: KeyData,
    pub receipt: Vec<u8>,
    pub chain: Chain,
    pub verifier: Address,
    pub key: Address,
}

impl Case {
    pub fn golden((name, srs): (&str, &str)) -> Self {
        let srs = SrsVerifyingKey::from_bytes(&read(&format!("v2/{srs}.srs"))).unwrap();
        let card = ModelCard::from_bytes(&read(&format!("v2/{name}.card"))).unwrap();
        Self::new(
            name,
            card.check(&srs).unwrap(),
            srs,
            read(&format!("v2/{name}.receipt")),
        )
    }

    /// A model committed for the least gas, and a receipt of a first sample with the policy `label`; or why there is none.
    pub fn cheapest(name: &str, model: &[u8], committed_input: bool) -> Result<Self, String> {
        fn text(error: impl ToString) -> String {
            error.to_string()
        }
        let options = CommitOptions {
            objective: Objective::Gas,
            committed_inputs: committed_input.into(),
            ..CommitOptions::default()
        };
        let compiled = compile(model, &options).map_err(text)?;
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [3; 32]);
        let committed = commit(&compiled, &options, &srs).map_err(text)?;
        let samples = default_samples(&compiled.graph, 1);
        let values = quantize_inputs(&committed.model, samples.first().ok_or("no sample")?).map_err(text)?;
        let inputs = bind_inputs(&committed, &srs, values).map_err(text)?;
        let (policy, context) = (policy::Label.into(), Context::default());
        let receipt = prove(&committed, &srs, &inputs, policy, context, &|_| {}).map_err(text)?;
        let key = srs_verifying_key(&srs).map_err(text)?;
        // A model that is too large for the contract is told as such.
        KeyData::new(&committed.card, &key).map_err(text)?;
        Ok(Self::new(name, committed.card, key, receipt))
    }

    pub fn new(name: &str, card: CheckedCard, srs: SrsVerifyingKey, receipt: Vec<u8>) -> Self {
        let data = KeyData::new(&card, &srs).unwrap();
        let circuit = card.key.clone();
        Self::placed(name, About::Model(card), circuit, srs, data, receipt)
    }

    /// A graph, under the SRS key of its size.
    pub fn graph(name: &str, graph: Graph, colours: u32, srs: SrsVerifyingKey, receipt: Vec<u8>) -> Self {
        let class = ColouringClass::of(colours, graph.vertices()).unwrap();
        let data = KeyData::colouring(&class, &srs).unwrap();
        let about = About::Graph(graph, colours);
        Self::placed(name, about, class.key().unwrap(), srs, data, receipt)
    }

    fn placed(
        name: &str,
        about: About,
        circuit: VerifyingKey,
        srs: SrsVerifyingKey,
        data: KeyData,
        receipt: Vec<u8>,
    ) -> Self {
        let mut chain = Chain::new();
        let (verifier, _) = chain.deploy(&artifact("Verifier", "bytecode"));
        let (key, code) = chain.deploy(&data.creation_code());
        assert_eq!(code, data.code);
        Self {
            name: name.to_owned(),
            srs,
            about,
            circuit,
            data,
            receipt,
            chain,
            verifier,
            key,
        }
    }

    /// The card of a model.
    pub fn card(&self) -> &CheckedCard {
        match &self.about {
            About::Model(card) => card,
            About::Graph(..) => panic!("{} is a graph", self.name),
        }
    }

    /// The arguments for a receipt.
    pub fn encoded(&self, receipt: &[u8]) -> Result<Calldata, ExportError> {
        match &self.about {
            About::Model(card) => Calldata::new(receipt, &card.key),
            About::Graph(graph, colours) => Calldata::colouring(receipt, *colours, graph),
        }
    }

    /// The arguments for any bytes: where they are no receipt, those that come nearest.
    pub fn calldata(&self, receipt: &[u8]) -> Calldata {
        let honest = self.encoded(&self.receipt).unwrap();
        let mut call = self.encoded(receipt).unwrap_or_else(|_| honest.clone());
        call.receipt = receipt.to_vec();
        call
    }

    pub fn call(&self, call: &Calldata) -> Outcome {
        self.chain.call(self.verifier, &call.encode(self.key.into_array()), GAS)
    }

    /// What the crate says of a receipt, when nothing is asked for.
    pub fn judge(&self, receipt: &[u8]) -> &'static str {
        let anything = Expectation {
            accept_dev: true,
            ..Expectation::default()
        };
        let verdict = match &self.about {
            About::Model(card) => verify(receipt, card, &self.srs, &anything),
            About::Graph(graph, _) => verify(receipt, graph, &self.srs, &anything),
        };
        match verdict {
            Ok(_) => "verified",
            Err(error) => error.code(),
        }
    }

    /// Both verdicts, which have to be the same.
    pub fn agree(&self, what: &str, receipt: &[u8]) -> bool {
        let (crate_, contract) = (self.judge(receipt), self.call(&self.calldata(receipt)).code());
        assert_eq!(
            crate_ == "verified",
            contract == "verified",
            "{}, {what}: {crate_}, {contract}",
            self.name
        );
        crate_ == "verified"
    }

    /// Holds both verdicts to be that the receipt is valid, and the contract to return these words.
    pub fn says(&self, words: Vec<u8>) {
        assert!(self.agree("honest", &self.receipt));
        assert_eq!(
            self.call(&self.calldata(&self.receipt)).returned,
            Ok(words),
            "{}",
            self.name
        );
    }

    /// Where the proof of the receipt begins, and how long it is.
    pub fn proof(&self) -> (usize, usize) {
        let length = |at: usize| u32::from_le_bytes(self.receipt[at..at + 4].try_into().unwrap()) as usize;
        let claim = length(6);
        (10 + claim + 4, length(10 + claim))
    }

    /// Points of the proof before its scalars, and scalars.
    pub fn counts(&self) -> (usize, usize) {
        let key = &self.circuit;
        let products = key.permutation_columns.len().div_ceil(key.degree as usize - 2);
        let points = key.advice_phases.len() + products + key.degree as usize - 1;
        (points, self.proof().1 / 32 - points - 2)
    }
}

/// Another point of the curve.
pub fn generator() -> [u8; 32] {
    G1Affine::GENERATOR.to_bytes()
}

/// A call with a word of zeros before the receipt, and all offsets right for it.
pub fn shifted(call: &[u8]) -> Vec<u8> {
    let first = usize::from(u16::from_be_bytes([call[66], call[67]]));
    let mut data = [&call[..4 + first], &[0; 32], &call[4 + first..]].concat();
    for at in (36..4 + first).step_by(32) {
        let word: [u8; 4] = data[at + 28..at + 32].try_into().unwrap();
        data[at + 28..at + 32].copy_from_slice(&(u32::from_be_bytes(word) + 32).to_be_bytes());
    }
    data
}
