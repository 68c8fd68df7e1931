//! `/v1/marks/{mark}/dossier`: everything about one part for a reviewer, in one zip.
//!
//! For members, as the bundle in it is. Documents that statements name are in it as far as the caller may read them one by
//! one. Making it is work: few are made at a time, and never on the threads that answer.

use super::artifacts::document;
use super::auth::Session;
use super::bundle::OnItsWay;
use super::codes::Border;
use super::contract::{Binary, problems};
use super::extract::{Path, Query};
use super::marks::For;
use super::problem::Problem;
use super::{App, Shared};
use crate::dossier::{
    self, About, ContainerError, DOCUMENT_BYTES_MAX, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX, Documents,
    DossierError, Sources,
};
use crate::ledger::bundle;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use threadmark_protocol::bundle::part::PartBundle;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::{Moment, OrgId};

problems!(Problems: Border::BadRequest, Border::NoSession, Border::SessionRefused, Border::TooMuchForABundle, Border::Busy);

/// Everything about one part, for a reviewer
///
/// One zip with a report for people (`report.pdf`, PDF/A and tagged), the bundle of the part, and everything in it laid out
/// for other tools: statements, receipts, the cosigned checkpoint, genesis, and the documents that statements name as far as
/// the caller may read them. `index.json` lists every file with its SHA-256. `threadmark verify dossier` checks all of it
/// without a network.
#[utoipa::path(get, path = "/v1/marks/{mark}/dossier", tag = "marks", operation_id = "get_part_dossier",
    security(("session" = [])),
    params(("mark" = String, Path, description = "16 characters; case, spaces and hyphens do not matter",
        pattern = "^[ -]*([0-9A-TV-Za-tv-z][ -]*){16}$"),
        For),
    responses(
        (status = 200, description = "The dossier", body = Binary, content_type = "application/zip",
            headers(("Content-Disposition" = String, description = "`attachment`, with a name for the file"))),
        Problems))]
pub async fn get(
    State(app): State<Shared>,
    Path(mark): Path<String>,
    Query(asked): Query<For>,
    session: Session,
) -> Result<Response, Problem> {
    let mark: Mark = mark.parse().map_err(Problem::bad_request)?;
    let asset_type = asked.asset_type()?;
    let Ok(room) = app.bundles.clone().try_acquire_owned() else {
        return Err(Problem::of(Border::Busy));
    };
    let bundle = bundle::of_part(&app.ledger, &app.store, &app.witnesses, mark).await?;
    let documents = documents(&app, &session.org, &bundle).await?;
    let about = About {
        made_at: Moment::from_unix(app.now()).map_err(|_| Problem::unavailable())?,
        org: session.org,
        asset_type,
    };
    let trust = app.ledger.trust().clone();
    let made = tokio::task::spawn_blocking(move || {
        let verified = bundle.verify(&trust)?;
        dossier::make(&Sources {
            bundle: &bundle,
            verified: &verified,
            about: &about,
            documents: &documents,
        })
    });
    let bytes = made.await.map_err(|_| Problem::unavailable())??;
    let body = Bytes::from_owner(OnItsWay::new(bytes, room));
    let told = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{mark}.dossier\""),
        ),
    ];
    Ok((told, body).into_response())
}

/// What statements of the bundle name, as far as it is here and this organisation may read it.
async fn documents(app: &App, org: &OrgId, bundle: &PartBundle) -> Result<Documents, Problem> {
    let mut found = Documents::new();
    let mut room = DOCUMENTS_BYTES_MAX;
    for named in dossier::named(bundle).into_iter().take(DOCUMENTS_MAX) {
        let most = room.min(DOCUMENT_BYTES_MAX);
        if let Some(bytes) = document(app, &named.sha3, org, most as u64).await? {
            room -= bytes.len();
            found.insert(named.sha3, bytes);
        }
    }
    Ok(found)
}

impl From<DossierError> for Problem {
    fn from(error: DossierError) -> Problem {
        match error {
            DossierError::Container(ContainerError::TooLarge) => {
                Problem::of(Border::TooMuchForABundle)
            }
            error => {
                tracing::error!(%error, "a dossier");
                Problem::unavailable()
            }
        }
    }
}
