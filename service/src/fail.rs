//! Points where the crash suite ends the process. Without the feature `failpoints` there is nothing here.

/// Names a point.
#[cfg(feature = "failpoints")]
const POINT: &str = "PROVENN_FAILPOINT";
/// A file that is made when the point was reached: a point ends one process only.
#[cfg(feature = "failpoints")]
const ONCE: &str = "PROVENN_FAILPOINT_ONCE";

/// Set: the process is stopped there, as a paused virtual machine is, until somebody lets it go on.
#[cfg(feature = "failpoints")]
const FREEZE: &str = "PROVENN_FAILPOINT_FREEZE";

/// Set: only the work there ends, by a panic.
#[cfg(feature = "failpoints")]
const PANIC: &str = "PROVENN_FAILPOINT_PANIC";

/// Ends the process as `kill -9` does, or freezes it, or panics, if this is the point and nothing ended there before.
#[cfg(feature = "failpoints")]
pub fn point(name: &str) {
    let wanted = std::env::var(POINT).is_ok_and(|wanted| wanted == name);
    let first = || std::env::var(ONCE).is_ok_and(|file| std::fs::File::create_new(file).is_ok());
    if wanted && first() {
        assert!(std::env::var_os(PANIC).is_none(), "a panic at {name}");
        let signal = match std::env::var_os(FREEZE) {
            None => rustix::process::Signal::KILL,
            Some(_) => rustix::process::Signal::STOP,
        };
        let _gone = rustix::process::kill_process(rustix::process::getpid(), signal);
        // The signal may reach another thread first.
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn point(_name: &str) {}

/// Hands the choice to a child, whose environment is empty otherwise.
#[cfg(feature = "failpoints")]
pub fn pass(command: &mut tokio::process::Command) {
    for name in [POINT, ONCE] {
        if let Ok(value) = std::env::var(name) {
            command.env(name, value);
        }
    }
}

#[cfg(not(feature = "failpoints"))]
pub fn pass(_command: &mut tokio::process::Command) {}

/// Folders that a confined child has to write for the points in it.
pub fn folders() -> Vec<std::path::PathBuf> {
    #[cfg(feature = "failpoints")]
    return std::env::var_os(ONCE)
        .and_then(|file| std::path::Path::new(&file).parent().map(Into::into))
        .into_iter()
        .collect();
    #[cfg(not(feature = "failpoints"))]
    vec![]
}
