//! `/v1/governance`: under which policy the log goes on, and for members who decides and what is proposed.

use super::auth::Session;
use super::catalogue::After;
use super::codes::Border;
use super::contract::problems;
use super::extract::Query;
use super::problem::Problem;
use super::shapes::governance as shapes;
use super::{App, Shared};
use crate::ledger::storage::Storage as _;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use threadmark_protocol::body::governance::Policy;
use threadmark_protocol::consortium::{Coming, Member, Overview, Proposal};
use threadmark_protocol::text::{OrgId, SubjectId};
use threadmark_protocol::world::{governors_subject, policy_subject};

/// Members that are told: who they are is decided by votes, so there are few.
const MEMBERS_MAX: i64 = 1_000;
/// Proposals of one page.
const ROWS: i64 = 100;

/// What everybody is told, as `shapes::governance` describes it.
#[derive(Serialize)]
pub struct Governance {
    logged_at: i64,
    policy: Policy,
    coming: Vec<Coming>,
    #[serde(flatten)]
    inside: Option<Inside>,
}

/// What members are told beside it.
#[derive(Serialize)]
struct Inside {
    needed: usize,
    governors: Vec<OrgId>,
    members: Vec<Member>,
    proposals: Vec<Proposal>,
    next: Option<SubjectId>,
}

problems!(Problems: Border::BadRequest, Border::NotFound, Border::SessionRefused);

/// Who decides, and what
///
/// The policy in force, and those that are decided and come later. A member's session adds governors, members, and a page of
/// the proposals with their votes and how many are missing.
#[utoipa::path(get, path = "/v1/governance", tag = "governance", operation_id = "get_governance",
    security((), ("session" = [])), params(After),
    responses((status = 200, description = "As of the newest batch", body = shapes::Governance), Problems))]
pub async fn get(
    State(app): State<Shared>,
    Query(asked): Query<After>,
    session: Option<Session>,
) -> Result<Json<Governance>, Problem> {
    let after = match asked.after {
        Some(id) => id
            .parse::<SubjectId>()
            .map_err(Problem::bad_request)?
            .to_string(),
        None => String::new(),
    };
    let logged_at = app
        .ledger
        .published(|log| log.head.as_ref().map(|head| head.logged_at));
    let seats = [policy_subject(), governors_subject()];
    let world = app.store.world(&seats.into()).await?;
    let overview = logged_at.and_then(|logged_at| Overview::of(&world, logged_at));
    let overview = overview.ok_or_else(|| Problem::absent("the log is empty"))?;
    let inside = match session {
        Some(_) => Some(inside(&app, &overview, &after).await?),
        None => None,
    };
    Ok(Json(Governance {
        logged_at: overview.logged_at,
        policy: overview.policy,
        coming: overview.coming,
        inside,
    }))
}

async fn inside(app: &App, overview: &Overview, after: &str) -> Result<Inside, Problem> {
    let logged_at = overview.logged_at;
    let members = app.store.list("org", "", MEMBERS_MAX).await?;
    let members = members.iter();
    let page = app.store.list("proposal", after, ROWS).await?;
    let ids: Vec<_> = page.into_iter().map(|(id, _)| id).collect();
    // With the keys behind the votes: one that is in doubt does not count.
    let needed = ids.iter().cloned();
    let needed = needed.chain([policy_subject(), governors_subject()]);
    let world = app.store.world(&needed.collect()).await?;
    let proposals = ids.iter();
    Ok(Inside {
        needed: overview.needed,
        governors: overview.governors.iter().cloned().collect(),
        members: members
            .filter_map(|(_, state)| Member::of(&state.data, logged_at))
            .collect(),
        proposals: proposals
            .filter_map(|id| Proposal::of(&world, id, logged_at))
            .collect(),
        next: ids.last().filter(|_| ids.len() as i64 == ROWS).cloned(),
    })
}
