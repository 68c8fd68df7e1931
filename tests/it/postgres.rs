//! PostgreSQL's own programs, as an operator uses them, and a server with settings that ours never has.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A program of the PostgreSQL that the service would take. Some of its programs may be links from elsewhere.
pub fn program(name: &str) -> PathBuf {
    let nowhere = Path::new("/nonexistent");
    let (folder, _) = threadmark::store::cluster::programs(nowhere).expect("see scripts/setup");
    let real = folder.join("postgres").canonicalize().unwrap();
    real.with_file_name(name)
}

/// Name of the database in a URL.
pub fn database_name(url: &str) -> &str {
    url.split(['/', '?']).nth(3).unwrap()
}

/// Runs a program to its end; what it printed.
pub fn run(command: &mut Command) -> Vec<u8> {
    let output: Output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output.stdout
}

/// `pg_dump`, as the operator's page says.
pub fn dump(url: &str) -> Vec<u8> {
    let options = ["--no-owner", "--no-privileges"];
    run(Command::new(program("pg_dump")).args(options).arg(url))
}

/// `psql -f`, as the operator's page says.
pub fn restore(url: &str, file: &Path) {
    let options = ["-q", "-X", "-v", "ON_ERROR_STOP=1", "-1", "-f"];
    run(Command::new(program("psql"))
        .args(options)
        .arg(file)
        .arg(url));
}

/// SQL, as the owner of the database says it; the error's text when it is refused.
pub async fn sql(url: &str, text: &str) -> Result<u64, String> {
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(text.to_owned()))
        .execute(&pool)
        .await;
    pool.close().await;
    done.map(|done| done.rows_affected())
        .map_err(|error| error.to_string())
}

/// A cluster outside of ours, with whatever settings. Only its user can enter its folder.
pub struct Server {
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Server {
    /// Makes a cluster.
    pub fn create(options: &[&str]) -> Server {
        let folder = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres:").arg(folder.path()));
        }
        let server = Server {
            folder,
            child: None,
        };
        run(server
            .command("initdb")
            .args(["-U", "threadmark", "-E", "UTF8", "--locale=C"])
            .args(["-A", "trust", "-N", "-D"])
            .arg(server.data())
            .args(options));
        server
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// PostgreSQL refuses root.
    fn command(&self, name: &str) -> Command {
        let program = program(name);
        let mut command = Command::new(if is_root() {
            Path::new("setpriv")
        } else {
            &program
        });
        if is_root() {
            let user = ["--reuid", "postgres", "--regid", "postgres"];
            command.args(user).args(["--clear-groups", "--"]);
            command.arg(&program);
        }
        command.current_dir("/");
        command
    }

    /// An empty file in the data folder, such as `standby.signal`.
    pub fn touch(&self, name: &str) {
        std::fs::write(self.data().join(name), "").unwrap();
        if is_root() {
            run(Command::new("chown")
                .arg("postgres:")
                .arg(self.data().join(name)));
        }
    }

    /// Starts it with settings, and waits until it takes connections.
    pub fn start(&mut self, settings: &[&str]) {
        let socket = format!("unix_socket_directories={}", self.folder.path().display());
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data());
        let own = ["listen_addresses=", "port=5432", &socket];
        for setting in own.iter().chain(settings) {
            command.args(["-c", setting]);
        }
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        for _ in 0..600 {
            let mut ready = self.command("pg_isready");
            let ready = ready.args(["-q", "-h"]).arg(self.folder.path());
            if ready.status().unwrap().success() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server did not start with {settings:?}");
    }

    /// Stops it.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let mut stop = self.command("pg_ctl");
            run(stop
                .args(["stop", "-s", "-m", "fast", "-D"])
                .arg(self.data()));
            child.wait().unwrap();
        }
    }

    /// URL of a database in it.
    pub fn url(&self, database: &str) -> String {
        let host = self.folder.path().display();
        format!("postgres://threadmark@localhost:5432/{database}?host={host}&sslmode=disable")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let mut stop = self.command("pg_ctl");
            let _ = stop
                .args(["stop", "-s", "-m", "immediate", "-D"])
                .arg(self.data())
                .status();
            let _ = child.wait();
        }
    }
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .any(|line| line.starts_with("Uid:\t0\t"))
}
