//! Running through the reports of a part in causal order.
//!
//! Owns how far a part comes by which report, and what is said against each. Custody is in `holding`, work and use in
//! `service`, inspection and release in `release`, physical evidence in `physical`, where it is in `place`, how it is made in
//! `made`. Must never know what stands above the part but by asking it.

use super::doubt::{Doubts, vouchers};
use super::used::InAsset;
use super::within::{Carrier, Span, Trail, Trails};
use super::{Above, Hold, Life, Objections, Phase, Used, causal_order, service};
use crate::body::physical::Enrolled;
use crate::code::Code;
use crate::key::KeyId;
use crate::mark::Mark;
use crate::statement::{Statement, StatementId};
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
        Life::fold_as_seen(world, part, facts, above, &Eyes::default())
    }

    /// [`Life::fold`] as the author of an act sees it; `facts` are what they knew.
    pub fn fold_as_seen(
        world: &World,
        part: &SubjectId,
        facts: &[Report<Event>],
        above: &Above,
        eyes: &Eyes,
    ) -> (Life, Objections) {
        let trails = Trails::of(world, facts);
        let mut folding = Folding::new(world, part, above, &trails, *eyes);
        folding.run(facts);
        let Folding {
            mut life,
            objections,
            at_last,
            ..
        } = folding;
        life.holds.extend(objections.values().flatten().cloned());
        life.holds.extend(at_last);
        (life, objections)
    }

    /// How a part stood from time to time, for what was put into it.
    pub(super) fn trail(
        world: &World,
        part: &SubjectId,
        facts: &[Report<Event>],
        trails: &Trails,
    ) -> Trail {
        let above = Above::of(world, part, facts);
        let mut folding = Folding::new(world, part, &above, trails, Eyes::default());
        folding.spans = Some(Vec::new());
        folding.run(facts);
        let (life, spans) = (folding.life, folding.spans.unwrap_or_default());
        Trail::new(spans, &life)
    }
}

impl<'a> Folding<'a> {
    fn run(&mut self, facts: &'a [Report<Event>]) {
        let vouchers = vouchers(facts);
        let void = self.void_by_correction(facts);
        let known = facts.iter().map(|fact| fact.source.statement);
        let known: BTreeSet<_> = known.chain(self.above.coupon_test_ids()).collect();
        for fact in causal_order(facts) {
            let vouched = vouchers
                .get(&fact.source.statement)
                .is_some_and(|orgs| orgs.len() >= 2);
            if !void.contains(&fact.source.statement) {
                if !fact.says.only_flags() {
                    self.note(fact, vouched);
                }
                self.follow(fact);
                self.step(fact);
                self.record(fact.source.at, fact.source.since());
            }
            let is_whole = fact.says.predecessors().all(|id| known.contains(&id));
            if !is_whole && !fact.says.only_flags() {
                self.gap(&fact.source);
            }
            self.life.newest = Some(fact.source.statement);
        }
        self.still_in_place();
    }
}

impl Life {
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
            is_carried: false,
            inspection: None,
            release: None,
            decided: BTreeSet::new(),
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
    /// It was released once, whatever became of that.
    pub(super) was_released: bool,
    /// Somebody else than its maker had it.
    pub(super) has_left: bool,
    /// Given to another owner, and not accepted: by which statement, to whom.
    pub(super) offer: Option<(StatementId, OrgId)>,
    pub(super) maker: Option<OrgId>,
    /// Marks that were put on after the making.
    pub(super) put_on: BTreeSet<Mark>,
    /// The asset whose readings count.
    pub(super) in_asset: Option<InAsset>,
    /// The assembly whose way the part goes.
    pub(super) carrier: Option<Carrier>,
    pub(super) trails: &'a Trails,
    /// How it stood so far, where that is asked for.
    pub(super) spans: Option<Vec<Span>>,
    /// What holds it where everything is known, and no statement brought.
    pub(super) at_last: Vec<Hold>,
    pub(super) eyes: Eyes,
    doubts: Doubts<'a>,
}

/// Who looks at a life.
#[derive(Clone, Copy, Debug, Default)]
pub struct Eyes {
    /// What became known of keys below this log index counts; everything where there is none.
    pub seen: Option<u64>,
    /// The act that is weighed, where one is: where the assemblies of the part were is not held against what it builds on, because
    /// their journals may come later.
    pub act: Option<StatementId>,
}

impl Eyes {
    /// Of the author of an act.
    pub fn of(act: &Statement) -> Eyes {
        Eyes {
            seen: act.body.seen.as_ref().map(|seen| seen.size),
            act: Some(act.id),
        }
    }

    /// Whether what could be seen from a log index on was seen.
    pub fn saw(self, since: u64) -> bool {
        self.seen.is_none_or(|seen| since < seen)
    }
}

impl<'a> Folding<'a> {
    fn new(
        world: &'a World,
        part: &SubjectId,
        above: &'a Above,
        trails: &'a Trails,
        eyes: Eyes,
    ) -> Folding<'a> {
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
            was_released: false,
            has_left: false,
            offer: None,
            maker: None,
            put_on: BTreeSet::new(),
            in_asset: None,
            carrier: None,
            trails,
            spans: None,
            at_last: Vec::new(),
            eyes,
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
            let counts = self.eyes.saw(since);
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
            Event::Shipped(_) | Event::Received(_) if self.carrier.is_some() => {
                self.object(Code::Installed, source);
            }
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
            Event::Installed(says) => self.installed(source, says, fact.says.asset()),
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
}
