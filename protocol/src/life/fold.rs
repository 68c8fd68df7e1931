//! Running through the reports of a part in causal order.
//!
//! Owns how far a part comes by which report, and what is said against each. Custody is in `holding`, work and use in
//! `service`, inspection and release in `release`, physical evidence in `physical`. Must never know what stands above the part but by asking it.

use super::doubt::{Doubts, vouchers};
use super::used::InAsset;
use super::{Above, Hold, Life, Objections, Phase, Place, Used, causal_order, service};
use crate::body::physical::Enrolled;
use crate::code::Code;
use crate::key::KeyId;
use crate::mark::Mark;
use crate::statement::StatementId;
use crate::text::{OrgId, SubjectId};
use crate::world::{Event, Report, Source, World};
use std::collections::{BTreeMap, BTreeSet};

impl Life {
    /// Runs through the reports in causal order. Also tells, for each statement that has no or a bad effect, why.
    pub fn fold(
        world: &World,
        part: &SubjectId,
        facts: &[Report<Event>],
        above: &Above,
    ) -> (Life, Objections) {
        Life::fold_as_seen(world, part, facts, above, None)
    }

    /// [`Life::fold`] for somebody who had `seen` so many entries of the log; `facts` are what they knew.
    pub fn fold_as_seen(
        world: &World,
        part: &SubjectId,
        facts: &[Report<Event>],
        above: &Above,
        seen: Option<u64>,
    ) -> (Life, Objections) {
        let mut folding = Folding::new(world, part, above, seen);
        let vouchers = vouchers(facts);
        let void = folding.void_by_correction(facts);
        let known: BTreeSet<_> = facts.iter().map(|fact| fact.source.statement).collect();
        for fact in causal_order(facts) {
            let vouched = vouchers
                .get(&fact.source.statement)
                .is_some_and(|orgs| orgs.len() >= 2);
            if !void.contains(&fact.source.statement) {
                if !fact.says.only_flags() {
                    folding.note(fact, vouched);
                }
                folding.step(fact);
            }
            let is_whole = fact.says.predecessors().all(|id| known.contains(&id));
            if !is_whole && !fact.says.only_flags() {
                folding.gap(&fact.source);
            }
            folding.life.newest = Some(fact.source.statement);
        }
        folding.still_in_asset();
        let Folding {
            mut life,
            objections,
            ..
        } = folding;
        life.holds.extend(objections.values().flatten().cloned());
        (life, objections)
    }

    fn new(part: &SubjectId) -> Life {
        Life {
            part: part.clone(),
            mark: None,
            marks: BTreeSet::new(),
            replaced: BTreeMap::new(),
            is_unmarked: false,
            entered: None,
            build: None,
            started_at: None,
            unit: None,
            phase: Phase::Expected,
            custodian: None,
            owner: None,
            used: Used::default(),
            in_transit: None,
            installed: None,
            inspection: None,
            release: None,
            enrolment: None,
            comparisons: BTreeMap::new(),
            matched: None,
            suspicions: Vec::new(),
            holds: Vec::new(),
            newest: None,
        }
    }
}

/// The life of a part while its reports are run through.
pub(super) struct Folding<'a> {
    pub(super) world: &'a World,
    pub(super) above: &'a Above,
    pub(super) life: Life,
    pub(super) objections: Objections,
    /// Releases that found something against them. A later good release answers them.
    pub(super) void: BTreeSet<StatementId>,
    pub(super) destroyed: Option<Source>,
    /// The key that reported the start of the build; nobody else ends it.
    pub(super) agent: Option<KeyId>,
    /// Quarantines that are not lifted, by whoever placed them.
    pub(super) quarantines: Vec<Source>,
    /// What does not conform and is not decided: by whom, and whether it is an inspection.
    pub(super) failures: BTreeMap<StatementId, (Source, bool)>,
    /// Physical evidence that counts.
    pub(super) enrolments: BTreeMap<StatementId, Enrolled>,
    /// Somebody else than its maker had it.
    pub(super) has_left: bool,
    /// Given to another owner, and not accepted: by which statement, to whom.
    pub(super) offer: Option<(StatementId, OrgId)>,
    pub(super) maker: Option<OrgId>,
    /// Marks that were put on after the making.
    pub(super) put_on: BTreeSet<Mark>,
    /// The asset whose readings count.
    pub(super) in_asset: Option<InAsset>,
    /// What became known of keys below this log index counts; everything where there is none.
    pub(super) seen: Option<u64>,
    doubts: Doubts<'a>,
}

impl<'a> Folding<'a> {
    fn new(world: &'a World, part: &SubjectId, above: &'a Above, seen: Option<u64>) -> Folding<'a> {
        Folding {
            world,
            above,
            life: Life::new(part),
            objections: BTreeMap::new(),
            void: BTreeSet::new(),
            destroyed: None,
            agent: None,
            quarantines: Vec::new(),
            failures: BTreeMap::new(),
            enrolments: BTreeMap::new(),
            has_left: false,
            offer: None,
            maker: None,
            put_on: BTreeSet::new(),
            in_asset: None,
            seen,
            doubts: Doubts::new(world),
        }
    }

    /// What was found about the author when the report was logged, and about the key since.
    pub(super) fn note(&mut self, fact: &'a Report<Event>, vouched: bool) {
        let source = &fact.source;
        for code in &fact.noted {
            if !(vouched && *code == Code::Unvouched) {
                self.object(*code, source);
            }
        }
        for (code, since) in self.doubts.of(source) {
            let counts = self.seen.is_none_or(|seen| since < seen);
            if counts && !(vouched && code == Code::KeyCompromised) {
                self.object(code, source);
            }
        }
    }
}

impl Folding<'_> {
    pub(super) fn object(&mut self, code: Code, source: &Source) {
        let hold = Hold::by(code, &self.life.part, source);
        let holds = self.objections.entry(source.statement).or_default();
        if holds.iter().all(|known| known.code != code) {
            holds.push(hold);
        }
    }

    /// A report comes after another one that is not there: nobody knows what that says.
    pub(super) fn gap(&mut self, source: &Source) {
        if !self.objections.contains_key(&source.statement) {
            self.object(Code::WaitsFor, source);
        }
    }

    pub(super) fn step(&mut self, fact: &Report<Event>) {
        let source = &fact.source;
        if let Event::Suspected(_) | Event::SuspicionLifted(_) = &fact.says {
            return self.suspicion(fact);
        }
        if self.life.phase == Phase::Destroyed
            && !matches!(
                fact.says,
                Event::DestructionAttested(_)
                    | Event::Vouched { .. }
                    | Event::ErrorDeclared(_)
                    | Event::ErrorConfirmed(_)
            )
        {
            return self.object(Code::AfterDestruction, source);
        }
        if self.life.phase == Phase::Decommissioned && !service::may_follow_the_end(&fact.says) {
            return self.object(Code::Decommissioned, source);
        }
        match &fact.says {
            Event::Started { build, unit, mark } => self.started(source, build, *unit, *mark),
            Event::Completed { build } => self.ended(source, build, Phase::Built),
            Event::Aborted { build, .. } => {
                self.ended(source, build, Phase::Scrapped);
                self.object(Code::BuildAborted, source);
            }
            Event::Entered(_) | Event::Marked(_) | Event::MarkVerified(_) | Event::Remarked(_) => {
                self.marking(fact);
            }
            Event::Enrolled(_) | Event::Compared { .. } => self.physical(fact),
            Event::PostProcessed(_) => self.changed(source, Phase::Built),
            Event::Tested(says) => self.tested(source, says.passed()),
            Event::Nonconformance(_) => self.nonconforming(source),
            Event::Dispositioned(says) => self.dispositioned(source, says),
            Event::Inspected(says) => self.inspected(source, says.passed()),
            Event::Released(says) => self.released(fact, says.inspection),
            Event::Shipped(says) => {
                if self.life.custodian.as_ref() == Some(&source.org) {
                    self.life.in_transit = Some((source.statement, says.to.clone()));
                } else {
                    self.object(self.gap_or(Code::NotCustodian), source);
                }
            }
            Event::Received(says) => self.received(source, says.shipment),
            Event::Installed(says) => {
                let place = Place {
                    asset: says.asset.clone(),
                    position: says.position.clone(),
                };
                self.installed(source, place, fact.says.asset());
            }
            Event::OwnerChanged(says) => self.offered(source, &says.to),
            Event::OwnerAccepted(says) => self.accepted(source, says.change),
            Event::Removed(_) => self.removed(source),
            Event::Usage(says) => self.reported(source, &says.total, says.peak_milli_g),
            Event::Repaired(_) | Event::Remanufactured(_) => self.changed(source, Phase::Removed),
            Event::Decommissioned(_) => self.decommissioned(source),
            Event::Destroyed(_) => self.destroyed(source),
            Event::Quarantined { .. } => self.quarantined(source),
            Event::QuarantineLifted { placed, .. } => self.quarantine_lifted(fact, *placed),
            Event::DestructionAttested(says) => self.attested(source, says.destruction),
            Event::ErrorConfirmed(_) if !self.is_authority(source) => {
                self.object(Code::NotYours, source);
            }
            Event::Vouched { .. }
            | Event::ErrorDeclared(_)
            | Event::ErrorConfirmed(_)
            | Event::Suspected(_)
            | Event::SuspicionLifted(_) => {}
        }
    }

    /// Before the build is known, whatever looks wrong is first of all a gap.
    pub(super) fn gap_or(&self, code: Code) -> Code {
        if self.life.phase == Phase::Expected {
            Code::BuildMissing
        } else {
            code
        }
    }

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

    pub(super) fn removed(&mut self, source: &Source) {
        if self.life.phase != Phase::Installed {
            self.object(Code::NotInstalled, source);
        } else if !self.is_custodian(source) {
            return self.object(Code::NotCustodian, source);
        }
        self.life.phase = Phase::Removed;
        self.leaves_asset(source);
        self.out_of_sight();
        (self.life.installed, self.life.release) = (None, None);
    }

    /// By who has the part; anybody else's word holds it and ends nothing.
    pub(super) fn destroyed(&mut self, source: &Source) {
        if !self.is_custodian(source) {
            return self.object(self.gap_or(Code::NotCustodian), source);
        }
        self.ends_in_asset(source);
        self.life.phase = Phase::Destroyed;
        self.life.installed = None;
        self.destroyed = Some(source.clone());
    }

    pub(super) fn installed(&mut self, source: &Source, place: Place, asset: Option<SubjectId>) {
        let code = match self.life.phase {
            Phase::Expected => Some(Code::BuildMissing),
            Phase::Installed => Some(Code::Installed),
            Phase::Released if self.life.custodian.as_ref() != Some(&source.org) => {
                Some(Code::NotCustodian)
            }
            Phase::Released => None,
            _ => Some(Code::NotReleased),
        };
        if let Some(code) = code {
            self.object(code, source);
        }
        // Two reports that contradict each other: the first in causal order stands.
        if self.life.phase != Phase::Installed {
            self.life.phase = Phase::Installed;
            self.life.installed = Some(place);
            self.comes_into(source, asset);
        }
    }
}
