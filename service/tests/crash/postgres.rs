//! A PostgreSQL server of its own, on loopback.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub struct Postgres {
    folder: TempDir,
    port: u16,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Where Debian puts the server's programs.
const DEBIAN: &str = "/usr/lib/postgresql";

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    places.extend(versions.map(|version| version.path().join("bin")));
    places
        .into_iter()
        .map(|place| place.join(name))
        .find(|path| path.is_file())
}

fn program(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| panic!("{name} is missing: install PostgreSQL (Debian: apt-get install postgresql)"))
}

/// The server refuses to run as root.
fn as_user(program: &Path, folder: &Path) -> Command {
    let root = rustix::process::geteuid().is_root();
    let mut command = if root {
        Command::new("setpriv")
    } else {
        Command::new(program)
    };
    if root {
        command
            .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
            .arg(program);
    }
    command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

impl Postgres {
    /// Starts a server. Without PostgreSQL on the machine there is none, and the test says that it was left out; continuous
    /// integration installs it and must not leave it out.
    pub fn start() -> Option<Self> {
        if find("initdb").is_none() && std::env::var_os("CI").is_none() {
            eprintln!("left out: PostgreSQL is not installed");
            return None;
        }
        // Outside the target folder, which may be closed to other users.
        let folder = tempfile::tempdir().unwrap();
        if rustix::process::geteuid().is_root() {
            let chown = Command::new("chown")
                .arg("nobody:nogroup")
                .arg(folder.path())
                .status()
                .unwrap();
            assert!(chown.success());
        }
        let port = free_port();
        let data = folder.path().join("data");
        let initdb = as_user(&program("initdb"), folder.path())
            .args(["--auth=trust", "--username=provenn", "--no-sync", "-D"])
            .arg(&data)
            .status();
        assert!(initdb.unwrap().success());
        let server = Self { folder, port };
        server.control("start");
        let made = as_user(&program("createdb"), server.folder.path())
            .args(["-h", "127.0.0.1", "-U", "provenn", "-p", &port.to_string(), "provenn"])
            .status();
        assert!(made.unwrap().success());
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("postgres://provenn@127.0.0.1:{}/provenn", self.port)
    }

    /// Writes the dump that the runbook asks for.
    pub fn dump(&self, to: &Path) {
        // The server's user cannot write elsewhere.
        let file = self.folder.path().join("dump");
        let options = [
            "--exclude-schema=apalis",
            "--format=custom",
            "-h",
            "127.0.0.1",
            "-U",
            "provenn",
            "-p",
        ];
        self.tool(
            "pg_dump",
            &[
                &options[..],
                &[&self.port.to_string(), "-f", &file.display().to_string(), "provenn"],
            ]
            .concat(),
        );
        std::fs::copy(file, to).unwrap();
    }

    /// Reads a dump into a new database; its URL.
    pub fn restore(&self, from: &Path, name: &str) -> String {
        let (port, file) = (self.port.to_string(), self.folder.path().join("restored"));
        std::fs::copy(from, &file).unwrap();
        let url = self.empty(name);
        let options = [
            "--exit-on-error",
            "-h",
            "127.0.0.1",
            "-U",
            "provenn",
            "-p",
            &port,
            "-d",
            name,
        ];
        self.tool("pg_restore", &[&options[..], &[&file.display().to_string()]].concat());
        url
    }

    /// A new database; its URL.
    pub fn empty(&self, name: &str) -> String {
        let port = self.port.to_string();
        self.tool("createdb", &["-h", "127.0.0.1", "-U", "provenn", "-p", &port, name]);
        format!("postgres://provenn@127.0.0.1:{port}/{name}")
    }

    fn tool(&self, name: &str, arguments: &[&str]) {
        let mut command = as_user(&program(name), self.folder.path());
        let status = command.args(arguments).stderr(Stdio::inherit()).status();
        assert!(status.unwrap().success(), "{name} {arguments:?}");
    }

    fn control(&self, what: &str) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''",
            self.port
        );
        let status = as_user(&program("pg_ctl"), self.folder.path())
            .args(["-w", "-m", "immediate", "-o", &options, "-D"])
            .arg(self.folder.path().join("data"))
            .arg("-l")
            .arg(self.folder.path().join("log"))
            .arg(what)
            .status();
        assert!(status.unwrap().success(), "pg_ctl {what}");
    }

    /// Ends the server without a checkpoint, as a crash does, and starts it again.
    pub fn crash_and_restart(&mut self) {
        self.stop();
        self.start_again();
    }

    pub fn stop(&mut self) {
        self.control("stop");
    }

    pub fn start_again(&mut self) {
        self.control("start");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.control("stop");
        }
    }
}
