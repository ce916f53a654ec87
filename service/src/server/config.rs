//! Configuration: defaults, then a TOML file, then environment variables, then the command line.

mod check;
mod limits;
mod load;
mod names;
mod timing;
mod url;

pub use limits::Limits;
pub use timing::Timing;
pub use url::shown as shown_url;

use crate::error::CliError;
use crate::server::tlog::key;
use provenn_verifier::tlog::{LogError, WitnessKey};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;

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
    /// Public keys of witnesses whose cosignatures are served: NAME+ID+KEY. In the environment: separated by commas.
    pub witnesses: Vec<String>,
}

impl Log {
    /// The witnesses that are known, by their keys.
    ///
    /// # Errors
    /// A text that is no key of a witness.
    pub fn known_witnesses(&self) -> Result<Vec<WitnessKey>, LogError> {
        self.witnesses.iter().map(|key| key.parse()).collect()
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            origin: "provenn.invalid/log".into(),
            key: String::new(),
            witnesses: vec![],
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

impl Config {
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

fn bad(reason: String) -> CliError {
    CliError::usage(
        "config",
        format!("configuration: {reason}"),
        "see `provenn serve --print-config` for all settings",
    )
}
