//! Whom a receipt is for, as all that ask for one say it.

use crate::server::error::ApiError;
use crate::server::job::Nonce;
use provenn_verifier::agreement;
use provenn_verifier::claim::MAX_AUDIENCE;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Whom and what a receipt is for. The receipt binds all of it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContextRequest {
    /// Who the receipt is for.
    #[schema(max_length = 255)]
    audience: String,
    /// The verifier's challenge: 32 bytes in hexadecimal.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    nonce: Option<String>,
    /// Last second of validity in unix time, 0 for no end. A job that would finish later is given up.
    not_after: u64,
}

/// The same, once it was looked at.
pub struct Context {
    pub audience: String,
    pub nonce: Nonce,
    pub not_after: u64,
}

impl ContextRequest {
    /// # Errors
    /// Too long an audience, a nonce of another form.
    pub fn checked(self) -> Result<Context, ApiError> {
        if self.audience.len() > MAX_AUDIENCE {
            return Err(ApiError::bad(format!(
                "the audience has {} bytes, at most {MAX_AUDIENCE} are accepted",
                self.audience.len()
            )));
        }
        if agreement::named_in(&self.audience).is_some() {
            return Err(ApiError::bad(
                "the audience is that of an agreement: name it in `agreement`, which checks that the receipt keeps to it",
            ));
        }
        let nonce = self.nonce.as_deref().map(str::parse::<Nonce>).transpose();
        Ok(Context {
            audience: self.audience,
            nonce: nonce
                .map_err(|e| ApiError::bad(format!("nonce: {e}")))?
                .unwrap_or_default(),
            not_after: self.not_after,
        })
    }
}

impl Context {
    /// The end of a job in milliseconds, if it can be met at all.
    ///
    /// # Errors
    /// A receipt that would expire before it is made.
    pub fn deadline(&self, cpu_seconds: f64, now: i64, forecast: &Value) -> Result<Option<i64>, ApiError> {
        if self.not_after == 0 {
            return Ok(None);
        }
        let end = i64::try_from(self.not_after).ok().and_then(|end| end.checked_mul(1000));
        let end = end.ok_or_else(|| ApiError::bad("not_after is in unix seconds"))?;
        let left = (end - now) as f64 / 1000.0;
        let cores = std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64);
        match cpu_seconds / cores < left {
            true => Ok(Some(end)),
            false => Err(ApiError::Refused {
                code: "forecast-exceeds-deadline".into(),
                message: format!(
                    "a proof takes {cpu_seconds:.1} CPU seconds by forecast, the receipt would expire in {left:.1} seconds"
                ),
                help: "choose a later not_after".into(),
                forecast: Some(forecast.clone()),
            }),
        }
    }
}
