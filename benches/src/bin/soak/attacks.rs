//! What strangers and careless tenants do, each from an address of its own, until they are stopped.

use crate::hostile;
use provenn_benches::service::{digest, Client, Committed};
use reqwest::Method;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

/// Pause of somebody who was refused.
const REFUSED: Duration = Duration::from_millis(50);
/// Bytes of an upload that is to fill the quota.
const UPLOAD: usize = 1 << 20;

/// How often each attack got which answer.
#[derive(Clone, Default)]
pub struct Counts(Arc<Mutex<BTreeMap<(&'static str, String), u64>>>);

impl Counts {
    fn add(&self, attack: &'static str, what: impl ToString) {
        let mut counts = self.0.lock().unwrap();
        *counts.entry((attack, what.to_string())).or_default() += 1;
    }

    pub fn print(&self) {
        let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((attack, what), n) in self.0.lock().unwrap().iter() {
            lines.entry(attack).or_default().push(format!("{what}: {n}"));
        }
        for (attack, counts) in lines {
            println!("  {attack}: {}", counts.join(", "));
        }
    }
}

/// A request of an attacker; its status, or none if the connection broke.
async fn hit(counts: &Counts, attack: &'static str, request: reqwest::RequestBuilder) -> Option<u16> {
    let status = match request.send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            let _read = answer.bytes().await;
            Some(status)
        }
        Err(_) => None,
    };
    counts.add(attack, status.map_or("broken".into(), |status| status.to_string()));
    if status.is_none_or(|status| status >= 400) {
        sleep(REFUSED).await;
    }
    status
}

async fn connect(to: SocketAddr, from: Ipv4Addr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((IpAddr::V4(from), 0).into())?;
    socket.connect(to).await
}

/// Whole heads without a key, bodies that drip.
pub async fn slow_bodies(to: SocketAddr, from: Ipv4Addr, counts: Counts) {
    const HEAD: &[u8] = b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n";
    loop {
        if let Ok(mut stream) = connect(to, from).await {
            counts.add("slow bodies", "opened");
            let mut sent = stream.write_all(HEAD).await;
            while sent.is_ok() {
                sleep(Duration::from_millis(300)).await;
                sent = stream.write_all(&[0; 8]).await;
            }
            counts.add("slow bodies", "cut off");
        }
        sleep(REFUSED).await;
    }
}

/// Heads that never end.
pub async fn slow_heads(to: SocketAddr, from: Ipv4Addr, counts: Counts) {
    loop {
        if let Ok(mut stream) = connect(to, from).await {
            counts.add("slow heads", "opened");
            let mut sent = stream.write_all(b"GET /v1/jobs HTTP/1.1\r\nX: ").await;
            while sent.is_ok() {
                sleep(Duration::from_millis(500)).await;
                sent = stream.write_all(b"x").await;
            }
            counts.add("slow heads", "cut off");
        }
        sleep(REFUSED).await;
    }
}

/// Connections that say nothing.
pub async fn idle(to: SocketAddr, from: Ipv4Addr, counts: Counts) {
    loop {
        if let Ok(mut stream) = connect(to, from).await {
            counts.add("idle connections", "opened");
            let _cut = stream.read_to_end(&mut Vec::new()).await;
            counts.add("idle connections", "closed by the service");
        }
        sleep(10 * REFUSED).await;
    }
}

/// A new method with each request.
pub async fn methods(client: Client, pause: Duration, counts: Counts) {
    for n in 0u64.. {
        let method = Method::from_bytes(format!("METHOD{n}").as_bytes()).unwrap();
        hit(&counts, "method names", client.request(method, &format!("/path/{n}"))).await;
        sleep(pause).await;
    }
}

/// Models that take their reader long.
pub async fn models(client: Client, from: u64, counts: Counts) {
    for n in from.. {
        let bytes = hostile::chain(n);
        let path = format!("/v1/models/{}", digest(&bytes));
        hit(
            &counts,
            "hostile models",
            client.request(Method::PUT, &path).body(bytes),
        )
        .await;
    }
}

/// The same list, as fast as it is answered.
pub async fn reads(client: Client, attack: &'static str, path: &'static str, counts: Counts) {
    loop {
        hit(&counts, attack, client.request(Method::GET, path)).await;
    }
}

/// Uploads beyond the quota.
pub async fn uploads(client: Client, from: u64, counts: Counts) {
    for n in from.. {
        // A text of its own for each, which is an input.
        let mut bytes = format!("{{\"shape\":[1],\"values\":[{n}]}}").into_bytes();
        bytes.resize(UPLOAD, b' ');
        let path = format!("/v1/inputs/{}", digest(&bytes));
        hit(
            &counts,
            "uploads over quota",
            client.request(Method::PUT, &path).body(bytes),
        )
        .await;
    }
}

/// Jobs that each have an account of their own in the ledger.
pub async fn submissions(client: Client, committed: Committed, from: u64, pause: Duration, counts: Counts) {
    for n in from.. {
        let policy = format!("threshold:0:{}.{:03}", n / 1000 % 1000, n % 1000);
        let body = committed.asked(&policy, "");
        hit(
            &counts,
            "submissions",
            client.request(Method::POST, "/v1/proofs").body(body),
        )
        .await;
        sleep(pause).await;
    }
}

/// Jobs that are cancelled: at once, or when a worker may have begun.
pub async fn cancelled(client: Client, committed: Committed, pause: Duration, counts: Counts) {
    for n in 0u64.. {
        let body = committed.asked("label", &format!("cancelled {n}"));
        if let Ok(answer) = client.request(Method::POST, "/v1/proofs").body(body).send().await {
            let place = answer
                .headers()
                .get("location")
                .and_then(|place| place.to_str().ok().map(str::to_owned));
            if let Some(place) = place {
                sleep(pause * (n % 4) as u32).await;
                hit(&counts, "cancelled jobs", client.request(Method::DELETE, &place)).await;
            }
        }
        sleep(pause).await;
    }
}
