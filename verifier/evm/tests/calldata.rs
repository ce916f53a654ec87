//! Calldata that is not as the contract's own encoding has it, and what is known to go wrong in verifiers on chain.

use crate::common;
use crate::common::chain::{artifact, Chain, GAS};
use crate::common::{generator, graphs, Case, GOLDEN};
use provenn_evm::keccak256;
use provenn_verifier::*;

/// Order of the scalars, and of the coordinates, little endian.
const R: [u8; 32] = hex32(b"010000f093f5e1439170b97948e833285d588181b64550b829a031e1724e6430");
const Q: [u8; 32] = hex32(b"47fd7cd8168c203c8dca7168916a81975d588181b64550b829a031e1724e6430");

const fn hex32(digits: &[u8; 64]) -> [u8; 32] {
    let mut out = [0; 32];
    let mut index = 0;
    while index < 64 {
        let digit = match digits[index] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit => digit - b'a' + 10,
        };
        out[index / 2] = out[index / 2] << 4 | digit;
        index += 1;
    }
    out
}

/// The sum of little-endian numbers, if it fits.
fn sum(a: &[u8; 32], b: &[u8; 32]) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let mut carry = 0u16;
    for (to, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        carry += u16::from(*a) + u16::from(*b);
        *to = carry as u8;
        carry >>= 8;
    }
    (carry == 0).then_some(out)
}

fn difference(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    let not = b.map(|byte| !byte);
    let mut one = [0; 32];
    one[0] = 1;
    let plus = sum(&not, &one).unwrap();
    let mut out = [0; 32];
    let mut carry = 0u16;
    for (to, (a, b)) in out.iter_mut().zip(a.iter().zip(plus)) {
        carry += u16::from(*a) + u16::from(b);
        *to = carry as u8;
        carry >>= 8;
    }
    out
}

fn turned(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes.reverse();
    bytes
}

fn refused(case: &Case, what: &str, data: &[u8]) {
    let outcome = case.chain.call(case.verifier, data, GAS);
    assert!(outcome.returned.is_err(), "{what}");
}

/// The known hazard of trailing calldata, and of every other form but the one.
#[test]
fn lengths_and_offsets_are_exact() {
    let case = Case::golden(GOLDEN[0]);
    let call = case.calldata(&case.receipt);
    let honest = call.encode(case.key.into_array());
    assert!(case.chain.call(case.verifier, &honest, GAS).returned.is_ok());
    for cut in [
        0,
        1,
        4,
        36,
        100,
        132,
        200,
        honest.len() / 2,
        honest.len() - 33,
        honest.len() - 32,
        honest.len() - 1,
    ] {
        refused(&case, &format!("cut to {cut}"), &honest[..cut]);
    }
    for more in [1, 31, 32, 64] {
        refused(
            &case,
            &format!("{more} bytes more"),
            &[&honest[..], &vec![0; more]].concat(),
        );
    }
    // Offsets and lengths, one more and one less, and by a word.
    for at in [4 + 32, 4 + 64, 4 + 96, honest.len() - 32 * (call.ys.len() + 1)] {
        for by in [1i32, -1, 32, -32, 1 << 16] {
            let mut data = honest.clone();
            let word: [u8; 4] = data[at + 28..at + 32].try_into().unwrap();
            let moved = u32::from_be_bytes(word).wrapping_add_signed(by);
            data[at + 28..at + 32].copy_from_slice(&moved.to_be_bytes());
            refused(&case, &format!("word at {at} by {by}"), &data);
        }
        let mut data = honest.clone();
        data[at] = 0x80;
        refused(&case, &format!("word at {at} beyond all"), &data);
    }
    refused(&case, "a word before the receipt", &common::shifted(&honest));
    // The address in its upper bytes, and the padding behind the receipt.
    let mut data = honest.clone();
    data[4] = 1;
    refused(&case, "a wide address", &data);
    let padding = honest.len() - 32 * (call.ys.len() + 1) - 1;
    assert_ne!(call.receipt.len() % 32, 0);
    let mut data = honest.clone();
    data[padding] = 1;
    refused(&case, "padding", &data);
    // The arguments in another order, each where its offset says.
    let words = 32 * (call.ys.len() + 1);
    let receipt = &honest[4 + 96..honest.len() - words];
    let ys = &honest[honest.len() - words..];
    let mut data = [&honest[..4 + 96], ys, receipt].concat();
    data[4 + 32..4 + 64].copy_from_slice(&turned(number(0x60 + words)));
    data[4 + 64..4 + 96].copy_from_slice(&turned(number(0x60)));
    refused(&case, "arguments exchanged", &data);
    // One y more, and one less.
    let mut other = call.clone();
    other.ys.push([0; 32]);
    refused(&case, "one y more", &other.encode(case.key.into_array()));
    other.ys.truncate(call.ys.len() - 1);
    refused(&case, "one y less", &other.encode(case.key.into_array()));
}

fn number(value: usize) -> [u8; 32] {
    let mut out = [0; 32];
    out[..8].copy_from_slice(&(value as u64).to_le_bytes());
    out
}

/// The known hazard `x + r`: a scalar has one encoding.
#[test]
fn a_scalar_and_the_order_are_not_that_scalar() {
    let models = [GOLDEN[0], GOLDEN[3]].map(Case::golden);
    for case in models.into_iter().chain([graphs::petersen()]) {
        let (start, length) = case.proof();
        let (points, scalars) = case.counts();
        let evaluations = (0..scalars).map(|index| start + 32 * (points + index));
        let responses = (start + length + 36..case.receipt.len()).step_by(32);
        for at in evaluations.chain(responses) {
            let scalar: [u8; 32] = case.receipt[at..at + 32].try_into().unwrap();
            let mut receipt = case.receipt.clone();
            receipt[at..at + 32].copy_from_slice(&sum(&scalar, &R).unwrap());
            assert_eq!(case.call(&case.calldata(&receipt)).code(), "non-canonical-scalar");
            assert!(!case.agree("x + r", &receipt));
        }
    }
}

/// A point has one pair of coordinates: no other y, no coordinate with the order of the field added, no identity.
#[test]
fn coordinates_are_those_of_the_point() {
    let models = [GOLDEN[0], GOLDEN[3]].map(Case::golden);
    for case in models.into_iter().chain([graphs::petersen()]) {
        let honest = case.calldata(&case.receipt);
        for index in 0..honest.ys.len() {
            let y = turned(honest.ys[index]);
            let mut one = [0; 32];
            one[0] = 2;
            let others = [
                ("the other sign", Some(difference(&Q, &y))),
                ("off the curve", sum(&y, &one)),
                ("y + q", sum(&y, &Q)),
                ("none", Some([0; 32])),
            ];
            for (what, other) in others {
                let mut call = honest.clone();
                call.ys[index] = turned(other.unwrap());
                let code = case.call(&call).code();
                assert_eq!(code, "bad-point", "{}, y {index}: {what}", case.name);
            }
        }
        // x + q, which fits into its bits for small x only: the receipt's own encoding of the identity, and of a point beyond the field.
        let (start, _) = case.proof();
        for word in [Q, [0; 32]] {
            let mut receipt = case.receipt.clone();
            receipt[start..start + 32].copy_from_slice(&word);
            let mut call = honest.clone();
            call.receipt = receipt;
            call.ys[0] = [0; 32];
            assert_ne!(case.call(&call).code(), "verified");
        }
    }
}

/// The known hazard of query collision: verifiers that tell polynomials apart by their commitments take two equal ones for one, so that one evaluation of them goes unchecked.
#[test]
fn equal_commitments_are_two_polynomials() {
    let case = Case::golden(GOLDEN[0]);
    let (start, _) = case.proof();
    let advice = case.circuit.advice_phases.len();
    for (from, to) in [(0, 1), (1, 0), (advice - 2, advice - 1)] {
        let mut receipt = case.receipt.clone();
        receipt.copy_within(start + 32 * from..start + 32 * from + 32, start + 32 * to);
        assert!(!case.agree("equal commitments", &receipt));
    }
}

/// The known hazard of zero-padded instances: values behind the last one that are zero, or cells that nobody names, are not the same statement.
#[test]
fn public_values_are_not_padded() {
    let case = Case::golden(GOLDEN[0]);
    let mut receipt = Receipt::from_bytes(&case.receipt).unwrap();
    let body = receipt.claim.body.inference_mut().unwrap();
    match &mut body.items[0].inputs[0] {
        InputBinding::Public { values } => values.push(0),
        InputBinding::Committed { .. } => panic!("a public input"),
    }
    assert_eq!(case.call(&case.calldata(&receipt.to_bytes())).code(), "input-shape");
    assert!(!case.agree("a zero more", &receipt.to_bytes()));
    let mut receipt = Receipt::from_bytes(&case.receipt).unwrap();
    let body = receipt.claim.body.inference_mut().unwrap();
    match &mut body.items[0].answer {
        Answer::Scores(scores) => scores.push(0),
        _ => panic!("scores"),
    }
    assert_eq!(
        case.call(&case.calldata(&receipt.to_bytes())).code(),
        "policy-out-of-range"
    );
    assert!(!case.agree("a score more", &receipt.to_bytes()));
}

/// The known hazard of numbers that are computed for show behind the proof: the contract returns integers of the claim, and in which units these are the card
/// says, whose every letter is in the model id.
#[test]
fn nothing_is_shown_that_is_not_proven() {
    let case = Case::golden(GOLDEN[0]);
    let mut card = ModelCard::from_bytes(&common::read("v2/linear_30.card")).unwrap();
    let scale = card.description.replacen("\"frac\":10", "\"frac\":11", 1);
    assert_ne!(scale, card.description);
    card.description = scale;
    assert_ne!(card.model_id(), case.card().model_id());
    // There is no key data of such a card.
    assert_eq!(card.check(&case.srs).unwrap_err().code(), "registration-failed");
    let edit = |edit: fn(&mut Inference)| {
        let mut receipt = Receipt::from_bytes(&case.receipt).unwrap();
        edit(receipt.claim.body.inference_mut().unwrap());
        receipt.to_bytes()
    };
    let other = edit(|body| body.quantization[0] ^= 1);
    assert_eq!(case.call(&case.calldata(&other)).code(), "quantization-mismatch");
    let other = edit(|body| match &mut body.items[0].answer {
        Answer::Scores(scores) => scores[0] += 1,
        _ => panic!("scores"),
    });
    assert_eq!(case.call(&case.calldata(&other)).code(), "opening-failed");
    assert!(!case.agree("another score", &other));
}

/// The known hazard of low gas to a precompile: with less gas than it takes there is no verdict, never another one: a precompile that has no gas left fails, and is not taken for a success.
#[test]
fn gas_runs_out() {
    for case in [Case::golden(GOLDEN[0]), graphs::petersen()] {
        let honest = case.calldata(&case.receipt).encode(case.key.into_array());
        let mut forged = case.receipt.clone();
        let (start, _) = case.proof();
        forged[start..start + 32].copy_from_slice(&generator());
        let forged = case.calldata(&forged).encode(case.key.into_array());
        let full = case.chain.call(case.verifier, &honest, GAS);
        let returned = full.returned.unwrap();
        let floor = 21_000 + 40 * honest.len() as u64;
        let steps = 60;
        for step in 0..=steps {
            let gas = floor + (full.gas + 20_000 - floor) * step / steps;
            assert!(case.chain.call(case.verifier, &forged, gas).returned.is_err(), "{gas}");
            if let Ok(bytes) = case.chain.call(case.verifier, &honest, gas).returned {
                assert_eq!(bytes, returned);
                assert!(gas >= full.gas - 1, "{gas}");
            }
        }
    }
}

/// The known hazard of a failing precompile: precompiles refuse points that are none, in key data too; their failure is no success.
#[test]
fn a_failing_precompile_refuses() {
    let case = Case::golden(GOLDEN[0]);
    let call = case.calldata(&case.receipt);
    let mut chain = case.chain.clone();
    let code = &case.data.code;
    // The secret's point in G2 (pairing), and the last term, the generator (multiplication).
    for (at, code_) in [(1 + 0xA0 + 31, "opening-failed"), (code.len() - 96 + 31, "bad-point")] {
        let mut broken = code.clone();
        broken[at] ^= 1;
        let key = chain.place(&broken);
        let outcome = chain.call(case.verifier, &call.encode(key.into_array()), GAS);
        assert_eq!(outcome.code(), code_);
    }
    // No key data, and too little of it.
    for key in [vec![], vec![0], code[..0x180].to_vec()] {
        let key = chain.place(&key);
        let outcome = chain.call(case.verifier, &call.encode(key.into_array()), GAS);
        assert_eq!(outcome.code(), "no-key");
    }
}

/// Key data names the places in memory that its program writes to. Whichever it names, the statement has its own hash: it cannot pass for other key data.
#[test]
fn key_data_cannot_take_another_name() {
    for case in [Case::golden(GOLDEN[0]), graphs::petersen()] {
        let call = case.calldata(&case.receipt);
        let code = &case.data.code;
        // An instruction of the programs without effect: it multiplies and adds in one slot. Their addresses are in the head; the data is behind one byte.
        let head = |place: usize| usize::from(u16::from_be_bytes([code[0x141 + 2 * place], code[0x142 + 2 * place]]));
        let mut instructions = (head(13)..head(15)).step_by(8).map(|address| address - 0x80 + 1);
        let same = |at: &usize| {
            (2..8)
                .step_by(2)
                .all(|offset| code[at + offset..at + offset + 2] == code[*at..at + 2])
        };
        let at = instructions.rfind(same).unwrap();
        let slot = u16::from_be_bytes([code[at], code[at + 1]]);
        // Everything behind the slots, where the contract keeps its own words, and what the language keeps in the first ones.
        let places = (0..160)
            .map(|word| (slot + 32) / 32 * 32 + 32 * word)
            .chain([0, 0x20, 0x40, 0x60]);
        let mut valid = 0;
        for place in places {
            let mut chain = case.chain.clone();
            let mut other = code.clone();
            other[at..at + 2].copy_from_slice(&place.to_be_bytes());
            let key = chain.place(&other);
            if let Ok(returned) = chain.call(case.verifier, &call.encode(key.into_array()), GAS).returned {
                assert_eq!(returned[..32], keccak256(&other), "word written at {place}");
                valid += usize::from(!returned.is_empty());
            }
        }
        assert!(valid > 100, "{valid}");
    }
}

/// The known hazard of registered keys that nobody pins: anybody can put key data on chain, with a model and receipts of their own: the statement names it, and a consumer takes no other.
#[test]
fn key_data_that_nobody_pinned() {
    let (ours, theirs) = (Case::golden(GOLDEN[0]), Case::golden(GOLDEN[1]));
    let mut chain = ours.chain.clone();
    let other = chain.place(&theirs.data.code);
    // A receipt is not valid under other key data.
    let call = ours.calldata(&ours.receipt);
    assert!(chain
        .call(ours.verifier, &call.encode(other.into_array()), GAS)
        .returned
        .is_err());
    // Theirs is, and says so.
    let call = theirs.calldata(&theirs.receipt);
    let returned = chain
        .call(ours.verifier, &call.encode(other.into_array()), GAS)
        .returned
        .unwrap();
    assert_eq!(returned[..32], theirs.data.hash());
    let claim = Receipt::from_bytes(&ours.receipt).unwrap().claim;
    let words = provenn_evm::Words::of(&claim).unwrap();
    let mut verifier = [0; 32];
    verifier[12..].copy_from_slice(ours.verifier.as_slice());
    let arguments = [verifier, ours.data.hash(), words.policy, words.audience].concat();
    let (consumer, _) = chain.deploy(&[artifact("Consumer", "bytecode"), arguments].concat());
    let answer = |chain: &Chain, case: &Case, key: revm::primitives::Address| {
        let mut data = case.calldata(&case.receipt).encode(key.into_array());
        data[..4].copy_from_slice(&keccak256(b"answer(address,bytes,uint256[])")[..4]);
        chain.call(consumer, &data, GAS).returned.unwrap_err()
    };
    let unexpected = |what: &[u8]| {
        let mut out = keccak256(b"Unexpected(bytes32)")[..4].to_vec();
        out.extend(what);
        out.resize(36, 0);
        out
    };
    assert_eq!(answer(&chain, &theirs, other), unexpected(b"key"));
    // Of the right model everything fits but the nonce, which this consumer did not ask for.
    assert_eq!(answer(&chain, &ours, ours.key), unexpected(b"nonce"));
}
