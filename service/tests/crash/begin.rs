//! Requests that are dropped while they begin a transaction.

use super::postgres::Postgres;
use provenn_service::server::db::Db;
use provenn_service::server::ids::{JobId, TenantId};
use provenn_service::server::job::Kinds;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// Dropped at each ten millionths of a second of what a change takes: none leaves a transaction open, within which others' changes would be lost.
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_leaves_no_transaction_open() {
    let Some(database) = Postgres::start() else { return };
    let db = Db::migrate(&database.url()).await.unwrap();
    let pool = PgPool::connect(&database.url()).await.unwrap();
    let open = async || -> i64 {
        let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE state = 'idle in transaction'";
        sqlx::query_scalar(open).fetch_one(&pool).await.unwrap()
    };
    for round in 0..200 {
        let asking = db.clone();
        let change = tokio::spawn(async move {
            let (tenant, job) = (TenantId::known("alice"), JobId::fresh());
            asking.cancel(&tenant, Kinds::All, &job, 1).await
        });
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(10 * round) {
            std::hint::spin_loop();
        }
        change.abort();
        // What has begun ends soon. A transaction that nobody ends stays, as nobody else takes the connection meanwhile.
        tokio::time::sleep(Duration::from_millis(3)).await;
        let begun = Instant::now();
        while open().await > 0 {
            assert!(
                begun.elapsed() < Duration::from_secs(2),
                "a transaction that nobody ends, in round {round}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
