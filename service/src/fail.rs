//! Points where the crash suite ends the process. Without the feature `failpoints` there is nothing here.

/// The variable that names a point: `after-claim`, or `after-claim:3` for its third pass.
#[cfg(feature = "failpoints")]
const VARIABLE: &str = "PROVENN_FAILPOINT";

/// Ends the process as `kill -9` does, if the variable names this point.
#[cfg(feature = "failpoints")]
pub fn point(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var(VARIABLE) else { return };
    let (wanted, pass) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if wanted == name && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == pass.parse().unwrap_or(1) {
        let _unreachable = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn point(_name: &str) {}

/// Hands the variable to a child, whose environment is empty otherwise.
#[cfg(feature = "failpoints")]
pub fn pass(command: &mut tokio::process::Command) {
    if let Ok(value) = std::env::var(VARIABLE) {
        command.env(VARIABLE, value);
    }
}

#[cfg(not(feature = "failpoints"))]
pub fn pass(_command: &mut tokio::process::Command) {}
