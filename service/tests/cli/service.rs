//! Keys and settings of the service.

use super::{folder, provenn};
use serde_json::Value;

#[test]
fn keys_of_the_service_are_made_and_revoked() {
    let data = folder().join("keys").display().to_string();
    let keys = |arguments: &[&str]| provenn(&[&["--json", "keys"], arguments, &["--data", &data]].concat());
    let refused = |arguments: &[&str], code: &str| {
        provenn(&[&["keys"], arguments, &["--data", &data]].concat()).fails(2, code);
    };
    let lab = ["create", "--tenant", "lab", "--scopes", "read,prove", "--label", "test"];
    refused(&lab, "no-such-tenant");
    let made = keys(&[&lab[..], &["--new-tenant", "--days", "30"]].concat()).json();
    refused(&[&lab[..], &["--new-tenant"]].concat(), "tenant-exists");
    assert!(made["key"].as_str().unwrap().starts_with("pvn_"));
    let listed = keys(&["list"]).json();
    assert_eq!(
        (&listed["keys"][0]["scopes"], &listed["keys"][0]["revoked"]),
        (&"read,prove".into(), &Value::Null)
    );
    assert!(!listed
        .to_string()
        .contains(made["key"].as_str().unwrap().rsplit('_').next().unwrap()));
    let id = made["id"].as_str().unwrap();
    let day = 24 * 3_600_000;
    assert_eq!(
        listed["keys"][0]["expires"].as_i64().unwrap() - listed["keys"][0]["created"].as_i64().unwrap(),
        30 * day
    );
    let next = keys(&["rotate", id, "--overlap", "2"]).json();
    let listed = keys(&["list"]).json();
    let of = |id: &serde_json::Value| {
        listed["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| &key["id"] == id)
            .unwrap()
    };
    let (old, new) = (of(&made["id"]), of(&next["id"]));
    for field in ["tenant", "scopes", "label"] {
        assert_eq!(old[field], new[field]);
    }
    assert!(new["expires"].is_null(), "{new}");
    assert!(old["expires"].as_i64().unwrap() < old["created"].as_i64().unwrap() + day);
    refused(&["rotate", "none"], "no-such-key");
    keys(&["revoke", id]).json();
    assert!(keys(&["list"]).json()["keys"][0]["revoked"].is_i64());
    provenn(&["keys", "revoke", "--data", &data, id]).fails(2, "no-such-key");
}

#[test]
fn the_service_prints_its_settings() {
    let shown = provenn(&["serve", "--print-config", "--listen", "127.0.0.1:1", "--role", "worker"]).ok();
    assert!(
        shown.contains("listen = \"127.0.0.1:1\"\nrole = \"worker\"\n"),
        "{shown}"
    );
    provenn(&["serve", "--config", "/nonexistent.toml"]).fails(1, "io");
}
