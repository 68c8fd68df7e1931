//! `/v1/designs` and `/v1/allowables`: lists for members.

use super::Shared;
use super::auth::Session;
use super::extract::Query;
use super::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threadmark_protocol::text::SubjectId;
use utoipa::{IntoParams, ToSchema};

/// Most rows of one page.
const ROWS: i64 = 100;

/// Where a page begins.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// Last id of the page before; none for the first.
    pub after: Option<String>,
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct List {
    /// Id and state of each.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<Value>,
    /// `after` for the next page; none on the last.
    pub next: Option<String>,
}

async fn list(app: &Shared, kind: &str, asked: After) -> Result<Json<List>, Problem> {
    let after = match asked.after {
        Some(id) => id
            .parse::<SubjectId>()
            .map_err(Problem::bad_request)?
            .to_string(),
        None => String::new(),
    };
    let rows = app.store.list(kind, &after, ROWS).await?;
    let next = (rows.len() as i64 == ROWS).then(|| rows.last().map(|(id, _)| id.to_string()));
    let items = rows
        .iter()
        .map(|(id, state)| serde_json::json!({ "id": id, "state": state }))
        .collect();
    Ok(Json(List {
        items,
        next: next.flatten(),
    }))
}

/// Designs
#[utoipa::path(get, path = "/v1/designs", tag = "catalogue", params(After), responses(
    (status = 200, description = "A page of designs", body = List),
    (status = 401, description = "Members only", body = Problem)))]
pub async fn designs(
    State(app): State<Shared>,
    _: Session,
    Query(asked): Query<After>,
) -> Result<Json<List>, Problem> {
    list(&app, "design", asked).await
}

/// Design allowables
#[utoipa::path(get, path = "/v1/allowables", tag = "catalogue", params(After), responses(
    (status = 200, description = "A page of allowables", body = List),
    (status = 401, description = "Members only", body = Problem)))]
pub async fn allowables(
    State(app): State<Shared>,
    _: Session,
    Query(asked): Query<After>,
) -> Result<Json<List>, Problem> {
    list(&app, "allowable", asked).await
}
