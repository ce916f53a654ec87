//! A chain in memory with the verifier contract, as the compiler built it.

use revm::context::{Context, TxEnv};
use revm::context_interface::result::{ExecutionResult, Output};
use revm::database::{CacheDB, EmptyDB};
use revm::interpreter::interpreter_types::Jumps;
use revm::interpreter::{CallInputs, CallOutcome, Interpreter};
use revm::primitives::{Address, Bytes, Log, TxKind, U256};
use revm::state::{AccountInfo, Bytecode};
use revm::{ExecuteCommitEvm, ExecuteEvm, InspectEvm, Inspector, MainBuilder, MainContext};
use std::collections::BTreeMap;

/// More than any verdict takes, and less than a block has.
pub const GAS: u64 = 16_000_000;

/// A call's result: what it returned, or the data it reverted with, and gas with calldata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub returned: Result<Vec<u8>, Vec<u8>>,
    pub gas: u64,
}

impl Outcome {
    /// The code of a refusal.
    pub fn code(&self) -> String {
        match &self.returned {
            Ok(_) => "verified".to_owned(),
            Err(data) => match data.get(4..36) {
                Some(word) if data[..4] == provenn_evm::keccak256(b"Refused(bytes32)")[..4] => {
                    let text: Vec<u8> = word.iter().copied().take_while(|byte| *byte != 0).collect();
                    String::from_utf8(text).unwrap()
                }
                _ => "reverted".to_owned(),
            },
        }
    }
}

#[derive(Clone)]
pub struct Chain {
    db: CacheDB<EmptyDB>,
    next: u64,
    /// Time of the block, in seconds.
    pub time: u64,
}

impl Chain {
    pub fn new() -> Self {
        Self {
            db: CacheDB::new(EmptyDB::default()),
            next: 0,
            time: 1,
        }
    }

    /// Puts an account with this code on the chain.
    pub fn place(&mut self, code: &[u8]) -> Address {
        self.next += 1;
        let address = Address::from_word(U256::from(0x1000 + self.next).into());
        let code = Bytecode::new_raw(Bytes::copy_from_slice(code));
        self.db
            .insert_account_info(address, AccountInfo::default().with_code(code));
        address
    }

    /// Deploys a contract by its creation code; returns its address and the code that it has.
    pub fn deploy(&mut self, creation: &[u8]) -> (Address, Vec<u8>) {
        match self.create(creation) {
            ExecutionResult::Success {
                output: Output::Create(code, Some(address)),
                ..
            } => (address, code.to_vec()),
            other => panic!("{other:?}"),
        }
    }

    /// Whether the chain takes a contract.
    pub fn deploys(&mut self, creation: &[u8]) -> bool {
        self.create(creation).is_success()
    }

    fn create(&mut self, creation: &[u8]) -> ExecutionResult {
        let mut evm = Context::mainnet()
            .modify_cfg_chained(|cfg| cfg.disable_nonce_check = true)
            .with_db(&mut self.db)
            .build_mainnet();
        let tx = TxEnv::builder()
            .kind(TxKind::Create)
            .data(Bytes::copy_from_slice(creation))
            .gas_limit(GAS)
            .nonce(self.next)
            .build()
            .unwrap();
        self.next += 1;
        evm.transact_commit(tx).unwrap()
    }

    /// Gas of each instruction of a call, and of each precompile.
    pub fn spent(&self, to: Address, data: &[u8]) -> BTreeMap<Spent, u64> {
        let mut evm = Context::mainnet()
            .modify_cfg_chained(|cfg| cfg.disable_nonce_check = true)
            .with_db(self.db.clone())
            .build_mainnet_with_inspector(Spending::default());
        let tx = TxEnv::builder()
            .kind(TxKind::Call(to))
            .data(Bytes::copy_from_slice(data))
            .gas_limit(GAS)
            .build()
            .unwrap();
        evm.inspect_tx(tx).unwrap();
        evm.inspector.spent
    }

    /// One transaction, whose effects are forgotten. Its gas may be more than transactions have (EIP-7825).
    pub fn call(&self, to: Address, data: &[u8], gas: u64) -> Outcome {
        let mut evm = Context::mainnet()
            .modify_cfg_chained(|cfg| (cfg.disable_nonce_check, cfg.tx_gas_limit_cap) = (true, Some(u64::MAX)))
            .with_db(self.db.clone())
            .build_mainnet();
        let tx = TxEnv::builder()
            .kind(TxKind::Call(to))
            .data(Bytes::copy_from_slice(data))
            .gas_limit(gas)
            .build()
            .unwrap();
        outcome(evm.transact(tx).unwrap().result)
    }

    /// One transaction that stays, if it does not revert, with its events.
    pub fn send(&mut self, from: Address, to: Address, data: &[u8]) -> (Outcome, Vec<Log>) {
        let time = U256::from(self.time);
        let mut evm = Context::mainnet()
            .modify_cfg_chained(|cfg| cfg.disable_nonce_check = true)
            .modify_block_chained(|block| block.timestamp = time)
            .with_db(&mut self.db)
            .build_mainnet();
        let tx = TxEnv::builder()
            .caller(from)
            .kind(TxKind::Call(to))
            .data(Bytes::copy_from_slice(data))
            .gas_limit(GAS)
            .build()
            .unwrap();
        let result = evm.transact_commit(tx).unwrap();
        let logs = result.logs().to_vec();
        (outcome(result), logs)
    }
}

fn outcome(result: ExecutionResult) -> Outcome {
    let gas = result.tx_gas_used();
    let returned = match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data().to_vec()),
        ExecutionResult::Revert { output, .. } => Err(output.to_vec()),
        ExecutionResult::Halt { reason, .. } => Err(format!("{reason:?}").into_bytes()),
    };
    Outcome { returned, gas }
}

/// What gas was spent on: the instruction at a place of the code, or a precompile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spent {
    Code(usize),
    Precompile(u8),
}

/// Notes what gas is spent on.
#[derive(Default)]
struct Spending {
    spent: BTreeMap<Spent, u64>,
    /// The instruction under way, and the gas that was left before it.
    current: Option<(usize, u64)>,
}

impl<CTX> Inspector<CTX> for Spending {
    fn step(&mut self, interpreter: &mut Interpreter, _: &mut CTX) {
        self.current = Some((interpreter.bytecode.pc(), interpreter.gas.remaining()));
    }

    fn step_end(&mut self, interpreter: &mut Interpreter, _: &mut CTX) {
        if let Some((pc, before)) = self.current {
            // Of a call, what it gives away comes back before the next instruction.
            *self.spent.entry(Spent::Code(pc)).or_default() += before - interpreter.gas.remaining();
        }
    }

    fn call_end(&mut self, _: &mut CTX, inputs: &CallInputs, outcome: &mut CallOutcome) {
        let address = inputs.bytecode_address.into_array();
        if let ([0, .., number], Some((pc, _))) = (address, self.current) {
            if address[..19] == [0; 19] {
                *self.spent.entry(Spent::Precompile(number)).or_default() += outcome.result.gas.total_gas_spent();
                let remaining = outcome.result.gas.remaining();
                *self.spent.entry(Spent::Code(pc)).or_default() -= remaining + outcome.result.gas.total_gas_spent();
            }
        }
    }
}

/// The bytes of a field of a compiler's artefact.
pub fn artifact(name: &str, field: &str) -> Vec<u8> {
    compiled("artifacts", name, field)
}

/// The same of a contract of the tests.
pub fn test_artifact(name: &str, field: &str) -> Vec<u8> {
    compiled("tests/artifacts", name, field)
}

fn compiled(folder: &str, name: &str, field: &str) -> Vec<u8> {
    let path = format!("{}/{folder}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once(&format!("\"{field}\": \"")).unwrap();
    let (digits, _) = rest.split_once('"').unwrap();
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
