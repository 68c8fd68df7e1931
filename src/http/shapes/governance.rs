//! Policy, members and proposals as JSON. Owns the description of what `/v1/governance` holds.

use super::super::contract::schema;
use super::{Function, Line, OrgId, Stands, SubjectId};
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeMap;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Under which policy the log goes on; for members also who decides and what is proposed.
#[derive(ToSchema)]
pub struct Governance {
    /// Log time as of which this is told, Unix seconds.
    pub logged_at: i64,
    /// The policy in force.
    pub policy: Policy,
    /// What is decided and comes into force later, in that order.
    pub coming: Vec<Coming>,
    /// Votes that decide: more than half of the governors. For members.
    #[schema(required = false)]
    pub needed: u64,
    /// The organisations that vote. For members.
    #[schema(required = false)]
    pub governors: Vec<OrgId>,
    /// Who was not expelled. For members.
    #[schema(required = false, max_items = 1000)]
    pub members: Vec<Member>,
    /// At most 100 proposals, by id. For members.
    #[schema(required = false, max_items = 100)]
    pub proposals: Vec<Proposal>,
    /// `after` for the next page of proposals; `null` on the last. For members.
    #[schema(required = false)]
    pub next: Option<SubjectId>,
}

/// A policy that is decided and not in force yet.
#[derive(ToSchema)]
pub struct Coming {
    /// The policy.
    pub policy: Policy,
    /// Log time from which on it binds, Unix seconds.
    pub from: i64,
}

/// The rules in force.
#[derive(ToSchema)]
pub struct Policy {
    /// The log's origin.
    pub origin: String,
    /// The founding governor.
    pub governor: OrgId,
    /// Host in the address that a mark carries.
    pub host: OrgId,
    /// Version of the rules that entries under this policy are replayed with.
    pub rules_version: u32,
    /// Witnesses whose cosignatures are asked for.
    pub quorum: Quorum,
    /// Seconds of idleness after which the log proves by an empty batch that it is alive.
    pub heartbeat_s: u32,
    /// What each class of parts asks for, by `A`, `B` and `C`.
    pub classes: BTreeMap<String, ClassPolicy>,
    /// Seconds between a vote that opens a door and the door's opening; 0 where it is not there.
    #[schema(required = false)]
    pub delay_s: u32,
}

/// What the policy asks of one class of parts.
#[derive(ToSchema)]
pub struct ClassPolicy {
    /// Oldest knowledge that the gate and the answer may rest on, seconds.
    pub knowledge_age_max_s: u64,
    /// Whether statements that are signed but not logged yet may carry a good answer.
    pub provisional_allowed: bool,
    /// Whether who ordered the build, the inspector and the release signatory are three people.
    pub three_people: bool,
    /// Whether a good answer asks for a passed physical match.
    pub physical_match: bool,
}

/// A member that was not expelled.
#[derive(ToSchema)]
pub struct Member {
    /// Its name for people.
    pub name: Line,
    /// What it may do now; nothing before it is in force.
    pub functions: Vec<Function>,
}

/// A proposal with its votes.
#[derive(ToSchema)]
pub struct Proposal {
    /// Its id.
    pub proposal: SubjectId,
    /// What is to be done.
    pub change: Change,
    /// Why.
    pub reason: String,
    /// Whose proposal it is.
    pub proposed_by: OrgId,
    /// Until when votes count, Unix seconds.
    pub expires: i64,
    /// Who is in favour.
    pub in_favour: Vec<OrgId>,
    /// Who is against it.
    pub against: Vec<OrgId>,
    /// How it stands.
    pub stands: Stands,
    /// Votes in favour that are still needed, while it is open.
    pub missing: u64,
    /// Log time from which on what it opens binds, Unix seconds; `null` while nothing waits.
    #[schema(required)]
    pub opens: Option<i64>,
}

/// Schemas that are written out.
macro_rules! written {
    ($(#[doc = $doc:literal] $name:ident: $schema:expr;)*) => {$(
        #[doc = $doc]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                schema($schema)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

written! {
    /// No witness, or the log's witnesses as a C2SP tlog-policy file.
    Quorum: json!({
        "description": "No witness, or the log's witnesses as a C2SP tlog-policy file.",
        "oneOf": [
            { "type": "string", "enum": ["none"] },
            { "type": "object", "required": ["tlog_policy"],
              "properties": { "tlog_policy": { "type": "string", "maxLength": 8192 } } },
        ],
    });
    /// One change, by its name.
    Change: json!({
        "description": "One change, by its name: `admit`, `functions`, `expel`, `policy`, `admin` or `cancel`, with what \
                        the statement says.",
        "type": "object", "minProperties": 1, "maxProperties": 1,
    });
}
