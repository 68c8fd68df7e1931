//! What scans give away: a piece that cannot be the part of its record.
//!
//! Owns when scans of one mark contradict each other, or the record, and the form that a report of it has (the fields of FAA Form
//! 8120-11, Suspected Unapproved Parts). Everything here errs towards silence: an honest part is never suspected for travelling as
//! fast as an airliner, nor because the log hears late of what happened at sea. Must never know SQL, HTTP or a clock, and never hold
//! a part: who photographs a mark grounds no fleet.

mod seen;
#[cfg(test)]
mod tests;

pub use seen::Seen;

use serde::{Deserialize, Serialize};
use threadmark_protocol::answer::Answer;
use threadmark_protocol::life::Phase;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::{Line, OrgId};
use utoipa::ToSchema;

/// Sightings that are compared at a time, newest first; each with each.
pub const COMPARED_MAX: usize = 200;
/// Faster than any airliner over ground, packing and unpacking not counted.
const SPEED_MAX_KM_H: f64 = 1_000.0;
/// Two places are rounded to cells of at most 16 km across: from corner to corner of each half of that.
const ROUNDED_KM: f64 = 16.0;
/// Mean radius of the Earth (IUGG).
const EARTH_KM: f64 = 6_371.0;
/// Between the end of a part and the scans that are suspicious: who takes it apart scans it too.
const AFTER_THE_END_H: i64 = 7 * 24;
/// Fewer unknown marks an hour are mistyped ones, and parts of ships that were not home yet.
const UNKNOWN_LEAST: i64 = 20;
/// So many times what is usual is a burst.
const UNKNOWN_TIMES: i64 = 5;
/// Hours by which one knows what is usual.
pub const USUAL_H: i64 = 7 * 24;

/// Where on Earth (WGS 84), rounded to a tenth of a degree: some 11 km. Nobody is asked for more.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Whereabouts {
    /// Tenths of a degree, north is positive.
    #[schema(minimum = -900, maximum = 900)]
    pub latitude_decideg: i16,
    /// Tenths of a degree, east is positive.
    #[schema(minimum = -1800, maximum = 1800)]
    pub longitude_decideg: i16,
}

/// A mark was scanned.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub struct Sighting {
    /// The hour of it: Unix seconds divided by 3600, rounded down.
    pub hour: i64,
    /// Where, if the person who scanned consented.
    #[schema(nullable)]
    pub place: Option<Whereabouts>,
    /// Whether a member asked. Which one is not kept.
    pub by_member: bool,
}

/// Why a case is opened.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// At two places, in less time than any part travels.
    ImpossiblePlaces,
    /// After the part was destroyed, or its build was given up.
    AfterTheEnd,
    /// Many marks in an hour that the log does not know.
    UnknownMarks,
}

impl Finding {
    /// Whether it rests on the word of a member: what anybody may tell opens a case, and flags nothing.
    pub fn flags(&self) -> bool {
        self.shown_by.iter().any(|sighting| sighting.by_member)
    }
}

impl Suspicion {
    /// Every one.
    pub const ALL: [Suspicion; 3] = [
        Suspicion::ImpossiblePlaces,
        Suspicion::AfterTheEnd,
        Suspicion::UnknownMarks,
    ];

    /// The one of a name.
    pub fn named(name: &str) -> Option<Suspicion> {
        Suspicion::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Its name in JSON and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Suspicion::ImpossiblePlaces => "impossible_places",
            Suspicion::AfterTheEnd => "after_the_end",
            Suspicion::UnknownMarks => "unknown_marks",
        }
    }

    /// What was seen, in a sentence without place, time and person: members read it in the log.
    pub fn words(self) -> &'static str {
        match self {
            Suspicion::ImpossiblePlaces => {
                "The mark was scanned at two places that are too far from each other for the time between."
            }
            Suspicion::AfterTheEnd => {
                "The mark was scanned after the part was destroyed, or its build was given up."
            }
            Suspicion::UnknownMarks => {
                "Many more marks than usual were scanned that the log does not know."
            }
        }
    }
}

/// Why, and the sightings that show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Why.
    pub suspicion: Suspicion,
    /// The first ones that are enough.
    pub shown_by: Vec<Sighting>,
}

/// What stands in the record of a mark that scans can contradict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnRecord {
    /// How far the part has come.
    pub phase: Phase,
    /// When that was reported at the latest, Unix seconds.
    pub since: i64,
}

impl OnRecord {
    /// As the answer about a mark has it; `None` of a mark that the log does not know.
    pub fn of(answer: &Answer) -> Option<OnRecord> {
        let phase = answer.part.as_ref()?.phase;
        // Everything that was said of it lies before: a later word only delays.
        let since = answer.life.iter().map(|step| step.at).max()?;
        Some(OnRecord { phase, since })
    }
}

impl Whereabouts {
    /// From degrees, rounded; `None` where there is no such place.
    pub fn from_degrees(latitude: f64, longitude: f64) -> Option<Whereabouts> {
        let place = Whereabouts {
            latitude_decideg: (latitude * 10.0).round() as i16,
            longitude_decideg: (longitude * 10.0).round() as i16,
        };
        (latitude.is_finite() && longitude.is_finite() && place.is_on_earth()).then_some(place)
    }

    /// Whether there is such a place.
    pub fn is_on_earth(self) -> bool {
        (-900..=900).contains(&self.latitude_decideg)
            && (-1800..=1800).contains(&self.longitude_decideg)
    }

    /// Along a great circle, by the haversine formula.
    fn distance_km(self, other: Whereabouts) -> f64 {
        let radians = |decideg: i16| (f64::from(decideg) / 10.0).to_radians();
        let (from, to) = (
            radians(self.latitude_decideg),
            radians(other.latitude_decideg),
        );
        let apart = radians(self.longitude_decideg) - radians(other.longitude_decideg);
        let half = |angle: f64| (angle / 2.0).sin().powi(2);
        let chord = half(from - to) + from.cos() * to.cos() * half(apart);
        2.0 * EARTH_KM * chord.clamp(0.0, 1.0).sqrt().asin()
    }
}

/// Whether no piece can have been at both places. Hours are rounded down: the true time between is less than one hour more.
fn is_impossible(one: &Sighting, other: &Sighting) -> bool {
    let (Some(here), Some(there)) = (one.place, other.place) else {
        return false;
    };
    let hours = (one.hour.abs_diff(other.hour) + 1) as f64;
    here.distance_km(there) - ROUNDED_KM > SPEED_MAX_KM_H * hours
}

/// What `sightings` of one mark give away, of which the newest [`COMPARED_MAX`] are compared. `recorded`: what the record says,
/// where there is one.
pub fn judge(recorded: Option<OnRecord>, sightings: &[Sighting]) -> Vec<Finding> {
    let mut newest = sightings.to_vec();
    newest.sort_unstable();
    newest.dedup();
    let newest = &newest[newest.len().saturating_sub(COMPARED_MAX)..];
    let after = after_the_end(recorded, newest).map(|shown_by| Finding {
        suspicion: Suspicion::AfterTheEnd,
        shown_by,
    });
    let apart = impossible_places(newest).map(|shown_by| Finding {
        suspicion: Suspicion::ImpossiblePlaces,
        shown_by,
    });
    apart.into_iter().chain(after).collect()
}

fn impossible_places(sightings: &[Sighting]) -> Option<Vec<Sighting>> {
    let pairs = sightings
        .iter()
        .enumerate()
        .flat_map(|(at, one)| sightings[at + 1..].iter().map(move |other| (one, other)));
    let impossible = pairs.filter(|(one, other)| is_impossible(one, other));
    // What a member tells weighs more than what anybody may.
    let (one, other) = impossible.max_by_key(|(one, other)| one.by_member || other.by_member)?;
    Some(vec![*one, *other])
}

fn after_the_end(recorded: Option<OnRecord>, sightings: &[Sighting]) -> Option<Vec<Sighting>> {
    let recorded = recorded?;
    if !matches!(recorded.phase, Phase::Destroyed | Phase::Scrapped) {
        return None;
    }
    let from = recorded.since.div_euclid(3600) + AFTER_THE_END_H;
    let after = sightings.iter().filter(|sighting| sighting.hour > from);
    let after = after.max_by_key(|sighting| sighting.by_member)?;
    Some(vec![*after])
}

/// Whether an hour with `now` different unknown marks is a burst, where the [`USUAL_H`] hours before it had `before` altogether.
pub fn is_burst(now: i64, before: i64) -> bool {
    now >= UNKNOWN_LEAST && now * USUAL_H > UNKNOWN_TIMES * before
}

/// What is reported: the fields of FAA Form 8120-11 that a record can fill, and what was seen. Its bytes are the evidence that the log
/// names by digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Form {
    /// The log.
    pub origin: String,
    /// 16 random bytes in hexadecimal digits: every member reads the form's digest, and must not find what it says by trying.
    pub salt: String,
    /// Why the case was opened.
    pub suspicion: Suspicion,
    /// The same as a sentence.
    pub description: String,
    /// Hour of the sighting that opened it: Unix seconds.
    pub found_at: i64,
    /// Part name.
    #[schema(value_type = Option<String>)]
    pub part_name: Option<Line>,
    /// Part number.
    #[schema(value_type = Option<String>)]
    pub part_number: Option<Line>,
    /// Serial number: the mark.
    #[schema(value_type = Option<String>)]
    pub serial_number: Option<Mark>,
    /// How many pieces.
    pub quantity: u32,
    /// Who made the part of the record.
    #[schema(value_type = Option<String>)]
    pub company: Option<OrgId>,
    /// In which asset it is by its record.
    #[schema(value_type = Option<String>)]
    pub aircraft: Option<Line>,
    /// Who reports: whoever scans stays anonymous.
    pub reporter: String,
    /// What was seen.
    pub sightings: Vec<Sighting>,
}

impl Form {
    /// Of a finding about a mark; `answer` is what members are told of it.
    pub fn of_mark(
        origin: &str,
        salt: [u8; 16],
        mark: Mark,
        answer: &Answer,
        finding: &Finding,
    ) -> Form {
        let face = answer.part.as_ref();
        let installed = face.and_then(|face| face.installed.as_ref());
        Form {
            part_name: face.and_then(|face| face.name.clone()),
            part_number: face.and_then(|face| face.part_number.clone()),
            serial_number: Some(mark),
            quantity: 1,
            company: face.and_then(|face| face.maker.clone()),
            aircraft: installed.and_then(|place| place.asset.clone()),
            ..Form::empty(origin, salt, finding)
        }
    }

    /// Of a burst of unknown marks.
    pub fn of_unknown(origin: &str, salt: [u8; 16], hour: i64, marks: u32) -> Form {
        let finding = Finding {
            suspicion: Suspicion::UnknownMarks,
            shown_by: vec![Sighting {
                hour,
                place: None,
                by_member: false,
            }],
        };
        Form {
            quantity: marks,
            ..Form::empty(origin, salt, &finding)
        }
    }

    fn empty(origin: &str, salt: [u8; 16], finding: &Finding) -> Form {
        let hours = finding.shown_by.iter().map(|sighting| sighting.hour);
        Form {
            origin: origin.to_owned(),
            salt: hex::encode(salt),
            suspicion: finding.suspicion,
            description: finding.suspicion.words().to_owned(),
            found_at: hours.max().unwrap_or_default() * 3600,
            part_name: None,
            part_number: None,
            serial_number: None,
            quantity: 0,
            company: None,
            aircraft: None,
            reporter: "anonymous".to_owned(),
            sightings: finding.shown_by.clone(),
        }
    }

    /// As JSON, the same bytes wherever it is made.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("text keys and no failing serializer")
    }
}
