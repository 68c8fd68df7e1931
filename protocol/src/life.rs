//! The life of a part: what its reports and everything above it amount to.
//!
//! Owns the causal order of reports, the phases, custody, and the holds, those that come from above included.
//! It is computed from states every time it is asked for, never stored: so a recall is one statement, binds
//! parts that are made after it, and the order in which journals arrive leaves no trace. Must never know
//! viewers, clocks or storage.

use crate::body::governance::PartClass;
use crate::body::physical::Match;
use crate::code::{Code, HoldKind};
use crate::mark::Mark;
use crate::statement::StatementId;
use crate::text::{Line, OrgId, Paragraph, SubjectId};
use crate::world::{Data, Report, Source, World};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

mod above;
mod assets;
mod contents;
mod corrected;
mod doubt;
mod fold;
mod holding;
mod impact;
mod lots;
mod made;
mod marking;
mod order;
mod physical;
mod place;
mod release;
mod service;
mod standing;
mod used;
mod within;

pub use above::{Above, LifeLeft};
pub use assets::Point;
pub use contents::{Component, wanted};
pub(crate) use doubt::{doubts, is_planted, is_usurped};
pub(crate) use fold::Eyes;
use fold::Folding;
pub use impact::{Impact, Reached, Scope};
pub use lots::{Genealogy, Lot};
pub use order::causal_order;
pub(crate) use order::start_of;
pub(crate) use physical::verdict;
pub use standing::{RestsOn, STANDING_FORM, Standing};
pub use used::Used;
pub use within::ASSEMBLIES_MAX;

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
    /// In an asset, or in an assembly.
    Installed,
    /// Taken out of it, or repaired; needs inspection and release again.
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
    /// The asset: its own, or that of its assembly.
    pub asset: Option<Line>,
    /// The assembly that it is directly in.
    pub assembly: Option<SubjectId>,
    /// The assembly's mark.
    pub assembly_mark: Option<Mark>,
    /// Position in the assembly, or else in the asset.
    pub position: Line,
}

/// That somebody suspects the piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// The statement.
    pub statement: StatementId,
    /// What was seen.
    pub reason: Paragraph,
}

/// A part's life so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The part.
    pub part: SubjectId,
    /// Its mark; the newest, where it was marked again.
    pub mark: Option<Mark>,
    /// Every mark that it ever had.
    pub marks: BTreeSet<Mark>,
    /// Marks that another one took the place of, with that one: no longer on the part.
    replaced: BTreeMap<Mark, Mark>,
    /// It was made without its mark, and none was put on and graded since.
    pub is_unmarked: bool,
    /// Who said what it is, where no build did.
    pub entered: Option<Source>,
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
    /// It is in an assembly by the word of who had both: it goes where that goes.
    is_carried: bool,
    /// The inspection that counts.
    pub inspection: Option<Source>,
    /// The release in effect.
    pub release: Option<Source>,
    /// The newest enrolment of physical evidence that counts.
    pub enrolment: Option<StatementId>,
    /// What each comparison with an enrolment that counts amounts to.
    pub comparisons: BTreeMap<StatementId, Match>,
    /// The match of the piece with its evidence, by who has it, since it came there.
    pub matched: Option<Source>,
    /// Tests of coupons whose failure is decided for this part.
    decided: BTreeSet<StatementId>,
    /// Suspicions that nobody has cleared up: they hold nothing.
    pub suspicions: Vec<Suspicion>,
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

    /// The mark that is on the part in the place of this one, where it was replaced.
    pub fn replaced_by(&self, mark: Mark) -> Option<Mark> {
        let newer = std::iter::successors(Some(mark), |mark| self.replaced.get(mark).copied());
        newer.skip(1).last()
    }

    /// [`Life::of`], with what stands above.
    pub fn with_above(world: &World, part: &SubjectId) -> Option<(Life, Above)> {
        let (mut life, above) = Life::by_reports(world, part)?;
        let from_above = above.holds(world, &life);
        life.holds.extend(from_above);
        let from_within = contents::holds(world, &life);
        life.holds.extend(from_within);
        Some((life, above))
    }

    /// [`Life::with_above`] without what holds it from above, and because of what is in it.
    fn by_reports(world: &World, part: &SubjectId) -> Option<(Life, Above)> {
        let Some(Data::Part { facts, .. }) = world.get(part) else {
            return None;
        };
        let above = Above::of(world, part, facts);
        let (life, _) = Life::fold(world, part, facts, &above);
        Some((life, above))
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
