//! What a witness's answer to `add-checkpoint` means.
//!
//! Owns the table of statuses, and the deviations of real witnesses from it. Must never know how an answer came.

use super::Line;
use threadmark_protocol::checkpoint::Cosignature;
use threadmark_protocol::note::NoteSignature;
use threadmark_protocol::text::shown;
use threadmark_protocol::witness::Request;
use threadmark_protocol::witness::policy::PolicyWitness;

/// How far a witness's clock may be ahead: a line from the future would make knowledge look young for ever.
const AHEAD_MAX_S: u64 = 300;

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It has cosigned; the line was verified.
    Cosigned(Line),
    /// It has cosigned this size last: ask again from there.
    Knows(u64),
    /// It has not, for this reason.
    Trouble(Trouble),
}

/// Why a witness does not cosign, in words for the operator.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Trouble {
    /// No answer.
    #[error("it does not answer: {0}")]
    Unreachable(String),
    /// 400.
    #[error("it does not understand the request")]
    Misunderstood,
    /// 403, with the first line of what it says.
    #[error(
        "it does not trust this log: it may know another key of it, or its audit refuses an entry. It says: {0}"
    )]
    Untrusted(String),
    /// 404.
    #[error("it does not know this log: its operator must add the log's key")]
    UnknownLog,
    /// 409 with a size that this log does not have.
    #[error("it says that it has cosigned size {0}, which this log does not have")]
    Ahead(u64),
    /// 409 without a size, as some witnesses answer when they have another root of the same size.
    #[error("it has cosigned something else and does not say what")]
    Conflict,
    /// 422.
    #[error("it says that this tree does not continue the one that it has cosigned")]
    Inconsistent,
    /// 429.
    #[error("it is asked too often")]
    Busy,
    /// 503, as a cosigner answers that replays the entries first; with the first line of what it says.
    #[error("it cannot cosign yet. It says: {0}")]
    NotYet(String),
    /// 200 without a line by its key.
    #[error("its answer holds no line by the key that the policy names")]
    NoLine,
    /// 200 with a line that claims the key and fails.
    #[error("its answer holds a line that its key has not signed")]
    Forged,
    /// 200 with a time from the future.
    #[error("its clock is ahead: its cosignature is of {0}, Unix seconds")]
    Future(u64),
    /// Any other status.
    #[error("it answers with status {0}")]
    Status(u16),
}

/// What an answer means to whoever has sent `request` to `witness`, has `head_size` entries, and looks at the clock `now`
/// (Unix seconds).
pub fn heard(
    witness: &PolicyWitness,
    request: &Request,
    head_size: u64,
    (status, body): (u16, &str),
    now: i64,
) -> Heard {
    let trouble = match status {
        200 => {
            let line = line_of(witness, request.note().text(), body, now);
            return line.map_or_else(Heard::Trouble, Heard::Cosigned);
        }
        409 => return conflict(body, request.old(), head_size),
        400 => Trouble::Misunderstood,
        403 => Trouble::Untrusted(first_line(body)),
        404 => Trouble::UnknownLog,
        422 => Trouble::Inconsistent,
        429 => Trouble::Busy,
        503 => Trouble::NotYet(first_line(body)),
        other => Trouble::Status(other),
    };
    Heard::Trouble(trouble)
}

/// What a stranger says, fit for a log.
fn first_line(body: &str) -> String {
    shown(body.lines().next().unwrap_or_default())
}

/// The newest line by the witness's key. Lines of other keys and of other forms are none of ours.
fn line_of(witness: &PolicyWitness, text: &str, body: &str, now: i64) -> Result<Line, Trouble> {
    let lines = body
        .lines()
        .filter_map(|line| line.parse::<NoteSignature>().ok());
    let mut newest: Option<Line> = None;
    for signature in lines.filter(|line| witness.key.is_named_by(line)) {
        let found = witness.key.check(text, &signature.signature);
        let time = found.and_then(|found| found.time).ok_or(Trouble::Forged)?;
        if time == 0 || time > now.max(0).unsigned_abs().saturating_add(AHEAD_MAX_S) {
            return Err(Trouble::Future(time));
        }
        if newest
            .as_ref()
            .is_none_or(|line| line.cosignature.time < time)
        {
            let witness = witness.key.clone();
            newest = Some(Line {
                cosignature: Cosignature { witness, time },
                signature,
            });
        }
    }
    newest.ok_or(Trouble::NoLine)
}

fn conflict(body: &str, asked_from: u64, head_size: u64) -> Heard {
    let size = body.trim_end_matches('\n').parse::<u64>().ok();
    match size.filter(|size| body == format!("{size}\n") || body == size.to_string()) {
        Some(size) if size > head_size => Heard::Trouble(Trouble::Ahead(size)),
        // Asked from there already: asking again would change nothing.
        Some(size) if size == asked_from => Heard::Trouble(Trouble::Conflict),
        Some(size) => Heard::Knows(size),
        // From 0 on even a witness that says nothing here names its size, or begins anew.
        None if asked_from > 0 && body.is_empty() => Heard::Knows(0),
        None => Heard::Trouble(Trouble::Conflict),
    }
}
