//! Bytes of bodies that are kept in memory while they arrive: a limit on all of them together, and on each client's share, since they
//! are read before anybody takes a turn.

use super::Client;
use crate::server::error::ApiError;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A client's share of all is one part in so many.
const SHARES: u64 = 4;

/// How many bytes are kept, by client.
#[derive(Debug)]
pub struct Buffers {
    maximum: u64,
    held: Mutex<HashMap<Client, u64>>,
}

/// What one body keeps, until it is dropped.
#[derive(Debug)]
pub struct Buffered<'a> {
    buffers: &'a Buffers,
    client: &'a Client,
    bytes: u64,
}

impl Buffers {
    /// At most `maximum` bytes together.
    pub fn new(maximum: u64) -> Self {
        Self {
            maximum,
            held: Mutex::default(),
        }
    }

    /// For one body of a client, which keeps nothing yet.
    pub fn hold<'a>(&'a self, client: &'a Client) -> Buffered<'a> {
        Buffered {
            buffers: self,
            client,
            bytes: 0,
        }
    }
}

impl Buffered<'_> {
    /// Keeps `more` bytes.
    ///
    /// # Errors
    /// [`ApiError::Busy`] beyond the limit or the client's share.
    pub fn grow(&mut self, more: u64) -> Result<(), ApiError> {
        let mut held = self.buffers.held.lock().unwrap_or_else(PoisonError::into_inner);
        let all = held.values().fold(more, |sum, bytes| sum.saturating_add(*bytes));
        let own = held.get(self.client).copied().unwrap_or(0).saturating_add(more);
        if all > self.buffers.maximum || own > self.buffers.maximum / SHARES {
            return Err(ApiError::Busy);
        }
        held.insert(self.client.clone(), own);
        self.bytes = self.bytes.saturating_add(more);
        Ok(())
    }
}

impl Drop for Buffered<'_> {
    fn drop(&mut self) {
        let mut held = self.buffers.held.lock().unwrap_or_else(PoisonError::into_inner);
        let left = held
            .get(self.client)
            .map_or(0, |bytes| bytes.saturating_sub(self.bytes));
        match left {
            0 => held.remove(self.client),
            left => held.insert(self.client.clone(), left),
        };
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_limited_together_and_by_client_and_given_back() {
        let buffers = Buffers::new(100);
        let names: Vec<Client> = (0..5).map(|n| Client::Address(n.to_string())).collect();
        let mut bodies: Vec<Buffered<'_>> = names.iter().map(|client| buffers.hold(client)).collect();
        for body in bodies.iter_mut().take(4) {
            body.grow(10).unwrap();
            body.grow(15).unwrap();
            assert!(matches!(body.grow(1), Err(ApiError::Busy)), "more than a share");
        }
        assert!(matches!(bodies[4].grow(1), Err(ApiError::Busy)), "more than all");
        assert!(
            matches!(buffers.hold(&names[0]).grow(1), Err(ApiError::Busy)),
            "shares are of clients"
        );
        bodies.remove(0);
        bodies[3].grow(25).unwrap();
        drop(bodies);
        assert!(buffers.held.lock().unwrap().is_empty());
    }
}
