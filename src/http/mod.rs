//! The HTTP border.
//!
//! Owns parsing, limits, sessions, and what each answer looks like on the wire. Must never know SQL or decide a
//! rule. One file a resource; the whole route table stands in [`router`].

pub mod artifacts;
pub mod auth;
pub mod bundle;
pub mod catalogue;
pub mod codes;
mod contract;
mod digital_link;
mod docs;
mod dossier;
mod each;
mod epcis;
mod extract;
pub mod governance;
mod hop;
pub mod impact;
pub mod listen;
pub mod log;
pub mod marks;
mod media;
pub mod notices;
pub mod observe;
pub mod pages;
pub mod problem;
pub mod quota;
pub mod scan;
mod scrapi;
pub mod sessions;
pub mod shapes;
pub mod sightings;
pub mod statements;
pub mod sync;
mod tiles;
mod upload;

use crate::ledger::storage::Storage as _;
use crate::ledger::tiles::Tiles;
use crate::ledger::witnesses::Witnesses;
use crate::ledger::{Clock, Ledger};
use crate::store::PgStore;
use crate::watch::Seen;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use codes::Border;
use each::Each;
use futures_util::FutureExt as _;
use hop::Hops;
use object_store::ObjectStore;
use observe::Observer;
use problem::Problem;
use quota::{Address, Quotas};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use threadmark_protocol::key::{KeyId, PublicKey};
use threadmark_protocol::text::OrgId;
use tokio::sync::Semaphore;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Largest artifact that one request carries: 1 GiB.
const ARTIFACT_BYTES_MAX: usize = 1 << 30;
/// Longest that a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Pictures that are read at the same time: reading takes a core and up to 256 MiB each.
const SCANS_AT_ONCE: usize = 2;
/// Pictures that are being sent or wait to be read: up to 32 MiB each.
const PICTURES_AT_ONCE: usize = 16;
/// Of these, of one address.
const PICTURES_EACH: usize = 8;
/// Bundles and dossiers of parts that are being put together: up to 64 MiB each, and four times that.
const BUNDLES_AT_ONCE: usize = 4;
/// Sealed files that are being stored: each holds a few MiB, whatever its size.
const UPLOADS_AT_ONCE: usize = 16;
/// Of these, with one key.
const UPLOADS_EACH: usize = 4;

/// Everything that a request needs.
pub struct App {
    /// The one writer, and the published tree.
    pub ledger: Ledger,
    /// The database.
    pub store: PgStore,
    /// Sealed files by their SHA3-256.
    pub artifacts: Arc<dyn ObjectStore>,
    /// The log as files.
    pub tiles: Tiles<PgStore>,
    /// What witnesses have said of the log.
    pub witnesses: Arc<Witnesses>,
    /// Unix seconds.
    pub clock: Clock,
    /// The genesis file as it is served.
    pub genesis: Vec<u8>,
    /// Keys by their thumbprints: an entry can never become wrong.
    keys: RwLock<HashMap<KeyId, PublicKey>>,
    quotas: Quotas,
    hops: Hops,
    observer: Observer,
    /// What was scanned and is not kept yet.
    pub seen: Seen,
    public_url: Option<String>,
    pictures: Arc<Semaphore>,
    pictures_each: Each<Address>,
    scans: Arc<Semaphore>,
    bundles: Arc<Semaphore>,
    captures: Semaphore,
    lists: Semaphore,
    lists_each: Each<OrgId>,
    notices: Semaphore,
    uploads: Semaphore,
    uploads_each: Each<KeyId>,
}

/// What surrounds the work: limits, counters, witnesses, and where people reach the service.
pub struct Around {
    /// Who has cosigned what.
    pub witnesses: Arc<Witnesses>,
    /// What one key and one address may use.
    pub quotas: Quotas,
    /// Counters, and the ids of requests.
    pub observer: Observer,
    /// Address for people, without a slash at its end; none takes each request's Host.
    pub public_url: Option<String>,
}

/// The application as handlers share it.
pub type Shared = Arc<App>;

impl App {
    /// Puts the parts together.
    pub fn new(
        ledger: Ledger,
        store: PgStore,
        artifacts: Arc<dyn ObjectStore>,
        clock: Clock,
        genesis: Vec<u8>,
        around: Around,
    ) -> Shared {
        let tiles = Tiles::of(&ledger, store.clone(), artifacts.clone());
        Arc::new(App {
            tiles,
            hops: Hops::new(ledger.keys().hop()),
            ledger,
            store,
            artifacts,
            witnesses: around.witnesses,
            clock,
            genesis,
            keys: RwLock::default(),
            quotas: around.quotas,
            observer: around.observer,
            seen: Seen::default(),
            public_url: around.public_url,
            pictures: Arc::new(Semaphore::new(PICTURES_AT_ONCE)),
            pictures_each: Each::new(PICTURES_EACH),
            scans: Arc::new(Semaphore::new(SCANS_AT_ONCE)),
            bundles: Arc::new(Semaphore::new(BUNDLES_AT_ONCE)),
            captures: Semaphore::new(epcis::capture::READ_AT_ONCE),
            lists: Semaphore::new(impact::LISTS_AT_ONCE),
            lists_each: Each::new(1),
            notices: Semaphore::new(notices::PAGES_AT_ONCE),
            uploads: Semaphore::new(UPLOADS_AT_ONCE),
            uploads_each: Each::new(UPLOADS_EACH),
        })
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }

    /// How many entries this process has read, `wanted` of them if the log has so many: another may have committed them just now,
    /// and who has heard of them there asks here.
    async fn entries_with(&self, wanted: u64) -> Result<u64, Problem> {
        let read = || self.ledger.published(|log| log.tree.size());
        if read() < wanted {
            let committed = self.store.head().await?.map_or(0, |head| head.size);
            if committed >= wanted && !self.ledger.reaches(wanted).await {
                return Err(Problem::unavailable());
            }
        }
        Ok(read())
    }
}

fn api() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(contract::Document::openapi())
        .routes(routes!(statements::submit))
        .routes(routes!(statements::get))
        .routes(routes!(marks::get))
        .routes(routes!(bundle::get))
        .routes(routes!(dossier::get))
        .routes(routes!(scan::post))
        .routes(routes!(sightings::tell))
        .routes(routes!(sightings::list))
        .routes(routes!(epcis::events))
        .routes(routes!(epcis::capture::post))
        .routes(routes!(epcis::capture::get))
        .routes(routes!(catalogue::designs))
        .routes(routes!(catalogue::allowables))
        .routes(routes!(impact::get))
        .routes(routes!(notices::list))
        .routes(routes!(notices::hook, notices::set_hook))
        .routes(routes!(governance::get))
        .routes(routes!(artifacts::get, artifacts::put))
        .routes(routes!(sync::get))
        .routes(routes!(sync::genesis))
        .routes(routes!(sessions::open))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::checkpoints))
        .routes(routes!(log::tlog_proof))
        .routes(routes!(log::inclusion))
        .routes(routes!(log::consistency))
        .routes(routes!(log::health))
}

/// The OpenAPI 3.1 document, as committed in `openapi/openapi.json`.
pub fn openapi() -> String {
    let document = contract::with_examples(api().into_openapi());
    let mut text = document
        .to_pretty_json()
        .expect("the document is plain data");
    text.push('\n');
    text
}

/// What stands around every route, in one piece because each layer of its own costs a request as much as its work: an id and a line in
/// the log, an answer instead of a panic, the quotas, and the way to the process that writes.
async fn around(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let answer = |request| {
        let answer = AssertUnwindSafe(admitted(&app, request, next)).catch_unwind();
        answer.map(|answer| answer.unwrap_or_else(problem::panicked))
    };
    observe::observed(&app, request, answer).await
}

async fn admitted(app: &App, request: Request, next: Next) -> Response {
    // A sealed file may take hours over a poor link; `upload` bounds each part of it.
    let most = (request.method() != Method::PUT).then_some(REQUEST_TIMEOUT);
    let answer = async {
        let request = quota::admit(app, request)?;
        let request = hop::to_the_writer(app, request).await?;
        Ok(next.run(request).await)
    };
    let answered = match most {
        None => Ok(answer.await),
        Some(most) => tokio::time::timeout(most, answer).await,
    };
    match answered {
        Ok(answer) => answer.unwrap_or_else(|refused: Box<Response>| *refused),
        Err(_) => Problem::of(Border::TooSlow).into_response(),
    }
}

/// An answer of yesterday may let somebody install what is recalled today: nothing is kept but what says that it may be.
async fn fresh(mut response: Response) -> Response {
    let kept = response.headers_mut().entry(header::CACHE_CONTROL);
    kept.or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Every route.
pub fn router(app: Shared) -> Router {
    let api = Router::from(api()).layer(axum::middleware::map_response(fresh));
    let document = openapi();
    let json = [("content-type", "application/json")];
    api.merge(tiles::routes())
        .merge(scrapi::routes())
        .merge(pages::routes())
        .merge(digital_link::routes())
        .merge(docs::routes())
        .route(
            "/openapi.json",
            axum::routing::get(move || async move { (json, document) }),
        )
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(axum::middleware::from_fn_with_state(app.clone(), around))
        .with_state(app)
}
