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
    /// That the log suspects the piece that carries a part's mark, at `now` (Unix seconds), with the SHA3-256 of the evidence. `None`
    /// before the first batch, or beyond the calendar.
    ///
    /// Its number lies beyond those of the entries that end batches, and grows with the log: so the log uses each once, if one
    /// statement at a time is made and submitted.
    pub fn suspicion(
        &self,
        part: &SubjectId,
        reason: Paragraph,
        evidence: Digest,
        now: i64,
    ) -> Option<Statement> {
        let size = self.published(|log| log.head.as_ref().map(|head| head.size))?;
        let body = Body {
            iss: self.trust().policy.governor.clone(),
            sub: part.clone(),
            actor: log_holder(self.trust()),
            iat: now,
            occurred_at: Moment::from_unix(now).ok()?,
            seq: OWN_WORDS.checked_add(size)?,
            prev: None,
            seen: None,
            // The evidence is secret enough: it says where and when, and is told to few.
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
