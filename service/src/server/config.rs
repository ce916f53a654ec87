//! Configuration: defaults, then a TOML file, then environment variables, then the command line.

use crate::error::CliError;
use crate::estimate;
use crate::server::tlog::key;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Which parts of the service a process runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    #[default]
    All,
    Api,
    Worker,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Everything an operator can choose. Empty texts mean "the default".
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port.
    pub listen: String,
    pub role: Role,
    /// Folder for everything that stays on this machine: cache, temporary files, and by default database and objects.
    pub data: PathBuf,
    /// `postgres://..` or `sqlite://..`; by default SQLite in `data`.
    pub database: String,
    /// `s3://bucket/prefix` or a folder; by default a folder in `data`.
    pub store: String,
    /// Folder of development parameters or a file made by `provenn srs import`; by default a folder in `data`.
    pub srs: String,
    /// Addresses of proxies whose `X-Forwarded-For` is believed. In the environment: separated by commas.
    pub trusted_proxies: Vec<IpAddr>,
    /// Proofs at a time in this process.
    pub workers: usize,
    /// The binary that proves; by default this one.
    pub prover: String,
    pub log_format: LogFormat,
    /// error, warn, info, debug or trace.
    pub log_level: String,
    pub limits: Limits,
    pub timing: Timing,
    pub s3: S3,
    pub log: Log,
}

/// Limits; those of a tenant hold for each tenant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub model_bytes: u64,
    pub model_nodes: u64,
    pub model_parameters: u64,
    /// Multiplications of a model, those of convolutions and matrix products.
    pub model_macs: u64,
    pub input_bytes: u64,
    /// Most CPU seconds of a proof by forecast.
    pub forecast_cpu_seconds: f64,
    /// Address space of a prover process. A proof that needs more by forecast is refused.
    pub prover_memory_bytes: u64,
    /// Wall time of a prover process.
    pub prover_seconds: u64,
    /// Times that a job is tried before it fails.
    pub attempts: i64,
    /// Jobs of a tenant under way.
    pub tenant_jobs: i64,
    /// Bytes of a tenant: uploads, files of committed models, openings, receipts, and bodies that are being received.
    pub tenant_bytes: i64,
    /// Requests per second of a tenant, and of an address without a key.
    pub requests_per_second: u32,
    /// Requests at once beyond that rate.
    pub burst: u32,
    /// Bytes of receipts that are kept in memory to be verified, all together; a client has a quarter of them.
    pub receipt_bytes: u64,
    /// Verifications at a time.
    pub verifications: usize,
    /// Uploaded models read at a time, and as many inputs.
    pub inspections: usize,
    /// Event streams of a tenant at a time.
    pub streams: usize,
    /// Connections at a time; each takes a file descriptor.
    pub connections: usize,
    /// Connections of one address at a time, proxies excepted.
    pub address_connections: usize,
    /// Bytes of working files of models that a machine keeps; those not used for longest go.
    pub cache_bytes: u64,
    /// Bytes that have to be free on the disk of the data folder: with fewer, no job is begun and the process is not ready.
    pub free_bytes: u64,
    /// Days after which inputs that no job needs are removed; 0 for never.
    pub keep_inputs_days: u32,
    /// The same for receipts. The log and the ledger keep their entries.
    pub keep_receipts_days: u32,
    /// Days after its end that a job is kept, and a proof as long as its receipt; 0 for ever.
    pub keep_jobs_days: u32,
}

/// Times in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timing {
    /// A worker that does not renew its lease for so long has lost the job.
    pub lease: i64,
    /// How often leases are renewed.
    pub renew: u64,
    /// Pause before a job is tried again, doubled after each attempt.
    pub backoff: i64,
    /// Longest such pause.
    pub backoff_max: i64,
    /// How often leases, expiry and forgotten jobs are looked at.
    pub sweep: u64,
    /// How often workers look for jobs of other processes.
    pub poll: u64,
    /// Heartbeat of the job engine; a worker is dead to it after four.
    pub heartbeat: u64,
    /// How long the head of a request may take to arrive, and a connection be idle.
    pub head: u64,
    /// How long running jobs may finish after a request to stop.
    pub grace: u64,
}

/// Object store. Credentials are better given in the environment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3 {
    pub endpoint: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Accept an endpoint without TLS.
    pub allow_http: bool,
}

/// Transparency log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Name of the log: its public address without scheme. Only the first start uses it.
    pub origin: String,
    /// File with the log's key; by default one in `data`, made by the first start. All API nodes need the same.
    pub key: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            origin: "provenn.invalid/log".into(),
            key: String::new(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            role: Role::All,
            data: "provenn-data".into(),
            database: String::new(),
            store: String::new(),
            srs: String::new(),
            trusted_proxies: vec![],
            workers: 1,
            prover: String::new(),
            log_format: LogFormat::Text,
            log_level: "info".into(),
            limits: Limits::default(),
            timing: Timing::default(),
            s3: S3::default(),
            log: Log::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            model_bytes: 256 << 20,
            model_nodes: 10_000,
            model_parameters: 64_000_000,
            model_macs: 4_000_000_000,
            input_bytes: 16 << 20,
            forecast_cpu_seconds: 600.0,
            prover_memory_bytes: 8 << 30,
            prover_seconds: 3600,
            attempts: 5,
            tenant_jobs: 10_000,
            tenant_bytes: 16 << 30,
            requests_per_second: 1000,
            burst: 2000,
            receipt_bytes: 256 << 20,
            verifications: 4,
            inspections: 4,
            streams: 2_000,
            connections: 20_000,
            address_connections: 500,
            cache_bytes: 16 << 30,
            free_bytes: 256 << 20,
            keep_inputs_days: 0,
            keep_receipts_days: 0,
            keep_jobs_days: 0,
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: 20_000,
            renew: 5_000,
            backoff: 1_000,
            backoff_max: 300_000,
            sweep: 2_000,
            poll: 50,
            heartbeat: 5_000,
            head: 30_000,
            grace: 30_000,
        }
    }
}

impl Limits {
    /// What one proof may cost by forecast.
    pub fn of_a_proof(&self) -> estimate::Limits {
        estimate::Limits {
            cpu_seconds: self.forecast_cpu_seconds,
            memory_bytes: self.prover_memory_bytes,
        }
    }
}

/// Prefix of environment variables: `PROVENN_LISTEN`, `PROVENN_LIMITS__TENANT_JOBS`.
const PREFIX: &str = "PROVENN_";

impl Config {
    /// Defaults, `file`, and the variables among `environment` that name a setting.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, CliError> {
        let known = toml::Table::try_from(Self::default()).map_err(|e| bad(e.to_string()))?;
        let mut table = match file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|e| CliError::io(path, &e))?
                .parse::<toml::Table>()
                .map_err(|e| bad(format!("{}: {}", path.display(), e.message())))?,
            None => toml::Table::new(),
        };
        for (name, value) in environment {
            let Some(name) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let path: Vec<String> = name.split("__").map(str::to_lowercase).collect();
            set(&mut table, &known, &path, &value)?;
        }
        let config: Self = table
            .try_into()
            .map_err(|e: toml::de::Error| bad(e.message().to_string()))?;
        config.check()
    }

    fn check(self) -> Result<Self, CliError> {
        let positive = [
            ("workers", self.workers > 0),
            ("limits.attempts", self.limits.attempts > 0),
            ("limits.requests_per_second", self.limits.requests_per_second > 0),
            ("limits.burst", self.limits.burst > 0),
            ("limits.verifications", self.limits.verifications > 0),
            ("limits.inspections", self.limits.inspections > 0),
            ("limits.streams", self.limits.streams > 0),
            ("limits.connections", self.limits.connections > 0),
            ("limits.address_connections", self.limits.address_connections > 0),
            ("timing.poll", self.timing.poll > 0),
            ("timing.sweep", self.timing.sweep > 0),
            ("timing.renew", self.timing.renew > 0),
            ("timing.backoff", self.timing.backoff > 0),
            ("timing.backoff_max", self.timing.backoff_max >= self.timing.backoff),
            ("timing.head", self.timing.head > 0),
            ("timing.heartbeat", self.timing.heartbeat >= 1000),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, ok)| !ok) {
            return Err(bad(format!("{name} is too small")));
        }
        if i64::try_from(self.timing.renew).map_or(true, |renew| renew.saturating_mul(2) > self.timing.lease) {
            return Err(bad("timing.lease must be at least twice timing.renew".into()));
        }
        Ok(self)
    }

    /// The settings as TOML, without secrets.
    pub fn printable(&self) -> String {
        let mut shown = self.clone();
        if !shown.s3.secret_access_key.is_empty() {
            shown.s3.secret_access_key = "(hidden)".into();
        }
        shown.database = without_password(&shown.database);
        toml::to_string(&shown).unwrap_or_default()
    }

    pub fn database_url(&self) -> String {
        match self.database.as_str() {
            "" => format!("sqlite://{}?mode=rwc", self.data.join("service.db").display()),
            url => url.into(),
        }
    }

    /// Folder of objects, where they are no S3 store's.
    pub fn objects(&self) -> PathBuf {
        match self.store.as_str() {
            "" => self.data.join("objects"),
            folder => folder.into(),
        }
    }

    /// File with the log's key.
    pub fn log_key(&self) -> PathBuf {
        match self.log.key.as_str() {
            "" => self.data.join(key::FILE),
            path => path.into(),
        }
    }

    pub fn srs(&self) -> PathBuf {
        match self.srs.as_str() {
            "" => self.data.join("srs"),
            path => path.into(),
        }
    }
}

/// Sets `path` to `value`, read as the kind that `known` has there. Variables that name no setting are for others.
fn set(table: &mut toml::Table, known: &toml::Table, path: &[String], value: &str) -> Result<(), CliError> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(());
    };
    let unreadable = || bad(format!("the environment variable for `{first}` has an unusable value"));
    match known.get(first) {
        Some(toml::Value::Table(known)) if !rest.is_empty() => {
            let inner = table.entry(first.clone()).or_insert_with(|| toml::Table::new().into());
            set(inner.as_table_mut().ok_or_else(unreadable)?, known, rest, value)
        }
        Some(kind) if rest.is_empty() => {
            let value = match kind {
                toml::Value::Integer(_) => value.parse::<i64>().map_err(|_| unreadable())?.into(),
                toml::Value::Float(_) => value.parse::<f64>().map_err(|_| unreadable())?.into(),
                toml::Value::Boolean(_) => value.parse::<bool>().map_err(|_| unreadable())?.into(),
                toml::Value::Array(_) => list(value),
                _ => toml::Value::from(value),
            };
            table.insert(first.clone(), value);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The parts of a list that commas separate.
fn list(text: &str) -> toml::Value {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    toml::Value::Array(parts.map(toml::Value::from).collect())
}

/// A URL fit for a log.
pub fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://(hidden)@{rest}"),
        _ => url.into(),
    }
}

fn bad(reason: String) -> CliError {
    CliError::usage(
        "config",
        format!("configuration: {reason}"),
        "see `provenn serve --print-config` for all settings",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()
    }

    #[test]
    fn the_environment_overrides_and_the_print_hides() {
        let set = [
            ("PROVENN_LISTEN", "0.0.0.0:1"),
            ("PROVENN_LIMITS__TENANT_JOBS", "7"),
            ("PROVENN_S3__SECRET_ACCESS_KEY", "hunter2"),
            ("PROVENN_DATABASE", "postgres://u:hunter3@h/d"),
            ("PROVENN_HOME", "/elsewhere"),
        ];
        let config = Config::load(None, env(&set)).unwrap();
        assert_eq!((config.listen.as_str(), config.limits.tenant_jobs), ("0.0.0.0:1", 7));
        let shown = config.printable();
        assert!(!shown.contains("hunter"), "{shown}");
        assert!(shown.parse::<toml::Table>().unwrap().contains_key("limits"));
    }

    #[test]
    fn nonsense_is_refused() {
        for pair in [
            ("PROVENN_WORKERS", "0"),
            ("PROVENN_WORKERS", "many"),
            ("PROVENN_TIMING__LEASE", "9"),
        ] {
            assert!(Config::load(None, env(&[pair])).is_err(), "{pair:?}");
        }
    }
}
