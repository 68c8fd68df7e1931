//! What a part goes through: work on it, tests, what does not conform and what is decided about that, use, and its end; how much it is used is in `used`.
//!
//! Owns what these reports do to a part. Must never know who has it: `holding`.

use super::{Folding, Phase};
use crate::body::quality::{Disposition, Dispositioned};
use crate::code::Code;
use crate::world::{Event, Source};

/// What may still be said of a part that is out of use for good.
pub(super) fn may_follow_the_end(event: &Event) -> bool {
    matches!(
        event,
        Event::Destroyed(_)
            | Event::Vouched { .. }
            | Event::Quarantined { .. }
            | Event::QuarantineLifted { .. }
            | Event::Shipped(_)
            | Event::Received(_)
            | Event::OwnerChanged(_)
            | Event::OwnerAccepted(_)
            | Event::Removed(_)
            | Event::Usage(_)
            | Event::Compared { .. }
            | Event::ErrorDeclared(_)
            | Event::ErrorConfirmed(_)
    )
}

impl Folding<'_> {
    /// The part was worked on by who has it: what was found before counts no more.
    pub(super) fn changed(&mut self, source: &Source, phase: Phase) {
        let code = match self.life.phase {
            Phase::Expected => Code::BuildMissing,
            Phase::Printing => Code::BuildUnfinished,
            Phase::Scrapped => Code::BuildAborted,
            Phase::Installed => Code::Installed,
            _ if !self.is_custodian(source) => Code::NotCustodian,
            _ => {
                self.life.phase = phase;
                (self.life.inspection, self.life.release) = (None, None);
                return;
            }
        };
        self.object(code, source);
    }

    pub(super) fn tested(&mut self, source: &Source, passed: bool) {
        if !passed && self.may_judge(source) {
            self.failed(source, false);
        }
    }

    /// As with a quarantine, another member's word is a report that one of those who may hold confirms.
    pub(super) fn nonconforming(&mut self, source: &Source) {
        if self.may_hold(source) {
            self.failed(source, false);
        }
    }

    /// The part is held until it is decided what becomes of it.
    pub(super) fn failed(&mut self, source: &Source, is_inspection: bool) {
        self.object(Code::Nonconforming, source);
        let failure = (source.clone(), is_inspection);
        self.failures.insert(source.statement, failure);
    }

    pub(super) fn dispositioned(&mut self, source: &Source, says: &Dispositioned) {
        let may = match says.disposition {
            Disposition::UseAsIs => self.is_authority(source),
            Disposition::Rework | Disposition::Scrap => self.may_hold(source),
        };
        if !may {
            return self.object(Code::NotYours, source);
        }
        // What nobody with the right to hold found, held nothing: there is nothing to lift.
        let failure = self.failures.remove(&says.nonconformance);
        if let Some(holds) = self.objections.get_mut(&says.nonconformance) {
            holds.retain(|hold| !matches!(hold.code, Code::Nonconforming | Code::EvidenceDiffers));
        }
        let of_coupon = self.above.coupon_test(says.nonconformance).is_some();
        if of_coupon {
            self.life.decided.insert(says.nonconformance);
        }
        match (says.disposition, failure) {
            (Disposition::Rework, None) if of_coupon => self.reworked(),
            (Disposition::Scrap, _) => self.life.phase = Phase::Decommissioned,
            (Disposition::Rework, Some(_)) => self.reworked(),
            (Disposition::UseAsIs, Some((inspection, true)))
                if self.life.phase == Phase::Rejected =>
            {
                self.life.phase = Phase::Accepted;
                self.life.inspection = Some(inspection);
            }
            _ => {}
        }
    }

    /// What is in an asset is taken out first; its release is void all the same.
    fn reworked(&mut self) {
        (self.life.inspection, self.life.release) = (None, None);
        if matches!(
            self.life.phase,
            Phase::Accepted | Phase::Rejected | Phase::Released
        ) {
            self.life.phase = Phase::Built;
        }
    }

    pub(super) fn decommissioned(&mut self, source: &Source) {
        if !self.is_custodian(source) {
            return self.object(self.gap_or(Code::NotCustodian), source);
        }
        self.ends_in_asset(source);
        self.life.phase = Phase::Decommissioned;
        // Words take nothing out of an assembly: it is held until somebody has done so.
        if self.carrier.is_none() {
            self.leaves_place();
        }
        self.life.release = None;
    }
}
