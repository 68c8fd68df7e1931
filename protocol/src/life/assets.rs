//! What a part goes through in an asset, as the asset's operator reports it.
//!
//! Owns how use of a part follows from readings of its asset. Readings are seldom taken at the minute of an installation, so
//! two numbers follow: what the part has been through at least, and at most; limits of life go by the most. A reading by somebody
//! without the role, or one that was corrected, counts for nothing; one by a key that is in doubt counts, and holds: else who has a key
//! could make use fall by losing it. Must never know limits.

use crate::body::asset::AssetUsed;
use crate::body::usage::Usage;
use crate::text::SubjectId;
use crate::world::{Data, Report, Source, World};

/// The use of an asset at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Unix seconds.
    pub at: i64,
    /// What was read.
    pub total: Usage,
}

/// What an asset went through while a part was in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Accrued {
    pub least: Usage,
    pub most: Usage,
    /// Readings lie on both sides of it.
    pub is_whole: bool,
    /// Log index from which on all of it could be seen.
    pub since: u64,
    /// The hardest landing, in thousandths of standard gravity.
    pub peak_milli_g: Option<u32>,
    /// Oldest and newest reading of it.
    pub first: Option<Point>,
    pub last: Option<Point>,
    /// Log index from which on it could be seen that a reading is below an older one.
    pub fell: Option<u64>,
    /// Log index from which on more was said than is kept.
    pub crowded: Option<u64>,
    /// Log index from which on the key of a reading was in doubt.
    pub doubted: Option<u64>,
}

/// From the first reading of a list to the last.
fn difference(list: &[&Report<AssetUsed>]) -> Usage {
    match (list.first(), list.last()) {
        (Some(first), Some(last)) => last.says.total.since(&first.says.total),
        _ => Usage::default(),
    }
}

/// The readings of an asset that count, oldest first.
pub(super) struct Readings<'w> {
    world: &'w World,
    list: Vec<&'w Report<AssetUsed>>,
    crowded: Option<u64>,
}

impl<'w> Readings<'w> {
    pub fn of(world: &'w World, asset: &SubjectId) -> Readings<'w> {
        let Some(Data::Asset {
            uses,
            faults,
            crowded,
        }) = world.get(asset)
        else {
            return Readings {
                world,
                list: Vec::new(),
                crowded: None,
            };
        };
        let is_void = |report: &Report<AssetUsed>| {
            let is_good = |by: &Source| super::doubts(world, by).is_empty();
            let mut confirmed = faults.iter().filter(|fault| {
                fault.confirmed.as_ref().is_some_and(is_good) && is_good(&fault.declared)
            });
            confirmed.any(|fault| fault.error == report.source.statement)
        };
        let counts = |report: &&Report<AssetUsed>| report.noted.is_empty() && !is_void(report);
        Readings {
            world,
            list: uses.iter().filter(counts).collect(),
            crowded: *crowded,
        }
    }

    /// Between two Unix times, the second open where the part is still there.
    pub fn between(&self, from: i64, until: Option<i64>) -> Accrued {
        let is_before = |report: &&&Report<AssetUsed>| report.source.at <= from;
        let is_after =
            |report: &&&Report<AssetUsed>| until.is_some_and(|until| report.source.at >= until);
        let before = self.list.iter().rfind(is_before);
        let after = self.list.iter().find(is_after);
        let is_within = |report: &&&Report<AssetUsed>| {
            report.source.at >= from && until.is_none_or(|until| report.source.at <= until)
        };
        let within: Vec<_> = self.list.iter().filter(is_within).collect();
        let all = before
            .into_iter()
            .chain(within.iter().copied())
            .chain(after);
        let all: Vec<&Report<AssetUsed>> = all.copied().collect();
        let within: Vec<_> = within.into_iter().copied().collect();
        let point = |report: &&Report<AssetUsed>| Point {
            at: report.source.at,
            total: report.says.total,
        };
        let falls = all
            .windows(2)
            .filter(|pair| pair[1].says.total.is_below(&pair[0].says.total));
        let seen = |report: &&Report<AssetUsed>| report.source.since();
        let doubts = all
            .iter()
            .flat_map(|one| super::doubts(self.world, &one.source));
        let is_whole = before.is_some() && (until.is_none() || after.is_some());
        Accrued {
            least: difference(&within),
            most: difference(&all),
            is_whole,
            since: all.iter().map(seen).max().unwrap_or(0),
            peak_milli_g: within.iter().filter_map(|one| one.says.peak_milli_g).max(),
            first: all.first().map(point),
            last: all.last().map(point),
            fell: falls.map(|pair| seen(&pair[0]).max(seen(&pair[1]))).max(),
            // What is not kept can only make a stay between two readings shorter.
            crowded: self.crowded.filter(|_| until.is_none() || !is_whole),
            doubted: doubts.map(|(_, since)| since).max(),
        }
    }
}
