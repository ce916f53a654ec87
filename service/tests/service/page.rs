//! The page, and what only it asks for: lists and the graph.

use crate::harness::Service;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_there_for_everybody_under_its_policy() {
    let service = Service::start(|_| {}).await;
    for path in [
        "/",
        "/cards/alice/digits/1",
        "/assets/app.js",
        "/assets/base.css",
        "/assets/icon.svg",
    ] {
        let answer = service.call("GET", path, &[], "").await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"),
            "{policy}"
        );
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        let tag = answer.headers["etag"].to_str().unwrap();
        let again = service.call("GET", path, &[("if-none-match", tag)], "").await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path}");
    }
    service
        .call("GET", "/assets/none.js", &[], "")
        .await
        .problem(404, "no-route");
    let page = service.call("GET", "/", &[], "").await.body;
    let page = String::from_utf8(page).unwrap();
    assert!(!page.contains("{{"), "{page}");
    // The digest of the module in the page is that of the module, or there is none.
    let module = service.call("GET", "/assets/verifier.wasm", &[], "").await;
    let digest = match module.status.as_u16() {
        200 => provenn_service::bytes::hex(&<sha2::Sha256 as sha2::Digest>::digest(&module.body)),
        _ => String::new(),
    };
    assert!(page.contains(&format!("data-module=\"{digest}\"")), "{page}");
    // It names no folder of the machine that it was built on.
    let text = String::from_utf8_lossy(&module.body);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for folder in [folder.to_str().unwrap(), ".cargo/registry"] {
        assert!(!text.contains(folder), "{folder}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_graph() {
    let service = Service::start(|_| {}).await;
    let (alice, mallory) = (
        service.alice().await,
        service
            .client("mallory", &[provenn_service::server::keys::Scope::Read])
            .await,
    );
    let model = alice.model("public").await;
    let listed = alice.get("/v1/models").await.json(200);
    assert_eq!(listed["tenant"], "alice");
    assert_eq!(listed["models"][0]["commits"][0]["model_id"], model.0);
    assert_eq!(listed["models"][0]["summary"]["graph"], json!(null));
    assert_eq!(mallory.get("/v1/models").await.json(200)["models"], json!([]));

    let source = listed["models"][0]["sha256"].as_str().unwrap();
    let graph = alice.get(&format!("/v1/models/{source}/graph")).await.json(200);
    assert_eq!(
        graph,
        alice.get(&format!("/v1/models/{}/graph", model.0)).await.json(200)
    );
    let parameters: u64 = graph["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["parameters"].as_u64().unwrap())
        .sum();
    assert_eq!(parameters, listed["models"][0]["summary"]["parameters"]);

    // A model of a service that kept no graphs yet; the same file again brings it.
    let place = format!("/v1/models/{source}/graph");
    forget_graphs(&service).await;
    alice.get(&place).await.problem(404, "no-graph");
    alice
        .get(&format!("/v1/models/{}/graph", model.0))
        .await
        .problem(404, "no-graph");
    mallory.get(&place).await.problem(404, "not-found");
    alice.put_fixture("models", "models/linear_30.onnx").await;
    assert_eq!(alice.get(&place).await.json(200), graph);
    assert_eq!(alice.get("/v1/models").await.json(200), listed);

    let mut places = vec![];
    for audience in ["a", "b", "c"] {
        let answer = alice.prove(&model, audience).await;
        places.push(answer.json(202)["id"].as_str().unwrap().to_owned());
    }
    let ids = |list: &serde_json::Value| -> Vec<String> {
        let jobs = list["jobs"].as_array().unwrap().iter();
        jobs.map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = ids(&alice.get("/v1/jobs").await.json(200));
    // Three proofs and the commitment, newest first; pages of two make the same list.
    assert!(
        all.len() == 4 && all.is_sorted_by(|newer, older| newer > older),
        "{all:?}"
    );
    assert!(places.iter().all(|id| all.contains(id)), "{all:?}");
    let first = ids(&alice.get("/v1/jobs?limit=2").await.json(200));
    let second = ids(&alice
        .get(&format!("/v1/jobs?limit=2&before={}", first[1]))
        .await
        .json(200));
    assert_eq!([first, second].concat(), all);
    alice.get("/v1/jobs?limit=0").await.problem(400, "bad-request");
    assert_eq!(mallory.get("/v1/jobs").await.json(200)["jobs"], json!([]));
}

async fn forget_graphs(service: &Service) {
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&service.app.config.database_url())
        .await
        .unwrap();
    sqlx::query("DELETE FROM graphs").execute(&pool).await.unwrap();
}
