//! The life of a part: what its reports and everything above it amount to.
//!
//! Owns the causal order of reports, the phases, custody, and the holds, those that come from above included.
//! It is computed from states every time it is asked for, never stored: so a recall is one statement, binds
//! parts that are made after it, and the order in which journals arrive leaves no trace. Must never know
//! viewers, clocks or storage.

use crate::body::governance::PartClass;
use crate::code::{Code, HoldKind};
use crate::key::KeyId;
use crate::mark::Mark;
use crate::statement::StatementId;
use crate::text::{Line, OrgId, SubjectId};
use crate::world::{Data, Event, Report, Source, World};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

mod above;
mod doubt;
mod holding;
mod lots;
mod order;
mod service;

pub use above::Above;
use doubt::{Doubts, vouchers};
pub(crate) use doubt::{doubts, is_planted, is_usurped};
pub use lots::{Genealogy, Lot};
pub use order::causal_order;
pub(crate) use order::start_of;
pub use service::Used;

/// How far a part has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Something was reported of it, but no build.
    Expected,
    /// Its build started.
    Printing,
    /// Its build ended well.
    Built,
    /// Its build was aborted.
    Scrapped,
    /// An inspection passed.
    Accepted,
    /// An inspection failed.
    Rejected,
    /// Released for use.
    Released,
    /// In an asset.
    Installed,
    /// Taken out of an asset, or repaired; needs inspection and release again.
    Removed,
    /// Taken out of use for good; what is left is to destroy it.
    Decommissioned,
    /// Destroyed; nothing follows.
    Destroyed,
}

/// Something that holds a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What kind of hold.
    pub kind: HoldKind,
    /// Why.
    pub code: Code,
    /// The subject that it hangs on: the part, or something above it.
    pub subject: SubjectId,
    /// The statement that brought it, where one did.
    pub statement: Option<StatementId>,
    /// Log index from which on it could be seen; 0 for what was so from the start.
    pub since: u64,
    /// What was said.
    pub detail: Option<String>,
}

impl Hold {
    fn new(code: Code, subject: &SubjectId) -> Hold {
        let kind = code.hold();
        Hold {
            kind,
            code,
            subject: subject.clone(),
            statement: None,
            since: 0,
            detail: None,
        }
    }

    fn by(code: Code, subject: &SubjectId, source: &Source) -> Hold {
        let statement = Some(source.statement);
        Hold {
            statement,
            since: source.since(),
            ..Hold::new(code, subject)
        }
    }
}

/// Where a part is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The asset.
    pub asset: Line,
    /// Position in it.
    pub position: Line,
}

/// A part's life so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The part.
    pub part: SubjectId,
    /// Its mark.
    pub mark: Option<Mark>,
    /// Its build.
    pub build: Option<SubjectId>,
    /// When the build started, Unix seconds.
    pub started_at: Option<i64>,
    /// Unit of the licence.
    pub unit: Option<u32>,
    /// How far it has come.
    pub phase: Phase,
    /// Who has it.
    pub custodian: Option<OrgId>,
    /// Whose it is, where that was given and accepted; before, it is its maker's.
    pub owner: Option<OrgId>,
    /// What it has been through.
    pub used: Used,
    /// Sent and not received: by which statement, to whom.
    pub in_transit: Option<(StatementId, OrgId)>,
    /// Where it is installed.
    pub installed: Option<Place>,
    /// The inspection that counts.
    pub inspection: Option<Source>,
    /// The release in effect.
    pub release: Option<Source>,
    /// Everything that holds it.
    pub holds: Vec<Hold>,
    /// The newest statement in causal order, for the next author's `after`.
    pub newest: Option<StatementId>,
}

/// What is said against statements, by statement.
pub type Objections = BTreeMap<StatementId, Vec<Hold>>;

impl Life {
    /// The life of `part`, with everything that holds it. `None` when nothing was said of it.
    pub fn of(world: &World, part: &SubjectId) -> Option<Life> {
        Life::with_above(world, part).map(|(life, _)| life)
    }

    /// [`Life::of`], with what stands above.
    pub fn with_above(world: &World, part: &SubjectId) -> Option<(Life, Above)> {
        let Some(Data::Part { facts, .. }) = world.get(part) else {
            return None;
        };
        let above = Above::of(world, part, facts);
        let (mut life, _) = Life::fold(world, part, facts, &above);
        life.holds.extend(above.holds(world, &life));
        Some((life, above))
    }

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
        let mut folding = Folding {
            world,
            above,
            life: Life::new(part),
            objections: BTreeMap::new(),
            void: BTreeSet::new(),
            destroyed: None,
            agent: None,
            quarantines: Vec::new(),
            failures: BTreeMap::new(),
            offer: None,
            maker: None,
            seen,
            doubts: Doubts::new(world),
        };
        let vouchers = vouchers(facts);
        let known: BTreeSet<_> = facts.iter().map(|fact| fact.source.statement).collect();
        for fact in causal_order(facts) {
            let vouched = vouchers
                .get(&fact.source.statement)
                .is_some_and(|orgs| orgs.len() >= 2);
            folding.note(fact, vouched);
            folding.step(fact);
            if !fact.says.predecessors().all(|id| known.contains(&id)) {
                folding.gap(&fact.source);
            }
            folding.life.newest = Some(fact.source.statement);
        }
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
            holds: Vec::new(),
            newest: None,
        }
    }
}

struct Folding<'a> {
    world: &'a World,
    above: &'a Above,
    life: Life,
    objections: Objections,
    /// Releases that found something against them. A later good release answers them.
    void: BTreeSet<StatementId>,
    destroyed: Option<Source>,
    /// The key that reported the start of the build; nobody else ends it.
    agent: Option<KeyId>,
    /// Quarantines that are not lifted, by whoever placed them.
    quarantines: Vec<Source>,
    /// What does not conform and is not decided: by whom, and whether it is an inspection.
    failures: BTreeMap<StatementId, (Source, bool)>,
    /// Given to another owner, and not accepted: by which statement, to whom.
    offer: Option<(StatementId, OrgId)>,
    maker: Option<OrgId>,
    /// What became known of keys below this log index counts; everything where there is none.
    seen: Option<u64>,
    doubts: Doubts<'a>,
}

impl<'a> Folding<'a> {
    fn object(&mut self, code: Code, source: &Source) {
        let hold = Hold::by(code, &self.life.part, source);
        let holds = self.objections.entry(source.statement).or_default();
        if holds.iter().all(|known| known.code != code) {
            holds.push(hold);
        }
    }

    /// What was found about the author when the report was logged, and about the key since.
    fn note(&mut self, fact: &'a Report<Event>, vouched: bool) {
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

    /// A report comes after another one that is not there: nobody knows what that says.
    fn gap(&mut self, source: &Source) {
        if !self.objections.contains_key(&source.statement) {
            self.object(Code::WaitsFor, source);
        }
    }

    fn step(&mut self, fact: &Report<Event>) {
        let source = &fact.source;
        if self.life.phase == Phase::Destroyed
            && !matches!(
                fact.says,
                Event::DestructionAttested(_) | Event::Vouched { .. }
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
            Event::PostProcessed(_) => self.changed(source, Phase::Built),
            Event::Tested(says) => self.tested(source, says.passed()),
            Event::Nonconformance(_) => self.nonconforming(source),
            Event::Dispositioned(says) => self.dispositioned(source, says),
            Event::Inspected(says) => {
                let passed =
                    says.mark_read && says.required > 0 && says.conforming == says.required;
                self.inspected(source, passed);
            }
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
                self.installed(source, place);
            }
            Event::OwnerChanged(says) => self.offered(source, &says.to),
            Event::OwnerAccepted(says) => self.accepted(source, says.change),
            Event::Removed(_) => self.removed(source),
            Event::Usage(says) => self.reported(source, &says.total),
            Event::Repaired(_) | Event::Remanufactured(_) => self.changed(source, Phase::Removed),
            Event::Decommissioned(_) => self.decommissioned(source),
            Event::Destroyed(_) => self.destroyed(source),
            Event::Quarantined { .. } => self.quarantined(source),
            Event::QuarantineLifted { placed, .. } => self.quarantine_lifted(fact, *placed),
            Event::DestructionAttested(says) => self.attested(source, says.destruction),
            Event::Vouched { .. } => {}
        }
    }

    /// Before the build is known, whatever looks wrong is first of all a gap.
    fn gap_or(&self, code: Code) -> Code {
        if self.life.phase == Phase::Expected {
            Code::BuildMissing
        } else {
            code
        }
    }

    fn started(&mut self, source: &Source, build: &SubjectId, unit: u32, mark: Mark) {
        let life = &mut self.life;
        if life.build.is_some() {
            return self.object(Code::Contradicted, source);
        }
        life.phase = life.phase.max(Phase::Printing);
        (life.build, life.unit, life.mark) = (Some(build.clone()), Some(unit), Some(mark));
        life.started_at = Some(source.at);
        self.agent = Some(source.kid);
        self.maker = Some(source.org.clone());
        self.take_custody(&source.org);
    }

    fn ended(&mut self, source: &Source, build: &SubjectId, phase: Phase) {
        match self.life.phase {
            Phase::Expected => self.object(Code::BuildMissing, source),
            _ if self.agent != Some(source.kid) => self.object(Code::OtherAgent, source),
            Phase::Printing if self.life.build.as_ref() == Some(build) => self.life.phase = phase,
            _ => self.object(Code::Contradicted, source),
        }
    }

    fn inspected(&mut self, source: &Source, passed: bool) {
        match self.life.phase {
            Phase::Expected => self.object(Code::BuildMissing, source),
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

    fn released(&mut self, fact: &Report<Event>, inspection: StatementId) {
        let source = &fact.source;
        if !self.objections.contains_key(&source.statement) {
            let Some(code) = self.against_release(source, inspection) else {
                // Another release of a part that is released, or installed already, moves it nowhere.
                self.life.phase = self.life.phase.max(Phase::Released);
                self.life.release = Some(source.clone());
                self.objections.retain(|id, _| !self.void.contains(id));
                return;
            };
            self.object(code, source);
        }
        self.void.insert(source.statement);
    }

    /// What speaks against a release at this place.
    fn against_release(&self, source: &Source, inspection: StatementId) -> Option<Code> {
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
    fn restricted_at(&self, release: &Source) -> bool {
        let at = release.since();
        let stood = |restriction: &crate::world::Restriction| {
            let lifted = restriction.lifted.as_ref();
            restriction.source.since() <= at && lifted.is_none_or(|lifted| lifted.since() > at)
        };
        above::restricting(self.world, &self.life)
            .is_ok_and(|found| found.iter().any(|(_, restriction)| stood(restriction)))
    }

    fn removed(&mut self, source: &Source) {
        if self.life.phase != Phase::Installed {
            self.object(Code::NotInstalled, source);
        } else if !self.is_custodian(source) {
            return self.object(Code::NotCustodian, source);
        }
        self.life.phase = Phase::Removed;
        self.life.used.end_of_installation(source);
        (self.life.installed, self.life.release) = (None, None);
    }

    /// By who has the part; anybody else's word holds it and ends nothing.
    fn destroyed(&mut self, source: &Source) {
        if !self.is_custodian(source) {
            return self.object(self.gap_or(Code::NotCustodian), source);
        }
        self.life.phase = Phase::Destroyed;
        self.life.installed = None;
        self.destroyed = Some(source.clone());
    }

    fn installed(&mut self, source: &Source, place: Place) {
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
            self.life.used.is_reported = false;
        }
    }
}

/// Log index from which on all reports of a list could be seen.
fn last_since<'a, T: 'a>(reports: impl IntoIterator<Item = &'a Report<T>>) -> u64 {
    let sinces = reports.into_iter().map(|report| report.source.since());
    sinces.max().unwrap_or(0)
}

/// The class of a part whose design is known; the strictest where it is not.
pub fn class_or_strictest(class: Option<PartClass>) -> PartClass {
    class.unwrap_or(PartClass::A)
}

impl Hold {
    /// Whatever restricts a subject directly, whichever parts it reaches: nothing new begins under it.
    pub fn restricting(world: &World, id: &SubjectId) -> Vec<Hold> {
        let open = |restriction: &&crate::world::Restriction| restriction.lifted.is_none();
        world
            .restrictions(id)
            .iter()
            .filter(open)
            .map(|restriction| {
                let detail = Some(restriction.reason.clone());
                Hold {
                    detail,
                    ..Hold::by(restriction.kind.code(), id, &restriction.source)
                }
            })
            .collect()
    }
}
