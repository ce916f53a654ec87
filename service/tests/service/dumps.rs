//! SQLite databases of all schema versions, from their dumps.

use crate::versions::{check, file, rows, up_to, versions};
use provenn_service::server::db::Db;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{raw_sql, AssertSqlSafe, SqlitePool};
use std::fmt::Write;
use std::path::Path;

/// One connection: all statements see the same settings.
async fn empty(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(false);
    SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap()
}

async fn column(pool: &SqlitePool, query: String) -> Vec<String> {
    let rows: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(query)).fetch_all(pool).await.unwrap();
    rows.into_iter().map(|(value,)| value).collect()
}

async fn tables(pool: &SqlitePool) -> Vec<String> {
    let all = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
    column(pool, all.into()).await
}

/// All of a database as SQL.
async fn dump(pool: &SqlitePool) -> String {
    // What depends on the day and on the machine.
    let same = "UPDATE _sqlx_migrations SET installed_on = '2026-01-01 00:00:00', execution_time = 0";
    raw_sql(same).execute(pool).await.unwrap();
    let mut text = String::new();
    let made = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'index', rowid";
    for statement in column(pool, made.into()).await {
        writeln!(text, "{statement};").unwrap();
    }
    for table in tables(pool).await {
        let columns = column(
            pool,
            format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"),
        )
        .await;
        let quoted: Vec<_> = columns.iter().map(|name| format!("quote({name})")).collect();
        let row = format!("SELECT {} FROM {table} ORDER BY 1", quoted.join(" || ', ' || "));
        for values in column(pool, row).await {
            writeln!(text, "INSERT INTO {table} ({}) VALUES ({values});", columns.join(", ")).unwrap();
        }
    }
    text
}

/// The dumps are what these migrations make of these rows: a migration that was released does not change.
#[tokio::test(flavor = "multi_thread")]
async fn each_schema_version_has_its_dump() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let pool = empty(&folder.path().join("service.db")).await;
    for version in versions() {
        up_to(version).run(&pool).await.unwrap();
        raw_sql(AssertSqlSafe(rows(version))).execute(&pool).await.unwrap();
        for table in tables(&pool).await {
            let (n,): (i64,) = sqlx::query_as(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
                .fetch_one(&pool)
                .await
                .unwrap();
            assert!(
                n > 0,
                "{table} has no row: add one to {}",
                file("rows", version).display()
            );
        }
        let (made, path) = (dump(&pool).await, file("sqlite", version));
        if std::env::var_os("PROVENN_UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &made).unwrap();
        }
        let recorded = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            made == recorded,
            "{}: a migration that exists was changed, or a new one has no dump (PROVENN_UPDATE=1 writes it)",
            path.display()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_of_all_schema_versions_are_brought_up_to_date() {
    for version in versions() {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("service.db");
        let pool = empty(&path).await;
        let recorded = std::fs::read_to_string(file("sqlite", version)).unwrap();
        raw_sql(AssertSqlSafe(recorded)).execute(&pool).await.unwrap();
        pool.close().await;
        let url = format!("sqlite://{}", path.display());
        let newest = *versions().last().unwrap();
        assert_eq!(Db::open(&url).await.is_ok(), version == newest, "only `serve` migrates");
        let db = Db::migrate(&url).await.unwrap();
        check(&db, version).await;
        db.close().await;
    }
}
