//! `kill -9` at random moments under load: of the service alone, of two nodes, of PostgreSQL and of its backends. After some kills, and at
//! the end, nothing acknowledged is lost or moved, every receipt verifies, no checkpoint that was shown is of another tree, and the audit
//! agrees.
//!
//! A few of each in every run of the tests; `make torture` does them all. `SEED` is printed and decides victims and moments; when a kill
//! hits the work is the machine's. `KILLS`, `NODE_KILLS` and `DATABASE_KILLS` say how many.

use crate::crowd::{Author, Crowd, UNLIMITED, free_port};
use crate::support::{Founded, Service, database_in};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use threadmark::store::cluster::Cluster;
use threadmark_agent::sync::Client;
use threadmark_agent::system;
use threadmark_protocol::fixture::Entropy;
use tokio::runtime::Runtime;

/// Kills between two checks: then a new log begins, so that the last one is checked as fast as the first.
const KILLS_A_LOG: u64 = 50;
/// Clients at the same time.
const CLIENTS: usize = 4;
/// What a client waits between two statements: kills matter here, not the length of the log.
const PAUSE: Duration = Duration::from_millis(10);

fn told(name: &str, everyday: u64) -> u64 {
    let told = std::env::var(name).ok();
    told.map_or(everyday, |text| text.parse().expect(name))
}

/// A PostgreSQL that is nobody else's, so that it can be killed. It is looked after as the product looks after a private one: a server
/// that loses a process while it recovers from the loss of another gives up, and is started again.
struct Rack {
    cluster: Arc<Mutex<Cluster>>,
    folder: tempfile::TempDir,
    random: Entropy,
    seed: u64,
}

impl Rack {
    fn new(name: &str) -> Rack {
        let seed = told("SEED", 20_261_121);
        println!("{name}: SEED={seed}");
        let mut open = tempfile::Builder::new();
        // The server's user must enter it.
        let open = open.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755));
        let folder = open.tempdir().unwrap();
        let cluster = Arc::new(Mutex::new(Cluster::start(folder.path()).unwrap()));
        let looked_after = Arc::downgrade(&cluster);
        std::thread::spawn(move || {
            while let Some(cluster) = looked_after.upgrade() {
                cluster.lock().unwrap().revive().unwrap();
                drop(cluster);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Rack {
            cluster,
            folder,
            random: Entropy::new(seed),
            seed,
        }
    }

    /// Kills in logs of [`KILLS_A_LOG`] each, checked one by one.
    fn torture(&mut self, kills: u64, nodes: usize, segment: fn(&mut Rack, &mut Log, u64)) {
        let (started, mut done) = (system::elapsed(), 0);
        while done < kills {
            let some = KILLS_A_LOG.min(kills - done);
            let url = self.cluster.lock().unwrap().url();
            let mut log = Log::new(&url, nodes);
            segment(self, &mut log, some);
            log.check();
            done += some;
            let took = system::elapsed() - started;
            println!("{done} of {kills} kills, SEED={}, {took:.0?}", self.seed);
        }
    }

    fn pause(&mut self, most: Duration) {
        let most = most.as_micros() as u64;
        std::thread::sleep(Duration::from_micros(self.random.below(most)));
    }

    /// The server's own processes: itself first.
    fn processes(&self) -> Vec<u32> {
        let file = self.folder.path().join("postgres/postmaster.pid");
        // None while it is away.
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let Some(server) = text
            .lines()
            .next()
            .and_then(|line| line.parse::<u32>().ok())
        else {
            return Vec::new();
        };
        let name = std::fs::read_to_string(format!("/proc/{server}/comm")).unwrap_or_default();
        if name.trim() != "postgres" {
            return Vec::new();
        }
        let children = format!("/proc/{server}/task/{server}/children");
        let children = std::fs::read_to_string(children).unwrap_or_default();
        let children = children.split_whitespace().map(|pid| pid.parse().unwrap());
        [server].into_iter().chain(children).collect()
    }

    /// The server, or one of its processes, whichever it is, at work or while it recovers; never while it is being started.
    fn kill_database(&mut self) {
        let cluster = self.cluster.clone();
        let _no_start = cluster.lock().unwrap();
        let processes = self.processes();
        let at = match self.random.below(2) {
            0 => 0,
            _ => self.random.below(processes.len().max(1) as u64) as usize,
        };
        if let Some(victim) = processes.get(at) {
            // It may have ended by itself.
            let _ = Command::new("kill")
                .args(["-9", &victim.to_string()])
                .output();
        }
    }
}

/// A log, its places for services, and the load.
struct Log {
    founded: Founded,
    ports: Vec<u16>,
    services: Vec<Option<Service>>,
    crowd: Option<Crowd>,
}

impl Log {
    fn new(cluster: &str, nodes: usize) -> Log {
        let runtime = Runtime::new().unwrap();
        let founded = Founded::new(runtime.block_on(database_in(cluster)));
        let ports: Vec<_> = (0..nodes).map(|_| free_port()).collect();
        let mut log = Log {
            services: (0..nodes).map(|_| None).collect(),
            founded,
            ports,
            crowd: None,
        };
        let author = Author::of(&log.founded);
        log.crowd = Some(Crowd::patient(author, log.urls(), CLIENTS, PAUSE));
        log
    }

    fn urls(&self) -> Vec<String> {
        let url = |port| format!("http://127.0.0.1:{port}");
        self.ports.iter().map(url).collect()
    }

    /// Starts a service, and waits for nothing.
    fn start(&mut self, at: usize) {
        let url = self.urls().swap_remove(at);
        let listen = url.trim_start_matches("http://").to_owned();
        let mut environment = UNLIMITED.to_vec();
        environment.push(("THREADMARK_LISTEN", &listen));
        if self.ports.len() > 1 {
            environment.push(("THREADMARK_NODE_ADDRESS", &url));
        }
        let told = self.told(at);
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(told);
        let service = self.founded.spawn(&environment, &url, log.unwrap().into());
        self.services[at] = Some(service);
    }

    fn told(&self, at: usize) -> PathBuf {
        self.founded.folder.path().join(format!("service{at}.log"))
    }

    fn kill(&mut self, at: usize) {
        if let Some(service) = self.services[at].take() {
            service.kill();
        }
    }

    /// A service that has ended by itself is a failure, whatever it says.
    fn must_live(&mut self) {
        for at in 0..self.ports.len() {
            let ended = self.services[at].as_mut().is_some_and(Service::has_ended);
            assert!(!ended, "service {at} has ended:\n{}", tail(&self.told(at)));
        }
    }

    fn wait_until_up(&mut self) {
        for url in self.urls() {
            let client = Client::new(&url);
            while client.checkpoint().is_err() {
                self.must_live();
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    fn wait_for(&mut self, more: usize) {
        self.crowd.as_ref().unwrap().wait_for(more);
        self.must_live();
    }

    /// Every place has a service in the end, and all is as it was promised.
    fn check(&mut self) {
        for at in 0..self.ports.len() {
            if self.services[at].is_none() {
                self.start(at);
            }
        }
        self.wait_for(2 * CLIENTS);
        let kept = self.crowd.take().unwrap().end();
        self.must_live();
        kept.check(&self.founded, &self.urls());
        println!("{} statements acknowledged, all kept", kept.promises.len());
    }
}

/// What failed tells what each service told last.
impl Drop for Log {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for (at, service) in self.services.iter_mut().enumerate() {
            let ended = service.as_mut().is_none_or(Service::has_ended);
            let told = self.founded.folder.path().join(format!("service{at}.log"));
            println!("service {at}, ended: {ended}\n{}", tail(&told));
        }
    }
}

/// The end of what a service has told.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[test]
fn the_service_is_killed() {
    let kills = told("KILLS", 12);
    Rack::new("the service").torture(kills, 1, |rack, log, kills| {
        for _ in 0..kills {
            log.start(0);
            // Also while it starts.
            rack.pause(Duration::from_millis(1200));
            log.must_live();
            log.kill(0);
        }
    });
}

#[test]
fn nodes_are_killed() {
    let kills = told("NODE_KILLS", 4);
    Rack::new("two nodes").torture(kills, 2, |rack, log, kills| {
        log.start(0);
        log.start(1);
        for _ in 0..kills {
            log.wait_for(1 + rack.random.below(20) as usize);
            rack.pause(Duration::from_millis(100));
            let victim = rack.random.below(2) as usize;
            log.kill(victim);
            if rack.random.below(2) == 0 {
                // The other one takes over before it comes back.
                log.wait_for(1);
            }
            log.start(victim);
        }
    });
}

#[test]
fn the_database_is_killed() {
    let kills = told("DATABASE_KILLS", 4);
    Rack::new("PostgreSQL").torture(kills, 1, killing_the_database);
}

#[test]
fn the_database_of_nodes_is_killed() {
    let kills = told("NODE_DATABASE_KILLS", 2);
    Rack::new("PostgreSQL of two nodes").torture(kills, 2, killing_the_database);
}

fn killing_the_database(rack: &mut Rack, log: &mut Log, kills: u64) {
    for at in 0..log.ports.len() {
        log.start(at);
    }
    // A start without a database is given up, and said.
    log.wait_until_up();
    for _ in 0..kills {
        // Now and then before it has recovered from the last one.
        if rack.random.below(4) > 0 {
            log.wait_for(1 + rack.random.below(20) as usize);
        }
        rack.pause(Duration::from_millis(100));
        rack.kill_database();
    }
}
