//! A database file that is damaged on the disk.

use crate::harness::{eventually, Service};
use provenn_service::server::clock::Clock;
use sqlx::sqlite::SqlitePoolOptions;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// Writes over the page that an index begins at.
async fn damage(file: &Path, index: &'static str) {
    let pool = SqlitePoolOptions::new()
        .connect(&file.display().to_string())
        .await
        .unwrap();
    let query = "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = $1";
    let (page, size): (i64, i64) = sqlx::query_as(query).bind(index).fetch_one(&pool).await.unwrap();
    pool.close().await;
    let mut file = File::options().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start((page as u64 - 1) * size as u64)).unwrap();
    file.write_all(&vec![0xa5; size as usize]).unwrap();
    file.sync_all().unwrap();
}

/// Each of these is read by sweeps and not by what readiness asks: it is told all the same, and the other parts of sweeps go on.
#[tokio::test(flavor = "multi_thread")]
async fn sweeps_that_meet_damage_are_told() {
    for index in ["jobs_open", "jobs_leased", "jobs_queued"] {
        let mut before = Service::start(|_| {}).await;
        before.alice().await.model("public").await;
        before.halt().await;
        before.app.db.close().await;
        damage(&before.folder.path().join("service.db"), index).await;
        let data = before.folder.path().to_owned();
        let service = Service::with_clock(Clock::System, true, |config| {
            config.data = data;
            config.timing.sweep = 100;
        })
        .await;
        let ready = async || service.call("GET", "/readyz", &[], "").await;
        let told = eventually(async || Some(ready().await).filter(|answer| answer.status.as_u16() == 503)).await;
        let problem = told.problem(503, "database-damaged");
        assert!(
            !problem.to_string().contains("malformed"),
            "the cause is the operator's: {problem}"
        );
        // It lasts, whatever works meanwhile.
        service.call("GET", "/v1/log", &[], "").await.json(200);
        ready().await.problem(503, "database-damaged");
    }
}
