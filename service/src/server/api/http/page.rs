//! Answers that are lists: so many rows, and so many bytes, whatever the rows hold.

use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::state::App;
use axum::response::{IntoResponse, Response};
use axum::Json;
use serde::Serialize;
use std::future::Future;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// Bytes of a list in an answer; one row may be longer.
const BYTES: usize = 1 << 20;

/// The rows of an answer, and whether there are more.
pub struct Rows<T> {
    pub rows: Vec<T>,
    pub more: bool,
}

/// Answers with a list in a turn of the client, on a thread of its own: rows are read and written by the thousand, and other answers do not wait
/// until that is done.
///
/// # Errors
/// [`ApiError::Busy`], those of the list.
pub async fn answer<T: Serialize>(
    app: &App,
    client: &Client,
    list: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<Response, ApiError> {
    let turn = app.lists.take(client).await?;
    apart(async move {
        let _turn = turn;
        Ok(Json(list.await?).into_response())
    })
    .await
}

/// Work on a thread of its own, which may compute for long.
async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    let runtime = Handle::current();
    let done = spawn_blocking(move || runtime.block_on(work));
    done.await.map_err(|e| ApiError::Internal(e.to_string()))?
}

/// The first of `rows`: at most `most`, of which one more was asked for to see whether there are more.
///
/// # Errors
/// A row that is no document.
pub fn rows<T: Serialize>(rows: Vec<T>, most: usize) -> Result<Rows<T>, ApiError> {
    within(rows, most, BYTES)
}

fn within<T: Serialize>(mut rows: Vec<T>, most: usize, bytes: usize) -> Result<Rows<T>, ApiError> {
    let all = rows.len();
    rows.truncate(most);
    let (mut used, mut kept) = (0usize, 0);
    for row in &rows {
        used = used.saturating_add(serde_json::to_string(row)?.len());
        if used > bytes && kept > 0 {
            break;
        }
        kept += 1;
    }
    rows.truncate(kept);
    Ok(Rows { more: kept < all, rows })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};
    use tokio::time::sleep;

    /// On a runtime with one thread: who only waits is not kept.
    #[tokio::test]
    async fn a_long_list_keeps_nobody_waiting() {
        let begun = Instant::now();
        let list = apart(async move {
            sleep(Duration::from_millis(1)).await;
            std::thread::sleep(Duration::from_millis(500));
            Ok(begun.elapsed())
        });
        let other = async {
            sleep(Duration::from_millis(50)).await;
            begun.elapsed()
        };
        let (list, other) = tokio::join!(list, other);
        assert!(other < list.unwrap());
    }

    #[test]
    fn lists_are_bounded_in_rows_and_bytes() {
        let of = |rows: &[usize], most, bytes| {
            let rows: Vec<String> = rows.iter().map(|length| "x".repeat(length - 2)).collect();
            let page = within(rows, most, bytes).unwrap();
            (page.rows.len(), page.more)
        };
        assert_eq!(of(&[], 3, 100), (0, false));
        assert_eq!(of(&[10, 10, 10], 3, 100), (3, false));
        assert_eq!(of(&[10, 10, 10, 10], 3, 100), (3, true));
        assert_eq!(of(&[60, 40, 10], 3, 100), (2, true));
        assert_eq!(of(&[60, 41], 3, 100), (1, true));
        // What is too long is shown alone: the list goes on after it.
        assert_eq!(of(&[200, 10], 3, 100), (1, true));
    }
}
