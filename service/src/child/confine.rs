//! What a prover process can reach, although it parses the files of strangers: the folders of its job, and nothing else of this
//! machine: no other file, no socket, no other process.

use crate::error::CliError;
use crate::fail;
use landlock::{
    path_beneath_rules, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope, ABI,
};
use rustix::process::{set_dumpable_behavior, DumpableBehavior};
use seccompiler::{
    apply_filter, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Files and folders of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    pub read: Vec<PathBuf>,
    /// Folders in which files are made.
    pub write: Vec<PathBuf>,
}

/// Read by the standard library and by rayon: how many processors there are, and this process's own memory.
const SYSTEM: [&str; 4] = [
    "/proc/self",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/dev/urandom",
];

/// System calls that no work needs: network, other programs and processes, and ways around files.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_add_key,
    libc::SYS_bind,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_connect,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_keyctl,
    libc::SYS_listen,
    libc::SYS_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_open,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_request_key,
    libc::SYS_setns,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// Shuts this thread, and those that it starts from now on, in. Returns whether the system could do all of it: system calls are always
/// refused, while files are restricted by Landlock, which old kernels lack.
///
/// # Errors
/// The system has the means but refuses to use them.
pub fn confine(reach: &Reach) -> Result<bool, CliError> {
    // Others of the same user read neither its memory nor its environment.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(failed)?;
    let files = restrict_files(reach)?;
    restrict_calls()?;
    Ok(files)
}

fn restrict_files(reach: &Reach) -> Result<bool, CliError> {
    let abi = ABI::V6;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write = read
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer;
    let system = SYSTEM.iter().map(PathBuf::from);
    let readable: Vec<PathBuf> = reach.read.iter().cloned().chain(system).collect();
    let writable: Vec<PathBuf> = reach.write.iter().cloned().chain(fail::folders()).collect();
    let rules = |paths: Vec<PathBuf>, access: BitFlags<AccessFs>| path_beneath_rules(paths, access);
    let made = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(|created| created.add_rules(rules(readable, read)))
        .and_then(|created| created.add_rules(rules(writable, write)))
        .and_then(|created| created.restrict_self());
    let status = made.map_err(failed)?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

fn restrict_calls() -> Result<(), CliError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for &call in REFUSED {
        rules.insert(call, vec![]);
    }
    // Threads, but no processes: `clone` without CLONE_THREAD. Its flags are in no register for `clone3`, whose callers fall back
    // to `clone` where it does not exist.
    let thread = libc::CLONE_THREAD as u64;
    let process = SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), 0);
    let process = process
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(failed)?;
    rules.insert(libc::SYS_clone, vec![process]);
    #[cfg(target_arch = "x86_64")]
    {
        rules.insert(libc::SYS_fork, vec![]);
        rules.insert(libc::SYS_vfork, vec![]);
        // The same calls by their x32 numbers.
        let x32: Vec<_> = rules
            .iter()
            .map(|(call, rule)| (call | 0x4000_0000, rule.clone()))
            .collect();
        rules.extend(x32);
    }
    install(rules, libc::EPERM)?;
    install(BTreeMap::from([(libc::SYS_clone3, vec![])]), libc::ENOSYS)
}

/// Answers calls that match with an error; all others go through.
fn install(rules: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> Result<(), CliError> {
    let Ok(architecture) = std::env::consts::ARCH.try_into() else {
        return Ok(());
    };
    let refuse = SeccompAction::Errno(error.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, architecture);
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(failed)?;
    apply_filter(&program).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::new(
        1,
        "confine",
        format!("the prover process cannot be confined: {error}"),
        "check that the system allows Landlock and seccomp to unprivileged processes",
    )
}
