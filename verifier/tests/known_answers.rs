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
        model_id: [3; 32],
        quantization: [4; 32],
        policy: Policy::ThresholdBit {
            output: 2,
            threshold: -5,
            bit: true,
        },
        input: InputBinding::Public {
            values: vec![1, -2, 300],
        },
        context: Context {
            audience: "bob".to_owned(),
            nonce: [9; 32],
            not_after: 1000,
        },
    };
    assert_eq!(
        hex(&claim.digest()),
        "87695d54d750597fad18bc129182d3a8320485d14e7d33877faba90b0ea742e74d4f17d5a3a698b35ac52b7d32dc919a935ed9b4c527549c2d55d28c1416734e"
    );
    assert_eq!(
        text(claim.claim_scalar()),
        "0x206fa019189c5323d0e11a7a3d651a1831ca3a5480110b7eac9735872aa5b4ea"
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
