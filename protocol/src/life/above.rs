//! What stands above a part: build, order, licence, design, approval, machine, lot, keys.
//!
//! Owns the checks that tie a build to what allowed it, and the walk upward that finds recalls, withdrawals
//! and revocations; what permits a build is in `permission`, the powder's own checks are in `powder`. Must never know what happened to the part after its build: `life`.

use super::{Hold, Life, impact, last_since};
use crate::body::build::{BuildOrdered, BuildStarted, StartedPart};
use crate::body::design::{ApprovalGranted, ApprovalRequested, DesignPublished};
use crate::body::governance::PartClass;
use crate::body::licence::LicenceIssued;
use crate::body::material::MaterialUsed;
use crate::body::quality::Tested;
use crate::code::Code;
use crate::mark::commitment;
use crate::text::{OrgId, SubjectId};
use crate::world::{Data, Event, Overflow, Report, Restriction, Source, World};
use std::collections::{BTreeMap, BTreeSet};

mod coupons;
mod fused;
mod limit;
mod marking;
mod permission;
mod powder;

pub use limit::LifeLeft;
use permission::Cited;

/// Everything above a part that its life depends on, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Above {
    /// With the log index from which on another report of the same build could be seen.
    build: Option<(SubjectId, Report<BuildStarted>, Option<u64>)>,
    /// The build among whose reports there was no room for the part's own.
    crowded_out: Option<(SubjectId, u64)>,
    started: Option<StartedPart>,
    /// What the builder says that the build took, with the accounts that contradict it.
    uses: Vec<Report<MaterialUsed>>,
    /// What was measured on its coupons.
    tests: Vec<Report<Tested>>,
    /// Which parts the builder reported made, and from which log index on.
    made: BTreeMap<SubjectId, u64>,
    order: Option<Report<BuildOrdered>>,
    licence: Option<(LicenceIssued, Source, Option<Source>)>,
    design: Option<(DesignPublished, Source)>,
    approval: Option<(ApprovalRequested, Option<(ApprovalGranted, Source)>)>,
    /// What the approval cites.
    allowables: Vec<Cited>,
}

impl Above {
    /// Looks up what the first report of a build names.
    pub fn of(world: &World, part: &SubjectId, facts: &[Report<Event>]) -> Above {
        let build = super::causal_order(facts)
            .into_iter()
            .find_map(|fact| match &fact.says {
                Event::Started { build, .. } => Some((build.clone(), fact.source.statement)),
                _ => None,
            });
        let Some((id, statement)) = build else {
            return Above::default();
        };
        let Some(build @ Data::Build { starts, .. }) = world.get(&id) else {
            return Above::default();
        };
        let is_own = |report: &&Report<BuildStarted>| report.source.statement == statement;
        let Some(first) = starts.iter().find(is_own).cloned() else {
            return Above {
                crowded_out: (!starts.is_empty()).then(|| (id, last_since(starts))),
                ..Above::default()
            };
        };
        let contradicted = (starts.len() > 1).then(|| last_since(starts));
        let started = first
            .says
            .parts
            .iter()
            .find(|started| started.part == *part)
            .cloned();
        let order = match world.get(&first.says.order) {
            Some(Data::Order { order }) => Some(order.clone()),
            _ => None,
        };
        let mut above = Above::under_licence(world, &first.says.licence);
        above.hear(build, &first.source.org);
        above.build = Some((id, first, contradicted));
        (above.started, above.order) = (started, order);
        above
    }

    /// What stands above a licence: for the gate, before there is a build.
    pub fn under_licence(world: &World, licence: &SubjectId) -> Above {
        let mut above = Above::default();
        if let Some(Data::Licence {
            licence,
            source,
            accepted,
        }) = world.get(licence)
        {
            if let Some(Data::Design { design, source }) = world.get(&licence.design) {
                above.design = Some(((**design).clone(), source.clone()));
            }
            if let Some(id) = &licence.approval
                && let Some(Data::Approval {
                    request, granted, ..
                }) = world.get(id)
            {
                above.allowables = permission::cited(world, request);
                above.approval = Some((request.clone(), granted.clone()));
            }
            above.licence = Some((licence.clone(), source.clone(), accepted.clone()));
        }
        above
    }

    /// The design, where it is known.
    pub fn design(&self) -> Option<&DesignPublished> {
        self.design.as_ref().map(|(design, _)| design)
    }

    /// The licence, where it is known.
    pub fn licence(&self) -> Option<&LicenceIssued> {
        self.licence.as_ref().map(|(licence, ..)| licence)
    }

    /// The approval's request and, where it was granted, the grant.
    pub fn approval(&self) -> Option<(&ApprovalRequested, Option<&ApprovalGranted>)> {
        let (request, granted) = self.approval.as_ref()?;
        Some((request, granted.as_ref().map(|(granted, _)| granted)))
    }

    /// Who granted the approval.
    pub fn approver(&self) -> Option<&OrgId> {
        let (_, granted) = self.approval.as_ref()?;
        granted.as_ref().map(|(_, source)| &source.org)
    }

    /// What the build's first report says.
    pub fn build(&self) -> Option<&BuildStarted> {
        self.build.as_ref().map(|(_, report, _)| &report.says)
    }

    /// Class of the part, where the design is known.
    pub fn class(&self) -> Option<PartClass> {
        self.design().map(|design| design.class)
    }

    /// Who published the design.
    pub fn design_authority(&self) -> Option<&OrgId> {
        self.design.as_ref().map(|(_, source)| &source.org)
    }

    /// Whether two of the person who ordered the build and `people` are one, where the policy asks for three in this class
    /// at the place of the last of them.
    pub fn breaks_independence(&self, world: &World, people: &[&Source]) -> bool {
        let class = super::class_or_strictest(self.class());
        let policy = people.last().and_then(|last| world.policy(last.place()));
        let asks_for_three = policy
            .and_then(|policy| policy.classes.get(&class))
            .is_none_or(|class| class.three_people);
        let ordered = self.order.iter().map(|order| &order.source.actor);
        let all: Vec<_> = ordered
            .chain(people.iter().map(|source| &source.actor))
            .collect();
        asks_for_three && all.iter().collect::<BTreeSet<_>>().len() < all.len()
    }

    /// Everything above that holds the part.
    pub fn holds(&self, world: &World, life: &Life) -> Vec<Hold> {
        let mut holds = self.problems(world, life);
        holds.extend(self.restrictions(world, life));
        holds
    }

    /// What is wrong with the build and what it rests on, whoever found it and whenever.
    pub fn problems(&self, world: &World, life: &Life) -> Vec<Hold> {
        let mut holds = Vec::new();
        if let Some((id, report, contradicted)) = &self.build {
            self.check_build(world, id, report, &mut holds);
            holds.extend(contradicted.map(|since| Hold {
                since,
                ..Hold::by(Code::Contradicted, id, &report.source)
            }));
        }
        if let Some((id, since)) = &self.crowded_out {
            holds.push(Hold {
                since: *since,
                ..Hold::new(Code::Contradicted, id)
            });
        }
        if let Some(Data::Part {
            crowded: Some(since),
            ..
        }) = world.get(&life.part)
        {
            holds.push(Hold {
                since: *since,
                ..Hold::new(Code::TooManyReports, &life.part)
            });
        }
        holds.extend(marking::problems(world, life));
        holds.extend(self.coupon_problems(world, life));
        holds.extend(self.mass_problems(world, life));
        holds.extend(self.allowable_problems());
        holds.extend(self.life_problems(world, life));
        if let Some(build) = self.build() {
            holds.extend(self.doubts(world, &build.order, &build.licence, &self.lots(build)));
        }
        holds
    }

    /// What a build of this order would rest on, or rests on, and a doubted key put in. The gate asks the same.
    pub fn doubts(
        &self,
        world: &World,
        order: &SubjectId,
        licence: &SubjectId,
        lots: &[&SubjectId],
    ) -> Vec<Hold> {
        let mut holds = Vec::new();
        for (subject, source) in self.sources(world, order, licence, lots) {
            let doubts = super::doubts(world, source).into_iter();
            holds.extend(doubts.map(|(code, since)| Hold {
                since: since.max(source.since()),
                ..Hold::by(code, &subject, source)
            }));
        }
        holds
    }

    /// The statements that a build rests on; those of the machine's state count by being in force.
    fn sources<'a>(
        &'a self,
        world: &'a World,
        order: &'a SubjectId,
        licence: &'a SubjectId,
        lots: &[&SubjectId],
    ) -> Vec<(SubjectId, &'a Source)> {
        let says = self.licence();
        let subjects = [order, licence]
            .into_iter()
            .chain(says.map(|licence| &licence.design))
            .chain(says.and_then(|licence| licence.approval.as_ref()));
        let sources = |id: &'a SubjectId| {
            let data = world.get(id).into_iter();
            data.flat_map(move |data| {
                let sources = data.sources().into_iter();
                sources.map(move |source| (id.clone(), source))
            })
        };
        let mut all: Vec<_> = subjects.flat_map(sources).collect();
        for lot in lots.iter().flat_map(|lot| self.genealogy(world, lot).lots) {
            let received = lot.received.iter().map(|report| &report.source);
            let came = received.chain(lot.blended.iter().map(|report| &report.source));
            all.extend(came.map(|source| (lot.id.clone(), source)));
        }
        all
    }

    fn check_build(
        &self,
        world: &World,
        id: &SubjectId,
        report: &Report<BuildStarted>,
        holds: &mut Vec<Hold>,
    ) {
        let mut hold = |code| holds.push(Hold::by(code, id, &report.source));
        match &self.started {
            None => hold(Code::Contradicted),
            Some(started) => {
                for code in self.licence_problems(started, report) {
                    hold(code);
                }
            }
        }
        match &self.order {
            None => hold(Code::OrderMissing),
            Some(order) if !is_as_ordered(&order.says, &report.says) => hold(Code::OrderMismatch),
            Some(order) if report.source.at >= order.says.expires.unix() => {
                hold(Code::OrderExpired);
            }
            Some(order) => order.noted.iter().for_each(|code| hold(*code)),
        }
        for code in self.machine_problems(world, &report.says.machine, report.source.at) {
            hold(code);
        }
        match world.get(&report.says.machine) {
            Some(Data::Machine {
                enrolled: Some((machine, _)),
                ..
            }) if machine.key != report.source.kid => {
                hold(Code::OtherAgent);
            }
            _ => {}
        }
        self.check_lots(world, id, report, holds);
    }

    fn licence_problems(&self, started: &StartedPart, report: &Report<BuildStarted>) -> Vec<Code> {
        let Some((licence, _, _)) = &self.licence else {
            return vec![Code::WaitsFor];
        };
        let mut found = self.permission_problems(report.source.at);
        found.extend(self.zone_problem().filter(|_| !report.says.unmarked));
        let index = (started.unit as usize).checked_sub(1);
        match index.and_then(|index| licence.commitments.get(index)) {
            None => found.push(Code::LicenceUnitUnknown),
            Some(promised) => {
                let made = commitment(&licence.nonce.0, started.unit, started.mark);
                if made != *promised {
                    found.push(Code::MarkNotLicensed);
                }
            }
        }
        if licence.machine != report.says.machine {
            found.push(Code::LicenceOtherMachine);
        }
        if licence.holder != report.source.org {
            found.push(Code::LicenceOtherHolder);
        }
        found
    }

    /// Recalls, withdrawals and revocations that are not lifted, found by walking up from the part.
    pub fn restrictions(&self, world: &World, life: &Life) -> Vec<Hold> {
        let Ok(found) = restricting(world, life) else {
            return vec![Hold::new(Code::TooManyAncestors, &life.part)];
        };
        let open = found
            .into_iter()
            .filter(|(_, restriction)| restriction.lifted.is_none());
        open.map(|(subject, restriction)| Hold {
            detail: Some(restriction.reason.clone()),
            ..Hold::by(restriction.kind.code(), &subject, &restriction.source)
        })
        .collect()
    }
}

/// Everything above a part that reaches it, or did before it was lifted.
pub(super) fn restricting<'w>(
    world: &'w World,
    life: &Life,
) -> Result<Vec<(SubjectId, &'w Restriction)>, Overflow> {
    let upward = world.upward(&life.part)?;
    let all: BTreeSet<_> = upward.iter().collect();
    let mut found = Vec::new();
    for subject in &upward {
        let here = world.restrictions(subject).iter();
        let reaching = here.filter(|restriction| reaches(restriction, life, &all));
        found.extend(reaching.map(|restriction| (subject.clone(), restriction)));
    }
    Ok(found)
}

/// Whether the build is what the order says.
fn is_as_ordered(order: &BuildOrdered, build: &BuildStarted) -> bool {
    order.licence == build.licence
        && order.machine == build.machine
        && order.lot == build.lot
        && build.parts.len() <= order.parts as usize
}

/// Whether a restriction above a part reaches it.
fn reaches(restriction: &Restriction, life: &Life, above: &BTreeSet<&SubjectId>) -> bool {
    let in_window = impact::is_in_window(restriction.from, restriction.until, life.started_at);
    let (effect, at) = (restriction.effect, restriction.source.at);
    let is_released = life.release.is_some();
    let in_effect = impact::is_in_effect(effect, at, life.started_at, is_released);
    in_window
        && in_effect
        && restriction
            .also
            .iter()
            .all(|subject| above.contains(subject))
}
