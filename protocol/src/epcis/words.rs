//! Which words of CBV 2.0 each thing that happens to a part has.
//!
//! Owns the table of action, business step and disposition, and the names (URNs) of what has no GS1 key. Where CBV has no
//! word the step is one of our own vocabulary. Must never know documents.

use crate::body::marking::Grade;
use crate::body::physical::Match;
use crate::body::quality::Disposition;
use crate::text::SubjectId;
use crate::world::Event;

/// Action, business step, disposition.
pub struct Words(pub &'static str, pub &'static str, pub &'static str);

const DISPOSITIONING: &str = "urn:threadmark:voc:dispositioning";
const ENROLLING: &str = "urn:threadmark:voc:enrolling";
const TRANSFERRING: &str = "urn:threadmark:voc:transferring_ownership";

/// The words for what happened; what is said of another event has none of its own.
pub fn of(event: &Event) -> Option<Words> {
    const SEEN: &str = "OBSERVE";
    let conforms = |good: bool| if good { "conformant" } else { "non_conformant" };
    Some(match event {
        Event::ErrorDeclared(_) | Event::ErrorConfirmed(_) => return None,
        // It holds nothing, and the vocabulary has no word that says so.
        Event::Suspected(_) | Event::SuspicionLifted(_) => return None,
        Event::Started { .. } => Words("ADD", "encoding", "encoded"),
        Event::Completed { .. } => Words("", "commissioning", "active"),
        Event::Aborted { .. } => Words("DELETE", "decommissioning", "inactive"),
        Event::Entered(_) => Words("ADD", "commissioning", "active"),
        Event::Marked(_) | Event::Remarked(_) => Words(SEEN, "encoding", "encoded"),
        Event::MarkVerified(says) => Words(SEEN, "inspecting", conforms(says.grade < Grade::F)),
        Event::PostProcessed(_) => Words(SEEN, "urn:threadmark:voc:post_processing", "in_progress"),
        Event::Tested(says) => Words(SEEN, "inspecting", conforms(says.passed())),
        Event::Enrolled(_) => Words(SEEN, ENROLLING, "in_progress"),
        // What it amounts to follows from the enrolment too, and who tells it knows that.
        Event::Compared { .. } => Words(SEEN, "inspecting", ""),
        Event::Inspected(says) => Words(SEEN, "inspecting", conforms(says.passed())),
        Event::Nonconformance(_) => Words(SEEN, "holding", "non_conformant"),
        Event::Dispositioned(says) => Words(SEEN, DISPOSITIONING, decided(says.disposition)),
        Event::Released(_) => Words(SEEN, "urn:threadmark:voc:releasing", "conformant"),
        Event::Shipped(_) => Words(SEEN, "shipping", "in_transit"),
        Event::Received(_) => Words(SEEN, "receiving", "in_progress"),
        Event::OwnerChanged(_) => Words(SEEN, TRANSFERRING, "in_progress"),
        Event::OwnerAccepted(_) => Words(SEEN, "accepting", "in_progress"),
        Event::Installed(says) if says.into.is_some() => Words("ADD", "assembling", "in_progress"),
        Event::Installed(_) => Words("ADD", "installing", "in_progress"),
        Event::Removed(_) => Words("DELETE", "removing", "unavailable"),
        Event::Usage(_) => Words(SEEN, "sensor_reporting", "active"),
        // It needs inspection and release again.
        Event::Repaired(_) | Event::Remanufactured(_) => Words(SEEN, "repairing", "in_progress"),
        Event::Decommissioned(_) => Words("DELETE", "decommissioning", "inactive"),
        Event::Destroyed(_) => Words("DELETE", "destroying", "destroyed"),
        Event::DestructionAttested(_) => Words(SEEN, "destroying", "destroyed"),
        Event::Quarantined { .. } => Words(SEEN, "holding", "non_conformant"),
        Event::QuarantineLifted { .. } => Words(SEEN, "urn:threadmark:voc:lifting", "in_progress"),
        Event::Vouched { .. } => Words(SEEN, "urn:threadmark:voc:vouching", "in_progress"),
    })
}

/// The disposition of a part by a comparison with its physical evidence; none where that proves nothing.
pub fn compared(verdict: Option<Match>) -> Option<&'static str> {
    match verdict? {
        Match::Differs => Some("mismatch_instance"),
        Match::ProvesNothing => None,
        Match::Consistent | Match::Matched => Some("conformant"),
    }
}

fn decided(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::UseAsIs => "conformant",
        Disposition::Rework => "in_progress",
        Disposition::Scrap => "non_conformant",
    }
}

/// The name of something that has no GS1 key: `urn:threadmark:<kind>:<text>`, with what a URN cannot hold as escapes.
pub fn urn(kind: &str, text: &str) -> String {
    let mut out = format!("urn:threadmark:{kind}:");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The name of a subject.
pub fn subject(id: &SubjectId) -> String {
    urn(id.kind(), id.opaque())
}
