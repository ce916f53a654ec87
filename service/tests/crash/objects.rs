//! An S3-compatible store that runs already: PROVENN_TEST_S3 is `http://HOST:PORT/BUCKET`, with the credentials test and test.
//! `service/s3-check` starts one.

use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt};

const REGION: &str = "us-east-1";
const CREDENTIAL: &str = "test";

pub struct Objects {
    endpoint: String,
    bucket: String,
    store: AmazonS3,
}

impl Objects {
    /// None if there is no such store; the test says that it was left out.
    pub fn find() -> Option<Self> {
        let Ok(url) = std::env::var("PROVENN_TEST_S3") else {
            eprintln!("left out: PROVENN_TEST_S3 names no object store; service/s3-check starts one");
            return None;
        };
        let _first = rustls::crypto::ring::default_provider().install_default();
        let (endpoint, bucket) = url.rsplit_once('/').unwrap();
        let store = AmazonS3Builder::new()
            .with_endpoint(endpoint)
            .with_bucket_name(bucket)
            .with_region(REGION)
            .with_access_key_id(CREDENTIAL)
            .with_secret_access_key(CREDENTIAL)
            .with_allow_http(true);
        Some(Self {
            endpoint: endpoint.into(),
            bucket: bucket.into(),
            store: store.build().unwrap(),
        })
    }

    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PROVENN_STORE", format!("s3://{}/a/prefix", self.bucket)),
            ("PROVENN_S3__ENDPOINT", self.endpoint.clone()),
            ("PROVENN_S3__REGION", REGION.into()),
            ("PROVENN_S3__ACCESS_KEY_ID", CREDENTIAL.into()),
            ("PROVENN_S3__SECRET_ACCESS_KEY", CREDENTIAL.into()),
            ("PROVENN_S3__ALLOW_HTTP", "true".into()),
        ]
    }

    /// All objects of a kind.
    pub async fn names(&self, kind: &str) -> Vec<Name> {
        let all: Vec<_> = self.store.list(None).try_collect().await.unwrap();
        let names = all.into_iter().map(|object| object.location);
        names
            .filter(|name| name.parts().any(|part| part.as_ref() == kind))
            .collect()
    }

    pub async fn read(&self, name: &Name) -> Vec<u8> {
        self.store.get(name).await.unwrap().bytes().await.unwrap().to_vec()
    }

    pub async fn remove(&self, name: &Name) {
        self.store.delete(name).await.unwrap();
    }

    pub async fn write(&self, name: &Name, bytes: Vec<u8>) {
        self.store.put(name, bytes.into()).await.unwrap();
    }
}
