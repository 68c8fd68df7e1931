//! `/v1/marks/{mark}`: what the record of a part says to whoever holds it.

use super::auth::{Session, viewer};
use super::codes::Border;
use super::contract::problems;
use super::extract::{Path, Query};
use super::problem::Problem;
use super::shapes::answer as shapes;
use super::{App, Shared};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use threadmark_protocol::answer::{Answer, Knowledge, Viewer, Witnessing};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::Line;
use utoipa::IntoParams;

/// What the part is for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct For {
    /// Type of the asset, as the approval's effectivity names it.
    #[param(
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufdd0-\\ufdef\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffc\\ufffe\\uffff\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff\\s]([^\\x00-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufdd0-\\ufdef\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffc\\ufffe\\uffff\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff]*[^\\x00-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufdd0-\\ufdef\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffc\\ufffe\\uffff\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff\\s])?$",
        min_length = 1,
        max_length = 200
    )]
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

problems!(Problems: Border::BadRequest, Border::SessionRefused);

/// The answer about a mark
///
/// A mark that nobody knows has an answer too: `do_not_install`, with the reason `unknown-mark`. The last character of a
/// mark is a check: most mistyped ones are a `bad-request`.
#[utoipa::path(get, path = "/v1/marks/{mark}", tag = "marks", operation_id = "get_mark",
    security((), ("session" = [])),
    params(
        ("mark" = String, Path, description = "16 characters; case, spaces and hyphens do not matter",
            pattern = "^[ -]*([0-9A-TV-Za-tv-z][ -]*){16}$"),
        For),
    responses(
        (status = 200, description = "One of four answers, the life of the part, and what it rests on",
            body = shapes::Answer),
        Problems))]
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

/// Loads what is recorded of a mark and asks the one function that answers.
pub async fn answer_for(app: &App, mark: Mark, viewer: &Viewer) -> Result<Answer, Problem> {
    let logged_at = app
        .ledger
        .published(|log| log.head.as_ref().map(|head| head.logged_at));
    let knowledge = Knowledge {
        logged_until: logged_at,
        is_whole_log: true,
        // Until the first quorum the answer stands on the log's own word, and says that it is not witnessed.
        witnessing: app.witnesses.witnessed().map_or(Witnessing::Unasked, |of| {
            Witnessing::Witnessed {
                size: of.size,
                since: of.since,
            }
        }),
    };
    // After that: an answer may be newer than it says, never older.
    let part = app.store.part(mark).await?;
    Ok(part.record.answer(app.now(), viewer, knowledge))
}
