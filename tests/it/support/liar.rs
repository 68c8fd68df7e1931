//! A log's service that shows its members what a test wants, over the log of the protocol's fixture.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use threadmark_agent::home::Home;
use threadmark_agent::system::SystemEntropy;
use threadmark_protocol::body::governance::Holder;
use threadmark_protocol::bundle::Page;
use threadmark_protocol::fixture::{Consortium, Who};

/// What is shown.
#[derive(Default)]
pub struct Shown {
    /// Pages by their first entry.
    pub pages: BTreeMap<u64, Page>,
    /// The newest checkpoint.
    pub checkpoint: String,
    /// Sessions that were opened.
    pub sessions: u32,
    /// Requests with a page's number that are answered with 401 first.
    pub expire: u32,
}

/// The service; it ends with the process.
pub struct Liar {
    pub url: String,
    shown: Arc<Mutex<Shown>>,
}

impl Liar {
    /// Shows all of a log.
    pub fn of(consortium: &Consortium) -> Liar {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shown = Arc::new(Mutex::new(Shown::default()));
        let of_thread = shown.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shown = of_thread.clone();
                std::thread::spawn(move || serve(&stream, &shown));
            }
        });
        let liar = Liar { url, shown };
        liar.show(consortium);
        liar
    }

    /// From now on it shows all of this log.
    pub fn show(&self, consortium: &Consortium) {
        let pages = consortium.log.pages().into_iter();
        let mut shown = self.shown();
        shown.pages = pages.map(|page| (page.from, page)).collect();
        shown.checkpoint = consortium.log.checkpoint().to_owned();
    }

    pub fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap()
    }

    /// A member's home that has joined the log at this service.
    pub fn member(&self, consortium: &Consortium, at: &Path) -> Home {
        let (org, actor) = (consortium.org(Who::Mechanic), "auditor".parse().unwrap());
        let home = Home::create(at, org, actor, Holder::Person, &mut SystemEntropy).unwrap();
        let fingerprint = consortium.trust().fingerprint();
        home.join(&consortium.genesis.to_bytes(), &self.url, Some(fingerprint))
            .unwrap();
        home
    }
}

fn serve(stream: &TcpStream, shown: &Mutex<Shown>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = head.lines().find_map(|line| {
            let line = line.to_ascii_lowercase();
            line.strip_prefix("content-length: ")?.parse().ok()
        });
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        let path = head.split(' ').nth(1).unwrap();
        let (status, answer) = answer(path, &mut shown.lock().unwrap());
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        let sent = [head.as_bytes(), &answer].concat();
        if (&*stream).write_all(&sent).is_err() {
            return;
        }
    }
}

fn answer(path: &str, shown: &mut Shown) -> (u16, Vec<u8>) {
    if path == "/v1/sessions" {
        shown.sessions += 1;
        return (200, br#"{"token":"a-token","expires_at":1}"#.to_vec());
    }
    if path == "/log/checkpoint" {
        return (200, shown.checkpoint.clone().into_bytes());
    }
    let Some(from) = path.strip_prefix("/v1/sync?from=") else {
        // It takes no statements.
        return (503, Vec::new());
    };
    if shown.expire > 0 {
        shown.expire -= 1;
        return (401, Vec::new());
    }
    match shown.pages.get(&from.parse().unwrap()) {
        Some(page) => (200, page.to_bytes()),
        None => (204, Vec::new()),
    }
}
