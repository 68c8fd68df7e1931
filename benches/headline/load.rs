//! The load: clients that send the next request when they have the answer to the last.
//!
//! Owns connections and latencies. One thread, which waits for all connections at once, and prepared bytes, so that on a machine of two
//! cores the load costs little beside what it measures. Must never know what is asked.

use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;
use std::cell::Cell;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Requests that must go one after the other, each as it goes over the wire.
pub type Script = Vec<Vec<u8>>;

/// What a client reads into at first; it grows with the answers.
const BUFFER_BYTES: usize = 16 << 10;

/// What a run took.
pub struct Run {
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Of each request, sorted.
    pub latencies: Vec<Duration>,
}

impl Run {
    /// Requests a second.
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// A quantile of the latencies in milliseconds.
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies[(last as f64 * quantile) as usize].as_secs_f64() * 1e3
    }
}

/// Sends all scripts by so many clients. Every answer must be as expected.
pub fn drive(address: &str, clients: usize, scripts: &[Script], expect: Expect) -> Result<Run> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let next = Cell::new(0);
    let begin = Instant::now();
    let work = async || {
        Client::connect(address)
            .await?
            .work(scripts, &next, expect)
            .await
    };
    let latencies: Vec<Vec<Duration>> =
        runtime.block_on(async { try_join_all((0..clients).map(|_| work())).await })?;
    let elapsed = begin.elapsed();
    let mut latencies = latencies.concat();
    latencies.sort();
    Ok(Run { elapsed, latencies })
}

/// What every answer must be.
#[derive(Clone, Copy)]
pub struct Expect {
    /// Its status line begins with this.
    pub status: &'static str,
    /// Its body contains this.
    pub holds: &'static str,
}

struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(address: &str) -> Result<Client> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = Vec::with_capacity(BUFFER_BYTES);
        Ok(Client { stream, buffer })
    }

    async fn work(
        mut self,
        scripts: &[Script],
        next: &Cell<usize>,
        expect: Expect,
    ) -> Result<Vec<Duration>> {
        let mut latencies = Vec::new();
        while let Some(script) = scripts.get(next.replace(next.get() + 1)) {
            for request in script {
                let begin = Instant::now();
                self.ask(request, expect).await?;
                latencies.push(begin.elapsed());
            }
        }
        Ok(latencies)
    }

    async fn ask(&mut self, request: &[u8], expect: Expect) -> Result<()> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the connection ended");
            }
            let Some(head) = find(&self.buffer, b"\r\n\r\n") else {
                continue;
            };
            let end = head + 4 + content_length(&self.buffer[..head])?;
            if self.buffer.len() >= end {
                return check(&self.buffer[..end], head + 4, expect);
            }
        }
    }
}

fn content_length(head: &[u8]) -> Result<usize> {
    let text = std::str::from_utf8(head)?;
    let named = |line: &&str| line.to_ascii_lowercase().starts_with("content-length:");
    let line = text
        .lines()
        .find(named)
        .context("an answer of known length")?;
    Ok(line["content-length:".len()..].trim().parse()?)
}

fn check(answer: &[u8], body: usize, expect: Expect) -> Result<()> {
    let good = answer["HTTP/1.1 ".len()..].starts_with(expect.status.as_bytes());
    if good && find(&answer[body..], expect.holds.as_bytes()).is_some() {
        return Ok(());
    }
    bail!(
        "not {}: {}",
        expect.status,
        String::from_utf8_lossy(&answer[..answer.len().min(1500)])
    )
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
