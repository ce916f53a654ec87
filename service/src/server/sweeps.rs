//! How the sweeps of this process go: jobs whose workers are gone wait for them.

use super::error::ApiError;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// No sweep may go wrong, or on, for longer.
const LONGEST: Duration = Duration::from_secs(60);

/// The last sweeps; nothing in a process that does not sweep.
#[derive(Debug, Default)]
pub struct Sweeps(Mutex<Option<Last>>);

#[derive(Debug)]
struct Last {
    /// When one went well, or the first began.
    well: Instant,
    /// What was wrong with the last one.
    wrong: Option<String>,
    damaged: bool,
}

impl Sweeps {
    /// Sweeps begin.
    pub fn begin(&self) {
        self.ended(&Ok(()));
    }

    /// One ended.
    pub fn ended(&self, how: &Result<(), ApiError>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let well = last
            .as_ref()
            .filter(|_| how.is_err())
            .map_or_else(Instant::now, |last| last.well);
        *last = Some(Last {
            well,
            wrong: how.as_ref().err().map(ApiError::cause),
            damaged: matches!(how, Err(ApiError::DatabaseDamaged(_))),
        });
    }

    /// # Errors
    /// [`ApiError::DatabaseDamaged`] if the last one met damage; [`ApiError::Unavailable`] if none went well for a minute.
    pub fn check(&self) -> Result<(), ApiError> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = last.as_ref() else { return Ok(()) };
        let wrong = last.wrong.as_deref().unwrap_or("the last one has not ended");
        if last.damaged {
            return Err(ApiError::DatabaseDamaged(wrong.into()));
        }
        let since = last.well.elapsed();
        match since > LONGEST {
            true => Err(ApiError::Unavailable(format!(
                "no sweep went well for {} s: {wrong}",
                since.as_secs()
            ))),
            false => Ok(()),
        }
    }
}
