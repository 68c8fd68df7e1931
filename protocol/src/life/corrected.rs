//! Which reports of a part count for nothing, because who made them said so.
//!
//! Owns when a declared error has an effect: at once where it only takes something away that opened a door; else when the design
//! authority or an authority, of another organisation, has confirmed it. Must never know what a report means for the part.

use super::{Folding, physical};
use crate::statement::StatementId;
use crate::world::{Event, Report};
use std::collections::{BTreeMap, BTreeSet};

impl Folding<'_> {
    /// The reports that are void.
    pub(super) fn void_by_correction(&self, facts: &[Report<Event>]) -> BTreeSet<StatementId> {
        let by_id: BTreeMap<_, _> = facts
            .iter()
            .map(|fact| (fact.source.statement, fact))
            .collect();
        let mut void = BTreeSet::new();
        for fact in facts {
            let (declaration, is_second) = match &fact.says {
                Event::ErrorDeclared(_) => (fact, false),
                Event::ErrorConfirmed(says) => match by_id.get(&says.declaration) {
                    Some(declared) => (*declared, true),
                    None => continue,
                },
                _ => continue,
            };
            let Event::ErrorDeclared(says) = &declaration.says else {
                continue;
            };
            let Some(error) = by_id.get(&says.error) else {
                continue;
            };
            let is_own = error.source.org == declaration.source.org;
            let is_agreed = is_second
                && fact.source.org != declaration.source.org
                && self.is_authority(&fact.source);
            if is_own
                && error.says.may_be_an_error()
                && (is_agreed || physical::opens_a_door(error, &by_id))
            {
                void.insert(says.error);
            }
        }
        void
    }
}
