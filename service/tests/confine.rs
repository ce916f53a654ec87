//! A confined process that tries to get out.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use provenn_service::child::confine::{confine, Reach};
use provenn_service::child::protocol::{Start, Work};
use provenn_service::child::ARGUMENT;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Set for the process inside: the folder of the attempt.
const FOLDER: &str = "PROVENN_TEST_CONFINED";
const SECRET: &str = "PROVENN_TEST_SECRET";

#[test]
fn a_child_that_tries_gets_nowhere() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return inside(Path::new(&folder));
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for name in ["job", "other"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("file"), name).unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "a_child_that_tries_gets_nowhere", "--nocapture"]);
    child
        .env(FOLDER, folder.path())
        .env("PROVENN_TEST_PORT", listener.local_addr().unwrap().port().to_string());
    child.env(SECRET, "hunter2");
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("tried everything"), "{said}");
    assert_eq!(fs::read(folder.path().join("job/made")).unwrap(), b"made");
    assert_eq!(fs::read(folder.path().join("other/file")).unwrap(), b"other");
}

fn inside(folder: &Path) {
    let port: u16 = std::env::var("PROVENN_TEST_PORT").unwrap().parse().unwrap();
    let (job, other) = (folder.join("job"), folder.join("other"));
    let reach = Reach {
        read: vec![],
        write: vec![job.clone()],
    };
    let files = confine(&reach).unwrap();
    // What it is for still works, in new threads too.
    fs::write(job.join("aside"), "made").unwrap();
    fs::rename(job.join("aside"), job.join("made")).unwrap();
    let sum = std::thread::spawn(|| 1 + 1).join().unwrap();
    assert_eq!(sum, 2);
    assert!(fs::read_to_string("/proc/self/status").unwrap().contains("VmHWM"));
    let mut random = [0; 8];
    getrandom::getrandom(&mut random).unwrap();

    let denied = |what: &str, result: std::io::Result<()>| {
        let error = result.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{what}: {error}");
    };
    denied("tcp", TcpStream::connect(("127.0.0.1", port)).map(drop));
    denied("listen", TcpListener::bind("127.0.0.1:0").map(drop));
    denied("udp", UdpSocket::bind("127.0.0.1:0").map(drop));
    denied("socket pair", UnixStream::pair().map(drop));
    denied("program", Command::new("/bin/true").status().map(drop));
    match files {
        false => println!("this kernel has no Landlock: files are left out"),
        true => {
            let parent = PathBuf::from(format!("/proc/{}", std::os::unix::process::parent_id()));
            denied("another file", fs::read(other.join("file")).map(drop));
            denied("another folder", fs::read_dir(&other).map(drop));
            denied("a file elsewhere", fs::write(other.join("file"), "changed"));
            denied("a new file elsewhere", fs::write(other.join("new"), "new"));
            denied("removal", fs::remove_file(other.join("file")));
            denied("a move", fs::rename(other.join("file"), job.join("file")));
            denied("accounts", fs::read("/etc/passwd").map(drop));
            denied("the parent's environment", fs::read(parent.join("environ")).map(drop));
            denied("the parent's memory", fs::File::open(parent.join("mem")).map(drop));
            denied("a link's target", {
                std::os::unix::fs::symlink(other.join("file"), job.join("link"))
                    .and_then(|()| fs::read(job.join("link")).map(drop))
            });
        }
    }
    println!("tried everything");
}

/// The service comes before its children where the kernel weighs sessions and where it weighs processes.
#[test]
fn children_come_after_the_service() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/models/digits_cnn.onnx");
    let start = Start {
        work: Work::Inspect {
            model: model.into(),
            compile: true,
        },
        memory_bytes: 4 << 30,
        cpu_seconds: 60,
        nice: 7,
    };
    // It may be done before it is looked at.
    let seen = (0..20).any(|_| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_provenn"));
        let mut child = child
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "{}", serde_json::to_string(&start).unwrap()).unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        assert!(said.contains("confined"), "{said}");
        let of = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", child.id()));
        let (stat, session) = (of("stat"), of("autogroup"));
        let alive = child.try_wait().unwrap().is_none();
        drop(input);
        child.wait().unwrap();
        if alive {
            // After the name, which may hold anything, the niceness is the seventeenth field.
            let stat = stat.unwrap();
            let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
            // To that of whoever runs the tests, up to the kernel's most.
            let own = rustix::process::nice(0).unwrap();
            assert_eq!(fields[16], (own + 7).min(19).to_string(), "{stat}");
            match session {
                Ok(session) => assert!(session.trim_end().ends_with("nice 7"), "{session}"),
                Err(_) => println!("this kernel does not group processes by session"),
            }
        }
        alive
    });
    assert!(seen, "no child was seen at work");
}
