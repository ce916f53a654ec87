//! Working files of models on a worker's machine.

use crate::harness::Service;
use crate::process::files;
use std::path::Path;

fn kept(data: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(data.join("models/alice")).into_iter().flatten();
    folders
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_models_that_are_not_used_make_room() {
    for (bytes, most) in [(1, 1), (1 << 30, 2)] {
        let service = Service::start(|config| config.limits.cache_bytes = bytes).await;
        let alice = service.alice().await;
        let models = [alice.model("public").await, alice.model("committed").await];
        for round in 0..3 {
            for model in &models {
                let answer = alice.prove(model, &format!("{round}")).await;
                let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
                assert_eq!(job["state"], "done", "{job}");
                let kept = kept(service.folder.path());
                assert!(kept.contains(&model.0) && kept.len() <= most, "{kept:?}");
            }
        }
        assert_eq!(kept(service.folder.path()).len(), most);
        assert!(files(&service.folder.path().join("tmp")).is_empty());
    }
}
