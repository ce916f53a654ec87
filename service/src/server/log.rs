//! Log lines on standard error. Keys, inputs, weights and receipts are never logged.

use super::config::{Config, LogFormat};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::Layer;

/// Starts logging. A second call has no effect.
pub fn start(config: &Config) {
    let level = config.log_level.parse().unwrap_or(LevelFilter::INFO);
    // Other crates may log headers and statements.
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("provenn_service", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.log_format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Text => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .boxed(),
    };
    let _second = tracing_subscriber::registry()
        .with(lines.with_filter(targets))
        .try_init();
}
