//! How many of something each client holds at a time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts by who holds them, each at most `maximum`.
#[derive(Debug)]
pub struct Counts<K: Eq + Hash> {
    maximum: usize,
    held: Mutex<HashMap<K, usize>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Held<K: Eq + Hash> {
    counts: Arc<Counts<K>>,
    who: K,
}

impl<K: Clone + Eq + Hash> Counts<K> {
    pub fn new(maximum: usize) -> Arc<Self> {
        Arc::new(Self {
            maximum,
            held: Mutex::default(),
        })
    }

    /// One more for `who`; nothing if it holds the most already.
    pub fn take(self: &Arc<Self>, who: &K) -> Option<Held<K>> {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = all.get(who).copied().unwrap_or(0);
        if held >= self.maximum {
            return None;
        }
        all.insert(who.clone(), held.saturating_add(1));
        Some(Held {
            counts: self.clone(),
            who: who.clone(),
        })
    }
}

impl<K: Eq + Hash> Drop for Held<K> {
    fn drop(&mut self) {
        let mut all = self.counts.held.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&self.who) {
            Some(held) if *held > 1 => *held = held.saturating_sub(1),
            _ => {
                all.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_limit_and_nothing_is_kept() {
        let counts = Counts::new(2);
        let (first, second) = (counts.take(&"a").unwrap(), counts.take(&"a").unwrap());
        assert!(counts.take(&"a").is_none());
        let other = counts.take(&"b").unwrap();
        drop(first);
        let again = counts.take(&"a").unwrap();
        drop((second, other, again));
        assert!(counts.held.lock().unwrap().is_empty());
    }
}
