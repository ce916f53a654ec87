//! Builds the verifier module that the service's page runs in browsers: `OUT_DIR/verifier.wasm`.
//!
//! Where that cannot be done (the target is not installed, the verifier's sources are not beside this package) the file
//! is empty, and the page says so. The service itself builds in any case.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGE: &str = "provenn-verifier-wasm";
const FILE: &str = "provenn_verifier_wasm.wasm";
/// What the module is made of, from the root of the workspace.
const SOURCES: [&str; 8] = [
    "Cargo.lock",
    "Cargo.toml",
    "verifier/Cargo.toml",
    "verifier/bn254/Cargo.toml",
    "verifier/bn254/src",
    "verifier/src",
    "verifier/wasm/Cargo.toml",
    "verifier/wasm/src",
];
/// Settings for this package's own build, which the module's build must not see.
const FOREIGN: [&str; 6] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "TARGET",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(variable("OUT_DIR"));
    let module = module(&out).unwrap_or_else(|reason| {
        println!("cargo::warning=the page of this build cannot verify receipts: {reason}");
        Vec::new()
    });
    let path = out.join("verifier.wasm");
    if let Err(error) = fs::write(&path, module) {
        println!("cargo::error={}: {error}", path.display());
    }
}

/// Where cargo keeps the sources of other crates.
fn cargo_home() -> Option<PathBuf> {
    let set = env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
}

fn module(out: &Path) -> Result<Vec<u8>, String> {
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let root = package.parent().ok_or("this package has no workspace")?;
    for source in SOURCES.map(|source| root.join(source)) {
        // Watching what is not there would mean a new build each time.
        if !source.exists() {
            return Err(format!("{} is missing", source.display()));
        }
        println!("cargo::rerun-if-changed={}", source.display());
    }
    installed()?;
    let folder = out.join("wasm");
    let mut cargo = Command::new(variable("CARGO"));
    // What the module needs was fetched with this package's own dependencies.
    cargo.args([
        "build",
        "--quiet",
        "--locked",
        "--offline",
        "--profile",
        "wasm",
        "--target",
        TARGET,
        "-p",
        PACKAGE,
    ]);
    cargo.arg("--manifest-path").arg(root.join("Cargo.toml"));
    cargo.arg("--target-dir").arg(&folder).current_dir(root);
    for name in FOREIGN {
        cargo.env_remove(name);
    }
    // Everybody may read the module: it says nothing of the machine that it was built on, and is the same from each.
    let mut flags = OsString::from(format!("--remap-path-prefix={}=/provenn", root.display()));
    if let Some(home) = cargo_home() {
        flags.push(format!("\u{1f}--remap-path-prefix={}=/cargo", home.display()));
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags);
    let output = cargo.output().map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let last = text
            .lines()
            .rev()
            .find(|line| line.starts_with("error"))
            .unwrap_or("no reason was given");
        return Err(format!("building {PACKAGE} failed: {last}"));
    }
    let path = folder.join(TARGET).join("wasm").join(FILE);
    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Whether the compiler has the target; this script runs again when that changes.
fn installed() -> Result<(), String> {
    let output = Command::new(variable("RUSTC"))
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    let output = output.map_err(|error| format!("rustc: {error}"))?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    // `lib/rustlib/TARGET/lib`; rustup lists in `lib/rustlib/components` what it installed.
    if let Some(components) = folder.ancestors().nth(2).map(|rustlib| rustlib.join("components")) {
        if components.exists() {
            println!("cargo::rerun-if-changed={}", components.display());
        }
    }
    match folder.is_dir() {
        true => Ok(()),
        false => Err(format!(
            "the target {TARGET} is not installed (rustup target add {TARGET})"
        )),
    }
}

fn variable(name: &str) -> OsString {
    env::var_os(name).unwrap_or_default()
}
