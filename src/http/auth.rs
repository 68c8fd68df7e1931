//! The session of a request.

use super::codes::Border;
use super::problem::Problem;
use super::{Shared, sessions};
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::{header, request::Parts};
use threadmark_protocol::answer::Viewer;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::text::{Line, OrgId};

/// A member's session; as an argument of a handler it is required, as an `Option` it must be valid if it is there.
pub struct Session {
    /// For whom it speaks.
    pub org: OrgId,
    /// The key that opened it.
    pub kid: KeyId,
}

impl FromRequestParts<Shared> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Session, Problem> {
        let found = <Session as OptionalFromRequestParts<Shared>>::from_request_parts(parts, app);
        found.await?.ok_or_else(|| Problem::of(Border::NoSession))
    }
}

impl OptionalFromRequestParts<Shared> for Session {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &Shared,
    ) -> Result<Option<Session>, Problem> {
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
            return Ok(None);
        };
        let token = value
            .to_str()
            .ok()
            .and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or_else(|| Problem::of(Border::NoSession))?;
        let (org, kid) = sessions::check(app, token).await?;
        Ok(Some(Session { org, kid }))
    }
}

/// Who asks: a member with the asset it has in mind, or anybody.
pub fn viewer(session: Option<Session>, asset_type: Option<Line>) -> Viewer {
    match session {
        Some(Session { org, .. }) => Viewer::Member { org, asset_type },
        None => Viewer::Public,
    }
}
