//! A disk runs full under load: PostgreSQL's, and that of the files. Clients are told so and to send again, nothing acknowledged is
//! lost, and the service goes on when there is room.

use crate::crowd::{Author, Crowd, UNLIMITED};
use crate::support::{Founded, new_database};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use threadmark::store::cluster::Cluster;
use threadmark_agent::sync::SyncError;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::digest::Digest;
use tokio::runtime::Runtime;

const NO_ROOM: &str = "The service has no room left on its disk; nothing was promised.";

/// A small file system in memory.
struct Disk(PathBuf);

impl Disk {
    /// Only root may mount. Where that is not so the test fails, because nothing else shows what a full disk does: a quota and a limit of a
    /// file's size end otherwise.
    fn at(folder: &Path, mib: u32) -> Disk {
        std::fs::create_dir_all(folder).unwrap();
        let options = format!("size={mib}m,mode=0711");
        let mut mount = Command::new("mount");
        let mount = mount
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder);
        let mounted = mount.output().unwrap();
        assert!(
            mounted.status.success(),
            "no small disk at {}: run the tests as root in a container that may mount a tmpfs, or leave these out by \
             name: `cargo test -- --skip runs_full`. {}",
            folder.display(),
            String::from_utf8_lossy(&mounted.stderr)
        );
        Disk(folder.to_owned())
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Takes all that is left.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.ballast()).unwrap();
        for size in [1 << 20, 1 << 12] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn the_disk_of_the_database_runs_full_under_load() {
    let mut founded = Founded::new(String::new());
    // The server's user must reach its folder.
    let reachable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(founded.folder.path(), reachable).unwrap();
    let home = founded.log_home().join("database");
    let disk = Disk::at(&home, 256);
    let log = founded.folder.path().join("service.log");
    let mut service = founded.serve_logged(&UNLIMITED, &log);
    let url = service.url.clone();
    founded.database = Cluster::running_url(&home).unwrap();
    let crowd = Crowd::at_work(Author::of(&founded), vec![url.clone()], 4);
    for _ in 0..2 {
        crowd.wait_for(50);
        disk.fill();
        crowd.wait_to_hear(NO_ROOM);
        // It stays full for a while, and may bring the server down.
        std::thread::sleep(Duration::from_secs(3));
        assert!(
            !service.has_ended(),
            "{}",
            std::fs::read_to_string(&log).unwrap()
        );
        disk.empty();
        crowd.wait_for(50);
    }
    let kept = crowd.end();
    kept.check(&founded, &[url]);
    println!("{} statements acknowledged, all kept", kept.promises.len());
    assert!(service.terminate());
}

#[test]
fn the_disk_of_the_files_runs_full() {
    let founded = Founded::new(Runtime::new().unwrap().block_on(new_database()));
    let folder = founded.log_home().join("objects");
    let disk = Disk::at(&folder, 8);
    let service = founded.serve_with(&UNLIMITED);
    let client = service.client();
    let session = client.session(&founded.governor, system::now(), &mut SystemEntropy);
    let session = session.unwrap();
    for mib in [1, 7] {
        // In one piece, and in parts.
        let bytes = vec![mib as u8; mib << 20];
        let digest = Digest::sha3(&[&bytes]);
        disk.fill();
        match service.client().put_artifact(&session, &digest, &bytes) {
            Err(SyncError::Problem(problem)) => {
                assert_eq!((problem.status, &problem.code[..]), (503, "no-room"));
                assert_eq!(problem.title, NO_ROOM);
                assert_eq!(problem.retry_after_s, Some(30));
            }
            other => panic!("{other:?}"),
        }
        disk.empty();
        // What was begun is taken back behind the answer, and the connection on which it came is closed.
        let put = || service.client().put_artifact(&session, &digest, &bytes);
        let mut tries = 0;
        while let Err(error) = put() {
            tries += 1;
            assert!(tries < 100, "{error}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let name = digest.to_hex();
        let stored = folder.join("artifacts").join(&name[..2]).join(&name);
        std::fs::remove_file(stored).unwrap();
    }
    // The log does not wait for its files.
    disk.fill();
    let crowd = Crowd::at_work(Author::of(&founded), vec![service.url.clone()], 4);
    crowd.wait_for(300);
    let tile = folder.join("log/tile/0/000");
    assert!(!tile.exists());
    disk.empty();
    let started = system::elapsed();
    while !tile.exists() {
        assert!(
            system::elapsed() - started < Duration::from_secs(60),
            "no tile comes"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    crowd
        .end()
        .check(&founded, std::slice::from_ref(&service.url));
}
