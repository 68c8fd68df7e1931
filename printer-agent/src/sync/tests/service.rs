//! A service of a few lines over the fixture's log: HTTP/1.1, one request a connection.
//!
//! Owns the interface's shapes as they are promised, and the tricks that a client must see through. Test code only.

use crate::fixture::Ship;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::fixture::{Consortium, ORIGIN, Who, text};
use threadmark_protocol::receipt::{self, Claims, Inclusion};
use threadmark_protocol::statement::{Statement, Submission};

/// How the service misbehaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Trick {
    None,
    ForgedReceipt,
    OtherIndex,
    ChangedPage,
    BusyTwice,
    /// Every third submission is beyond a quota, which has room again after a second.
    Quota,
}

struct State {
    c: Consortium,
    artifacts: BTreeMap<String, Vec<u8>>,
    trick: Trick,
    busy: u32,
    asked: u32,
}

/// A service on a port of its own; it ends with the process.
pub struct Service {
    pub url: String,
    state: Arc<Mutex<State>>,
}

struct Asked {
    method: String,
    path: String,
    bearer: bool,
    body: Vec<u8>,
}

/// Status and body; 429 asks to wait a second.
type Answer = (u16, Vec<u8>);

impl Service {
    pub fn start(ship: &Ship) -> Service {
        Service::playing(ship, Trick::None)
    }

    pub fn playing(ship: &Ship, trick: Trick) -> Service {
        let mut c = ship.c.clone();
        c.at_sea = false;
        let digest = &ship.file.artifact.sealed;
        let sealed = ship.home.artifact(digest).unwrap().unwrap();
        let state = Arc::new(Mutex::new(State {
            c,
            artifacts: [(digest.sha3.to_hex(), sealed)].into(),
            trick,
            busy: 2,
            asked: 0,
        }));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = read(&stream);
                let answer = shared.lock().unwrap().answer(&asked);
                write(stream, &answer);
            }
        });
        Service { url, state }
    }

    /// Submissions so far.
    pub fn asked(&self) -> u32 {
        self.state.lock().unwrap().asked
    }

    pub fn size(&self) -> Option<u64> {
        self.state.lock().ok().map(|state| state.c.log.size())
    }
}

fn read(stream: &TcpStream) -> Asked {
    let mut from = BufReader::new(stream);
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    let mut parts = line.split(' ').map(str::to_owned);
    let (method, path) = (parts.next().unwrap(), parts.next().unwrap());
    let (mut length, mut bearer) = (0, false);
    loop {
        let mut header = String::new();
        from.read_line(&mut header).unwrap();
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        bearer |= header == "authorization: bearer a-token";
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).unwrap();
    Asked {
        method,
        path,
        bearer,
        body,
    }
}

fn write(mut stream: TcpStream, (status, body): &Answer) {
    let later = if *status == 429 {
        "retry-after: 1\r\n"
    } else {
        ""
    };
    let head = format!(
        "HTTP/1.1 {status} x\r\n{later}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

fn json(status: u16, value: &Value) -> Answer {
    (status, value.to_string().into_bytes())
}

fn problem(status: u16, code: &str) -> Answer {
    let value = json!({ "type": "x", "title": "T", "status": status, "detail": "D", "code": code, "advice": "A" });
    json(status, &value)
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        match (asked.method.as_str(), path) {
            ("GET", "/v1/genesis") => (200, self.c.genesis.to_bytes()),
            ("POST", "/v1/sessions") => json(200, &json!({ "token": "a-token", "expires_at": 1 })),
            ("POST", "/v1/statements") => self.statement(&asked.body),
            ("GET", "/log/checkpoint") => (200, self.c.log.page(0).checkpoint.into_bytes()),
            _ if !asked.bearer => problem(401, "session-refused"),
            ("GET", "/v1/sync") => self.page(query),
            ("GET", path) => match self
                .artifacts
                .get(path.trim_start_matches("/v1/artifacts/"))
            {
                Some(bytes) => (200, bytes.clone()),
                None => problem(404, "not-found"),
            },
            ("PUT", _) => (201, Vec::new()),
            _ => problem(405, "method"),
        }
    }

    fn page(&self, query: &str) -> Answer {
        let from: u64 = query.strip_prefix("from=").unwrap().parse().unwrap();
        if from >= self.c.log.size() {
            return (204, Vec::new());
        }
        let mut page = self.c.log.page(from);
        if self.trick == Trick::ChangedPage {
            page.entries[0].body[40] ^= 1;
        }
        (200, page.to_bytes())
    }

    fn statement(&mut self, bytes: &[u8]) -> Answer {
        if self.trick == Trick::BusyTwice && self.busy > 0 {
            self.busy -= 1;
            return problem(503, "unavailable");
        }
        self.asked += 1;
        if self.trick == Trick::Quota && self.asked.is_multiple_of(3) {
            return problem(429, "quota");
        }
        let submission = Submission::parse(bytes).unwrap();
        let statement = Statement::open(submission, &text(ORIGIN)).unwrap();
        let known = self.c.log.index_of(&statement.id).is_some();
        let now = self.c.now;
        match self.c.log.submit(&statement, now) {
            Ok(_) => self.logged(&statement, if known { 200 } else { 201 }),
            Err(refusal) => {
                let code = refusal.code().name();
                problem(if code == "waits-for" { 409 } else { 422 }, code)
            }
        }
    }

    fn logged(&self, statement: &Statement, status: u16) -> Answer {
        let log = &self.c.log;
        let (index, size) = (log.index_of(&statement.id).unwrap(), log.size());
        let claims = Claims {
            iss: ORIGIN.into(),
            sub: statement.body.sub.to_string(),
            iat: Some(log.logged_at()),
        };
        let inclusion = Inclusion {
            tree_size: size,
            leaf_index: index,
            path: log.tree().inclusion(index, size).unwrap(),
        };
        let root = match self.trick {
            Trick::ForgedReceipt => Digest([1; 32]),
            _ => log.tree().root(),
        };
        let signer = &self.c.person(Who::Log).signer;
        let receipt = receipt::issue(signer, &claims, &inclusion, &root);
        let told = match self.trick {
            Trick::OtherIndex => index + 1,
            _ => index,
        };
        let findings: Vec<_> = log
            .findings(&statement.id)
            .iter()
            .map(|f| f.name())
            .collect();
        let value = json!({
            "id": statement.id, "index": told, "logged_at": log.logged_at(), "tree_size": size,
            "receipt": hex::encode(receipt), "findings": findings,
        });
        json(status, &value)
    }
}
