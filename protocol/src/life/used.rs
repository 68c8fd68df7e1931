//! How much a part has been used: what is reported of it, and what follows from its assets.
//!
//! Owns how the two are put together. Use never falls but by a correction that a second party confirmed. Must never know limits.

use super::Folding;
use super::assets::{Accrued, Point, Readings};
use crate::body::usage::Usage;
use crate::code::Code;
use crate::text::SubjectId;
use crate::world::Source;

/// What a part has been through, as far as it is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Since it was new, at most.
    pub total: Usage,
    /// At least: the two differ where an asset was not read when the part came and went.
    pub least: Usage,
    /// What was last reported of the part itself.
    reported: Usage,
    /// Log index from which on the newest report could be seen.
    pub since: u64,
    /// Whether use was reported since the newest installation.
    is_reported: bool,
    /// Log index of a removal before which no use was reported; a later report answers it.
    pub missing: Option<u64>,
    /// Log index from which on it could be seen that readings of its asset fall, or are below what its own report says.
    pub fell: Option<u64>,
    /// Log index from which on more was said of its asset than is kept.
    pub crowded: Option<u64>,
    /// Log index from which on the key of a reading of its asset was in doubt.
    pub doubted: Option<u64>,
    /// The hardest landing, in thousandths of standard gravity.
    pub peak_milli_g: Option<u32>,
    /// When it came into its asset and when its use was last known, with its use then: the rate of now.
    pub pace: Option<(Point, Point)>,
}

/// The asset that a part is in, where its operator is named, and since when its readings count.
pub(super) struct InAsset {
    pub asset: SubjectId,
    since: i64,
    /// When it came, and what it had been through at least.
    came: Point,
}

impl Used {
    /// Adds what an asset went through; the rate is that of the newest readings.
    fn add(&mut self, accrued: &Accrued) {
        self.least = self.least.plus(&accrued.least);
        self.total = self.total.plus(&accrued.most);
        self.since = self.since.max(accrued.since);
        self.peak_milli_g = self.peak_milli_g.max(accrued.peak_milli_g);
        self.fell = self.fell.max(accrued.fell);
        self.crowded = self.crowded.max(accrued.crowded);
        self.doubted = self.doubted.max(accrued.doubted);
        if let Some(last) = accrued.last {
            self.goes_on(last.at);
        }
    }
}

impl Used {
    /// What it has been through is known until then.
    fn goes_on(&mut self, at: i64) {
        let total = self.total;
        let start = self.pace.map_or(Point { at, total }, |(start, _)| start);
        if at >= start.at {
            self.pace = Some((start, Point { at, total }));
        }
    }
}

impl Folding<'_> {
    /// The part comes into an asset; whose that is, is said or not.
    pub(super) fn comes_into(&mut self, at: i64, asset: Option<SubjectId>) {
        let (total, least) = (self.life.used.total, self.life.used.least);
        self.life.used.is_reported = false;
        self.life.used.pace = Some((Point { at, total }, Point { at, total }));
        self.in_asset = asset.map(|asset| InAsset {
            asset,
            since: at,
            came: Point { at, total: least },
        });
    }

    /// What is known of the use in the asset until then; from there on it is counted anew.
    fn count(&mut self, until: Option<i64>) -> Accrued {
        let Some(within) = &mut self.in_asset else {
            return Accrued::default();
        };
        let readings = Readings::of(self.world, &within.asset);
        let accrued = readings.between(within.since, until);
        within.since = until.unwrap_or(within.since);
        // Reports of the part cut its stay into pieces; what is certain is certain of the whole.
        let stay = readings.between(within.came.at, until).least;
        let certain = within.came.total.plus(&stay);
        let used = &mut self.life.used;
        used.add(&accrued);
        (used.least, used.total) = (used.least.most(&certain), used.total.most(&certain));
        accrued
    }

    /// The part leaves its asset at a Unix time, as could be seen from a log index on: without a report of its use, or readings on both sides, nobody knows how much that was.
    pub(super) fn leaves_asset(&mut self, at: i64, since: u64) {
        let accrued = self.count(Some(at));
        if !self.life.used.is_reported && !accrued.is_whole {
            self.life.used.missing = Some(since);
        }
        self.in_asset = None;
    }

    /// The part is out of use: what the asset goes through from now on is none of its.
    pub(super) fn ends_in_asset(&mut self, end: &Source) {
        self.count(Some(end.at));
        self.in_asset = None;
    }

    /// At the end of what is known.
    pub(super) fn still_in_asset(&mut self) {
        self.count(None);
    }

    /// Use never falls.
    pub(super) fn reported(&mut self, source: &Source, total: &Usage, peak_milli_g: Option<u32>) {
        if self.life.phase == super::Phase::Expected || !self.is_custodian(source) {
            return self.object(self.gap_or(Code::NotCustodian), source);
        }
        self.count(Some(source.at));
        if total.is_below(&self.life.used.reported) {
            self.object(Code::UsageFell, source);
        }
        let used = &mut self.life.used;
        if total.is_below(&used.least) && !total.is_below(&used.reported) {
            used.fell = used.fell.max(Some(used.since.max(source.since())));
        }
        let exact = used.least.most(total);
        used.reported = used.reported.most(total);
        (used.least, used.total) = (exact, exact);
        used.goes_on(source.at);
        used.since = used.since.max(source.since());
        used.peak_milli_g = used.peak_milli_g.max(peak_milli_g);
        (used.is_reported, used.missing) = (true, None);
    }
}
