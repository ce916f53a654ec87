//! The address that a request counts for.

use axum::http::HeaderMap;
use std::net::IpAddr;

/// Header in which proxies name whom they speak for, the nearest last.
const FORWARDED: &str = "x-forwarded-for";

/// Where a request comes from; none for requests without a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(Option<IpAddr>);

impl Address {
    /// The peer; where that is a trusted proxy, the nearest address in `X-Forwarded-For` that is none. Anybody can write the
    /// rest of that header.
    pub fn of(peer: Option<IpAddr>, headers: &HeaderMap, proxies: &[IpAddr]) -> Self {
        let trusted = |address: &IpAddr| proxies.iter().any(|proxy| plain(*proxy) == plain(*address));
        if !peer.as_ref().is_some_and(trusted) {
            return Self(peer);
        }
        let lines = headers.get_all(FORWARDED).iter().rev();
        let named = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for text in named {
            match text.trim().parse::<IpAddr>() {
                Ok(address) if trusted(&address) => {}
                Ok(address) => return Self(Some(address)),
                // A proxy that writes no address is not to be looked behind.
                Err(_) => break,
            }
        }
        Self(peer)
    }

    /// Name of what is counted together: an IPv4 address, or the 64 bits of an IPv6 address that a customer gets whole.
    /// A colon is in no tenant's name.
    pub fn bucket(self) -> String {
        match self.0.map(plain) {
            None => "address:unknown".into(),
            Some(IpAddr::V4(address)) => format!("address:{address}"),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("address:{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        Self(Some(address))
    }
}

/// IPv4 addresses as such, also where a socket for both kinds shows them as IPv6.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED, line.parse().unwrap());
        }
        let proxies: Vec<IpAddr> = proxies.iter().map(|p| p.parse().unwrap()).collect();
        Address::of(Some(peer.parse().unwrap()), &headers, &proxies).bucket()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        for (peer, forwarded, proxies, bucket) in [
            ("192.0.2.1", &["203.0.113.9"][..], &[][..], "192.0.2.1"),
            ("192.0.2.1", &["203.0.113.9"], &["192.0.2.1"], "203.0.113.9"),
            ("::ffff:192.0.2.1", &["203.0.113.9"], &["192.0.2.1"], "203.0.113.9"),
            // What the client wrote itself stands further left.
            (
                "192.0.2.1",
                &["198.51.100.7, 203.0.113.9"],
                &["192.0.2.1"],
                "203.0.113.9",
            ),
            (
                "192.0.2.1",
                &["198.51.100.7", "203.0.113.9"],
                &["192.0.2.1"],
                "203.0.113.9",
            ),
            (
                "192.0.2.1",
                &["203.0.113.9, 192.0.2.2"],
                &["192.0.2.1", "192.0.2.2"],
                "203.0.113.9",
            ),
            ("192.0.2.1", &["203.0.113.9, nonsense"], &["192.0.2.1"], "192.0.2.1"),
            ("192.0.2.1", &[], &["192.0.2.1"], "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", &[], &[], "2001:db8:1:2::/64"),
        ] {
            assert_eq!(
                of(peer, forwarded, proxies),
                format!("address:{bucket}"),
                "{peer} {forwarded:?}"
            );
        }
        assert_eq!(Address::of(None, &HeaderMap::new(), &[]).bucket(), "address:unknown");
    }
}
