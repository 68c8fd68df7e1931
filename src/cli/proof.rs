//! Proofs that this client checks itself: a statement's id, its author's signature, the log's receipt.
//!
//! Owns what is checked of one statement and how it is told. Nothing that the service says is believed where it can be
//! checked. Must never know where the bytes came from.

use serde::Serialize;
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::key::PublicKey;
use threadmark_protocol::receipt::Receipt;
use threadmark_protocol::statement::{Envelope, StatementId};

/// A statement as it was handed over, with what is said of it.
pub struct Claimed<'a> {
    /// The id that was asked for.
    pub id: StatementId,
    /// Where it is said to stand.
    pub index: u64,
    /// The COSE_Sign1.
    pub envelope: &'a [u8],
    /// The key that is said to be the author's.
    pub author_key: Option<PublicKey>,
    /// The receipt.
    pub receipt: &'a [u8],
}

impl Claimed<'_> {
    /// Checks everything that needs no replica, and gives the envelope; or says what fails.
    pub fn check(&self, trust: &Trust) -> Result<Envelope, String> {
        let envelope = self.check_author()?;
        if envelope.aud != *trust.origin() {
            return Err(format!("it was made for the log {}", envelope.aud));
        }
        let receipt = Receipt::parse(self.receipt)
            .and_then(|receipt| receipt.verify(self.envelope, &trust.log_key))
            .map_err(|error| format!("its receipt fails: {error}"))?;
        if receipt.index != self.index || receipt.claims.iss != trust.origin().as_str() {
            return Err("its receipt is for another place or log".to_owned());
        }
        Ok(envelope)
    }

    /// Checks the id and the author's signature alone.
    pub fn check_author(&self) -> Result<Envelope, String> {
        let envelope = Envelope::parse(self.envelope).map_err(|error| error.to_string())?;
        if envelope.id() != self.id {
            return Err("the envelope is another statement's".to_owned());
        }
        let Some(key) = &self.author_key else {
            return Err("no author's key came with it".to_owned());
        };
        if !envelope.is_signed_by(key) {
            return Err("it is not signed by its author's key".to_owned());
        }
        Ok(envelope)
    }
}

/// What was checked, one by one.
#[derive(Default, Serialize)]
pub struct Proof {
    /// How many were checked.
    pub checked: usize,
    /// What failed.
    pub failed: Vec<Failure>,
    /// What the checks rest on.
    pub rests_on: Vec<String>,
}

/// A check that failed.
#[derive(Serialize)]
pub struct Failure {
    /// Of which statement, or of what else.
    pub of: String,
    /// Why.
    pub why: String,
}

impl Proof {
    /// Notes a check, and says whether it was good.
    pub fn note(&mut self, of: impl ToString, done: Result<(), String>) -> bool {
        self.checked += 1;
        let good = done.is_ok();
        if let Err(why) = done {
            self.failed.push(Failure {
                of: of.to_string(),
                why,
            });
        }
        good
    }

    /// Whether nothing failed.
    pub fn is_good(&self) -> bool {
        self.failed.is_empty()
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let good = self.checked - self.failed.len();
        let mut text = match self.checked {
            0 => "no statement to check".to_owned(),
            all => format!("{} {good} of {all} checked here", sign(self.is_good())),
        };
        for failure in &self.failed {
            text.push_str(&format!("\n✗ {}: {}", failure.of, failure.why));
        }
        for on in &self.rests_on {
            text.push_str(&format!("\n{on}"));
        }
        text
    }
}

/// ✓ or ✗.
pub fn sign(good: bool) -> &'static str {
    if good { "✓" } else { "✗" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use threadmark_protocol::body::governance::PartClass;
    use threadmark_protocol::fixture::Consortium;
    use threadmark_protocol::key::key_id;

    #[test]
    fn a_changed_byte_another_key_and_another_id_fail() {
        let (consortium, _) = Consortium::licensed(1, PartClass::C, 1);
        let page = consortium.log.page(0);
        let governor = consortium.trust().anchors_statement.clone();
        let envelope = &page.entries[1].envelope;
        let key = match &governor.body.core {
            threadmark_protocol::body::Core::Anchors(anchors) => anchors.governor.public,
            _ => panic!("entry 1 is the anchors"),
        };
        assert_eq!(key_id(&key), governor.envelope.kid);
        let claimed = |id, envelope, author_key| Claimed {
            id,
            index: 1,
            envelope,
            author_key,
            receipt: b"",
        };
        assert!(
            claimed(governor.id, envelope, Some(key))
                .check_author()
                .is_ok()
        );
        assert!(claimed(governor.id, envelope, None).check_author().is_err());
        assert!(claimed(key, envelope, Some(key)).check_author().is_err());
        let log_key = consortium.trust().log_key;
        assert!(
            claimed(governor.id, envelope, Some(log_key))
                .check_author()
                .is_err()
        );
        let mut changed = envelope.clone();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        assert!(
            claimed(governor.id, &changed, Some(key))
                .check_author()
                .is_err()
        );
        let without_receipt = claimed(governor.id, envelope, Some(key)).check(&consortium.trust());
        assert!(without_receipt.unwrap_err().contains("receipt"));
    }
}
