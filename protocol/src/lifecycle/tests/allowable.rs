//! What allowables say of themselves, and what rests on them.

use super::*;
use crate::body::Core;
use crate::body::allowable::{AllowablePublished, AllowableRecomputed, Diagnostic, Outcome};
use crate::body::resource::MachineQualified;
use crate::digest::Digest;
use crate::fixture::{DAY_S, DesignSpec, MATERIAL, PROCESS, START_S, moment, text};
use crate::lifecycle::Refusal;

fn held(c: &Consortium, part: &SubjectId) -> BTreeSet<Code> {
    holds(c.log.world(), part)
}

fn citing(says: AllowablePublished) -> (Consortium, SubjectId) {
    let spec = DesignSpec {
        allowable: Some(says),
        ..DesignSpec::default()
    };
    Consortium::licensed_as(81, &spec, 4)
}

fn publish(c: &mut Consortium, says: AllowablePublished) -> Result<(), Refusal> {
    let sub = c.new_subject("allowable");
    let core = Core::AllowablePublished(Box::new(says));
    c.say(Who::Designer, &sub, core).map(drop)
}

/// The fixture's allowable with an analysis that something is done to.
fn analysed(change: impl FnOnce(&mut crate::body::allowable::Analysis)) -> AllowablePublished {
    let mut says = Consortium::allowable();
    let mut analysis = Consortium::analysis(says.value);
    change(&mut analysis);
    says.analysis = Some(analysis);
    says
}

#[test]
fn what_is_computed_anew_rests_on_less_and_what_was_left_out_stays_out() {
    let (first, second): (SubjectId, SubjectId) = (text("lot:data"), text("lot:more"));
    let (mut c, _) = citing(AllowablePublished {
        data_of: [first.clone(), second.clone()].into(),
        ..Consortium::allowable()
    });
    let mut entries = c.log.entries().iter();
    let cited = entries.find(|entry| matches!(entry.body.core, Core::AllowablePublished(_)));
    let cited = cited.unwrap().body.sub.clone();
    let says = |without: &[&SubjectId], specimens, batches| AllowableRecomputed {
        without: without.iter().map(|id| (*id).clone()).collect(),
        value: 390_000,
        specimens,
        batches,
        dataset: crate::digest::FileDigest::of(b"what is left"),
        analysis: Consortium::analysis(390_000),
    };
    let mut anew = |says| {
        let core = Core::AllowableRecomputed(Box::new(says));
        c.say(Who::Designer, &cited, core).map(drop)
    };
    for wrong in [says(&[&first], 60, 5), says(&[&first], 48, 6)] {
        assert_eq!(anew(wrong).unwrap_err().code(), Code::WrongSubject);
    }
    anew(says(&[&first], 48, 4)).unwrap();
    for wrong in [
        says(&[&second], 40, 4),
        says(&[&first, &second], 49, 4),
        says(&[&first, &second], 40, 5),
    ] {
        assert_eq!(anew(wrong).unwrap_err().code(), Code::WrongSubject);
    }
    anew(says(&[&first, &second], 40, 3)).unwrap();
}

fn diagnostic(outcome: Outcome) -> Diagnostic {
    Diagnostic {
        name: text("k-sample Anderson-Darling, 0.025"),
        outcome,
    }
}

#[test]
fn a_basis_value_is_no_higher_than_what_it_promises_less_than() {
    let mut c = Consortium::founded(81);
    publish(&mut c, analysed(|_| {})).unwrap();
    publish(&mut c, analysed(|of| of.a_basis = Some(300_000))).unwrap();
    for wrong in [
        analysed(|of| of.a_basis = Some(390_000)),
        analysed(|of| of.mean = 379_999),
        analysed(|of| of.b_basis = Some(379_999)),
        analysed(|of| of.b_basis = None),
        analysed(|of| of.diagnostics.clear()),
        analysed(|of| of.diagnostics.extend(of.diagnostics.clone())),
    ] {
        let refused = publish(&mut c, wrong).unwrap_err();
        assert_eq!(refused.code(), Code::WrongSubject);
    }
}

#[test]
fn an_allowable_names_method_data_and_result_by_digest() {
    let (c, _) = citing(analysed(|_| {}));
    let mut entries = c.log.entries().iter();
    let found = entries.find_map(|entry| match &entry.body.core {
        Core::AllowablePublished(says) => Some(says),
        _ => None,
    });
    let says = found.unwrap();
    assert_eq!(
        says.analysis.as_ref().unwrap().result,
        Digest::sha3(&[b"result"])
    );
    let mut c = Consortium::founded(81);
    let mut wrong = Consortium::allowable();
    wrong.dataset.chunks.clear();
    assert_eq!(
        publish(&mut c, wrong).unwrap_err().code(),
        Code::WrongSubject
    );
}

#[test]
fn what_failed_stands_only_by_a_reason_that_is_signed_and_shown() {
    let mut c = Consortium::founded(81);
    let failed = analysed(|of| of.diagnostics.push(diagnostic(Outcome::Failed {})));
    assert_eq!(
        publish(&mut c, failed).unwrap_err().code(),
        Code::WrongSubject
    );
    let reason = text("One batch of five, from another furnace");
    let overridden = Outcome::Overridden { reason };
    let says = analysed(|of| of.diagnostics.push(diagnostic(overridden)));
    let (mut c, licence) = citing(says);
    c.make(&licence, 1);
    let told = ask(&c, c.mark(&licence, 1), Who::Custodian);
    let details = told.life.iter().filter_map(|step| step.detail.as_ref());
    let mut shown = details.filter(|detail| detail.contains("another furnace"));
    assert!(
        shown
            .next()
            .is_some_and(|detail| detail.contains("overridden"))
    );
}

#[test]
fn an_expired_allowable_carries_no_new_approval_and_no_new_build() {
    let (mut c, licence) = citing(AllowablePublished {
        expires: Some(moment(START_S + 100 * DAY_S)),
        ..Consortium::allowable()
    });
    let before = c.make(&licence, 1);
    c.now += 200 * DAY_S;
    let order = c.order(&licence).unwrap_err();
    assert_eq!(order.code(), Code::AllowableExpired);
    let order = c.new_subject("order");
    let after = c.start(&licence, &order, 2).parts[0].clone();
    assert_eq!(held(&c, &before), set([]));
    assert!(held(&c, &after).contains(&Code::AllowableExpired));
    let mut entries = c.log.entries().iter();
    let request = entries.find(|entry| matches!(entry.body.core, Core::ApprovalRequested(_)));
    let core = request.unwrap().body.core.clone();
    let sub = c.new_subject("approval");
    let refused = c.say(Who::Designer, &sub, core).unwrap_err();
    assert_eq!(refused.code(), Code::AllowableExpired);
}

#[test]
fn another_machine_builds_under_an_allowable_after_an_equivalency_test() {
    let (mut c, licence) = citing(AllowablePublished {
        machines: [Who::SecondMachine.machine()].into(),
        ..Consortium::allowable()
    });
    let before = c.print(&licence, 1);
    assert_eq!(held(&c, &before), set([Code::MachineNotEquivalent]));
    let mut entries = c.log.entries().iter();
    let cited = entries.find(|entry| matches!(entry.body.core, Core::AllowablePublished(_)));
    let cited = cited.unwrap().body.sub.clone();
    let core = Core::MachineQualified(MachineQualified {
        process: text(PROCESS),
        material: text(MATERIAL),
        expires: moment(c.now + 100 * DAY_S),
        report: Digest::sha3(&[b"equivalency"]),
        equivalent_to: [cited].into(),
    });
    c.must(Who::Certifier, &Who::Machine.machine(), core);
    let after = c.print(&licence, 2);
    assert_eq!(held(&c, &after), set([]));
    assert_eq!(held(&c, &before), set([Code::MachineNotEquivalent]));
}

#[test]
fn who_knows_that_an_allowable_came_out_lower_orders_nothing_under_it() {
    let data: SubjectId = text("lot:data");
    let (mut c, licence) = citing(AllowablePublished {
        data_of: [data.clone()].into(),
        ..Consortium::allowable()
    });
    let mut entries = c.log.entries().iter();
    let cited = entries.find(|entry| matches!(entry.body.core, Core::AllowablePublished(_)));
    let cited = cited.unwrap().body.sub.clone();
    c.recompute(Who::Designer, &cited, &data, 379_999).unwrap();
    let refused = c.order(&licence).unwrap_err();
    assert_eq!(refused.code(), Code::AllowableLower);
    c.recompute(Who::Designer, &cited, &data, 380_000).unwrap();
    c.order(&licence).unwrap();
}

#[test]
fn data_of_a_recalled_lot_hold_what_rests_on_them_until_the_value_stands_without() {
    let data: SubjectId = text("lot:data");
    let (mut c, licence) = citing(AllowablePublished {
        data_of: [data.clone()].into(),
        ..Consortium::allowable()
    });
    c.receive_lot("lot:data", MATERIAL);
    let part = c.make(&licence, 1);
    c.recall(Who::Production, &[&data]).unwrap();
    assert_eq!(held(&c, &part), set([Code::Recalled]));
    let mut entries = c.log.entries().iter();
    let cited = entries.find(|entry| matches!(entry.body.core, Core::AllowablePublished(_)));
    let cited = cited.unwrap().body.sub.clone();
    let strangers = c.recompute(Who::Certifier, &cited, &data, 390_000);
    assert_eq!(strangers.unwrap_err().code(), Code::NotYours);
    let other = c.lot.clone();
    let others = c.recompute(Who::Designer, &cited, &other, 390_000);
    assert_eq!(others.unwrap_err().code(), Code::WrongSubject);
    c.recompute(Who::Designer, &cited, &data, 379_999).unwrap();
    let lower = set([Code::Recalled, Code::AllowableLower]);
    assert_eq!(held(&c, &part), lower);
    c.recompute(Who::Designer, &cited, &data, 380_000).unwrap();
    assert_eq!(held(&c, &part), set([]));
}
