//! The link proof: only the committed columns pass.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::common::toy::{commit, compressed, link_proof, setup, toy, WEIGHTS};
use ff::Field;
use halo2curves::bn256::Fr;
use provenn_verifier::*;

/// The same circuit with other weights.
const OTHER: [u64; 8] = [3, 1, 4, 1, 5, 9, 2, 7];

#[test]
fn same_column_with_other_tails_passes_again_and_again() {
    let setup = setup(false, SrsKind::Ceremony);
    let toy = toy(false, &WEIGHTS);
    for seed in 30..33 {
        let issued = setup.issue(&toy, setup.scores(&toy), seed);
        let proven = issued.columns.iter().map(|column| &column.proven);
        assert!(proven
            .zip(&issued.committed)
            .all(|(proven, committed)| proven != committed));
        assert!(setup.verify(&issued.receipt).is_ok());
    }
}

#[test]
fn another_models_weights_are_rejected() {
    let setup = setup(false, SrsKind::Ceremony);
    let toy = toy(false, &OTHER);
    let receipt = setup.issue(&toy, setup.scores(&toy), 34).receipt;
    // The proof itself is right: some weights give this output.
    assert!(setup.library_accepts(&receipt.claim, &receipt.proof));
    assert_eq!(setup.verify(&receipt), Err(VerifyError::LinkFailed));
}

#[test]
fn another_input_is_rejected() {
    let setup = setup(false, SrsKind::Ceremony);
    let toy = toy(false, &WEIGHTS);
    let (mut claim, tails) = setup.claim(&toy, setup.scores(&toy));
    let mut lane = toy.x[1].clone();
    lane[3] += Fr::ONE;
    crate::common::edit::points(&mut claim)[1] = compressed(&commit(&setup.points, &lane, &tails[1]));
    let receipt = setup.issue_claim(&toy, claim, tails, 35).receipt;
    assert_eq!(setup.verify(&receipt), Err(VerifyError::LinkFailed));
}

#[test]
fn other_tails_and_other_lengths_are_rejected() {
    let setup = setup(false, SrsKind::Ceremony);
    let toy = toy(false, &WEIGHTS);
    let issued = setup.issue(&toy, setup.scores(&toy), 36);
    let claim = &issued.receipt.claim;
    let statement = LinkStatement {
        claim_digest: claim.digest(),
        key_digest: claim.key_digest,
        srs_id: claim.srs_id,
        proof: &issued.receipt.proof,
        committed: issued.committed.clone(),
        columns: issued.columns.clone(),
        tail: &setup.srs.tail,
        g1: setup.srs.g1,
    };
    let nonces = vec![Fr::from(5); setup.tail.len()];
    let verify = |link: LinkProof| {
        let receipt = issued.receipt.clone();
        setup.verify(&Receipt { link, ..receipt })
    };
    assert!(verify(link_proof(&statement, &issued.witness, &nonces)).is_ok());
    let mut wrong = issued.witness.clone();
    wrong[2][0] += Fr::ONE;
    assert_eq!(
        verify(link_proof(&statement, &wrong, &nonces)),
        Err(VerifyError::LinkFailed)
    );
    assert!(matches!(
        verify(link_proof(&statement, &issued.witness, &nonces[1..])),
        Err(VerifyError::LinkLength { .. })
    ));
}

#[test]
fn every_part_of_the_statement_moves_the_challenges() {
    let setup = setup(true, SrsKind::Ceremony);
    let [p, q] = [setup.srs.g1, setup.srs.tail[0]];
    let proof = [1u8; 64];
    let base = LinkStatement {
        claim_digest: [1; 64],
        key_digest: [2; 32],
        srs_id: [3; 32],
        proof: &proof,
        committed: vec![p, q],
        columns: [q, p]
            .map(|proven| LinkedColumn {
                proven,
                terms: vec![(0, provenn_bn254::Fr::ONE)],
                constant: provenn_bn254::Fr::ZERO,
            })
            .to_vec(),
        tail: &setup.srs.tail,
        g1: setup.srs.g1,
    };
    let mut variants = vec![base.clone(); 8];
    variants[0].claim_digest[63] ^= 1;
    variants[1].key_digest[0] ^= 1;
    variants[2].srs_id[0] ^= 1;
    variants[3].proof = &proof[1..];
    variants[4].committed.swap(0, 1);
    variants[5].columns.swap(0, 1);
    variants[7].columns[0].terms.clear();
    variants[6].tail = &setup.srs.tail[1..];
    let challenges = |statement: &LinkStatement<'_>| {
        let mut transcript = LinkTranscript::new(statement);
        let rho = transcript.rho();
        let one = transcript.clone().challenge(&[1; 32]);
        let two = transcript.challenge(&[2; 32]);
        assert_ne!(one, two);
        [rho, one].map(|challenge| challenge.to_bytes())
    };
    let expected = challenges(&base);
    for variant in &variants {
        let [rho, e] = challenges(variant);
        assert!(rho != expected[0] && e != expected[1]);
    }
}

#[test]
fn altered_link_proofs_are_rejected() {
    let setup = setup(false, SrsKind::Ceremony);
    let toy = toy(false, &WEIGHTS);
    let receipt = setup.issue(&toy, setup.scores(&toy), 37).receipt;
    for place in 0..receipt.link.z.len() {
        let mut altered = receipt.clone();
        altered.link.z[place] = provenn_bn254::Fr::from(3).to_bytes();
        assert_eq!(setup.verify(&altered), Err(VerifyError::LinkFailed));
    }
    let mut altered = receipt.clone();
    altered.link.r = setup.srs.g1.to_bytes();
    assert_eq!(setup.verify(&altered), Err(VerifyError::LinkFailed));
    let mut altered = receipt.clone();
    altered.link.z.push([0; 32]);
    assert!(matches!(setup.verify(&altered), Err(VerifyError::LinkLength { .. })));
    // A link proof for another receipt does not fit.
    let other = setup.issue(&toy, setup.scores(&toy), 38).receipt;
    let altered = Receipt {
        link: other.link,
        ..receipt
    };
    assert_eq!(setup.verify(&altered), Err(VerifyError::LinkFailed));
}
