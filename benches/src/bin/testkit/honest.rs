//! Committed models and honest receipts.

use crate::kit::Kit;
use crate::vector::Vector;
use provenn_circuits::compile::default_samples;
use provenn_circuits::program::quantize_input;
use provenn_prover::commit::{commit_with, compile, srs_verifying_key, CommitOptions, Committed};
use provenn_prover::prove::{commit_input_with, prove_with};
use provenn_prover::srs::{Srs, SrsKind};
use provenn_prover::Input;
use provenn_verifier::{Context, ModelCard, PolicyKind, Receipt, SrsVerifyingKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A committed model that issues receipts.
pub struct Issuer {
    name: String,
    committed: Committed,
    srs: Srs,
    rng: ChaCha20Rng,
    pub srs_key: SrsVerifyingKey,
    input: Input,
}

/// The context of every receipt of the kit.
pub fn context() -> Context {
    Context {
        audience: "bank.example".to_owned(),
        nonce: [0xa5; 32],
        not_after: 2_000_000_000,
    }
}

impl Issuer {
    /// `kind` is what the SRS is labelled as; the secret of all of them is derived from a seed in this file.
    pub fn new(model: &str, committed_input: bool, kind: SrsKind, seed: u8) -> Self {
        let path = format!("{}/../fixtures/models/{model}.onnx", env!("CARGO_MANIFEST_DIR"));
        let options = CommitOptions {
            committed_input,
            ..CommitOptions::default()
        };
        let compiled = compile(&std::fs::read(path).unwrap(), &options).unwrap();
        let mut srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
        srs.kind = kind;
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let committed = commit_with(&compiled, &options, &srs, &mut rng).unwrap();
        let values = quantize_input(&committed.model, &default_samples(&compiled.graph, 1)[0]).unwrap();
        let input = match committed_input {
            true => {
                let opening = commit_input_with(&committed, &srs, &values, &mut rng).unwrap();
                Input::Committed(values, opening)
            }
            false => Input::Public(values),
        };
        Self {
            name: model.to_owned(),
            srs_key: srs_verifying_key(&srs).unwrap(),
            committed,
            srs,
            rng,
            input,
        }
    }

    pub fn card(&self) -> &ModelCard {
        &self.committed.card
    }

    pub fn issue(&mut self, kind: PolicyKind) -> Receipt {
        self.issue_for(kind, context())
    }

    fn issue_for(&mut self, kind: PolicyKind, context: Context) -> Receipt {
        let (committed, srs, rng) = (&self.committed, &self.srs, &mut self.rng);
        let bytes = prove_with(committed, srs, &self.input, kind, context, &|_| {}, rng).unwrap();
        Receipt::from_bytes(&bytes).unwrap()
    }
}

/// An issuer with one of its receipts and the vector that it verifies.
pub struct Case {
    pub issuer: Issuer,
    pub receipt: Receipt,
    pub vector: Vector,
}

impl Case {
    fn new(kit: &mut Kit, mut issuer: Issuer, kind: PolicyKind) -> Self {
        let receipt = issuer.issue(kind);
        let name = issuer.name.clone();
        let srs = kit.file(&format!("files/{name}.srs"), &issuer.srs_key.to_bytes());
        let card = kit.file(&format!("files/{name}.card"), &issuer.card().to_bytes());
        let path = kit.file(&format!("files/{name}.receipt"), &receipt.to_bytes());
        let vector = Vector {
            comment: format!("an honest receipt of {name}"),
            expect: "verified".to_owned(),
            srs,
            cards: vec![card],
            receipts: vec![path],
            ..Vector::default()
        };
        kit.vector(&name, &vector);
        Self {
            issuer,
            receipt,
            vector,
        }
    }

    /// Stores another honest receipt of the same issuer.
    pub fn another(&mut self, kit: &mut Kit, name: &str, kind: PolicyKind) -> Receipt {
        let receipt = self.issuer.issue(kind);
        let vector = Vector {
            comment: format!("an honest receipt, {name}"),
            receipts: vec![kit.file(&format!("files/{name}.receipt"), &receipt.to_bytes())],
            ..self.vector.clone()
        };
        kit.vector(name, &vector);
        receipt
    }
}

/// A linear model with a public input under parameters labelled as a ceremony's.
pub fn linear(kit: &mut Kit) -> Case {
    Case::new(
        kit,
        Issuer::new("linear_30", false, SrsKind::Ceremony, 1),
        PolicyKind::Scores,
    )
}

/// A network with a committed input.
pub fn digits(kit: &mut Kit) -> Case {
    Case::new(
        kit,
        Issuer::new("digits_cnn", true, SrsKind::Ceremony, 2),
        PolicyKind::Label,
    )
}

/// Every policy, and development parameters.
pub fn others(kit: &mut Kit) {
    let (output, low, high) = (0, -(1 << 10), 1 << 10);
    let issuer = Issuer::new("breast_cancer_mlp", false, SrsKind::Ceremony, 3);
    let mut case = Case::new(kit, issuer, PolicyKind::Label);
    let bit = |threshold| PolicyKind::ThresholdBit { output, threshold };
    for (name, kind) in [
        ("policy_scores", PolicyKind::Scores),
        ("policy_threshold_one", bit(low)),
        ("policy_threshold_zero", bit(high)),
        ("policy_yes_only", PolicyKind::YesOnly { output, threshold: low }),
    ] {
        case.another(kit, name, kind);
    }
    development(kit);
}

fn development(kit: &mut Kit) {
    let mut issuer = Issuer::new("linear_30", false, SrsKind::Dev, 4);
    let receipt = issuer.issue(PolicyKind::Scores);
    let mut vector = Vector {
        comment: "development parameters, accepted on request, give the other verdict".to_owned(),
        expect: "dev-verified".to_owned(),
        srs: kit.file("files/development.srs", &issuer.srs_key.to_bytes()),
        cards: vec![kit.file("files/development.card", &issuer.card().to_bytes())],
        receipts: vec![kit.file("files/development.receipt", &receipt.to_bytes())],
        ..Vector::default()
    };
    vector.expectation.accept_dev = true;
    kit.vector("development_accepted", &vector);
    vector.expectation.accept_dev = false;
    vector.comment = "development parameters are refused unless asked for".to_owned();
    vector.expect = "dev-srs".to_owned();
    kit.vector("development_refused", &vector);
}

/// Receipts of this format version that must verify forever.
pub fn golden(kit: &mut Kit) {
    kit.forget_files();
    let models = [
        ("linear_30", false, PolicyKind::Scores),
        ("breast_cancer_mlp", false, PolicyKind::Label),
        ("digits_cnn", true, PolicyKind::Label),
        ("digits_mlp", true, PolicyKind::Scores),
    ];
    for (seed, (name, committed_input, kind)) in (11..).zip(models) {
        let mut issuer = Issuer::new(name, committed_input, SrsKind::Ceremony, seed);
        let receipt = issuer.issue(kind);
        let context = context();
        let mut vector = Vector {
            comment: format!("golden receipt of {name}"),
            expect: "verified".to_owned(),
            srs: kit.file(&format!("v1/{name}.srs"), &issuer.srs_key.to_bytes()),
            cards: vec![kit.file(&format!("v1/{name}.card"), &issuer.card().to_bytes())],
            receipts: vec![kit.file(&format!("v1/{name}.receipt"), &receipt.to_bytes())],
            ..Vector::default()
        };
        vector.expectation.audience = Some(context.audience);
        vector.expectation.nonce = Some(context.nonce);
        vector.expectation.now = Some(context.not_after);
        kit.vector_in("v1", name, &vector);
    }
}
