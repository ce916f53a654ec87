//! Keys at the limits of the contract: its memory is within reach of 16 bits, and key data is the code of an account. The largest that is taken is verified on chain, and one step more is
//! refused, by the limit that it is beyond.

use crate::common::chain::Chain;
use crate::common::Case;
use crate::setup::shape::{Draw, Factor, Polynomial, Rule, Shape};
use crate::setup::Setup;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use provenn_evm::{ExportError, KeyData};
use std::ops::Range;

/// Most bytes of an account's code (EIP-170).
const MAX_CODE: usize = 24_576;
/// Addresses are numbers of 16 bits.
const MAX_MEMORY: usize = 1 << 16;

/// A circuit of so many free columns, and one with a polynomial of them, which looks back a row too.
fn circuit(free: usize, mut polynomial: Polynomial) -> Shape {
    polynomial.push((Fr::ONE, vec![Factor::Advice(0, -1)]));
    let mut switch = vec![Fr::ZERO; 16];
    switch[6] = Fr::ONE;
    let derived = Rule::Derived { switch: 0, polynomial };
    let mut advice = vec![(0, Rule::Free); free];
    advice.push((0, derived));
    Shape {
        k: 5,
        advice,
        fixed: vec![switch],
        lanes: 1,
        positions: 1,
        outputs: 1,
        ..Shape::default()
    }
}

/// Many columns: each is a point of the proof, a scalar and a term.
fn wide(columns: usize) -> Shape {
    let sum = (0..columns).map(|column| (Fr::ONE, vec![Factor::Advice(column, 0)]));
    circuit(columns, sum.collect())
}

/// Many constants in one gate: each is a word of the data, and one of memory.
fn long(terms: usize) -> Shape {
    let mut draw = Draw::new(7);
    let terms = (0..terms).map(|_| (draw.scalar(), vec![Factor::Advice(0, 0); 2]));
    circuit(1, terms.collect())
}

fn made(shape: Shape) -> (Setup, Result<KeyData, ExportError>) {
    let setup = Setup::new(shape, &mut Draw::new(1)).unwrap();
    let data = KeyData::new(&setup.card, &setup.srs_key);
    (setup, data)
}

/// The smallest of a range that is refused, and why; the one before it is verified on chain.
fn limit(shape: fn(usize) -> Shape, range: Range<usize>) -> (usize, KeyData, ExportError) {
    let Range { mut start, mut end } = range;
    let mut error = made(shape(end)).1.unwrap_err();
    while end - start > 1 {
        let middle = (start + end) / 2;
        match made(shape(middle)).1 {
            Ok(_) => start = middle,
            Err(refused) => (end, error) = (middle, refused),
        }
    }
    let (setup, data) = made(shape(start));
    let mut draw = Draw::new(2);
    let claim = setup.claim(&mut draw);
    let receipt = setup.receipt(&claim, &setup.prove(&claim, &mut draw));
    let case = Case::new("at the limit", setup.card, setup.srs_key, receipt.clone());
    assert!(case.agree("honest", &receipt));
    let mut other = receipt;
    other[case.proof().0] ^= 1;
    assert!(!case.agree("another point", &other));
    (end, data.unwrap(), error)
}

/// Where the contract's memory is free, as the head of key data says.
fn reach(data: &KeyData) -> usize {
    let at = 1 + 0x140 + 2 * 31;
    32 * usize::from(u16::from_be_bytes([data.code[at], data.code[at + 1]]))
}

#[test]
fn memory_is_within_reach() {
    let (columns, largest, error) = limit(wide, 50..800);
    let ExportError::Memory(reached) = error else {
        panic!("{error}")
    };
    // One column more, and nothing between.
    let step = reach(&largest) - reach(&made(wide(columns - 2)).1.unwrap());
    assert!((64..1024).contains(&step), "{step}");
    assert!(reach(&largest) < MAX_MEMORY && reached >= MAX_MEMORY && reached <= reach(&largest) + step + 32);
    // It says how far the memory would reach, not where it was left.
    let twice = made(wide(2 * columns)).1.unwrap_err();
    assert!(
        matches!(twice, ExportError::Memory(reached) if reached > MAX_MEMORY * 19 / 10),
        "{twice}"
    );
    assert!(twice.to_string().contains("--optimize gas"), "{twice}");
}

#[test]
fn key_data_is_the_code_of_an_account() {
    let (_, largest, error) = limit(long, 10..1500);
    let ExportError::Code(bytes) = error else {
        panic!("{error}")
    };
    // A word and a quarter for each term.
    assert!(
        largest.code.len() <= MAX_CODE && MAX_CODE - largest.code.len() < 64,
        "{}",
        largest.code.len()
    );
    assert!(bytes > MAX_CODE && bytes - MAX_CODE <= 64, "{bytes}");
    // The chain has no account for it either.
    let data = |length| KeyData { code: vec![0; length] };
    assert!(Chain::new().deploys(&data(MAX_CODE).creation_code()));
    assert!(!Chain::new().deploys(&data(MAX_CODE + 1).creation_code()));
}
