//! Unique item identifiers (MIL-STD-130N with change 1, table A-II), and the ISO/IEC 15434 envelope that carries them in a
//! Data Matrix.
//!
//! Owns constructs 1 and 2 of an enterprise with a CAGE code, and the formats 05 (GS1 application identifiers), 06 (ASC MH10
//! data identifiers) and 12 (text element identifiers). A UII by itself cannot be parsed back into its parts, so the parts
//! travel in the envelope. Must never know parts, logs or symbols.

use crate::text::Cage;
use std::fmt;
use thiserror::Error;

/// Issuing agency of CAGE codes (ISO/IEC 15459).
const AGENCY_OF_CAGE: char = 'D';
/// Most characters of a UII.
pub const UII_MAX: usize = 50;
/// Most characters of a serial number in it.
pub const SERIAL_MAX: usize = 30;
/// Most characters of a part number in it.
pub const PART_NUMBER_MAX: usize = 32;
/// Most characters of an envelope that are read.
pub const ENVELOPE_MAX: usize = 500;

/// Record, group and end separators of ISO/IEC 15434.
const RS: char = '\u{1e}';
const GS: char = '\u{1d}';
const EOT: char = '\u{4}';

/// What is no UII, or no envelope of one.
#[derive(Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)] // the messages say it
pub enum BadUii {
    #[error("a part of a UII is made of A-Z 0-9 - and /")]
    Characters,
    #[error(
        "a UII has at most {UII_MAX} characters, a serial number {SERIAL_MAX}, a part number {PART_NUMBER_MAX}"
    )]
    TooLong,
    #[error(
        "no ISO/IEC 15434 envelope: it begins with [)>, RS and 05, 06 or 12, and ends with RS and EOT"
    )]
    NoEnvelope,
    #[error("the envelope holds no enterprise with a serial number")]
    Incomplete,
}

/// Components of a UII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uii {
    /// The enterprise.
    pub cage: Cage,
    /// The original part number: construct 2; without it construct 1, where the serial number is unique in the enterprise.
    pub part_number: Option<String>,
    /// The serial number.
    pub serial: String,
}

impl Uii {
    /// Checks the parts.
    ///
    /// # Errors
    /// One is too long, or has characters that no UII may have.
    pub fn new(cage: Cage, part_number: Option<&str>, serial: &str) -> Result<Uii, BadUii> {
        let uii = Uii {
            cage,
            part_number: part_number.map(str::to_owned),
            serial: serial.to_owned(),
        };
        let is_long = |text: &str, most: usize| text.is_empty() || text.len() > most;
        let number = uii.part_number.as_deref();
        if !is_text(serial) || number.is_some_and(|number| !is_text(number)) {
            return Err(BadUii::Characters);
        }
        if is_long(serial, SERIAL_MAX)
            || number.is_some_and(|number| is_long(number, PART_NUMBER_MAX))
            || uii.to_string().len() > UII_MAX
        {
            return Err(BadUii::TooLong);
        }
        Ok(uii)
    }

    /// 1 or 2.
    pub fn construct(&self) -> u8 {
        if self.part_number.is_some() { 2 } else { 1 }
    }

    /// The envelope in format 06: what stands in the Data Matrix (ECC 200).
    pub fn envelope(&self) -> String {
        let (cage, serial) = (&self.cage, &self.serial);
        let data = match &self.part_number {
            None => format!("18S{cage}{serial}"),
            Some(number) => format!("17V{cage}{GS}1P{number}{GS}S{serial}"),
        };
        format!("[)>{RS}06{GS}{data}{RS}{EOT}")
    }

    /// Reads an envelope of format 06 or 12.
    ///
    /// # Errors
    /// It is no envelope, or holds no UII of an enterprise with a CAGE code.
    pub fn read(envelope: &str) -> Result<Uii, BadUii> {
        let (format, fields) = fields(envelope)?;
        let names: [&[&str]; 5] = match format {
            Format::DataIdentifiers => [&["17V"], &["1P"], &["S"], &["18S"], &["25S"]],
            Format::TextElements => [
                &["MFR ", "CAG ", "SPL "],
                &["PNO "],
                &["SEQ "],
                &["SER ", "UCN "],
                &[],
            ],
            Format::Gs1 => return Err(BadUii::Incomplete),
        };
        let value = |names: &[&str]| {
            let mut found = fields.iter().flat_map(|field| {
                names
                    .iter()
                    .filter_map(move |name| field.strip_prefix(name))
            });
            found.next()
        };
        let [cage, number, serial, own, whole] = names.map(value);
        if format == Format::TextElements {
            let cage = parse(cage.ok_or(BadUii::Incomplete)?)?;
            return match (number, serial, own) {
                (Some(number), Some(serial), None) => Uii::new(cage, Some(number), serial),
                (_, None, Some(serial)) => Uii::new(cage, None, serial),
                _ => Err(BadUii::Incomplete),
            };
        }
        // 25S holds the whole UII, with the issuing agency before it.
        let whole = whole.and_then(|whole| whole.strip_prefix(AGENCY_OF_CAGE));
        match (own.or(whole), cage, serial) {
            (Some(own), ..) => {
                let (cage, serial) = own.split_at_checked(5).ok_or(BadUii::Incomplete)?;
                Uii::new(parse(cage)?, None, serial)
            }
            (None, Some(cage), Some(serial)) => Uii::new(parse(cage)?, number, serial),
            _ => Err(BadUii::Incomplete),
        }
    }
}

/// The concatenated UII, as registries hold it.
impl fmt::Display for Uii {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.part_number.as_deref().unwrap_or_default();
        write!(out, "{AGENCY_OF_CAGE}{}{number}{}", self.cage, self.serial)
    }
}

/// Which names stand before the fields of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 05: GS1 application identifiers.
    Gs1,
    /// 06: ASC MH10 data identifiers.
    DataIdentifiers,
    /// 12: text element identifiers (ATA Spec 2000, chapter 9).
    TextElements,
}

/// The fields of an envelope, each with its identifier.
///
/// # Errors
/// It is no envelope of these formats, or too long.
pub fn fields(envelope: &str) -> Result<(Format, Vec<&str>), BadUii> {
    if envelope.len() > ENVELOPE_MAX {
        return Err(BadUii::TooLong);
    }
    let inner = envelope
        .strip_prefix("[)>")
        .and_then(|rest| rest.strip_prefix(RS));
    let inner = inner.and_then(|rest| rest.strip_suffix(EOT)?.strip_suffix(RS));
    let (format, data) = inner
        .and_then(|inner| inner.split_once(GS))
        .ok_or(BadUii::NoEnvelope)?;
    let format = match format {
        "05" => Format::Gs1,
        "06" => Format::DataIdentifiers,
        "12" => Format::TextElements,
        _ => return Err(BadUii::NoEnvelope),
    };
    if data.contains([RS, EOT]) {
        return Err(BadUii::NoEnvelope);
    }
    Ok((format, data.split(GS).collect()))
}

/// The GIAI (application identifier 8004) of an envelope of format 05, which counts as a UII.
///
/// # Errors
/// It is no such envelope.
pub fn giai(envelope: &str) -> Result<&str, BadUii> {
    let (format, fields) = fields(envelope)?;
    let mut found = fields
        .into_iter()
        .filter_map(|field| field.strip_prefix("8004"));
    let giai = found.next().filter(|_| format == Format::Gs1);
    giai.ok_or(BadUii::Incomplete)
}

/// The envelope of a GIAI.
pub fn envelope_of_giai(giai: &str) -> String {
    format!("[)>{RS}05{GS}8004{giai}{RS}{EOT}")
}

fn parse(cage: &str) -> Result<Cage, BadUii> {
    cage.parse().map_err(|_| BadUii::Characters)
}

fn is_text(text: &str) -> bool {
    let is_allowed =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"-/".contains(&byte);
    text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cage() -> Cage {
        "1ABC9".parse().unwrap()
    }

    #[test]
    fn published_vectors_are_read_and_written() {
        let two = Uii::new(cage(), Some("VP-BRKT-100"), "1001").unwrap();
        let envelope = "[)>\u{1e}06\u{1d}17V1ABC9\u{1d}1PVP-BRKT-100\u{1d}S1001\u{1e}\u{4}";
        assert_eq!(
            (two.construct(), two.to_string().as_str()),
            (2, "D1ABC9VP-BRKT-1001001")
        );
        assert_eq!(two.envelope(), envelope);
        assert_eq!(Uii::read(envelope), Ok(two));
        let one = Uii::new(cage(), None, "7K3Q9XWD2M8TV0AY").unwrap();
        assert_eq!(
            (one.construct(), one.to_string().as_str()),
            (1, "D1ABC97K3Q9XWD2M8TV0AY")
        );
        assert_eq!(Uii::read(&one.envelope()), Ok(one.clone()));
        let whole = format!("[)>\u{1e}06\u{1d}25S{one}\u{1e}\u{4}");
        assert_eq!(Uii::read(&whole), Ok(one));
        // MIL-STD-130N, format 05.
        let gs1 = "[)>\u{1e}05\u{1d}800406141419999960MH80312\u{1d}21MH80312\u{1d}950614141\u{1d}24099999\u{1e}\u{4}";
        assert_eq!(giai(gs1), Ok("06141419999960MH80312"));
        assert_eq!(fields(gs1).unwrap().1.len(), 4);
        assert_eq!(Uii::read(gs1), Err(BadUii::Incomplete));
        let own = envelope_of_giai("40123457K3Q9XWD2M8TV0AY");
        assert_eq!(giai(&own), Ok("40123457K3Q9XWD2M8TV0AY"));
    }

    #[test]
    fn text_elements_are_read() {
        let two = "[)>\u{1e}12\u{1d}MFR 1ABC9\u{1d}PNO VP-1\u{1d}SEQ 7\u{1e}\u{4}";
        assert_eq!(Uii::read(two), Uii::new(cage(), Some("VP-1"), "7"));
        let one = "[)>\u{1e}12\u{1d}CAG 1ABC9\u{1d}SER 8\u{1e}\u{4}";
        assert_eq!(Uii::read(one), Uii::new(cage(), None, "8"));
    }

    #[test]
    fn what_is_none_is_refused() {
        for (text, error) in [
            ("", BadUii::NoEnvelope),
            ("[)>\u{1e}06\u{1d}S1", BadUii::NoEnvelope),
            ("[)>\u{1e}07\u{1d}S1\u{1e}\u{4}", BadUii::NoEnvelope),
            (
                "[)>\u{1e}06\u{1d}S1\u{1e}06\u{1d}S2\u{1e}\u{4}",
                BadUii::NoEnvelope,
            ),
            ("[)>\u{1e}06\u{1d}S1\u{1e}\u{4}", BadUii::Incomplete),
            ("[)>\u{1e}06\u{1d}18S1AB\u{1e}\u{4}", BadUii::Incomplete),
            ("[)>\u{1e}06\u{1d}18S1ABO9X\u{1e}\u{4}", BadUii::Characters),
            ("[)>\u{1e}06\u{1d}18S1ABC9é\u{1e}\u{4}", BadUii::Characters),
            (
                "[)>\u{1e}06\u{1d}25SUN1ABC9X\u{1e}\u{4}",
                BadUii::Incomplete,
            ),
            (
                "[)>\u{1e}12\u{1d}MFR 1ABC9\u{1d}PNO V\u{1e}\u{4}",
                BadUii::Incomplete,
            ),
        ] {
            assert_eq!(Uii::read(text), Err(error), "{text:?}");
        }
        assert_eq!(
            Uii::new(cage(), None, &"1".repeat(31)),
            Err(BadUii::TooLong)
        );
        assert_eq!(Uii::new(cage(), None, ""), Err(BadUii::TooLong));
        assert_eq!(
            Uii::new(cage(), Some(&"1".repeat(30)), &"1".repeat(20)),
            Err(BadUii::TooLong)
        );
        assert_eq!(Uii::new(cage(), None, "a"), Err(BadUii::Characters));
        assert_eq!(fields(&"x".repeat(ENVELOPE_MAX + 1)), Err(BadUii::TooLong));
    }
}
