//! Connections. A client that sends the head of its request too slowly, or nothing at all, is cut off; it holds nothing but a
//! file descriptor until then.

use super::config::Limits;
use super::door::address::Address;
use super::door::counts::Counts;
use axum::extract::ConnectInfo;
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::Request;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{getrlimit, setrlimit, Resource, Rlimit};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{watch, Semaphore};
use tokio::task::JoinSet;
use tower::Service;

/// Pause when no connection can be taken, as when the process has no file descriptors left.
const EXHAUSTED: Duration = Duration::from_millis(500);

/// Descriptors that are not for connections: database, objects, prover processes.
const RESERVED: usize = 512;

/// Lets this process open as many files as it may, and returns how many that is.
pub fn raise_descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    current.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX)
}

/// Connections at a time where `descriptors` may be open.
pub fn connections(limits: &Limits, descriptors: usize) -> usize {
    limits
        .connections
        .min(descriptors.saturating_sub(RESERVED).max(descriptors / 2))
}

/// How connections are served.
pub struct Rules {
    /// The head of a request has to arrive within this time.
    pub head: Duration,
    /// Connections at a time.
    pub connections: usize,
    /// Connections of one address at a time, proxies excepted.
    pub address_connections: usize,
    pub trusted_proxies: Vec<IpAddr>,
}

/// Serves until `stop` turns true, and then what is under way.
pub async fn serve(listener: TcpListener, router: Router, rules: Rules, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let places = Arc::new(Semaphore::new(rules.connections));
    let addresses = Counts::new(rules.address_connections);
    loop {
        let accepted = tokio::select! {
            // Those beyond the limit wait in the system's queue.
            accepted = async { (places.clone().acquire_owned().await, listener.accept().await) } => accepted,
            () = stopped(&mut stop) => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            (place, Ok((stream, peer))) => {
                let held = match rules.trusted_proxies.contains(&peer.ip().to_canonical()) {
                    true => None,
                    // Closed at once: an answer would cost what the limit is to save.
                    false => match addresses.take(&Address::from(peer.ip()).bucket()) {
                        None => continue,
                        held => held,
                    },
                };
                let served = connection(stream, peer, router.clone(), rules.head, stop.clone());
                connections.spawn(async move {
                    served.await;
                    drop((place, held));
                });
            }
            (_, Err(error)) => {
                tracing::warn!(%error, "taking a connection");
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _gone = stop.wait_for(|stop| *stop).await;
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    head: Duration,
    mut stop: watch::Receiver<bool>,
) {
    // Answers and events are small and wanted at once.
    let _slower = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(address));
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // What goes wrong on a connection is the client's business.
    let _ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
}
