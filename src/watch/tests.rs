mod population;

use super::*;
use threadmark_protocol::life::Phase;

fn at(hour: i64, latitude: f64, longitude: f64) -> Sighting {
    Sighting {
        hour,
        place: Whereabouts::from_degrees(latitude, longitude),
        by_member: false,
    }
}

fn suspicions(recorded: Option<OnRecord>, sightings: &[Sighting]) -> Vec<Suspicion> {
    let findings = judge(recorded, sightings);
    findings.iter().map(|one| one.suspicion).collect()
}

const BERLIN: (f64, f64) = (52.5, 13.4);
const SAN_DIEGO: (f64, f64) = (32.7, -117.2);

#[test]
fn distances_are_those_of_the_earth() {
    let place = |(latitude, longitude)| Whereabouts::from_degrees(latitude, longitude).unwrap();
    let known = [
        (BERLIN, SAN_DIEGO, 9_400.0),
        ((0.0, 0.0), (0.0, 180.0), 20_015.0),
        ((90.0, 0.0), (-90.0, 0.0), 20_015.0),
        ((10.0, 179.9), (10.0, -179.9), 21.9),
        (BERLIN, BERLIN, 0.0),
    ];
    for (from, to, km) in known {
        let found = place(from).distance_km(place(to));
        assert!((found - km).abs() < 10.0, "{from:?} {to:?}: {found}");
        assert_eq!(found, place(to).distance_km(place(from)));
    }
}

#[test]
fn a_piece_that_is_at_two_ends_of_the_world_is_two_pieces() {
    let [here, there] = [BERLIN, SAN_DIEGO];
    let both = |hours: i64| [at(100, here.0, here.1), at(100 + hours, there.0, there.1)];
    for hours in 0..8 {
        assert_eq!(
            suspicions(None, &both(hours)),
            [Suspicion::ImpossiblePlaces],
            "{hours} h"
        );
    }
    // The next flight.
    for hours in 9..48 {
        assert_eq!(suspicions(None, &both(hours)), [], "{hours} h");
    }
    let found = judge(None, &both(1));
    assert_eq!(found[0].shown_by, both(1));
}

#[test]
fn whoever_scans_however_often_in_one_place_is_honest() {
    let mut seen: Vec<_> = (0..500).map(|hour| at(hour, 52.5, 13.4)).collect();
    seen.extend((0..500).map(|hour| at(hour, 52.6, 13.3)));
    seen.extend((0..500).map(|hour| Sighting {
        hour,
        place: None,
        by_member: true,
    }));
    assert_eq!(suspicions(None, &seen), []);
}

#[test]
fn only_the_newest_are_compared_and_each_with_each() {
    let mut seen: Vec<_> = (0..COMPARED_MAX as i64)
        .map(|hour| at(hour, 52.5, 13.4))
        .collect();
    seen.push(at(3, -33.9, 151.2));
    assert_eq!(suspicions(None, &seen), [Suspicion::ImpossiblePlaces]);
    seen.extend((1_000..1_000 + COMPARED_MAX as i64).map(|hour| at(hour, 52.5, 13.4)));
    assert_eq!(suspicions(None, &seen), []);
}

#[test]
fn a_part_that_is_gone_is_not_scanned_any_more() {
    let gone = |phase| {
        Some(OnRecord {
            phase,
            since: 1_000 * 3600,
        })
    };
    let seen = |hour| {
        [Sighting {
            hour,
            place: None,
            by_member: false,
        }]
    };
    for phase in [Phase::Destroyed, Phase::Scrapped] {
        assert_eq!(
            suspicions(gone(phase), &seen(1_169)),
            [Suspicion::AfterTheEnd]
        );
        // Who takes it apart scans it too.
        assert_eq!(suspicions(gone(phase), &seen(1_168)), []);
    }
    for phase in [
        Phase::Expected,
        Phase::Printing,
        Phase::Released,
        Phase::Installed,
        Phase::Decommissioned,
    ] {
        assert_eq!(suspicions(gone(phase), &seen(5_000)), []);
    }
    assert_eq!(suspicions(None, &seen(5_000)), []);
}

#[test]
fn a_burst_is_many_and_far_more_than_usual() {
    assert!(!is_burst(UNKNOWN_LEAST - 1, 0));
    assert!(is_burst(UNKNOWN_LEAST, 0));
    // Ten an hour is usual here.
    assert!(!is_burst(50, 10 * USUAL_H));
    assert!(is_burst(51, 10 * USUAL_H));
}

#[test]
fn a_place_is_rounded_and_on_earth() {
    let place = |latitude, longitude| {
        Whereabouts::from_degrees(latitude, longitude)
            .map(|place| (place.latitude_decideg, place.longitude_decideg))
    };
    assert_eq!(place(52.519_9, 13.449_9), Some((525, 134)));
    assert_eq!(place(-90.0, -180.0), Some((-900, -1800)));
    let nowhere = [
        (90.06, 0.0),
        (0.0, 180.06),
        (f64::NAN, 0.0),
        (0.0, f64::INFINITY),
        (1e300, 0.0),
    ];
    for (latitude, longitude) in nowhere {
        assert_eq!(place(latitude, longitude), None);
    }
}
