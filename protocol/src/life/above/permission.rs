//! What permits a build: licence, approval, the allowables that it cites, and the machine's certificates.
//!
//! Owns whether they carry a build at a time. Must never know recalls, which the walk upward finds.

use super::super::Hold;
use super::Above;
use crate::body::allowable::{AllowablePublished, AllowableRecomputed};
use crate::body::design::ApprovalRequested;
use crate::body::governance::{Function, PartClass};
use crate::body::licence::Purpose;
use crate::body::resource::{MachineCalibrated, MachineEnrolled, MachineQualified};
use crate::code::Code;
use crate::text::SubjectId;
use crate::world::{Data, Report, Source, World};

/// An allowable that the approval cites.
#[derive(Clone, Debug)]
pub(super) struct Cited {
    id: SubjectId,
    says: AllowablePublished,
    /// How it was last computed anew.
    newest: Option<(AllowableRecomputed, Source)>,
}

impl Cited {
    /// Whether its specimens are of this machine, or of any of its class.
    fn is_of(&self, machine: &SubjectId) -> bool {
        self.says.machines.is_empty() || self.says.machines.contains(machine)
    }
}

/// The allowables that a request cites, as far as they are known.
pub(super) fn cited(world: &World, request: &ApprovalRequested) -> Vec<Cited> {
    let known = request.allowables().filter_map(|id| match world.get(id) {
        Some(Data::Allowable {
            allowable,
            recomputed,
            ..
        }) => Some(Cited {
            id: id.clone(),
            says: (**allowable).clone(),
            newest: recomputed.last().cloned(),
        }),
        _ => None,
    });
    known.collect()
}

impl Above {
    /// Whether an allowable that the approval cites had expired at `at` (Unix seconds).
    pub(crate) fn expired(&self, at: i64) -> bool {
        let mut expires = self
            .allowables
            .iter()
            .filter_map(|cited| cited.says.expires);
        expires.any(|expires| at >= expires.unix())
    }

    /// Allowables of which less came out when they were computed anew. Order and gate ask the same.
    pub fn allowable_problems(&self) -> Vec<Hold> {
        let lower = self.allowables.iter().filter_map(|cited| {
            let (says, source) = cited.newest.as_ref()?;
            let is_above = cited.says.is_above(says);
            is_above.then(|| Hold::by(Code::AllowableLower, &cited.id, source))
        });
        lower.collect()
    }

    /// Whether design, approval and licence carry a build that starts at `at` (Unix seconds). The gate asks the same.
    pub fn permission_problems(&self, at: i64) -> Vec<Code> {
        let Some((licence, _, accepted)) = &self.licence else {
            return vec![Code::WaitsFor];
        };
        let mut found = Vec::new();
        if accepted.is_none() {
            found.push(Code::LicenceNotAccepted);
        }
        if at >= licence.expires.unix() {
            found.push(Code::LicenceExpired);
        }
        if licence.purpose == Purpose::Qualification {
            return found;
        }
        found.extend(self.expired(at).then_some(Code::AllowableExpired));
        match &self.approval {
            Some((_, Some((granted, _)))) => {
                if at >= granted.expires.unix() {
                    found.push(Code::ApprovalExpired);
                }
            }
            _ => found.push(Code::NotApproved),
        }
        found
    }

    /// The qualifications that cover the design's process at `at` (Unix seconds).
    fn covering<'a>(
        &self,
        world: &World,
        card: &MachineEnrolled,
        qualified: &'a [(MachineQualified, Source)],
        at: i64,
    ) -> Vec<&'a MachineQualified> {
        let design = self.design();
        let Some(design) = design.filter(|of| card.machine_class == of.envelope.machine_class)
        else {
            return Vec::new();
        };
        let covers = |(says, source): &&(MachineQualified, Source)| {
            says.process == design.envelope.process
                && says.material == design.envelope.material
                && (source.at..says.expires.unix()).contains(&at)
                && super::super::doubts(world, source).is_empty()
                && (design.class == PartClass::C
                    || world.has_function(&source.org, Function::Authority, source.place()))
        };
        let covering = qualified.iter().filter(covers);
        covering.map(|(says, _)| says).collect()
    }

    /// Whether the machine was enrolled, qualified for the design's process and calibrated at `at` (Unix seconds).
    pub fn machine_problems(&self, world: &World, machine: &SubjectId, at: i64) -> Vec<Code> {
        let Some(Data::Machine {
            enrolled: Some((card, owner)),
            qualified,
            calibrated,
        }) = world.get(machine)
        else {
            return vec![Code::MachineUnknown];
        };
        let mut found = Vec::new();
        let covering = self.covering(world, card, qualified, at);
        if covering.is_empty() {
            found.push(Code::MachineNotQualified);
        }
        let is_shown = |cited: &Cited| {
            let mut covering = covering.iter();
            cited.is_of(machine) || covering.any(|says| says.equivalent_to.contains(&cited.id))
        };
        if !self.allowables.iter().all(is_shown) {
            found.push(Code::MachineNotEquivalent);
        }
        let in_force = |report: &Report<MachineCalibrated>| {
            report.noted.is_empty()
                && report.source.org == owner.org
                && super::super::doubts(world, &report.source).is_empty()
                && (report.source.at..report.says.expires.unix()).contains(&at)
        };
        if !calibrated.iter().any(in_force) {
            found.push(Code::MachineNotCalibrated);
        }
        found
    }
}
