//! The transparency log as verifiers and monitors meet it.

use crate::harness::{eventually, Service};
use provenn_service::bytes::hex;
use provenn_verifier::tlog::{Checkpoint, ConsistencyProof, Entry, EntryKind, InclusionProof, LogKey};
use serde_json::json;
use sha2::{Digest, Sha256};

#[tokio::test(flavor = "multi_thread")]
async fn cards_and_receipts_are_logged_and_proven_offline() {
    let service = Service::start(|config| config.log.origin = "log.test/one".into()).await;
    let anybody = async |path: &str| service.call("GET", path, &[], "").await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let place = alice.prove(&model, "bob").await.headers["location"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(alice.finished(&place).await["state"], "done");
    let card = alice.get(&format!("/v1/models/{}/card", model.0)).await.body;
    let receipt = alice.get(&format!("{place}/receipt")).await.body;

    let shown = eventually(async || {
        let shown = anybody("/v1/log").await.json(200);
        (shown["size"] == 2).then_some(shown)
    })
    .await;
    let key: LogKey = shown["key"].as_str().unwrap().parse().unwrap();
    assert_eq!((key.name(), &shown["pending"]), ("log.test/one", &json!(0)));
    let note = anybody("/checkpoint").await;
    assert_eq!(note.headers["content-type"], "text/plain; charset=utf-8");
    let note = String::from_utf8(note.body).unwrap();
    let head = Checkpoint::from_note(&note, &key).unwrap();
    assert_eq!(head.size, 2);

    let things = [(EntryKind::Card, &card), (EntryKind::Receipt, &receipt)];
    for (index, (kind, bytes)) in (0u64..).zip(things) {
        let sha256 = hex(&Sha256::digest(bytes));
        let text = String::from_utf8(anybody(&format!("/v1/log/proofs/{sha256}")).await.body).unwrap();
        let logged = InclusionProof::from_text(&text)
            .unwrap()
            .verify(&Entry::of(kind, bytes), &key)
            .unwrap();
        assert_eq!((logged.index(), logged.checkpoint()), (index, &head));
    }
    // A monitor recomputes the root from the entries, and sees that the log grew from its first entry.
    let bundle = anybody("/tile/entries/000.p/2").await;
    assert_eq!(bundle.headers["content-type"], "application/octet-stream");
    let entries: Vec<Entry> = bundle
        .body
        .chunks(41)
        .map(|e| Entry::from_bytes(&e[2..]).unwrap())
        .collect();
    assert_eq!(entries, things.map(|(kind, bytes)| Entry::of(kind, bytes)));
    let tile = anybody("/tile/0/000.p/2").await.body;
    assert_eq!(tile, entries.iter().flat_map(Entry::leaf).collect::<Vec<u8>>());
    let old = Checkpoint {
        size: 1,
        root: entries[0].leaf(),
        ..head.clone()
    };
    let proof = anybody("/v1/log/consistency?old=1&new=2").await.body;
    let proof = ConsistencyProof::from_text(std::str::from_utf8(&proof).unwrap()).unwrap();
    assert_eq!(proof.verify(&old, &head), Ok(()));

    for missing in [
        "/tile/0/000",
        "/tile/0/000.p/3",
        "/tile/1/000.p/1",
        "/tile/0/0",
        "/tile/entries/001",
        "/tile/../checkpoint",
    ] {
        anybody(missing).await.problem(404, "not-found");
    }
    let unknown = hex(&Sha256::digest(b"unknown"));
    anybody(&format!("/v1/log/proofs/{unknown}"))
        .await
        .problem(404, "not-found");
    for bad in ["old=2&new=1", "old=1&new=3", "old=1", "old=x&new=2"] {
        anybody(&format!("/v1/log/consistency?{bad}"))
            .await
            .problem(400, "bad-request");
    }
}

/// What was not published is not in the log: a receipt that is wrong, a job that was cancelled.
#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_published_is_logged() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let outside = br#"{"shape":[30],"values":[1e6,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}"#;
    let (far, _) = alice.put("inputs", outside.to_vec()).await;
    let answer = alice.prove(&(model.0, far), "bob").await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "failed");
    let head = service.app.db.log_head().await.unwrap();
    assert_eq!(head.entries, 1, "only the card");
}

/// Witnesses cosign what extends what they signed before, and verifiers ask for as many of them as they like.
#[tokio::test(flavor = "multi_thread")]
async fn witnesses_cosign_proofs() {
    let service = Service::start(|_| {}).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = service.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let at = |name: &str| service.folder.path().join(name).display().to_string();
    let log = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_provenn"));
        let output = command.args(["--json", "log"]).args(arguments).output().await.unwrap();
        let report = serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();
        (output.status.code().unwrap(), report)
    };
    let alice = service.alice().await;
    let (model, _) = alice.model("public").await;
    let card = alice.get(&format!("/v1/models/{model}/card")).await.body;
    std::fs::write(at("card"), &card).unwrap();
    let address = format!("/v1/log/proofs/{}", hex(&Sha256::digest(&card)));
    let proof = eventually(async || {
        let answer = service.call("GET", &address, &[], "").await;
        answer.status.is_success().then_some(answer.body)
    })
    .await;
    std::fs::write(at("proof"), &proof).unwrap();
    let signer = service.app.tlog.signer.as_ref().unwrap();
    let key = signer.key.to_string();
    let mut witnesses = Vec::new();
    for name in ["one", "two"] {
        let (exit, made) = log(&["witness", "--name", &format!("{name}.example"), "--out", &at(name)]).await;
        assert_eq!(exit, 0);
        witnesses.push(made["key"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        log(&["witness", "--name", "one.example", "--out", &at("one")]).await.0,
        2
    );
    let cosign = async |file: &str, witness: &str| {
        let (file, private, state) = (at(file), at(witness), at(&format!("{witness}.state")));
        let more = ["--witness-key", &private, "--state", &state];
        log(&[&["cosign", &file, "--url", &url, "--key", &key][..], &more].concat()).await
    };
    let verify = async |quorum: &str| {
        let (card, proof) = (at("card"), at("proof"));
        let more = [
            "--witness",
            &witnesses[0],
            "--witness",
            &witnesses[1],
            "--quorum",
            quorum,
        ];
        log(&[&["verify", &card, "--proof", &proof, "--key", &key][..], &more].concat()).await
    };
    assert_eq!(verify("1").await.1["error"]["code"], "log-witnesses");
    let (exit, report) = cosign("proof", "one").await;
    assert_eq!((exit, &report["last"]), (0, &json!(null)), "{report}");
    let (exit, report) = verify("1").await;
    assert_eq!(
        (exit, &report["cosigned"][0]["witness"]),
        (0, &json!("one.example")),
        "{report}"
    );
    assert_eq!(verify("2").await.0, 3);
    assert_eq!(cosign("proof", "two").await.0, 0);
    assert_eq!(verify("2").await.1["cosigned"].as_array().unwrap().len(), 2);
    // Again, after itself; then another tree of that size, and a smaller one.
    assert_eq!(cosign("proof", "one").await.1["last"], 1);
    for (size, code) in [(1, "log-fork"), (0, "log-shrunk")] {
        let other = Checkpoint {
            origin: signer.key.name().into(),
            size,
            root: [7; 32],
        };
        let note = signer.sign(&other);
        std::fs::write(at("other"), &note).unwrap();
        assert_eq!(cosign("other", "one").await.1["error"]["code"], code);
        assert_eq!(std::fs::read_to_string(at("other")).unwrap(), note, "nothing is added");
    }
}

/// `provenn log`, against a service on a socket.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_verifies_and_monitors() {
    let service = Service::start(|_| {}).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = service.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let at = |name: &str| service.folder.path().join(name).display().to_string();
    let log = async |arguments: &[&str], exit: i32| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_provenn"));
        let output = command.args(["--json", "log"]).args(arguments).output().await.unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {error}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report
    };
    let alice = service.alice().await;
    let signer = service.app.tlog.signer.as_ref().unwrap();
    let (key, state) = (signer.key.to_string(), at("last"));
    let pass = |n: i64| {
        let app = service.app.clone();
        async move { eventually(async || (app.db.log_head().await.unwrap().size == n).then_some(())).await }
    };
    eventually(async || (!service.app.db.log_head().await.unwrap().checkpoint.is_empty()).then_some(())).await;
    let monitor = ["monitor", &url, "--key", &key, "--state", &state];
    let first = log(&monitor, 0).await;
    assert_eq!((&first["consistent"], &first["new"]), (&json!(false), &json!(0)));

    let model = alice.model("public").await;
    let place = alice.prove(&model, "bob").await.headers["location"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(alice.finished(&place).await["state"], "done");
    pass(2).await;
    let grown = log(&monitor, 0).await;
    assert_eq!(
        (&grown["consistent"], &grown["old"], &grown["new"]),
        (&json!(true), &json!(0), &json!(2))
    );
    assert_eq!(log(&monitor, 0).await["old"], 2);

    let card = alice.get(&format!("/v1/models/{}/card", model.0)).await.body;
    let receipt = alice.get(&format!("{place}/receipt")).await.body;
    for (name, bytes) in [("card", &card), ("receipt", &receipt)] {
        std::fs::write(at(name), bytes).unwrap();
        let path = format!("/v1/log/proofs/{}", hex(&Sha256::digest(bytes)));
        std::fs::write(
            at(&format!("{name}.proof")),
            service.call("GET", &path, &[], "").await.body,
        )
        .unwrap();
    }
    let other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let verify = async |file: &str, proof: &str, key: &str, exit| {
        log(&["verify", &at(file), "--proof", &at(proof), "--key", key], exit).await
    };
    for (name, index) in [("card", 0), ("receipt", 1)] {
        let logged = verify(name, &format!("{name}.proof"), &key, 0).await;
        assert_eq!(
            (&logged["logged"], &logged["index"], &logged["size"]),
            (&json!(true), &json!(index), &json!(2))
        );
    }
    assert_eq!(
        verify("receipt", "card.proof", &key, 3).await["error"]["code"],
        "log-not-included"
    );
    assert_eq!(
        verify("receipt", "receipt.proof", other, 3).await["error"]["code"],
        "log-unsigned"
    );
    assert_eq!(
        verify("receipt.proof", "receipt.proof", &key, 3).await["error"]["code"],
        "bad-magic"
    );
    assert_eq!(verify("receipt", "receipt", &key, 3).await["error"]["code"], "bad-utf8");

    // For some time, with more than one look.
    let watch = [&monitor[..], &["--for", "2", "--every", "1"]].concat();
    let watched = log(&watch, 0).await;
    assert!(watched["looks"].as_u64() > Some(1), "{watched}");

    // What the log signed before, had it forked or shrunk since.
    for (size, root, code, exit) in [
        (1, [7; 32], "log-fork", 6),
        (2, [7; 32], "log-fork", 6),
        (3, [0; 32], "log-shrunk", 3),
    ] {
        let forked = Checkpoint {
            origin: signer.key.name().into(),
            size,
            root,
        };
        let old = signer.sign(&forked);
        std::fs::write(&state, &old).unwrap();
        assert_eq!(log(&monitor, exit).await["error"]["code"], code);
        // Both notes are kept, for others to check.
        let evidence = std::fs::read_to_string(format!("{state}.fork")).unwrap();
        let new = service.app.db.log_head().await.unwrap().checkpoint;
        assert_eq!(evidence, format!("{old}\n{new}"));
    }
    assert_eq!(
        std::fs::read_to_string(&state).unwrap().lines().nth(1),
        Some("3"),
        "the state is kept"
    );
}
