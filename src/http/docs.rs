//! `/docs` and `/docs/problems`: the interface, for people.
//!
//! Owns what the lines on the page ask this very service for. What stands on the pages is `web`'s, and comes from the
//! OpenAPI document.

use super::codes::{Border, Kind};
use super::{Shared, pages};
use crate::web::{
    self,
    docs::{Explained, Samples},
};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;
use std::sync::LazyLock;
use threadmark_protocol::code::Code;
use threadmark_protocol::mark::Mark;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&super::openapi()).expect("the document is JSON"));

/// Routes of the pages about the interface.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/docs", get(docs))
        .route("/docs/problems", get(problems))
}

async fn docs(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let page = pages::page_of(&app, &headers);
    let size = page.log_size.to_string();
    // Every log begins with this statement, which is for members; nobody has made this mark.
    let first = app.ledger.trust().policy_statement.id.to_string();
    let values = [
        ("id", first),
        ("mark", Mark::derive(&[0; 32], 1).to_string()),
        ("index", "0".to_owned()),
        ("size", size.clone()),
        ("old", "1".to_owned()),
        ("new", size),
        ("from", "0".to_owned()),
    ];
    let samples = Samples {
        values: &values,
        for_members: &["get_statement"],
    };
    pages::html(StatusCode::OK, web::docs::docs(&DOCUMENT, &page, &samples))
}

async fn problems() -> Response {
    let border: Vec<_> = Border::ALL
        .iter()
        .map(|code| explained((*code).into()))
        .collect();
    let rules: Vec<_> = Code::ALL
        .iter()
        .map(|code| explained((*code).into()))
        .collect();
    pages::html(StatusCode::OK, web::docs::problems(&border, &rules))
}

fn explained(kind: Kind) -> Explained {
    Explained {
        name: kind.name(),
        urn: kind.urn(),
        status: kind.status().as_u16(),
        title: kind.title(),
        advice: kind.advice(),
    }
}
