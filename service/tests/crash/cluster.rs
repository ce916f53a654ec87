//! Processes of the service on one machine.

use super::client::{Client, COLOURING, GRAPH};
use super::postgres::{free_port, Postgres};
use reqwest::Method;
use rustix::process::{kill_process, Pid, Signal};
use serde_json::{json, Value};
use sqlx::{AnyConnection, Connection};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_provenn");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Api,
    Worker(usize),
}

pub struct Cluster {
    folder: TempDir,
    database: Option<String>,
    /// Settings beside those of all clusters.
    more: Vec<(&'static str, String)>,
    /// Whether each process has a data folder of its own, as on a machine of its own.
    apart: bool,
    /// Whether its model is in segments.
    segments: bool,
    port: u16,
    api: Option<Child>,
    workers: Vec<Option<Child>>,
    /// Point and marker that the next start of a role gets.
    armed: Option<(Role, String, PathBuf)>,
    pub client: Client,
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name)).unwrap()
}

impl Cluster {
    fn down(database: Option<String>, workers: usize) -> Self {
        let port = free_port();
        Self {
            folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
            database,
            more: vec![],
            apart: false,
            segments: false,
            client: Client::new(port, ""),
            api: None,
            workers: (0..workers).map(|_| None).collect(),
            armed: None,
            port,
        }
    }

    /// An API process and worker processes on one data folder, with a committed model.
    pub async fn start(database: Option<&Postgres>, workers: usize) -> Self {
        Self::down(database.map(Postgres::url), workers).begin().await
    }

    /// The same with a model in segments.
    pub async fn of_segments(database: Option<&Postgres>, workers: usize) -> Self {
        let mut cluster = Self::down(database.map(Postgres::url), workers);
        cluster.segments = true;
        cluster.begin().await
    }

    /// The same with settings of its own.
    pub async fn with(database: &Postgres, workers: usize, settings: Vec<(&'static str, String)>) -> Self {
        Self::on(database.url(), workers, settings).await
    }

    /// The same on the database of a URL.
    pub async fn on(database: String, workers: usize, settings: Vec<(&'static str, String)>) -> Self {
        let mut cluster = Self::down(Some(database), workers);
        cluster.more = settings;
        cluster.begin().await
    }

    /// The same as machines that share nothing but a database and, by these settings, an object store.
    pub async fn apart(database: &Postgres, workers: usize, store: Vec<(&'static str, String)>) -> Self {
        let mut cluster = Self::down(Some(database.url()), workers);
        (cluster.more, cluster.apart) = (store, true);
        cluster.begin().await
    }

    /// An API process and a worker on the data of another cluster, and on its database or another.
    pub async fn restored(from: &Self, data: &Path, database: Option<String>) -> Self {
        let mut cluster = Self::down(database, 1);
        copy(data, cluster.folder.path());
        // As the runbook says: the service starts on no folder that others can enter.
        fs::set_permissions(cluster.folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        cluster.client = Client::new(cluster.port, &from.client.key);
        cluster.client.model.clone_from(&from.client.model);
        cluster.client.input.clone_from(&from.client.input);
        cluster.spawn(Role::Api);
        // It reads the log back before anybody publishes, and signs nothing before it is told that nobody saw a newer checkpoint.
        cluster.client.json("/v1/log").await;
        let resumed = Command::new(BINARY)
            .args(["log", "resume", "--checkpoint"])
            .arg(data.join("objects/_log/checkpoint"))
            .envs(cluster.settings(Role::Api))
            .output()
            .unwrap();
        assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
        cluster.start_workers().await;
        cluster
    }

    async fn begin(self) -> Self {
        let mut cluster = self;
        let key = Command::new(BINARY)
            .args(["keys", "create", "--tenant", "alice", "--new-tenant"])
            .envs(cluster.settings(Role::Api))
            .output()
            .unwrap();
        assert!(key.status.success(), "{}", String::from_utf8_lossy(&key.stderr));
        cluster.client = Client::new(cluster.port, String::from_utf8(key.stdout).unwrap().trim());
        cluster.spawn(Role::Api);
        cluster.start_workers().await;
        cluster.commit().await;
        cluster
    }

    /// The data folder of a process.
    pub fn data(&self, role: Role) -> PathBuf {
        match self.apart {
            true => self.log(role).with_extension("data"),
            false => self.folder.path().into(),
        }
    }

    pub fn settings(&self, role: Role) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("PROVENN_DATA", self.data(role).display().to_string()),
            ("PROVENN_LISTEN", format!("127.0.0.1:{}", self.port)),
            (
                "PROVENN_SRS",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("srs").display().to_string(),
            ),
            ("PROVENN_LOG_FORMAT", "json".into()),
            ("PROVENN_LIMITS__ATTEMPTS", "1000".into()),
            ("PROVENN_TIMING__LEASE", "3000".into()),
            ("PROVENN_TIMING__RENEW", "500".into()),
            ("PROVENN_TIMING__CLOCK_SKEW", "700".into()),
            ("PROVENN_TIMING__BACKOFF", "50".into()),
            ("PROVENN_TIMING__BACKOFF_MAX", "500".into()),
            ("PROVENN_TIMING__SWEEP", "500".into()),
            ("PROVENN_TIMING__POLL", "50".into()),
            ("PROVENN_TIMING__HEARTBEAT", "1000".into()),
        ];
        settings.extend(self.database.clone().map(|url| ("PROVENN_DATABASE", url)));
        settings.extend(self.more.iter().cloned());
        settings
    }

    fn log(&self, role: Role) -> PathBuf {
        self.folder
            .path()
            .join(format!("{role:?}.log").replace(['(', ')'], "-"))
    }

    fn slot(&mut self, role: Role) -> &mut Option<Child> {
        match role {
            Role::Api => &mut self.api,
            Role::Worker(n) => &mut self.workers[n],
        }
    }

    fn spawn(&mut self, role: Role) {
        let log = File::options().create(true).append(true).open(self.log(role)).unwrap();
        let mut command = Command::new(BINARY);
        let name = if role == Role::Api { "api" } else { "worker" };
        command
            .args(["serve", "--role", name])
            .envs(self.settings(role))
            .stderr(log);
        if let Some((armed, point, marker)) = &self.armed {
            if *armed == role {
                command
                    .env("PROVENN_FAILPOINT", point)
                    .env("PROVENN_FAILPOINT_ONCE", marker);
            }
        }
        *self.slot(role) = Some(command.spawn().unwrap());
    }

    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    pub async fn start_workers(&mut self) {
        (0..self.workers()).for_each(|n| self.spawn(Role::Worker(n)));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    pub async fn stop_workers(&mut self) {
        for n in 0..self.workers() {
            let mut child = self.workers[n].take().unwrap();
            kill_process(pid(&child), Signal::TERM).unwrap();
            tokio::task::spawn_blocking(move || child.wait().unwrap())
                .await
                .unwrap();
        }
    }

    async fn commit(&mut self) {
        let (name, more) = match self.segments {
            true => ("breast_cancer_mlp", json!({ "segments": 2 })),
            false => ("linear_30", json!({})),
        };
        if self.segments {
            self.client.policy = "yes-only:1:-4";
        }
        let model = fixture(&format!("models/{name}.onnx"));
        let model = self.client.put("models", model).await;
        let calibration = self
            .client
            .put("inputs", fixture("data/breast_cancer_calibration.npy"))
            .await;
        let input = fixture(&format!("inputs/{name}.json"));
        let input = self.client.put("inputs", input).await;
        let mut body = json!({ "calibration": calibration });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = body.to_string().into_bytes();
        let answer = self
            .client
            .send(Method::POST, &format!("/v1/models/{model}/commit"), None, body)
            .await;
        let place = answer.headers()["location"].to_str().unwrap().to_owned();
        self.client.wait().await;
        let job = self.client.json(&place).await;
        self.client.model = job["result"]["model_id"]
            .as_str()
            .unwrap_or_else(|| panic!("{job}"))
            .into();
        self.client.input = input;
        self.client.graph = self.client.put_as("inputs", "?form=graph", GRAPH.into()).await;
        self.client.colouring = self.client.put_as("inputs", "?form=colouring", COLOURING.into()).await;
    }

    /// Rows of segments, and of the runs and pieces of proofs under way.
    pub async fn parts(&self) -> i64 {
        sqlx::any::install_default_drivers();
        let own = || format!("sqlite://{}", self.folder.path().join("service.db").display());
        let url = self.database.clone().unwrap_or_else(own);
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        let left = sqlx::query_scalar("SELECT COUNT(*) FROM jobs WHERE whole IS NOT NULL OR blob IS NOT NULL");
        left.fetch_one(&mut connection).await.unwrap()
    }

    /// Kills a process of the service and starts it again.
    pub async fn kill(&mut self, role: Role) -> bool {
        if let Some(mut child) = self.slot(role).take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        self.spawn(role);
        true
    }

    /// Kills one prover process, if there is one.
    pub fn kill_child(&mut self) -> bool {
        let workers: Vec<u32> = self.workers.iter().flatten().map(Child::id).collect();
        let child = processes().into_iter().find(|(_, parent, _)| workers.contains(parent));
        child.is_some_and(|(id, ..)| kill_process(Pid::from_raw(id as i32).unwrap(), Signal::KILL).is_ok())
    }

    /// Freezes the worker that has a prover process, with that process; `None` if none is seen for some time, as a proof may be done sooner.
    pub async fn freeze_the_busy_one(&mut self) -> Option<usize> {
        for _ in 0..500 {
            for n in 0..self.workers() {
                let worker = self.workers[n].as_ref().unwrap();
                let child = processes().into_iter().find(|(_, parent, _)| *parent == worker.id());
                if let Some((child, ..)) = child {
                    kill_process(pid(worker), Signal::STOP).unwrap();
                    let _may_be_done = kill_process(Pid::from_raw(child as i32).unwrap(), Signal::STOP);
                    return Some(n);
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        None
    }

    /// Lets a frozen worker and its prover go on.
    pub fn thaw(&mut self, n: usize) {
        let worker = self.workers[n].as_ref().unwrap();
        for (id, ..) in processes().into_iter().filter(|(_, parent, _)| *parent == worker.id()) {
            let _gone = kill_process(Pid::from_raw(id as i32).unwrap(), Signal::CONT);
        }
        kill_process(pid(worker), Signal::CONT).unwrap();
    }

    /// Ends all processes as a crash does.
    pub fn halt(&mut self) {
        for child in self.workers.iter_mut().chain([&mut self.api]) {
            if let Some(mut child) = child.take() {
                let _continued = kill_process(pid(&child), Signal::CONT);
                let _killed = child.kill();
                let _waited = child.wait();
            }
        }
    }

    /// What the logs of the workers say of proofs, in the order of time: time, worker, `started` or `ended`, job.
    pub fn proofs(&self) -> Vec<(String, usize, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of = |worker: usize| {
            let log = fs::read_to_string(self.log(Role::Worker(worker))).unwrap();
            let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            let proofs = lines.into_iter().filter(|line| line["kind"] == "proof");
            proofs
                .map(|line| {
                    (
                        text(&line["timestamp"]),
                        worker,
                        text(&line["message"]),
                        text(&line["job"]),
                    )
                })
                .collect::<Vec<_>>()
        };
        let mut all: Vec<_> = (0..self.workers()).flat_map(of).collect();
        all.sort();
        all
    }

    /// Jobs of a kind whose attempts at a worker ended so, from its log.
    pub fn ended(&self, worker: usize, kind: &str, how: &str) -> Vec<String> {
        let log = fs::read_to_string(self.log(Role::Worker(worker))).unwrap();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines
            .filter(|line| line["message"] == "ended" && line["kind"] == kind && line["how"] == how)
            .map(|line| line["job"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Starts a role again with a point armed; the marker that the point leaves.
    #[cfg(feature = "failpoints")]
    pub async fn arm(&mut self, role: Role, point: &str) -> PathBuf {
        let marker = self.folder.path().join(format!("reached-{point}"));
        self.armed = Some((role, point.into(), marker.clone()));
        self.kill(role).await;
        marker
    }

    /// The same with a point that freezes the process.
    #[cfg(feature = "failpoints")]
    pub async fn arm_to_freeze(&mut self, role: Role, point: &str) -> PathBuf {
        self.more.push(("PROVENN_FAILPOINT_FREEZE", "1".into()));
        let marker = self.arm(role, point).await;
        self.more.pop();
        marker
    }

    /// The same with a point that panics.
    #[cfg(feature = "failpoints")]
    pub async fn arm_to_panic(&mut self, role: Role, point: &str) -> PathBuf {
        self.more.push(("PROVENN_FAILPOINT_PANIC", "1".into()));
        let marker = self.arm(role, point).await;
        self.more.pop();
        marker
    }

    /// The process of a role, which runs.
    #[cfg(feature = "failpoints")]
    pub fn id(&mut self, role: Role) -> u32 {
        let child = self.slot(role).as_mut().unwrap();
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        child.id()
    }

    #[cfg(feature = "failpoints")]
    pub async fn disarm(&mut self, role: Role) {
        self.armed = None;
        self.kill(role).await;
    }

    /// Starts a role again when its armed point ended it.
    #[cfg(feature = "failpoints")]
    pub async fn revive(&mut self, role: Role, reached: &Path) {
        while !reached.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // A prover process ends alone.
        tokio::time::sleep(Duration::from_millis(200)).await;
        if self
            .slot(role)
            .as_mut()
            .is_some_and(|child| child.try_wait().unwrap().is_some())
        {
            self.kill(role).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.halt();
        if std::thread::panicking() {
            let path = self.folder.path().to_owned();
            eprintln!("logs are kept in {}", path.display());
            std::mem::forget(std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap()));
        }
    }
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32).unwrap()
}

/// Processes with their parents and states.
fn processes() -> Vec<(u32, u32, char)> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter_map(|id| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let mut rest = stat.rsplit_once(") ")?.1.split(' ');
        let state = rest.next()?.chars().next()?;
        Some((id, rest.next()?.parse().ok()?, state))
    })
    .filter(|(.., state)| *state != 'Z')
    .collect()
}
