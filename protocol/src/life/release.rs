//! Inspection and release of a part.
//!
//! Owns which inspection counts, and what speaks against a release at its place among the reports. Must never know what stands
//! above the part but by asking it.

use super::{Folding, Phase, above};
use crate::code::Code;
use crate::statement::StatementId;
use crate::world::{Event, Report, Source};

impl Folding<'_> {
    pub(super) fn inspected(&mut self, source: &Source, passed: bool) {
        match self.life.phase {
            Phase::Expected => self.object(Code::BuildMissing, source),
            // A stranger's word is shown: neither does it hold, nor does it stand for an inspection that the release rests on.
            _ if !self.may_judge(source) => {}
            Phase::Printing => self.object(Code::BuildUnfinished, source),
            Phase::Scrapped => self.object(Code::BuildAborted, source),
            _ if self.above.breaks_independence(self.world, &[source]) => {
                self.object(Code::NotIndependent, source);
            }
            Phase::Built | Phase::Accepted | Phase::Rejected | Phase::Removed if passed => {
                self.life.phase = Phase::Accepted;
                self.life.inspection = Some(source.clone());
            }
            _ if passed => {}
            _ => {
                self.life.phase = self.life.phase.max(Phase::Rejected);
                self.life.inspection = None;
                self.failed(source, true);
            }
        }
    }

    pub(super) fn released(&mut self, fact: &Report<Event>, inspection: StatementId) {
        let source = &fact.source;
        if !self.objections.contains_key(&source.statement) {
            let Some(code) = self.against_release(source, inspection) else {
                // Another release of a part that is released, or installed already, moves it nowhere.
                self.life.phase = self.life.phase.max(Phase::Released);
                self.life.release = Some(source.clone());
                self.was_released = true;
                self.objections.retain(|id, _| !self.void.contains(id));
                return;
            };
            self.object(code, source);
        }
        self.void.insert(source.statement);
    }

    /// What speaks against a release at this place.
    pub(super) fn against_release(&self, source: &Source, inspection: StatementId) -> Option<Code> {
        let passed = match (self.life.phase, &self.life.inspection) {
            (Phase::Expected, _) => return Some(Code::BuildMissing),
            (Phase::Printing, _) => return Some(Code::BuildUnfinished),
            (Phase::Accepted | Phase::Released | Phase::Installed, Some(passed))
                if passed.statement == inspection =>
            {
                Some(passed)
            }
            _ => None,
        };
        let mut holds = self.objections.iter();
        if holds.any(|(id, holds)| !holds.is_empty() && !self.void.contains(id)) {
            return Some(Code::Held);
        }
        match passed {
            None => Some(Code::NotInspected),
            Some(passed)
                if self
                    .above
                    .breaks_independence(self.world, &[passed, source]) =>
            {
                Some(Code::NotIndependent)
            }
            Some(_) => self.restricted_at(source).then_some(Code::WithoutEffect),
        }
    }

    /// Whether a recall, withdrawal or revocation stood when the release was logged: its author may not have known.
    pub(super) fn restricted_at(&self, release: &Source) -> bool {
        let at = release.since();
        let stood = |restriction: &crate::world::Restriction| {
            let lifted = restriction.lifted.as_ref();
            restriction.source.since() <= at && lifted.is_none_or(|lifted| lifted.since() > at)
        };
        above::restricting(self.world, &self.life)
            .is_ok_and(|found| found.iter().any(|(_, restriction)| stood(restriction)))
    }
}
