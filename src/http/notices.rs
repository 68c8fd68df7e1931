//! `/v1/notices` and `/v1/webhook`: what concerns a member's parts, to be asked for or to be sent.
//!
//! A member reads its own notices alone. Its administrator names the one place where they are sent.

use super::auth::Session;
use super::codes::Border;
use super::contract::problems;
use super::extract::{Json as Asked, Query};
use super::problem::Problem;
use super::shapes::notices as shapes;
use super::{App, Shared};
use crate::ledger::storage::Storage as _;
use crate::store::notice::{Delivery, Notice};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use threadmark_protocol::body::governance::Role;
use threadmark_protocol::world::{Data, key_subject};
use utoipa::{IntoParams, ToSchema};

/// Notices of one page.
const ROWS: i64 = 50;
/// Pages that are made at the same time: one may take 50 MB.
pub const PAGES_AT_ONCE: usize = 4;
/// Largest number that every JSON reader keeps exactly (RFC 8259).
const INDEX_MAX: u64 = (1 << 53) - 1;
/// Longest address.
const URL_BYTES_MAX: usize = 500;

/// Which notices.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Index of the last one that is known; none for all.
    #[param(maximum = 9007199254740991u64)]
    after: Option<u64>,
    /// Only those that could not be sent and are given up.
    given_up: Option<bool>,
}

/// A page of notices, as `shapes::notices` describes it.
#[derive(Serialize)]
pub struct Page {
    items: Vec<Item>,
    next: Option<u64>,
}

#[derive(Serialize)]
struct Item {
    notice: Box<RawValue>,
    delivery: Delivery,
}

/// Where a member wants to be told.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// An `https` address; each notice is sent there by POST (Standard Webhooks, signed with `v1a`). `null` where there is none.
    #[schema(max_length = 500)]
    url: Option<String>,
}

problems!(ListProblems: Border::BadRequest, Border::NoSession, Border::SessionRefused, Border::Busy);
problems!(ReadProblems: Border::NoSession, Border::SessionRefused);
problems!(SetProblems: Border::BadRequest, Border::NoSession, Border::SessionRefused, Border::NotAdministrator, Border::WrongMediaType, Border::TooLarge);

/// What concerns the caller's parts
///
/// Recalls that are placed or lifted, designs and approvals that are taken back: one notice for each that reaches a part which the
/// caller's organisation has, was sent, or owns. Oldest first; ask again with `after`.
#[utoipa::path(get, path = "/v1/notices", tag = "notices", operation_id = "list_notices",
    security(("session" = [])), params(Which),
    responses((status = 200, description = "At most 50 notices", body = shapes::Notices), ListProblems))]
pub async fn list(
    State(app): State<Shared>,
    Query(which): Query<Which>,
    session: Session,
) -> Result<Json<Page>, Problem> {
    let given_up = which.given_up.unwrap_or(false);
    if which.after.is_some_and(|after| after > INDEX_MAX) {
        return Err(Problem::bad_request("no log is so long"));
    }
    let Ok(_room) = app.notices.try_acquire() else {
        return Err(Problem::of(Border::Busy));
    };
    let found = app.store.notices(&session.org, which.after, given_up, ROWS);
    let found = found.await?;
    let next = found.last().filter(|_| found.len() as i64 == ROWS);
    let next = next.map(|notice| notice.index);
    let item = |notice: Notice| {
        let delivery = notice.delivery;
        // What is kept was written by `jobs::notices`.
        let notice =
            RawValue::from_string(notice.body).map_err(|_| Problem::of(Border::Internal))?;
        Ok(Item { notice, delivery })
    };
    let items = found
        .into_iter()
        .map(item)
        .collect::<Result<_, Problem>>()?;
    Ok(Json(Page { items, next }))
}

/// Where the caller's organisation is told
#[utoipa::path(get, path = "/v1/webhook", tag = "notices", operation_id = "get_webhook",
    security(("session" = [])),
    responses((status = 200, description = "The address", body = Hook), ReadProblems))]
pub async fn hook(State(app): State<Shared>, session: Session) -> Result<Json<Hook>, Problem> {
    let url = app.store.hook(&session.org).await?;
    Ok(Json(Hook { url }))
}

/// Name the place where the caller's organisation is told
///
/// By an administrator. What was given up is sent again. With `null` nothing more is sent; `/v1/notices` goes on.
#[utoipa::path(put, path = "/v1/webhook", tag = "notices", operation_id = "put_webhook",
    security(("session" = [])), request_body = Hook,
    responses((status = 204, description = "It is kept"), SetProblems))]
pub async fn set_hook(
    State(app): State<Shared>,
    session: Session,
    Asked(asked): Asked<Hook>,
) -> Result<StatusCode, Problem> {
    must_administrate(&app, &session).await?;
    match asked.url {
        Some(url) => {
            check(&url)?;
            app.store.set_hook(&session.org, &url, app.now()).await?;
        }
        None => app.store.remove_hook(&session.org).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn must_administrate(app: &App, session: &Session) -> Result<(), Problem> {
    let key = key_subject(&session.kid);
    let world = app.store.world(&[key.clone()].into()).await?;
    match world.get(&key) {
        Some(Data::Key { roles, .. }) if roles.contains_key(&Role::Admin) => Ok(()),
        _ => Err(Problem::of(Border::NotAdministrator)),
    }
}

/// Which addresses are called is decided when they are (`jobs::hooks`); what can never be one is refused here.
fn check(url: &str) -> Result<(), Problem> {
    let expected = "expected `https://`, a host, and a path, without name and password";
    let wrong = || Problem::bad_request(expected);
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let authority = uri.authority().ok_or_else(wrong)?;
    let good = url.len() <= URL_BYTES_MAX
        && matches!(uri.scheme_str(), Some("https" | "http"))
        && !authority.as_str().contains('@');
    if good { Ok(()) } else { Err(wrong()) }
}
