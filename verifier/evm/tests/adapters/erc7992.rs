//! ERC-7992: a model of a registry, and receipts of it.

use super::abi::{call, encode, selector, word, Value};
use super::common::chain::{artifact, test_artifact, Chain, Outcome};
use super::common::Case;
use super::{sender, Model};
use provenn_evm::{keccak256, Words};
use provenn_verifier::{Claim, Receipt};
use revm::primitives::{Address, Log, B256};

const VERIFY: &str = "verifyInference(uint256,bytes32,bytes,bytes)";
const REGISTER: &str = "registerModel((bytes32,bytes32,bytes32,bytes4,string))";

/// A chain with the adapter, and a registry with one model.
struct Adapter {
    case: Case,
    chain: Chain,
    registry: Address,
    address: Address,
    key: Address,
}

/// What a registry has of a model.
#[derive(Clone, Copy)]
struct Committed {
    model: [u8; 32],
    circuit: [u8; 32],
    key: [u8; 32],
    system: [u8; 4],
}

impl Committed {
    fn of(case: &Case) -> Self {
        Self {
            model: case.card().model_id(),
            circuit: case.circuit.digest(),
            key: case.data.hash(),
            system: selector("halo2kzg-bn254-2"),
        }
    }

    fn value(self) -> Value {
        let mut system = [0; 32];
        system[..4].copy_from_slice(&self.system);
        let words = [self.model, self.circuit, self.key, system].map(Value::Word);
        let uri = Value::Bytes(b"https://models.example/1".to_vec());
        Value::Struct(words.into_iter().chain([uri]).collect())
    }
}

fn input_commitment(words: &Words) -> [u8; 32] {
    let domain = keccak256(b"Provenn ERC-7992 input, version 1");
    keccak256(&[domain, words.inputs, words.audience, words.nonce].concat())
}

impl Adapter {
    fn new(case: Case) -> Self {
        let mut chain = case.chain.clone();
        let (registry, _) = chain.deploy(&test_artifact("ModelRegistry", "bytecode"));
        let mut adapter = Self {
            address: place(&mut chain, &case, registry),
            key: case.key,
            case,
            chain,
            registry,
        };
        let committed = Committed::of(&adapter.case);
        assert_eq!(adapter.register(committed), 1);
        adapter
    }

    /// The number of a model that is new in the registry.
    fn register(&mut self, committed: Committed) -> u64 {
        let (outcome, _) = self
            .chain
            .send(sender(1), self.registry, &call(REGISTER, &[committed.value()]));
        u64::from_be_bytes(outcome.returned.unwrap()[24..].try_into().unwrap())
    }

    /// `proof` for a receipt: the arguments of the verifier.
    fn proof(&self, receipt: &[u8]) -> Vec<u8> {
        self.case.calldata(receipt).encode(self.key.into_array())[4..].to_vec()
    }

    fn send(&mut self, model: u64, input: [u8; 32], output: Vec<u8>, proof: Vec<u8>) -> (Outcome, Vec<Log>) {
        let values = [model.into(), input.into(), Value::Bytes(output), Value::Bytes(proof)];
        self.chain.send(sender(2), self.address, &call(VERIFY, &values))
    }

    /// A receipt as its own claim says.
    fn honest(&mut self, model: u64, receipt: &[u8]) -> (Outcome, Vec<Log>) {
        let words = Words::of(&Receipt::from_bytes(receipt).unwrap().claim).unwrap();
        let proof = self.proof(receipt);
        self.send(model, input_commitment(&words), output(&words), proof)
    }

    fn read(&self, signature: &str, values: &[Value]) -> Vec<u8> {
        let outcome = self
            .chain
            .call(self.address, &call(signature, values), super::common::chain::GAS);
        outcome.returned.unwrap()
    }
}

fn place(chain: &mut Chain, case: &Case, registry: Address) -> Address {
    let arguments = encode(&[case.verifier.into(), registry.into()]);
    chain
        .deploy(&[artifact("Erc7992Verifier", "bytecode"), arguments].concat())
        .0
}

fn output(words: &Words) -> Vec<u8> {
    [words.policy, words.answer].concat()
}

fn refused(outcome: &Outcome, error: &str, values: &[Value]) {
    assert_eq!(outcome.returned, Err(call(error, values)), "{error}");
}

#[test]
fn the_right_receipt_is_accepted_and_said() {
    let mut adapter = Adapter::new(Case::golden(super::common::GOLDEN[0]));
    let receipt = adapter.case.receipt.clone();
    let (outcome, logs) = adapter.honest(1, &receipt);
    assert_eq!(outcome.returned, Ok(vec![]));
    let words = Words::of(&Receipt::from_bytes(&receipt).unwrap().claim).unwrap();
    let [log] = logs.as_slice() else { panic!("{logs:?}") };
    let topics = [
        keccak256(b"InferenceVerified(uint256,bytes32,bytes,address)"),
        word(1),
        input_commitment(&words),
        sender(2).into_word().into(),
    ];
    assert_eq!(log.address, adapter.address);
    assert_eq!(log.topics(), topics.map(B256::from));
    assert_eq!(log.data.data.to_vec(), encode(&[Value::Bytes(output(&words))]));
    // It keeps nothing: a copy is accepted again, and whoever minds asks with a nonce of their own.
    assert_eq!(adapter.honest(1, &receipt).0.returned, Ok(vec![]));
}

#[test]
fn other_models_inputs_and_outputs_are_refused() {
    let mut model = Model::new(0);
    let mut adapter = Adapter::new(model.case());
    let receipt = adapter.case.receipt.clone();
    assert_eq!(adapter.honest(1, &receipt).0.returned, Ok(vec![]));
    // Each part of what a registry shows is compared.
    let right = Committed::of(&adapter.case);
    for wrong in [
        Committed {
            model: [1; 32],
            ..right
        },
        Committed {
            circuit: [1; 32],
            ..right
        },
        Committed { key: [1; 32], ..right },
    ] {
        let number = adapter.register(wrong);
        refused(&adapter.honest(number, &receipt).0, "ModelMismatch()", &[]);
    }
    let system = [1, 2, 3, 4];
    let number = adapter.register(Committed { system, ..right });
    let mut padded = [0; 32];
    padded[..4].copy_from_slice(&system);
    refused(
        &adapter.honest(number, &receipt).0,
        "UnsupportedProofSystem(bytes4)",
        &[padded.into()],
    );
    // Another model's key data and receipt, under the number of this one.
    let other = Model::new(100).case();
    assert_ne!(other.data.hash(), adapter.case.data.hash());
    let foreign = adapter.chain.place(&other.data.code);
    let proof = other.calldata(&other.receipt).encode(foreign.into_array())[4..].to_vec();
    let words = Words::of(&Receipt::from_bytes(&other.receipt).unwrap().claim).unwrap();
    let (outcome, _) = adapter.send(1, input_commitment(&words), output(&words), proof);
    refused(&outcome, "ModelMismatch()", &[]);

    let words = Words::of(&model.claim).unwrap();
    let (input, output, proof) = (input_commitment(&words), output(&words), adapter.proof(&receipt));
    for other in [
        Words {
            inputs: [1; 32],
            ..words
        },
        Words {
            audience: [1; 32],
            ..words
        },
        Words {
            nonce: [1; 32],
            ..words
        },
    ] {
        let (outcome, _) = adapter.send(1, input_commitment(&other), output.clone(), proof.clone());
        refused(&outcome, "InputCommitmentMismatch()", &[]);
    }
    // Another answer or policy; and the right ones with more or less around them.
    let mut outputs = vec![
        vec![],
        output[..63].to_vec(),
        [&output[..], &[0]].concat(),
        output[32..].to_vec(),
    ];
    outputs.extend([31, 63].map(|at| {
        let mut changed = output.clone();
        changed[at] ^= 1;
        changed
    }));
    for output in outputs {
        refused(
            &adapter.send(1, input, output, proof.clone()).0,
            "OutputMismatch()",
            &[],
        );
    }
    // A receipt that does not hold, arguments that are none, and more behind them.
    let mut forged = receipt.clone();
    let at = forged.len() - 40;
    forged[at] ^= 1;
    let proofs = [
        adapter.proof(&forged),
        vec![],
        proof[..31].to_vec(),
        proof[..64].to_vec(),
        [&proof[..], &[0; 32]].concat(),
    ];
    for proof in proofs {
        refused(&adapter.send(1, input, output.clone(), proof).0, "InvalidProof()", &[]);
    }
    assert_eq!(adapter.send(1, input, output, proof).0.returned, Ok(vec![]));
}

#[test]
fn a_receipt_ends() {
    let mut model = Model::new(0);
    let mut adapter = Adapter::new(model.case());
    let (_, receipt) = model.receipt(|claim: &mut Claim| claim.context.not_after = 1000);
    adapter.chain.time = 1000;
    assert_eq!(adapter.honest(1, &receipt).0.returned, Ok(vec![]));
    adapter.chain.time = 1001;
    refused(&adapter.honest(1, &receipt).0, "Expired(uint64)", &[1000.into()]);
}

#[test]
fn what_the_registry_says_counts() {
    let mut adapter = Adapter::new(Model::new(0).case());
    let receipt = adapter.case.receipt.clone();
    // A model that it does not have: its own error.
    refused(&adapter.honest(2, &receipt).0, "ModelNotFound(uint256)", &[2.into()]);
    let deprecate = call("deprecateModel(uint256)", &[1.into()]);
    let (outcome, _) = adapter.chain.send(sender(1), adapter.registry, &deprecate);
    assert!(outcome.returned.is_ok());
    refused(
        &adapter.honest(1, &receipt).0,
        "VerificationRefused_ModelDeprecated(uint256)",
        &[1.into()],
    );
    // A registry that reverts, one that returns nothing, and an account that is none: no verdict.
    let codes: [&[u8]; 3] = [&[0x5f, 0x5f, 0xfd], &[0x00], &[]];
    for code in codes {
        let registry = adapter.chain.place(code);
        adapter.address = place(&mut adapter.chain, &adapter.case, registry);
        let (outcome, logs) = adapter.honest(1, &receipt);
        assert!(outcome.returned.is_err() && logs.is_empty(), "{code:?}");
    }
}

/// A verifier that is none returns nothing, or something else.
#[test]
fn a_verifier_that_says_nothing_is_no_verdict() {
    let mut adapter = Adapter::new(Model::new(0).case());
    let receipt = adapter.case.receipt.clone();
    let codes: [&[u8]; 3] = [&[], &[0x00], &[0x60, 0x20, 0x5f, 0xf3]];
    for code in codes {
        adapter.case.verifier = adapter.chain.place(code);
        adapter.address = place(&mut adapter.chain, &adapter.case, adapter.registry);
        refused(&adapter.honest(1, &receipt).0, "InvalidProof()", &[]);
    }
    // What would be a statement, had it been returned: push2 length, dup1, push1 10, push0, codecopy, push0, revert.
    let words = Words::of(&Receipt::from_bytes(&receipt).unwrap().claim).unwrap();
    let statement = words.returned(adapter.case.data.hash());
    let code = [0x61, 0x01, 0x20, 0x80, 0x60, 0x0a, 0x5f, 0x39, 0x5f, 0xfd];
    adapter.case.verifier = adapter.chain.place(&[&code[..], &statement].concat());
    adapter.address = place(&mut adapter.chain, &adapter.case, adapter.registry);
    refused(&adapter.honest(1, &receipt).0, "InvalidProof()", &[]);
}

#[test]
fn it_says_what_it_is() {
    let adapter = Adapter::new(Model::new(0).case());
    let interface = [VERIFY, "proofSystemOf(uint256)", "registry()"];
    let id = interface
        .map(selector)
        .into_iter()
        .reduce(|a, b| std::array::from_fn(|i| a[i] ^ b[i]));
    let supports = |id: [u8; 4]| {
        let mut padded = [0; 32];
        padded[..4].copy_from_slice(&id);
        adapter.read("supportsInterface(bytes4)", &[padded.into()]) == word(1)
    };
    // By ERC-165 its own is 01ffc9a7, and ffffffff is none.
    assert!(supports(id.unwrap()) && supports([0x01, 0xff, 0xc9, 0xa7]));
    assert!(!supports([0xff; 4]) && !supports(selector(VERIFY)));
    assert_eq!(
        adapter.read("proofSystemOf(uint256)", &[1.into()])[..4],
        selector("halo2kzg-bn254-2")
    );
    assert_eq!(adapter.read("registry()", &[]), adapter.registry.into_word().to_vec());
    let parts = [[1; 32], [2; 32], [3; 32]];
    let domain = keccak256(b"Provenn ERC-7992 input, version 1");
    assert_eq!(
        adapter.read("inputCommitment(bytes32,bytes32,bytes32)", &parts.map(Value::Word)),
        keccak256(&[domain, parts[0], parts[1], parts[2]].concat())
    );
}
