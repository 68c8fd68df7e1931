//! GS1 identifiers in one form: EPC URNs (TDS 1.13) and Digital Link URIs (URI Syntax 1.2) become the constrained canonical
//! Digital Link, `https://id.gs1.org/{key}/{value}[/{qualifier}/{value}]`, with the finest level only.
//!
//! Owns the syntax of both and the check digit (GS1 General Specifications, 7.9.1). What is neither is left alone. Must
//! never know events, parts or hosts.

const DOMAIN: &str = "https://id.gs1.org";

/// The canonical form of a GS1 identifier; `None` where the text is none.
pub fn canonical(text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix("urn:epc:id:") {
        return of_urn(rest, true);
    }
    if let Some(rest) = text.strip_prefix("urn:epc:class:lgtin:") {
        let (prefix, item, lot) = three(rest)?;
        let gtin = indicated(prefix, item, 13)?;
        return is_text(lot, 20).then(|| format!("{DOMAIN}/01/{gtin}/10/{}", encoded(lot)));
    }
    if let Some(rest) = text.strip_prefix("urn:epc:idpat:") {
        return of_urn(rest.strip_suffix(".*")?, false);
    }
    let link = Link::parse(text)?;
    Some(link.to_string())
}

/// The identifier that an EPC URN names (`is_instance`), or the class that a pattern without its last part does.
fn of_urn(rest: &str, is_instance: bool) -> Option<String> {
    let (scheme, value) = rest.split_once(':')?;
    let (value, serial) = match (is_instance, scheme) {
        (false, _) => (value, None),
        (true, "sgtin" | "upui" | "grai" | "gdti" | "sgcn" | "sgln" | "itip") => {
            let dots = if scheme == "itip" { 4 } else { 2 };
            let (at, _) = value.match_indices('.').nth(dots - 1)?;
            (&value[..at], Some(&value[at + 1..]))
        }
        (true, "cpi") => {
            let (value, serial) = value.rsplit_once('.')?;
            (value, Some(serial))
        }
        (true, _) => (value, None),
    };
    let (prefix, reference) = value.split_once('.')?;
    if !(6..=12).contains(&prefix.len()) || !is_digits(prefix) {
        return None;
    }
    if serial.is_some_and(|serial| !is_text(serial, 28)) {
        return None;
    }
    let path = path_of(scheme, prefix, reference, serial)?;
    Some(format!("{DOMAIN}/{path}"))
}

fn path_of(scheme: &str, prefix: &str, reference: &str, serial: Option<&str>) -> Option<String> {
    let tail = serial.map(encoded).unwrap_or_default();
    let is_open = is_text(reference, 30 - prefix.len());
    let open = is_open.then(|| format!("{prefix}{}", encoded(reference)));
    let below = |qualifier: &str| match serial {
        Some(_) => format!("/{qualifier}/{tail}"),
        None => String::new(),
    };
    Some(match scheme {
        "sgtin" => format!("01/{}{}", indicated(prefix, reference, 13)?, below("21")),
        "upui" => format!("01/{}{}", indicated(prefix, reference, 13)?, below("235")),
        "sscc" => format!("00/{}", indicated(prefix, reference, 17)?),
        "sgln" => {
            let gln = checked(prefix, reference, 12)?;
            let below = if serial == Some("0") {
                String::new()
            } else {
                below("254")
            };
            format!("414/{gln}{below}")
        }
        "pgln" => format!("417/{}", checked(prefix, reference, 12)?),
        "grai" => format!("8003/0{}{tail}", checked(prefix, reference, 12)?),
        "gdti" => format!("253/{}{tail}", checked(prefix, reference, 12)?),
        "sgcn" => format!("255/{}{tail}", checked(prefix, reference, 12)?),
        "gsrn" => format!("8018/{}", checked(prefix, reference, 17)?),
        "gsrnp" => format!("8017/{}", checked(prefix, reference, 17)?),
        "gsin" => format!("402/{}", checked(prefix, reference, 16)?),
        "giai" => format!("8004/{}", open?),
        "ginc" => format!("401/{}", open?),
        "cpi" => format!("8010/{}{}", open?, below("8011")),
        "itip" => {
            let (item, pieces) = reference.split_once('.')?;
            let pieces: String = pieces.split('.').collect();
            let gtin = indicated(prefix, item, 13)?;
            format!("8006/{gtin}{pieces}{}", below("21"))
        }
        _ => return None,
    })
}

/// Company prefix, reference, and what follows, at their dots.
fn three(value: &str) -> Option<(&str, &str, &str)> {
    let mut parts = value.splitn(3, '.');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

/// A key whose first digit stands at the head of the reference (GTIN, SSCC), with its check digit.
fn indicated(prefix: &str, reference: &str, digits: usize) -> Option<String> {
    let (indicator, rest) = reference.split_at_checked(1)?;
    let key = format!("{indicator}{prefix}{rest}");
    with_check_digit(key, digits)
}

/// A key that begins with the company prefix, with its check digit.
fn checked(prefix: &str, reference: &str, digits: usize) -> Option<String> {
    with_check_digit(format!("{prefix}{reference}"), digits)
}

fn with_check_digit(mut key: String, digits: usize) -> Option<String> {
    if key.len() != digits || !is_digits(&key) {
        return None;
    }
    let check = check_digit(&key);
    key.push(check);
    Some(key)
}

/// The check digit that stands behind these digits.
fn check_digit(digits: &str) -> char {
    let weighted = digits.bytes().rev().enumerate().map(|(at, digit)| {
        let digit = u32::from(digit - b'0');
        if at % 2 == 0 { digit * 3 } else { digit }
    });
    let rest = weighted.sum::<u32>() % 10;
    char::from_digit((10 - rest) % 10, 10).expect("a number below ten is a digit")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Characters of GS1's set 82, some of them as `%` and two digits.
fn is_text(text: &str, max: usize) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!'()*+,-.:;=_%".contains(&byte);
    let escapes = text.bytes().filter(|byte| *byte == b'%').count();
    (1..=max + 2 * escapes).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// With the escapes that Digital Link asks for (URI Syntax 1.2, table 7-1) where an EPC URN has none.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '!' => out.push_str("%21"),
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '*' => out.push_str("%2A"),
            '+' => out.push_str("%2B"),
            ',' => out.push_str("%2C"),
            ':' => out.push_str("%3A"),
            other => out.push(other),
        }
    }
    out
}

/// A primary key: application identifier, the word for it in older links, its digits, how many other characters may
/// follow them, and the qualifiers that it may have, the finest first.
type Key = (
    &'static str,
    &'static str,
    usize,
    usize,
    &'static [&'static str],
);

const KEYS: &[Key] = &[
    ("00", "sscc", 18, 0, &[]),
    ("01", "gtin", 14, 0, &["21", "10", "235"]),
    ("253", "gdti", 13, 17, &[]),
    ("255", "gcn", 13, 12, &[]),
    ("401", "ginc", 0, 30, &[]),
    ("402", "gsin", 17, 0, &[]),
    ("414", "gln", 13, 0, &["254"]),
    ("417", "party", 13, 0, &[]),
    ("8003", "grai", 14, 16, &[]),
    ("8004", "giai", 0, 30, &[]),
    ("8006", "itip", 18, 0, &["21", "10"]),
    ("8010", "cpid", 0, 30, &["8011"]),
    ("8017", "gsrnp", 18, 0, &[]),
    ("8018", "gsrn", 18, 0, &[]),
];

const WORDS: &[(&str, &str)] = &[("ser", "21"), ("lot", "10"), ("cpsn", "8011")];

/// A GS1 key with its finest qualifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Application identifier of the key.
    pub key: &'static str,
    /// Its value.
    pub value: String,
    /// Application identifier of the qualifier and its value.
    pub qualifier: Option<(&'static str, String)>,
}

impl Link {
    /// The link in an `http` or `https` URI with any domain, whatever stands before the key and behind the values.
    pub fn parse(uri: &str) -> Option<Link> {
        let rest = uri
            .strip_prefix("https://")
            .or(uri.strip_prefix("http://"))?;
        let (_, path) = rest.split_once('/')?;
        Link::of_path(path.split(['?', '#']).next()?)
    }

    /// The link in a path.
    pub fn of_path(path: &str) -> Option<Link> {
        let path = path.trim_matches('/');
        let segments: Vec<_> = path.split('/').collect();
        let is_key = |(ai, word, ..): &&Key, segment: &str| *ai == segment || *word == segment;
        let found = segments.iter().enumerate().find_map(|(at, segment)| {
            let key = KEYS.iter().find(|key| is_key(key, segment))?;
            Some((at, key))
        });
        let (at, (ai, _, digits, more, qualifiers)) = found?;
        let value = value_of(ai, segments.get(at + 1)?, *digits, *more)?;
        let pairs = segments[at + 2..].chunks_exact(2);
        let named = |text: &str| {
            WORDS
                .iter()
                .find(|(word, _)| *word == text)
                .map(|(_, ai)| *ai)
        };
        let pairs: Vec<_> = pairs
            .map(|pair| (named(pair[0]).unwrap_or(pair[0]), pair[1]))
            .collect();
        let mut finest = qualifiers.iter().filter_map(|wanted| {
            let (_, value) = pairs.iter().find(|(ai, _)| ai == wanted)?;
            Some((*wanted, (*value).to_owned()))
        });
        let qualifier = finest.next();
        let is_good = qualifier.as_ref().is_none_or(|(ai, value)| match *ai {
            "8011" => value.len() <= 12 && is_digits(value),
            "235" => is_link_text(value, 28) && !value.is_empty(),
            _ => is_link_text(value, 20) && !value.is_empty(),
        });
        is_good.then_some(Link {
            key: ai,
            value,
            qualifier,
        })
    }
}

/// A key's value, if it is one; a GTIN with all its digits.
fn value_of(ai: &str, text: &str, digits: usize, more: usize) -> Option<String> {
    let is_short = ai == "01" && is_digits(text) && matches!(text.len(), 8 | 12 | 13);
    let value = match is_short {
        true => format!("{text:0>14}"),
        false => text.to_owned(),
    };
    let (fixed, open) = value.split_at_checked(digits)?;
    let is_fixed = match digits {
        0 => open.len() >= 4 && is_digits(open.get(..4)?),
        _ => is_digits(fixed),
    };
    (is_fixed && is_link_text(open, more)).then_some(value)
}

impl std::fmt::Display for Link {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{DOMAIN}/{}/{}", self.key, self.value)?;
        match &self.qualifier {
            Some((ai, value)) => write!(out, "/{ai}/{value}"),
            None => Ok(()),
        }
    }
}

/// As a path segment holds it without escapes; `#` and `/` of a CPI stand in it as escapes only.
fn is_link_text(text: &str, max: usize) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"\"'-.;<=>?_".contains(&byte);
    text.len() <= max && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_take_one_form() {
        let same = [
            (
                "urn:epc:id:sgtin:4012345.011111.987",
                "https://id.gs1.org/01/04012345111118/21/987",
            ),
            (
                "urn:epc:id:sscc:4012345.0000000333",
                "https://id.gs1.org/00/040123450000003338",
            ),
            (
                "urn:epc:id:sgln:4012345.00011.987",
                "https://id.gs1.org/414/4012345000115/254/987",
            ),
            (
                "urn:epc:id:sgln:4012345.00011.0",
                "https://id.gs1.org/414/4012345000115",
            ),
            (
                "urn:epc:id:giai:4012345.TAIL-1",
                "https://id.gs1.org/8004/4012345TAIL-1",
            ),
            (
                "urn:epc:id:cpi:4012345.VP-BRKT-100.1001",
                "https://id.gs1.org/8010/4012345VP-BRKT-100/8011/1001",
            ),
            (
                "urn:epc:class:lgtin:4012345.022222.LOT1",
                "https://id.gs1.org/01/04012345222227/10/LOT1",
            ),
            (
                "urn:epc:idpat:sgtin:4012345.044444.*",
                "https://id.gs1.org/01/04012345444445",
            ),
            (
                "https://example.com/some/gtin/4012345111118/lot/A/ser/7?x=1",
                "https://id.gs1.org/01/04012345111118/21/7",
            ),
        ];
        for (text, expected) in same {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
            assert_eq!(canonical(expected).as_deref(), Some(expected), "{text}");
        }
        for other in [
            "",
            "urn:epc:id:sgtin:4012345.0111.987",
            "urn:epc:id:sgtin:é.é.é",
            "urn:epc:id:unknown:4012345.1.1",
            "https://part.example/m/7K3Q9XWD2M8TV0AY",
            "https://id.gs1.org/01/é",
            "https://id.gs1.org/8011/1001",
            "https://id.gs1.org/01",
        ] {
            assert_eq!(canonical(other), None, "{other}");
        }
    }
}
