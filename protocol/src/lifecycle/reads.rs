//! Which subjects the rules read for a statement.
//!
//! Owns what must be at hand before [`super::apply`] is asked: in the writer, which loads it, and in who replays a part
//! of the log, which must know that it is whole. Must never know what the rules do with it.

use crate::body::{Core, Nature};
use crate::statement::Statement;
use crate::text::SubjectId;
use crate::world;
use std::collections::BTreeSet;

/// The subjects whose states, with everything above them, [`super::apply`] reads for a statement.
pub fn subjects(statement: &Statement) -> BTreeSet<SubjectId> {
    let body = &statement.body;
    let mut named = BTreeSet::from([
        body.sub.clone(),
        world::policy_subject(),
        world::key_subject(&statement.envelope.kid),
        world::org_subject(&body.iss),
    ]);
    match &body.core {
        Core::MemberAdmitted(says) => {
            named.insert(world::key_subject(&crate::key::key_id(&says.admin.public)));
        }
        Core::Proposed(says) => {
            named.extend(says.change.subjects());
            named.insert(world::governors_subject());
        }
        Core::Voted(_) => {
            named.insert(world::governors_subject());
        }
        Core::KeyRotated(says) => {
            named.insert(world::key_subject(&crate::key::key_id(&says.card.public)));
        }
        Core::Anchors(says) => {
            named.extend(
                [&says.governor, &says.log]
                    .map(|card| world::key_subject(&crate::key::key_id(&card.public))),
            );
        }
        Core::DesignPublished(says) => {
            named.insert(world::claim_subject(
                &body.iss,
                &says.part_number,
                &says.revision,
            ));
        }
        Core::DesignSuperseded(says) => {
            named.insert(says.by.clone());
        }
        Core::AllowablePublished(says) => named.extend(says.data_of.iter().cloned()),
        Core::ApprovalRequested(says) => {
            named.insert(says.design.clone());
            named.extend(says.allowables().cloned());
        }
        Core::LicenceIssued(says) => {
            named.extend([
                says.design.clone(),
                says.machine.clone(),
                world::org_subject(&says.holder),
            ]);
            named.extend(says.approval.clone());
        }
        // What is in the part stands above what the assembly holds from then on.
        Core::PartInstalled(says) if says.into.is_some() => {
            named.insert(world::contents_subject(&body.sub));
            named.extend(of_things(&body.core));
        }
        other => named.extend(of_things(other)),
    }
    named
}

/// What is named by statements about machines, material, builds, parts and recalls.
fn of_things(core: &Core) -> Vec<SubjectId> {
    let only = |id: &SubjectId| vec![id.clone()];
    match core {
        Core::MachineEnrolled(says) => vec![world::key_subject(&says.key)],
        Core::BuildOrdered(says) => [&says.licence, &says.machine, &says.lot].map(only).concat(),
        Core::BuildStarted(says) => {
            let above = [&says.order, &says.licence, &says.machine, &says.lot].map(only);
            let parts = says.parts.iter();
            let parts = parts.flat_map(|of| [of.part.clone(), world::mark_subject(&of.mark)]);
            above.concat().into_iter().chain(parts).collect()
        }
        Core::BuildCompleted(says) => says.parts.clone(),
        Core::BuildAborted(says) => says.parts.clone(),
        // It stands above the part from then on, and what stands above what is at hand must be at hand.
        Core::PartInstalled(says) => {
            let asset = says.operator.as_ref().zip(says.asset.as_ref());
            let asset = asset.map(|(of, asset)| world::asset_subject(of, asset));
            let into = world::with_contents(&says.into);
            asset.into_iter().chain(into).collect()
        }
        Core::PartMarked(says) => vec![world::mark_subject(&says.mark)],
        Core::PartRemarked(says) => vec![world::mark_subject(&says.new)],
        Core::MaterialBlended(says) => {
            let shares = says.from.iter();
            shares.map(|share| share.lot.clone()).collect()
        }
        Core::MaterialUsed(says) => says.lots.iter().map(|load| load.lot.clone()).collect(),
        Core::RecallPlaced(says) => says.anchors.clone(),
        _ => Vec::new(),
    }
}

/// The subjects that decide, with everything above them, what a statement does to any subject that it touches. A report is
/// never refused, and what it adds to a subject depends on that subject and on its author alone: whoever follows one
/// part of a build need not follow the others. An act rests on all that it names.
pub fn rests_on(statement: &Statement) -> BTreeSet<SubjectId> {
    match statement.body.core.nature() {
        Nature::Act => subjects(statement),
        Nature::Report => BTreeSet::from([
            world::key_subject(&statement.envelope.kid),
            world::org_subject(&statement.body.iss),
        ]),
        Nature::Log => BTreeSet::new(),
    }
}
