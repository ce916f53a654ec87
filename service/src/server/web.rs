//! The service's page: files of `service/web` and of the verifier's page, embedded. It needs no key and holds no data;
//! what it shows it asks of the API.

use super::api::BYTES;
use super::state::App;
use crate::commands::demo;
use axum::extract::Path;
use axum::http::{header, HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::Router;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The verifier for browsers; empty if this build has none.
static MODULE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/verifier.wasm"));

/// The page can run its own scripts and the module, talk to its own origin, and do nothing else. No text of a file or an
/// answer is ever parsed as markup.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
                      img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// Headers of every file.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-cache"),
];

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const fn asset(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { name, kind, bytes }
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! own {
    ($name:literal) => {
        include_bytes!(concat!("../../web/", $name))
    };
}

macro_rules! verifier {
    ($name:literal) => {
        include_bytes!(concat!("../../../verifier/wasm/web/", $name))
    };
}

static ASSETS: [Asset; 38] = [
    asset("icon.svg", "image/svg+xml", own!("icon.svg")),
    asset("app.css", CSS, own!("app.css")),
    asset("app.js", JS, own!("app.js")),
    asset("again.js", JS, own!("again.js")),
    asset("agreements.js", JS, own!("agreements.js")),
    asset("api.js", JS, own!("api.js")),
    asset("card.js", JS, own!("card.js")),
    asset("colour.js", JS, own!("colour.js")),
    asset("commit.js", JS, own!("commit.js")),
    asset("cuts.js", JS, own!("cuts.js")),
    asset("dom.js", JS, own!("dom.js")),
    asset("examples.js", JS, own!("examples.js")),
    asset("files.js", JS, own!("files.js")),
    asset("format.js", JS, own!("format.js")),
    asset("graph.js", JS, own!("graph.js")),
    asset("job.js", JS, own!("job.js")),
    asset("jobs.js", JS, own!("jobs.js")),
    asset("key.js", JS, own!("key.js")),
    asset("layers.js", JS, own!("layers.js")),
    asset("ledger.js", JS, own!("ledger.js")),
    asset("log.js", JS, own!("log.js")),
    asset("model.js", JS, own!("model.js")),
    asset("models.js", JS, own!("models.js")),
    asset("names.js", JS, own!("names.js")),
    asset("policy.js", JS, own!("policy.js")),
    asset("prove.js", JS, own!("prove.js")),
    asset("receipt.js", JS, own!("receipt.js")),
    asset("removing.js", JS, own!("removing.js")),
    asset("storage.js", JS, own!("storage.js")),
    asset("tiles.js", JS, own!("tiles.js")),
    asset("verify.js", JS, own!("verify.js")),
    asset("base.css", CSS, verifier!("base.css")),
    asset("provenn.js", JS, verifier!("provenn.js")),
    asset("drawing.js", JS, verifier!("drawing.js")),
    asset("items.js", JS, verifier!("items.js")),
    asset("view.js", JS, verifier!("view.js")),
    asset("text.js", JS, verifier!("text.js")),
    asset("words.js", JS, verifier!("words.js")),
];

/// Files of the example that the page offers: those of `provenn demo`.
static EXAMPLES: [Asset; 4] = [
    asset("digits_cnn.onnx", BYTES, demo::MODEL),
    asset("digits_calibration.npy", BYTES, demo::CALIBRATION),
    asset("digits_test.npy", BYTES, demo::HELD_OUT),
    asset(
        "digits_cnn.json",
        "application/json",
        include_bytes!("../../../fixtures/inputs/digits_cnn.json"),
    ),
];

/// The page. Where a place within it needs an address of its own, the same file answers.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    let digest = match MODULE {
        [] => String::new(),
        module => crate::bytes::hex(&Sha256::digest(module)),
    };
    include_str!("../../web/index.html")
        .replace("{{module}}", &digest)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
});

pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(page))
        .route("/cards/{*place}", get(page))
        .route("/assets/verifier.wasm", get(module))
        .route("/assets/{name}", get(file))
        .route("/examples/{name}", get(example))
}

async fn page(headers: HeaderMap) -> Response {
    answer(&headers, "text/html; charset=utf-8", PAGE.as_bytes())
}

async fn module(headers: HeaderMap) -> Response {
    match MODULE {
        [] => super::api::no_route().await,
        module => answer(&headers, "application/wasm", module),
    }
}

async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    one(&ASSETS, &name, &headers).await
}

async fn example(Path(name): Path<String>, headers: HeaderMap) -> Response {
    one(&EXAMPLES, &name, &headers).await
}

async fn one(assets: &[Asset], name: &str, headers: &HeaderMap) -> Response {
    match assets.iter().find(|asset| asset.name == name) {
        Some(asset) => answer(headers, asset.kind, asset.bytes),
        None => super::api::no_route().await,
    }
}

/// A file, or only that the caller's copy is right.
fn answer(headers: &HeaderMap, kind: &'static str, bytes: &'static [u8]) -> Response {
    let tag = format!("\"{}\"", crate::bytes::hex(&Sha256::digest(bytes)));
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let common = (HEADERS, [(header::ETAG, tag)]);
    match known {
        true => (StatusCode::NOT_MODIFIED, common).into_response(),
        false => (common, [(header::CONTENT_TYPE, kind)], bytes).into_response(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::ASSETS;
    use std::collections::BTreeSet;

    /// Every script that a script or the page imports is served, and nothing else is.
    #[test]
    fn assets_are_what_the_page_asks_for() {
        let mut asked = BTreeSet::new();
        for text in ASSETS
            .iter()
            .map(|asset| asset.bytes)
            .chain([include_str!("../../web/index.html").as_bytes()])
        {
            let text = std::str::from_utf8(text).unwrap();
            for mark in [" from \"./", "\"/assets/"] {
                let names = text.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
                asked.extend(names.map(str::to_owned));
            }
        }
        asked.remove("verifier.wasm");
        let served: BTreeSet<String> = ASSETS.iter().map(|asset| asset.name.to_owned()).collect();
        assert_eq!(asked, served);
    }
}
