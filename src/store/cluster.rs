//! The private PostgreSQL cluster that the service runs when it is given no `DATABASE_URL`.
//!
//! Owns the server's processes and everything called `postgres*` in the home: `postgres/` (the
//! data), `postgres.lock`, `postgres.log`, `postgres.hba`, `postgres.ident`. Must never know a
//! table, nor hold a connection. Blocking; it is used before the service starts and after it ends.
//!
//! `kill -9` of the service leaves the server running: the next start adopts it.

mod account;
mod process;
mod programs;
mod server;

use account::{Account, SERVER_USER, is_root};
use programs::{OLDEST_MAJOR, Programs};
use server::Server;
use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Child;
use threadmark_protocol::digest::Digest;

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// PostgreSQL is not installed.
    #[error(
        "no PostgreSQL server programs in PATH or /usr/lib/postgresql/*/bin; install them \
         (`apt-get install postgresql`) or set DATABASE_URL"
    )]
    NoServer,
    /// Only versions that we refuse are installed.
    #[error("PostgreSQL {major} in {folder} is too old: {OLDEST_MAJOR} or newer is needed")]
    TooOld {
        /// The newest version found.
        major: u32,
        /// Where its programs are.
        folder: PathBuf,
    },
    /// The data was made by a major version that is not installed any more.
    #[error(
        "the data in {data} was made by PostgreSQL {major}, which is not installed; install it \
         (`apt-get install postgresql-{major}`) or bring the data over with pg_upgrade"
    )]
    OtherVersion {
        /// The data folder.
        data: PathBuf,
        /// The version that made it.
        major: u32,
    },
    /// We are root, and there is nobody to run the server as.
    #[error(
        "PostgreSQL refuses to run as root and there is no user `{SERVER_USER}`; make it \
         (`adduser --system --group {SERVER_USER}`), start as another user, or set DATABASE_URL"
    )]
    NoUser,
    /// The server's user cannot get to the home.
    #[error(
        "PostgreSQL runs as user `{SERVER_USER}`, who may not enter {folder}; `chmod o+x {folder}`, \
         or choose a home that every user can reach, as /var/lib/threadmark is"
    )]
    Unreachable {
        /// The outermost folder that is closed.
        folder: PathBuf,
    },
    /// Another service lives in this home.
    #[error("another threadmark service is using {home}; stop it or choose another home")]
    InUse {
        /// The home.
        home: PathBuf,
    },
    /// Somebody else sits where the socket goes.
    #[error("{folder} is not ours; remove it, it is where the database's socket goes")]
    SocketTaken {
        /// The socket's folder.
        folder: PathBuf,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Its name.
        program: String,
        /// The last lines that it printed.
        output: String,
    },
    /// The server did not come up.
    #[error("the database did not start; the last lines of {log}:\n{tail}")]
    Start {
        /// The whole log.
        log: PathBuf,
        /// Its end.
        tail: String,
    },
    /// The server goes on, as it may while it writes much to a slow disk.
    #[error("the database (process {pid}) is still shutting down after 5 minutes")]
    Stop {
        /// Its process.
        pid: u32,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file, folder or program concerned.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

type Result<T> = std::result::Result<T, ClusterError>;

/// For `map_err`: says which file the system's error is about.
fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> ClusterError {
    let path = path.into();
    |source| ClusterError::Io { path, source }
}

/// Folder and major version of the PostgreSQL programs that serve the cluster of `home`.
///
/// # Errors
/// None are installed that will do.
pub fn programs(home: &Path) -> Result<(PathBuf, u32)> {
    let Programs { folder, major } = Programs::find(&home.join("postgres"))?;
    Ok((folder, major))
}

/// A running server, ours alone. Dropping it stops it.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    /// None for a server that was adopted.
    child: Option<Child>,
    stopped: bool,
    /// Held while we live; the kernel frees it however we die.
    _lock: File,
}

impl Cluster {
    /// Starts the cluster of `home`, making it when there is none.
    pub fn start(home: &Path) -> Result<Cluster> {
        let account = Account::find()?;
        let home = make_home(home, &account)?;
        let lock = take_lock(&home)?;
        account.check_reach(&home)?;
        let programs = Programs::find(&home.join("postgres"))?;
        let sockets = socket_folder(&home);
        let server = Server {
            home,
            sockets,
            programs,
            account,
        };
        if !server.data().exists() {
            server.create()?;
        }
        server.make_socket_folder()?;
        let child = server.bring_up()?;
        Ok(Cluster {
            server,
            child,
            stopped: false,
            _lock: lock,
        })
    }

    /// The URL of the cluster that a service runs in `home` now, for a command beside it.
    pub fn running_url(home: &Path) -> Option<String> {
        let sockets = socket_folder(&home.canonicalize().ok()?);
        sockets.join(SOCKET).exists().then(|| url(&sockets))
    }

    /// The database's URL, as sqlx and psql take it.
    pub fn url(&self) -> String {
        url(&self.server.sockets)
    }

    /// Starts the server again when its process is gone, as after the system took its memory; tells whether it was.
    /// What was committed is there: the server recovers it.
    ///
    /// # Errors
    /// It does not start any more.
    pub fn revive(&mut self) -> Result<bool> {
        let lives = match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => self.server.lives(),
        };
        if lives {
            return Ok(false);
        }
        self.server.make_socket_folder()?;
        self.child = self.server.bring_up()?;
        Ok(true)
    }

    /// Stops the server: open transactions are rolled back, then it writes a checkpoint.
    pub fn stop(mut self) -> Result<()> {
        self.shut_down()
    }

    fn shut_down(&mut self) -> Result<()> {
        self.stopped = true;
        self.server.stop()?;
        if let Some(child) = &mut self.child {
            child.wait().map_err(at("postgres"))?;
        }
        // Not empty when somebody put a file there; then it stays.
        let _ = fs::remove_dir(&self.server.sockets);
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.stopped
            && let Err(error) = self.shut_down()
        {
            eprintln!("could not stop the database: {error}");
        }
    }
}

/// The socket's name follows from the port.
const SOCKET: &str = ".s.PGSQL.5432";

/// Says everything explicitly, so that no `PG*` variable of the environment decides.
fn url(sockets: &Path) -> String {
    let host = sockets.display();
    format!("postgres://threadmark@localhost:5432/threadmark?host={host}&sslmode=disable")
}

/// A short path (a socket's may have 107 bytes), the same at each start in one home. Where only root
/// can write, when we are root, so that nobody else can sit on it.
fn socket_folder(home: &Path) -> PathBuf {
    let name = Digest::sha256(&[home.as_os_str().as_bytes()]).to_hex();
    let run = Path::new("/run");
    let parent = if is_root() && run.is_dir() {
        run
    } else {
        Path::new("/tmp")
    };
    parent.join(format!("threadmark-{}", &name[..16]))
}

/// Root's home holds signing keys beside the cluster: enterable, for the server, but not listable.
fn make_home(home: &Path, account: &Account) -> Result<PathBuf> {
    if !home.exists() {
        fs::create_dir_all(home).map_err(at(home))?;
        let mode = if account.server.is_some() {
            0o711
        } else {
            0o700
        };
        fs::set_permissions(home, Permissions::from_mode(mode)).map_err(at(home))?;
    }
    home.canonicalize().map_err(at(home))
}

fn take_lock(home: &Path) -> Result<File> {
    let path = home.join("postgres.lock");
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ClusterError::InUse {
            home: home.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(ClusterError::Io { path, source }),
    }
}

#[cfg(test)]
mod tests;
