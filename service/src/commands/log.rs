//! `provenn log`: the transparency log, checked by those who rely on it, and kept by those who run it.

mod cosign;
mod monitor;
mod operate;
mod verify;

use super::serve::Settings;
use crate::error::CliError;
use crate::report::Report;
use provenn_verifier::tlog::{Checkpoint, ConsistencyProof, LogError, LogKey, WitnessKey, MAX_PROOF_TEXT};
use provenn_verifier::VerifyError;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Check that a receipt or a card stands in a log. Needs no network.
    Verify {
        /// Receipt or model card.
        file: PathBuf,
        /// Proof of the log, with its signed checkpoint.
        #[arg(long, value_name = "FILE")]
        proof: PathBuf,
        /// Public key of the log, from a source you trust: NAME+ID+KEY.
        #[arg(long, value_name = "KEY")]
        key: LogKey,
        /// Public key of a witness that has to have cosigned the checkpoint; may be given several times.
        #[arg(long = "witness", value_name = "KEY")]
        witnesses: Vec<WitnessKey>,
        /// How many of the witnesses have to; all of them by default.
        #[arg(long, value_name = "N", requires = "witnesses", value_parser = clap::value_parser!(u8).range(1..))]
        quorum: Option<u8>,
    },
    /// Check that a log only grew since the last time, and remember where it is.
    Monitor {
        /// Address of the service, such as `https://prover.example`.
        url: String,
        /// Public key of the log, from a source you trust: NAME+ID+KEY.
        #[arg(long, value_name = "KEY")]
        key: LogKey,
        /// File with the last checkpoint that was seen; made by the first call.
        #[arg(long, value_name = "FILE")]
        state: PathBuf,
        /// Look again and again for so many seconds, instead of once.
        #[arg(long = "for", value_name = "SECONDS")]
        duration: Option<u64>,
        /// Seconds between two looks.
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        every: u64,
        /// File for both checkpoints if the log does not only grow; the state's name and `.fork` by default.
        #[arg(long, value_name = "FILE")]
        evidence: Option<PathBuf>,
    },
    /// Make the key of a witness.
    Witness {
        /// Name of the witness, such as witness.example/1.
        #[arg(long)]
        name: String,
        /// File to write. It is secret.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Add a witness's signature to a checkpoint, or to that of a proof, if it extends the last one that the witness signed.
    Cosign {
        /// Checkpoint or proof; the signature is added to it.
        file: PathBuf,
        /// Address of the service, for the proof that the log only grew.
        #[arg(long)]
        url: String,
        /// Public key of the log, from a source you trust: NAME+ID+KEY.
        #[arg(long, value_name = "KEY")]
        key: LogKey,
        /// Key of `provenn log witness`.
        #[arg(long, value_name = "FILE")]
        witness_key: PathBuf,
        /// File with the last checkpoint that this witness signed; made by the first call. One for each log.
        #[arg(long, value_name = "FILE")]
        state: PathBuf,
    },
    /// Let the log of this service sign nothing: to be said of a restored database before the service starts on it.
    Stop {
        #[command(flatten)]
        settings: Settings,
    },
    /// Let a stopped log of this service go on, if it continues the newest checkpoint that anybody outside has.
    Resume {
        #[command(flatten)]
        settings: Settings,
        /// The newest checkpoint of the log that you can get, from outside: of a monitor, a witness, a client.
        #[arg(long, value_name = "FILE")]
        checkpoint: PathBuf,
    },
    /// Start a new log under another name and key in place of one that cannot go on. Stop the service first.
    Renew {
        #[command(flatten)]
        settings: Settings,
        /// Name of the new log, another than before.
        #[arg(long, value_name = "NAME")]
        origin: String,
    },
}

pub fn run(command: &Command) -> Result<Report, CliError> {
    match command {
        Command::Verify {
            file,
            proof,
            key,
            witnesses,
            quorum,
        } => verify::run(
            file,
            proof,
            key,
            (witnesses, quorum.map_or(witnesses.len(), usize::from)),
        ),
        Command::Monitor {
            url,
            key,
            state,
            duration,
            every,
            evidence,
        } => monitor::run(&monitor::Watch {
            log: Source::new(url, key),
            state,
            duration: duration.map(Duration::from_secs),
            every: Duration::from_secs(*every),
            evidence: evidence.clone().unwrap_or_else(|| beside(state)),
        }),
        Command::Witness { name, out } => cosign::make(name, out),
        Command::Cosign {
            file,
            url,
            key,
            witness_key,
            state,
        } => cosign::run(file, &Source::new(url, key), witness_key, state),
        Command::Stop { settings } => operate::stop(settings),
        Command::Resume { settings, checkpoint } => operate::resume(settings, checkpoint),
        Command::Renew { settings, origin } => operate::renew(settings, origin),
    }
}

/// Most time for an answer: a server that says nothing keeps nobody waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// A log that a service shows.
struct Source<'a> {
    url: &'a str,
    key: &'a LogKey,
}

impl<'a> Source<'a> {
    fn new(url: &'a str, key: &'a LogKey) -> Self {
        let url = url.trim_end_matches('/');
        Self { url, key }
    }

    fn checkpoint(&self) -> Result<(String, Checkpoint), CliError> {
        let note = get(&format!("{}/checkpoint", self.url))?;
        let checkpoint = Checkpoint::from_note(&note, self.key).map_err(refused)?;
        Ok((note, checkpoint))
    }

    /// That the log only grew from one checkpoint to another.
    fn extends(&self, old: &Checkpoint, new: &Checkpoint) -> Result<(), CliError> {
        let (from, to) = (old.size, new.size);
        if to < from {
            return Err(refused(LogError::Shrunk { old: from, new: to }));
        }
        if from == to && old.root != new.root {
            return Err(refused(LogError::Fork { old: from, new: to }));
        }
        let proof = get(&format!("{}/v1/log/consistency?old={from}&new={to}", self.url))?;
        ConsistencyProof::from_text(&proof)
            .and_then(|proof| proof.verify(old, new))
            .map_err(refused)
    }
}

fn beside(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".fork");
    name.into()
}

/// A short text from a server.
fn get(url: &str) -> Result<String, CliError> {
    let failed = |e: reqwest::Error| {
        CliError::new(
            1,
            "network",
            e.to_string(),
            "check the address, and whether the service can be reached",
        )
    };
    let _first = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| CliError::new(1, "io", e.to_string(), ""))?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(failed)?;
        let mut answer = client
            .get(url)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(failed)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_PROOF_TEXT {
                return Err(refused(LogError::TooLong {
                    maximum: MAX_PROOF_TEXT as u64,
                    got: bytes.len() as u64,
                }));
            }
        }
        text(bytes)
    })
}

fn text(bytes: Vec<u8>) -> Result<String, CliError> {
    String::from_utf8(bytes).map_err(|_| VerifyError::BadUtf8.into())
}

fn refused(error: LogError) -> CliError {
    match error {
        // Who watches a log tells this from everything else.
        LogError::Fork { .. } => CliError::new(FORK, error.code(), error.to_string(), error.help()),
        error => VerifyError::from(error).into(),
    }
}

/// Exit code of a log that shows different histories.
const FORK: u8 = 6;
