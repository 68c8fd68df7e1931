//! `/v1/designs` and `/v1/allowables`: lists for members.

use super::Shared;
use super::auth::Session;
use super::codes::Border;
use super::contract::problems;
use super::extract::Query;
use super::problem::Problem;
use super::shapes::catalogue as shapes;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threadmark_protocol::text::SubjectId;
use utoipa::IntoParams;

/// Most rows of one page.
const ROWS: i64 = 100;

/// Where a page begins.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// Last id of the page before; none for the first.
    #[param(pattern = "^[a-z]{1,19}:[0-9A-Za-z._-]{1,80}$", max_length = 100)]
    pub after: Option<String>,
}

/// A page of a list, as `shapes::catalogue` describes it.
#[derive(Serialize)]
pub struct List {
    items: Vec<Value>,
    next: Option<String>,
}

problems!(ListProblems: Border::BadRequest, Border::NoSession, Border::SessionRefused);

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
#[utoipa::path(get, path = "/v1/designs", tag = "catalogue", operation_id = "list_designs",
    security(("session" = [])), params(After),
    responses((status = 200, description = "A page of designs", body = shapes::Designs), ListProblems))]
pub async fn designs(
    State(app): State<Shared>,
    _: Session,
    Query(asked): Query<After>,
) -> Result<Json<List>, Problem> {
    list(&app, "design", asked).await
}

/// Design allowables
#[utoipa::path(get, path = "/v1/allowables", tag = "catalogue", operation_id = "list_allowables",
    security(("session" = [])), params(After),
    responses((status = 200, description = "A page of allowables", body = shapes::Allowables), ListProblems))]
pub async fn allowables(
    State(app): State<Shared>,
    _: Session,
    Query(asked): Query<After>,
) -> Result<Json<List>, Problem> {
    list(&app, "allowable", asked).await
}
