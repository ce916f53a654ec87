//! Questions that many ask at once.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// One question at a time about each thing: who asks meanwhile waits, and shares the next one with the others who wait. An answer is never
/// older than the wish for it, so sharing forgets nothing that changed before.
#[derive(Debug)]
pub struct Shared<K: Hash + Eq, V>(Mutex<HashMap<K, Arc<Slot<V>>>>);

impl<K: Hash + Eq, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[derive(Debug)]
struct Slot<V> {
    /// Questions so far.
    begun: AtomicU64,
    /// The last that was answered, and its answer.
    last: tokio::sync::Mutex<Option<(u64, V)>>,
}

impl<K: Hash + Eq + Clone, V: Clone> Shared<K, V> {
    /// The answer to `question` about `key`, or that to another's that was asked after this call began.
    ///
    /// # Errors
    /// Those of the question, which are not shared.
    pub async fn ask<E>(&self, key: &K, question: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let asking = Asking {
            all: self,
            key,
            slot: self.slot(key),
        };
        let slot = &asking.slot;
        let before = slot.begun.load(Ordering::SeqCst);
        let mut last = slot.last.lock().await;
        if let Some((_, answer)) = last.as_ref().filter(|(begun, _)| *begun > before) {
            return Ok(answer.clone());
        }
        let begun = slot.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = question.await?;
        *last = Some((begun, answer.clone()));
        Ok(answer)
    }

    fn slot(&self, key: &K) -> Arc<Slot<V>> {
        let new = || {
            Arc::new(Slot {
                begun: AtomicU64::new(0),
                last: tokio::sync::Mutex::new(None),
            })
        };
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(key.clone()).or_insert_with(new).clone()
    }
}

/// Somebody who asks. What nobody asks about any more is forgotten.
struct Asking<'a, K: Hash + Eq, V> {
    all: &'a Shared<K, V>,
    key: &'a K,
    slot: Arc<Slot<V>>,
}

impl<K: Hash + Eq, V> Drop for Asking<'_, K, V> {
    fn drop(&mut self) {
        let mut slots = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The table's and this one's.
        if Arc::strong_count(&self.slot) == 2 {
            slots.remove(self.key);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::time::Duration;

    /// Ten who ask at once are answered by two questions: the first one's, and one for all who came while it was under way. None is told
    /// what was so before it asked.
    #[tokio::test]
    async fn those_who_wait_share_a_question_and_no_older_answer() {
        let shared = Shared::default();
        let (asked, truth) = (AtomicU64::new(0), AtomicU64::new(1));
        let one = || {
            shared.ask(&"key", async {
                asked.fetch_add(1, Ordering::SeqCst);
                let answer = truth.load(Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok::<_, Infallible>(answer)
            })
        };
        let later = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            truth.store(2, Ordering::SeqCst);
            futures_util::future::join_all((0..9).map(|_| one())).await
        };
        let (first, later) = tokio::join!(one(), later);
        assert_eq!(first.unwrap(), 1);
        assert!(later.into_iter().all(|answer| answer.unwrap() == 2));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        assert!(shared.0.lock().unwrap().is_empty());
    }

    /// Errors are one's own, and whoever goes away leaves nothing.
    #[tokio::test]
    async fn errors_are_not_shared_and_who_leaves_is_forgotten() {
        let shared = Shared::<_, u8>::default();
        let fails = shared.ask(&"key", async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Err("broken")
        });
        let works = shared.ask(&"key", async { Ok::<_, &str>(7) });
        let (fails, works) = tokio::join!(fails, works);
        assert_eq!((fails, works), (Err("broken"), Ok(7)));
        let never = shared.ask(&"key", std::future::pending::<Result<u8, &str>>());
        let left = tokio::time::timeout(Duration::from_millis(5), never).await;
        assert!(left.is_err() && shared.0.lock().unwrap().is_empty());
    }
}
