//! For whom a receipt is: arguments of the commands that prove.

use crate::bytes::{hex32, whole};
use crate::error::CliError;
use provenn_verifier::claim::MAX_AUDIENCE;
use provenn_verifier::Context;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Who the receipt is for.
    #[arg(long, default_value = "")]
    audience: String,
    /// The verifier's challenge against replay, 32 bytes in hexadecimal.
    #[arg(long, value_name = "HEX", value_parser = hex32)]
    nonce: Option<[u8; 32]>,
    /// Last second of validity, in unix time; 0 for no end.
    #[arg(long, value_name = "UNIX", default_value_t = 0, value_parser = whole::<u64>)]
    not_after: u64,
}

impl Args {
    pub fn new(audience: String, nonce: Option<[u8; 32]>, not_after: u64) -> Self {
        Self {
            audience,
            nonce,
            not_after,
        }
    }

    /// What a claim says of it. To be asked before the work begins.
    ///
    /// # Errors
    /// `audience` for one that no claim holds.
    pub fn context(&self) -> Result<Context, CliError> {
        if self.audience.len() > MAX_AUDIENCE {
            let message = format!(
                "the audience has {} bytes, at most {MAX_AUDIENCE} are possible",
                self.audience.len()
            );
            return Err(CliError::usage("audience", message, "choose a shorter name"));
        }
        Ok(Context {
            audience: self.audience.clone(),
            nonce: self.nonce.unwrap_or_default(),
            not_after: self.not_after,
        })
    }
}

/// Unix time in seconds, against which ends are judged.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}
