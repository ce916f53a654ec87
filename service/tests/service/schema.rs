//! Migrations at start.

use crate::harness::Service;
use futures_util::future::join_all;
use provenn_service::server::clock::Clock;
use provenn_service::server::config::Config;
use provenn_service::server::db::Db;
use provenn_service::server::state::App;
use sqlx::SqlitePool;

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused() {
    let service = Service::with_clock(Clock::System, false, |_| {}).await;
    let url = service.app.config.database_url();
    Db::open(&url).await.unwrap();
    let pool = SqlitePool::connect(&url).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)";
    sqlx::query(newer).execute(&pool).await.unwrap();
    let error = Db::open(&url).await.unwrap_err().to_string();
    assert!(error.contains("9999"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_migrate_once() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let open = || {
        let data = folder.path().to_owned();
        let config = Config {
            data,
            ..Config::default()
        };
        tokio::task::spawn_blocking(|| tokio::runtime::Handle::current().block_on(App::open(config, Clock::System)))
    };
    // They agree on the log's key too, which the first of them makes.
    for opened in join_all((0..4).map(|_| open())).await {
        opened.unwrap().unwrap();
    }
}

/// What only looks, such as `provenn keys` and `provenn backup`, leaves an older schema as it is.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_service_migrates() {
    let service = Service::with_clock(Clock::System, false, |_| {}).await;
    let url = service.app.config.database_url();
    let pool = SqlitePool::connect(&url).await.unwrap();
    let newest = "(SELECT MAX(version) FROM _sqlx_migrations)";
    let older = format!("DELETE FROM _sqlx_migrations WHERE version = {newest}");
    sqlx::query(sqlx::AssertSqlSafe(older)).execute(&pool).await.unwrap();
    let migrations = async || {
        let row = sqlx::query_as("SELECT COUNT(*) FROM _sqlx_migrations").fetch_one(&pool);
        let (n,): (i64,) = row.await.unwrap();
        n
    };
    let before = migrations().await;
    let error = Db::open(&url).await.unwrap_err().to_string();
    assert!(error.contains("provenn serve"), "{error}");
    let data = service.folder.path().display().to_string();
    let out = service.folder.path().join("copy").display().to_string();
    for arguments in [
        ["keys", "list", "--data", &data].as_slice(),
        &["backup", "--data", &data, &out],
        &["gc", "--data", &data],
    ] {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_provenn"));
        let output = command.args(arguments).output().await.unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains("provenn serve"), "{error}");
    }
    assert_eq!(migrations().await, before);
}
