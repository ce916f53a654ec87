//! Events of a job as they happen.

use crate::server::auth::Caller;
use crate::server::db::{Event as Stored, Job};
use crate::server::door::counts::Held;
use crate::server::error::ApiError;
use crate::server::ids::{JobId, KeyId, TenantId};
use crate::server::state::App;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A stream ends this long after its key, at the latest.
const KEY_CHECK: Duration = Duration::from_secs(5);

struct Reader {
    app: App,
    job: JobId,
    /// The key that asked.
    key: KeyId,
    last: i64,
    news: watch::Receiver<i64>,
    waiting: VecDeque<Stored>,
    ended: bool,
    _counted: Counted,
}

/// An open stream, while it lives.
struct Counted {
    app: App,
    _held: Held<TenantId>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.app.metrics.streams.dec();
    }
}

pub fn stream(app: App, caller: &Caller, job: Job, last: i64) -> Result<Response, ApiError> {
    if job.state.finished() && last >= job.seq {
        // Tells clients not to connect again.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let held = app
        .streams
        .take(&job.tenant)
        .ok_or(ApiError::RateLimited { retry_after: 5 })?;
    app.metrics.streams.inc();
    let reader = Reader {
        news: app.hub.listen(&job.id),
        job: job.id,
        key: caller.key.clone(),
        last,
        waiting: VecDeque::new(),
        ended: false,
        _counted: Counted {
            app: app.clone(),
            _held: held,
        },
        app,
    };
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response())
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        while !self.ended {
            if let Some(stored) = self.waiting.pop_front() {
                self.last = stored.seq;
                let state = stored.body.get("state").and_then(Value::as_str).unwrap_or_default();
                self.ended = matches!(state, "done" | "failed" | "cancelled" | "expired");
                return Some(
                    Event::default()
                        .id(stored.seq.to_string())
                        .event(state)
                        .data(stored.body.to_string()),
                );
            }
            // Marked as seen before reading, so that nothing between is missed.
            self.news.borrow_and_update();
            match self.app.db.events(&self.job, self.last).await {
                Ok(events) if events.is_empty() => {}
                Ok(events) => {
                    self.waiting = events.into();
                    continue;
                }
                // The client connects again and goes on where it was.
                Err(_) => return None,
            }
            let mut stop = self.app.stop.subscribe();
            tokio::select! {
                changed = tokio::time::timeout(KEY_CHECK, self.news.changed()) => {
                    if let Ok(changed) = changed {
                        changed.ok()?;
                    }
                }
                // Clients take it up at another process.
                _ = stop.wait_for(|stop| *stop) => return None,
            }
            if !self.app.db.valid_key(&self.key, self.app.now()).await.ok()? {
                return None;
            }
        }
        None
    }
}
