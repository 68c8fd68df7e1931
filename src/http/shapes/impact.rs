//! What a recall reaches, as JSON. Owns the description of what `/v1/impact` holds.

use super::answer::Place;
use super::{Mark, OrgId, Phase, SubjectId};
use utoipa::ToSchema;

/// Parts that descend from all anchors.
#[derive(ToSchema)]
pub struct Impact {
    /// Entries of the log that the list goes by, at least.
    pub size: u64,
    /// The parts, by id.
    #[schema(max_items = 10000)]
    pub parts: Vec<Reached>,
    /// `after` for the next page; `null` on the last.
    pub next: Option<SubjectId>,
}

/// A part, and where it is by its record.
#[derive(ToSchema)]
pub struct Reached {
    /// The part.
    pub part: SubjectId,
    /// Its mark.
    pub mark: Option<Mark>,
    /// How far it has come.
    pub phase: Phase,
    /// Who has it.
    pub custodian: Option<OrgId>,
    /// To whom it was sent, where that is not received.
    pub sent_to: Option<OrgId>,
    /// Whose it is, where that was given and accepted; before, it is its maker's.
    pub owner: Option<OrgId>,
    /// In which asset.
    pub installed: Option<Place>,
}
