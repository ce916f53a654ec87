//! Who waits for news of which job.

use super::ids::JobId;
use super::state::App;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Number of the last event that is known of each job somebody listens to.
#[derive(Clone, Debug, Default)]
pub struct Hub(Arc<Mutex<HashMap<JobId, watch::Sender<i64>>>>);

/// How far back the poll looks: clocks of machines differ, and transactions take time.
const OVERLAP: i64 = 10_000;
/// How often jobs of other processes are looked at while somebody listens.
const INTERVAL: Duration = Duration::from_millis(300);

impl Hub {
    /// Listens to a job. The value is the number of its latest known event.
    pub fn listen(&self, job: &JobId) -> watch::Receiver<i64> {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.entry(job.clone())
            .or_insert_with(|| watch::channel(0).0)
            .subscribe()
    }

    /// There is news of a job: up to event `seq`, or of unknown number.
    pub fn tell(&self, job: &JobId, seq: Option<i64>) {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = jobs.get(job) {
            sender.send_if_modified(|known| {
                let news = seq.is_none_or(|seq| seq > *known);
                *known = seq.unwrap_or(*known);
                news
            });
        }
    }

    /// Forgets jobs that nobody listens to; how many are left.
    fn prune(&self) -> usize {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.retain(|_, sender| sender.receiver_count() > 0);
        jobs.len()
    }
}

/// Passes on the news of jobs that other processes work on.
pub async fn follow(app: App) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        if app.hub.prune() == 0 {
            continue;
        }
        match app.db.changed(app.now() - OVERLAP).await {
            Ok(changed) => changed.iter().for_each(|(job, seq)| app.hub.tell(job, Some(*seq))),
            Err(error) => tracing::warn!(%error, "following events"),
        }
    }
}
