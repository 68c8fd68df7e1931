//! Parts that were made otherwise, and marks that are put on after the making.
//!
//! Owns what these reports do to a part. Must never know what else carries the mark: `above`.

use super::{Folding, Phase};
use crate::body::marking::{Grade, Verified};
use crate::code::Code;
use crate::mark::Mark;
use crate::world::{Event, Report, Source};

impl Folding<'_> {
    /// The events of this file.
    pub(super) fn marking(&mut self, fact: &Report<Event>) {
        match &fact.says {
            Event::Entered(_) => self.entered(&fact.source),
            Event::Marked(says) => self.marked(&fact.source, None, says.mark),
            Event::Remarked(says) => self.marked(&fact.source, Some(says.old), says.new),
            Event::MarkVerified(says) => self.mark_verified(&fact.source, says),
            _ => {}
        }
    }

    /// Who says what it is has it, and owns it until it is given away. Of one part nobody says it twice.
    fn entered(&mut self, source: &Source) {
        // Of a part that was built, nobody says so with an earlier time either.
        let is_built = self.life.build.is_some() || self.above.build().is_some();
        if is_built || self.life.entered.is_some() {
            return self.object(Code::Contradicted, source);
        }
        self.life.phase = self.life.phase.max(Phase::Built);
        self.life.entered = Some(source.clone());
        self.life.is_unmarked = true;
        self.maker = Some(source.org.clone());
        self.take_custody(&source.org);
    }

    /// By who has the part. The old mark is one that it has.
    fn marked(&mut self, source: &Source, old: Option<Mark>, new: Mark) {
        if self.life.phase == Phase::Expected || !self.is_custodian(source) {
            return self.object(self.gap_or(Code::NotCustodian), source);
        }
        if old.is_some_and(|old| !self.life.marks.contains(&old)) {
            return self.object(Code::Contradicted, source);
        }
        if let Some(old) = old {
            self.life.replaced.insert(old, new);
        }
        // It may be one that was taken off before: what takes a place is on the part, so no chain of marks is a circle.
        self.life.replaced.remove(&new);
        self.life.marks.insert(new);
        self.life.mark = Some(new);
        self.put_on.insert(new);
    }

    /// A mark that was put on and reads ends the wait for it; one that does not read is a failure to be decided,
    /// where who says so may judge.
    fn mark_verified(&mut self, source: &Source, says: &Verified) {
        if !self.life.marks.contains(&says.mark) {
            return self.object(self.gap_or(Code::Contradicted), source);
        }
        if says.grade == Grade::F {
            if self.may_judge(source) {
                self.failed(source, false);
            }
            return;
        }
        self.life.is_unmarked &= !self.put_on.contains(&says.mark);
    }
}
