//! The document that clients are made from.

use crate::harness::Service;
use provenn_service::server::api::document;
use std::path::Path;

/// Changing the API changes this file; `PROVENN_UPDATE=1` writes it again.
#[test]
fn the_document_is_as_recorded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
    if std::env::var_os("PROVENN_UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == recorded,
        "the API changed: run this test with PROVENN_UPDATE=1 and look at the difference"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_shows_its_document() {
    let service = Service::start(|_| {}).await;
    let shown = service.call("GET", "/openapi.json", &[], "").await.json(200);
    assert_eq!(shown, serde_json::to_value(document()).unwrap());
}
