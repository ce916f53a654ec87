//! Turns at work that computes: so many at a time, fairly among clients, with an end to waiting.

use super::Client;
use crate::server::error::ApiError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests of one client that may wait or run, for each turn.
const WAITING: usize = 32;

/// Turns at one kind of work. A client holds at most half of them (rounded up), and so many places in the queue for the others:
/// whoever comes first waits for that many of each other client, however long their own queues are.
#[derive(Debug)]
pub struct Turns {
    all: Semaphore,
    share: usize,
    patience: Duration,
    clients: Mutex<HashMap<Client, Arc<Places>>>,
}

/// One client's.
#[derive(Debug)]
struct Places {
    waiting: Arc<Semaphore>,
    share: Arc<Semaphore>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    _all: SemaphorePermit<'a>,
    // Released after the turn itself.
    _share: OwnedSemaphorePermit,
    _waiting: OwnedSemaphorePermit,
}

impl Turns {
    /// `at_once` turns at a time.
    pub fn new(at_once: usize) -> Self {
        Self {
            all: Semaphore::new(at_once),
            share: at_once.div_ceil(2),
            patience: PATIENCE,
            clients: Mutex::default(),
        }
    }

    /// Waits for a turn. Take it when everything that the work needs is there: nobody else has it meanwhile.
    ///
    /// # Errors
    /// [`ApiError::Busy`] if too many requests of the client wait already, or nothing came free for ten seconds.
    pub async fn take(&self, client: &Client) -> Result<Turn<'_>, ApiError> {
        let places = self.places(client);
        let waiting = places.waiting.clone().try_acquire_owned().map_err(|_| ApiError::Busy)?;
        let turn = async {
            let share = places.share.clone().acquire_owned().await.ok()?;
            Some((share, self.all.acquire().await.ok()?))
        };
        match tokio::time::timeout(self.patience, turn).await {
            Ok(Some((share, all))) => Ok(Turn {
                _all: all,
                _share: share,
                _waiting: waiting,
            }),
            _ => Err(ApiError::Busy),
        }
    }

    fn places(&self, client: &Client) -> Arc<Places> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        // Those who neither wait nor run are forgotten: the table is as long as the work under way.
        clients.retain(|_, places| Arc::strong_count(places) > 1 || places.waiting.available_permits() < self.most());
        let new = || {
            Arc::new(Places {
                waiting: Arc::new(Semaphore::new(self.most())),
                share: Arc::new(Semaphore::new(self.share)),
            })
        };
        clients.entry(client.clone()).or_insert_with(new).clone()
    }

    fn most(&self) -> usize {
        self.share.saturating_mul(WAITING)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
