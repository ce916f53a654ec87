//! Cosignatures that are brought to the service, and served with the checkpoint that they are of.

use crate::harness::{eventually, Answer, Service};
use provenn_service::bytes::hex;
use provenn_service::server::keys::Scope;
use provenn_service::server::tlog::key::Witness;
use provenn_verifier::tlog::{cosigned, Checkpoint, Entry, EntryKind, InclusionProof, LogKey, WitnessKey};
use serde_json::json;
use sha2::{Digest, Sha256};

const TIME: u64 = 1_800_000_000;

fn text(answer: Answer) -> String {
    assert_eq!(answer.status.as_u16(), 200);
    String::from_utf8(answer.body).unwrap()
}

/// A note with one more signature.
fn signed(note: &str, witness: &Witness) -> String {
    let (body, _) = note.rsplit_once("\n\n").unwrap();
    format!("{note}{}", witness.cosign(TIME, &format!("{body}\n")))
}

#[tokio::test(flavor = "multi_thread")]
async fn known_witnesses_are_served_with_their_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let witness = |name: &str| Witness::make(&format!("{name}.example"), &folder.path().join(name)).unwrap();
    let (one, two, stranger) = (witness("one"), witness("two"), witness("stranger"));
    let known: Vec<WitnessKey> = vec![one.key.clone(), two.key.clone()];
    let service = Service::start(|config| config.log.witnesses = known.iter().map(ToString::to_string).collect()).await;
    let anybody = async |path: &str| service.call("GET", path, &[], "").await;
    let alice = service.alice().await;
    let bring = async |note: String| alice.call("POST", "/v1/log/cosignatures", note).await;
    let grown = async |size: u64| {
        let key: LogKey = anybody("/v1/log").await.json(200)["key"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        eventually(async || {
            let answer = anybody("/checkpoint").await;
            let note = String::from_utf8(answer.body).unwrap();
            let checkpoint = Checkpoint::from_note(&note, &key);
            checkpoint
                .is_ok_and(|checkpoint| checkpoint.size == size)
                .then_some(note)
        })
        .await
    };
    let model = alice.model("public").await;
    let card = alice.get(&format!("/v1/models/{}/card", model.0)).await.body;
    let first = grown(1).await;
    let signer = service.app.tlog.signer.as_ref().unwrap();

    // Nothing of strangers, of another log, of another tree, or with a signature that does not hold.
    bring(first.clone()).await.problem(422, "log-witnesses");
    bring(signed(&first, &stranger)).await.problem(422, "log-witnesses");
    let other = |size| {
        signer.sign(&Checkpoint {
            origin: signer.key.name().into(),
            size,
            root: [7; 32],
        })
    };
    for size in [1, 2] {
        bring(signed(&other(size), &one)).await.problem(422, "log-fork");
    }
    let (moved, _) = first.rsplit_once("\n\n").unwrap();
    let wrong = format!("{first}{}", one.cosign(TIME, &format!("{moved}x\n")));
    bring(wrong).await.problem(422, "log-signature");
    bring("no note".into()).await.problem(422, "log-malformed");
    let reader = service.client("alice", &[Scope::Read, Scope::Prove]).await;
    let refused = reader.call("POST", "/v1/log/cosignatures", signed(&first, &one)).await;
    refused.problem(403, "forbidden");
    assert_eq!(text(anybody("/checkpoint").await), first);
    anybody("/checkpoint?witnesses=1").await.problem(409, "log-pending");

    // What a stranger adds is left out; what is brought twice is there once.
    for _ in 0..2 {
        let answer = bring(signed(&signed(&first, &stranger), &one)).await.json(200);
        assert_eq!(answer, json!({ "size": 1, "witnesses": [one.key.to_string()] }));
    }
    assert_eq!(text(anybody("/checkpoint").await), signed(&first, &one));
    assert_eq!(text(anybody("/checkpoint?witnesses=1").await), signed(&first, &one));
    anybody("/checkpoint?witnesses=2").await.problem(409, "log-pending");

    // The log goes on: the newest checkpoint has no cosignature yet, and the one that has is still served, with proofs to it.
    let place = alice.prove(&model, "bob").await.headers["location"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(alice.finished(&place).await["state"], "done");
    let second = grown(2).await;
    assert_eq!(second, text(anybody("/checkpoint").await));
    assert_eq!(text(anybody("/checkpoint?witnesses=1").await), signed(&first, &one));
    let proof = format!("/v1/log/proofs/{}", hex(&Sha256::digest(&card)));
    let entry = Entry::of(EntryKind::Card, &card);
    for (query, size, witnesses) in [("", 2, 0), ("?witnesses=1", 1, 1)] {
        let proof = InclusionProof::from_text(&text(anybody(&format!("{proof}{query}")).await)).unwrap();
        assert_eq!(proof.verify(&entry, &signer.key).unwrap().checkpoint().size, size);
        assert_eq!(cosigned(&proof.checkpoint, &known, 0).unwrap().len(), witnesses);
    }
    let receipt = alice.get(&format!("{place}/receipt")).await.body;
    let late = format!("/v1/log/proofs/{}?witnesses=1", hex(&Sha256::digest(&receipt)));
    anybody(&late).await.problem(409, "log-pending");
    bring(signed(&second, &two)).await.json(200);
    bring(signed(&second, &one)).await.json(200);
    let seen = text(anybody("/checkpoint?witnesses=2").await);
    assert_eq!(
        (seen.as_str(), cosigned(&seen, &known, 2).unwrap().len()),
        (text(anybody("/checkpoint").await).as_str(), 2)
    );
    let proof = InclusionProof::from_text(&text(anybody(&late).await)).unwrap();
    assert_eq!(proof.checkpoint, seen);
    proof
        .verify(&Entry::of(EntryKind::Receipt, &receipt), &signer.key)
        .unwrap();
}
