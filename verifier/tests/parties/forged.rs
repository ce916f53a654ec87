//! Signatures in the wrong place, and bytes that were changed.

use super::setup::{differs, pair, setup, sign_input, signed, terms, END, PARTIES};
use provenn_verifier::agreement::{Agreement, AgreementError, SignedAgreement, Terms};
use provenn_verifier::party::{InputSignature, SignedInput};
use provenn_verifier::Verdict;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

fn verdict(deal: &SignedAgreement) -> Verdict {
    setup().receipt(&deal.agreement().audience(), terms().policies[1].clone(), END)
}

/// The same with bits of byte `at` turned.
fn turned(bytes: &[u8], at: usize, bits: u8) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= bits;
    changed
}

#[test]
fn every_changed_byte_is_refused() {
    let deal = signed(terms());
    let (verdict, signatures) = (verdict(&deal), setup().signatures(&deal));
    let bytes = deal.to_bytes();
    let judge = |bytes: &[u8]| {
        SignedAgreement::from_bytes(bytes)?
            .check(&verdict, &signatures, None)
            .map(drop)
    };
    assert_eq!(judge(&bytes), Ok(()));
    for at in 0..bytes.len() {
        for bits in [1, 0x80, 1 << (at % 8), 0xff] {
            assert!(judge(&turned(&bytes, at, bits)).is_err(), "{at}");
        }
        assert_eq!(judge(&bytes[..at]).unwrap_err().code(), "truncated", "{at}");
    }
    assert_eq!(
        judge(&[&bytes[..], &[0]].concat()).unwrap_err().code(),
        "trailing-bytes"
    );
    for (place, signature) in signatures.iter().enumerate() {
        let bytes = signature.to_bytes();
        assert_eq!(InputSignature::from_bytes(&bytes).as_ref(), Ok(signature));
        let judge = |bytes: &[u8]| {
            let mut others = signatures.clone();
            others[place] = InputSignature::from_bytes(bytes)?;
            deal.check(&verdict, &others, None).map(drop)
        };
        assert_eq!(judge(&bytes), Ok(()));
        for at in 0..bytes.len() {
            for bits in [1, 0x80, 1 << (at % 8), 0xff] {
                assert!(judge(&turned(&bytes, at, bits)).is_err(), "{at}");
            }
            assert_eq!(judge(&bytes[..at]).unwrap_err().code(), "truncated", "{at}");
        }
        assert_eq!(
            judge(&[&bytes[..], &[0]].concat()).unwrap_err().code(),
            "trailing-bytes"
        );
    }
}

/// Bytes that are exchanged, left out, doubled and drawn: a decoder returns, and what it accepts is the encoding of what it returns.
#[test]
fn what_decodes_is_what_was_encoded() {
    let deal = signed(terms());
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let files = [deal.to_bytes(), setup().signatures(&deal)[0].to_bytes()];
    for _ in 0..40_000 {
        let mut bytes = files[rng.next_u32() as usize % 2].clone();
        for _ in 0..=rng.next_u32() % 3 {
            let (at, other) = (
                rng.next_u32() as usize % bytes.len(),
                rng.next_u32() as usize % bytes.len(),
            );
            match rng.next_u32() % 6 {
                0 => bytes.swap(at, other),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, rng.next_u32() as u8),
                3 => bytes.truncate(at.max(1)),
                4 => bytes[at] = [0, 1, 0x7f, 0xff][other % 4],
                _ => bytes[at] = rng.next_u32() as u8,
            }
        }
        if let Ok(decoded) = SignedAgreement::from_bytes(&bytes) {
            assert_eq!(decoded.to_bytes(), bytes);
        }
        if let Ok(decoded) = InputSignature::from_bytes(&bytes) {
            assert_eq!(decoded.to_bytes(), bytes);
        }
    }
}

#[test]
fn all_parties_have_to_sign() {
    let whole = signed(terms());
    for (missing, left_out) in PARTIES.iter().enumerate() {
        let mut deal = SignedAgreement::from(Agreement::new(terms()).unwrap());
        for (place, (role, seed)) in PARTIES.into_iter().enumerate() {
            if place != missing {
                let (_, party) = whole.agreement().party(role).unwrap();
                deal.add(role, *pair(seed).sk.sign(whole.agreement().message(party), None))
                    .unwrap();
            }
        }
        assert_eq!(
            deal.check(&verdict(&whole), &setup().signatures(&whole), None),
            Err(AgreementError::Unsigned {
                roles: vec![left_out.0.to_owned()]
            })
        );
    }
}

#[test]
fn a_signature_of_another_role_or_agreement_is_none() {
    let deal = signed(terms());
    let mut draft = SignedAgreement::from(Agreement::new(terms()).unwrap());
    let message = |role: &str| deal.agreement().message(deal.agreement().party(role).unwrap().1);
    let invalid = |role: &str| Err(AgreementError::Signature { role: role.to_owned() });
    // The borrower's in the lender's place; the lender's as the borrower; one of other terms; one of the terms without a role.
    assert_eq!(
        draft.add("lender", *pair(2).sk.sign(message("borrower"), None)),
        invalid("lender")
    );
    assert_eq!(
        draft.add("lender", *pair(1).sk.sign(message("borrower"), None)),
        invalid("lender")
    );
    let later = Agreement::new(Terms {
        not_after: END + 1,
        ..terms()
    });
    let later = later.unwrap();
    let elsewhere = later.message(later.party("lender").unwrap().1);
    assert_eq!(
        draft.add("lender", *pair(1).sk.sign(elsewhere, None)),
        invalid("lender")
    );
    assert_eq!(
        draft.add("lender", *pair(1).sk.sign(deal.agreement().digest(), None)),
        invalid("lender")
    );
    assert_eq!(draft.add("nobody", [0; 64]).unwrap_err().code(), "agreement-terms");
    assert_eq!(draft.add("lender", *pair(1).sk.sign(message("lender"), None)), Ok(()));
    let stranger = super::setup::party("lender", 9);
    assert_eq!(draft.party_of(&stranger.key).unwrap_err().code(), "agreement-stranger");
    assert_eq!(
        draft.party_of(&super::setup::party("anybody", 2).key).unwrap().role,
        "borrower"
    );
}

/// Bytes of a signature with the group's order added to its scalar: the same equation holds of both.
fn second_form(signature: [u8; 64]) -> [u8; 64] {
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let (mut sum, mut carry) = (signature, 0u16);
    for place in 0..32 {
        let digit = u8::from_str_radix(&ORDER[2 * place..2 * place + 2], 16).unwrap();
        carry += u16::from(sum[32 + place]) + u16::from(digit);
        sum[32 + place] = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    assert_eq!(carry, 0);
    sum
}

#[test]
fn a_signature_has_one_form() {
    let deal = signed(terms());
    let mut draft = deal.clone();
    let (_, party) = deal.agreement().party("lender").unwrap();
    let good = *pair(1).sk.sign(deal.agreement().message(party), None);
    // The identity and the points of small order as the first half.
    let small = [[1; 1].as_slice(), &[0; 31], &[0; 32]].concat().try_into().unwrap();
    for bad in [second_form(good), small, [0; 64], [0xff; 64]] {
        assert_eq!(draft.add("lender", bad).unwrap_err().code(), "agreement-signature");
    }
    let mut inputs = setup().signatures(&deal);
    inputs[0].signature = second_form(inputs[0].signature);
    let refused = deal.check(&verdict(&deal), &inputs, None);
    assert_eq!(
        refused,
        Err(AgreementError::InputSignature {
            input: "own".into(),
            role: "lender".into()
        })
    );
}

/// One change to what the lender signed of the first input, under the lender's own key or another.
#[test]
fn a_signature_is_of_one_input_by_one_role_in_one_context() {
    let deal = signed(terms());
    let verdict = verdict(&deal);
    let honest = setup().signatures(&deal);
    let refused = |seed: u8, change: &dyn Fn(&mut SignedInput)| {
        let mut input = honest[0].input.clone();
        change(&mut input);
        let signatures = [sign_input(input, seed), honest[1].clone()];
        deal.check(&verdict, &signatures, None).unwrap_err()
    };
    let audience = deal.agreement().audience();
    differs(
        refused(1, &|input| input.context = "alice".into()),
        "context",
        &audience,
        "\"alice\"",
    );
    differs(
        refused(2, &|input| input.role = "borrower".into()),
        "role",
        "\"lender\"",
        "\"borrower\"",
    );
    differs(
        refused(1, &|input| input.name = "listed".into()),
        "input",
        "\"own\", number 0",
        "\"listed\", number 0",
    );
    let [own, listed] = [0, 1].map(|input: usize| super::setup::hex(&honest[input].input.binding.points()[0]));
    differs(
        refused(1, &|input| input.binding = honest[1].input.binding.clone()),
        "commitment",
        &own,
        &listed,
    );
    // Right in every word, under another party's key.
    let keys = [1, 2].map(|seed| super::setup::hex(&*pair(seed).pk));
    differs(refused(2, &|_| ()), "key", &keys[0], &keys[1]);
    // The same commitment as that of the other input: nothing is left that is said to be of this one.
    let unsigned = refused(1, &|input| (input.index, input.name) = (1, "listed".into()));
    assert_eq!(unsigned.code(), "input-unsigned");
    // Somebody else's signature under the lender's key and words.
    let mut stolen = honest.clone();
    stolen[0].signature = honest[1].signature;
    assert_eq!(
        deal.check(&verdict, &stolen, None).unwrap_err().code(),
        "input-signature"
    );
    assert_eq!(
        deal.check(&verdict, &honest[1..], None).unwrap_err().code(),
        "input-unsigned"
    );
    let other = signed(Terms {
        not_after: END + 1,
        ..terms()
    });
    let elsewhere = [setup().signatures(&other)[0].clone(), honest[1].clone()];
    let error = deal.check(&verdict, &elsewhere, None).unwrap_err();
    differs(error, "context", &audience, &other.agreement().audience());
}
