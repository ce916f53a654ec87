//! Agreements and signatures of inputs: what two parties agreed is what a receipt says, and everything else is refused by name.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "parties/forged.rs"]
mod forged;
#[path = "parties/setup.rs"]
mod setup;
#[path = "parties/terms.rs"]
mod terms;

use provenn_verifier::agreement::{AgreementError, Proposal};
use provenn_verifier::{
    policy, verify, Disclosure, Expectation, Graph, InputBinding, SrsKind, SrsVerifyingKey, Statement, Target,
    VerifyError,
};
use setup::{differs, setup, signed, terms, END};

/// One receipt after the other under one agreement, with the signatures that were made once.
#[test]
fn signatures_hold_for_every_receipt_under_the_agreement() {
    let deal = signed(terms());
    let signatures = setup().signatures(&deal);
    for policy in &terms().policies {
        let verdict = setup().receipt(&deal.agreement().audience(), policy.clone(), END);
        let agreed = deal.check(&verdict, &signatures, Some(END)).unwrap();
        assert_eq!(agreed.digest(), deal.agreement().digest());
        let roles: Vec<&str> = agreed.parties().iter().map(|party| party.role.as_str()).collect();
        assert_eq!(roles, ["borrower", "lender", "operator"]);
        let suppliers: Vec<_> = agreed.suppliers().iter().flatten().collect();
        assert_eq!(suppliers, ["lender", "borrower"]);
        // In any order, and beside others.
        let mut turned = [signatures.clone(), setup().signatures(&other())].concat();
        turned.reverse();
        assert!(deal.check(&verdict, &turned, None).is_ok());
    }
}

/// The same terms until another second.
fn other() -> provenn_verifier::agreement::SignedAgreement {
    signed(provenn_verifier::agreement::Terms {
        not_after: END + 1,
        ..terms()
    })
}

#[test]
fn what_is_not_as_agreed_is_named_with_both_values() {
    let deal = signed(terms());
    let signatures = setup().signatures(&deal);
    let audience = deal.agreement().audience();
    let [threshold, label] = [terms().policies[0].clone(), terms().policies[1].clone()];
    let refused = |audience: &str, policy: Disclosure, end: u64| {
        let verdict = setup().receipt(audience, policy, end);
        deal.check(&verdict, &signatures, Some(0)).unwrap_err()
    };
    differs(
        refused("alice", label.clone(), END),
        "agreement",
        &audience,
        "\"alice\"",
    );
    let elsewhere = other().agreement().audience();
    differs(
        refused(&elsewhere, label.clone(), END),
        "agreement",
        &audience,
        &elsewhere,
    );
    differs(
        refused(&audience, label.clone(), 0),
        "expiry",
        "2027-01-15T08:00:00Z",
        "no end",
    );
    differs(
        refused(&audience, label, END + 1),
        "expiry",
        "2027-01-15T08:00:00Z",
        "2027-01-15T08:00:01Z",
    );
    // Another parameter, another output, another policy.
    let at = |threshold: i64, target: u32| Disclosure {
        policy: policy::Threshold { output: 1, threshold }.into(),
        target: Target::Output(target),
    };
    assert_eq!(threshold, at(0, 0));
    differs(
        refused(&audience, at(1, 0), END),
        "policy",
        "is output 1 at least 0",
        "at least 1",
    );
    differs(
        refused(&audience, at(0, 1), END),
        "policy",
        "is output 1 at least 0",
        "of output tensor 1",
    );
    differs(
        refused(&audience, policy::Scores.into(), END),
        "policy",
        "is output 1 at least 0",
        "scores",
    );
}

#[test]
fn a_proposal_is_judged_before_it_is_proven() {
    let deal = signed(terms());
    let signatures = setup().signatures(&deal);
    let [own, listed] = setup().bindings();
    let public = InputBinding::Public { values: vec![0; 8] };
    let judge = |change: &dyn Fn(&mut Proposal<'_>), inputs: &[InputBinding]| {
        let policy = terms().policies[0].clone();
        let mut proposal = Proposal {
            model_id: terms().model_id,
            policy: &policy,
            inputs,
            srs: SrsKind::Dev,
            not_after: END,
        };
        change(&mut proposal);
        deal.permits(&proposal, &signatures, Some(END))
    };
    let both = [own.clone(), listed.clone()];
    assert_eq!(judge(&|_| (), &both), Ok(()));
    assert_eq!(judge(&|proposal| proposal.srs = SrsKind::Ceremony, &both), Ok(()));
    let model = judge(&|proposal| proposal.model_id = [7; 32], &both).unwrap_err();
    differs(model, "model", &setup::hex(&terms().model_id), &"07".repeat(32));
    differs(
        judge(&|_| (), &[own.clone(), public]).unwrap_err(),
        "input",
        "\"listed\", a commitment",
        "\"listed\", a public input",
    );
    differs(
        judge(&|_| (), std::slice::from_ref(&own)).unwrap_err(),
        "inputs",
        "2",
        "1",
    );
    // Exchanged, or one of them twice: the signatures are of commitments at their places.
    for inputs in [
        [listed.clone(), own.clone()],
        [own.clone(), own.clone()],
        [listed.clone(), listed],
    ] {
        let error = judge(&|_| (), &inputs).unwrap_err();
        assert!(
            matches!(&error, AgreementError::Differs(d) if d.field == "commitment"),
            "{error}"
        );
    }
}

#[test]
fn parameters_of_development_count_where_they_were_agreed() {
    let strict = signed(provenn_verifier::agreement::Terms {
        accept_dev: false,
        ..terms()
    });
    let verdict = setup().receipt(&strict.agreement().audience(), terms().policies[1].clone(), END);
    let error = strict.check(&verdict, &setup().signatures(&strict), None).unwrap_err();
    differs(error, "parameters", "those of a ceremony", "development parameters");
}

#[test]
fn an_agreement_ends() {
    let deal = signed(terms());
    let verdict = setup().receipt(&deal.agreement().audience(), terms().policies[1].clone(), END);
    let at = |now| deal.check(&verdict, &setup().signatures(&deal), now).map(drop);
    assert_eq!((at(Some(END)), at(None)), (Ok(()), Ok(())));
    let expired = AgreementError::Expired {
        not_after: END,
        now: END + 1,
    };
    assert_eq!(at(Some(END + 1)), Err(expired));
    // So does a receipt, whatever was asked when it was verified.
    let earlier = setup().receipt(&deal.agreement().audience(), terms().policies[1].clone(), END - 9);
    let at = |now| deal.check(&earlier, &setup().signatures(&deal), Some(now)).map(drop);
    let expired = VerifyError::Expired {
        not_after: END - 9,
        now: END - 8,
    };
    assert_eq!((at(END - 9), at(END - 8)), (Ok(()), Err(expired.into())));
}

/// A public input that somebody supplies is signed by its values; one that nobody supplies is anybody's.
#[test]
fn public_inputs_are_signed_where_somebody_supplies_them() {
    let mut open = terms();
    open.inputs[1].public = true;
    let deal = signed(open.clone());
    let [own, _] = setup().bindings();
    let public = InputBinding::Public { values: vec![5; 8] };
    let inputs = [own, public];
    let proposal = |inputs| Proposal {
        model_id: open.model_id,
        policy: &open.policies[1],
        inputs,
        srs: SrsKind::Dev,
        not_after: 1,
    };
    let signatures = setup::sign_inputs(&deal, &inputs);
    assert!(deal.permits(&proposal(&inputs), &signatures, None).is_ok());
    let changed = [inputs[0].clone(), InputBinding::Public { values: vec![6; 8] }];
    let error = deal.permits(&proposal(&changed), &signatures, None).unwrap_err();
    differs(error, "commitment", "6 as value 0", "5; 8 of 8 values differ");
    let short = [inputs[0].clone(), InputBinding::Public { values: vec![5; 7] }];
    differs(
        deal.permits(&proposal(&short), &signatures, None).unwrap_err(),
        "input",
        "8 values",
        "7",
    );
    assert_eq!(
        deal.permits(&proposal(&inputs), &signatures[..1], None),
        Err(AgreementError::InputUnsigned {
            input: "listed".into(),
            role: "borrower".into()
        })
    );
    open.inputs[1].supplier = None;
    let free = signed(open.clone());
    let lenders = &setup::sign_inputs(&free, &inputs)[..1];
    assert_eq!(free.permits(&proposal(&changed), lenders, None), Ok(()));
}

#[test]
fn colourings_are_not_covered() {
    let kit = |name: &str| {
        let path = format!("{}/../fixtures/testkit/v2/petersen.{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).unwrap()
    };
    let graph = Graph::from_text(std::str::from_utf8(&kit("col")).unwrap())
        .unwrap()
        .graph;
    let srs = SrsVerifyingKey::from_bytes(&kit("srs")).unwrap();
    let verdict = verify(&kit("receipt"), &graph, &srs, &Expectation::default()).unwrap();
    assert!(matches!(verdict.claim().body, Statement::Colouring(_)));
    let deal = signed(terms());
    let error = deal.check(&verdict, &[], None).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().contains("a colouring")),
        ("agreement-covers", true)
    );
}

/// A policy about a batch is agreed with its labels: another list, another bound or another label is another policy.
#[test]
fn policies_about_batches_are_agreed_to_the_last_label() {
    let parsed = |policy: &str| policy.parse::<Disclosure>().unwrap();
    let [own, listed] = setup().bindings();
    let inputs = [own, listed];
    for (agreed, others) in [
        ("accuracy:1:2", ["accuracy:1:1", "accuracy:1:2:2", "confusion:1:2"]),
        ("at-least:4:1:2", ["at-least:3:1:2", "at-least:4:2:2", "count:4:1:2"]),
        ("by-group:1:0:1", ["by-group:1:1:0", "by-group:0:0:1", "labels"]),
        (
            "accuracy-gap:1:0:1:1",
            ["accuracy-gap:1:1:1:0", "accuracy-gap:0:0:1:1", "gap:1:0:1"],
        ),
        ("gap:1:0:1", ["gap:1:1:0", "gap:0:0:1", "by-group:1:0:1"]),
    ] {
        let deal = signed(provenn_verifier::agreement::Terms {
            policies: vec![parsed(agreed)],
            ..terms()
        });
        let signatures = setup().signatures(&deal);
        let permits = |policy: &Disclosure| {
            let proposal = Proposal {
                model_id: terms().model_id,
                policy,
                inputs: &inputs,
                srs: SrsKind::Dev,
                not_after: END,
            };
            deal.permits(&proposal, &signatures, None)
        };
        assert_eq!(permits(&parsed(agreed)), Ok(()));
        for other in others {
            let error = permits(&parsed(other)).unwrap_err();
            assert_eq!(error.code(), "agreement-differs", "{other}");
            assert!(error.to_string().contains("policy"), "{error}");
        }
    }
}
