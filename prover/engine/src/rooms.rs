//! Memory that tasks work in, used again: new memory is dear, and the threads begin many tasks in a proof.

use std::fmt::{self, Debug, Formatter};
use std::sync::{Mutex, PoisonError};

/// Rooms of tasks that have ended.
pub struct Rooms<R>(Mutex<Vec<R>>);

impl<R> Default for Rooms<R> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<R> Debug for Rooms<R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").finish_non_exhaustive()
    }
}

impl<R> Rooms<R> {
    /// Works in a room that nobody else is in: a new one if there is no other.
    pub fn with<T>(&self, new: impl FnOnce() -> R, work: impl FnOnce(&mut R) -> T) -> T {
        let free = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The lock is not held while the work is done: a thread that waits in it may take up another task.
        let room = free().pop();
        let mut room = room.unwrap_or_else(new);
        let result = work(&mut room);
        free().push(room);
        result
    }
}
