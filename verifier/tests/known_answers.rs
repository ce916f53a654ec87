//! Digests and challenges beside those of another implementation of Blake2b, the field and the encodings.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_bn254::{Fr, G1Affine};
use provenn_verifier::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(value: Fr) -> String {
    format!("{value:?}")
}

#[test]
fn claim_digest() {
    let claim = Claim {
        srs_id: [1; 32],
        key_digest: [2; 32],
        body: Inference {
            model_id: [3; 32],
            quantization: [4; 32],
            policy: policy::Threshold {
                output: 2,
                threshold: -5,
            }
            .into(),
            items: vec![Item::new(
                InputBinding::Public {
                    values: vec![1, -2, 300],
                },
                Answer::Bit(true),
            )],
        }
        .into(),
        context: Context {
            audience: "bob".to_owned(),
            nonce: [9; 32],
            not_after: 1000,
        },
    };
    assert_eq!(
        hex(&claim.digest()),
        "e31f193fb5a58316b12c68c9f3b11f53463f9f93ba778614d539558640198a70ae9703b53e67ecd7ff5e198d812c1b9742d29e969ccd4d7d40cf198d153aa501"
    );
    assert_eq!(
        text(claim.claim_scalar()),
        "0x08f27d7c3b71fb4e26a0368c9043056fe85c5ecebf9ba08ba4b6c45ea1c6bab0"
    );
}

#[test]
fn link_challenges() {
    let one = G1Affine::GENERATOR;
    let two = (one * Fr::from(2)).to_affine();
    let statement = LinkStatement {
        claim_digest: [1; 64],
        key_digest: [2; 32],
        srs_id: [3; 32],
        proof: &[4; 64],
        committed: vec![one],
        columns: vec![LinkedColumn {
            proven: two,
            terms: vec![(0, Fr::ONE)],
            constant: Fr::ZERO,
        }],
        tail: &[one],
        g1: one,
    };
    let mut transcript = LinkTranscript::new(&statement);
    assert_eq!(
        text(transcript.rho()),
        "0x13edb2db5a523297e83cce1c309554b49978578a79823daef4dd67c421bda7ea"
    );
    assert_eq!(
        text(transcript.challenge(&[5; 32])),
        "0x1b32f35d4d24a5749208386392a6367797b0c38927b4a9f059ac1842f9ee497b"
    );
}
