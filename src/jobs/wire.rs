//! Asking a witness over HTTP.
//!
//! Owns the limits of a call: time, size, no redirects. What an answer means is [`crate::ledger::witnesses`]'s. Blocks.

use crate::ledger::witnesses::Trouble;
use std::io::Read as _;
use std::time::Duration;
use threadmark_protocol::checkpoint::{self, Checkpoint};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::note::VerifierKey;
use threadmark_protocol::witness::Request;
use ureq::Agent;

/// Longest that one call may take, from the name's look-up to the last byte.
const PATIENCE: Duration = Duration::from_secs(5);

/// Largest answer that is read: some lines, or a checkpoint with all of its lines.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Connections to witnesses, kept open between calls.
#[derive(Clone)]
pub struct Wire {
    agent: Agent,
}

impl Default for Wire {
    fn default() -> Wire {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Whoever is named in the policy answers; nobody is sent elsewhere.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("threadmark/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(PATIENCE))
            .build();
        Wire {
            agent: config.into(),
        }
    }
}

impl Wire {
    /// Sends `add-checkpoint`; status and body of the answer.
    ///
    /// # Errors
    /// [`Trouble::Unreachable`].
    pub fn add_checkpoint(&self, url: &str, request: &Request) -> Result<(u16, String), Trouble> {
        let sent = self.agent.post(format!("{url}/add-checkpoint"));
        let sent = sent.content_type("text/plain; charset=utf-8");
        read(sent.send(request.to_string()))
    }

    /// The newest checkpoint that the witness shows of the log, if it shows one that the log's key has signed.
    ///
    /// # Errors
    /// [`Trouble::Unreachable`].
    pub fn shown(&self, url: &str, log: &VerifierKey) -> Result<Option<Checkpoint>, Trouble> {
        let origin = Digest::sha256(&[log.name.as_bytes()]);
        let (status, body) = read(self.agent.get(format!("{url}/{origin}/checkpoint")).call())?;
        let signed = checkpoint::open(&body, log).ok().filter(|_| status == 200);
        Ok(signed.map(|signed| signed.checkpoint().clone()))
    }
}

fn read(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(u16, String), Trouble> {
    let unreachable = |error: &dyn std::fmt::Display| Trouble::Unreachable(error.to_string());
    let mut answer = answer.map_err(|error| unreachable(&error))?;
    let status = answer.status().as_u16();
    let mut bytes = Vec::new();
    let mut body = answer.body_mut().as_reader().take(ANSWER_BYTES_MAX);
    let read = body.read_to_end(&mut bytes);
    read.map_err(|error| unreachable(&error))?;
    // What is not text is no line and no size.
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}
