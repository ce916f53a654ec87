//! A model with two committed inputs, receipts about it, and three parties.

use ed25519_compact::{KeyPair, Seed};
use provenn_prover::commit::{compile, srs_verifying_key, CommitOptions, Committed};
use provenn_prover::input::{commit_input, Input};
use provenn_prover::prove;
use provenn_prover::srs::Srs;
use provenn_verifier::agreement::{AgreedInput, Agreement, AgreementError, Party, SignedAgreement, Terms};
use provenn_verifier::party::{InputSignature, PartyKey, SignedInput};
use provenn_verifier::{policy, verify, Context, Disclosure, Expectation, InputBinding, SrsVerifyingKey, Verdict};
use std::sync::OnceLock;

pub const END: u64 = 1_800_000_000;
/// Roles and the seeds of their keys.
pub const PARTIES: [(&str, u8); 3] = [("lender", 1), ("borrower", 2), ("operator", 3)];

pub struct Setup {
    committed: Committed,
    srs: Srs,
    key: SrsVerifyingKey,
    inputs: [Input; 2],
}

pub fn setup() -> &'static Setup {
    static SETUP: OnceLock<Setup> = OnceLock::new();
    SETUP.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/models/conflict_check.onnx");
        let options = CommitOptions {
            committed_inputs: true.into(),
            ..CommitOptions::default()
        };
        let compiled = compile(&std::fs::read(path).unwrap(), &options).unwrap();
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [7; 32]);
        let committed = provenn_prover::commit(&compiled, &options, &srs).unwrap();
        let input = |index, values: Vec<i64>| {
            let opening = commit_input(&committed, &srs, index, &values).unwrap();
            Input::Committed(values, opening)
        };
        let inputs = [input(0, (1..9).collect()), input(1, (11..19).collect())];
        Setup {
            key: srs_verifying_key(&srs).unwrap(),
            committed,
            srs,
            inputs,
        }
    })
}

impl Setup {
    pub fn bindings(&self) -> [InputBinding; 2] {
        self.inputs.each_ref().map(Input::binding)
    }

    pub fn signatures(&self, deal: &SignedAgreement) -> Vec<InputSignature> {
        sign_inputs(deal, &self.bindings())
    }

    pub fn receipt(&self, audience: &str, policy: Disclosure, not_after: u64) -> Verdict {
        let context = Context {
            audience: audience.to_owned(),
            not_after,
            ..Context::default()
        };
        let bytes = prove(&self.committed, &self.srs, &self.inputs, policy, context, &|_| {}).unwrap();
        let expectation = Expectation {
            accept_dev: true,
            ..Expectation::default()
        };
        verify(&bytes, &self.committed.card, &self.key, &expectation).unwrap()
    }
}

pub fn pair(seed: u8) -> KeyPair {
    KeyPair::from_seed(Seed::new([seed; 32]))
}

pub fn party(role: &str, seed: u8) -> Party {
    Party {
        role: role.to_owned(),
        key: PartyKey::new(&format!("{role}.example"), *pair(seed).pk).unwrap(),
    }
}

/// One bit about two private inputs, or the label.
pub fn terms() -> Terms {
    let input = |name: &str, role: &str| AgreedInput {
        name: name.to_owned(),
        shape: vec![8],
        public: false,
        supplier: Some(role.to_owned()),
    };
    let threshold = policy::Threshold {
        output: 1,
        threshold: 0,
    };
    Terms {
        model_id: setup().committed.card.model_id(),
        policies: vec![threshold.into(), policy::Label.into()],
        inputs: vec![input("own", "lender"), input("listed", "borrower")],
        parties: PARTIES.map(|(role, seed)| party(role, seed)).to_vec(),
        not_after: END,
        accept_dev: true,
    }
}

pub fn agreement(change: impl FnOnce(&mut Terms)) -> Result<Agreement, AgreementError> {
    let mut terms = terms();
    change(&mut terms);
    Agreement::new(terms)
}

/// The terms, signed by all three.
pub fn signed(terms: Terms) -> SignedAgreement {
    let mut deal = SignedAgreement::from(Agreement::new(terms).unwrap());
    for (role, seed) in PARTIES {
        let (_, party) = deal.agreement().party(role).unwrap();
        let signature = *pair(seed).sk.sign(deal.agreement().message(party), None);
        deal.add(role, signature).unwrap();
    }
    deal
}

/// Inputs, each signed by the party that supplies it.
pub fn sign_inputs(deal: &SignedAgreement, bindings: &[InputBinding]) -> Vec<InputSignature> {
    let terms = deal.agreement();
    let inputs = terms.inputs.iter().zip(bindings).enumerate();
    let sign = |(index, (input, binding)): (usize, (&AgreedInput, &InputBinding))| {
        let role = input.supplier.clone()?;
        let seed = PARTIES.iter().find(|(name, _)| *name == role)?.1;
        Some(sign_input(
            SignedInput {
                context: terms.audience(),
                role,
                index: u32::try_from(index).ok()?,
                name: input.name.clone(),
                binding: binding.clone(),
            },
            seed,
        ))
    };
    inputs.filter_map(sign).collect()
}

pub fn sign_input(input: SignedInput, seed: u8) -> InputSignature {
    let pair = pair(seed);
    let signature = *pair.sk.sign(input.message(&pair.pk), None);
    InputSignature {
        input,
        key: *pair.pk,
        signature,
    }
}

#[track_caller]
pub fn differs(error: AgreementError, field: &str, expected: &str, found: &str) {
    let AgreementError::Differs(difference) = &error else {
        panic!("{error}")
    };
    let (asked, got) = (difference.expected.to_string(), difference.found.to_string());
    assert!(
        difference.field == field && asked.contains(expected) && got.contains(found),
        "{error}"
    );
    assert!(error.to_string().contains(&asked) && error.to_string().contains(&got));
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
