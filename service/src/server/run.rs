//! A process of the service from start to stop.

use super::api::router;
use super::clock::Clock;
use super::config::{Config, Role};
use super::db::NewKey;
use super::error::ApiError;
use super::ids::{TaskId, TenantId};
use super::keys::{Scope, Secret};
use super::queue::new_id;
use super::state::{App, ATTEMPTS};
use super::{events, link, listen, log, private, sweeper, tlog, worker};
use crate::error::CliError;
use crate::files;
use rustix::process::{set_dumpable_behavior, DumpableBehavior};
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{signal, SignalKind};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// File with the key that the first start makes.
pub const FIRST_KEY: &str = "first.key";
/// The tenant that it is of.
pub const FIRST_TENANT: &str = "default";

/// Runs until SIGTERM or SIGINT.
pub fn run(config: Config) -> Result<(), CliError> {
    log::start(&config);
    private::files();
    // Its memory and environment hold keys: other processes of the same user do not read them, and no core file keeps them.
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "other processes of this user can read the service's memory");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| CliError::new(1, "io", e.to_string(), ""))?;
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), CliError> {
    let role = config.role;
    let descriptors = listen::raise_descriptors();
    let app = App::open(config, Clock::System).await.map_err(start)?;
    first_key(&app).await?;
    match tlog::restore::restore(&app).await {
        // The log waits for the operator; jobs do not wait for the log.
        Ok(_) | Err(ApiError::LogStopped(_)) => {}
        Err(error) => return Err(start(error)),
    }
    let stopping = app.stop.subscribe();
    let workers = background(&app, role != Role::Api, &stopping);
    let api = match role {
        Role::Worker => None,
        Role::All | Role::Api => {
            let listener = TcpListener::bind(&app.config.listen)
                .await
                .map_err(|e| unusable(&app.config.listen, &e))?;
            let address = listener.local_addr().map_err(|e| unusable(&app.config.listen, &e))?;
            tracing::info!(%address, "listening");
            offer(&app, address)?;
            let limits = &app.config.limits;
            let rules = listen::Rules {
                head: Duration::from_millis(app.config.timing.head),
                connections: listen::connections(limits, descriptors),
                address_connections: limits.address_connections,
                trusted_proxies: app.config.trusted_proxies.clone(),
            };
            Some(tokio::spawn(listen::serve(
                listener,
                router(app.clone()),
                rules,
                stopping,
            )))
        }
    };
    signalled().await;
    tracing::info!("stopping");
    app.stop.send_replace(true);
    // Jobs and requests under way may finish; what does not is taken up by others when its lease ends, or asked again. Event streams
    // end at once.
    let grace = Duration::from_millis(app.config.timing.grace);
    let under_way = futures_util::future::join_all(workers.into_iter().chain(api));
    if tokio::time::timeout(grace, under_way).await.is_err() {
        tracing::warn!("stopped with work under way: timing.grace is over");
    }
    app.db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Starts what goes on beside requests; the handle ends when the workers have stopped.
pub fn background(app: &App, workers: bool, stopping: &watch::Receiver<bool>) -> Option<JoinHandle<()>> {
    tokio::spawn(events::follow(app.clone()));
    tokio::spawn(sweeper::run(app.clone()));
    if app.tlog.signer.is_some() {
        tokio::spawn(tlog::run(app.clone()));
    }
    workers.then(|| tokio::spawn(work(app.clone(), stopping.clone())))
}

/// Works on jobs while this machine can.
async fn work(app: App, stop: watch::Receiver<bool>) {
    let owner = format!("{}-{}", std::process::id(), new_id());
    let at_once = app.config.workers;
    let (queue, under_way) = (app.queue.clone(), app.under_way.clone());
    let worker = app.clone();
    let handler = move |task: TaskId| {
        let (app, owner) = (worker.clone(), owner.clone());
        async move { worker::prove(&app, &task, &owner).await }
    };
    let (machine, ill) = (app.clone(), Arc::new(AtomicBool::new(false)));
    let fit = move || fit(machine.clone(), ill.clone());
    queue.work(at_once, stop, fit, handler).await;
    // What is being checked and published ends before the process does.
    let all = u32::try_from(at_once.saturating_mul(ATTEMPTS)).unwrap_or(u32::MAX);
    let _all = under_way.acquire_many(all).await;
}

/// Whether this machine can work on jobs. Said once each time that it changes.
async fn fit(app: App, ill: Arc<AtomicBool>) -> bool {
    let checked = match app.skew.check() {
        Ok(()) => app.disk.check().await,
        off => off,
    };
    match (&checked, ill.swap(checked.is_err(), Ordering::Relaxed)) {
        (Err(error), false) => tracing::error!(cause = error.cause(), "this worker takes no jobs"),
        (Ok(()), true) => tracing::info!("this worker takes jobs again"),
        _ => {}
    }
    checked.is_ok()
}

/// On an empty database of its own: a key with all scopes, in a file that only its owner can read.
async fn first_key(app: &App) -> Result<(), CliError> {
    if !app.config.database.is_empty() || !app.db.keys().await.map_err(|e| start(e.into()))?.is_empty() {
        return Ok(());
    }
    let (key, path) = (Secret::random()?, app.config.data.join(FIRST_KEY));
    files::write(&path, format!("{}\n", key.reveal()).as_bytes(), true)?;
    let first = NewKey {
        secret: &key,
        tenant: &TenantId::known(FIRST_TENANT),
        label: "first start",
        scopes: &Scope::ALL,
        expires: None,
    };
    let made = async {
        app.db.add_tenant(first.tenant, app.now()).await?;
        app.db.add_key(&first, app.now()).await
    };
    made.await.map_err(|e| start(e.into()))?;
    tracing::info!(path = %path.display(), tenant = FIRST_TENANT, "wrote a first key");
    Ok(())
}

/// Prints a link to the page for whoever started the service. It is no line of the log: logs are read by others.
fn offer(app: &App, address: SocketAddr) -> Result<(), CliError> {
    if !link::fits(&app.config, address) {
        return Ok(());
    }
    let code = app.link.open().map_err(start)?;
    // Without anybody who reads it, the service starts as well.
    let _unread = writeln!(
        std::io::stdout(),
        "The page, once within ten minutes without a key: http://{address}/#/start/{code}"
    );
    Ok(())
}

async fn signalled() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Why the service cannot start.
pub fn start(error: ApiError) -> CliError {
    CliError::new(
        1,
        "start",
        error.cause(),
        "check `provenn serve --print-config`, the database and the object store",
    )
}

fn unusable(address: &str, error: &std::io::Error) -> CliError {
    CliError::new(
        1,
        "listen",
        format!("{address}: {error}"),
        "choose another address with --listen",
    )
}
