//! Clients that are slow on purpose.

use crate::harness::{eventually, Service};
use provenn_service::server::listen::{self, Rules};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const HEAD: Duration = Duration::from_millis(400);

async fn listening(service: &Service) -> (SocketAddr, watch::Sender<bool>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let rules = Rules {
        head: HEAD,
        connections: 20,
        address_connections: 15,
        trusted_proxies: vec![],
    };
    let served = tokio::spawn(listen::serve(listener, service.router.clone(), rules, stopping));
    (address, stop, served)
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_arrive_ends_the_connection() {
    let service = Service::start(|_| {}).await;
    let (address, _stop, _served) = listening(&service).await;
    let slow = ["", "GET /heal", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "].map(|begin| async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        let started = Instant::now();
        // A byte now and then does not help.
        let mut answer = Vec::new();
        let cut = async {
            let (mut read, mut write) = stream.split();
            let drip = async {
                while begin.is_empty() || write.write_all(b"a").await.is_ok() {
                    tokio::time::sleep(HEAD / 4).await;
                }
                std::future::pending::<()>().await
            };
            tokio::select! {
                _ = read.read_to_end(&mut answer) => {}
                () = drip => {}
            }
        };
        tokio::time::timeout(Duration::from_secs(60), cut)
            .await
            .expect("it is still open");
        assert!(started.elapsed() >= HEAD / 2);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    });
    let others = async {
        for _ in 0..20 {
            let answer = ask(address, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    };
    tokio::join!(futures_util::future::join_all(slow), others);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_stream_outlives_that_time_and_ends_with_the_service() {
    // Nobody works: the job stays queued.
    let mut service = Service::start(|_| {}).await;
    let model = service.alice().await.model("public").await;
    service.halt().await;
    let alice = service.alice().await;
    let place = alice.prove(&model, "").await.headers["location"]
        .to_str()
        .unwrap()
        .to_owned();
    let (address, stop, served) = listening(&service).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {place}/events HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\r\n",
        alice.bearer()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    let mut buffer = [0; 4096];
    let mut read = async |until: &str| loop {
        let n = stream.read(&mut buffer).await.unwrap();
        seen.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
        if seen.contains(until) || n == 0 {
            return n > 0;
        }
    };
    assert!(read("queued").await);
    tokio::time::sleep(3 * HEAD).await;
    assert_eq!(alice.call("DELETE", &place, "").await.status.as_u16(), 204);
    assert!(read("cancelled").await, "the stream was cut");
    // No new connections after the stop, and the old ones end.
    stop.send(true).unwrap();
    served.await.unwrap();
    eventually(async || TcpStream::connect(address).await.err()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections() {
    let service = Service::start(|_| {}).await;
    let (address, _stop, _served) = listening(&service).await;
    let mut idle = vec![];
    for _ in 0..30 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    let closed = idle.iter_mut().map(async |stream| {
        let mut byte = [0];
        let read = tokio::time::timeout(HEAD / 2, stream.read(&mut byte)).await;
        usize::from(read.is_ok())
    });
    let closed: usize = futures_util::future::join_all(closed).await.iter().sum();
    assert_eq!(closed, 15, "those beyond the limit are closed at once");
    drop(idle);
    let request = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    eventually(async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(())
    })
    .await;
}

#[test]
fn descriptors_are_kept_for_the_rest() {
    let limits = provenn_service::server::config::Limits::default();
    assert_eq!(listen::connections(&limits, 1024), 512);
    assert_eq!(listen::connections(&limits, 300), 150);
    assert_eq!(listen::connections(&limits, 1 << 20), limits.connections);
}
