//! The pages for people: `/`, `/scan`, `/m/{mark}` and `/M/{mark}`.
//!
//! Owns which page answers which address. What stands on it is `web`'s.

use super::marks::answer_for;
use super::problem::Problem;
use super::scan::{PICTURE_BYTES_MAX, answers_in};
use super::{App, Shared};
use crate::web::{self, Page};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use threadmark_protocol::answer::Viewer;
use threadmark_protocol::mark::Mark;

/// Routes of the pages.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(home))
        .route(
            "/scan",
            get(scan)
                .post(scanned)
                .layer(DefaultBodyLimit::max(PICTURE_BYTES_MAX)),
        )
        .route("/m", get(typed))
        .route("/m/{mark}", get(record))
        .route("/M/{mark}", get(record))
}

fn page_of(app: &App, headers: &HeaderMap) -> Page {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let (log_size, root) = app.ledger.published(|log| {
        (
            log.head.as_ref().map_or(0, |head| head.size),
            log.head.as_ref().map(|head| head.root),
        )
    });
    Page {
        public_url: format!("http://{host}"),
        origin: app.ledger.trust().origin().to_string(),
        log_size,
        root,
        viewer: None,
    }
}

fn html(status: StatusCode, text: String) -> Response {
    (status, web::response_headers(), text).into_response()
}

/// A problem as a page instead of a document.
fn page_of_problem(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    html(
        status,
        web::problem(
            problem.status,
            &problem.title,
            &problem.detail,
            &problem.advice,
        ),
    )
}

async fn home(State(app): State<Shared>, headers: HeaderMap) -> Response {
    html(StatusCode::OK, web::home(&page_of(&app, &headers)))
}

async fn scan() -> Response {
    html(StatusCode::OK, web::scan())
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    mark: String,
}

async fn typed(Query(typed): Query<Typed>) -> Response {
    match typed.mark.parse::<Mark>() {
        Ok(mark) => Redirect::to(&format!("/m/{mark}")).into_response(),
        Err(error) => page_of_problem(&Problem::bad_request(error)),
    }
}

async fn record(
    State(app): State<Shared>,
    Path(mark): Path<String>,
    headers: HeaderMap,
) -> Response {
    let mark: Mark = match mark.parse() {
        Ok(mark) => mark,
        Err(error) => return page_of_problem(&Problem::bad_request(error)),
    };
    match answer_for(&app, mark, &Viewer::Public).await {
        Ok(answer) => html(
            StatusCode::OK,
            web::record(&answer, &page_of(&app, &headers)),
        ),
        Err(problem) => page_of_problem(&problem),
    }
}

async fn scanned(State(app): State<Shared>, headers: HeaderMap, form: Multipart) -> Response {
    let page = page_of(&app, &headers);
    let picture = match photo(form).await {
        Ok(picture) => picture,
        Err(problem) => return page_of_problem(&problem),
    };
    match answers_in(&app, picture, &Viewer::Public).await {
        Ok(answers) => match &answers[..] {
            [one] => Redirect::to(&format!("/m/{}", one.mark)).into_response(),
            _ => html(StatusCode::OK, web::scanned(&answers, &page)),
        },
        Err(problem) if problem.status == 422 => {
            html(StatusCode::UNPROCESSABLE_ENTITY, web::scanned(&[], &page))
        }
        Err(problem) => page_of_problem(&problem),
    }
}

async fn photo(mut form: Multipart) -> Result<axum::body::Bytes, Problem> {
    while let Some(field) = form.next_field().await.map_err(Problem::bad_request)? {
        if field.name() == Some(web::PHOTO_FIELD) {
            return field.bytes().await.map_err(Problem::bad_request);
        }
    }
    Err(Problem::bad_request("the form carries no photograph"))
}
