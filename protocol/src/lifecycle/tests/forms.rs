//! Release forms: what is on the form is so of the part, and a correction is another form.

use super::*;
use crate::body::form::{Blocks, Certified, DataStatus, Status};
use crate::body::governance::PartClass;
use crate::fixture::text;
use crate::lifecycle::Refusal;
use crate::statement::StatementId;

/// A part that passed its inspection.
fn inspected() -> (Consortium, SubjectId, Mark, StatementId) {
    let (mut c, licence) = Consortium::licensed(43, PartClass::C, 2);
    let part = c.print(&licence, 1);
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    let mark = c.mark(&licence, 1);
    (c, part, mark, inspection)
}

fn blocks(mark: Mark) -> Blocks {
    Blocks {
        authority: text("FAA, United States"),
        organisation: text("Ship's additive shop"),
        work_order: text("WO-81"),
        item: 1,
        description: text("Hinge bracket"),
        part_number: text("PN-100"),
        quantity: 1,
        serials: [text(&mark.to_string())].into(),
        status: Status::New,
        remarks: None,
        certified: Certified::Production {
            data: DataStatus::Approved,
            approval: text("PC-700"),
        },
        corrects: None,
    }
}

fn refused(said: Result<crate::statement::Statement, Refusal>) -> String {
    match said {
        Err(Refusal::Refused {
            code: Code::WrongSubject,
            detail,
        }) => detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_form_is_of_the_part_that_it_releases() {
    let (mut c, part, mark, inspection) = inspected();
    let good = blocks(mark);
    let mut release =
        |blocks: Blocks| c.release_with(Who::Signatory, &part, inspection, ("FTN-1", Some(blocks)));
    let other_number = Blocks {
        part_number: text("PN-101"),
        ..good.clone()
    };
    assert!(refused(release(other_number)).contains("Block 8"));
    let other_serial = Blocks {
        serials: [text("S-1")].into(),
        ..good.clone()
    };
    assert!(refused(release(other_serial)).contains("Block 10"));
    let mixed = Blocks {
        status: Status::Repaired,
        ..good.clone()
    };
    assert!(refused(release(mixed)).contains("Block 13"));
    release(good).unwrap();
    let told = ask(&c, mark, Who::Custodian);
    let step = told
        .life
        .iter()
        .find(|step| step.title.starts_with("Released"))
        .unwrap();
    assert!(
        step.detail
            .as_ref()
            .unwrap()
            .contains("FTN-1: NEW, block 13"),
        "{step:?}"
    );
}

#[test]
fn a_correction_is_a_new_form_that_names_the_old_one() {
    let (mut c, part, mark, inspection) = inspected();
    let first = c.release_with(
        Who::Signatory,
        &part,
        inspection,
        ("FTN-1", Some(blocks(mark))),
    );
    let first = first.unwrap().id;
    let corrected = |corrects| Blocks {
        work_order: text("WO-82"),
        corrects: Some(corrects),
        ..blocks(mark)
    };
    let same = ("FTN-1", Some(corrected(first)));
    let same = c.release_with(Who::Signatory, &part, inspection, same);
    assert!(refused(same).contains("tracking number"));
    let no_form = ("FTN-2", Some(corrected(inspection)));
    let no_form = c.release_with(Who::Signatory, &part, inspection, no_form);
    assert!(refused(no_form).contains("no form of yours"));
    let unknown = ("FTN-2", Some(corrected(crate::digest::Digest([9; 32]))));
    let unknown = c.release_with(Who::Signatory, &part, inspection, unknown);
    assert!(
        matches!(unknown, Err(Refusal::WaitsFor { .. })),
        "{unknown:?}"
    );
    let second = ("FTN-2", Some(corrected(first)));
    c.release_with(Who::Signatory, &part, inspection, second)
        .unwrap();
    let told = ask(&c, mark, Who::Custodian);
    let released = told
        .life
        .iter()
        .filter(|step| step.title.starts_with("Released"));
    assert_eq!(released.count(), 2, "both are kept");
}
