//! Programs that a test needs beside the daemon.

use std::io::Write;
use std::process::{Command, Stdio};

/// Whether `program` can be started. If not, one loud line says what is not tested; in CI that is a failure.
pub fn found(program: &str, tested: &str, package: &str) -> bool {
    let started = Command::new(program)
        .arg("-h")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if started.is_ok() {
        return true;
    }
    skipped(&format!("{tested} (needs {program}, Debian's package {package})"))
}

/// Says it past the test harness, which hides what a passing test prints. Always false.
pub fn skipped(what: &str) -> bool {
    let line = format!("SKIPPED: {what}\n");
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci.is_empty() || ci == "false"),
        "{line}"
    );
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
    false
}
