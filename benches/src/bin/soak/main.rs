//! All attacks at once beside honest tenants, on SQLite and on PostgreSQL where a server is installed: what honest requests take, the memory of the service,
//! and whether every job that was accepted is done in the end.
//!
//! `soak PROVENN [SECONDS] [--untimed]`: half of the time on each database, and what it then takes to work off the honest jobs. Exit code 1 if a bar is missed;
//! with `--untimed` the bars on times are only printed, for machines that do other things too.
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

mod attacks;
mod honest;
mod hostile;

use attacks::Counts;
use honest::Tenants;
use provenn_benches::postgres::Postgres;
use provenn_benches::service::{at, Service};
use std::future::Future;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;

/// Longest p99 of honest requests in milliseconds.
const SUBMIT: f64 = 50.0;
const STATUS: f64 = 20.0;
/// Most resident memory of the service.
const MEMORY: u64 = 150 << 20;
/// Niceness of the attackers' threads.
const YIELDING: i32 = 10;
/// Of each tenant: honest ones need less.
const QUOTA: u64 = 256 << 20;

#[tokio::main]
async fn main() -> ExitCode {
    let (options, names): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let binary = PathBuf::from(names.first().expect("usage: soak PROVENN [SECONDS] [--untimed]"));
    let seconds: u32 = names.get(1).map_or(1800, |text| text.parse().unwrap());
    let timed = !options.iter().any(|option| option == "--untimed");
    let server = Postgres::start();
    let url = server.as_ref().map(Postgres::url);
    let databases = [("SQLite", Some(String::new())), ("PostgreSQL", url)];
    let mut missed = Vec::new();
    for (name, database) in databases {
        if let Some(database) = database {
            missed.extend(soak(&binary, name, &database, seconds / 2, timed).await);
        }
    }
    for bar in &missed {
        println!("missed: {bar}");
    }
    match missed.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// The bars that were missed on one database.
async fn soak(binary: &Path, name: &str, database: &str, seconds: u32, timed: bool) -> Vec<String> {
    let settings = [
        ("PROVENN_DATABASE", database.to_owned()),
        ("PROVENN_LIMITS__TENANT_BYTES", QUOTA.to_string()),
    ];
    let service = Service::start(binary, &settings).await;
    let tenants = Tenants::new(&service).await;
    let counts = Counts::default();
    let theirs = strangers();
    let attackers = attack(&service, &counts, theirs.handle()).await;
    let peak = Arc::new(AtomicU64::new(0));
    let watch = async {
        loop {
            peak.fetch_max(service.memory(), Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let honest = tokio::select! {
        honest = tenants.work(seconds) => honest,
        () = watch => unreachable!("memory is watched for ever"),
    };
    // Aborts them, and waits until they are gone.
    drop(attackers);
    theirs.shutdown_background();
    let begun = Instant::now();
    let lost = tenants.lost(&honest.places).await;
    let memory = peak.load(Ordering::Relaxed);
    let load = load.split(' ').next().unwrap_or_default();
    println!("{name}, {seconds} s, load average {load} before:");
    let mut missed = Vec::new();
    let mut bar = |judged: bool, what: String, held: bool| {
        println!("  {what}{}", if held { "" } else { ": MISSED" });
        if judged && !held {
            missed.push(format!("{name}: {what}"));
        }
    };
    for (what, latencies, most) in [
        ("submit", &honest.submits, SUBMIT),
        ("status", &honest.statuses, STATUS),
    ] {
        let (half, p99, last) = (at(latencies, 0.5), at(latencies, 0.99), at(latencies, 1.0));
        let n = latencies.len();
        let what = format!("{what}: {n}, p50 {half:.1} ms, p99 {p99:.1} ms (bar {most} ms), largest {last:.1} ms");
        bar(timed, what, p99 < most);
    }
    let refused = honest.refused.len();
    bar(
        true,
        format!("honest requests refused: {refused} (bar 0) {:?}", honest.refused),
        refused == 0,
    );
    let mebibytes = memory as f64 / 1048576.0;
    bar(
        true,
        format!("resident memory: {mebibytes:.1} MiB (bar {} MiB)", MEMORY >> 20),
        memory < MEMORY,
    );
    let (all, worked) = (honest.places.len(), begun.elapsed().as_secs());
    bar(
        true,
        format!("jobs lost: {} of {all} (bar 0) {lost:?}", lost.len()),
        lost.is_empty(),
    );
    println!("  honest jobs were done {worked} s after the end");
    counts.print();
    missed
}

/// Where attackers run: threads of their own, which yield to the service and to who measures it, since the work of sending is not the service's.
fn strangers() -> Runtime {
    let yielding = || {
        let _niceness = rustix::process::nice(YIELDING);
    };
    let mut threads = Builder::new_multi_thread();
    threads.enable_all().on_thread_start(yielding).build().unwrap()
}

/// Starts all attacks. They end when what is returned is dropped.
async fn attack(service: &Service, counts: &Counts, on: &Handle) -> JoinSet<()> {
    let mut attackers = (JoinSet::new(), on);
    let (to, counts) = (service.address(), || counts.clone());
    let from = |n: u8| Ipv4Addr::new(127, 0, 0, n);
    let pause = Duration::from_millis;
    fn many<F>(attackers: &mut (JoinSet<()>, &Handle), n: u64, one: impl Fn(u64) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        (0..n).for_each(|n| drop(attackers.0.spawn_on(one(n), attackers.1)));
    }
    many(&mut attackers, 64, |_| attacks::slow_bodies(to, from(2), counts()));
    many(&mut attackers, 64, |_| attacks::slow_heads(to, from(3), counts()));
    many(&mut attackers, 600, |_| attacks::idle(to, from(4), counts()));
    many(&mut attackers, 600, |_| attacks::idle(to, from(5), counts()));
    let stranger = service.client("", from(6));
    many(&mut attackers, 8, |_| {
        attacks::methods(stranger.clone(), pause(20), counts())
    });

    let uploader = service.client(&service.key("uploader", true, "upload"), from(7));
    many(&mut attackers, 4, |n| {
        attacks::models(uploader.clone(), n << 32, counts())
    });
    let filler = service.client(&service.key("filler", true, "upload"), from(8));
    many(&mut attackers, 4, |n| {
        attacks::uploads(filler.clone(), n << 32, counts())
    });

    let flood = service.client(&service.key("flood", true, "upload,commit,prove,read"), from(9));
    let committed = flood.commit().await;
    many(&mut attackers, 40, |n| {
        attacks::submissions(flood.clone(), committed.clone(), n * 20_000, pause(100), counts())
    });
    let reader = service.client(&service.key("flood", false, "read"), from(10));
    many(&mut attackers, 8, |_| {
        attacks::reads(reader.clone(), "ledger", "/v1/ledger", counts())
    });
    many(&mut attackers, 4, |_| {
        attacks::reads(reader.clone(), "jobs", "/v1/jobs", counts())
    });
    many(&mut attackers, 4, |_| {
        attacks::reads(stranger.clone(), "metrics", "/metrics", counts())
    });

    let fickle = service.client(&service.key("fickle", true, "upload,commit,prove,read"), from(11));
    let committed = fickle.commit().await;
    many(&mut attackers, 2, |_| {
        attacks::cancelled(fickle.clone(), committed.clone(), pause(200), counts())
    });
    attackers.0
}
