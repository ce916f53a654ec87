//! ERC-8004: requests of agents, and receipts of what they claim.

use super::abi::{call, encode, text, word, Value};
use super::common::chain::{artifact, test_artifact, Chain, Outcome};
use super::common::Case;
use super::{sender, Model};
use provenn_evm::{keccak256, Words};
use provenn_verifier::{Answer, Claim, InputBinding};
use revm::primitives::Address;

const RESPOND: &str = "respond(uint256,bytes32,address,bytes,uint256[])";
const REQUEST: &str = "validationRequest(address,uint256,string,bytes32)";
const UNEXPECTED: &str = "Unexpected(bytes32)";
const AGENT: u64 = 7;
const SALT: [u8; 32] = [9; 32];

/// A chain with a registry, and the validator of one model under the policy of its claim.
struct Validator {
    model: Model,
    case: Case,
    chain: Chain,
    registry: Address,
    address: Address,
}

impl Validator {
    fn new() -> Self {
        let mut model = Model::new(0);
        model.claim.context.audience = "validator.example".into();
        let case = model.case();
        let mut chain = case.chain.clone();
        let (registry, _) = chain.deploy(&test_artifact("ValidationRegistry", "bytecode"));
        let words = Words::of(&model.claim).unwrap();
        let address = place(&mut chain, &case, registry, words);
        Self {
            model,
            case,
            chain,
            registry,
            address,
        }
    }

    fn hash(&self, agent: u64, words: &Words) -> [u8; 32] {
        // The chain has the number 1.
        let address = self.address.into_word().into();
        keccak256(&[word(1), address, word(agent), words.inputs, words.answer, SALT].concat())
    }

    fn request(&mut self, agent: u64, hash: [u8; 32]) {
        let values = [self.address.into(), agent.into(), Value::Bytes(vec![]), hash.into()];
        let (outcome, _) = self.chain.send(sender(1), self.registry, &call(REQUEST, &values));
        assert!(outcome.returned.is_ok());
    }

    /// A receipt that answers the request of its agent.
    fn receipt(&mut self, agent: u64, edit: impl FnOnce(&mut Claim)) -> ([u8; 32], Vec<u8>) {
        let mut claim = self.model.claim.clone();
        edit(&mut claim);
        let hash = self.hash(agent, &Words::of(&claim).unwrap());
        claim.context.nonce = hash;
        (hash, self.model.receipt(|own| *own = claim).1)
    }

    fn respond(&mut self, agent: u64, receipt: &[u8]) -> Outcome {
        self.respond_under(agent, SALT, self.case.key, receipt)
    }

    fn respond_under(&mut self, agent: u64, salt: [u8; 32], key: Address, receipt: &[u8]) -> Outcome {
        let arguments = self.case.calldata(receipt);
        let values = [
            agent.into(),
            salt.into(),
            key.into(),
            Value::Bytes(arguments.receipt),
            Value::Words(arguments.ys),
        ];
        self.chain.send(sender(3), self.address, &call(RESPOND, &values)).0
    }

    /// Validator, agent, response, hash of the response, tag and block of a request.
    fn status(&self, hash: [u8; 32]) -> Vec<u8> {
        let data = call("getValidationStatus(bytes32)", &[hash.into()]);
        let outcome = self.chain.call(self.registry, &data, super::common::chain::GAS);
        outcome.returned.unwrap()
    }
}

fn place(chain: &mut Chain, case: &Case, registry: Address, words: Words) -> Address {
    let arguments = encode(&[
        case.verifier.into(),
        registry.into(),
        case.data.hash().into(),
        words.policy.into(),
        words.audience.into(),
    ]);
    chain
        .deploy(&[artifact("Erc8004Validator", "bytecode"), arguments].concat())
        .0
}

fn unexpected(outcome: &Outcome, what: &str) {
    assert_eq!(outcome.returned, Err(call(UNEXPECTED, &[text(what).into()])), "{what}");
}

/// Another public value.
fn other_input(claim: &mut Claim) {
    match &mut claim.body.inference_mut().unwrap().items[0].inputs[0] {
        InputBinding::Public { values } => values[0] ^= 1,
        InputBinding::Committed { .. } => panic!("a public input"),
    }
}

/// Another answer under the same policy.
fn other_answer(claim: &mut Claim) {
    match &mut claim.body.inference_mut().unwrap().items[0].answer {
        Answer::Scores(scores) => scores[0] ^= 1,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_answered_once_by_a_receipt_of_what_it_says() {
    let mut validator = Validator::new();
    let (hash, receipt) = validator.receipt(AGENT, |_| ());
    validator.request(AGENT, hash);
    let words = Words::of(&validator.model.claim).unwrap();
    let values = [AGENT.into(), words.inputs.into(), words.answer.into(), SALT.into()];
    let data = call("requestHash(uint256,bytes32,uint256,bytes32)", &values);
    let said = validator
        .chain
        .call(validator.address, &data, super::common::chain::GAS);
    assert_eq!(said.returned, Ok(hash.to_vec()));
    assert_eq!(validator.respond(AGENT, &receipt).returned, Ok(vec![]));
    let expected = encode(&[
        validator.address.into(),
        AGENT.into(),
        100.into(),
        keccak256(&receipt).into(),
        Value::Bytes(b"halo2kzg-bn254-2".to_vec()),
        validator.status(hash)[5 * 32..6 * 32]
            .try_into()
            .map(Value::Word)
            .unwrap(),
    ]);
    assert_eq!(validator.status(hash), expected);
    // Not again: neither this receipt nor another of the same.
    unexpected(&validator.respond(AGENT, &receipt), "responded");
    let (same, other) = validator.receipt(AGENT, |_| ());
    assert!(same == hash && other != receipt);
    unexpected(&validator.respond(AGENT, &other), "responded");
    assert_eq!(validator.status(hash), expected);
}

#[test]
fn receipts_of_anything_else_answer_nothing() {
    let mut validator = Validator::new();
    let (hash, right) = validator.receipt(AGENT, |_| ());
    validator.request(AGENT, hash);
    // A valid receipt with the right nonce, about another input or answer than the request: the nonce alone would be answered by any.
    for edit in [other_input, other_answer] {
        let (_, receipt) = validator.model.receipt(|claim| {
            edit(claim);
            claim.context.nonce = hash;
        });
        unexpected(&validator.respond(AGENT, &receipt), "request");
    }
    // Another nonce, salt or agent.
    let (_, receipt) = validator.model.receipt(|_| ());
    unexpected(&validator.respond(AGENT, &receipt), "request");
    let key = validator.case.key;
    unexpected(&validator.respond_under(AGENT, [1; 32], key, &right), "request");
    unexpected(&validator.respond(AGENT + 1, &right), "request");
    // For somebody else, and too late.
    let (_, receipt) = validator.receipt(AGENT, |claim| claim.context.audience = "eve".into());
    unexpected(&validator.respond(AGENT, &receipt), "audience");
    let (_, receipt) = validator.receipt(AGENT, |claim| claim.context.not_after = 5);
    validator.chain.time = 6;
    unexpected(&validator.respond(AGENT, &receipt), "expired");
    // Another policy of the same model.
    let label = super::claim(&validator.model.setup, |answer| matches!(answer, Answer::Label(_)));
    let (_, receipt) = validator.receipt(AGENT, |claim| claim.body = label.body);
    unexpected(&validator.respond(AGENT, &receipt), "policy");
    // A receipt that does not hold: the verifier's own error.
    let mut forged = right.clone();
    let at = forged.len() - 40;
    forged[at] ^= 1;
    assert_ne!(validator.respond(AGENT, &forged).code(), "verified");
    // After all of that the right one still is answered.
    assert_eq!(validator.respond(AGENT, &right).returned, Ok(vec![]));
}

/// Anybody can put key data of a model of their own on the chain.
#[test]
fn the_model_is_the_one_that_was_pinned() {
    let mut validator = Validator::new();
    let mut theirs = Model::new(100);
    validator.case = theirs.case();
    let key = validator.chain.place(&validator.case.data.code);
    let receipt = validator.case.receipt.clone();
    unexpected(&validator.respond_under(AGENT, SALT, key, &receipt), "key");
}

#[test]
fn the_request_is_of_this_validator_and_agent() {
    let mut validator = Validator::new();
    let (hash, receipt) = validator.receipt(AGENT, |_| ());
    // Nobody asked: the registry's own error, and nothing is remembered.
    assert_eq!(
        validator.respond(AGENT, &receipt).returned,
        Err(call("Error(string)", &[Value::Bytes(b"unknown".to_vec())]))
    );
    // Somebody sent the hash first, for an agent of theirs.
    let mut taken = Validator::new();
    taken.request(AGENT + 1, hash);
    unexpected(&taken.respond(AGENT, &receipt), "agent");
    unexpected(&taken.respond(AGENT + 1, &receipt), "request");
    // Or names another validator.
    let mut elsewhere = Validator::new();
    let values = [sender(5).into(), AGENT.into(), Value::Bytes(vec![]), hash.into()];
    elsewhere
        .chain
        .send(sender(1), elsewhere.registry, &call(REQUEST, &values));
    unexpected(&elsewhere.respond(AGENT, &receipt), "agent");
    validator.request(AGENT, hash);
    assert_eq!(validator.respond(AGENT, &receipt).returned, Ok(vec![]));
    // A second validator of the same model has requests of its own.
    let words = Words::of(&validator.model.claim).unwrap();
    validator.address = place(&mut validator.chain, &validator.case, validator.registry, words);
    unexpected(&validator.respond(AGENT, &receipt), "request");
}

#[test]
fn a_registry_that_reverts_leaves_the_request_open() {
    let mut validator = Validator::new();
    let words = Words::of(&validator.model.claim).unwrap();
    // It answers with validator 0 and agent 0; it reverts; it is no account.
    let codes: [&[u8]; 3] = [&[0x60, 0x40, 0x5f, 0xf3], &[0x5f, 0x5f, 0xfd], &[]];
    for code in codes {
        let registry = validator.chain.place(code);
        validator.address = place(&mut validator.chain, &validator.case, registry, words);
        let (hash, receipt) = validator.receipt(AGENT, |_| ());
        assert!(validator.respond(AGENT, &receipt).returned.is_err());
        let data = call("responded(bytes32)", &[hash.into()]);
        let open = validator
            .chain
            .call(validator.address, &data, super::common::chain::GAS);
        assert_eq!(open.returned, Ok(word(0).to_vec()));
    }
}

/// The selector is that of the draft that `docs/evm.md` names.
#[test]
fn the_response_has_the_selector_of_the_draft() {
    let signature = "validationResponse(bytes32,uint8,string,bytes32,string)";
    let code = artifact("Erc8004Validator", "deployed");
    let push = [&[0x63][..], &super::abi::selector(signature)].concat();
    let anywhere = code.windows(4).any(|window| *window == push[1..]);
    assert!(anywhere, "{signature}");
}
