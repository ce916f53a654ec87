//! What uploading keeps, and what it does not.

use crate::harness::{fixture, Service};
use crate::process::files;
use futures_util::future::join_all;
use onnx_protobuf::{
    tensor_shape_proto, type_proto, GraphProto, Message as _, ModelProto, NodeProto, OperatorSetIdProto,
    TensorShapeProto, TypeProto, ValueInfoProto,
};

#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_checked_before_they_are_kept() {
    let service = Service::start(|config| {
        config.limits.model_bytes = 2000;
        config.limits.input_bytes = 1000;
    })
    .await;
    let alice = service.alice().await;
    let digest = "00".repeat(32);
    alice
        .call("PUT", &format!("/v1/models/{digest}"), "x")
        .await
        .problem(409, "digest-mismatch");
    let (_, answer) = alice.put("models", vec![0; 2001]).await;
    answer.problem(413, "upload-too-large");
    let (_, answer) = alice.put("inputs", vec![0; 1001]).await;
    answer.problem(413, "upload-too-large");
    assert_eq!(objects(&service), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_upload_leaves_no_object() {
    let service = Service::start(|config| config.limits.tenant_bytes = 100).await;
    let alice = service.alice().await;
    let input = |n: usize| format!(r#"{{"shape":[1],"values":[{n:02}.5]}}"#).into_bytes();
    let each = input(0).len();
    // Several at once: all find room at first, and not all of them get it.
    let answers = join_all((10..30).map(|n| alice.put("inputs", input(n)))).await;
    let kept = answers.iter().filter(|(_, answer)| answer.status.is_success()).count();
    assert_eq!(kept, 100 / each);
    for (_, answer) in answers.iter().filter(|(_, answer)| !answer.status.is_success()) {
        answer.problem(507, "storage-quota-exceeded");
    }
    assert_eq!(objects(&service), kept);
    let (sha256, answer) = alice.put("models", fixture("models/linear_30.onnx")).await;
    answer.problem(507, "storage-quota-exceeded");
    alice
        .get(&format!("/v1/models/{sha256}/graph"))
        .await
        .problem(404, "not-found");
    assert_eq!(objects(&service), kept);
    // What was kept is there again without being charged again.
    let (_, known) = answers.iter().find(|(_, answer)| answer.status.is_success()).unwrap();
    known.json(201);
    let again = alice.put("inputs", input(10)).await.1;
    assert!(matches!(again.status.as_u16(), 200 | 507));
}

/// As many nodes as are accepted, with names as frameworks give them.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_of_many_nodes_is_taken() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let nodes = service.app.config.limits.model_nodes;
    let (sha256, answer) = alice.put("models", chain(nodes)).await;
    let summary = answer.json(201);
    assert_eq!(summary["nodes"], nodes, "{summary}");
    assert!(summary.get("graph").is_none());
    let graph = alice.get(&format!("/v1/models/{sha256}/graph")).await.json(200);
    let layers = graph["layers"].as_array().unwrap();
    assert_eq!(layers.len() as u64, nodes);
    assert_eq!(layers[1]["name"].as_str().unwrap().chars().count(), 80);
    let (_, answer) = alice.put("models", chain(nodes + 1)).await;
    answer.problem(422, "model-too-large");
}

/// Negations of one number, so many in a row.
fn chain(nodes: u64) -> Vec<u8> {
    let name = |n: u64| format!("/{}/layers.{n}/Neg_output_0", "encoder/".repeat(20));
    let number = |name: String| {
        let mut tensor = type_proto::Tensor::new();
        let mut shape = TensorShapeProto::new();
        let mut one = tensor_shape_proto::Dimension::new();
        one.set_dim_value(1);
        shape.dim.push(one);
        tensor.elem_type = 1;
        tensor.shape = Some(shape).into();
        let mut kind = TypeProto::new();
        kind.set_tensor_type(tensor);
        ValueInfoProto {
            name,
            type_: Some(kind).into(),
            ..Default::default()
        }
    };
    let node = |n: u64| NodeProto {
        input: vec![name(n)],
        output: vec![name(n + 1)],
        name: name(n),
        op_type: "Neg".into(),
        ..Default::default()
    };
    let graph = GraphProto {
        node: (0..nodes).map(node).collect(),
        input: vec![number(name(0))],
        output: vec![number(name(nodes))],
        ..Default::default()
    };
    let version = OperatorSetIdProto {
        version: 17,
        ..Default::default()
    };
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![version],
        graph: Some(graph).into(),
        ..Default::default()
    };
    model.write_to_bytes().unwrap()
}

fn objects(service: &Service) -> usize {
    let objects = files(&service.folder.path().join("objects"));
    objects
        .iter()
        .filter(|path| {
            !path
                .components()
                .any(|part| part.as_os_str().to_string_lossy().starts_with('_'))
        })
        .count()
}
