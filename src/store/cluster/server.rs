//! The server of one home: made once, then started, adopted and stopped.
//!
//! Owns PostgreSQL's settings and its files in the home. Must never decide whether it may use the
//! home (the lock) or as whom it runs (the account).

use super::account::Account;
use super::process::{command_line, last_lines, run, working_in};
use super::programs::Programs;
use super::{ClusterError, Result, SOCKET, at};
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::{thread, time::Duration};

/// Between two looks at a server that starts.
const LOOK: Duration = Duration::from_millis(20);

/// 15,000 looks are 5 minutes: replaying the log after a crash can take that long on a slow disk,
/// and so can the last checkpoint.
const LOOKS: u32 = 15_000;

/// After `kill -9` of the server its sessions end with their current query, and after `kill -9` of
/// the service a server may only be starting: then a start is tried again, 60 times, 30 seconds.
const TRIES: u32 = 60;

/// Tries after which sessions without a server are told to quit: one that waits for a lock in memory whose holder was killed too
/// never ends by itself.
const PATIENT_TRIES: u32 = 4;

const RETRY: Duration = Duration::from_millis(500);
const PREDECESSORS: [&str; 2] = ["pre-existing shared memory block", "already exists"];

/// A data folder in the making is called this and a process id.
const UNFINISHED: &str = "postgres.new-";

/// Given on the command line, where no configuration file can override them.
const SETTINGS: [&str; 12] = [
    "listen_addresses=", // The socket is the only way in.
    "port=5432",         // Names the socket file.
    "max_connections=50",
    // After each of its own checkpoints every page is written whole once: fewer of them, and a start after a crash that
    // reads a little more.
    "max_wal_size=4GB",
    "checkpoint_timeout=15min",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=off",
    "log_destination=stderr",
];

/// What of the machine's memory the server takes at most as it reads: an eighth, from 128 MB to 2 GB. A list of thousands of parts
/// looks at tens of thousands of rows all over the tables.
fn shared_buffers() -> String {
    let system = rustix::system::sysinfo();
    let bytes = system.totalram.saturating_mul(system.mem_unit.into());
    let megabytes = (bytes >> 20) / 8;
    format!("shared_buffers={}MB", megabytes.clamp(128, 2048))
}

/// Only the kernel's word on who is at the other end of the socket opens it: no password to keep or
/// to leak, and no other daemon under the server's uid gets in.
const HBA: &str = "local all all peer map=threadmark\n";

/// The service is no superuser: a hole in its SQL must not become a shell. CREATEDB is for tests,
/// which take a database each.
const CREATE: &str = "CREATE ROLE threadmark LOGIN CREATEDB\n\
                      CREATE DATABASE threadmark OWNER threadmark\n";

/// What it takes to make, start, find and stop the server of one home.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) home: PathBuf,
    pub(super) sockets: PathBuf,
    pub(super) programs: Programs,
    pub(super) account: Account,
}

impl Server {
    pub(super) fn data(&self) -> PathBuf {
        self.home.join("postgres")
    }

    fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    fn command(&self, name: &str) -> Command {
        self.account.command(&self.programs.folder.join(name))
    }

    /// Makes the data folder under another name and renames it when it is whole and on the disk, so
    /// that a crash at any point leaves either no cluster or a complete one.
    pub(super) fn create(&self) -> Result<()> {
        self.remove_unfinished()?;
        let new = self
            .home
            .join(format!("{UNFINISHED}{}", std::process::id()));
        self.make_folder(&new)?;
        let mut initdb = self.command("initdb");
        initdb.args([
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--auth=peer",
        ]);
        initdb
            .args(["--data-checksums", "--no-sync"])
            .arg("-D")
            .arg(&new);
        run(&mut initdb, "")?;
        let mut single = self.command("postgres");
        single
            .args(["--single", "-c", "exit_on_error=on", "-D"])
            .arg(&new)
            .arg("postgres");
        run(&mut single, CREATE)?;
        // One sync of the file system, where initdb would wait for a thousand files one by one.
        run(
            self.account.command(Path::new("sync")).arg("-f").arg(&new),
            "",
        )?;
        fs::rename(&new, self.data()).map_err(at(&new))?;
        File::open(&self.home)
            .and_then(|home| home.sync_all())
            .map_err(at(&self.home))
    }

    /// Best effort: what a killed start left behind may still be written to by its `initdb`. That is
    /// why the name carries the process id: ours is another folder.
    fn remove_unfinished(&self) -> Result<()> {
        for entry in fs::read_dir(&self.home).map_err(at(&self.home))?.flatten() {
            if entry
                .file_name()
                .as_bytes()
                .starts_with(UNFINISHED.as_bytes())
            {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(())
    }

    /// A folder that the server's user alone can enter.
    fn make_folder(&self, folder: &Path) -> Result<()> {
        DirBuilder::new()
            .mode(0o700)
            .create(folder)
            .map_err(at(folder))?;
        self.give(folder)
    }

    fn give(&self, folder: &Path) -> Result<()> {
        let Some((uid, gid)) = self.account.server else {
            return Ok(());
        };
        lchown(folder, Some(uid), Some(gid)).map_err(at(folder))
    }

    /// An old folder is used again only if nobody else can have made it: a stranger's socket there
    /// would be a stranger's database.
    pub(super) fn make_socket_folder(&self) -> Result<()> {
        let folder = &self.sockets;
        let Ok(found) = fs::symlink_metadata(folder) else {
            return self.make_folder(folder);
        };
        let me = fs::metadata("/proc/self").map_err(at("/proc/self"))?.uid();
        let server = self.account.server.map_or(me, |(uid, _)| uid);
        if !found.is_dir() || found.mode() & 0o077 != 0 || ![me, server].contains(&found.uid()) {
            return Err(ClusterError::SocketTaken {
                folder: folder.clone(),
            });
        }
        self.give(folder)
    }

    /// The arguments of a start; they also tell our server, as this version of us would start it,
    /// from every other process.
    fn arguments(&self) -> Vec<OsString> {
        let file = |setting: &str, path: PathBuf| {
            let mut text = OsString::from(setting);
            text.push(path);
            text
        };
        let files = [
            file("unix_socket_directories=", self.sockets.clone()),
            file("hba_file=", self.home.join("postgres.hba")),
            file("ident_file=", self.home.join("postgres.ident")),
        ];
        let settings = SETTINGS.iter().map(OsString::from);
        let settings = settings.chain([shared_buffers().into()]).chain(files);
        let mut arguments = vec![OsString::from("-D"), self.data().into_os_string()];
        arguments.extend(settings.flat_map(|setting| [OsString::from("-c"), setting]));
        arguments
    }

    /// Whether the server that a killed service left behind now serves us. One that was started
    /// otherwise (an older version of us, a lost socket) is stopped; a stale pid file that names a
    /// stranger's process by now is removed, because PostgreSQL would take it for a live server.
    fn adopt(&self) -> Result<bool> {
        let Some(pid) = self.pid() else {
            return Ok(false);
        };
        let mut ours = self.programs.folder.join("postgres").into_os_string();
        for argument in self.arguments() {
            ours.push("\0");
            ours.push(argument);
        }
        ours.push("\0");
        let same = || command_line(pid) == ours.as_bytes();
        if same() && self.sockets.join(SOCKET).exists() {
            return Ok(self.wait_until_ready(pid, same));
        }
        if self.is_server(pid) {
            self.stop()?;
        } else if Path::new("/proc").join(pid.to_string()).exists() {
            let file = self.data().join("postmaster.pid");
            fs::remove_file(&file).map_err(at(&file))?;
        }
        Ok(false)
    }

    /// Line 1 of the server's own pid file.
    pub(super) fn pid(&self) -> Option<u32> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    /// Whether the process is a server on our data.
    fn is_server(&self, pid: u32) -> bool {
        let data = self.data();
        let line = command_line(pid);
        line.split(|byte| *byte == 0)
            .any(|argument| argument == data.as_os_str().as_bytes())
    }

    /// Whether a server is at work on our data.
    pub(super) fn lives(&self) -> bool {
        self.pid().is_some_and(|pid| self.is_server(pid))
    }

    /// The server, running: as the child that was started, or None when it was adopted.
    pub(super) fn bring_up(&self) -> Result<Option<Child>> {
        let log = self.log();
        for attempt in 0..TRIES {
            if self.adopt()? {
                return Ok(None);
            }
            if attempt == 0 {
                self.write_access()?;
                self.put_log_aside()?;
            }
            let mut child = self.spawn()?;
            let pid = child.id();
            if self.wait_until_ready(pid, || matches!(child.try_wait(), Ok(None))) {
                return Ok(Some(child));
            }
            let tail = last_lines(&log);
            if !PREDECESSORS.iter().any(|message| tail.contains(message)) {
                break;
            }
            if attempt >= PATIENT_TRIES {
                self.quit_orphans();
            }
            thread::sleep(RETRY);
        }
        // Not empty when a server is there after all.
        let _ = fs::remove_dir(&self.sockets);
        Err(ClusterError::Start {
            tail: last_lines(&log),
            log,
        })
    }

    /// Ends the sessions of a server that is no more, as the server itself would have: nothing of theirs that was not committed
    /// counts. What lives on is met at the next try.
    fn quit_orphans(&self) {
        if self.lives() {
            return;
        }
        for pid in working_in(&self.data()) {
            let mut signal = self.command("pg_ctl");
            signal.args(["kill", "QUIT", &pid.to_string()]);
            // It may have ended between the look and the signal.
            let _ = run(&mut signal, "");
        }
    }

    /// One log a start, and the one before it: enough to see why, and bounded.
    fn put_log_aside(&self) -> Result<()> {
        let log = self.log();
        if log.exists() {
            fs::rename(&log, self.home.join("postgres.log.1")).map_err(at(&log))?;
        }
        Ok(())
    }

    /// Who may connect. Written at each start, in the home, where the server's user cannot write:
    /// the rules are always those of this program.
    fn write_access(&self) -> Result<()> {
        let me = &self.account.me;
        let ident = format!("threadmark \"{me}\" threadmark\nthreadmark \"{me}\" postgres\n");
        for (name, text) in [("postgres.hba", HBA), ("postgres.ident", &ident)] {
            let path = self.home.join(name);
            fs::write(&path, text).map_err(at(&path))?;
            fs::set_permissions(&path, Permissions::from_mode(0o644)).map_err(at(&path))?;
        }
        Ok(())
    }

    /// In a process group of its own: a Ctrl-C is for the service, which then stops the server.
    fn spawn(&self) -> Result<Child> {
        let path = self.log();
        let log = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(at(&path))?;
        let copy = log.try_clone().map_err(at(&path))?;
        let mut command = self.command("postgres");
        command
            .args(self.arguments())
            .stdout(log)
            .stderr(copy)
            .process_group(0);
        command
            .spawn()
            .map_err(at(self.programs.folder.join("postgres")))
    }

    /// Line 8 of the pid file says when the server takes connections.
    fn wait_until_ready(&self, pid: u32, mut alive: impl FnMut() -> bool) -> bool {
        let file = self.data().join("postmaster.pid");
        for _ in 0..LOOKS {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let ready = text
                .lines()
                .nth(7)
                .is_some_and(|status| status.trim() == "ready");
            if ready && self.pid() == Some(pid) {
                return true;
            }
            if !alive() {
                return false;
            }
            thread::sleep(LOOK);
        }
        false
    }

    /// Fast shutdown. Waits for the process by itself, because `pg_ctl stop` waits forever for one
    /// that was killed and that nobody has reaped.
    pub(super) fn stop(&self) -> Result<()> {
        let Some(pid) = self.pid().filter(|pid| self.is_server(*pid)) else {
            return Ok(());
        };
        let mut signal = self.command("pg_ctl");
        signal.args(["kill", "INT", &pid.to_string()]);
        // It may have died between the look and the signal.
        run(&mut signal, "").or_else(|error| {
            if self.is_server(pid) {
                Err(error)
            } else {
                Ok(())
            }
        })?;
        for _ in 0..LOOKS {
            if !self.is_server(pid) {
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        Err(ClusterError::Stop { pid })
    }
}
