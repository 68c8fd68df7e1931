//! `/v1/impact`: what a recall reaches or would reach, for members.
//!
//! The list as `threadmark recall impact` makes it from a replica, for who has none at hand. For members, as the log itself is.

use super::Shared;
use super::auth::Session;
use super::codes::Border;
use super::contract::problems;
use super::extract::Query;
use super::problem::Problem;
use super::shapes::impact as shapes;
use crate::ledger::standing;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use threadmark_protocol::body::safety::ANCHORS_MAX;
use threadmark_protocol::life::{Reached, Scope};
use threadmark_protocol::text::{Moment, SubjectId};
use utoipa::IntoParams;

/// Parts of one page; their states take some 100 MB while they are read.
const PARTS_MAX: i64 = 10_000;
/// Lists that are made at the same time; one keeps all cores busy.
pub const LISTS_AT_ONCE: usize = 1;

/// What is asked.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// 1 to 8 subjects, with commas between: lots, builds, designs, machines, licences, approvals, allowables, keys or parts.
    /// Parts that descend from all of them are meant.
    #[param(
        pattern = "^[a-z]{1,19}:[0-9A-Za-z._-]{1,80}(,[a-z]{1,19}:[0-9A-Za-z._-]{1,80}){0,7}$",
        max_length = 900
    )]
    anchors: String,
    /// Only parts whose build started at or after, Unix seconds.
    #[param(minimum = 946684800, maximum = 7258118399u64)]
    from: Option<i64>,
    /// Only parts whose build started before, Unix seconds.
    #[param(minimum = 946684800, maximum = 7258118399u64)]
    until: Option<i64>,
    /// Last part of the page before; none for the first.
    #[param(pattern = "^[a-z]{1,19}:[0-9A-Za-z._-]{1,80}$", max_length = 100)]
    after: Option<String>,
}

/// A page of the list, as `shapes::impact` describes it.
#[derive(Serialize)]
pub struct Page {
    size: u64,
    parts: Vec<Reached>,
    next: Option<SubjectId>,
}

problems!(Problems: Border::BadRequest, Border::NoSession, Border::SessionRefused, Border::Busy);

/// What a recall reaches
///
/// The parts that descend from all anchors, each with where it is by its record and who has it; whether a recall of them is
/// placed or not.
#[utoipa::path(get, path = "/v1/impact", tag = "catalogue", operation_id = "get_impact",
    security(("session" = [])), params(Asked),
    responses((status = 200, description = "A page of at most 10,000 parts", body = shapes::Impact), Problems))]
pub async fn get(
    State(app): State<Shared>,
    Query(asked): Query<Asked>,
    session: Session,
) -> Result<Json<Page>, Problem> {
    let scope = scope(&asked)?;
    let after = match &asked.after {
        Some(id) => id
            .parse::<SubjectId>()
            .map_err(Problem::bad_request)?
            .to_string(),
        None => String::new(),
    };
    let Some(_turn) = app.lists_each.take(session.org.clone()) else {
        return Err(Problem::of(Border::Busy));
    };
    // In the order in which they came, one of each organisation: nobody keeps the others out.
    let room = app.lists.acquire().await;
    let _room = room.map_err(|_| Problem::unavailable())?;
    // Before the states: they are at least as new.
    let size = app.ledger.published(|log| log.tree.size());
    let below = app
        .store
        .parts_below(&scope.anchors, &after, PARTS_MAX)
        .await?;
    let next = below
        .last()
        .filter(|_| below.len() as i64 == PARTS_MAX)
        .cloned();
    let below: Vec<_> = below.into_iter().collect();
    let parts = standing::reached(&app.store, &scope, &below).await?;
    Ok(Json(Page { size, parts, next }))
}

fn scope(asked: &Asked) -> Result<Scope, Problem> {
    let anchors = asked.anchors.split(',').map(str::parse::<SubjectId>);
    let anchors: BTreeSet<_> = anchors
        .collect::<Result<_, _>>()
        .map_err(Problem::bad_request)?;
    if anchors.len() > ANCHORS_MAX {
        return Err(Problem::bad_request(format!(
            "at most {ANCHORS_MAX} anchors"
        )));
    }
    let time = |unix: Option<i64>| {
        let time = unix.map(Moment::from_unix).transpose();
        time.map_err(Problem::bad_request)
    };
    Ok(Scope {
        anchors,
        from: time(asked.from)?,
        until: time(asked.until)?,
        effect: None,
    })
}
