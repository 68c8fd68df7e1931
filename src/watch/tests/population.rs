//! How often copies are found, and honest parts suspected: a year in the life of parts that do not exist.
//!
//! A piece stays in a town for some months on average and travels to another as freight does; three of ten are in aircraft that are in another
//! town every day or two. It is scanned at random hours where it is, with a place as good as a telephone's in a hall. A copy leads such a
//! life of its own from a random day on. The table that comes of it stands in `docs/lifecycle.md`.

use super::super::{Sighting, Whereabouts, judge};

/// Towns with shipyards, air bases, works or large airports: latitude, longitude.
const TOWNS: [(f64, f64); 32] = [
    (32.7, -117.2),
    (36.9, -76.3),
    (47.6, -122.3),
    (21.3, -157.9),
    (41.6, -93.6),
    (33.7, -84.4),
    (40.7, -74.0),
    (29.8, -95.4),
    (52.5, 13.4),
    (53.6, 10.0),
    (51.5, -0.1),
    (48.9, 2.4),
    (43.6, 1.4),
    (40.4, -3.7),
    (45.5, 9.2),
    (59.3, 18.1),
    (52.2, 21.0),
    (41.0, 29.0),
    (25.3, 55.4),
    (31.2, 29.9),
    (-33.9, 18.4),
    (6.5, 3.4),
    (-1.3, 36.8),
    (19.1, 72.9),
    (1.4, 103.8),
    (35.4, 139.6),
    (37.6, 127.0),
    (31.2, 121.5),
    (-33.9, 151.2),
    (-37.8, 145.0),
    (-23.5, -46.6),
    (19.4, -99.1),
];
const PIECES: usize = 1_000;
const YEAR_H: f64 = 365.0 * 24.0;
/// Months, in hours.
const MONTHS: [(usize, f64); 3] = [(1, 730.0), (3, 2_190.0), (12, YEAR_H)];

/// SplitMix64: the same lives wherever the test runs.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// At least 0 and less than 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn town(&mut self) -> (f64, f64) {
        TOWNS[(self.next() % TOWNS.len() as u64) as usize]
    }

    /// Of a process without memory.
    fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }
}

/// How people scan.
#[derive(Clone, Copy)]
struct Habit {
    a_month: f64,
    places: f64,
    /// Share of places that are wrong: a fix of yesterday, an address far from the person.
    wrong: f64,
}

/// The sightings of one piece from an hour on, for the rest of the year.
fn sightings(dice: &mut Dice, habit: Habit, from: f64) -> Vec<Sighting> {
    let flies = dice.unit() < 0.3;
    let (mut town, mut until) = (dice.town(), from);
    let mut arrived = from;
    let mut seen = Vec::new();
    let mut hour = from + dice.wait(730.0 / habit.a_month);
    while hour < YEAR_H {
        while hour >= until {
            let next = dice.town();
            let km = {
                let of =
                    |(latitude, longitude)| Whereabouts::from_degrees(latitude, longitude).unwrap();
                of(town).distance_km(of(next))
            };
            // Freight is packed, driven, flown and unpacked; an aircraft flies and is looked at after the landing.
            let (speed, idle, stay) = if flies {
                (880.0, 1.0, 36.0)
            } else {
                (700.0, 12.0, 2_900.0)
            };
            arrived = until + km / speed + idle;
            until = arrived + dice.wait(stay);
            town = next;
        }
        if hour >= arrived && dice.unit() < habit.places {
            let (latitude, longitude) = if dice.unit() < habit.wrong {
                dice.town()
            } else {
                town
            };
            let error = |dice: &mut Dice| (dice.unit() - 0.5) * 0.1;
            let place = Whereabouts::from_degrees(latitude + error(dice), longitude + error(dice));
            seen.push(Sighting {
                hour: hour as i64,
                place,
                by_member: false,
            });
        }
        hour += dice.wait(730.0 / habit.a_month);
    }
    seen
}

/// Of [`PIECES`] parts, how many are suspected in a year.
fn honest(habit: Habit) -> usize {
    let mut dice = Dice(1);
    let lives = (0..PIECES).map(|_| sightings(&mut dice, habit, 0.0));
    lives.filter(|seen| !judge(None, seen).is_empty()).count()
}

/// Of [`PIECES`] parts that somebody copies, how many are suspected within each of [`MONTHS`] from the copy's first day.
fn copied(habit: Habit) -> [usize; 3] {
    let mut dice = Dice(2);
    let mut found = [0; 3];
    for _ in 0..PIECES {
        // Both are there for the whole of the time that is looked at.
        let mut seen = sightings(&mut dice, habit, 0.0);
        seen.extend(sightings(&mut dice, habit, 0.0));
        for ((_, hours), found) in MONTHS.iter().zip(&mut found) {
            let so_far: Vec<_> = seen
                .iter()
                .copied()
                .filter(|one| (one.hour as f64) < *hours)
                .collect();
            *found += usize::from(!judge(None, &so_far).is_empty());
        }
    }
    found
}

fn percent(count: usize) -> String {
    format!("{:.1} %", count as f64 * 100.0 / PIECES as f64)
}

fn table() -> String {
    let mut lines = vec![
        "| scans of a piece a month | that tell a place | copies found within a month | three | twelve | honest parts suspected in a year | the same, of 1,000 places one is wrong |".to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    for a_month in [1.0, 4.0, 8.0] {
        for places in [0.1, 0.5, 1.0] {
            let habit = Habit {
                a_month,
                places,
                wrong: 0.0,
            };
            let mut cells = vec![format!("{a_month}"), format!("{} %", places * 100.0)];
            cells.extend(copied(habit).map(percent));
            cells.extend([0.0, 0.001].map(|wrong| percent(honest(Habit { wrong, ..habit }))));
            lines.push(format!("| {} |", cells.join(" | ")));
        }
    }
    lines.join("\n")
}

#[test]
fn honest_parts_are_never_suspected_and_copies_are_found_as_the_document_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lifecycle.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (begin, end) = (
        "<!-- simulated: begin -->\n\n",
        "\n\n<!-- simulated: end -->",
    );
    let (before, rest) = page.split_once(begin).unwrap();
    let (written, after) = rest.split_once(end).unwrap();
    let table = table();
    for row in table.lines().skip(2) {
        assert_eq!(row.split(" | ").nth(5), Some("0.0 %"), "{row}");
    }
    if written != table {
        std::fs::write(path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        panic!(
            "the table of docs/lifecycle.md was not what comes out; it is written anew: read and commit it"
        );
    }
}
