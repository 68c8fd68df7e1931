//! What the log says besides where its batches end: that it suspects a piece.
//!
//! Owns the form of such a statement. It is submitted as everybody's are, and the rules are asked as of everybody's.

use super::Ledger;
use super::draft::log_holder;
use std::collections::BTreeMap;
use threadmark_protocol::body::safety::SuspicionPlaced;
use threadmark_protocol::body::{Body, Bytes16, Core};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::{Moment, Paragraph, SubjectId};

/// The first number of such a statement: no log has so many entries, and JSON keeps the numbers after it exactly (RFC 8259).
const OWN_WORDS: u64 = 1 << 52;

impl Ledger {
    /// That the log suspects the piece that carries a part's mark, as it was `found_at` (Unix seconds), with the SHA3-256 of the evidence.
    /// `number` is the finding's own: the same finding is the same statement to the last byte, so that it can be sent again. `None`
    /// beyond the calendar.
    ///
    /// Its number as a statement lies beyond those of the entries that end batches: the log uses each once.
    pub fn suspicion(
        &self,
        part: &SubjectId,
        reason: Paragraph,
        evidence: Digest,
        number: u64,
        found_at: i64,
    ) -> Option<Statement> {
        let body = Body {
            iss: self.trust().policy.governor.clone(),
            sub: part.clone(),
            actor: log_holder(self.trust()),
            iat: found_at,
            occurred_at: Moment::from_unix(found_at).ok()?,
            seq: OWN_WORDS.checked_add(number)?,
            prev: None,
            seen: None,
            // The evidence holds a secret of its own, so that nobody guesses what it says.
            salt: Bytes16(evidence.0[..16].try_into().ok()?),
            core: Core::SuspicionPlaced(SuspicionPlaced {
                after: None,
                reason,
                evidence: Some(evidence),
            }),
            sealed: BTreeMap::new(),
        };
        let (origin, log) = (self.keys().origin(), self.keys().log());
        Some(Statement::sign(body, BTreeMap::new(), origin, log))
    }
}
