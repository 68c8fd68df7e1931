//! What was said and is not so.
//!
//! Owns what these statements say. Subject: the part or asset that the wrong statement is about. Nothing is erased: a statement
//! that was wrong stays where it is, and counts for nothing. Must never know when: `lifecycle` and `life`.

use crate::statement::StatementId;
use crate::text::Paragraph;
use serde::{Deserialize, Serialize};

/// Whoever said it says that it is not so: somebody of the same organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorDeclared {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// What is not so.
    pub error: StatementId,
    /// What is said in its place, where something is.
    pub instead: Option<StatementId>,
    /// How it came about.
    pub reason: Paragraph,
}

/// A second party agrees that it is not so. What opens a door, or makes a part younger, needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorConfirmed {
    /// Newest statement about the part at hand.
    pub after: Option<StatementId>,
    /// The declaration.
    pub declaration: StatementId,
    /// What the second party knows of it.
    pub grounds: Paragraph,
}
