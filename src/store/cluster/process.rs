//! Running PostgreSQL's programs and recognising its processes. Must never decide anything.

use super::{ClusterError, Result, at};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A process's arguments, each ended by a zero byte; empty when it is gone or a zombie. Unlike its
/// working folder, everybody may read them, root without privileges in a container too.
pub(super) fn command_line(pid: u32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// The sessions and helpers of PostgreSQL that work in this folder, as far as one may look: root without privileges in a container
/// sees none of another user's. The folder itself counts, not its path: another container's may have the same.
pub(super) fn working_in(folder: &Path) -> Vec<u32> {
    let place = |path: &Path| fs::metadata(path).map(|it| (it.dev(), it.ino())).ok();
    let (Some(there), Ok(processes)) = (place(folder), fs::read_dir("/proc")) else {
        return Vec::new();
    };
    let pids = processes.flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_session = |pid: &u32| {
        command_line(*pid).starts_with(b"postgres: ")
            && place(Path::new(&format!("/proc/{pid}/cwd"))) == Some(there)
    };
    pids.filter(is_session).collect()
}

/// Runs one of PostgreSQL's programs with `input`; what it prints is told only if it fails.
pub(super) fn run(command: &mut Command, input: &str) -> Result<()> {
    let program = PathBuf::from(command.get_program());
    let output = feed(command, input).map_err(at(&program))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let output = last(&String::from_utf8_lossy(&text));
    Err(ClusterError::Program {
        program: program.display().to_string(),
        output,
    })
}

/// `input` is far smaller than a pipe's buffer, so writing it all first cannot block.
fn feed(command: &mut Command, input: &str) -> io::Result<Output> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading says why in its output.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output()
}

/// The end of a log, enough to tell what went wrong.
pub(super) fn last_lines(file: &Path) -> String {
    last(&String::from_utf8_lossy(
        &fs::read(file).unwrap_or_default(),
    ))
}

fn last(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
