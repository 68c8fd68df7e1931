//! What the service said of own statements.
//!
//! Owns `delivered.json`. It is operational: lost, the statements are sent again and answered as known. Must never
//! know the transport.

use super::{Home, HomeError, lock};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use threadmark_protocol::code::Code;
use threadmark_protocol::statement::{Statement, StatementId};

const DELIVERED: &str = "delivered.json";

/// What became of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// In the log; the receipt has been verified.
    Logged {
        /// Where.
        index: u64,
        /// What was found.
        findings: Vec<Code>,
        /// The receipt, in hexadecimal digits.
        receipt: String,
    },
    /// Refused for good.
    Refused {
        /// Stable name of the reason.
        code: String,
        /// The case at hand.
        detail: String,
    },
    /// Its predecessor is not logged yet; to be sent again.
    Waiting {
        /// For what.
        detail: String,
    },
}

impl Outcome {
    /// Whether sending the statement again could change nothing.
    fn is_final(&self) -> bool {
        match self {
            Outcome::Logged { .. } => true,
            Outcome::Refused { code, .. } => code != Code::UnknownKey.name(),
            Outcome::Waiting { .. } => false,
        }
    }
}

/// Outcomes by statement.
pub type Delivered = BTreeMap<StatementId, Outcome>;

impl Home {
    /// What is known of deliveries; nothing where the file is lost or damaged.
    pub fn delivered(&self) -> Result<Delivered, HomeError> {
        let bytes = self.read(DELIVERED)?.unwrap_or_default();
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Remembers outcomes; what waits is not remembered, because it is sent again. So is what an unknown key signed: its
    /// enrolment may come with another journal, and no report may be lost over the order of journals.
    pub fn remember(&self, outcomes: &Delivered) -> Result<(), HomeError> {
        let _lock = lock(self.folder())?;
        let mut delivered = self.delivered()?;
        for (id, outcome) in outcomes {
            if outcome.is_final() {
                delivered.insert(*id, outcome.clone());
            }
        }
        let bytes = serde_json::to_vec(&delivered).unwrap_or_default();
        self.write(DELIVERED, &bytes)
    }

    /// Own statements, then those of others brought as files, that are neither logged nor refused as far as is known. Whoever
    /// reaches the network first carries for all: the signature authorises, not the carrier.
    pub fn undelivered(&self) -> Result<Vec<Statement>, HomeError> {
        let trust = self.trust()?;
        let delivered = self.delivered()?;
        let genesis = [trust.policy_statement.id, trust.anchors_statement.id];
        let mut statements = self.own_statements()?;
        statements.extend(self.imported_statements()?);
        statements.retain(|statement| {
            !genesis.contains(&statement.id) && !delivered.contains_key(&statement.id)
        });
        Ok(statements)
    }
}
