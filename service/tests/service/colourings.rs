//! Colourings: the way from two uploads to a verdict, what is refused with which words, and what others see of it.

use crate::harness::{eventually, Answer, Client, Service};
use provenn_service::bytes::hex;
use provenn_service::color::dsatur::{find, Found};
use provenn_service::color::{generate, graph, solution};
use provenn_service::server::clock::Clock;
use provenn_service::server::keys::Scope;
use provenn_verifier::{verify, Expectation, Graph, Receipt, SrsVerifyingKey};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};

pub async fn upload(client: &Client<'_>, form: &str, text: &str) -> (String, Answer) {
    let sha256 = hex(&Sha256::digest(text));
    let path = format!("/v1/inputs/{sha256}?form={form}");
    let answer = client.call("PUT", &path, text.to_owned()).await;
    (sha256, answer)
}

/// A board of 25 squares, and a colouring of it.
struct Board {
    graph: Graph,
    text: String,
    colours: Vec<u8>,
}

fn board() -> Board {
    let graph = generate::queens(5).unwrap().graph;
    let Found::Colours(colours) = find(&graph, 5, 0, 1 << 20) else {
        panic!()
    };
    Board {
        text: graph::dimacs(&graph, "board"),
        graph,
        colours,
    }
}

/// Uploads a graph and a colouring.
pub async fn both(client: &Client<'_>, graph: &str, colouring: &str) -> (String, String) {
    let (graph, answer) = upload(client, "graph", graph).await;
    assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
    let (colouring, answer) = upload(client, "colouring", colouring).await;
    assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
    (graph, colouring)
}

pub async fn ask(client: &Client<'_>, (graph, colouring): &(String, String), colours: u32) -> Answer {
    let context = json!({ "audience": "bob" });
    let asked = json!({ "graph": graph, "colouring": colouring, "colours": colours, "context": context });
    client.post("/v1/colourings", &asked).await
}

pub fn place(answer: &Answer) -> String {
    answer.json(202);
    answer.headers["location"].to_str().unwrap().into()
}

pub async fn judged(service: &Service, query: &str, receipt: &[u8], graph: &str) -> Answer {
    let body = json!({ "receipt": hex(receipt), "graph": graph }).to_string();
    let json = [("content-type", "application/json")];
    service.call("POST", &format!("/v1/verify?{query}"), &json, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colouring_is_proven_and_verifies() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let board = board();
    let files = both(&alice, &board.text, &solution::text(&board.colours)).await;
    let again = upload(&alice, "graph", &board.text).await.1.json(200);
    assert_eq!(
        again,
        json!({ "bytes": board.text.len(), "form": "graph", "vertices": 25, "edges": 160, "repeated": 0, "graph": hex(&board.graph.digest()) })
    );
    let place = place(&ask(&alice, &files, 5).await);
    assert!(place.starts_with("/v1/proofs/"));
    let job = alice.finished(&place).await;
    assert_eq!(
        (
            &job["state"],
            &job["kind"],
            &job["request"]["colours"],
            &job["forecast"]["k"]
        ),
        (&json!("done"), &json!("colouring"), &json!(5), &json!(5)),
        "{job}"
    );
    // The same statement is the same job.
    assert_eq!(ask(&alice, &files, 5).await.json(202)["id"], job["id"]);

    // With the verifier's own eyes, from receipt, graph and parameters.
    let receipt = alice.get(&format!("{place}/receipt")).await.body;
    let claim = Receipt::from_bytes(&receipt).unwrap().claim;
    assert_eq!(job["result"]["srs_id"], hex(&claim.srs_id));
    let srs = service
        .call("GET", &format!("/v1/srs/{}", hex(&claim.srs_id)), &[], "")
        .await;
    let srs = SrsVerifyingKey::from_bytes(&srs.body).unwrap();
    let expectation = Expectation {
        audience: Some("bob".into()),
        accept_dev: true,
        ..Expectation::default()
    };
    let verdict = verify(&receipt, &board.graph, &srs, &expectation).unwrap();
    assert_eq!(verdict.claim().context.audience, "bob");

    // By the service.
    let asks = "accept_dev=true&audience=bob&colours=5";
    let verdict = judged(&service, asks, &receipt, &board.text).await.json(200);
    assert_eq!(
        (&verdict["valid"], &verdict["dev"], &verdict["output"]["edges"]),
        (&json!(true), &json!(true), &json!(160))
    );
    let checked = |name: &str| {
        let mut checks = verdict["checks"].as_array().unwrap().iter();
        checks.find(|check| check["name"] == name).unwrap()["checked"].clone()
    };
    assert_eq!(
        ["proof", "graph", "colours", "srs", "audience", "nonce"].map(checked),
        [true, true, true, false, true, false].map(Value::from)
    );
    let other = board.text.replace("e 1 2\n", "");
    for (asks, graph, status, code) in [
        ("", &board.text, 422, "dev-srs"),
        ("accept_dev=true&colours=4", &board.text, 422, "colours-mismatch"),
        ("accept_dev=true&audience=eve", &board.text, 422, "context-mismatch"),
        ("accept_dev=true", &other, 422, "graph-mismatch"),
        ("accept_dev=true", &"hello".to_owned(), 422, "graph-file"),
        ("accept_dev=true&policy=label", &board.text, 400, "bad-request"),
    ] {
        judged(&service, asks, &receipt, graph).await.problem(status, code);
    }
    let srs = format!("accept_dev=true&srs={}", "0".repeat(64));
    judged(&service, &srs, &receipt, &board.text)
        .await
        .problem(422, "srs-mismatch");
    let alone = service
        .call("POST", "/v1/verify?accept_dev=true", &[], receipt.clone())
        .await;
    alone.problem(422, "statement-mismatch");
    let mixed = service.call("POST", "/v1/verify?colours=5", &[], receipt.clone()).await;
    mixed.problem(400, "bad-request");

    // One bit, and a place in the log.
    let ledger = alice.get("/v1/ledger").await.json(200);
    let account = &ledger["accounts"][0];
    assert_eq!(
        (
            &ledger["bits"],
            &account["policy"],
            &account["receipts"],
            &account["model"]
        ),
        (
            &json!(1.0),
            &json!("colouring:5"),
            &json!(1),
            &json!(hex(&board.graph.digest()))
        )
    );
    assert_eq!(ledger["files"][0]["file"], json!(files.1));
    let logged = format!("/v1/log/proofs/{}", hex(&Sha256::digest(&receipt)));
    eventually(async || (service.call("GET", &logged, &[], "").await.status == 200).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_see_nothing_of_it() {
    let service = Service::start(|_| {}).await;
    let (alice, eve) = (service.alice().await, service.client("eve", &Scope::ALL).await);
    let board = board();
    let files = both(&alice, &board.text, &solution::text(&board.colours)).await;
    let place = place(&ask(&alice, &files, 5).await);
    alice.finished(&place).await;
    for path in [place.clone(), format!("{place}/events"), format!("{place}/receipt")] {
        eve.get(&path).await.problem(404, "not-found");
    }
    eve.call("DELETE", &place, "").await.problem(404, "not-found");
    ask(&eve, &files, 5).await.problem(404, "not-found");
    // Nor does it help to have the graph, or a file of the same name.
    let hers = both(&eve, &board.text, "0\n1\n").await;
    ask(&eve, &(hers.0, files.1), 5).await.problem(404, "not-found");
    assert_eq!(eve.get("/v1/ledger").await.json(200)["accounts"], json!([]));
    let reader = service.client("alice", &[Scope::Read]).await;
    let files = both(&alice, &board.text, &solution::text(&board.colours)).await;
    ask(&reader, &files, 4).await.problem(403, "forbidden");
}

/// Which edge is wrong, or that a colour is too many, would say something of the colouring to whoever may ask for proofs.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_colouring_has_one_answer() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let board = board();
    let mut improper = board.colours.clone();
    improper[1] = improper[0];
    let improper = both(&alice, &board.text, &solution::text(&improper)).await;
    let proper = both(&alice, &board.text, &solution::text(&board.colours)).await;
    let mut problems = vec![];
    for (files, colours) in [(&improper, 5), (&proper, 4)] {
        let job = alice.finished(&place(&ask(&alice, files, colours).await)).await;
        assert_eq!(
            (&job["state"], &job["error"]["code"]),
            (&json!("failed"), &json!("not-provable"))
        );
        let text = job["error"].to_string();
        assert!(!text.contains("vertices") && !text.contains("colour 0"), "{text}");
        problems.push(text);
    }
    assert_eq!(problems[0], problems[1]);
    // That there is no receipt is an answer too.
    let ledger = alice.get("/v1/ledger").await.json(200);
    assert_eq!((&ledger["bits"], &ledger["reserved_bits"]), (&json!(2.0), &json!(0.0)));
    // A key without bits asks for nothing.
    let budget = format!("/v1/ledger/requesters/{}", alice.id());
    alice
        .call("PUT", &budget, json!({ "bits": 2.5 }).to_string())
        .await
        .json(200);
    ask(&alice, &proper, 5).await.problem(422, "budget-exceeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_graph_or_too_large_is_refused() {
    let service = Service::with_clock(Clock::System, false, |config| {
        config.limits.graph_vertices = 1000;
        config.limits.graph_edges = 3;
    })
    .await;
    let alice = service.alice().await;
    let many = "0\n".repeat(1001);
    for (form, text, code, said) in [
        (
            "graph",
            "p edge 4000000000 0\n",
            "graph-too-large",
            "4000000000 vertices",
        ),
        ("graph", "0 1\n0 2\n0 3\n0 4\n", "graph-too-large", "4 edges"),
        (
            "graph",
            "0 1\n1 0\n0 1\n1 0\n0 1\n1 0\n0 1\nno edge",
            "graph-too-large",
            "lists more than 6 edges",
        ),
        (
            "graph",
            r#"{"edges": [{"source": 0, "target": 1}, {"source": 0, "target": 1}, {"source": 0, "target": 1},
                {"source": 0, "target": 1}, {"source": 0, "target": 1}, {"source": 0, "target": 1}, {"source": 0, "target": 1}, no"#,
            "graph-too-large",
            "lists more than 6 edges",
        ),
        ("colouring", many.as_str(), "graph-too-large", "1001 vertices"),
        ("graph", "p edge 4 1\ne 1 9\n", "graph-file", "line 2: vertex 9"),
        ("colouring", "0\nred\n", "colours-file", "line 2: `red`"),
        ("tensor", "0 1\n", "sample", ""),
    ] {
        let refused = upload(&alice, form, text).await.1.problem(422, code);
        assert!(refused["detail"].as_str().unwrap().contains(said), "{refused}");
    }
    upload(&alice, "picture", "0 1\n").await.1.problem(400, "bad-request");
    let files = both(&alice, "0 1\n1 2\n", "0\n1\n").await;
    let short = ask(&alice, &files, 3).await.problem(422, "colouring-length");
    assert_eq!(short["detail"], "2 colours for 3 vertices");
    let files = both(&alice, "0 1\n1 2\n", "0\n1\n0\n").await;
    for colours in [0, 1, 17] {
        ask(&alice, &files, colours).await.problem(422, "colours-out-of-range");
    }
    // A graph is no colouring, and neither is a tensor one of both.
    let swapped = (files.1.clone(), files.0.clone());
    ask(&alice, &swapped, 3).await.problem(404, "not-found");
    // What a job needs stays; what it was cancelled for goes.
    let place = place(&ask(&alice, &files, 3).await);
    let secret = format!("/v1/inputs/{}", files.1);
    alice.call("DELETE", &secret, "").await.problem(409, "in-use");
    assert_eq!(alice.call("DELETE", &place, "").await.status.as_u16(), 204);
    assert_eq!(alice.call("DELETE", &secret, "").await.status.as_u16(), 204);
    ask(&alice, &files, 3).await.problem(404, "not-found");
    assert_eq!(alice.get("/v1/ledger").await.json(200)["bits"], 0.0);
}

/// A forecast beyond the limits, or the end of the receipt, is known before anything is begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_would_cost_too_much_is_refused() {
    let service = Service::with_clock(Clock::System, false, |config| config.limits.forecast_cpu_seconds = 0.1).await;
    let alice = service.alice().await;
    let files = both(&alice, "p edge 100000 1\ne 1 2\n", &"0\n1\n".repeat(50_000)).await;
    ask(&alice, &files, 2).await.problem(422, "forecast-exceeds-limit");
    let files = both(&alice, "0 1\n", "0\n1\n").await;
    let asked = json!({ "graph": files.0, "colouring": files.1, "colours": 2, "context": { "not_after": 1 } });
    alice
        .post("/v1/colourings", &asked)
        .await
        .problem(422, "forecast-exceeds-deadline");
}

/// As other receipts: the job stays while its receipt does.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_stays_while_its_receipt_does() {
    let service = Service::start(|config| config.limits.graph_edges = 1).await;
    let alice = service.alice().await;
    let files = both(&alice, "0 1\n", "0\n1\n").await;
    let place = place(&ask(&alice, &files, 2).await);
    assert_eq!(alice.finished(&place).await["state"], "done");
    let receipt = alice.get(&format!("{place}/receipt")).await.body;
    judged(&service, "accept_dev=true", &receipt, "1 0\n").await.json(200);
    let large = judged(&service, "accept_dev=true", &receipt, "0 1\n1 2\n").await;
    large.problem(422, "graph-too-large");
    let later = service.app.now() + 1000;
    assert_eq!(service.app.db.remove_jobs(later).await.unwrap(), 0);
    assert_eq!(service.app.db.remove_receipts(later, later).await.unwrap(), 1);
    alice.get(&format!("{place}/receipt")).await.problem(410, "removed");
    assert_eq!(service.app.db.remove_jobs(later).await.unwrap(), 1);
    // The ledger's entry stays.
    assert_eq!(alice.get("/v1/ledger").await.json(200)["bits"], 1.0);
}
