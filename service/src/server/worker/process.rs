//! One child process, from the service's side.

use super::retry::Cause;
use super::Stopped;
use crate::child::protocol::{Line, Start};
use crate::child::ARGUMENT;
use crate::error::NO_SPACE;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::stage::Stage;
use provenn_prover::ENGINE;
use serde_json::Value;
use std::process::Stdio;
use std::sync::Once;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

/// What a child made.
#[derive(Debug)]
pub struct Made {
    pub result: Value,
    pub peak_bytes: Option<i64>,
    pub cpu_ms: i64,
}

/// Longest line that is read from a child, in bytes: drawings of models with as many nodes as are accepted take a fifth of it.
const MAX_LINE: u64 = 16 << 20;
/// Bytes kept of what a dying child says.
const MAX_LAST_WORDS: u64 = 4096;

/// Said once.
static UNCONFINED: Once = Once::new();

/// Runs work in a child process for at most `time`. Dropping the future kills the process.
pub async fn run(
    app: &App,
    start: &Start,
    time: Duration,
    stages: Option<mpsc::UnboundedSender<Stage>>,
) -> Result<Made, Stopped> {
    match tokio::time::timeout(time, speak(app, start, stages)).await {
        Ok(ended) => ended,
        Err(_) => Err(Stopped::Refused(Box::new(Problem::new(
            422,
            "time-limit",
            format!("the work took longer than {} seconds", time.as_secs()),
            "use a smaller model, or ask the operator for a higher limit",
        )))),
    }
}

async fn speak(app: &App, start: &Start, stages: Option<mpsc::UnboundedSender<Stage>>) -> Result<Made, Stopped> {
    let prover = app.prover()?;
    let mut command = Command::new(&prover);
    // Settings and secrets of the service are not the child's business.
    command.arg(ARGUMENT).env_clear().kill_on_drop(true);
    // But for what forecasts are of.
    if let Some(engine) = std::env::var_os(ENGINE) {
        command.env(ENGINE, engine);
    }
    crate::fail::pass(&mut command);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| Stopped::of(Cause::of_start(&e), format!("{}: {e}", prover.display())))?;
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(Stopped::Died("the child has no pipes".into()));
    };
    let mut line = serde_json::to_vec(start).map_err(|e| Stopped::Died(e.to_string()))?;
    line.push(b'\n');
    // A child that is gone says why below.
    let _gone = stdin.write_all(&line).await;
    let (said, words) = tokio::join!(listen(BufReader::new(stdout), stages), last_words(stderr));
    let status = child.wait().await?;
    drop(stdin);
    let last = match said {
        Said::Last(last) => last,
        Said::TooMuch => {
            return Err(Stopped::Refused(Box::new(Problem::new(
                422,
                "model-too-large",
                format!("what there is to say of the model takes more than {MAX_LINE} bytes"),
                "use a model with fewer nodes",
            ))))
        }
    };
    match last {
        Some(Line::Done {
            result,
            peak_bytes,
            cpu_ms,
        }) if status.success() => Ok(Made {
            result,
            peak_bytes,
            cpu_ms,
        }),
        Some(Line::Failed { code, message, help }) => Err(match cause(&code) {
            Some(cause) => Stopped::of(cause, format!("{code}: {message} {help}")),
            None => Stopped::Refused(Box::new(Problem::new(422, &code, message, &help))),
        }),
        _ if words.contains("memory allocation of") => Err(Stopped::Refused(Box::new(Problem::new(
            422,
            "memory-limit",
            format!("the work needs more than {} bytes of memory", start.memory_bytes),
            "use a smaller model, or ask the operator for a higher limit",
        )))),
        _ => Err(Stopped::Died(format!(
            "the prover process ended early: {status}; {}",
            panic_place(&words)
        ))),
    }
}

/// Why to try again after a refusal with this code; none if the request is at fault.
pub(super) fn cause(code: &str) -> Option<Cause> {
    match code {
        NO_SPACE => Some(Cause::NoSpace),
        "io" | "randomness" | "file-damaged" | "child" => Some(Cause::Died),
        _ => None,
    }
}

/// What a child said.
#[derive(Debug)]
enum Said {
    /// The last line that ends the work.
    Last(Option<Line>),
    /// A line that is longer than any that is read.
    TooMuch,
}

/// Passes on stages.
async fn listen(stdout: impl AsyncBufReadExt + Unpin, stages: Option<mpsc::UnboundedSender<Stage>>) -> Said {
    let mut last = None;
    let mut lines = stdout;
    loop {
        let mut line = String::new();
        match (&mut lines).take(MAX_LINE).read_line(&mut line).await {
            Ok(0) | Err(_) => return Said::Last(last),
            // What is left in the pipe ends with the child, which finds nobody to hear it.
            Ok(read) if read as u64 == MAX_LINE && !line.ends_with('\n') => return Said::TooMuch,
            Ok(_) => {}
        }
        match serde_json::from_str(&line) {
            Ok(Line::Confined { confined: true }) => {}
            Ok(Line::Confined { confined: false }) => UNCONFINED.call_once(|| {
                tracing::warn!("this system cannot confine prover processes to their job's folders: it lacks Landlock");
            }),
            Ok(Line::Stage { stage }) => {
                if let Some(stages) = &stages {
                    let _nobody = stages.send(stage);
                }
            }
            Ok(end) => last = Some(end),
            Err(_) => {}
        }
    }
}

async fn last_words(mut stderr: impl AsyncReadExt + Unpin) -> String {
    let mut words = Vec::new();
    let _read = (&mut stderr).take(MAX_LAST_WORDS).read_to_end(&mut words).await;
    // A full pipe would stop the child.
    let _rest = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&words).into_owned()
}

/// Where it panicked: the line that names the place, not the message, which could repeat values.
fn panic_place(words: &str) -> &str {
    words
        .lines()
        .find(|line| line.contains("panicked at"))
        .unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn said(length: usize) -> Said {
        let mut line = serde_json::to_string(&Line::done("".into())).unwrap();
        let text = "x".repeat(length - line.len());
        line = line.replace("\"result\":\"\"", &format!("\"result\":\"{text}\""));
        assert_eq!(line.len(), length);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(listen(format!("{line}\n").as_bytes(), None))
    }

    /// A line that is cut is no child that died.
    #[test]
    fn lines_are_read_whole_or_said_to_be_too_long() {
        let most = usize::try_from(MAX_LINE).unwrap();
        assert!(matches!(said(most - 1), Said::Last(Some(Line::Done { .. }))));
        assert!(matches!(said(most), Said::TooMuch));
    }
}
