//! Commitments in segments: where models are cut, which are taken, and how much is made.

use crate::harness::{fixture, tenant, Client, Service};
use crate::lists::field;
use crate::parts::still;
use crate::storage::exact;
use serde_json::{json, Value};
use std::path::PathBuf;

/// Bytes of a file.
fn size(path: PathBuf) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

/// 64 segments could have written gigabytes before the first of them was refused.
#[tokio::test(flavor = "multi_thread")]
async fn segments_are_made_as_long_as_they_fit() {
    let mut service = Service::start(|_| {}).await;
    let key = service.alice().await.key;
    let alice = Client::with_key(&service, &key);
    let model = alice.put_fixture("models", "models/digits_cnn.onnx").await;
    let calibration = alice.put_fixture("inputs", "data/digits_calibration.npy").await;
    let asked = json!({ "calibration": calibration, "segments": 3 });
    let commit = async |client: &Client<'_>| {
        let answer = client.post(&format!("/v1/models/{model}/commit"), &asked).await;
        answer.json(202);
        client.finished(answer.headers["location"].to_str().unwrap()).await
    };
    let uploads = exact(&service).await;
    let job = commit(&alice).await;
    assert_eq!(job["state"], "done", "{job}");
    let id = job["result"]["model_id"].as_str().unwrap().to_owned();
    let known = service
        .app
        .db
        .model(&tenant("alice"), &id.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let private = service.folder.path().join("objects/alice/private");
    let of = |name: &str| size(private.join(known.file(name).unwrap().as_str()));
    let first = of("segment-1/model.private");
    let removed = alice.call("DELETE", &format!("/v1/models/{id}/commit"), "").await;
    assert_eq!(removed.status.as_u16(), 204);
    service.halt().await;
    let data = service.folder.path().to_owned();
    let small = Service::start(|config| {
        config.data = data;
        config.limits.tenant_bytes = uploads + 500;
    })
    .await;
    let alice = Client::with_key(&small, &key);
    let job = commit(&alice).await;
    assert_eq!(job["error"]["code"], "storage-quota-exceeded", "{job}");
    // No more than the first of them was made. Private files differ by some bytes from one time to the next.
    let asked = job["error"]["storage"]["asked"].as_u64().unwrap();
    assert!(
        asked.abs_diff(first) < first / 4 && first > 500,
        "{asked} {first} {job}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_cut_where_one_says() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let model = alice.put("models", fixture("models/pipeline.onnx")).await.0;
    let calibration = alice.put_fixture("inputs", "data/pipeline_calibration.npy").await;
    let commit = async |more: Value| {
        let mut asked = json!({ "calibration": calibration });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        alice.post(&format!("/v1/models/{model}/commit"), &asked).await
    };
    let answer = commit(json!({ "cut_at": ["picture", "digits.output"] })).await;
    answer.json(202);
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
    let id = job["result"]["model_id"].as_str().unwrap();
    let shown = alice.get(&format!("/v1/models/{id}")).await.json(200);
    assert_eq!(shown["card"]["cuts"].as_array().unwrap().len(), 2, "{shown}");
    let input = alice.put_fixture("inputs", "inputs/pipeline.json").await;
    let answer = alice.prove(&(id.to_owned(), input), "bob").await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["segments"]["of"]),
        (&json!("done"), &json!(3)),
        "{job}"
    );

    let many = vec!["picture"; 64];
    for wrong in [
        json!({ "cut_at": [] }),
        json!({ "cut_at": many }),
        json!({ "cut_at": ["picture"], "segments": 2 }),
        json!({ "cut_at": ["picture"], "batch": 2 }),
    ] {
        commit(wrong).await.problem(400, "bad-request");
    }
    let answer = commit(json!({ "cut_at": ["nowhere"] })).await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["error"]["code"], "model-unsupported", "{job}");
}

/// An ONNX file of a convolution, ReLU and mean of a picture of so many pixels on a side.
fn picture(side: u8) -> Vec<u8> {
    let node = |inputs: &[&str], output: &str, operator: &str| {
        let inputs = inputs.iter().flat_map(|name| field(1, name.as_bytes()));
        field(
            1,
            &[
                inputs.collect(),
                field(2, output.as_bytes()),
                field(4, operator.as_bytes()),
            ]
            .concat(),
        )
    };
    // A dimension of 256 times as much: a number of two bytes in the format.
    let dimension = |n: u8| field(1, &if n == 1 { vec![8, 1] } else { vec![8, 0x80, 2 * n] });
    let value = |number: usize, name: &str, n: u8| {
        let shape: Vec<u8> = [1, 1, n, n].into_iter().flat_map(dimension).collect();
        let of = field(1, &[vec![8, 1], field(2, &shape)].concat());
        field(number, &[field(1, name.as_bytes()), field(2, &of)].concat())
    };
    let weight = [
        vec![8, 1, 8, 1, 8, 1, 8, 1, 16, 1],
        field(8, b"w"),
        field(9, &0.5f32.to_le_bytes()),
    ]
    .concat();
    let graph = [
        node(&["input", "w"], "m", "Conv"),
        node(&["m"], "r", "Relu"),
        node(&["r"], "p", "GlobalAveragePool"),
        field(2, b"picture"),
        field(5, &weight),
        value(11, "input", side),
        value(12, "p", 1),
    ];
    [
        vec![8, 8],
        field(8, &[field(1, b""), vec![16, 17]].concat()),
        field(7, &graph.concat()),
    ]
    .concat()
}

/// What fits into no circuit may fit into several.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_too_large_for_one_circuit_is_taken_for_segments() {
    let service = still().await;
    let alice = service.alice().await;
    // 512 by 512.
    let (model, answer) = alice.put("models", picture(2)).await;
    let summary = answer.json(201);
    assert_eq!(summary["segments_only"], true, "{summary}");
    assert!(summary.get("forecast").is_none(), "{summary}");
    let calibration = alice.put_fixture("inputs", "data/digits_calibration.npy").await;
    let place = format!("/v1/models/{model}/commit");
    let whole = alice.post(&place, &json!({ "calibration": calibration })).await;
    let problem = whole.problem(422, "model-too-large");
    assert!(problem["help"].as_str().unwrap().contains("segments"), "{problem}");
    for cut in [json!({ "segments": 2 }), json!({ "cut_at": ["r"] })] {
        let mut asked = json!({ "calibration": calibration });
        asked.as_object_mut().unwrap().extend(cut.as_object().unwrap().clone());
        alice.post(&place, &asked).await.json(202);
    }
}
