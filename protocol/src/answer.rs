//! The answer to a scan: what the record of a part says to the person who holds it.
//!
//! Owns what an answer consists of and what of it follows from states alone; `decide` has the order of checks. The same
//! online and offline. It never authorises an installation; a person does. Must never know transports.

use crate::body::governance::{ClassPolicy, PartClass, Policy};
use crate::body::marking::Entered;
use crate::code::{Code, HoldKind};
use crate::life::{Above, Component, Life, LifeLeft, Phase, Place};
use crate::mark::Mark;
use crate::text::{Line, OrgId, SubjectId};
use crate::world::{self, Data, Decided, Event, World, mark_subject};
use decide::Case;
use serde::{Deserialize, Serialize};
use steps::Told;

mod decide;
mod knowledge;
mod need;
mod steps;
mod words;

pub use knowledge::{Knowledge, Witnessing};
pub use need::{is_event_for_everybody, is_for_everybody};
pub use steps::Step;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Anybody.
    Public,
    /// Somebody who proved to speak for a member.
    Member {
        /// The member.
        org: OrgId,
        /// Type of the asset that the part is for, as effectivity names it.
        asset_type: Option<Line>,
    },
}

/// The four answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// To the custodian: nothing in the record speaks against installing it there.
    EligibleByRecord,
    /// To anyone else, or for a part that is installed.
    RecordFound,
    /// The first reason says why.
    DoNotInstall,
    /// The first reason says what is missing.
    CannotDetermine,
}

impl Verdict {
    /// In words, as a page or a command shows it.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::EligibleByRecord => "ELIGIBLE BY RECORD",
            Verdict::RecordFound => "RECORD FOUND, NO HOLDS",
            Verdict::DoNotInstall => "DO NOT INSTALL",
            Verdict::CannotDetermine => "CANNOT DETERMINE",
        }
    }
}

/// One thing that speaks against a better answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Its stable name.
    pub code: Code,
    /// What happened.
    pub title: String,
    /// What to do now.
    pub advice: String,
    /// The hold that it means, if it is one.
    pub hold: Option<HoldKind>,
    /// What it hangs on: the part, or a lot, build, design above it. Members see it.
    pub subject: Option<SubjectId>,
    /// What was said. Members see it.
    pub detail: Option<String>,
}

impl From<Code> for Reason {
    fn from(code: Code) -> Reason {
        Reason {
            code,
            title: code.title().to_owned(),
            advice: code.advice().to_owned(),
            hold: None,
            subject: None,
            detail: None,
        }
    }
}

/// What the part is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// Its mark.
    pub mark: Mark,
    /// Its subject, opaque; the envelope of every step names it too.
    pub part: Option<SubjectId>,
    /// The mark that took the place of this one, where it was worn or damaged.
    pub replaced_by: Option<Mark>,
    /// Name of the design.
    pub name: Option<Line>,
    /// Part number.
    pub part_number: Option<Line>,
    /// Revision.
    pub revision: Option<Line>,
    /// Consequence of failure.
    pub class: Option<PartClass>,
    /// Who published the design.
    pub design_authority: Option<OrgId>,
    /// Who made it; nobody, where no licensed build did: then a step says who entered it.
    pub maker: Option<OrgId>,
    /// Material specification.
    pub material: Option<Line>,
    /// The supplier's number of the material lot. Members see it.
    pub lot_number: Option<Line>,
    /// Unit of the licence, and how many there are. Members see it.
    pub unit: Option<(u32, u32)>,
    /// Who has it. Members see it.
    pub custodian: Option<OrgId>,
    /// Where it is installed. Members see it.
    pub installed: Option<Place>,
    /// The parts that are in it, where it is an assembly. Members see them.
    pub contains: Vec<Component>,
    /// What it has been through, where that was reported. Members see it.
    pub used: Option<UsedSoFar>,
    /// What is left of its life, where that has a limit. Members see it.
    pub life_left: Option<LifeLeft>,
    /// How far it has come.
    pub phase: Phase,
}

/// What a part has been through since it was new, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedSoFar {
    /// Time in operation.
    pub duration_s: u64,
    /// Cycles.
    pub cycles: u64,
    /// Landings.
    pub landings: u64,
    /// The hardest landing, in thousandths of standard gravity.
    pub peak_milli_g: Option<u32>,
}

/// The answer with everything that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// One of four.
    pub verdict: Verdict,
    /// Why not better, the first first.
    pub reasons: Vec<Reason>,
    /// What was asked for.
    pub mark: Mark,
    /// What the part is, where its record is known.
    pub part: Option<Face>,
    /// From design to today, oldest first.
    pub life: Vec<Step>,
    /// When it was asked, Unix seconds.
    pub now: i64,
    /// Log time of the newest batch that was known, Unix seconds.
    pub logged_until: Option<i64>,
    /// When what it rests on was confirmed, Unix seconds: see [`Knowledge::as_of`].
    pub as_of: Option<i64>,
    /// Age of that in seconds; none where nothing is confirmed, or where a clock is wrong.
    pub age_s: Option<u64>,
    /// Whether witnesses have cosigned every step that it rests on.
    pub witnessed: bool,
    /// Whether it leans on statements that are signed and not logged yet.
    pub provisional: bool,
}

impl Answer {
    /// For this reason nothing good may be said; what speaks against the part stays the first thing that is said.
    pub fn cannot_be_good(&mut self, code: Code) {
        if self.verdict == Verdict::DoNotInstall {
            self.reasons.push(code.into());
        } else {
            self.verdict = Verdict::CannotDetermine;
            self.reasons.insert(0, code.into());
        }
    }
}

/// The answer about `mark` at `now` (Unix seconds) to `viewer`.
pub fn answer(
    world: &World,
    mark: Mark,
    now: i64,
    viewer: &Viewer,
    knowledge: Knowledge,
) -> Answer {
    Record::of(world, mark).answer(now, viewer, knowledge)
}

/// Seconds by which a clock may be ahead of another: as much as the agent's gate allows.
const AHEAD_MAX_S: i64 = 3600;

/// The age of what was confirmed at `as_of`. Of what was confirmed in the future nobody knows the age: with one wrong clock
/// knowledge would else look young for ever.
fn age_s(as_of: i64, now: i64) -> Option<u64> {
    let age = now.saturating_sub(as_of);
    (age >= -AHEAD_MAX_S).then(|| age.max(0).unsigned_abs())
}

/// What the states say of a mark, whoever asks and whenever. It is worth keeping as long as they do not change.
pub struct Record {
    mark: Mark,
    known: Option<Known>,
}

/// What is known of a mark's part.
struct Known {
    life: Life,
    above: Above,
    steps: Vec<Told>,
    face: Face,
    /// What the policies ask of its class, in their order.
    class_policies: Vec<Decided<Option<ClassPolicy>>>,
    /// Leans on statements that are signed and not logged yet.
    provisional: bool,
}

impl Record {
    /// Reads the states of `mark`, of its part and of what stands above it.
    pub fn of(world: &World, mark: Mark) -> Record {
        let known = life_of_mark(world, mark).map(|(life, above)| {
            let steps = steps::of(world, &life, &above);
            let leans = |told: &Told| told.step.index.is_none();
            let class = crate::life::class_or_strictest(above.class());
            let of_class = |decided: &Decided<Policy>| Decided {
                says: decided.says.classes.get(&class).cloned(),
                by: decided.by.clone(),
                from: decided.from,
            };
            Known {
                provisional: steps.iter().any(leans) || is_lifted_provisionally(world, &life.part),
                face: face(world, mark, &life, &above),
                class_policies: world.policies().iter().map(of_class).collect(),
                life,
                above,
                steps,
            }
        });
        Record { mark, known }
    }

    /// The answer at `now` (Unix seconds) to `viewer`.
    pub fn answer(&self, now: i64, viewer: &Viewer, knowledge: Knowledge) -> Answer {
        let as_of = knowledge.as_of();
        let mut answer = Answer {
            verdict: Verdict::CannotDetermine,
            reasons: Vec::new(),
            mark: self.mark,
            part: None,
            life: Vec::new(),
            now,
            logged_until: knowledge.logged_until,
            as_of,
            age_s: as_of.and_then(|as_of| age_s(as_of, now)),
            witnessed: matches!(knowledge.witnessing, Witnessing::Witnessed { .. }),
            provisional: false,
        };
        let Some(known) = &self.known else {
            (answer.verdict, answer.reasons) = if knowledge.is_whole_log {
                (Verdict::DoNotInstall, vec![Code::UnknownMark.into()])
            } else {
                (Verdict::CannotDetermine, vec![Code::NotInBundle.into()])
            };
            return answer;
        };
        answer.provisional = known.provisional;
        answer.witnessed = known.is_witnessed(knowledge);
        // What opens by the log's time has not opened yet as far as the log is known.
        let place = world::Place::newest(knowledge.logged_until.unwrap_or(i64::MIN));
        let class_policy = Decided::in_force(&known.class_policies, place);
        let case = Case {
            known,
            class_policy: class_policy.and_then(|decided| decided.says.as_ref()),
            now,
            viewer,
            age_s: answer.age_s,
        };
        (answer.verdict, answer.reasons) = case.decide();
        let is_stranger = *viewer == Viewer::Public;
        let seen = known
            .steps
            .iter()
            .filter(|told| told.for_everybody || !is_stranger);
        answer.life = seen.map(|told| told.step.clone()).collect();
        answer.part = Some(known.face.clone());
        if is_stranger {
            need::withhold_from_strangers(&mut answer);
        }
        answer
    }
}

impl Known {
    /// Whether all of it stands in a tree that witnesses have cosigned.
    fn is_witnessed(&self, knowledge: Knowledge) -> bool {
        let is_in = |told: &Told| knowledge.is_witnessed(told.step.index);
        !self.provisional && self.steps.iter().all(is_in)
    }
}

/// The first part of a mark; of a second one the walk upward tells.
fn life_of_mark(world: &World, mark: Mark) -> Option<(Life, Above)> {
    match world.get(&mark_subject(&mark)) {
        Some(Data::Mark { parts, .. }) => Life::with_above(world, parts.first()?),
        _ => None,
    }
}

/// Whether something that held the part, or may have, was lifted by a statement that is not logged yet.
fn is_lifted_provisionally(world: &World, part: &SubjectId) -> bool {
    let upward = world.upward(part).unwrap_or_default();
    let mut restrictions = upward.iter().flat_map(|id| world.restrictions(id));
    restrictions.any(|one| {
        one.lifted
            .as_ref()
            .is_some_and(|source| source.index.is_none())
    })
}

fn face(world: &World, mark: Mark, life: &Life, above: &Above) -> Face {
    let design = above.design();
    let named = above.build().map(|build| &build.lot);
    let own = named.and_then(|lot| above.genealogy(world, lot).lots.into_iter().next());
    let lot_number = own.and_then(|lot| lot.number().cloned());
    let units = above
        .licence()
        .map(|licence| licence.commitments.len() as u32);
    let maker = above.licence().map(|licence| licence.holder.clone());
    let said = entered(world, life);
    Face {
        mark,
        part: Some(life.part.clone()),
        replaced_by: life.replaced_by(mark),
        name: design
            .map_or_else(|| said.map(|says| &says.name), |design| Some(&design.name))
            .cloned(),
        part_number: design
            .map_or_else(
                || said.map(|says| &says.part_number),
                |design| Some(&design.part_number),
            )
            .cloned(),
        revision: design.map(|design| design.revision.clone()),
        class: above.class(),
        design_authority: above.design_authority().cloned(),
        maker,
        material: design.map(|design| design.envelope.material.clone()),
        lot_number,
        unit: life.unit.zip(units),
        custodian: life.custodian.clone(),
        installed: life.installed.clone(),
        contains: life.components(world),
        used: used(life),
        life_left: above.life_left(world, life),
        phase: life.phase,
    }
}

/// What a part is, as who entered it says; none where a build made it.
fn entered<'w>(world: &'w World, life: &Life) -> Option<&'w Entered> {
    let by = life.entered.as_ref()?.statement;
    let Some(Data::Part { facts, .. }) = world.get(&life.part) else {
        return None;
    };
    facts.iter().find_map(|fact| match &fact.says {
        Event::Entered(says) if fact.source.statement == by => Some(says),
        _ => None,
    })
}

/// Nothing, where nobody has said anything of it.
fn used(life: &Life) -> Option<UsedSoFar> {
    let (used, total) = (&life.used, life.used.total);
    used.pace.map(|_| UsedSoFar {
        duration_s: total.duration_s,
        cycles: total.cycles,
        landings: total.landings,
        peak_milli_g: used.peak_milli_g,
    })
}
