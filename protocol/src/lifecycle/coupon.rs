//! Rules of test coupons: what is measured on them counts for the parts of their build.

use super::{Changes, Context, Refusal, refuse, require};
use crate::body::governance::Role;
use crate::body::quality::Tested;
use crate::code::Code;
use crate::world::bounds::TESTS_MAX;
use crate::world::{Data, Report};

/// A report about a build. Whether the coupon was in it says the order, which may come later.
pub fn tested(context: &Context, says: &Tested) -> Result<Changes, Refusal> {
    let id = context.subject("build")?.clone();
    require(
        says.specimen.is_some(),
        Code::WrongSubject,
        "A test of a build names the coupon.",
    )?;
    let noted = context.noted_with_role(&[Role::Inspector]);
    let mut findings = noted.clone();
    if !says.passed() {
        findings.insert(Code::Nonconforming);
    }
    let mut state = super::build::build_or_new(context, &id);
    let Data::Build { tests, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no build");
    };
    let report = Report {
        source: context.source.clone(),
        says: says.clone(),
        noted,
    };
    // What counts for nothing takes no room: else who may not inspect makes none for a test that failed.
    if !report.noted.is_empty() {
        return Ok(Changes {
            findings,
            ..Changes::default()
        });
    }
    if !Report::insert_within(tests, report, TESTS_MAX, |_, _| true) {
        findings.insert(Code::TooManyReports);
    }
    Ok(Changes {
        findings,
        ..Changes::default()
    }
    .set(id, state))
}
