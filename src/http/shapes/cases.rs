//! Cases, as JSON. Owns the description of what `/v1/cases` holds.

use super::{Hex32, Mark};
use crate::watch::{Form, Suspicion};
use utoipa::ToSchema;

/// What scans gave away about the caller's parts.
#[derive(ToSchema)]
pub struct Cases {
    /// Oldest first.
    #[schema(max_items = 50)]
    pub items: Vec<Case>,
    /// `after` for the next page; `null` on the last.
    pub next: Option<i64>,
}

/// A suspicion by itself.
#[derive(ToSchema)]
pub struct Case {
    /// Its number.
    pub id: i64,
    /// Unix seconds.
    pub opened_at: i64,
    /// When what it suspects was cleared up, Unix seconds.
    pub closed_at: Option<i64>,
    /// The mark; `null` of a burst of marks that the log does not know.
    pub mark: Option<Mark>,
    /// Why.
    pub suspicion: Suspicion,
    /// The statement that flags the part; `null` until it is logged.
    pub statement: Option<Hex32>,
    /// SHA3-256 of the form, byte for byte as it stands here.
    pub evidence: Hex32,
    /// What is reported.
    pub form: Form,
}
