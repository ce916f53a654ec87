//! Reading bodies under limits.

use crate::bytes::hex;
use crate::server::error::ApiError;
use axum::body::{Body, BodyDataStream};
use futures_util::TryStreamExt;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use utoipa::ToSchema;

/// Longest JSON body.
const MAX_JSON: u64 = 1 << 16;
/// Longest pause within a body.
const PAUSE: Duration = Duration::from_secs(30);

/// Bytes as they are, in the OpenAPI document.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes bodies that are streamed")]
pub struct Bytes(Vec<u8>);

/// The bytes of a body of at most `maximum`.
pub async fn bytes(body: Body, maximum: u64) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    let mut chunks = Chunks::new(body, maximum);
    while let Some(chunk) = chunks.next().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A JSON body, and the digest of its bytes. An empty body stands for `{}`.
pub async fn json<T: DeserializeOwned>(body: Body) -> Result<(T, String), ApiError> {
    let bytes = bytes(body, MAX_JSON).await?;
    let text = if bytes.is_empty() { b"{}" } else { bytes.as_slice() };
    let value = serde_json::from_slice(text).map_err(|e| ApiError::bad(format!("the body is not as expected: {e}")))?;
    Ok((value, hex(&Sha256::digest(&bytes))))
}

/// Writes a body to a file while it arrives; its digest must be `sha256`. Returns its length.
pub async fn file(body: Body, maximum: u64, sha256: &str, path: &Path) -> Result<u64, ApiError> {
    digest(sha256)?;
    let mut file = File::create(path).await?;
    let (mut sum, mut chunks) = (Sha256::new(), Chunks::new(body, maximum));
    while let Some(chunk) = chunks.next().await? {
        sum.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    match hex(&sum.finalize()) {
        got if got == sha256 => Ok(chunks.length),
        got => Err(ApiError::DigestMismatch {
            expected: sha256.into(),
            got,
        }),
    }
}

/// Checks the form of a digest.
pub fn digest(text: &str) -> Result<(), ApiError> {
    let plain = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    match text.len() == 64 && text.bytes().all(plain) {
        true => Ok(()),
        false => Err(ApiError::bad("a digest is 64 lower-case hexadecimal digits")),
    }
}

/// A body under a limit.
struct Chunks {
    stream: BodyDataStream,
    length: u64,
    maximum: u64,
}

impl Chunks {
    fn new(body: Body, maximum: u64) -> Self {
        Self {
            stream: body.into_data_stream(),
            length: 0,
            maximum,
        }
    }

    async fn next(&mut self) -> Result<Option<axum::body::Bytes>, ApiError> {
        let next = tokio::time::timeout(PAUSE, self.stream.try_next()).await;
        let next = next.map_err(|_| ApiError::bad("the body stopped arriving"))?;
        let Some(chunk) = next.map_err(|_| ApiError::bad("the body broke off"))? else {
            return Ok(None);
        };
        self.length += chunk.len() as u64;
        match self.length > self.maximum {
            true => Err(ApiError::TooLarge { maximum: self.maximum }),
            false => Ok(Some(chunk)),
        }
    }
}
