//! What a member and the service tell each other beside the log: notices, scans, cases.
//!
//! Owns addresses, statuses and the shapes of answers, as `client` does for the log. Must never know what follows from them.

use super::SyncError;
use super::client::{Client, bearer};
use super::session::Session;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use threadmark_protocol::mark::Mark;
use ureq::http::StatusCode;

/// That a mark was seen, as `POST /v1/sightings` takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The mark on the piece.
    pub mark: Mark,
    /// Unix seconds divided by 3600, rounded down, of a scan without a network; none of one that was just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour: Option<i64>,
    /// Where, if the person consents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// A place on Earth (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Tenths of a degree, north is positive.
    pub latitude_decideg: i16,
    /// Tenths of a degree, east is positive.
    pub longitude_decideg: i16,
}

impl Client {
    /// What concerns the session's organisation, after an entry; all, or what could not be sent.
    pub fn notices(
        &self,
        session: &Session,
        after: Option<u64>,
        given_up: bool,
    ) -> Result<serde_json::Value, SyncError> {
        let request = self.http.get("/v1/notices");
        let mut request = request.query("given_up", given_up.to_string());
        if let Some(after) = after {
            request = request.query("after", after.to_string());
        }
        let answer = self.http.answered(bearer(request, Some(session)).call())?;
        answer.expect(&[StatusCode::OK])?.json()
    }

    /// What scans gave away about parts of the session's organisation: a page of cases after one.
    pub fn cases<T: DeserializeOwned>(
        &self,
        session: &Session,
        after: Option<i64>,
    ) -> Result<T, SyncError> {
        let mut request = self.http.get("/v1/cases");
        if let Some(after) = after {
            request = request.query("after", after.to_string());
        }
        let answer = self.http.answered(bearer(request, Some(session)).call())?;
        answer.expect(&[StatusCode::OK])?.json()
    }

    /// Tells that a mark was seen. Only a member's session tells it later, of an hour that is over.
    pub fn tell_sighting(&self, session: Option<&Session>, seen: &Seen) -> Result<(), SyncError> {
        let request = bearer(self.http.post("/v1/sightings"), session);
        let answer = self.http.answered(request.send_json(seen))?;
        answer.expect(&[StatusCode::ACCEPTED])?;
        Ok(())
    }

    /// Where the session's organisation is told.
    pub fn webhook(&self, session: &Session) -> Result<Option<String>, SyncError> {
        #[derive(Deserialize)]
        struct Hook {
            url: Option<String>,
        }
        let request = bearer(self.http.get("/v1/webhook"), Some(session));
        let answer = self.http.answered(request.call())?;
        let hook: Hook = answer.expect(&[StatusCode::OK])?.json()?;
        Ok(hook.url)
    }

    /// Names that place; none ends it.
    pub fn set_webhook(&self, session: &Session, url: Option<&str>) -> Result<(), SyncError> {
        let request = bearer(self.http.put("/v1/webhook"), Some(session));
        let sent = request.send_json(serde_json::json!({ "url": url }));
        self.http
            .answered(sent)?
            .expect(&[StatusCode::NO_CONTENT])?;
        Ok(())
    }
}
