//! What a long history costs: submission, status, ledger, lists and sweep on a database that is nearly empty, and on the same with a
//! million ended jobs of the same tenant, model and key.
//!
//! `history [ROWS] [POSTGRESQL_URL]`: on SQLite in a temporary folder, and on an empty PostgreSQL database: the one that is named, or one of a server
//! of its own where one is installed.
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use provenn_benches::postgres::Postgres;
use provenn_service::server::db::{Db, Most, Place, Submission};
use provenn_service::server::ids::{InputDigest, JobId, KeyId, ModelId, TaskId, TenantId};
use provenn_service::server::job::Kinds;
use provenn_service::server::ledger::{About, Charge};
use serde_json::json;
use sqlx::any::AnyPoolOptions;
use sqlx::AssertSqlSafe;
use std::time::{Duration, Instant};

const MODEL: &str = "model";
/// Measurements of each operation.
const TIMES: usize = 300;
/// Before each series, not counted.
const WARM: usize = 30;
const MOST: Most = Most {
    jobs: 1_000_000,
    bytes: i64::MAX,
};
const NOW: i64 = 2_000_000_000_000;

/// What fills the tables, for each `n` of a series; `id` is a job's.
const HISTORY: [&str; 9] = [
    "INSERT INTO jobs (id, tenant, kind, statement, request, priority, state, stage, attempt, token, pushed, task, forecast, created, started, finished, changed, seq, result)
     SELECT id, 'tenant', 'proof', 'old' || id, '{\"model\":\"model\",\"policy\":\"label\"}', 5, state, state, 1, 1, n, 'task' || id, '{\"cpu_seconds\":1.5}', n, n, n, n, 3, '{\"bytes\":4000}'
     FROM (SELECT id, n, CASE WHEN n % 50 = 0 THEN 'failed' WHEN n % 50 = 1 THEN 'cancelled' ELSE 'done' END AS state FROM series) AS old",
    "INSERT INTO events (job, seq, at, body) SELECT id, 1, n, '{\"state\":\"queued\"}' FROM series",
    "INSERT INTO events (job, seq, at, body) SELECT id, 2, n, '{\"state\":\"proving\"}' FROM series",
    "INSERT INTO events (job, seq, at, body) SELECT id, 3, n, '{\"state\":\"done\"}' FROM series",
    "INSERT INTO receipts (tenant, statement, job, model, blob, bytes, created) SELECT 'tenant', 'old' || id, id, 'model', 'blob' || id, 4000, n FROM series",
    "INSERT INTO ledger (job, tenant, model, input, requester, policy, microbits, again, state) SELECT id, 'tenant', 'model', 'input' || id, 'key', 'label', 3459432, 0, 'spent' FROM series",
    "INSERT INTO accounts (tenant, model, input, requester, policy, receipts, settled, reserved, settled_first, reserved_first)
     SELECT 'tenant', 'model', 'input' || id, 'key', 'label', 1, 3459432, 0, 3459432, 0 FROM series",
    "INSERT INTO spent (tenant, scope, subject, part, microbits) SELECT 'tenant', 'input', 'model', 'input' || id, 3459432 FROM series",
    "INSERT INTO idempotency (tenant, key, body, job, created) SELECT 'tenant', 'old' || id, 'body', id, 1900000000000 FROM series WHERE n % 10 = 0",
];

/// Sums of the whole history.
const SUMS: [&str; 2] = [
    "UPDATE spent SET microbits = microbits + CAST(3459432 AS BIGINT) * ROWS WHERE tenant = 'tenant' AND scope <> 'input'",
    "UPDATE tenants SET submitted = submitted + ROWS WHERE name = 'tenant'",
];

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let rows: i64 = arguments.next().map_or(1_000_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}/provenn.db?mode=rwc", folder.path().display());
    sqlx::any::install_default_drivers();
    let (named, mut server) = (arguments.next(), None);
    let postgresql = named.or_else(|| {
        server = Postgres::start();
        server.as_ref().map(Postgres::url)
    });
    for url in [Some(sqlite), postgresql].into_iter().flatten() {
        let (kind, _) = url.split_once(':').unwrap();
        println!("{kind}: median and p99 of {TIMES} in ms, with few jobs and with {rows} ended ones");
        database(&url, rows).await;
    }
}

async fn database(url: &str, rows: i64) {
    let db = Db::migrate(url).await.unwrap();
    db.add_tenant(&tenant(), NOW).await.unwrap();
    let pool = AnyPoolOptions::new().max_connections(1).connect(url).await.unwrap();
    for row in [
        "INSERT INTO models (tenant, id, source, key_digest, srs_id, description, forecast, files, created) VALUES ('tenant', 'model', 'source', '', '', '{}', '{}', '{}', 1)",
        "INSERT INTO uploads (tenant, kind, sha256, bytes, summary, created) VALUES ('tenant', 'input', 'input', 100, '{}', 1)",
    ] {
        sqlx::query(row).execute(&pool).await.unwrap();
    }
    let key = key();
    for (scope, subject) in [
        ("model", MODEL),
        ("input", MODEL),
        ("requester", MODEL),
        ("key", key.as_str()),
    ] {
        sqlx::query("INSERT INTO budgets (tenant, scope, subject, microbits) VALUES ($1, $2, $3, $4)")
            .bind(tenant())
            .bind(scope)
            .bind(subject)
            .bind(i64::MAX / 4)
            .execute(&pool)
            .await
            .unwrap();
    }
    let few = measure(&db, NOW).await;
    fill(&pool, url, rows).await;
    // Later, so that what changed lately is of this series only.
    let many = measure(&db, NOW + 86_400_000).await;
    for ((name, few), (_, many)) in few.iter().zip(&many) {
        let ratio = many.0 / few.0;
        let verdict = if ratio <= 1.5 { "" } else { "  above 1.5" };
        println!(
            "  {name:<12} {:>8.3} {:>8.3}   {:>8.3} {:>8.3}   {ratio:>5.2} times{verdict}",
            few.0, few.1, many.0, many.1
        );
    }
    db.close().await;
}

async fn fill(pool: &sqlx::AnyPool, url: &str, rows: i64) {
    let series = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}),
         series (n, id) AS (SELECT n, '00' || substr('000000000000' || CAST(n AS TEXT), length(CAST(n AS TEXT)) + 1) FROM numbers)"
    );
    let mut connection = pool.acquire().await.unwrap();
    let (begin, end) = match url.starts_with("sqlite") {
        true => ("PRAGMA synchronous = OFF", "ANALYZE"),
        // As years of autovacuum leave it.
        false => ("SET statement_timeout = 0", "VACUUM ANALYZE"),
    };
    sqlx::query(begin).execute(&mut *connection).await.unwrap();
    for query in HISTORY {
        // PostgreSQL takes the series before the statement, SQLite too.
        let query = format!("{series} {query}");
        sqlx::query(AssertSqlSafe(query))
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    for query in SUMS {
        let query = query.replace("ROWS", &rows.to_string());
        sqlx::query(AssertSqlSafe(query))
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    sqlx::query(end).execute(&mut *connection).await.unwrap();
}

/// Median and p99 of each operation in milliseconds.
async fn measure(db: &Db, now: i64) -> Vec<(&'static str, (f64, f64))> {
    let mut submitted = Vec::new();
    let mut series = Vec::new();
    macro_rules! time {
        ($name:expr, $work:expr) => {{
            let mut times = Vec::new();
            for n in 0..WARM + TIMES {
                let begun = Instant::now();
                $work(n).await;
                if n >= WARM {
                    times.push(begun.elapsed());
                }
            }
            times.sort();
            let at = |share: f64| milliseconds(times[((times.len() - 1) as f64 * share) as usize]);
            series.push(($name, (at(0.5), at(0.99))));
        }};
    }
    let (tenant, model, key) = (tenant(), model(), key());
    time!("submit", async |_| {
        let new = submission();
        db.submit(&new, &MOST, now).await.unwrap();
        submitted.push(new.id);
    });
    let some = |n: usize| &submitted[n % submitted.len()];
    time!("status", async |n| assert!(db
        .job(&tenant, Kinds::Receipts, some(n))
        .await
        .unwrap()
        .is_some()));
    time!("ledger", async |_| assert!(!db
        .accounts(&tenant, None, None, None, 100)
        .await
        .unwrap()
        .is_empty()));
    time!("of a model", async |_| assert!(!db
        .accounts(&tenant, Some(&model), None, None, 100)
        .await
        .unwrap()
        .is_empty()));
    time!("of a key", async |_| assert!(!db
        .accounts(&tenant, None, None, Some(&key), 100)
        .await
        .unwrap()
        .is_empty()));
    time!("jobs", async |_| assert!(!db
        .jobs(&tenant, None, 50)
        .await
        .unwrap()
        .is_empty()));
    time!("next page", async |n| drop(
        db.jobs(&tenant, Some(some(n)), 50).await.unwrap()
    ));
    time!("sweep", async |_| {
        db.expire(now).await.unwrap();
        db.lapsed(now).await.unwrap();
        db.waiting(&Place::default(), now).await.unwrap();
        db.census().await.unwrap();
        db.changed(now - 1000).await.unwrap();
    });
    time!("claim", async |n| {
        let claimed = db
            .claim_next(&TaskId::known(some(n).as_str()), "bench", now + 20_000, now)
            .await
            .unwrap();
        assert!(claimed.is_some());
    });
    // The next series finds nothing of this one under way.
    for id in &submitted {
        db.cancel(&tenant, Kinds::Receipts, id, now).await.unwrap();
    }
    series
}

fn tenant() -> TenantId {
    TenantId::known("tenant")
}

fn key() -> KeyId {
    KeyId::known("key")
}

fn model() -> ModelId {
    ModelId::known(MODEL)
}

fn submission() -> Submission {
    let id = JobId::fresh();
    Submission {
        task: TaskId::known(format!("task{id}")),
        tenant: tenant(),
        kind: "proof",
        statement: format!("new{id}"),
        request: json!({ "model": MODEL, "input": "input", "policy": "label" }),
        level: 1,
        priority: 5,
        not_after: None,
        forecast: json!({ "cpu_seconds": 1.5 }),
        agreement: None,
        charge: Some(Charge {
            model: model(),
            about: About {
                input: InputDigest::known(format!("input{id}")),
                joint: vec![],
            },
            requester: key(),
            policy: "label".into(),
            microbits: 3_459_432,
        }),
        idempotency: Some((format!("new{id}"), "body".into())),
        id,
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
