//! GS1 Digital Link (URI Syntax 1.2): `/8004/{giai}` and `/8010/{cpi}/8011/{serial}` lead to the part's page.
//!
//! Owns the addresses. Whether an identifier is a part's own is `threadmark_protocol::identity`'s to say, from what the log
//! says of it: a number that only looks like one leads nowhere. Must never know how identifiers are made.

use super::extract::Path;
use super::pages::page_of_problem;
use super::problem::Problem;
use super::{App, Shared, fresh};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use threadmark_protocol::identity::{Identity, mark_in_giai};
use threadmark_protocol::mark::Mark;

/// Marks with one serial number that are looked at: 39 bits are seldom the same twice.
const SAME_SERIAL_MAX: i64 = 16;

/// Routes of the resolver.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/8004/{giai}", get(asset))
        .route("/8010/{cpi}/8011/{serial}", get(component))
        .layer(axum::middleware::map_response(fresh))
}

async fn asset(State(app): State<Shared>, path: Result<Path<String>, Problem>) -> Response {
    let found = async {
        let Path(giai) = path?;
        let mark = mark_in_giai(&giai).ok_or_else(unknown)?;
        let identity = identity(&app, mark).await?;
        (identity.giai == Some(giai))
            .then_some(mark)
            .ok_or_else(unknown)
    };
    to_page(found.await)
}

async fn component(
    State(app): State<Shared>,
    path: Result<Path<(String, String)>, Problem>,
) -> Response {
    let found = async {
        let Path((cpi, serial)) = path?;
        let is_serial = serial.len() <= 12 && serial.bytes().all(|byte| byte.is_ascii_digit());
        let serial = serial
            .parse::<u64>()
            .ok()
            .filter(|_| is_serial)
            .ok_or_else(unknown)?;
        let asked = Some((cpi, serial));
        let mut own = Vec::new();
        let marks = app
            .store
            .marks_by_serial(serial, SAME_SERIAL_MAX + 1)
            .await?;
        if marks.len() as i64 > SAME_SERIAL_MAX {
            return Err(ambiguous());
        }
        for mark in marks {
            if identity(&app, mark).await?.cpi == asked {
                own.push(mark);
            }
        }
        match own[..] {
            [mark] => Ok(mark),
            [] => Err(unknown()),
            _ => Err(ambiguous()),
        }
    };
    to_page(found.await)
}

async fn identity(app: &App, mark: Mark) -> Result<Identity, Problem> {
    let part = app.store.part(mark).await?;
    Ok(Identity::of(&part.world, mark))
}

fn unknown() -> Problem {
    Problem::absent("the log knows no part with this identifier")
}

fn ambiguous() -> Problem {
    Problem::absent("several parts have this number; scan the mark itself")
}

fn to_page(found: Result<Mark, Problem>) -> Response {
    match found {
        Ok(mark) => Redirect::temporary(&format!("/m/{mark}")).into_response(),
        Err(problem) => page_of_problem(&problem),
    }
}
