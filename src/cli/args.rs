//! Arguments as people write them, and the files that they name.
//!
//! Owns the text forms of times, masses, names and ids, and reading of files. Must never know what they are used for.

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use std::io::Read as _;
use std::path::Path;
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::text::{Moment, SubjectId};

const DAY_S: i64 = 24 * 3600;

/// Largest file that an argument may name: 1 GiB, what one artifact may be.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// A name out of a closed list of the protocol, such as `release_signatory`; hyphens do as well.
pub fn by_name<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let name = serde_json::Value::String(text.replace('-', "_"));
    serde_json::from_value(name).map_err(|error| error.to_string())
}

/// A time: RFC 3339, a date (its first second, UTC), or days from now such as `90d`.
pub fn time(text: &str) -> Result<Moment, String> {
    time_from(text, system::now())
}

fn time_from(text: &str, now: i64) -> Result<Moment, String> {
    let days = text
        .strip_suffix('d')
        .and_then(|days| days.parse::<i64>().ok());
    let moment = match days {
        Some(days) => Moment::from_unix(now.saturating_add(days.saturating_mul(DAY_S))),
        None if text.len() == 10 => format!("{text}T00:00:00Z").parse(),
        None => text.parse(),
    };
    moment.map_err(|error| format!("{error}; or a date; or days from now such as 90d"))
}

/// Grams with up to three decimals, as milligrams.
pub fn grams(text: &str) -> Result<i64, String> {
    thousandths(
        text,
        "a mass is grams with up to three decimals, such as 12.5",
    )
}

/// Millimetres with up to three decimals, as micrometres.
pub fn millimetres(text: &str) -> Result<i64, String> {
    thousandths(
        text,
        "a length is millimetres with up to three decimals, such as 8.003",
    )
}

/// Percent with up to three decimals, in millionths.
pub fn percent(text: &str) -> Result<u32, String> {
    let thousandths = thousandths(text, "a share is percent, such as 99.5")?;
    match u32::try_from(thousandths.saturating_mul(10)) {
        Ok(ppm @ 0..=1_000_000) => Ok(ppm),
        _ => Err("a share is at most 100 percent".to_owned()),
    }
}

/// A number with up to three decimals, in thousandths; `rule` is told of any other text.
pub fn thousandths(text: &str, rule: &str) -> Result<i64, String> {
    let bad = || rule.to_owned();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 3 || !digits(whole) || !digits(part) {
        return Err(bad());
    }
    format!("{whole}{part:0<3}").parse().map_err(|_| bad())
}

/// Two halves around `=`, such as `TR-1=report.pdf`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), file.to_owned()))
        }
        _ => Err("expected NAME=FILE".to_owned()),
    }
}

/// The id that was given, or a new one of this type.
pub fn id_or_new(kind: &str, given: Option<SubjectId>) -> Result<SubjectId> {
    match given {
        Some(id) if id.kind() == kind => Ok(id),
        Some(id) => bail!("{id} is no id of a {kind}; one begins with `{kind}:`"),
        None => {
            let bytes: [u8; 16] = system::random(&mut SystemEntropy)?;
            Ok(SubjectId::new(kind, hex::encode(bytes))?)
        }
    }
}

/// The bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let about = || format!("reading {}", path.display());
    let file = std::fs::File::open(path).with_context(about)?;
    // Read no further than the limit: devices and pipes have no size to ask for.
    let mut bytes = Vec::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    if read.with_context(about)? as u64 > FILE_BYTES_MAX {
        bail!("{} is larger than 1 GiB", path.display());
    }
    Ok(bytes)
}

/// The JSON in a file.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = read(path)?;
    serde_json::from_slice(&bytes).map_err(|error| anyhow!("{}: {error}", path.display()))
}

/// SHA3-256 of a file.
pub fn digest_of(path: &Path) -> Result<Digest> {
    Ok(Digest::sha3(&[&read(path)?]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use threadmark_protocol::body::governance::Role;

    #[test]
    fn times_are_read_as_people_write_them() {
        let at = |text| time_from(text, 1_772_334_000).map(|time| time.to_string());
        assert_eq!(
            at("2026-03-01T12:00:00+09:00").unwrap(),
            "2026-03-01T12:00:00+09:00"
        );
        assert_eq!(at("2026-03-01").unwrap(), "2026-03-01T00:00:00Z");
        assert_eq!(at("2d").unwrap(), "2026-03-03T03:00:00Z");
        for bad in [
            "",
            "d",
            "tomorrow",
            "2026-13-01",
            "9999999999999999999d",
            "99999999999d",
        ] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn grams_become_milligrams_exactly() {
        assert_eq!(grams("12.5"), Ok(12_500));
        assert_eq!(grams("0.001"), Ok(1));
        assert_eq!(grams("7"), Ok(7_000));
        for bad in [
            "",
            ".5",
            "1.2345",
            "-1",
            "1e3",
            "1,5",
            "99999999999999999999",
        ] {
            assert!(grams(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_take_hyphens_and_unknown_ones_are_listed() {
        assert_eq!(
            by_name::<Role>("release-signatory"),
            Ok(Role::ReleaseSignatory)
        );
        assert!(
            by_name::<Role>("boss")
                .unwrap_err()
                .contains("release_signatory")
        );
    }

    #[test]
    fn ids_are_new_or_of_the_right_type() {
        let new = id_or_new("lot", None).unwrap();
        assert_eq!((new.kind(), new.opaque().len()), ("lot", 32));
        assert_ne!(new, id_or_new("lot", None).unwrap());
        assert!(id_or_new("lot", Some("part:1".parse().unwrap())).is_err());
    }
}
