//! Need to know: what of an answer, and of the statements behind it, is for everybody.
//!
//! Owns the line between a stranger and a member: a stranger learns what is needed to decide whether to use the part in
//! the hand, not who holds it or where it flies. `docs/need-to-know.md` is the same as a table. Must never know how
//! anything is served.

use super::Answer;
use crate::body::Core;
use crate::world::Event;

/// Whether a stranger may know that a statement of this kind was made, by whom and when: those that design, approve,
/// license, make, inspect and release. Who ordered, from which lot, on which machine, and who had the part since, is
/// for members.
pub fn is_for_everybody(core: &Core) -> bool {
    matches!(
        core,
        Core::DesignPublished(_)
            | Core::AllowablePublished(_)
            | Core::AllowableRecomputed(_)
            | Core::ApprovalRequested(_)
            | Core::ApprovalGranted(_)
            | Core::LicenceIssued(_)
            | Core::LicenceAccepted(_)
            | Core::BuildStarted(_)
            | Core::BuildCompleted(_)
            | Core::BuildAborted(_)
            | Core::PartEntered(_)
            | Core::PartMarked(_)
            | Core::PartMarkVerified(_)
            | Core::PartRemarked(_)
            | Core::PartPostProcessed(_)
            | Core::PartTested(_)
            | Core::PartInspected(_)
            | Core::PartEnrolled(_)
            | Core::PartReleased(_)
    )
}

/// The same of what happened to a part.
pub fn is_event_for_everybody(event: &Event) -> bool {
    matches!(
        event,
        Event::Started { .. }
            | Event::Completed { .. }
            | Event::Aborted { .. }
            | Event::Entered(_)
            | Event::Marked(_)
            | Event::MarkVerified(_)
            | Event::Remarked(_)
            | Event::PostProcessed(_)
            | Event::Tested(_)
            | Event::Inspected(_)
            | Event::Enrolled(_)
            | Event::Released(_)
    )
}

/// Takes out of an answer what only members see; the steps that are not for everybody are gone already.
pub(super) fn withhold_from_strangers(answer: &mut Answer) {
    for reason in &mut answer.reasons {
        (reason.subject, reason.detail) = (None, None);
    }
    for step in &mut answer.life {
        (step.actor, step.detail) = (None, None);
    }
    if let Some(face) = &mut answer.part {
        (face.lot_number, face.unit) = (None, None);
        (face.custodian, face.installed) = (None, None);
        (face.used, face.life_left) = (None, None);
        face.contains.clear();
    }
}
