//! Cosignatures of witnesses, and what the standards allow in notes and proofs.

use super::Log;
use ed25519_compact::{KeyPair, Seed};
use provenn_verifier::tlog::{
    cosigned, cosigned_message, Checkpoint, Entry, InclusionProof, LogError, LogKey, WitnessKey, COSIGNATURE,
};

struct Witness {
    pair: KeyPair,
    key: WitnessKey,
}

impl Witness {
    fn new(seed: u8, name: &str) -> Self {
        let pair = KeyPair::from_seed(Seed::new([seed; 32]));
        let key = WitnessKey::new(name, *pair.pk).unwrap();
        Self { pair, key }
    }

    fn line(&self, time: u64, text: &str) -> String {
        let signature = self.pair.sk.sign(cosigned_message(time, text), None);
        let bytes = [time.to_be_bytes().as_slice(), signature.as_slice()].concat();
        self.key.signature_line(&bytes)
    }
}

#[test]
fn enough_witnesses_are_asked_for() {
    let log = Log::new(5);
    let text = log.head().to_text();
    let witnesses = [1, 2, 3].map(|seed| Witness::new(seed, &format!("w{seed}.example")));
    let keys: Vec<WitnessKey> = witnesses.iter().map(|witness| witness.key.clone()).collect();
    let note = log.sign(&text);
    assert_eq!(cosigned(&note, &keys, 0), Ok(vec![]));
    let few = Err(LogError::Witnesses { quorum: 2, got: 1 });
    let one = format!("{note}{}", witnesses[2].line(1_679_315_147, &text));
    assert_eq!(cosigned(&one, &keys, 2), few);
    let found = cosigned(&one, &keys, 1).unwrap();
    assert_eq!(
        (found.len(), found[0].witness, found[0].time),
        (1, &keys[2], 1_679_315_147)
    );
    // Twice the same witness, or its key under another name, is one witness.
    let renamed = Witness::new(3, "other.example");
    let again = format!("{one}{}{}", witnesses[2].line(7, &text), renamed.line(7, &text));
    let named = [keys.as_slice(), &[renamed.key]].concat();
    assert_eq!(cosigned(&again, &named, 2), few);
    let two = format!("{one}{}", witnesses[0].line(8, &text));
    assert_eq!(cosigned(&two, &keys, 2).unwrap().len(), 2);
    // Strangers do not count, and the log's own signature is none of a witness.
    assert_eq!(
        cosigned(&two, &keys[1..2], 1),
        Err(LogError::Witnesses { quorum: 1, got: 0 })
    );
    assert_eq!(Checkpoint::from_note(&two, &log.key), Ok(log.head()));
}

#[test]
fn a_false_cosignature_refuses_the_note() {
    let log = Log::new(5);
    let text = log.head().to_text();
    let witness = Witness::new(1, "w.example");
    let keys = [witness.key.clone()];
    let of = |line: String| cosigned(&format!("{}{line}", log.sign(&text)), &keys, 1).map(|found| found.len());
    assert_eq!(of(witness.line(5, &text)), Ok(1));
    let other = log.sign(&text).replace("\n5\n", "\n6\n");
    assert_eq!(of(witness.line(5, &other)), Err(LogError::Signature));
    // A time that was not signed, one beyond the standard's bound, no room for a time.
    let mut bytes = 6u64.to_be_bytes().to_vec();
    bytes.extend(*witness.pair.sk.sign(cosigned_message(5, &text), None));
    assert_eq!(of(witness.key.signature_line(&bytes)), Err(LogError::Signature));
    assert_eq!(of(witness.line(1 << 63, &text)), Err(LogError::Signature));
    assert_eq!(of(witness.key.signature_line(&[0; 7])), Err(LogError::Signature));
    // A plain signature under the same key has another id.
    let plain = LogKey::new("w.example", *witness.pair.pk).unwrap();
    let line = plain.signature_line(witness.pair.sk.sign(&text, None).as_slice());
    assert_eq!(of(line), Err(LogError::Witnesses { quorum: 1, got: 0 }));
}

#[test]
fn keys_of_logs_and_witnesses_are_told_apart() {
    let witness = Witness::new(1, "w.example").key;
    let text = witness.to_string();
    assert_eq!(text.parse(), Ok(witness));
    assert!(matches!(text.parse::<LogKey>(), Err(LogError::Key { reason }) if reason.contains("witness")));
    let log = Log::new(0).key.to_string();
    assert!(matches!(log.parse::<WitnessKey>(), Err(LogError::Key { reason }) if reason.contains("log")));
    assert_eq!(COSIGNATURE, 4);
}

/// The example of the standard.
#[test]
fn the_message_is_that_of_the_standard() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let message = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
                   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    assert_eq!(cosigned_message(1_679_315_147, text), message);
}

/// 16 signatures of nearly 5000 bytes have to be accepted.
#[test]
fn notes_with_many_long_signatures_are_read() {
    let log = Log::new(5);
    let mut note = log.sign(&log.head().to_text());
    for n in 0..15 {
        let stranger = WitnessKey::new(&format!("witness-{n}.example/post-quantum"), [n; 32]).unwrap();
        note.push_str(&stranger.signature_line(&[7; 4990]));
    }
    assert_eq!(Checkpoint::from_note(&note, &log.key), Ok(log.head()));
}

#[test]
fn an_extra_line_is_read_and_vouches_for_nothing() {
    let log = Log::new(5);
    let proof = InclusionProof {
        extra: b"context".to_vec(),
        ..log.proof(3)
    };
    let text = proof.to_text();
    assert!(
        text.starts_with("c2sp.org/tlog-proof@v1\nextra Y29udGV4dA==\nindex 3\n"),
        "{text}"
    );
    assert_eq!(InclusionProof::from_text(&text), Ok(proof.clone()));
    let entry: &Entry = &log.entries[3];
    assert_eq!(proof.verify(entry, &log.key), log.proof(3).verify(entry, &log.key));
    for bad in [
        "extra ",
        "extra",
        "extra Y29udGV4dA",
        "extra Y29udGV4dA==\nextra Y29udGV4dA==",
        "Extra AAAA",
    ] {
        let text = text.replace("extra Y29udGV4dA==", bad);
        assert!(
            matches!(InclusionProof::from_text(&text), Err(LogError::Malformed { .. })),
            "{bad}"
        );
    }
}
