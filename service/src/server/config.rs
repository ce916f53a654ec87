//! Configuration: defaults, then a TOML file, then environment variables, then the command line.

mod names;
mod url;

pub use url::shown as shown_url;

use crate::error::CliError;
use crate::estimate;
use crate::server::tlog::key;
use provenn_verifier::text::printable;
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
    /// How far a machine's clock may be from the database's.
    pub clock_skew: i64,
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
            clock_skew: 2_000,
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

/// More than anything has, and within what the database can count.
const MOST: u64 = i64::MAX as u64;

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
            if !set(&mut table, &known, &path, &value)? {
                if let Some(right) = names::meant(&name.to_lowercase(), &known) {
                    let right = right.to_uppercase();
                    return Err(bad(format!(
                        "the environment variable {PREFIX}{name} names no setting, {PREFIX}{right} does"
                    )));
                }
            }
        }
        let config: Self = table
            .try_into()
            .map_err(|e: toml::de::Error| bad(e.message().to_string()))?;
        config.check()
    }

    /// The same, if it can work.
    ///
    /// # Errors
    /// A setting with which nothing could be done, or that says a secret in the wrong place.
    pub fn check(self) -> Result<Self, CliError> {
        let (limits, timing) = (&self.limits, &self.timing);
        let size = |bytes: i64| u64::try_from(bytes).unwrap_or_default();
        let day = 24 * 3600 * 1000;
        // Name, value, least, most.
        let ranges: [(&str, u64, u64, u64); 32] = [
            ("workers", self.workers as u64, 1, 1024),
            ("limits.model_bytes", limits.model_bytes, 1, MOST),
            ("limits.model_nodes", limits.model_nodes, 1, MOST),
            ("limits.model_parameters", limits.model_parameters, 1, MOST),
            ("limits.model_macs", limits.model_macs, 1, MOST),
            ("limits.input_bytes", limits.input_bytes, 1, MOST),
            ("limits.prover_memory_bytes", limits.prover_memory_bytes, 1 << 20, MOST),
            ("limits.prover_seconds", limits.prover_seconds, 1, 365 * 24 * 3600),
            ("limits.attempts", size(limits.attempts), 1, 1_000_000),
            ("limits.tenant_jobs", size(limits.tenant_jobs), 1, MOST),
            ("limits.tenant_bytes", size(limits.tenant_bytes), 1, MOST),
            (
                "limits.requests_per_second",
                limits.requests_per_second.into(),
                1,
                1_000_000_000,
            ),
            ("limits.burst", limits.burst.into(), 1, MOST),
            ("limits.receipt_bytes", limits.receipt_bytes, 1 << 10, MOST),
            ("limits.verifications", limits.verifications as u64, 1, 1024),
            ("limits.inspections", limits.inspections as u64, 1, 1024),
            ("limits.streams", limits.streams as u64, 1, 1 << 20),
            ("limits.connections", limits.connections as u64, 1, 1 << 20),
            (
                "limits.address_connections",
                limits.address_connections as u64,
                1,
                1 << 20,
            ),
            ("limits.cache_bytes", limits.cache_bytes, 0, MOST),
            ("limits.free_bytes", limits.free_bytes, 0, MOST),
            ("timing.lease", size(timing.lease), 1, day),
            ("timing.renew", timing.renew, 1, day),
            ("timing.clock_skew", size(timing.clock_skew), 1, day),
            ("timing.backoff", size(timing.backoff), 1, day),
            (
                "timing.backoff_max",
                size(timing.backoff_max),
                size(timing.backoff),
                day,
            ),
            ("timing.sweep", timing.sweep, 1, day),
            ("timing.poll", timing.poll, 1, day),
            ("timing.heartbeat", timing.heartbeat, 1000, day),
            ("timing.head", timing.head, 1, day),
            ("timing.grace", timing.grace, 0, day),
            (
                "limits.forecast_cpu_seconds",
                limits.forecast_cpu_seconds.ceil() as u64,
                1,
                MOST,
            ),
        ];
        let out = |(_, value, least, most): &&(&str, u64, u64, u64)| value < least || value > most;
        if let Some((name, _, least, most)) = ranges.iter().find(out) {
            return Err(bad(format!("{name} is out of range: {least} to {most} is possible")));
        }
        if self.timing.renew.saturating_mul(2) > size(self.timing.lease) {
            return Err(bad("timing.lease must be at least twice timing.renew".into()));
        }
        // Two machines may be off in opposite directions.
        if self.timing.clock_skew.saturating_mul(4) > self.timing.lease {
            return Err(bad("timing.lease must be at least four times timing.clock_skew".into()));
        }
        if self.log_level.parse::<tracing::Level>().is_err() {
            return Err(bad(format!(
                "log_level is `{}`, error, warn, info, debug and trace are possible",
                printable(&self.log_level)
            )));
        }
        self.places()?;
        Ok(self)
    }

    /// Where things are, without repeating what may be a secret.
    fn places(&self) -> Result<(), CliError> {
        let databases = ["postgres://", "postgresql://", "sqlite:"];
        if !self.database.is_empty() && !databases.iter().any(|scheme| self.database.starts_with(scheme)) {
            return Err(bad("database has to begin with postgres:// or sqlite://".into()));
        }
        let s3 = self.store.strip_prefix("s3://");
        if s3.unwrap_or_default().contains(['@', '?']) || self.s3.endpoint.contains(['@', '?']) {
            return Err(bad(
                "store and s3.endpoint hold no user, password or parameter: these are s3.access_key_id and s3.secret_access_key".into(),
            ));
        }
        if s3.is_some_and(|place| place.split('/').next().is_none_or(str::is_empty)) {
            return Err(bad("store names no bucket: s3://bucket/prefix is expected".into()));
        }
        Ok(())
    }

    /// The settings as TOML, without secrets.
    pub fn printable(&self) -> String {
        let mut shown = self.clone();
        if !shown.s3.secret_access_key.is_empty() {
            shown.s3.secret_access_key = "(hidden)".into();
        }
        for url in [&mut shown.database, &mut shown.store, &mut shown.s3.endpoint] {
            *url = shown_url(url);
        }
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

/// Sets `path` to `value`, read as the kind that `known` has there. False if it names no setting.
fn set(table: &mut toml::Table, known: &toml::Table, path: &[String], value: &str) -> Result<bool, CliError> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(false);
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
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// The parts of a list that commas separate.
fn list(text: &str) -> toml::Value {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    toml::Value::Array(parts.map(toml::Value::from).collect())
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
            ("PROVENN_DATABASE", "postgres://u:hunter3@h/d?password=hunter4"),
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
            ("PROVENN_WORKERS", "99999999999"),
            ("PROVENN_TIMING__LEASE", "9"),
            ("PROVENN_TIMING__LEASE", "9223372036854775807"),
            ("PROVENN_TIMING__BACKOFF_MAX", "10"),
            ("PROVENN_TIMING__CLOCK_SKEW", "6000"),
            ("PROVENN_LIMITS__MODEL_BYTES", "0"),
            ("PROVENN_LIMITS__MODEL_BYTES", "-1"),
            ("PROVENN_LIMITS__TENANT_JOBS", "-1"),
            ("PROVENN_LIMITS__FORECAST_CPU_SECONDS", "0"),
            ("PROVENN_LIMITS__FORECAST_CPU_SECONDS", "NaN"),
            ("PROVENN_LOG_LEVEL", "verbose"),
            ("PROVENN_STORE", "s3://"),
        ] {
            assert!(Config::load(None, env(&[pair])).is_err(), "{pair:?}");
        }
    }

    #[test]
    fn misspelt_variables_are_refused_with_the_right_name() {
        let error = Config::load(None, env(&[("PROVENN_DATABSE", "postgres://u:hunter2@h/d")])).unwrap_err();
        let said = error.parts().1;
        assert!(
            said.contains("PROVENN_DATABSE names no setting, PROVENN_DATABASE does"),
            "{said}"
        );
        assert!(!said.contains("hunter"), "{said}");
        Config::load(
            None,
            env(&[
                ("PROVENN_PORT", "tcp://10.0.0.1:80"),
                ("PROVENN_SERVICE_HOST", "10.0.0.1"),
            ]),
        )
        .unwrap();
    }

    #[test]
    fn secrets_in_the_wrong_place_are_refused_and_not_repeated() {
        for pair in [
            ("PROVENN_DATABASE", "postgrs://u:hunter2@h/d"),
            ("PROVENN_DATABASE", "host=h password=hunter2"),
            ("PROVENN_STORE", "s3://id:hunter2@bucket/prefix"),
            ("PROVENN_S3__ENDPOINT", "https://id:hunter2@objects"),
        ] {
            let error = Config::load(None, env(&[pair])).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
        }
    }
}
