//! The link that opens the page without a pasted key: for whoever started the service and reads its standard output, on this machine, once, and soon.

use super::config::Config;
use super::error::ApiError;
use crate::bytes::hex;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;

/// How long after its making a link opens the page.
const OPENS: Duration = Duration::from_secs(600);

/// Of the code of the link that is open, if there is one, a hash and its end. The code itself is kept nowhere.
#[derive(Debug, Default)]
pub struct Link(Mutex<Option<([u8; 32], Instant)>>);

impl Link {
    /// Opens a link, instead of one that is open; its code.
    ///
    /// # Errors
    /// No randomness.
    pub fn open(&self) -> Result<String, ApiError> {
        let mut code = [0; 32];
        getrandom::getrandom(&mut code).map_err(|e| ApiError::Internal(e.to_string()))?;
        let code = hex(&code);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((hash(&code), Instant::now() + OPENS));
        Ok(code)
    }

    /// Whether a code is that of the open link, which ends with it. A wrong code ends nothing.
    pub fn take(&self, code: &str) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let right = open.is_some_and(|(known, end)| Instant::now() < end && known.ct_eq(&hash(code)).into());
        if right {
            *open = None;
        }
        right
    }
}

/// Whether only this machine reaches the service, and the service is its own: no proxy stands before it, and nobody else shares its database.
pub fn fits(config: &Config, address: SocketAddr) -> bool {
    address.ip().is_loopback() && config.trusted_proxies.is_empty() && config.database.is_empty()
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code).into()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_once_and_soon() {
        let link = Link::default();
        assert!(!link.take(""));
        let code = link.open().unwrap();
        assert!(!link.take(&code[1..]) && link.take(&code) && !link.take(&code));
        let first = link.open().unwrap();
        let second = link.open().unwrap();
        assert!(!link.take(&first) && link.take(&second));
        let late = link.open().unwrap();
        link.0.lock().unwrap().as_mut().unwrap().1 = Instant::now();
        assert!(!link.take(&late));
    }

    #[test]
    fn there_is_one_only_where_nobody_else_comes() {
        let own = Config::default();
        let behind = Config {
            trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
            ..Config::default()
        };
        let shared = Config {
            database: "postgres://db/provenn".into(),
            ..Config::default()
        };
        for (config, address, right) in [
            (&own, "127.0.0.1:80", true),
            (&own, "[::1]:80", true),
            (&own, "0.0.0.0:80", false),
            (&own, "192.0.2.1:80", false),
            (&behind, "127.0.0.1:80", false),
            (&shared, "127.0.0.1:80", false),
        ] {
            assert_eq!(fits(config, address.parse().unwrap()), right, "{address}");
        }
    }
}
