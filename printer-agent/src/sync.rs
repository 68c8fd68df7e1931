//! Talks to the service: delivers what was signed, fetches and verifies what was logged.
//!
//! Owns the two loops, delivering and pulling. Nothing that the service says is believed: pages are replayed,
//! receipts verified, files compared with their digests. Must never know what statements mean.

mod client;
mod http;
mod patience;
mod session;
mod told;

use client::Next;
pub use client::{Client, Logged, Submitted};
pub use http::Problem;
pub use patience::patiently;
pub use session::Session;
pub use told::{Place, Seen};

use crate::home::{Delivered, Home, HomeError, Outcome};
use crate::system::Entropy;
use std::collections::BTreeMap;
use std::time::Duration;
use threadmark_protocol::bundle::Replica;
use threadmark_protocol::checkpoint;
use threadmark_protocol::code::Code;
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::receipt::{Receipt, ReceiptError};
use threadmark_protocol::statement::{Statement, StatementId};

/// Why the service could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// No network, or no service at the address. Offline is normal: what is at hand goes on working.
    #[error("no connection to {url}: {reason}")]
    Offline {
        /// Where.
        url: String,
        /// What the system says.
        reason: String,
    },
    /// The connection broke, or took too long.
    #[error("the connection to the service broke: {0}; try again")]
    Broken(String),
    /// The service said no, and why.
    #[error("{0}")]
    Problem(Problem),
    /// The answer is not what the interface promises.
    #[error("the service answered something else than expected: {0}")]
    Unexpected(String),
    /// The log has not signed what it says it logged.
    #[error("the receipt of statement {id} does not verify: {source}; do not trust this service")]
    Receipt {
        /// Of which statement.
        id: StatementId,
        /// Why.
        source: ReceiptError,
    },
    /// The log went back, or is another one. A log only grows.
    #[error(
        "the service shows a log of {shown} entries that does not continue the {verified} verified here: an old copy, \
         or a second history. Keep this folder as it is, sign nothing for that log, and tell its governor"
    )]
    Forked {
        /// Entries that were verified here.
        verified: u64,
        /// Entries of the log that is shown.
        shown: u64,
    },
    /// The bytes are another file's.
    #[error("the service sent other bytes than the file {0}")]
    OtherFile(threadmark_protocol::digest::Digest),
    /// The home cannot be read or written, or a page does not verify.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// Rounds in which statements that got no answer are sent again.
const ROUNDS_UNANSWERED: u32 = 5;
const PAUSE: Duration = Duration::from_millis(400);

/// What is told while a loop runs.
pub type Progress<'a> = &'a mut dyn FnMut(&str);

impl Client {
    /// Sends `statements` in their order; those that are not logged are sent again until nothing moves, so the order of
    /// journals does not matter. A statement counts as logged when its receipt has been verified. When the network goes,
    /// the outcomes so far are in `outcomes`.
    pub fn deliver(
        &self,
        statements: &[Statement],
        trust: &Trust,
        outcomes: &mut Delivered,
        progress: Progress<'_>,
    ) -> Result<(), SyncError> {
        let mut open: Vec<&Statement> = statements.iter().collect();
        let mut unanswered_left = ROUNDS_UNANSWERED;
        while !open.is_empty() {
            let mut next = Vec::new();
            let mut unanswered = false;
            for (at, statement) in open.iter().enumerate() {
                let so_far = format!("{at} of {} statements sent", open.len());
                if at > 0 && at % 25 == 0 {
                    progress(&so_far);
                }
                let sent = || self.submit(&statement.submission);
                let outcome = match patiently(progress, &so_far, sent)? {
                    Submitted::Logged(logged) => verified(statement, logged, trust)?,
                    Submitted::Refused { code, detail } => Outcome::Refused { code, detail },
                    Submitted::Waits { detail } => Outcome::Waiting { detail },
                    Submitted::Unanswered { detail } => {
                        unanswered = true;
                        Outcome::Waiting { detail }
                    }
                };
                // A refusal may be one of order too: a key or a role that another of these statements brings.
                if !matches!(outcome, Outcome::Logged { .. }) {
                    next.push(*statement);
                }
                outcomes.insert(statement.id, outcome);
            }
            if next.len() == open.len() {
                if !unanswered || unanswered_left == 0 {
                    return Ok(());
                }
                unanswered_left -= 1;
                std::thread::sleep(PAUSE);
            }
            open = next;
        }
        Ok(())
    }

    /// Fetches pages until there are no more, verifies each and keeps it. That there are no more has to be true.
    pub fn pull(
        &self,
        home: &Home,
        session: &Session,
        progress: Progress<'_>,
    ) -> Result<Replica, SyncError> {
        let mut replica = match home.replica_to_extend() {
            Err(HomeError::ReplicaDamaged { size }) => {
                progress(&format!(
                    "replica.cbor is damaged after entry {size}; starting again"
                ));
                home.forget_replica()?;
                home.replica_to_extend()?
            }
            other => other?,
        };
        let mut so_far = format!("{} entries verified", replica.size());
        let is_beyond = loop {
            match patiently(progress, &so_far, || self.next(session, replica.size()))? {
                Next::Page(page) => home.extend(&mut replica, &page)?,
                Next::Nothing => break false,
                Next::Beyond => break true,
            }
            so_far = format!("{} entries verified", replica.size());
            progress(&so_far);
        };
        let shown = self.checkpoint()?;
        must_continue(&replica, is_beyond, &shown)?;
        home.keep_witnessed(&replica, &shown)?;
        Ok(replica)
    }
}

/// Whether the log that signed this checkpoint has what was verified here. A longer one shows it with its next page. A
/// shorter one may be the newest that witnesses have cosigned, unless the log says that it has no more than that.
fn must_continue(replica: &Replica, is_beyond: bool, note: &str) -> Result<(), SyncError> {
    let signed = checkpoint::open(note, &replica.trust().checkpoint_key)
        .map_err(|error| SyncError::Unexpected(error.to_string()))?;
    let (verified, shown) = (replica.size(), signed.checkpoint().size);
    let is_ours = replica.tree().root_at(shown) == Some(signed.checkpoint().root);
    let is_behind = shown < verified && is_beyond;
    if shown > verified || is_ours && !is_behind {
        return Ok(());
    }
    Err(SyncError::Forked { verified, shown })
}

/// What one synchronisation did.
pub struct Synced {
    /// What became of the statements that were sent.
    pub outcomes: Delivered,
    /// The log as it is known now.
    pub replica: Replica,
}

/// Delivers everything that is undelivered, then pulls. Outcomes are remembered even when the network goes in between.
pub fn synchronise(
    home: &Home,
    now: i64,
    entropy: &mut dyn Entropy,
    progress: Progress<'_>,
) -> Result<Synced, SyncError> {
    let client = Client::new(&home.service()?);
    let outcomes = deliver_all(home, &client, progress)?;
    let told = format!("{} statements sent", outcomes.len());
    let session = patiently(progress, &told, || client.session(home, now, entropy))?;
    let replica = client.pull(home, &session, progress)?;
    Ok(Synced { outcomes, replica })
}

/// Delivers everything that is undelivered here, and remembers what became of it.
pub fn deliver_all(
    home: &Home,
    client: &Client,
    progress: Progress<'_>,
) -> Result<Delivered, SyncError> {
    let mut outcomes = BTreeMap::new();
    let done = client.deliver(
        &home.undelivered()?,
        &home.trust()?,
        &mut outcomes,
        progress,
    );
    home.remember(&outcomes)?;
    done.map(|()| outcomes)
}

/// A statement is logged when the log's key has signed a root over it, whatever else the service says.
fn verified(statement: &Statement, logged: Logged, trust: &Trust) -> Result<Outcome, SyncError> {
    let id = statement.id;
    let entry = &statement.submission.envelope;
    let check = || Receipt::parse(&logged.receipt)?.verify(entry, &trust.log_key);
    let verified = check().map_err(|source| SyncError::Receipt { id, source })?;
    if verified.index != logged.index || verified.claims.iss != trust.origin().as_str() {
        return Err(SyncError::Unexpected(format!(
            "the receipt of {id} is for another place or log"
        )));
    }
    Ok(Outcome::Logged {
        index: logged.index,
        findings: logged.findings,
        receipt: hex::encode(&logged.receipt),
    })
}

/// The findings among names; a name that is not known here is from a newer service, and is left out.
fn known_codes(names: &[String]) -> Vec<Code> {
    let by_name = |name: &String| Code::ALL.iter().copied().find(|code| code.name() == name);
    names.iter().filter_map(by_name).collect()
}

#[cfg(test)]
mod tests;
