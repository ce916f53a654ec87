//! For whom a receipt is: arguments of the commands that prove.

use crate::bytes::hex32;
use crate::error::CliError;
use crate::moment;
use provenn_verifier::claim::MAX_AUDIENCE;
use provenn_verifier::Context;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Who the receipt is for.
    #[arg(long, default_value = "")]
    audience: String,
    /// The verifier's challenge against replay, 32 bytes in hexadecimal.
    #[arg(long, value_name = "HEX", value_parser = hex32)]
    nonce: Option<[u8; 32]>,
    /// Last second of validity: a date, as in 2027-01-31 or 2027-01-31T12:00:00Z, or unix seconds; 0 for no end.
    #[arg(long, value_name = "DATE", default_value = "0", value_parser = moment::parse)]
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
