//! The pages for people: `/`, `/scan`, `/m/{mark}` and `/M/{mark}`.
//!
//! Owns which page answers which address. What stands on it is `web`'s.

use super::auth::{Session, viewer};
use super::extract::{Path, Query, too_large};
use super::marks::answer_for;
use super::problem::Problem;
use super::scan::{PICTURE_BYTES_MAX, Place, answers_in};
use super::{App, Shared, sightings};
use crate::watch::Whereabouts;
use crate::web::{self, Page};
use axum::Router;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
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
        .route("/M/{mark}", get(from_code))
        .route("/m/{mark}/place", post(tell_place))
}

/// What every page says of this service.
pub fn page_of(app: &App, headers: &HeaderMap) -> Page {
    let host = || {
        let host = headers.get(header::HOST);
        host.and_then(|host| host.to_str().ok())
            .unwrap_or("localhost")
    };
    let public_url = app.public_url.clone();
    let (log_size, root) = app.ledger.published(|log| {
        (
            log.head.as_ref().map_or(0, |head| head.size),
            log.head.as_ref().map(|head| head.root),
        )
    });
    Page {
        public_url: public_url.unwrap_or_else(|| format!("http://{}", host())),
        origin: app.ledger.trust().origin().to_string(),
        log_size,
        root,
        witnessed_size: app.witnesses.witnessed().map(|of| of.size),
        viewer: None,
    }
}

/// A page as a response.
pub fn html(status: StatusCode, text: String) -> Response {
    (status, web::response_headers(), text).into_response()
}

/// Whether a person reads what this address answers.
pub fn is_page(path: &str) -> bool {
    let first = path.split('/').nth(1);
    first.is_some_and(|first| ["", "scan", "m", "M", "8004", "8010", "docs"].contains(&first))
}

/// A problem as a page instead of a document.
pub fn page_of_problem(problem: &Problem) -> Response {
    let (kind, status) = (problem.kind, problem.kind.status());
    let mut page = html(
        status,
        web::problem(
            status.as_u16(),
            kind.title(),
            &problem.detail,
            kind.advice(),
        ),
    );
    page.extensions_mut().insert(kind);
    if let Some(seconds) = problem.retry_after_s() {
        let headers = page.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    page
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

/// A mark as somebody typed it.
fn parse(text: &str) -> Result<Mark, Problem> {
    text.parse().map_err(Problem::bad_request)
}

async fn typed(typed: Result<Query<Typed>, Problem>) -> Response {
    match typed.and_then(|Query(typed)| parse(&typed.mark)) {
        Ok(mark) => Redirect::to(&format!("/m/{mark}")).into_response(),
        Err(problem) => page_of_problem(&problem),
    }
}

async fn record(
    State(app): State<Shared>,
    mark: Result<Path<String>, Problem>,
    session: Result<Option<Session>, Problem>,
    headers: HeaderMap,
) -> Response {
    let mut page = page_of(&app, &headers);
    let answer = async {
        let mark = mark.and_then(|Path(text)| parse(&text))?;
        let session = session?;
        page.viewer = session.as_ref().map(|session| session.org.to_string());
        answer_for(&app, mark, &viewer(session, None)).await
    };
    match answer.await {
        Ok(answer) => html(StatusCode::OK, web::record(&answer, &page)),
        Err(problem) => page_of_problem(&problem),
    }
}

/// The address in a code has an `M`, so that who follows it has the piece before him; those of our own pages have an `m`.
async fn from_code(
    State(app): State<Shared>,
    method: Method,
    mark: Result<Path<String>, Problem>,
    session: Result<Option<Session>, Problem>,
    headers: HeaderMap,
) -> Response {
    let read = mark.as_ref().ok().and_then(|Path(text)| parse(text).ok());
    // Who looks ahead for somebody asks for the head alone.
    if let Some(mark) = read.filter(|_| method == Method::GET) {
        let by_member = matches!(session, Ok(Some(_)));
        sightings::note(&app, mark, None, by_member);
    }
    record(State(app), mark, session, headers).await
}

/// Degrees, as somebody typed them or a browser filled them in.
#[derive(Deserialize)]
struct Degrees {
    latitude: f64,
    longitude: f64,
}

async fn tell_place(
    State(app): State<Shared>,
    mark: Result<Path<String>, Problem>,
    headers: HeaderMap,
    told: Result<Form<Degrees>, FormRejection>,
) -> Response {
    let placed = || {
        // Another site's page does not speak for who visits it (Fetch Metadata).
        let site = headers.get("sec-fetch-site");
        if site.is_some_and(|site| site != "same-origin") {
            return Err(Problem::bad_request(
                "send the form from the page of the mark",
            ));
        }
        let mark = mark.and_then(|Path(text)| parse(&text))?;
        let Form(told) = told.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let place = Whereabouts::from_degrees(told.latitude, told.longitude);
        let place = place.ok_or_else(|| {
            Problem::bad_request("latitude is -90 to 90 degrees, longitude -180 to 180")
        })?;
        sightings::note(&app, mark, Some(place), false);
        Ok(mark)
    };
    match placed() {
        Ok(mark) => Redirect::to(&format!("/m/{mark}#told")).into_response(),
        Err(problem) => page_of_problem(&problem),
    }
}

async fn scanned(
    State(app): State<Shared>,
    headers: HeaderMap,
    place: Result<Place, Problem>,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let page = page_of(&app, &headers);
    let answers = async {
        let _place = place?;
        let form = form.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        answers_in(&app, photo(form).await?, &Viewer::Public).await
    };
    match answers.await {
        Ok(answers) => match &answers[..] {
            [one] => Redirect::to(&format!("/m/{}", one.mark)).into_response(),
            _ => html(StatusCode::OK, web::scanned(&answers, &page)),
        },
        Err(problem) if problem.kind.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let text = web::scanned(&[], &page);
            let mut page = html(StatusCode::UNPROCESSABLE_ENTITY, text);
            page.extensions_mut().insert(problem.kind);
            page
        }
        Err(problem) => page_of_problem(&problem),
    }
}

async fn photo(mut form: Multipart) -> Result<axum::body::Bytes, Problem> {
    let unread = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(PICTURE_BYTES_MAX),
        _ => Problem::bad_request(error.body_text()),
    };
    while let Some(field) = form.next_field().await.map_err(unread)? {
        if field.name() == Some(web::PHOTO_FIELD) {
            return field.bytes().await.map_err(unread);
        }
    }
    Err(Problem::bad_request("the form carries no photograph"))
}
