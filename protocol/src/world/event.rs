//! What states remember of a report, where it is less than the report.
//!
//! Owns what happens to a part, and what is taken out of a lot. Must never know what follows from it: `life`.

use super::{Source, asset_subject};
use crate::body::correction::{ErrorConfirmed, ErrorDeclared};
use crate::body::safety::{SuspicionLifted, SuspicionPlaced};
use crate::body::usage::{Decommissioned, Repaired, UsageReported};
use crate::body::{marking, part, physical, quality};
use crate::mark::Mark;
use crate::statement::StatementId;
use crate::text::{Paragraph, SubjectId};
use serde::{Deserialize, Serialize};

/// What was taken out of a material lot; masses in milligrams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Drawn {
    /// It went into another lot.
    Blend {
        /// The blend.
        into: SubjectId,
        /// How much.
        mass_mg: i64,
    },
    /// A build took it.
    Build {
        /// The build.
        build: SubjectId,
        /// Put into the machine.
        loaded_mg: i64,
        /// Came back.
        recovered_mg: i64,
    },
    /// It was thrown away.
    Scrap {
        /// How much.
        mass_mg: i64,
    },
}

impl Drawn {
    /// What the lot has less by it.
    pub fn net_mg(&self) -> i64 {
        match self {
            Drawn::Blend { mass_mg, .. } | Drawn::Scrap { mass_mg } => *mass_mg,
            Drawn::Build {
                loaded_mg,
                recovered_mg,
                ..
            } => loaded_mg.saturating_sub(*recovered_mg),
        }
    }
}

/// A reading of an asset that is not so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The reading.
    pub error: StatementId,
    /// Who took it back.
    pub declared: Source,
    /// The second party that agrees; before, the reading counts.
    pub confirmed: Option<Source>,
}

/// What happened to a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[allow(missing_docs)] // each variant is the statement kind of its name
pub enum Event {
    Started {
        build: SubjectId,
        unit: u32,
        mark: Mark,
    },
    Completed {
        build: SubjectId,
    },
    Aborted {
        build: SubjectId,
        reason: Paragraph,
    },
    Entered(marking::Entered),
    Marked(marking::Marked),
    MarkVerified(marking::Verified),
    Remarked(marking::Remarked),
    PostProcessed(quality::PostProcessed),
    Tested(quality::Tested),
    Inspected(part::Inspected),
    Enrolled(Box<physical::Enrolled>),
    Compared {
        comparison: Box<physical::Compared>,
        /// Whether the author was an accredited inspector at its place in the log.
        by_inspector: bool,
    },
    Nonconformance(quality::Nonconformance),
    Dispositioned(quality::Dispositioned),
    Released(part::Released),
    Shipped(part::Shipped),
    Received(part::Received),
    OwnerChanged(part::OwnerChanged),
    OwnerAccepted(part::OwnerAccepted),
    Installed(part::Installed),
    Removed(part::Removed),
    Usage(UsageReported),
    Repaired(Repaired),
    Remanufactured(Repaired),
    Decommissioned(Decommissioned),
    Destroyed(part::Destroyed),
    DestructionAttested(part::DestructionAttested),
    Quarantined {
        after: Option<StatementId>,
        reason: Paragraph,
    },
    QuarantineLifted {
        after: Option<StatementId>,
        placed: StatementId,
        disposition: Paragraph,
    },
    Vouched {
        after: Option<StatementId>,
        report: StatementId,
    },
    Suspected(SuspicionPlaced),
    SuspicionLifted(SuspicionLifted),
    ErrorDeclared(ErrorDeclared),
    ErrorConfirmed(ErrorConfirmed),
}

impl Event {
    /// The build whose end this is.
    pub fn ended(&self) -> Option<&SubjectId> {
        match self {
            Event::Completed { build } | Event::Aborted { build, .. } => Some(build),
            _ => None,
        }
    }

    /// Whether whoever said it may take it back. What a build did is done: its unit is spent, and a mark that leads to the part
    /// goes on leading to it.
    pub fn may_be_an_error(&self) -> bool {
        !matches!(
            self,
            Event::Started { .. }
                | Event::Completed { .. }
                | Event::Aborted { .. }
                | Event::Marked(_)
                | Event::Remarked(_)
                | Event::Vouched { .. }
                | Event::ErrorDeclared(_)
                | Event::ErrorConfirmed(_)
        )
    }

    /// Whether it never holds a part, whoever says it and however.
    pub fn only_flags(&self) -> bool {
        matches!(self, Event::Suspected(_))
    }

    /// Whether it lets a part go on, and nothing else: to take it back holds at worst what was free.
    pub fn opens_a_door(&self) -> bool {
        match self {
            Event::Released(_) | Event::QuarantineLifted { .. } => true,
            Event::Inspected(says) => says.passed(),
            _ => false,
        }
    }

    /// The asset that the part came into, where it is said whose that is.
    pub fn asset(&self) -> Option<SubjectId> {
        match self {
            Event::Installed(says) => {
                let operator = says.operator.as_ref()?;
                Some(asset_subject(operator, says.asset.as_ref()?))
            }
            _ => None,
        }
    }

    /// The assembly that the part came into.
    pub fn assembly(&self) -> Option<&SubjectId> {
        match self {
            Event::Installed(says) => says.into.as_ref(),
            _ => None,
        }
    }

    /// The mark that leads to the part by it.
    pub fn mark(&self) -> Option<Mark> {
        match self {
            Event::Started { mark, .. } => Some(*mark),
            Event::Marked(says) => Some(says.mark),
            Event::Remarked(says) => Some(says.new),
            _ => None,
        }
    }

    /// Statements that this one says it comes after.
    pub fn predecessors(&self) -> impl Iterator<Item = StatementId> {
        let (after, named) = match self {
            Event::Started { .. }
            | Event::Completed { .. }
            | Event::Aborted { .. }
            | Event::Entered(_) => (None, None),
            Event::Marked(says) => (says.after, None),
            Event::MarkVerified(says) => (says.after, None),
            Event::Remarked(says) => (says.after, None),
            Event::PostProcessed(says) => (says.after, None),
            Event::Tested(says) => (says.after, None),
            Event::Inspected(says) => (says.after, None),
            Event::Enrolled(says) => (says.after, None),
            Event::Compared { comparison, .. } => (comparison.after, Some(comparison.enrolment)),
            Event::Nonconformance(says) => (says.after, None),
            Event::Dispositioned(says) => (says.after, Some(says.nonconformance)),
            Event::Released(says) => (says.after, Some(says.inspection)),
            Event::Shipped(says) => (says.after, None),
            Event::Received(says) => (says.after, Some(says.shipment)),
            Event::OwnerChanged(says) => (says.after, None),
            Event::OwnerAccepted(says) => (says.after, Some(says.change)),
            Event::Installed(says) => (says.after, None),
            Event::Removed(says) => (says.after, None),
            Event::Usage(says) => (says.after, None),
            Event::Repaired(says) | Event::Remanufactured(says) => (says.after, None),
            Event::Decommissioned(says) => (says.after, None),
            Event::Destroyed(says) => (says.after, None),
            Event::DestructionAttested(says) => (says.after, Some(says.destruction)),
            Event::Quarantined { after, .. } => (*after, None),
            Event::QuarantineLifted { after, placed, .. } => (*after, Some(*placed)),
            Event::Vouched { after, report } => (*after, Some(*report)),
            Event::Suspected(says) => (says.after, None),
            Event::SuspicionLifted(says) => (says.after, Some(says.placed)),
            Event::ErrorDeclared(says) => (says.after, Some(says.error)),
            Event::ErrorConfirmed(says) => (says.after, Some(says.declaration)),
        };
        after.into_iter().chain(named)
    }
}
