//! Who we are, and whom the server runs as, because PostgreSQL refuses to run as root.
//!
//! Owns the change of user. Must never know what is run.

use super::{ClusterError, Result};
use std::fs;
use std::os::unix::{fs::MetadataExt as _, process::CommandExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// The user that the server runs as when we are root: the one that PostgreSQL's own package makes.
/// Not `nobody`, whom other daemons share: they could read the data and signal the server.
pub(super) const SERVER_USER: &str = "postgres";

/// Where the system's own programs are, whatever our environment says.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Who we are, and whom the server runs as.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) me: String,
    /// uid and gid of `SERVER_USER` when we are root; None: the server runs as we do.
    pub(super) server: Option<(u32, u32)>,
}

impl Account {
    pub(super) fn find() -> Result<Account> {
        let me = id(&["-un"]).ok_or(ClusterError::NoUser)?;
        if !is_root() {
            return Ok(Account { me, server: None });
        }
        let number = |what| id(&[what, SERVER_USER])?.parse().ok();
        let server = number("-u").zip(number("-g")).ok_or(ClusterError::NoUser)?;
        Ok(Account {
            me,
            server: Some(server),
        })
    }

    /// A command that runs as the server does, and inherits nothing: a `PGDATA` or `PGPORT` from
    /// outside would change what it does.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("PATH", PATH);
        command.current_dir("/").stdin(Stdio::null());
        if let Some((uid, gid)) = self.server {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Asked of the kernel, as the user concerned, because modes alone do not tell (ACLs, mounts).
    pub(super) fn check_reach(&self, home: &Path) -> Result<()> {
        let may_enter = |folder: &Path| {
            let status = self
                .command(Path::new("test"))
                .arg("-x")
                .arg(folder)
                .status();
            status.is_ok_and(|status| status.success())
        };
        if self.server.is_none() || may_enter(home) {
            return Ok(());
        }
        let mut folders: Vec<_> = home.ancestors().collect();
        folders.reverse();
        let closed = folders
            .into_iter()
            .find(|folder| !may_enter(folder))
            .unwrap_or(home);
        Err(ClusterError::Unreachable {
            folder: closed.to_owned(),
        })
    }
}

/// The answer of `id`, which knows every user that the system knows, whatever their source.
fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id")
        .env("PATH", PATH)
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let answer = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !answer.is_empty()).then_some(answer)
}

/// What owns our `/proc` entry is our effective uid; `std` has no other safe way to ask.
pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
