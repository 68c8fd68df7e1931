//! What of EPCIS's SimpleEventQuery (EPCIS 2.0, section 8.2.7.1) is answered here: which parameters, and which events match.
//!
//! Owns names, limits and matching, and pages that stay right while events are added: a page ends behind an event, not at
//! a number. Must never know where events come from.

use super::super::codes::Border;
use super::super::problem::Problem;
use serde_json::Value;
use std::fmt::Display;
use threadmark_protocol::epcis::capture::names_in;
use threadmark_protocol::epcis::{Event, name_of};
use threadmark_protocol::text::Moment;

/// Longest list of names, as the published document has it.
const EPCS_CHARS_MAX: usize = 4_000;
/// Names of parts in one query.
const EPCS_MAX: usize = 4;
/// Events of a page, where nothing is said.
const PER_PAGE: usize = 100;
/// Most events of a page.
const PER_PAGE_MAX: usize = 1_000;
/// Values of one parameter.
const VALUES_MAX: usize = 64;

/// Parameters whose value is a list, with the field that must be one of it.
const LISTS: [(&str, &str); 5] = [
    ("eventType", "type"),
    ("EQ_action", "action"),
    ("EQ_bizStep", "bizStep"),
    ("EQ_disposition", "disposition"),
    ("EQ_eventID", "eventID"),
];

/// Parameters whose value is a time, with the field that is compared and whether it is the lower bound.
const TIMES: [(&str, &str, bool); 4] = [
    ("GE_eventTime", "eventTime", true),
    ("LT_eventTime", "eventTime", false),
    ("GE_recordTime", "recordTime", true),
    ("LT_recordTime", "recordTime", false),
];

/// A query that is understood.
#[derive(Debug, Default)]
pub struct Asked {
    /// Names of things; events name one of them.
    pub epcs: Vec<String>,
    lists: Vec<(&'static str, Vec<String>)>,
    times: Vec<(&'static str, bool, Moment)>,
    per_page: Option<usize>,
    /// Under which marks have their addresses.
    host: String,
    /// The last event of the page before.
    after: Option<Place>,
    /// The query without its place, for the address of the next page.
    text: String,
}

/// Events of one page, and the header that leads to the next.
#[derive(Debug)]
pub struct Page {
    /// Oldest first.
    pub events: Vec<Event>,
    /// Value of `Link`.
    pub next: Option<String>,
}

fn wrong(name: &str, why: impl Display) -> Problem {
    Problem::of(Border::EpcisParameter).because(format!("{name}: {why}"))
}

/// A list with `|` between its members.
fn list(name: &str, text: &str) -> Result<Vec<String>, Problem> {
    let values: Vec<_> = text.split('|').map(str::to_owned).collect();
    if values.len() > VALUES_MAX || values.iter().any(String::is_empty) {
        return Err(wrong(
            name,
            format!("1 to {VALUES_MAX} values with | between them"),
        ));
    }
    Ok(values)
}

impl Asked {
    /// Reads the parameters behind the question mark.
    pub fn parse(parameters: &[(String, String)], host: &str) -> Result<Asked, Problem> {
        let mut asked = Asked::default();
        for (at, (name, text)) in parameters.iter().enumerate() {
            if parameters[..at].iter().any(|(other, _)| other == name) {
                return Err(wrong(name, "stands here twice; put | between values"));
            }
            asked.parameter(name, text)?;
            if name != "nextPageToken" {
                let mark = if asked.text.is_empty() { "" } else { "&" };
                asked.text += &format!("{mark}{name}={}", escaped(text));
            }
        }
        if asked.epcs.is_empty() {
            let why = "MATCH_anyEPC must say which parts; all events of all parts are not told";
            return Err(Problem::of(Border::EpcisTooComplex).because(why));
        }
        asked
            .epcs
            .iter_mut()
            .for_each(|epc| *epc = name_of(epc, host));
        asked.epcs.sort();
        asked.epcs.dedup();
        asked.host = host.to_owned();
        Ok(asked)
    }

    fn parameter(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        if let Some((_, field)) = LISTS.iter().find(|(known, _)| *known == name) {
            self.lists.push((field, list(name, text)?));
        } else if let Some((_, field, is_lower)) = TIMES.iter().find(|(known, ..)| *known == name) {
            let time = text.parse().map_err(|error| wrong(name, error))?;
            self.times.push((field, *is_lower, time));
        } else {
            match name {
                "MATCH_anyEPC" if text.chars().count() > EPCS_CHARS_MAX => {
                    return Err(wrong(name, "is at most 4,000 characters long"));
                }
                "MATCH_anyEPC" => self.epcs = list(name, text)?,
                "perPage" => self.per_page = Some(per_page(text)?),
                "nextPageToken" => self.after = Some(token(text)?),
                _ => return Err(wrong(name, "is not supported here")),
            }
        }
        if self.epcs.len() > EPCS_MAX {
            let why = format!("at most {EPCS_MAX} names in one query");
            return Err(Problem::of(Border::EpcisTooComplex).because(why));
        }
        Ok(())
    }

    /// The page that was asked for, out of all events that may be.
    pub fn page(&self, mut events: Vec<Event>) -> Page {
        events.retain(|event| self.is_asked(event));
        events.sort_by_cached_key(place);
        if let Some(after) = &self.after {
            events.retain(|event| place(event) > *after);
        }
        let size = self.per_page.unwrap_or(PER_PAGE);
        let is_more = events.len() > size;
        events.truncate(size);
        let last = events.last().filter(|_| is_more).map(place);
        let next = last.map(|(time, by, id)| {
            let (text, token) = (&self.text, escaped(&format!("{time}~{by}~{id}")));
            format!("</v1/epcis/events?{text}&nextPageToken={token}>; rel=\"next\"")
        });
        Page { events, next }
    }

    fn is_asked(&self, event: &Event) -> bool {
        let text = |field: &str| event.get(field).and_then(Value::as_str);
        let in_lists = self.lists.iter().all(|(field, values)| {
            text(field).is_some_and(|text| values.iter().any(|value| value == text))
        });
        let in_time = self.times.iter().all(|(field, is_lower, bound)| {
            let time = text(field).and_then(|text| text.parse::<Moment>().ok());
            time.is_some_and(|time| (time >= *bound) == *is_lower)
        });
        let is_asked = |name: &str| self.epcs.contains(&name_of(name, &self.host));
        in_lists && in_time && names_in(event).any(is_asked)
    }
}

/// Where an event stands among others: its time, whose unsigned word it is, its id.
type Place = (i64, String, String);

fn place(event: &Event) -> Place {
    let text = |field: &str| event.get(field).and_then(Value::as_str).unwrap_or_default();
    let time = text("eventTime").parse::<Moment>();
    let declares = if event.contains_key("errorDeclaration") {
        "!"
    } else {
        ""
    };
    let by = format!("{}{declares}", text("threadmark:unsigned"));
    (
        time.map_or(0, |time| time.unix()),
        by,
        text("eventID").to_owned(),
    )
}

fn per_page(text: &str) -> Result<usize, Problem> {
    let number = text.parse().ok();
    let number = number.filter(|number| (1..=PER_PAGE_MAX).contains(number));
    number.ok_or_else(|| wrong("perPage", format!("a number from 1 to {PER_PAGE_MAX}")))
}

fn token(text: &str) -> Result<Place, Problem> {
    let mut parts = text.splitn(3, '~').map(str::to_owned);
    let mut place = || Some((parts.next()?.parse().ok()?, parts.next()?, parts.next()?));
    place().ok_or_else(|| {
        wrong(
            "nextPageToken",
            "is none of ours; begin with the first page",
        )
    })
}

/// As a query in an address holds it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(parameters: &[(&str, &str)]) -> Result<Asked, Problem> {
        let owned = parameters
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Asked::parse(&owned.collect::<Vec<_>>(), "part.example")
    }

    fn event(at: &str, id: &str) -> Event {
        let event = json!({
            "type": "ObjectEvent", "eventTime": at, "eventID": id, "epcList": ["https://part.example/m/A"],
            "bizStep": "shipping", "action": "OBSERVE",
        });
        event.as_object().unwrap().clone()
    }

    const EPC: (&str, &str) = ("MATCH_anyEPC", "https://part.example/m/A");

    #[test]
    fn what_is_not_supported_is_refused_by_its_name() {
        for (name, text) in [
            ("WD_readPoint", "urn:x"),
            ("EQ_threadmark:finding", "x"),
            ("GE_eventTime", "yesterday"),
            ("perPage", "0"),
            ("perPage", "1001"),
            ("nextPageToken", "x"),
            ("eventType", ""),
            ("EQ_bizStep", "a||b"),
            ("MATCH_anyEPC", "https://part.example/m/B"),
        ] {
            let refused = parse(&[EPC, (name, text)]).unwrap_err();
            assert_eq!(refused.kind, Border::EpcisParameter.into(), "{name}={text}");
            assert!(refused.detail.starts_with(name), "{}", refused.detail);
        }
        let many = ["urn:a"; EPCS_MAX + 1].join("|");
        for asked in [
            &[][..],
            &[("eventType", "ObjectEvent")],
            &[("MATCH_anyEPC", &many[..])],
        ] {
            assert_eq!(
                parse(asked).unwrap_err().kind,
                Border::EpcisTooComplex.into()
            );
        }
    }

    #[test]
    fn pages_go_on_behind_the_last_event_whatever_came_in_between() {
        let times = [
            "2026-01-03T00:00:00Z",
            "2026-01-01T00:00:00Z",
            "2026-01-02T00:00:00+02:00",
        ];
        let mut events: Vec<_> = times.iter().map(|at| event(at, at)).collect();
        let first = parse(&[EPC, ("perPage", "2")])
            .unwrap()
            .page(events.clone());
        let seen: Vec<_> = first
            .events
            .iter()
            .map(|event| event["eventID"].clone())
            .collect();
        assert_eq!(seen, [times[1], times[2]]);
        let next = first.next.unwrap();
        let (_, token) = next.split_once("nextPageToken=").unwrap();
        let token = token.split('>').next().unwrap().replace("%2B", "+");
        // A journal came in between.
        events.push(event("2025-12-01T00:00:00Z", "late"));
        let again = [EPC, ("perPage", "2"), ("nextPageToken", &token[..])];
        let second = parse(&again).unwrap().page(events);
        assert_eq!((second.events.len(), second.next), (1, None));
        assert_eq!(second.events[0]["eventID"], times[0]);
    }

    #[test]
    fn filters_hold_together() {
        let events = vec![
            event("2026-01-01T00:00:00Z", "a"),
            event("2026-01-02T00:00:00Z", "b"),
        ];
        let count = |asked: &[(&str, &str)]| {
            let asked = [&[EPC], asked].concat();
            parse(&asked).unwrap().page(events.clone()).events.len()
        };
        assert_eq!(count(&[]), 2);
        assert_eq!(count(&[("GE_eventTime", "2026-01-02T00:00:00Z")]), 1);
        assert_eq!(count(&[("LT_eventTime", "2026-01-02T01:00:00+01:00")]), 1);
        assert_eq!(count(&[("GE_recordTime", "2026-01-01T00:00:00Z")]), 0);
        assert_eq!(
            count(&[
                ("eventType", "AggregationEvent|ObjectEvent"),
                ("EQ_eventID", "b")
            ]),
            1
        );
        assert_eq!(count(&[("EQ_bizStep", "receiving")]), 0);
        let other = parse(&[("MATCH_anyEPC", "https://part.example/m/B")]).unwrap();
        assert_eq!(other.page(events).events.len(), 0);
    }
}
