//! Where a part is: in an asset, or in an assembly, whose way it goes; and that it leaves there.
//!
//! Owns how these reports move a part, and how it follows its assembly: who has the assembly has the part, and the asset that the
//! assembly is in is the part's. Between the two times decide, as between an asset's readings and a part: nobody writes into the
//! journal of the one what happened to the other. Must never know what else is in the assembly: `contents`.

use super::within::{Carrier, Span, Trail};
use super::{Folding, Hold, Phase, Place};
use crate::body::part::Installed;
use crate::code::Code;
use crate::text::SubjectId;
use crate::world::{Event, Report, Source};

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.assembly_mark, &self.assembly) {
            (Some(mark), _) => write!(out, "assembly {}, {}", mark.grouped(), self.position)?,
            (None, Some(id)) => write!(out, "assembly {id}, {}", self.position)?,
            (None, None) => {}
        }
        match (&self.assembly, &self.asset) {
            (None, Some(asset)) => write!(out, "{asset}, {}", self.position),
            (Some(_), Some(asset)) => write!(out, "; with it in {asset}"),
            (_, None) => Ok(()),
        }
    }
}

impl<'a> Folding<'a> {
    pub(super) fn installed(
        &mut self,
        source: &Source,
        says: &Installed,
        asset: Option<SubjectId>,
    ) {
        if let Some(code) = self.against_installing(source) {
            self.object(code, source);
        }
        let against = says.into.as_ref().map(|into| self.against(into, source));
        if let Some(Some(code)) = against {
            self.object(code, source);
        }
        // Of two reports that contradict each other the first in causal order stands; what somebody else has, nobody puts anywhere.
        let is_others = self.life.phase != Phase::Expected && !self.is_custodian(source);
        if self.life.phase == Phase::Installed || is_others {
            return;
        }
        self.life.phase = Phase::Installed;
        self.life.installed = Some(Place {
            asset: says.asset.clone(),
            assembly: says.into.clone(),
            assembly_mark: None,
            position: says.position.clone(),
        });
        match (&says.into, against) {
            (Some(into), Some(None)) if self.is_custodian(source) => {
                self.is_carried_by(into, source)
            }
            (Some(_), _) => {}
            (None, _) => self.comes_into(source.at, asset),
        }
    }

    /// What speaks against it that this author puts the part anywhere.
    fn against_installing(&self, source: &Source) -> Option<Code> {
        match self.life.phase {
            Phase::Expected => Some(Code::BuildMissing),
            Phase::Installed => Some(Code::Installed),
            Phase::Released if !self.is_custodian(source) => Some(Code::NotCustodian),
            Phase::Released => None,
            _ => Some(Code::NotReleased),
        }
    }

    /// What speaks against it that this author puts the part into an assembly.
    fn against(&self, into: &SubjectId, source: &Source) -> Option<Code> {
        let is_weighed = self.eyes.act == Some(source.statement);
        if self.eyes.act.is_some() && !is_weighed {
            return None;
        }
        let Some(trail) = self.trails.get(into) else {
            return Some(Code::AssemblyMissing);
        };
        if self.trails.lead(into, Some(source.at), &self.life.part) {
            return Some(Code::AssemblyCircular);
        }
        let is_custodian = trail.was_with(source.at, &source.org);
        (!is_custodian).then_some(Code::AssemblyElsewhere)
    }

    fn is_carried_by(&mut self, into: &SubjectId, source: &Source) {
        self.life.is_carried = true;
        let trails = self.trails;
        let next = trails.get(into).map_or(0, |trail| trail.until(source.at));
        self.carrier = Some(Carrier {
            assembly: into.clone(),
            next: next.saturating_sub(1),
        });
        self.catch_up(Some(source.at));
    }

    /// Before something is said of a part in an assembly, it has gone as far as the assembly had.
    pub(super) fn follow(&mut self, fact: &Report<Event>) {
        let source = &fact.source;
        self.catch_up(Some(source.at));
        let Some(trail) = self.way() else {
            return;
        };
        // In the second in which the assembly changes hands either has it.
        let was_with = trail.was_with(source.at, &source.org);
        let sets_aside = matches!(
            fact.says,
            Event::Quarantined { .. } | Event::Nonconformance(_)
        );
        let act = self.eyes.act;
        let may_be_late = act.is_some_and(|act| act != source.statement) && !sets_aside;
        if was_with || may_be_late {
            self.life.custodian = Some(source.org.clone());
        } else if let Some(span) = trail.span_at(source.at) {
            self.life.custodian.clone_from(&span.custodian);
        }
    }

    /// The way of the assembly that the part goes with.
    fn way(&self) -> Option<&'a Trail> {
        self.trails.get(&self.carrier.as_ref()?.assembly)
    }

    /// Goes the way of the assembly up to a Unix time, or as far as it is known.
    fn catch_up(&mut self, until: Option<i64>) {
        let (Some(trail), Some(carrier)) = (self.way(), self.carrier.as_mut()) else {
            return;
        };
        let end = until.map_or(trail.spans.len(), |until| trail.until(until));
        let begin = carrier.next.min(end);
        carrier.next = end.max(carrier.next);
        for span in &trail.spans[begin..end] {
            self.goes_with(span);
        }
    }

    fn goes_with(&mut self, span: &Span) {
        if let Some(org) = &span.custodian
            && self.life.custodian.as_ref() != Some(org)
        {
            self.take_custody(org);
        }
        let Some(place) = &mut self.life.installed else {
            return;
        };
        let (before, name) = (place.asset.clone(), span.asset.clone());
        if before != name {
            place.asset.clone_from(&name);
            if before.is_some() {
                self.leaves_asset(span.at, span.since);
            }
            if name.is_some() {
                self.comes_into(span.at, span.asset_subject.clone());
            }
        }
        self.record(span.at, span.since);
    }

    /// Keeps how the part stands after what happened, where that is asked for.
    pub(super) fn record(&mut self, at: i64, since: u64) {
        let Some(spans) = &mut self.spans else {
            return;
        };
        let place = self.life.installed.as_ref();
        let last = spans.last();
        let span = Span {
            at: last.map_or(at, |last| last.at.max(at)),
            since,
            custodian: self.life.custodian.clone(),
            asset: place.and_then(|place| place.asset.clone()),
            asset_subject: self.in_asset.as_ref().map(|within| within.asset.clone()),
            assembly: self.carrier.as_ref().map(|by| by.assembly.clone()),
            is_destroyed: self.life.phase == Phase::Destroyed,
        };
        if last.is_none_or(|last| !last.is_alike(&span)) {
            spans.push(span);
        }
    }

    /// At the end of what is known.
    pub(super) fn still_in_place(&mut self) {
        self.catch_up(None);
        if let Some(trail) = self.way() {
            let last = trail.spans.last();
            self.life.custodian = last.and_then(|last| last.custodian.clone());
            self.life.in_transit.clone_from(&trail.sent);
            let destroyed = last.filter(|last| last.is_destroyed);
            let destroyed = destroyed.map(|last| (Code::Destroyed, last.since));
            self.hold_at_last(destroyed);
        }
        if self.trails.is_cut {
            self.hold_at_last(Some((Code::TooManyAncestors, 0)));
        }
        let part = self.life.part.clone();
        if let Some(place) = &mut self.life.installed
            && let Some(assembly) = &place.assembly
        {
            let trail = self.trails.get(assembly);
            place.assembly_mark = trail.and_then(|trail| trail.mark);
            let circular = self.life.is_carried && self.trails.lead(assembly, None, &part);
            self.hold_at_last(circular.then_some((Code::AssemblyCircular, 0)));
        }
        self.still_in_asset();
    }

    fn hold_at_last(&mut self, found: Option<(Code, u64)>) {
        let hold = |(code, since)| Hold {
            since,
            ..Hold::new(code, &self.life.part)
        };
        self.at_last.extend(found.map(hold));
    }

    pub(super) fn removed(&mut self, source: &Source) {
        let is_over = self.life.phase == Phase::Decommissioned;
        match self.life.phase {
            Phase::Installed => {}
            Phase::Decommissioned if self.life.installed.is_some() => {}
            Phase::Decommissioned => return self.object(Code::Decommissioned, source),
            _ => self.object(Code::NotInstalled, source),
        }
        if self.life.installed.is_some() && !self.is_custodian(source) {
            return self.object(Code::NotCustodian, source);
        }
        let place = self.life.installed.as_ref();
        // In an assembly that was in no asset it was not used.
        let was_used = place.is_none_or(|place| place.assembly.is_none() || place.asset.is_some());
        if is_over {
            self.ends_in_asset(source);
        } else {
            self.life.phase = Phase::Removed;
            if was_used {
                self.leaves_asset(source.at, source.since());
            }
        }
        self.leaves_place();
        self.out_of_sight();
        self.life.release = None;
    }

    /// It is nowhere any more.
    pub(super) fn leaves_place(&mut self) {
        (self.life.installed, self.carrier) = (None, None);
        self.life.is_carried = false;
    }

    /// By who has the part; anybody else's word holds it and ends nothing.
    pub(super) fn destroyed(&mut self, source: &Source) {
        if !self.is_custodian(source) {
            return self.object(self.gap_or(Code::NotCustodian), source);
        }
        self.ends_in_asset(source);
        self.life.phase = Phase::Destroyed;
        self.leaves_place();
        self.destroyed = Some(source.clone());
    }
}
