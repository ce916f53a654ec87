//! How many of something each client holds at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts by name, each at most `maximum`.
#[derive(Debug)]
pub struct Counts {
    maximum: usize,
    held: Mutex<HashMap<String, usize>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Held {
    counts: Arc<Counts>,
    name: String,
}

impl Counts {
    pub fn new(maximum: usize) -> Arc<Self> {
        Arc::new(Self {
            maximum,
            held: Mutex::default(),
        })
    }

    /// One more for `name`; nothing if it holds the most already.
    pub fn take(self: &Arc<Self>, name: &str) -> Option<Held> {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = all.get(name).copied().unwrap_or(0);
        if held >= self.maximum {
            return None;
        }
        all.insert(name.into(), held.saturating_add(1));
        Some(Held {
            counts: self.clone(),
            name: name.into(),
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut all = self.counts.held.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&self.name) {
            Some(held) if *held > 1 => *held = held.saturating_sub(1),
            _ => {
                all.remove(&self.name);
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
        let (first, second) = (counts.take("a").unwrap(), counts.take("a").unwrap());
        assert!(counts.take("a").is_none());
        let other = counts.take("b").unwrap();
        drop(first);
        let again = counts.take("a").unwrap();
        drop((second, other, again));
        assert!(counts.held.lock().unwrap().is_empty());
    }
}
