//! The lease: which of several processes writes, and how long it has the word.
//!
//! Owns the times. Nothing here keeps history from forking: that is the fence, without which no commit happens
//! ([`super::storage::Storage::commit`]). The lease only says who is to write, so that one does and another takes over when it is
//! gone. It runs out by the database's clock, so the clocks of the nodes do not matter. Must never know HTTP or SQL.

use std::time::Duration;

/// How long a lease lasts after a sign of life. Five beats: a lost answer, a slow disk or a moment without processor moves
/// nothing, and clients wait for seconds when a node dies.
pub const LEASE: Duration = Duration::from_secs(5);

/// Between two signs of life of who writes and has nothing to commit; each commit is one too.
pub const BEAT: Duration = Duration::from_secs(1);

/// Between two looks of who does not write at what the others have committed, and at the lease: two small queries. So long at
/// most a reader sees less here than elsewhere.
pub const LOOK: Duration = Duration::from_millis(100);

/// Who wants to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The process, told apart from all others.
    pub holder: String,
    /// Where other nodes reach it, without a slash at its end. Without one it shares the log with nobody: it takes the lease from
    /// whoever has it, and ends when it is taken away.
    pub address: Option<String>,
}

/// Who has the word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The process.
    pub holder: String,
    /// Where it takes what other nodes are sent.
    pub address: Option<String>,
    /// Its fence.
    pub fence: i64,
    /// How long it still has it; zero when it has run out.
    pub left: Duration,
}

/// What this process does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It writes.
    Writer,
    /// It reads what another commits.
    Reader {
        /// Where that one is, as far as it is known.
        writer: Option<String>,
    },
}

impl Role {
    /// Whether this process writes.
    pub fn is_writer(&self) -> bool {
        *self == Role::Writer
    }
}
