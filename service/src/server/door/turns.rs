//! Turns at work that computes: so many at a time, fairly among clients, with an end to waiting.

use super::Client;
use crate::server::error::ApiError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests of one client that may wait or run, for each turn.
const WAITING: usize = 32;
/// Longest rest after a turn.
const REST: Duration = Duration::from_secs(1);

/// Turns at one kind of work. A client holds at most half of them (rounded up) unless [another share](Self::each) is set, and so many places in the queue for the others:
/// whoever comes first waits for that many of each other client, however long their own queues are.
#[derive(Debug)]
pub struct Turns {
    all: Arc<Semaphore>,
    share: usize,
    /// How many times as long as its turn a client's share rests after it: others may go on meanwhile, and so may the answer.
    rest: u32,
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
pub struct Turn {
    _all: OwnedSemaphorePermit,
    /// The client's, released after the turn itself and its rest.
    share: Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
    began: Instant,
    rest: u32,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let rest = self.began.elapsed().saturating_mul(self.rest).min(REST);
        let (false, Ok(runtime), Some(share)) =
            (rest.is_zero(), tokio::runtime::Handle::try_current(), self.share.take())
        else {
            return;
        };
        runtime.spawn(async move {
            tokio::time::sleep(rest).await;
            drop(share);
        });
    }
}

impl Turns {
    /// `at_once` turns at a time.
    pub fn new(at_once: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(at_once)),
            share: at_once.div_ceil(2),
            rest: 0,
            patience: PATIENCE,
            clients: Mutex::default(),
        }
    }

    /// The same, of which each client rests so many times as long as it worked: whoever asks without end takes a part of the time of
    /// processors and database, and where these are slow, that part is no larger.
    pub fn resting(self, times: u32) -> Self {
        Self { rest: times, ..self }
    }

    /// The same, of which a client holds at most so many.
    pub fn each(self, share: usize) -> Self {
        Self { share, ..self }
    }

    /// Waits for a turn. Take it when everything that the work needs is there: nobody else has it meanwhile.
    ///
    /// # Errors
    /// [`ApiError::Busy`] if too many requests of the client wait already, or nothing came free for ten seconds.
    pub async fn take(&self, client: &Client) -> Result<Turn, ApiError> {
        let places = self.places(client);
        let waiting = places.waiting.clone().try_acquire_owned().map_err(|_| ApiError::Busy)?;
        let turn = async {
            let share = places.share.clone().acquire_owned().await.ok()?;
            Some((share, self.all.clone().acquire_owned().await.ok()?))
        };
        match tokio::time::timeout(self.patience, turn).await {
            Ok(Some((share, all))) => Ok(Turn {
                _all: all,
                share: Some((share, waiting)),
                began: Instant::now(),
                rest: self.rest,
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
