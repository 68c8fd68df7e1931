//! Who has a part, and who sets it aside.
//!
//! Owns custody, quarantine and who may lift it, and who attests a destruction. Must never know how far a part has come.

use super::{Folding, Suspicion};
use crate::body::governance::Function;
use crate::code::Code;
use crate::statement::StatementId;
use crate::text::OrgId;
use crate::world::{Event, Report, Source};

impl Folding<'_> {
    pub(super) fn received(&mut self, source: &Source, shipment: StatementId) {
        match self.life.in_transit.take() {
            Some((sent, to)) if sent == shipment && to == source.org => {
                self.take_custody(&source.org);
            }
            Some((sent, to)) if sent == shipment => {
                self.life.in_transit = Some((sent, to));
                self.object(Code::OtherReceiver, source);
            }
            other => {
                self.life.in_transit = other;
                self.object(Code::ShipmentMissing, source);
            }
        }
    }

    /// What the new custodian had set aside before, by its clock, is set aside by right now.
    pub(super) fn take_custody(&mut self, org: &OrgId) {
        self.life.custodian = Some(org.clone());
        self.has_left |= self.maker.as_ref().is_some_and(|maker| maker != org);
        self.out_of_sight();
        let own = self.quarantines.iter().filter(|placed| placed.org == *org);
        for placed in own.cloned().collect::<Vec<_>>() {
            self.object(Code::Quarantined, &placed);
        }
    }

    pub(super) fn is_custodian(&self, source: &Source) -> bool {
        self.life.custodian.as_ref() == Some(&source.org)
    }

    /// By the owner, who is the maker before anybody else accepted it.
    pub(super) fn offered(&mut self, source: &Source, to: &OrgId) {
        if self.life.owner.as_ref().or(self.maker.as_ref()) == Some(&source.org) {
            self.offer = Some((source.statement, to.clone()));
        } else {
            self.object(self.gap_or(Code::NotOwner), source);
        }
    }

    pub(super) fn accepted(&mut self, source: &Source, change: StatementId) {
        match &self.offer {
            Some((offered, to)) if *offered == change && *to == source.org => {
                self.life.owner = Some(source.org.clone());
                self.offer = None;
            }
            _ => self.object(self.gap_or(Code::NotOwner), source),
        }
    }

    pub(super) fn attested(&mut self, source: &Source, destruction: StatementId) {
        match &self.destroyed {
            Some(by) if by.statement != destruction => self.object(Code::Contradicted, source),
            Some(by) if by.actor == source.actor => self.object(Code::NotIndependent, source),
            Some(_) => {}
            None => self.object(Code::WaitsFor, source),
        }
    }

    /// Custodian, OEM and authority hold at once; another member's word is a report that one of them confirms.
    pub(super) fn quarantined(&mut self, source: &Source) {
        self.quarantines.push(source.clone());
        if self.may_hold(source) {
            self.object(Code::Quarantined, source);
        }
    }

    pub(super) fn may_hold(&self, by: &Source) -> bool {
        self.is_custodian(by) || self.life.owner.as_ref() == Some(&by.org) || self.is_authority(by)
    }

    /// Whose inspection or test counts: who may hold, who made it, and who inspects for the maker. Any inspector's word is shown; else an
    /// accredited stranger would set aside whose parts it likes, or pass what others look at in vain.
    pub(super) fn may_judge(&self, by: &Source) -> bool {
        self.may_hold(by)
            || self.maker.as_ref() == Some(&by.org)
            || self.above.lets_inspect(&by.org)
    }

    pub(super) fn is_authority(&self, by: &Source) -> bool {
        self.above.design_authority() == Some(&by.org)
            || (self.world).has_function(&by.org, Function::Authority, by.place())
    }

    /// What OEM or authority set aside is not the custodian's to give free.
    pub(super) fn may_lift(&self, lifts: &Source, placed: StatementId) -> bool {
        let mut quarantines = self.quarantines.iter();
        let by = quarantines.find(|source| source.statement == placed);
        let from_above = by.is_some_and(|by| self.is_authority(by));
        self.is_authority(lifts) || (self.may_hold(lifts) && !from_above)
    }

    pub(super) fn quarantine_lifted(&mut self, fact: &Report<Event>, placed: StatementId) {
        if !self.may_lift(&fact.source, placed) {
            return self.object(Code::NotYours, &fact.source);
        }
        self.quarantines.retain(|source| source.statement != placed);
        if let Some(holds) = self.objections.get_mut(&placed) {
            holds.retain(|hold| hold.code != Code::Quarantined);
        }
    }

    /// A suspicion flags the part, whatever has become of it; the word of who had no right to speak, or of a key in doubt, does
    /// not even do that. Who may set the part aside clears it up.
    pub(super) fn suspicion(&mut self, fact: &Report<Event>) {
        let source = &fact.source;
        match &fact.says {
            Event::Suspected(says) => {
                let in_doubt = !super::doubts(self.world, source).is_empty();
                if fact.noted.is_empty() && !in_doubt {
                    self.life.suspicions.push(Suspicion {
                        statement: source.statement,
                        reason: says.reason.clone(),
                    });
                }
            }
            Event::SuspicionLifted(says) if self.may_hold(source) => {
                let open = &mut self.life.suspicions;
                open.retain(|one| one.statement != says.placed);
            }
            _ => self.object(Code::NotYours, source),
        }
    }
}
