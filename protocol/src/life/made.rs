//! How a part is made: the start of its build, and the end.
//!
//! Owns what these reports do to a part. Must never know what the build rests on: `above`.

use super::{Folding, Phase};
use crate::code::Code;
use crate::mark::Mark;
use crate::text::SubjectId;
use crate::world::Source;

impl Folding<'_> {
    pub(super) fn started(&mut self, source: &Source, build: &SubjectId, unit: u32, mark: Mark) {
        let life = &mut self.life;
        if life.build.is_some() || life.entered.is_some() {
            return self.object(Code::Contradicted, source);
        }
        life.phase = life.phase.max(Phase::Printing);
        (life.build, life.unit, life.mark) = (Some(build.clone()), Some(unit), Some(mark));
        life.started_at = Some(source.at);
        life.marks.insert(mark);
        life.is_unmarked |= self.above.build().is_some_and(|build| build.unmarked);
        self.agent = Some(source.kid);
        self.maker = Some(source.org.clone());
        self.take_custody(&source.org);
    }

    pub(super) fn ended(&mut self, source: &Source, build: &SubjectId, phase: Phase) {
        match self.life.phase {
            Phase::Expected => self.object(Code::BuildMissing, source),
            _ if self.agent != Some(source.kid) => self.object(Code::OtherAgent, source),
            Phase::Printing if self.life.build.as_ref() == Some(build) => self.life.phase = phase,
            _ => self.object(Code::Contradicted, source),
        }
    }
}
