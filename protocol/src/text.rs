//! Texts and times that stand in bodies: bounded, and printable.
//!
//! Owns the limits of every string that enters the system, so that nothing behind this border has to
//! ask again. Must never know what a text is for.

use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A text breaks the rule of its type.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{kind} must be {rule}")]
pub struct BadText {
    kind: &'static str,
    rule: &'static str,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $rule:literal, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadText;

            fn from_str(text: &str) -> Result<$name, BadText> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok($name(text.to_owned()))
                } else {
                    Err(BadText { kind: stringify!($name), rule: $rule })
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<$name, D::Error> {
                String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{:?}", self.0)
            }
        }
    )*};
}

fn is_made_of(text: &str, max_bytes: usize, allowed: fn(u8) -> bool) -> bool {
    (1..=max_bytes).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether a character shows nothing of itself, or changes how others are shown: control characters, marks of
/// direction, characters without width, fillers, and what Unicode will never assign. With them two texts look alike that
/// are not, or one reads backwards.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}'
            | '\u{fffe}' | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Longest text of a stranger that is repeated in a message, in characters.
const REPEATED_CHARS_MAX: usize = 500;

/// A stranger's text, such as the message of a parser that quotes its input, fit to be shown: hidden characters stand
/// as their escapes, and it ends after [`REPEATED_CHARS_MAX`] characters.
pub fn shown(text: &str) -> String {
    let mut told = unhidden(&text.chars().take(REPEATED_CHARS_MAX).collect::<String>());
    if text.chars().nth(REPEATED_CHARS_MAX).is_some() {
        told.push('…');
    }
    told
}

/// `text` with hidden characters, but line feeds, as their escapes: no terminal obeys them.
pub fn unhidden(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => told.push(character),
            _ if is_hidden(character) => told.extend(character.escape_unicode()),
            _ => told.push(character),
        }
    }
    told
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

texts! {
    /// An organisation: a domain name, `iss` of its statements.
    OrgId: "1 to 100 of a-z 0-9 . -", |text| {
        is_made_of(text, 100, |byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
        })
    };
    /// A credential: the person or machine behind a key, without personal data.
    ActorId: "1 to 80 of A-Z a-z 0-9 . _ -", |text| is_made_of(text, 80, is_id_byte);
    /// Origin of a log (C2SP tlog-checkpoint): a schema-less URL.
    Origin: "1 to 100 of a-z 0-9 . - / :", |text| {
        is_made_of(text, 100, |byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-/:".contains(&byte)
        })
    };
    /// Name of a sealed section.
    SectionName: "1 to 40 of a-z 0-9 _", |text| {
        is_made_of(text, 40, |byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
        })
    };
    /// One line for people: names, numbers of documents, units.
    Line: "1 to 200 bytes on one line, without control or invisible characters, and no space at its ends", |text| {
        (1..=200).contains(&text.len()) && text.trim() == text && !text.contains(is_hidden)
    };
    /// A few sentences for people.
    Paragraph: "1 to 2,000 bytes, not all blank, without control or invisible characters but line feeds", |text| {
        (1..=2000).contains(&text.len())
            && !text.trim().is_empty()
            && !text.contains(|character| is_hidden(character) && character != '\n')
    };
    /// Commercial and Government Entity code of an enterprise (NATO ACodP-1): what MIL-STD-130 marks begin with.
    Cage: "5 of A-Z 0-9 without I and O", |text| {
        text.len() == 5
            && is_made_of(text, 5, |byte| {
                byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"IO".contains(&byte))
            })
    };
    /// An enterprise's GS1 Company Prefix.
    CompanyPrefix: "6 to 12 digits", |text| {
        text.len() >= 6 && is_made_of(text, 12, |byte| byte.is_ascii_digit())
    };
    /// Id of a subject: `<type>:<opaque>`, at most 100 bytes.
    SubjectId: "a type of a-z, a colon, then 1 to 80 of A-Z a-z 0-9 . _ -", |text| {
        text.split_once(':').is_some_and(|(kind, opaque)| {
            is_made_of(kind, 19, |byte| byte.is_ascii_lowercase())
                && is_made_of(opaque, 80, is_id_byte)
        })
    };
}

impl SubjectId {
    /// The subject of `kind` named by an opaque id that is made of A-Z a-z 0-9 . _ - already.
    pub fn new(kind: &str, opaque: impl fmt::Display) -> Result<SubjectId, BadText> {
        format!("{kind}:{opaque}").parse()
    }

    /// The subject of `kind` named by a digest; walking upward makes these by the hundred.
    pub(crate) fn of_digest(kind: &'static str, digest: &Digest) -> SubjectId {
        SubjectId(format!("{kind}:{digest}"))
    }

    /// The type before the colon.
    pub fn kind(&self) -> &str {
        self.0.split_once(':').map_or("", |(kind, _)| kind)
    }

    /// What stands behind the colon.
    pub fn opaque(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, opaque)| opaque)
    }
}

/// A time with the offset at which it was written down (RFC 3339), between 2000 and 2199.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(OffsetDateTime);

impl Moment {
    /// The moment of a Unix time, in UTC.
    pub fn from_unix(seconds: i64) -> Result<Moment, BadText> {
        OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .filter(|time| (2000..2200).contains(&time.year()))
            .map(Moment)
            .ok_or(BAD_MOMENT)
    }

    /// Seconds since 1970-01-01 UTC.
    pub fn unix(&self) -> i64 {
        self.0.unix_timestamp()
    }
}

const BAD_MOMENT: BadText = BadText {
    kind: "a time",
    rule: "RFC 3339 with an offset, between 2000 and 2199",
};

impl FromStr for Moment {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Moment, BadText> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| BAD_MOMENT)?;
        // By its Unix time: taken to UTC, the last hours of the year 9999 would have no date.
        Moment::from_unix(time.unix_timestamp()).map(|_| Moment(time))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Moment, D::Error> {
        String::deserialize(input)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold() {
        assert!("oem.example".parse::<OrgId>().is_ok());
        for bad in ["", "OEM", "a b", "é", &"x".repeat(101)] {
            assert!(bad.parse::<OrgId>().is_err(), "{bad}");
        }
        assert!("part:AB-1".parse::<SubjectId>().is_ok());
        for bad in [
            "part",
            "part:",
            ":x",
            "Part:x",
            "part:a:b",
            &format!("part:{}", "x".repeat(81)),
        ] {
            assert!(bad.parse::<SubjectId>().is_err(), "{bad}");
        }
        assert!("a\u{0}b".parse::<Line>().is_err() && "a\nb".parse::<Line>().is_err());
        assert!("x".repeat(3000).parse::<Paragraph>().is_err());
    }

    #[test]
    fn what_hides_or_turns_around_is_refused_and_told_by_its_escape() {
        for hidden in [
            '\0',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{200f}',
            '\u{202e}',
            '\u{2028}',
            '\u{2066}',
            '\u{2069}',
            '\u{3164}',
            '\u{feff}',
            '\u{fffe}',
            '\u{e0041}',
        ] {
            for text in [
                format!("a{hidden}b"),
                format!("{hidden}a"),
                hidden.to_string(),
            ] {
                assert!(text.parse::<Line>().is_err(), "{text:?}");
                assert!(text.parse::<Paragraph>().is_err(), "{text:?}");
                assert!(!shown(&text).contains(hidden), "{text:?}");
                assert!(!unhidden(&text).contains(hidden), "{text:?}");
            }
        }
        for (line, paragraph) in [
            (" a", true),
            ("a\u{3000}", true),
            (" ", false),
            ("\n", false),
        ] {
            assert!(line.parse::<Line>().is_err(), "{line:?}");
            assert_eq!(line.parse::<Paragraph>().is_ok(), paragraph, "{line:?}");
        }
        for good in ["Bügel 7 µm", "ブラケット", "قوس", "דגם 4", "e\u{301}tai"] {
            assert!(good.parse::<Line>().is_ok(), "{good}");
            assert_eq!(
                (shown(good), unhidden(good)),
                (good.to_owned(), good.to_owned())
            );
        }
        assert_eq!(shown("a\u{1b}[2J"), "a\\u{1b}[2J");
        assert_eq!(shown(&"é".repeat(900)), "é".repeat(500) + "…");
    }

    #[test]
    fn a_moment_keeps_its_offset() {
        let moment: Moment = "2026-03-01T12:00:00+09:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-03-01T12:00:00+09:00");
        assert_eq!(moment.unix(), 1_772_334_000);
        for bad in [
            "2026-03-01",
            "1999-12-31T00:00:00Z",
            "9999-12-31T00:00:00Z",
            "9999-12-31T23:59:59-23:59",
            "0000-01-01T00:00:00+23:59",
            "2026-03-01T12:00:00",
            "2026-03-01T24:00:00Z",
            "2026-03-01T12:00:00+24:00",
            "2026-03-01T12:00:00\u{2212}01:00",
            "+2026-03-01T12:00:00Z",
            "x",
        ] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
        assert!(Moment::from_unix(i64::MAX).is_err());
    }
}
