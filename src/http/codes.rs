//! What can go wrong at the border, by name.
//!
//! Owns the closed list of the problems that a request can meet before a rule is asked, each with its status, what
//! happened and what to do now. With the codes of the rules (`threadmark_protocol::code`) it is everything that the
//! service can answer instead of what was asked for: [`Kind::all`]. Codes are stable. Must never know where one is
//! raised.

use axum::http::StatusCode;
use threadmark_protocol::code::Code;

macro_rules! border {
    ($($variant:ident = $status:ident $name:literal: $title:literal, $advice:literal;)*) => {
        /// A problem of the border.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Border {
            $(#[doc = $title] $variant,)*
        }

        impl Border {
            /// Every one.
            pub const ALL: &[Border] = &[$(Border::$variant,)*];

            /// Its one status.
            pub fn status(self) -> StatusCode {
                match self { $(Border::$variant => StatusCode::$status,)* }
            }

            /// The stable name.
            pub fn name(self) -> &'static str {
                match self { $(Border::$variant => $name,)* }
            }

            /// What happened.
            pub fn title(self) -> &'static str {
                match self { $(Border::$variant => $title,)* }
            }

            /// What to do now.
            pub fn advice(self) -> &'static str {
                match self { $(Border::$variant => $advice,)* }
            }
        }
    };
}

border! {
    BadRequest = BAD_REQUEST "bad-request": "The request is not understood.", "Read the detail, and what the operation takes at /docs.";
    EpcisParameter = BAD_REQUEST "epcis-parameter": "A parameter of the EPCIS query is not supported, or its value is none.", "Ask with the parameters that GET /v1/epcis/events names at /docs.";
    EpcisTooComplex = BAD_REQUEST "epcis-too-complex": "The EPCIS query asks for more than is told at once.", "Name the parts with MATCH_anyEPC, at most four of them.";
    EpcisInvalid = BAD_REQUEST "epcis-invalid": "The document is not one that is captured.", "Read the detail: it names the places that the official JSON schema of EPCIS 2.0 refuses. Nothing was kept.";
    NotAPicture = BAD_REQUEST "not-a-picture": "The bytes are no picture that can be read.", "Send a PNG or JPEG picture.";
    WrongDigest = BAD_REQUEST "wrong-digest": "The bytes have another SHA3-256 than the address.", "Compute the digest of the bytes that you send, and use it in the address.";
    NoSession = UNAUTHORIZED "no-session": "This asks for a member's session.", "Open a session at POST /v1/sessions and send its token as Bearer.";
    SessionRefused = UNAUTHORIZED "session-refused": "The assertion or session is not valid.", "Sign a new assertion with the session key of a key in force, and check the clock.";
    NotAdministrator = FORBIDDEN "not-administrator": "Only an administrator of the organisation sets this.", "Let an administrator do it, or have the role `admin` granted.";
    NotFound = NOT_FOUND "not-found": "There is no such thing here.", "Check the address; what is not logged yet may come later.";
    BeyondTheLog = NOT_FOUND "beyond-the-log": "The log has not so many entries.", "Compare your checkpoint with /log/checkpoint: if yours is larger, the log went back or is another one; tell its governor.";
    WrongMethod = METHOD_NOT_ALLOWED "wrong-method": "The address does not take this method.", "Use one that the header Allow names.";
    TooSlow = REQUEST_TIMEOUT "too-slow": "The request took too long.", "Send it again, whole and at once.";
    TooLarge = PAYLOAD_TOO_LARGE "too-large": "The body is too large.", "Send less; the detail says how much is taken.";
    EpcisTooMuch = PAYLOAD_TOO_LARGE "epcis-too-much": "That is more than one capture takes, or one query tells.", "Capture less at once, or ask about fewer parts and a shorter time; the detail says how much is taken.";
    PictureTooLarge = PAYLOAD_TOO_LARGE "picture-too-large": "The picture is too large.", "Send a smaller picture.";
    WrongMediaType = UNSUPPORTED_MEDIA_TYPE "wrong-media-type": "The body is not of a type that is taken here.", "Send the type that the detail names, and name it in the header Content-Type.";
    NoSuchRange = RANGE_NOT_SATISFIABLE "no-such-range": "The file has no such range.", "Ask for bytes within the size that the header Content-Range names.";
    TooMuchForABundle = UNPROCESSABLE_ENTITY "too-much-for-a-bundle": "More belongs to this part than one bundle holds.", "Synchronise the whole log instead.";
    NotAMark = UNPROCESSABLE_ENTITY "not-a-mark": "The code in the picture is not one of ours.", "Photograph the mark itself, or type its 16 characters.";
    NoCode = UNPROCESSABLE_ENTITY "no-code": "No mark was read in the picture.", "Go closer until the mark fills a quarter of the picture, light it from the side, no flash; or type the 16 characters.";
    Quota = TOO_MANY_REQUESTS "quota": "That is more than one may use at a time.", "Wait as long as Retry-After says, then send the same again; nothing is lost.";
    Internal = INTERNAL_SERVER_ERROR "internal": "The service made a mistake; nothing was promised.", "Send the same again; if it happens again, tell who runs the service.";
    Unavailable = SERVICE_UNAVAILABLE "unavailable": "The service cannot do this now; nothing was promised.", "Send the same again in a few seconds.";
    NoRoom = SERVICE_UNAVAILABLE "no-room": "The service has no room left on its disk; nothing was promised.", "Send the same again in some minutes; who runs the service must make room.";
    Busy = SERVICE_UNAVAILABLE "busy": "Too much of this is being done at the same time.", "Send it again in a moment.";
}

/// The type of a problem: the border's, or a rule's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Of the border.
    Border(Border),
    /// Of a rule, or of the form of a statement.
    Rule(Code),
}

impl From<Border> for Kind {
    fn from(code: Border) -> Kind {
        Kind::Border(code)
    }
}

impl From<Code> for Kind {
    fn from(code: Code) -> Kind {
        Kind::Rule(code)
    }
}

impl Kind {
    /// Every type of problem, the border's first.
    pub fn all() -> impl Iterator<Item = Kind> {
        let border = Border::ALL.iter().copied().map(Kind::Border);
        border.chain(Code::ALL.iter().copied().map(Kind::Rule))
    }

    /// Its one status: one that waits can come again, one that is refused cannot.
    pub fn status(self) -> StatusCode {
        match self {
            Kind::Border(code) => code.status(),
            Kind::Rule(Code::Malformed) => StatusCode::BAD_REQUEST,
            Kind::Rule(Code::WaitsFor) => StatusCode::CONFLICT,
            Kind::Rule(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Border(code) => code.name(),
            Kind::Rule(code) => code.name(),
        }
    }

    /// What happened.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Border(code) => code.title(),
            Kind::Rule(code) => code.title(),
        }
    }

    /// What to do now.
    pub fn advice(self) -> &'static str {
        match self {
            Kind::Border(code) => code.advice(),
            Kind::Rule(code) => code.advice(),
        }
    }

    /// The type's URI (RFC 9457): ours, or the one that a standard has for it (EPCIS 2.0, REST binding).
    pub fn urn(self) -> String {
        let exception = match self {
            Kind::Border(Border::EpcisParameter) => "QueryParameter",
            Kind::Border(Border::EpcisTooComplex) => "QueryTooComplex",
            Kind::Border(Border::EpcisInvalid) => "Validation",
            Kind::Border(Border::EpcisTooMuch) => "CaptureLimitExceeded",
            _ => return format!("urn:threadmark:problem:{}", self.name()),
        };
        format!("epcisException:{exception}Exception")
    }

    /// Where people read about it, relative to the service.
    pub fn help(self) -> String {
        format!("/docs/problems#{}", self.name())
    }

    /// Seconds after which the same request may succeed, unchanged.
    pub fn retry_after_s(self) -> Option<u16> {
        match self {
            Kind::Rule(Code::WaitsFor) | Kind::Border(Border::Unavailable | Border::Busy) => {
                Some(2)
            }
            // Until somebody has made some.
            Kind::Border(Border::NoRoom) => Some(30),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_name_says_what_happened_once_and_for_all() {
        let names: BTreeSet<_> = Kind::all().map(Kind::name).collect();
        assert_eq!(names.len(), Kind::all().count());
        for kind in Kind::all() {
            assert!(kind.title().ends_with('.') && kind.advice().ends_with('.'));
            assert!(kind.status().is_client_error() || kind.status().is_server_error());
            let is_ours = kind.urn().ends_with(kind.name());
            assert!(is_ours || kind.urn().starts_with("epcisException:"));
            assert!(kind.help().ends_with(kind.name()));
        }
    }
}
