//! Notices, as JSON. Owns the description of what `/v1/notices` holds and what a webhook is sent.

use super::impact::Reached;
use super::{Hex32, SubjectId};
use utoipa::ToSchema;

/// What concerns the caller's parts.
#[derive(ToSchema)]
pub struct Notices {
    /// Oldest first.
    #[schema(max_items = 50)]
    pub items: Vec<NoticeItem>,
    /// `after` for the next page; `null` on the last.
    pub next: Option<u64>,
}

/// A notice, and what became of it.
#[derive(ToSchema)]
pub struct NoticeItem {
    /// What is sent.
    pub notice: Notice,
    /// What became of it.
    pub delivery: Delivery,
}

/// What a webhook is sent.
#[derive(ToSchema)]
pub struct Notice {
    /// The log.
    pub origin: String,
    /// Place in it of the statement that this tells of.
    pub index: u64,
    /// The statement.
    pub statement: Hex32,
    /// Its kind: `safety.recall_placed`, `safety.recall_lifted`, `design.withdrawn`, `design.superseded` or `approval.revoked`.
    pub kind: String,
    /// The recall, the design or the approval.
    pub subject: SubjectId,
    /// Log time, Unix seconds.
    pub logged_at: i64,
    /// What its author says.
    pub core: serde_json::Value,
    /// How many parts it reaches which the organisation has, was sent, or owns.
    pub parts_total: u64,
    /// Those, at most 500; `/v1/impact` lists all.
    #[schema(max_items = 500)]
    pub parts: Vec<Reached>,
}

/// What became of a notice.
#[derive(ToSchema)]
pub struct Delivery {
    /// `not_asked`: there was no webhook; `waiting`: it is sent, or sent again; `told`: the webhook answered 2xx; `given_up`.
    pub is: String,
    /// When it is sent next, Unix seconds.
    #[schema(required = false)]
    pub due_at: i64,
    /// When it was answered, Unix seconds.
    #[schema(required = false)]
    pub at: i64,
    /// How often it was sent.
    #[schema(required = false)]
    pub tried: i32,
    /// What was wrong the last time.
    #[schema(required = false, nullable)]
    pub trouble: Option<String>,
}
