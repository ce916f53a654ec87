//! Reading bodies under limits.

use crate::bytes::hex;
use crate::server::db::Address;
use crate::server::door::buffers::Buffered;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::ids::ObjectDigest;
use crate::server::room::Room;
use crate::server::state::App;
use axum::body::{Body, BodyDataStream, HttpBody};
use axum::extract::rejection::QueryRejection;
use futures_util::TryStreamExt;
use provenn_prover::store::json_reason;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use utoipa::ToSchema;

/// Longest JSON body.
const MAX_JSON: u64 = 1 << 16;
/// Longest pause within a body.
const PAUSE: Duration = Duration::from_secs(30);
/// Fewest bytes per second of a body that takes longer than that.
const RATE: u64 = 1 << 10;
/// What is read of a body that is too long, and for how long.
const DRAIN: u64 = 8 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);

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

/// The same where strangers may send much of it: what is kept of it counts.
pub async fn buffered(body: Body, maximum: u64, kept: &mut Buffered<'_>) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    let mut chunks = Chunks::new(body, maximum);
    while let Some(chunk) = chunks.next().await? {
        kept.grow(chunk.len() as u64)?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A JSON object as a body, and the digest of its bytes.
pub async fn json<T: DeserializeOwned>(body: Body) -> Result<(T, String), ApiError> {
    let bytes = bytes(body, MAX_JSON).await?;
    // A list would pass for an object whose fields it has in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::bad("the body is no JSON object"));
    }
    let value = serde_json::from_slice(&bytes)
        .map_err(|e| ApiError::bad(format!("the body is not as expected: {}", json_reason(&e))))?;
    Ok((value, hex(&Sha256::digest(&bytes))))
}

/// What is wrong with a query, without the framework's words.
pub fn query(error: &QueryRejection) -> ApiError {
    let text = error.body_text();
    let said = text
        .strip_prefix("Failed to deserialize query string: ")
        .unwrap_or(&text);
    let said = match said.rsplit_once(": ") {
        Some((name, "invalid digit found in string" | "number too large to fit in target type")) => {
            format!("{name}: a whole number in range is expected")
        }
        Some((name, "provided string was not `true` or `false`")) => format!("{name}: `true` or `false` is expected"),
        _ => said.to_owned(),
    };
    ApiError::bad(format!("the query is not as expected: {said}"))
}

/// An upload that begins, with room in its tenant's quota.
pub struct Arriving {
    chunks: Chunks,
    room: Room,
    sha256: ObjectDigest,
}

impl Arriving {
    /// Reserves what the body is announced to have before anything of it is read.
    pub async fn new(app: &App, address: Address, body: Body, maximum: u64) -> Result<Self, ApiError> {
        let sha256 = address.sha256.clone();
        let announced = body.size_hint().exact();
        let mut chunks = Chunks::new(body, maximum);
        let room = match announced {
            Some(bytes) if bytes > maximum => Err(ApiError::TooLarge { maximum }),
            _ => match app.changes.take(&Client::Tenant(address.tenant.clone())).await {
                Ok(_turn) => Room::for_body(app, address, announced).await,
                Err(busy) => Err(busy),
            },
        };
        match room {
            Ok(room) => Ok(Self { chunks, room, sha256 }),
            Err(refused) => {
                chunks.discard().await;
                Err(refused)
            }
        }
    }

    /// Writes the body to a file while it arrives. Returns its length.
    pub async fn file(mut self, path: &Path) -> Result<(u64, Room), ApiError> {
        let (mut file, mut sum) = (File::create(path).await?, Sha256::new());
        while let Some(chunk) = self.chunks.next().await? {
            if let Err(refused) = self.room.hold(self.chunks.length, self.chunks.maximum).await {
                self.chunks.discard().await;
                return Err(refused);
            }
            sum.update(&chunk);
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        match ObjectDigest::from(sum) {
            got if got == self.sha256 => Ok((self.chunks.length, self.room)),
            got => Err(ApiError::DigestMismatch {
                expected: self.sha256,
                got,
            }),
        }
    }
}

/// The digest that an upload goes by.
///
/// # Errors
/// [`ApiError::BadRequest`]: who uploads gets to know what is wrong with it.
pub fn digest(text: &str) -> Result<ObjectDigest, ApiError> {
    text.parse().map_err(|form: String| ApiError::bad(form))
}

/// A body under a limit.
struct Chunks {
    stream: BodyDataStream,
    length: u64,
    maximum: u64,
    begun: Instant,
    pause: Duration,
}

impl Chunks {
    fn new(body: Body, maximum: u64) -> Self {
        Self {
            stream: body.into_data_stream(),
            length: 0,
            maximum,
            begun: Instant::now(),
            pause: PAUSE,
        }
    }

    async fn next(&mut self) -> Result<Option<axum::body::Bytes>, ApiError> {
        let earned = Duration::from_secs(self.length / RATE);
        let end = (Instant::now() + self.pause).min(self.begun + self.pause + earned);
        let next = tokio::time::timeout_at(end, self.stream.try_next()).await;
        let next = next.map_err(|_| ApiError::bad("the body arrives too slowly"))?;
        let Some(chunk) = next.map_err(|_| ApiError::bad("the body broke off"))? else {
            return Ok(None);
        };
        self.length += chunk.len() as u64;
        if self.length > self.maximum {
            self.discard().await;
            return Err(ApiError::TooLarge { maximum: self.maximum });
        }
        Ok(Some(chunk))
    }

    /// Reads some of what is left. A client that is still sending when the connection closes may never see the answer.
    async fn discard(&mut self) {
        let _in_time = tokio::time::timeout(DRAIN_TIME, self.drain()).await;
    }

    async fn drain(&mut self) {
        let most = self.length.saturating_add(DRAIN);
        while let Ok(Some(chunk)) = self.stream.try_next().await {
            self.length = self.length.saturating_add(chunk.len() as u64);
            if self.length > most {
                return;
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use futures_util::stream;

    fn chunks(pieces: usize, bytes: usize, apart: Duration) -> Chunks {
        let stream = stream::unfold(0, move |n| async move {
            tokio::time::sleep(apart).await;
            (n < pieces).then(|| (Ok::<_, std::io::Error>(vec![0; bytes]), n + 1))
        });
        let mut chunks = Chunks::new(Body::from_stream(stream), 1 << 20);
        chunks.pause = Duration::from_millis(400);
        chunks
    }

    async fn read(mut chunks: Chunks) -> Result<u64, ApiError> {
        while chunks.next().await?.is_some() {}
        Ok(chunks.length)
    }

    #[tokio::test]
    async fn a_body_that_drips_is_given_up() {
        let none = Duration::ZERO;
        assert_eq!(read(chunks(100, 10, none)).await.unwrap(), 1000);
        let slow = Duration::from_millis(20);
        let refused = read(chunks(1000, 1, slow)).await.unwrap_err();
        assert!(refused.to_string().contains("too slowly"), "{refused}");
        // As often, but with more each time: 2 MiB a second.
        assert_eq!(read(chunks(25, 40_000, slow)).await.unwrap(), 1_000_000);
        let refused = read(chunks(100, 40_000, none)).await.unwrap_err();
        assert!(matches!(refused, ApiError::TooLarge { .. }), "{refused}");
    }
}
