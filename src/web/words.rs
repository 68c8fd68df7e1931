//! Times, ages, numbers and names as people read them.
//!
//! Owns how a value becomes text on a page. Must never know which page it stands on, nor the time it is now.

use threadmark_protocol::body::governance::{Holder, PartClass, Role};
use threadmark_protocol::code::HoldKind;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::key::KeyLevel;
use threadmark_protocol::life::Phase;
use threadmark_protocol::text::{Line, OrgId};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// A thin space that does not break, between groups of digits.
const THIN: &str = "\u{202f}";

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Of the mean Gregorian year.
const MONTH: u64 = 2_629_746;
const YEAR: u64 = 12 * MONTH;

/// A time in UTC, for people and for machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// `14 Mar 2026`.
    pub day: String,
    /// `09:12 UTC`.
    pub clock: String,
    /// RFC 3339; empty where no calendar reaches.
    pub iso: String,
}

/// A Unix time as a stamp; seconds as they are where no calendar reaches.
pub fn stamp(unix: i64) -> Stamp {
    let day = format_description!("[day padding:none] [month repr:short] [year]");
    let clock = format_description!("[hour]:[minute] UTC");
    let Ok(time) = OffsetDateTime::from_unix_timestamp(unix) else {
        let (day, clock, iso) = (unix.to_string(), "s after 1970".to_owned(), String::new());
        return Stamp { day, clock, iso };
    };
    Stamp {
        day: time.format(day).unwrap_or_default(),
        clock: time.format(clock).unwrap_or_default(),
        iso: time.format(&Rfc3339).unwrap_or_default(),
    }
}

/// A span of time rounded down to a whole unit: hours up to two days, days up to four months.
pub fn span(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..MINUTE => return "less than a minute".to_owned(),
        MINUTE..HOUR => (seconds / MINUTE, "minute"),
        HOUR..172_800 => (seconds / HOUR, "hour"),
        172_800..10_518_984 => (seconds / DAY, "day"),
        10_518_984..63_113_904 => (seconds / MONTH, "month"),
        _ => (seconds / YEAR, "year"),
    };
    plural(number, unit)
}

/// `1 statement`, `12 statements`.
pub fn plural(number: u64, thing: &str) -> String {
    plural_of(number, thing, &format!("{thing}s"))
}

/// `1 entry`, `12 entries`.
pub fn plural_of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// An organisation by its name, with its id beside it where that says more.
pub fn organisation(id: &OrgId, name: Option<&Line>) -> String {
    match name {
        Some(name) if name.as_str() != id.as_str() => format!("{name} ({id})"),
        _ => id.to_string(),
    }
}

/// A mass in milligrams, in kilograms or grams with all its digits.
pub fn mass(mass_mg: i64) -> String {
    let sign = if mass_mg < 0 { "-" } else { "" };
    let all = mass_mg.unsigned_abs();
    let (digits, unit) = match all {
        1_000_000.. => (format!("{}.{:06}", all / 1_000_000, all % 1_000_000), "kg"),
        _ => (format!("{}.{:03}", all / 1000, all % 1000), "g"),
    };
    let short = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{sign}{short}{THIN}{unit}")
}

/// A time in operation.
pub fn hours(duration_s: u64) -> String {
    format!("{} h", count(duration_s / 3600))
}

/// A number in groups of three.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(THIN);
        }
        text.push(digit);
    }
    text
}

/// The first 16 digits of a digest in groups of four: enough to compare by eye.
pub fn short(digest: &Digest) -> String {
    let hex = digest.to_hex();
    let groups: Vec<&str> = (0..16).step_by(4).map(|at| &hex[at..at + 4]).collect();
    groups.join(" ")
}

/// Who signs with a key.
pub fn holder(holder: Option<Holder>) -> &'static str {
    match holder {
        Some(Holder::Person) => "a person",
        Some(Holder::Machine) => "a machine",
        Some(Holder::Log) => "the log",
        None => "signer unknown",
    }
}

/// What a key's holder may sign.
pub fn role(role: &Role) -> &'static str {
    match role {
        Role::Admin => "administrator",
        Role::DesignAuthority => "design authority",
        Role::Certifier => "certifier",
        Role::Production => "production",
        Role::Operator => "operator",
        Role::Inspector => "inspector",
        Role::ReleaseSignatory => "release signatory",
        Role::Custodian => "custodian",
        Role::Mechanic => "mechanic",
    }
}

/// Where a key lives.
pub fn key(level: Option<KeyLevel>) -> &'static str {
    match level {
        Some(KeyLevel::Software) => "software key",
        Some(KeyLevel::AttestedHardware) => "attested hardware key",
        None => "key unknown",
    }
}

/// A class of parts, with what it means.
pub fn class(class: PartClass) -> &'static str {
    match class {
        PartClass::A => "A, high consequence of failure",
        PartClass::B => "B, medium consequence of failure",
        PartClass::C => "C, negligible consequence of failure",
    }
}

/// How far a part has come.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Expected => "no build reported",
        Phase::Printing => "printing",
        Phase::Built => "printed",
        Phase::Scrapped => "build aborted",
        Phase::Accepted => "passed inspection",
        Phase::Rejected => "failed inspection",
        Phase::Released => "released for use",
        Phase::Installed => "installed",
        Phase::Removed => "removed, or repaired",
        Phase::Decommissioned => "out of use",
        Phase::Destroyed => "destroyed",
    }
}

/// A kind of hold.
pub fn hold(kind: HoldKind) -> &'static str {
    match kind {
        HoldKind::Recall => "recall",
        HoldKind::Suspect => "suspect",
        HoldKind::Nonconformance => "nonconformance",
        HoldKind::Quarantine => "quarantine",
        HoldKind::Unapproved => "not approved",
        HoldKind::Unvouched => "not vouched for",
        HoldKind::DocGap => "missing document",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_use_the_largest_unit_that_says_enough() {
        let spans = [
            (0, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 minute"),
            (3599, "59 minutes"),
            (3600, "1 hour"),
            (3 * 3600 + 1799, "3 hours"),
            (47 * 3600 + 3599, "47 hours"),
            (48 * 3600, "2 days"),
            (74 * 86_400, "74 days"),
            (122 * 86_400, "4 months"),
            (2 * 365 * 86_400, "23 months"),
            (63_113_904, "2 years"),
        ];
        for (seconds, words) in spans {
            assert_eq!(span(seconds), words, "{seconds} s");
        }
        assert!(span(u64::MAX).ends_with(" years"));
    }

    #[test]
    fn times_carry_their_zone() {
        let time = stamp(1_773_479_520);
        assert_eq!(
            (time.day.as_str(), time.clock.as_str()),
            ("14 Mar 2026", "09:12 UTC")
        );
        assert_eq!(time.iso, "2026-03-14T09:12:00Z");
        assert_eq!(stamp(i64::MAX).iso, "");
    }

    #[test]
    fn numbers_and_digests_stand_in_groups() {
        assert_eq!(count(48_213), "48\u{202f}213");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000_000), "1\u{202f}000\u{202f}000");
        assert_eq!(plural(1, "entry"), "1 entry");
        assert_eq!(short(&Digest([0x3f; 32])), "3f3f 3f3f 3f3f 3f3f");
        for (mass_mg, words) in [
            (0, "0\u{202f}g"),
            (12_500, "12.5\u{202f}g"),
            (1_000_000, "1\u{202f}kg"),
            (20_000_001, "20.000001\u{202f}kg"),
            (-250, "-0.25\u{202f}g"),
        ] {
            assert_eq!(mass(mass_mg), words);
        }
    }
}
