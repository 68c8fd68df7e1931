//! The service's interface, one function a request.
//!
//! Owns addresses, statuses and the shapes of answers. Must never know in which order requests make sense.

use super::http::{Answered, Http, Problem};
use super::session::{self, Session};
use super::{SyncError, known_codes};
use crate::home::Home;
use crate::system::Entropy;
use serde::Deserialize;
use threadmark_protocol::answer::Answer;
use threadmark_protocol::bundle::Page;
use threadmark_protocol::code::Code;
use threadmark_protocol::digest::{Digest, FileDigest};
use threadmark_protocol::key::PublicKey;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::{StatementId, Submission};
use threadmark_protocol::text::Line;
use ureq::RequestBuilder;
use ureq::http::StatusCode;
use zeroize::Zeroizing;

const GENESIS_BYTES_MAX: u64 = 1 << 20;
const BUNDLE_BYTES_MAX: u64 = threadmark_protocol::bundle::part::BUNDLE_BYTES_MAX as u64;
const CHECKPOINT_BYTES_MAX: u64 = 64 << 10;
const PAGE_BYTES_MAX: u64 = crate::home::PAGE_BYTES_MAX as u64;

/// A client of one service.
pub struct Client {
    pub(super) http: Http,
}

/// A statement in the log, as the service says; the receipt is not verified yet.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Id.
    pub id: StatementId,
    /// Where.
    pub index: u64,
    /// What was found.
    pub findings: Vec<Code>,
    /// RFC 9942 receipt.
    pub receipt: Vec<u8>,
    /// The leaf, where it was asked for.
    pub envelope: Vec<u8>,
    /// The author's key, where it was asked for.
    pub author_key: Option<PublicKey>,
}

/// What the service says of a submission.
#[derive(Clone, Debug)]
pub enum Submitted {
    /// It is in the log, just now or since long.
    Logged(Logged),
    /// Its predecessor is not logged yet.
    Waits {
        /// Which.
        detail: String,
    },
    /// It never will be.
    Refused {
        /// Stable name of the reason.
        code: String,
        /// The case at hand.
        detail: String,
    },
    /// The service is busy or promised nothing; it is to be sent again, unchanged.
    Unanswered {
        /// What it said.
        detail: String,
    },
}

#[derive(Deserialize)]
struct LoggedJson {
    id: StatementId,
    index: u64,
    receipt: String,
    #[serde(default)]
    findings: Vec<String>,
    #[serde(default)]
    envelope: String,
    author_key: Option<PublicKey>,
}

impl LoggedJson {
    fn read(self) -> Result<Logged, SyncError> {
        let bytes = |text: &str| {
            hex::decode(text).map_err(|_| SyncError::Unexpected("not hexadecimal digits".into()))
        };
        Ok(Logged {
            id: self.id,
            index: self.index,
            findings: known_codes(&self.findings),
            receipt: bytes(&self.receipt)?,
            envelope: bytes(&self.envelope)?,
            author_key: self.author_key,
        })
    }
}

impl Client {
    /// A client of the service at `url`.
    pub fn new(url: &str) -> Client {
        Client {
            http: Http::new(url),
        }
    }

    /// The genesis of the log, which the caller compares with what is pinned.
    pub fn genesis(&self) -> Result<Vec<u8>, SyncError> {
        let answer = self.http.answered(self.http.get("/v1/genesis").call())?;
        answer.expect(&[StatusCode::OK])?.bytes(GENESIS_BYTES_MAX)
    }

    /// Opens a session for the home's key.
    pub fn session(
        &self,
        home: &Home,
        now: i64,
        entropy: &mut dyn Entropy,
    ) -> Result<Session, SyncError> {
        #[derive(Deserialize)]
        struct Token {
            token: Zeroizing<String>,
        }
        let assertion = session::assertion(home, now, entropy)?;
        let body = serde_json::json!({ "assertion": *assertion });
        let sent = self.http.post("/v1/sessions").send_json(body);
        let answer = self.http.answered(sent)?;
        let token: Token = answer.expect(&[StatusCode::OK])?.json()?;
        Ok(Session { token: token.token })
    }

    /// The next page from entry `from` on; `None` when there is no more.
    pub fn page(&self, session: &Session, from: u64) -> Result<Option<Page>, SyncError> {
        Ok(match self.next(session, from)? {
            Next::Page(page) => Some(page),
            Next::Nothing | Next::Beyond => None,
        })
    }

    /// [`Client::page`], and why there is none.
    pub(super) fn next(&self, session: &Session, from: u64) -> Result<Next, SyncError> {
        let request = self.http.get("/v1/sync").query("from", from.to_string());
        let answer = self.http.answered(bearer(request, Some(session)).call())?;
        match answer.status() {
            204 => return Ok(Next::Nothing),
            404 => return nothing_beyond(answer.problem()),
            _ => {}
        }
        let answer = answer.expect(&[StatusCode::OK])?;
        let page = Page::parse(&answer.bytes(PAGE_BYTES_MAX)?)
            .map_err(|error| SyncError::Unexpected(error.to_string()))?;
        if page.entries.is_empty() {
            return Err(SyncError::Unexpected("a page without entries".into()));
        }
        Ok(Next::Page(page))
    }

    /// The newest checkpoint that a quorum of witnesses has cosigned, where some are asked; else the log's newest. A signed
    /// note.
    pub fn checkpoint(&self) -> Result<String, SyncError> {
        let answer = self
            .http
            .answered(self.http.get("/log/checkpoint").call())?;
        let answer = answer.expect(&[StatusCode::OK])?;
        String::from_utf8(answer.bytes(CHECKPOINT_BYTES_MAX)?)
            .map_err(|_| SyncError::Unexpected("a checkpoint that is no text".into()))
    }

    /// Everything about one part as a file, unchecked.
    pub fn bundle(&self, session: &Session, mark: Mark) -> Result<Vec<u8>, SyncError> {
        let request = self.http.get(&format!("/v1/marks/{mark}/bundle"));
        let answer = self.http.answered(bearer(request, Some(session)).call())?;
        let answer = answer.expect(&[StatusCode::OK])?;
        answer.bytes(BUNDLE_BYTES_MAX)
    }

    /// Sends one submission.
    pub fn submit(&self, submission: &Submission) -> Result<Submitted, SyncError> {
        let request = self
            .http
            .post("/v1/statements")
            .content_type("application/cbor");
        let answer = self.http.answered(request.send(submission.to_bytes()))?;
        match answer.status() {
            200 | 201 => Ok(Submitted::Logged(answer.json::<LoggedJson>()?.read()?)),
            202 | 408 | 502 | 503 | 504 => Ok(Submitted::Unanswered {
                detail: answer.problem().title,
            }),
            400 | 409 | 413 | 422 => Ok(refused_or_waits(answer)),
            _ => Err(SyncError::Problem(answer.problem())),
        }
    }

    /// A logged statement with its receipt.
    pub fn statement(
        &self,
        session: Option<&Session>,
        id: &StatementId,
    ) -> Result<Logged, SyncError> {
        let request = self.http.get(&format!("/v1/statements/{id}"));
        let answer = self.http.answered(bearer(request, session).call())?;
        let json: LoggedJson = answer.expect(&[StatusCode::OK])?.json()?;
        json.read()
    }

    /// Stores a sealed file.
    pub fn put_artifact(
        &self,
        session: &Session,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<(), SyncError> {
        let request = self.http.put(&format!("/v1/artifacts/{digest}"));
        let request = bearer(request, Some(session)).content_type("application/octet-stream");
        let answer = self.http.answered(request.send(bytes))?;
        answer.expect(&[StatusCode::OK, StatusCode::CREATED, StatusCode::NO_CONTENT])?;
        Ok(())
    }

    /// Fetches a sealed file and compares it with its digest.
    pub fn get_artifact(
        &self,
        session: &Session,
        digest: &FileDigest,
    ) -> Result<Vec<u8>, SyncError> {
        let request = self.http.get(&format!("/v1/artifacts/{}", digest.sha3));
        let answer = self.http.answered(bearer(request, Some(session)).call())?;
        // One byte more than it may have, so that a longer file is another file and not a broken connection.
        let answer = answer.expect(&[StatusCode::OK])?;
        let bytes = answer.bytes(digest.size_bytes.saturating_add(1))?;
        if !digest.matches(&bytes) {
            return Err(SyncError::OtherFile(digest.sha3));
        }
        Ok(bytes)
    }

    /// A document that a statement names by its digest, if the service has it, shows it, and it is at most `bytes_max` long.
    pub fn document(
        &self,
        session: &Session,
        sha3: &Digest,
        bytes_max: usize,
    ) -> Result<Option<Vec<u8>>, SyncError> {
        let request = self.http.get(&format!("/v1/artifacts/{sha3}"));
        let answer = self.http.answered(bearer(request, Some(session)).call())?;
        let answer = answer.expect(&[StatusCode::OK, StatusCode::NOT_FOUND])?;
        let bytes_max = bytes_max as u64;
        let is_too_long = answer.length().is_none_or(|length| length > bytes_max);
        if answer.status() == StatusCode::NOT_FOUND.as_u16() || is_too_long {
            return Ok(None);
        }
        let bytes = answer.bytes(bytes_max.saturating_add(1))?;
        match Digest::sha3(&[&bytes]) == *sha3 {
            true => Ok(Some(bytes)),
            false => Err(SyncError::OtherFile(*sha3)),
        }
    }

    /// The service's answer about a mark.
    pub fn mark(
        &self,
        session: Option<&Session>,
        mark: Mark,
        asset_type: Option<&Line>,
    ) -> Result<Answer, SyncError> {
        let mut request = self.http.get(&format!("/v1/marks/{mark}"));
        if let Some(asset_type) = asset_type {
            request = request.query("asset_type", asset_type.as_str());
        }
        let answer = self.http.answered(bearer(request, session).call())?;
        answer.expect(&[StatusCode::OK])?.json()
    }

    /// The service's answers about the marks in a photograph.
    pub fn scan(
        &self,
        session: Option<&Session>,
        image: &[u8],
        asset_type: Option<&Line>,
    ) -> Result<Vec<Answer>, SyncError> {
        #[derive(Deserialize)]
        struct Answers {
            answers: Vec<Answer>,
        }
        let mut request = self.http.post("/v1/scan");
        if let Some(asset_type) = asset_type {
            request = request.query("asset_type", asset_type.as_str());
        }
        let request = bearer(request, session).content_type("application/octet-stream");
        let answer = self.http.answered(request.send(image))?;
        let answers: Answers = answer.expect(&[StatusCode::OK])?.json()?;
        Ok(answers.answers)
    }
}

pub(super) fn bearer<B>(
    request: RequestBuilder<B>,
    session: Option<&Session>,
) -> RequestBuilder<B> {
    match session {
        Some(session) => request.header("authorization", session.authorization().as_str()),
        None => request,
    }
}

/// What comes after an entry.
pub(super) enum Next {
    /// More.
    Page(Page),
    /// No more.
    Nothing,
    /// The log says that it has not so much.
    Beyond,
}

/// A log that has less than is known here has no page for us; its checkpoint proves that it went back, its word does not.
fn nothing_beyond(problem: Problem) -> Result<Next, SyncError> {
    match problem.code.as_str() {
        "beyond-the-log" => Ok(Next::Beyond),
        _ => Err(SyncError::Problem(problem)),
    }
}

fn refused_or_waits(answer: Answered) -> Submitted {
    let problem = answer.problem();
    let detail = match problem.detail.as_str() {
        "" => problem.title,
        detail => detail.to_owned(),
    };
    // The key may be enrolled by a statement in somebody else's journal.
    let later = [Code::WaitsFor, Code::UnknownKey].map(Code::name);
    if later.contains(&problem.code.as_str()) {
        return Submitted::Waits { detail };
    }
    let code = problem.code;
    Submitted::Refused { code, detail }
}
