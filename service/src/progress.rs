//! Progress on a terminal; nothing on pipes.

use indicatif::{ProgressBar, ProgressStyle};
use provenn_prover::prove::Stage;
use std::io::{stderr, IsTerminal};
use std::time::Duration;

/// A spinner on standard error.
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new(message: &'static str) -> Self {
        if !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style).with_message(message);
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    pub fn set(&self, message: &'static str) {
        self.0.set_message(message);
    }

    pub fn stage(&self, stage: Stage) {
        self.set(match stage {
            Stage::Witness => "running the model",
            Stage::Proof => "proving",
            Stage::Link => "linking the proof to the commitment",
            Stage::Verify => "verifying the receipt",
        });
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
