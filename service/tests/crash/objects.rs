//! An S3-compatible store that runs already: PROVENN_TEST_S3 is `http://HOST:PORT/BUCKET`, and it asks for no credentials.
//! `service/s3-check` starts one.

use reqwest::{Client, StatusCode};

pub struct Objects {
    http: Client,
    url: String,
}

impl Objects {
    /// None if there is no such store; the test says that it was left out.
    pub fn find() -> Option<Self> {
        let Ok(url) = std::env::var("PROVENN_TEST_S3") else {
            eprintln!("left out: PROVENN_TEST_S3 names no object store; service/s3-check starts one");
            return None;
        };
        let _first = rustls::crypto::ring::default_provider().install_default();
        Some(Self {
            http: Client::new(),
            url,
        })
    }

    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let (endpoint, bucket) = self.url.rsplit_once('/').unwrap();
        vec![
            ("PROVENN_STORE", format!("s3://{bucket}/a/prefix")),
            ("PROVENN_S3__ENDPOINT", endpoint.into()),
            ("PROVENN_S3__REGION", "us-east-1".into()),
            ("PROVENN_S3__ACCESS_KEY_ID", "test".into()),
            ("PROVENN_S3__SECRET_ACCESS_KEY", "test".into()),
            ("PROVENN_S3__ALLOW_HTTP", "true".into()),
        ]
    }

    /// Names of all objects of a kind.
    pub async fn names(&self, kind: &str) -> Vec<String> {
        let list = self.http.get(format!("{}?list-type=2", self.url)).send().await.unwrap();
        let list = list.text().await.unwrap();
        let names = list
            .split("<Key>")
            .skip(1)
            .filter_map(|part| part.split("</Key>").next());
        let kind = format!("/{kind}/");
        names.filter(|name| name.contains(&kind)).map(str::to_owned).collect()
    }

    pub async fn read(&self, name: &str) -> Vec<u8> {
        let answer = self.http.get(format!("{}/{name}", self.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.bytes().await.unwrap().to_vec()
    }

    pub async fn write(&self, name: &str, bytes: Vec<u8>) {
        let put = self.http.put(format!("{}/{name}", self.url)).body(bytes);
        assert_eq!(put.send().await.unwrap().status(), StatusCode::OK);
    }
}
