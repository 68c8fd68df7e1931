//! The life of a part: what its reports and everything above it amount to.
//!
//! Owns the causal order of reports, the phases, custody, and the holds, those that come from above included.
//! It is computed from states every time it is asked for, never stored: so a recall is one statement, binds
//! parts that are made after it, and the order in which journals arrive leaves no trace. Must never know
//! viewers, clocks or storage.

use crate::body::governance::{Function, PartClass};
use crate::code::{Code, HoldKind};
use crate::mark::Mark;
use crate::statement::StatementId;
use crate::text::{Line, OrgId, SubjectId};
use crate::world::{Data, Event, Report, Source, World, key_subject};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

mod above;

pub use above::Above;

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
    /// Taken out of an asset; needs inspection and release again.
    Removed,
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

impl Life {
    /// The life of `part`, with everything that holds it. `None` when nothing was said of it.
    pub fn of(world: &World, part: &SubjectId) -> Option<Life> {
        let Some(Data::Part { facts }) = world.get(part) else {
            return None;
        };
        let above = Above::of(world, part, facts);
        let (mut life, _) = Life::fold(world, part, facts, &above);
        life.holds.extend(above.holds(world, &life));
        Some(life)
    }

    /// Runs through the reports in causal order. Also tells, for each statement that has no or a bad effect, why.
    pub fn fold(
        world: &World,
        part: &SubjectId,
        facts: &[Report<Event>],
        above: &Above,
    ) -> (Life, BTreeMap<StatementId, Vec<Hold>>) {
        let mut folding = Folding {
            world,
            above,
            life: Life::new(part),
            objections: BTreeMap::new(),
            void: BTreeSet::new(),
            horizon: 0,
        };
        let vouchers = vouchers(facts);
        for fact in causal_order(facts) {
            let vouched = vouchers
                .get(&fact.source.statement)
                .is_some_and(|orgs| orgs.len() >= 2);
            folding.note(fact, vouched);
            folding.step(fact);
            folding.life.newest = Some(fact.source.statement);
            folding.horizon = folding.horizon.max(fact.source.since());
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
            in_transit: None,
            installed: None,
            inspection: None,
            release: None,
            holds: Vec::new(),
            newest: None,
        }
    }
}

/// Reports in an order in which what comes after something stands behind it, whatever the clocks say;
/// otherwise by time, ties by id. The same for everybody who has the same reports.
pub fn causal_order(facts: &[Report<Event>]) -> Vec<&Report<Event>> {
    let by_id: BTreeMap<_, _> = facts
        .iter()
        .map(|fact| (fact.source.statement, fact))
        .collect();
    let mut ranks: BTreeMap<StatementId, (i64, u32)> = BTreeMap::new();
    for fact in facts {
        rank(fact, &by_id, &mut ranks);
    }
    let mut ordered: Vec<_> = facts.iter().collect();
    ordered.sort_by_key(|fact| (ranks[&fact.source.statement], fact.source.statement));
    ordered
}

/// Latest time among a report and what it comes after, and how many stand before it at that time. Ids are hashes,
/// so predecessors cannot form a circle; the explicit stack keeps a long chain off the call stack.
fn rank<'a>(
    fact: &'a Report<Event>,
    by_id: &BTreeMap<StatementId, &'a Report<Event>>,
    ranks: &mut BTreeMap<StatementId, (i64, u32)>,
) {
    let mut stack = vec![fact];
    while let Some(top) = stack.last().copied() {
        let known: Vec<_> = top
            .says
            .predecessors()
            .filter_map(|id| by_id.get(&id).copied())
            .chain(starts(top, by_id))
            .collect();
        let open = known
            .iter()
            .find(|fact| !ranks.contains_key(&fact.source.statement));
        if let Some(open) = open {
            stack.push(open);
            continue;
        }
        let own = (top.source.at, 0);
        let behind = known.iter().map(|fact| ranks[&fact.source.statement]);
        let rank = behind
            .map(|(at, depth)| (at, depth + 1))
            .fold(own, std::cmp::max);
        ranks.insert(top.source.statement, rank);
        stack.pop();
    }
}

/// The starts of the build whose end is reported: one second may hold both, and ids say nothing of their order.
fn starts<'a>(
    end: &Report<Event>,
    by_id: &BTreeMap<StatementId, &'a Report<Event>>,
) -> Vec<&'a Report<Event>> {
    let (Event::Completed { build: ended } | Event::Aborted { build: ended, .. }) = &end.says
    else {
        return Vec::new();
    };
    let is_start = |fact: &&&Report<Event>| matches!(&fact.says, Event::Started { build, .. } if build == ended);
    by_id.values().filter(is_start).copied().collect()
}

/// For each report, the organisations other than its author's that vouch for it.
fn vouchers(facts: &[Report<Event>]) -> BTreeMap<StatementId, BTreeSet<&OrgId>> {
    let author: BTreeMap<_, _> = facts
        .iter()
        .map(|fact| (fact.source.statement, &fact.source.org))
        .collect();
    let mut vouchers: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for fact in facts {
        if let Event::Vouched { report } = &fact.says
            && author.get(report) != Some(&&fact.source.org)
        {
            vouchers
                .entry(*report)
                .or_default()
                .insert(&fact.source.org);
        }
    }
    vouchers
}

struct Folding<'a> {
    world: &'a World,
    above: &'a Above,
    life: Life,
    objections: BTreeMap<StatementId, Vec<Hold>>,
    /// Releases that found something against them. A later good release answers them.
    void: BTreeSet<StatementId>,
    /// Log index from which on everything so far could be seen.
    horizon: u64,
}

impl Folding<'_> {
    fn object(&mut self, code: Code, source: &Source) {
        self.object_since(code, source, source.since());
    }

    /// `since`: log index from which on the reason could be seen.
    fn object_since(&mut self, code: Code, source: &Source, since: u64) {
        let hold = Hold {
            since,
            ..Hold::by(code, &self.life.part, source)
        };
        let holds = self.objections.entry(source.statement).or_default();
        if holds.iter().all(|known| known.code != code) {
            holds.push(hold);
        }
    }

    /// What was found about the author when the report was logged, and about the key since.
    fn note(&mut self, fact: &Report<Event>, vouched: bool) {
        let source = &fact.source;
        for code in &fact.noted {
            if !(vouched && *code == Code::Unvouched) {
                self.object(*code, source);
            }
        }
        if let Some(Data::Key { forks, .. }) = self.world.get(&key_subject(&source.kid))
            && forks.contains(&source.seq)
        {
            self.object(Code::KeyForked, source);
        }
        if is_compromised(self.world, source) && !vouched {
            self.object(Code::KeyCompromised, source);
        }
    }

    fn step(&mut self, fact: &Report<Event>) {
        let source = &fact.source;
        if self.life.phase == Phase::Destroyed {
            if !matches!(
                fact.says,
                Event::DestructionAttested(_) | Event::Vouched { .. }
            ) {
                self.object(Code::AfterDestruction, source);
            }
            return;
        }
        match &fact.says {
            Event::Started { build, unit, mark } => self.started(source, build, *unit, *mark),
            Event::Completed { build } => self.ended(source, build, Phase::Built),
            Event::Aborted { build, .. } => {
                self.ended(source, build, Phase::Scrapped);
                self.object(Code::BuildAborted, source);
            }
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
            Event::Removed(_) => {
                if self.life.phase != Phase::Installed {
                    self.object(Code::NotInstalled, source);
                }
                self.life.phase = Phase::Removed;
                (self.life.installed, self.life.release) = (None, None);
            }
            Event::Destroyed(_) => {
                self.life.phase = Phase::Destroyed;
                self.life.installed = None;
            }
            Event::Quarantined { .. } => self.quarantined(source),
            Event::QuarantineLifted { placed, .. } => self.quarantine_lifted(fact, *placed),
            Event::DestructionAttested(_) | Event::Vouched { .. } => {}
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
        life.custodian = life.custodian.take().or_else(|| Some(source.org.clone()));
    }

    fn ended(&mut self, source: &Source, build: &SubjectId, phase: Phase) {
        match self.life.phase {
            Phase::Expected => self.object(Code::BuildMissing, source),
            Phase::Printing if self.life.build.as_ref() == Some(build) => self.life.phase = phase,
            _ => self.object(Code::Contradicted, source),
        }
    }

    fn inspected(&mut self, source: &Source, passed: bool) {
        match self.life.phase {
            Phase::Expected => self.object(Code::BuildMissing, source),
            Phase::Printing => self.object(Code::BuildUnfinished, source),
            Phase::Scrapped => self.object(Code::BuildAborted, source),
            _ if self.above.breaks_independence(&[source]) => {
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
                self.object(Code::Nonconforming, source);
            }
        }
    }

    fn released(&mut self, fact: &Report<Event>, inspection: StatementId) {
        let source = &fact.source;
        // Another release of a part that is released already changes nothing.
        if matches!(self.life.phase, Phase::Released | Phase::Installed) {
            return;
        }
        if !self.objections.contains_key(&source.statement) {
            let Some((code, since)) = self.against_release(source, inspection) else {
                self.life.phase = Phase::Released;
                self.life.release = Some(source.clone());
                self.objections.retain(|id, _| !self.void.contains(id));
                return;
            };
            self.object_since(code, source, since);
        }
        self.void.insert(source.statement);
    }

    /// What speaks against a release at this place, and the log index from which on its author could see it.
    fn against_release(&self, source: &Source, inspection: StatementId) -> Option<(Code, u64)> {
        let passed = match (self.life.phase, &self.life.inspection) {
            (Phase::Expected, _) => return Some((Code::BuildMissing, self.horizon)),
            (Phase::Printing, _) => return Some((Code::BuildUnfinished, self.horizon)),
            (Phase::Accepted, Some(passed)) if passed.statement == inspection => Some(passed),
            _ => None,
        };
        let holds = self.objections.iter();
        let held = holds
            .filter(|(id, _)| !self.void.contains(id))
            .flat_map(|(_, holds)| holds);
        if let Some(since) = held.map(|hold| hold.since).min() {
            return Some((Code::Held, since));
        }
        match passed {
            None => Some((Code::NotInspected, self.horizon)),
            Some(passed) => self
                .above
                .breaks_independence(&[passed, source])
                .then_some((Code::NotIndependent, 0)),
        }
    }

    fn received(&mut self, source: &Source, shipment: StatementId) {
        match self.life.in_transit.take() {
            Some((sent, to)) if sent == shipment && to == source.org => {
                self.life.custodian = Some(source.org.clone());
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
        }
    }

    /// Custodian, OEM and authority hold at once; another member's word is a report that one of them confirms.
    fn quarantined(&mut self, source: &Source) {
        if self.may_hold(&source.org) {
            self.object(Code::Quarantined, source);
        }
    }

    fn may_hold(&self, org: &OrgId) -> bool {
        self.life.custodian.as_ref() == Some(org)
            || self.above.design_authority() == Some(org)
            || self.world.has_function(org, Function::Authority)
    }

    fn quarantine_lifted(&mut self, fact: &Report<Event>, placed: StatementId) {
        if !self.may_hold(&fact.source.org) {
            return self.object_since(Code::NotYours, &fact.source, self.horizon);
        }
        if let Some(holds) = self.objections.get_mut(&placed) {
            holds.retain(|hold| hold.code != Code::Quarantined);
        }
    }
}

/// Whether a statement was put in after its key was compromised.
pub(crate) fn is_compromised(world: &World, source: &Source) -> bool {
    let since = match world.get(&key_subject(&source.kid)) {
        Some(Data::Key { revoked, .. }) => revoked.as_ref().and_then(|end| end.compromised_since),
        _ => None,
    };
    // Log time, not the author's: a thief can write any time into a statement.
    let put_in = source.logged_at.unwrap_or(i64::MAX);
    since.is_some_and(|since| put_in >= since)
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
