//! How much is known of the log, and who has confirmed it.
//!
//! Owns the difference between logged and witnessed. Must never know how witnesses are asked.

/// What the answer rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knowledge {
    /// Log time of the newest batch that is known, Unix seconds; `None` before the first.
    pub logged_until: Option<i64>,
    /// Whether it is the log itself; of a bundle one cannot say that it knows every mark.
    pub is_whole_log: bool,
    /// What witnesses have confirmed of it.
    pub witnessing: Witnessing,
}

/// What the quorum of witnesses has confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witnessing {
    /// Nobody is asked: the log's own word counts.
    Unasked,
    /// Witnesses are asked, and no quorum of them has cosigned yet.
    Waiting,
    /// The quorum has cosigned.
    Witnessed {
        /// Entries below this index are covered.
        size: u64,
        /// Time of the k-th newest cosignature, Unix seconds.
        since: i64,
    },
}

impl Knowledge {
    /// When it was confirmed, Unix seconds: by the witnesses where some are asked, not by what the log claims.
    pub fn as_of(&self) -> Option<i64> {
        match self.witnessing {
            Witnessing::Unasked => self.logged_until,
            Witnessing::Waiting => None,
            Witnessing::Witnessed { since, .. } => Some(since),
        }
    }

    /// Whether the quorum has cosigned a tree with the entry at this index.
    pub(super) fn is_witnessed(&self, index: Option<u64>) -> bool {
        match (self.witnessing, index) {
            (Witnessing::Witnessed { size, .. }, Some(index)) => index < size,
            _ => false,
        }
    }
}
