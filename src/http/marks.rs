//! `/v1/marks/{mark}`: what the record of a part says to whoever holds it.

use super::auth::{Session, viewer};
use super::extract::{Path, Query};
use super::problem::Problem;
use super::{App, Shared};
use crate::ledger::storage::Storage as _;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use threadmark_protocol::answer::{self, Answer, Knowledge, Viewer};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::Line;
use threadmark_protocol::world::{log_subject, mark_subject, policy_subject};
use utoipa::IntoParams;

/// What the part is for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct For {
    /// Type of the asset, as the approval's effectivity names it.
    pub asset_type: Option<String>,
}

impl For {
    /// The type, if it is one.
    pub fn asset_type(self) -> Result<Option<Line>, Problem> {
        self.asset_type
            .map(|text| text.parse().map_err(Problem::bad_request))
            .transpose()
    }
}

/// The answer about a mark
#[utoipa::path(get, path = "/v1/marks/{mark}", tag = "marks", params(
    ("mark" = String, Path, description = "16 characters; case, spaces and hyphens do not matter"), For),
    responses(
        (status = 200, description = "One of four answers, the life of the part, and what it rests on", body = Object),
        (status = 400, description = "Not a mark", body = Problem),
        (status = 401, description = "The session is not valid", body = Problem)))]
pub async fn get(
    State(app): State<Shared>,
    Path(mark): Path<String>,
    Query(asked): Query<For>,
    session: Option<Session>,
) -> Result<Json<Answer>, Problem> {
    let mark: Mark = mark.parse().map_err(Problem::bad_request)?;
    let viewer = viewer(session, asked.asset_type()?);
    Ok(Json(answer_for(&app, mark, &viewer).await?))
}

/// Loads the world above a mark's part and asks the one function that answers.
pub async fn answer_for(app: &App, mark: Mark, viewer: &Viewer) -> Result<Answer, Problem> {
    use threadmark_protocol::world::Data;
    let subject = mark_subject(&mark);
    let seeds = [subject.clone(), policy_subject(), log_subject()].into();
    let mut world = app.store.world(&seeds, &[]).await?;
    if let Some(Data::Mark { parts, .. }) = world.get(&subject) {
        let parts = parts.clone();
        world
            .states
            .extend(app.store.world(&parts, &[]).await?.states);
    }
    let as_of = app
        .ledger
        .published(|log| log.head.as_ref().map(|head| head.logged_at));
    let knowledge = Knowledge {
        as_of,
        is_whole_log: true,
    };
    Ok(answer::answer(&world, mark, app.now(), viewer, knowledge))
}
