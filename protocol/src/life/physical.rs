//! Physical evidence of a part, and what comparing a piece with it does.
//!
//! Owns whose enrolment counts, for how long a match counts, and who holds a part by a piece that differs. Must never know how
//! measurements compare: `body::physical`.
//!
//! An enrolment counts by who has the part, before anybody could have put another piece in its place: its maker, as long as the
//! part has not left it; the first ever, before any release; and whoever has just matched the piece with what was enrolled before,
//! for instance after a repair. The authorities may always. Anybody else's is shown and counts for nothing.

use super::{Folding, Phase};
use crate::body::physical::{Compared, Match};
use crate::code::Code;
use crate::statement::StatementId;
use crate::world::{Event, Report, Source};
use std::collections::BTreeMap;

/// What a comparison among these reports amounts to; nothing while its enrolment is not there.
pub(crate) fn verdict(facts: &[Report<Event>], says: &Compared) -> Option<Match> {
    let mut facts = facts.iter();
    facts.find_map(|fact| match &fact.says {
        Event::Enrolled(enrolled) if fact.source.statement == says.enrolment => {
            Some(says.verdict(enrolled))
        }
        _ => None,
    })
}

/// Whether taking back a report only closes what it opened: then its own organisation's word is enough.
pub(super) fn opens_a_door(
    report: &Report<Event>,
    by_id: &BTreeMap<StatementId, &Report<Event>>,
) -> bool {
    let Event::Compared { comparison, .. } = &report.says else {
        return report.says.opens_a_door();
    };
    let enrolled = by_id.get(&comparison.enrolment).map(|fact| &fact.says);
    matches!(enrolled, Some(Event::Enrolled(enrolled)) if comparison.verdict(enrolled) != Match::Differs)
}

impl Folding<'_> {
    /// The events of this file.
    pub(super) fn physical(&mut self, fact: &Report<Event>) {
        match &fact.says {
            Event::Enrolled(says) if self.may_enrol(&fact.source) => {
                let statement = fact.source.statement;
                self.enrolments.insert(statement, (**says).clone());
                self.life.enrolment = Some(statement);
            }
            Event::Compared {
                comparison,
                by_inspector,
            } => self.compared(&fact.source, comparison, *by_inspector),
            _ => {}
        }
    }

    fn may_enrol(&self, source: &Source) -> bool {
        let exists = !matches!(self.life.phase, Phase::Expected | Phase::Printing);
        let is_first = self.enrolments.is_empty() && !self.was_released;
        let is_same_piece = !self.has_left || is_first || self.life.matched.is_some();
        exists && (self.is_authority(source) || (self.is_custodian(source) && is_same_piece))
    }

    /// A match is the word of who has the piece, or of an authority; that it differs may also be the owner's, or an
    /// inspector's of who made it or inspects for the maker.
    fn compared(&mut self, source: &Source, says: &Compared, by_inspector: bool) {
        let Some(enrolled) = self.enrolments.get(&says.enrolment) else {
            return;
        };
        let verdict = says.verdict(enrolled);
        self.life.comparisons.insert(source.statement, verdict);
        match verdict {
            Match::Differs if self.may_hold(source) || (by_inspector && self.may_judge(source)) => {
                self.differs(source);
            }
            Match::Matched if self.is_custodian(source) || self.is_authority(source) => {
                self.life.matched = Some(source.clone());
            }
            _ => {}
        }
    }

    /// As what does not conform, until it is decided; the match that there was is in doubt.
    fn differs(&mut self, source: &Source) {
        self.object(Code::EvidenceDiffers, source);
        self.failures
            .insert(source.statement, (source.clone(), false));
        self.life.matched = None;
    }

    /// The piece was out of sight: whoever has it now matches it anew.
    pub(super) fn out_of_sight(&mut self) {
        self.life.matched = None;
    }
}
