//! What a key was given and when it ends.
//!
//! Owns the form in a key's state. Must never know whether it counts: `life`.

use super::Source;
use crate::text::SubjectId;
use serde::{Deserialize, Serialize};

/// A role of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleHeld {
    /// By the key's organisation.
    pub granted: Source,
    /// By an accrediting body.
    pub accredited: Option<Source>,
    /// The proposal that brought it with its key; `granted` is then the last vote that was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<SubjectId>,
}

impl RoleHeld {
    /// Granted, and not accredited.
    pub fn granted(source: &Source) -> RoleHeld {
        RoleHeld {
            granted: source.clone(),
            accredited: None,
            proposal: None,
        }
    }
}

/// The end of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Who revoked it.
    pub source: Source,
    /// Everything put in after this Unix time is held.
    pub compromised_since: Option<i64>,
}
