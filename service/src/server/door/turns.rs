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
mod tests {
    use super::*;
    use std::future::Future as _;

    fn client(name: &str) -> Client {
        Client::Address(name.into())
    }

    #[tokio::test]
    async fn nobody_takes_all_turns_and_nobody_waits_for_ever() {
        let mut turns = Turns::new(4);
        turns.patience = Duration::from_millis(50);
        let (a, b) = (client("a"), client("b"));
        let _held = [turns.take(&a).await.unwrap(), turns.take(&a).await.unwrap()];
        assert!(matches!(turns.take(&a).await, Err(ApiError::Busy)));
        let other = turns.take(&b).await.unwrap();
        drop(other);
        assert_eq!(turns.places(&b).share.available_permits(), 2);
    }

    #[tokio::test]
    async fn the_newcomer_is_next_but_one() {
        let turns = Turns::new(1);
        let (a, b) = (client("a"), client("b"));
        let held = turns.take(&a).await.unwrap();
        let order = Mutex::new(vec![]);
        let next = |who: Client| {
            let (turns, order) = (&turns, &order);
            async move {
                let _turn = turns.take(&who).await.unwrap();
                order.lock().unwrap().push(who);
                tokio::task::yield_now().await;
            }
        };
        let release = async {
            tokio::task::yield_now().await;
            drop(held);
        };
        tokio::join!(next(a.clone()), next(a.clone()), next(a.clone()), next(b), release);
        let place = order
            .lock()
            .unwrap()
            .iter()
            .position(|who| *who == client("b"))
            .unwrap();
        assert!(place <= 1, "{order:?}");
    }

    #[tokio::test]
    async fn a_long_queue_of_one_client_is_refused_and_forgotten() {
        let turns = Turns::new(2);
        let a = client("a");
        let held = turns.take(&a).await.unwrap();
        let more: Vec<_> = (1..WAITING).map(|_| turns.take(&a)).collect();
        let mut more: Vec<_> = more.into_iter().map(Box::pin).collect();
        for waiting in &mut more {
            let polled =
                std::future::poll_fn(|context| std::task::Poll::Ready(waiting.as_mut().poll(context).is_pending()));
            assert!(polled.await);
        }
        assert!(matches!(turns.take(&a).await, Err(ApiError::Busy)));
        drop(more);
        drop(held);
        let _b = turns.take(&client("b")).await.unwrap();
        assert_eq!(turns.clients.lock().unwrap().len(), 1);
    }
}
