//! How much a state keeps of what is said of its subject.
//!
//! Owns the bounds that keep a state, and the work of reading it, small however much one organisation signs. What is
//! beyond them is logged and found, as everything is, and not kept in the state: that never opens a door, because a
//! subject of which too much was said is held, or lacks what it needs. Bounds count by organisation, not by key: an
//! administrator makes as many keys as he likes. What is kept stays, so that what stands above a subject never goes
//! away. Must never know who may say what.

use super::{Event, Report, Restriction, State};
use crate::body::design::Effect;
use crate::text::{OrgId, SubjectId};
use std::collections::BTreeSet;

/// Reports of one kind by one organisation that a part, a lot or a build keeps.
pub const REPORTS_MAX: usize = 64;
/// Calibrations by one organisation, and qualifications, that a machine keeps: one a month for twenty years.
pub const CERTIFICATES_MAX: usize = 256;
/// Accounts by one organisation of what a lot was blended from, or a build took: a second one contradicts the first.
pub const ACCOUNTS_MAX: usize = 2;
/// What one organisation takes out of one lot, time after time: a lot of which more is taken holds what stands on it.
pub const DRAWS_MAX: usize = 256;
/// Parts that one organisation ever puts into one assembly: an assembly into which more came is held.
pub const COMPONENTS_MAX: usize = 256;
/// Tests of the coupons of one build by one organisation: with so many its parts are held.
pub const TESTS_MAX: usize = 256;
/// How often an allowable is computed anew; another one takes its place then.
pub const RECOMPUTED_MAX: usize = 64;
/// Limits of life that an approval keeps; another one needs another approval.
pub const LIMITS_MAX: usize = 64;
/// Parts that are remembered with one mark; the second one holds all of them already.
pub const MARKED_MAX: usize = 16;
/// Numbers that a key used twice; a key that did it so often is doubted in everything.
pub const FORKS_MAX: usize = 32;
/// Keys of an organisation that get the role `admin` from another administrator, ever: through them one walks from a key to
/// those that granted it. More come by a vote.
pub const ADMINS_MAX: u32 = 64;
/// Keys that follow each other by rotation; then an administrator enrols a new one.
pub const LINE_MAX: u32 = 16;
/// Lists of what a recall reaches that it keeps: one a month for as long as it runs.
pub const LISTS_MAX: usize = 64;
/// Restrictions on one subject; the last of them binds everything below it, for good.
pub const RESTRICTIONS_MAX: usize = 128;

impl<T> Report<T> {
    /// Adds a report as [`Report::insert`] does, unless `max` alike are there by the same organisation; tells whether.
    pub fn insert_within(
        list: &mut Vec<Report<T>>,
        report: Report<T>,
        max: usize,
        alike: impl Fn(&T, &T) -> bool,
    ) -> bool {
        let org: &OrgId = &report.source.org;
        let same = list
            .iter()
            .filter(|other| other.source.org == *org && alike(&other.says, &report.says));
        let has_room = same.count() < max;
        if has_room {
            Report::insert(list, report);
        }
        has_room
    }
}

/// Whether two events are of one kind.
pub fn is_same_kind(one: &Event, other: &Event) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Adds a part to those with a mark.
pub fn add_marked(parts: &mut BTreeSet<SubjectId>, part: &SubjectId) {
    if parts.len() < MARKED_MAX {
        parts.insert(part.clone());
    }
}

impl State {
    /// Adds a restriction; tells whether it stands there as it was said. A restriction always binds: the last that
    /// there is room for binds whatever is below, under no condition, and those after it have nothing to add.
    pub fn restrict(&mut self, restriction: Restriction) -> bool {
        let room = RESTRICTIONS_MAX.saturating_sub(self.restrictions.len());
        if room == 1 {
            self.restrictions.push(Restriction {
                effect: Effect::All,
                from: None,
                until: None,
                also: BTreeSet::new(),
                ..restriction
            });
        } else if room > 1 {
            self.restrictions.push(restriction);
        }
        room > 1
    }

    /// Whether the restriction in this place was once said under conditions that it does not have here: nobody lifts it.
    pub fn is_catch_all(at: usize) -> bool {
        at + 1 >= RESTRICTIONS_MAX
    }
}
