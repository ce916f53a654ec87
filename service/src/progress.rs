//! Progress on a terminal; nothing on pipes, unless it is asked for.

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use provenn_prover::prove::Stage;
use std::fmt::Write;
use std::io::{stderr, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

static QUIET: AtomicBool = AtomicBool::new(false);
static VERBOSE: AtomicBool = AtomicBool::new(false);
/// The share of a proof's work that all cores share.
const PARALLEL: f64 = 0.9;

/// What `--quiet` and `--verbose` say, for all commands of the process.
pub fn say(quiet: bool, verbose: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
    VERBOSE.store(verbose, Ordering::Relaxed);
}

/// A spinner on standard error; with `--verbose` a line for each stage that ended.
pub struct Progress {
    bar: ProgressBar,
    stage: Mutex<(&'static str, Instant)>,
}

impl Progress {
    pub fn new(message: &'static str) -> Self {
        let is_seen = stderr().is_terminal() && !QUIET.load(Ordering::Relaxed);
        let bar = match is_seen {
            true => ProgressBar::new_spinner().with_style(style("{spinner} {msg} {elapsed}")),
            false => ProgressBar::hidden(),
        };
        bar.set_message(message);
        if is_seen {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self {
            bar,
            stage: Mutex::new((message, Instant::now())),
        }
    }

    /// Shows the share of what is to come, by forecast.
    pub fn forecast(&self, cpu_seconds: f64) {
        let cores = available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let expected = cpu_seconds * (1.0 - PARALLEL + PARALLEL / cores);
        let text = format!("{{spinner}} {{msg}} {{elapsed}} of about {expected:.1} s ({{share}})");
        let share = move |state: &ProgressState, to: &mut dyn Write| {
            let share = (100.0 * state.elapsed().as_secs_f64() / expected).min(99.0);
            let _infallible = write!(to, "{share:.0} %");
        };
        self.bar.set_style(style(&text).with_key("share", share));
        self.bar.reset_elapsed();
    }

    pub fn set(&self, message: &'static str) {
        self.ended(message);
        self.bar.set_message(message);
    }

    pub fn stage(&self, stage: Stage) {
        self.set(match stage {
            Stage::Witness => "running the model",
            Stage::Proof => "proving",
            Stage::Link => "linking the proof to the commitment",
            Stage::Verify => "verifying the receipt",
        });
    }

    /// Tells how long the stage took that ends now.
    fn ended(&self, next: &'static str) {
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let (message, since) = std::mem::replace(&mut *stage, (next, Instant::now()));
        if VERBOSE.load(Ordering::Relaxed) {
            let seconds = since.elapsed().as_secs_f64();
            self.bar.suspend(|| eprintln!("{seconds:>8.3} s  {message}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.ended("");
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
