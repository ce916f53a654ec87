//! Tenants that ask for proofs and look at their jobs.

use provenn_benches::service::{rate, Client, Committed, Service};
use reqwest::{Method, RequestBuilder};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Requests per second of all of them.
const SUBMITS: u32 = 2;
const STATUSES: u32 = 20;
/// With no job done for so long, what is still open is lost.
const STILL: Duration = Duration::from_secs(120);

/// Who works honestly.
pub struct Tenants(Vec<(Client, Committed)>);

/// What became of their requests.
pub struct Honest {
    pub submits: Vec<Duration>,
    pub statuses: Vec<Duration>,
    /// Where accepted jobs are seen, and whose they are.
    pub places: Vec<(usize, String)>,
    /// Answers that are no success, and how many.
    pub refused: BTreeMap<String, u64>,
}

/// Status and place of an answer, or how it broke.
async fn answer(request: RequestBuilder) -> Result<Option<String>, String> {
    let answer = request.send().await.map_err(|_| "broken".to_owned())?;
    let status = answer.status();
    let place = answer
        .headers()
        .get("location")
        .map(|place| place.to_str().unwrap().to_owned());
    let _read = answer.bytes().await;
    match status.is_success() {
        true => Ok(place),
        false => Err(status.as_u16().to_string()),
    }
}

impl Tenants {
    /// Two tenants, each with a committed model.
    pub async fn new(service: &Service) -> Self {
        let mut tenants = Vec::new();
        for name in ["north", "south"] {
            let client = service.client(
                &service.key(name, true, "upload,commit,prove,read"),
                Ipv4Addr::LOCALHOST,
            );
            let committed = client.commit().await;
            tenants.push((client, committed));
        }
        Self(tenants)
    }

    /// Their work for a time.
    pub async fn work(&self, seconds: u32) -> Honest {
        let places = Arc::new(Mutex::new(Vec::new()));
        let submit = |n: u32| {
            let whose = n as usize % self.0.len();
            let (client, committed) = &self.0[whose];
            let request = client.request(Method::POST, "/v1/proofs");
            let request = request.body(committed.asked("label", &n.to_string()));
            let places = places.clone();
            async move {
                let place = answer(request).await?.unwrap();
                places.lock().unwrap().push((whose, place));
                Ok(())
            }
        };
        let status = |n: u32| {
            let place = {
                let places = places.lock().unwrap();
                places.get(n as usize % places.len().max(1)).cloned()
            };
            let (whose, place) = place.unwrap_or((0, "/v1/storage".into()));
            let request = self.0[whose].0.request(Method::GET, &place);
            async move { answer(request).await.map(drop) }
        };
        let (submitted, looked) = tokio::join!(rate(SUBMITS, seconds, submit), rate(STATUSES, seconds, status));
        let mut refused = BTreeMap::new();
        for (what, answers) in [("submit", &submitted.1), ("status", &looked.1)] {
            for why in answers
                .iter()
                .filter_map(|answer: &Result<(), String>| answer.as_ref().err())
            {
                *refused.entry(format!("{what} {why}")).or_default() += 1;
            }
        }
        let places = std::mem::take(&mut *places.lock().unwrap());
        Honest {
            submits: submitted.0,
            statuses: looked.0,
            places,
            refused,
        }
    }

    /// Waits until no job is open, and returns those that were not done.
    pub async fn lost(&self, places: &[(usize, String)]) -> Vec<String> {
        let (mut open, mut lost) = (places.to_vec(), Vec::new());
        let mut moved = Instant::now();
        while !open.is_empty() && moved.elapsed() < STILL {
            let mut still = Vec::new();
            for (whose, place) in open {
                let job = self.0[whose].0.json(&place).await;
                match job["state"].as_str() {
                    Some("done") => moved = Instant::now(),
                    Some("queued" | "witness" | "proving" | "verifying") => still.push((whose, place)),
                    _ => lost.push(format!("{place}: {job}")),
                }
            }
            open = still;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        lost.extend(open.into_iter().map(|(_, place)| format!("{place}: still open")));
        lost
    }
}
