//! Terms have one encoding, and those that contradict themselves or cannot be read are none.

use super::setup::{agreement, pair, party, signed, terms, PARTIES};
use provenn_verifier::agreement::{named_in, Agreement, SignedAgreement, Terms, MAX_PARTIES};
use provenn_verifier::party::PartyKey;

#[test]
fn one_agreement_has_one_encoding() {
    let deal = signed(terms());
    let bytes = deal.to_bytes();
    assert_eq!(SignedAgreement::from_bytes(&bytes), Ok(deal.clone()));
    // However the parties and policies are listed.
    let turned = signed(Terms {
        parties: terms().parties.into_iter().rev().collect(),
        policies: terms().policies.into_iter().rev().collect(),
        ..terms()
    });
    assert_eq!(turned.to_bytes(), bytes);
    let draft = SignedAgreement::from(Agreement::new(terms()).unwrap());
    assert_eq!(draft.agreement().digest(), deal.agreement().digest());
    assert_eq!(SignedAgreement::from_bytes(&draft.to_bytes()), Ok(draft));
    // Two parties that change places in the bytes are in no order.
    let entry = |role: &str| {
        let found = deal.agreement().party(role).unwrap().1;
        let text = |text: &str| [&u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()].concat();
        let seed = PARTIES.iter().find(|(name, _)| *name == role).unwrap().1;
        [text(role), text(found.key.name()), pair(seed).pk.to_vec()].concat()
    };
    let [first, second] = ["borrower", "lender"].map(entry);
    let at = bytes.windows(first.len()).position(|part| part == first).unwrap();
    let rest = at + first.len() + second.len();
    assert_eq!(&bytes[at + first.len()..rest], second);
    let exchanged = [&bytes[..at], &second, &first, &bytes[rest..]].concat();
    let error = SignedAgreement::from_bytes(&exchanged).unwrap_err();
    assert!(
        error.code() == "agreement-terms" && error.to_string().contains("order"),
        "{error}"
    );
}

#[test]
fn the_digest_is_of_every_term() {
    let mut digests = vec![agreement(|_| ()).unwrap().digest()];
    let changes: [fn(&mut Terms); 9] = [
        |terms| terms.model_id[31] ^= 1,
        |terms| drop(terms.policies.pop()),
        |terms| terms.inputs[0].name.push('2'),
        |terms| terms.inputs[0].shape = vec![2, 4],
        |terms| terms.inputs[0].public = true,
        |terms| terms.inputs[0].supplier = Some("borrower".into()),
        |terms| terms.parties[2] = party("auditor", 3),
        |terms| terms.not_after -= 1,
        |terms| terms.accept_dev = false,
    ];
    digests.extend(changes.map(|change| agreement(change).unwrap().digest()));
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 10);
    let audience = agreement(|_| ()).unwrap().audience();
    assert_eq!((audience.len(), named_in(&audience).unwrap().len()), (74, 64));
    assert_eq!(named_in("alice"), None);
}

fn with_key(bytes: [u8; 32]) -> impl FnOnce(&mut Terms) {
    move |terms| terms.parties[0].key = PartyKey::new("lender.example", bytes).unwrap()
}

#[test]
fn terms_that_are_none_are_refused() {
    let refused = |words: &str, change: &dyn Fn(&mut Terms)| {
        let error = agreement(|terms| change(terms)).unwrap_err();
        assert!(
            error.code() == "agreement-terms" && error.to_string().contains(words),
            "{words}: {error}"
        );
    };
    refused("no party", &|terms| terms.parties.clear());
    refused("no policy", &|terms| terms.policies.clear());
    refused("no input", &|terms| terms.inputs.clear());
    refused("has no end", &|terms| terms.not_after = 0);
    refused("policy label is there twice", &|terms| {
        terms.policies.push(terms.policies[1].clone())
    });
    refused("\"own\" is there twice", &|terms| terms.inputs[1].name = "own".into());
    refused("role \"lender\" is there twice", &|terms| {
        terms.parties.push(party("lender", 9))
    });
    refused("is that of another party", &|terms| {
        terms.parties.push(party("witness", 1))
    });
    refused("which is no party", &|terms| {
        terms.inputs[0].supplier = Some("nobody".into())
    });
    refused("nobody supplies input \"own\"", &|terms| {
        terms.inputs[0].supplier = None
    });
    refused("no values", &|terms| terms.inputs[0].shape = vec![8, 0]);
    refused("too many", &|terms| terms.inputs[0].shape = vec![1 << 11, 1 << 11]);
    for (role, words) in [
        ("", "is empty"),
        ("len der", "has a space"),
        ("lender\u{202e}", "cannot be shown"),
        ("lender\u{200b}", "cannot be shown"),
        ("lender\n", "cannot be shown"),
        (&"x".repeat(256), "more than 255 bytes"),
    ] {
        refused(words, &|terms| terms.parties[2].role = role.to_owned());
    }
    refused("cannot be shown", &|terms| terms.inputs[0].name = "own\u{202e}".into());
    refused("cannot be shown", &|terms| {
        terms.parties[2].key = PartyKey::new("a\u{202e}b", *pair(3).pk).unwrap();
    });
    let most = |terms: &mut Terms, count: usize| {
        let more = (4..).map(|seed| party(&format!("party{seed}"), seed));
        terms.parties.extend(more.take(count - terms.parties.len()));
    };
    assert!(agreement(|terms| most(terms, MAX_PARTIES)).is_ok());
    assert_eq!(
        agreement(|terms| most(terms, MAX_PARTIES + 1)).unwrap_err().code(),
        "too-large"
    );
}

/// Under keys of small order one signature holds for many texts; a key with two encodings would be two parties.
#[test]
fn weak_keys_are_refused() {
    let identity = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    let noncanonical = {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xee, 0x7f);
        bytes
    };
    let order_two = {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xec, 0x7f);
        bytes
    };
    for key in [identity, [0; 32], order_two, noncanonical, [0xff; 32], [2; 32]] {
        let error = agreement(with_key(key)).unwrap_err();
        assert!(error.to_string().contains("no canonical Ed25519 key"), "{error}");
    }
}
