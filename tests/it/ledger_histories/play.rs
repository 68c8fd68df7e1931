//! Plays a list of happenings with the fixture's people. Knows no storage.

use proptest::prelude::*;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::{Function, PartClass, Policy};
use threadmark_protocol::body::part;
use threadmark_protocol::body::physical::Match;
use threadmark_protocol::body::quality::Disposition;
use threadmark_protocol::body::vote::{Change, Expulsion, NewFunctions};
use threadmark_protocol::fixture::{Consortium, DesignSpec, Who, text};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::Statement;
use threadmark_protocol::text::SubjectId;

/// One thing that happens; what is impossible at its moment is refused or noted, which is part of the test.
#[derive(Clone, Copy, Debug)]
pub enum Happening {
    Make(u32),
    Inspect(usize),
    HandOver(usize),
    Install(usize),
    /// One part is put into another.
    Assemble(usize, usize),
    Destroy(usize),
    Quarantine(usize),
    Recall,
    /// Powder is blended and builds go on from the blend, or a build tells what it took, or some is thrown away.
    Powder(usize),
    /// Treated, tested, faulted and decided, used, given, repaired or taken out of use.
    Service(usize, usize),
    Sail,
    ComeHome,
    /// A second governor, a delay, or the mechanic's organisation goes.
    Decide(usize),
    Rotate(usize),
    /// The administrator's key was stolen a while ago.
    Steal,
    /// A coupon of the newest build is tested, what it took is weighed, or a value is computed without a lot.
    Measure(usize),
}

pub fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    prop_oneof![
        4 => (1..5u32).prop_map(Make),
        2 => (0..4usize).prop_map(Inspect),
        3 => (0..4usize).prop_map(HandOver),
        3 => (0..4usize).prop_map(Install),
        3 => (0..4usize, 0..4usize).prop_map(|(part, into)| Assemble(part, into)),
        1 => (0..4usize).prop_map(Destroy),
        1 => (0..4usize).prop_map(Quarantine),
        1 => Just(Recall),
        2 => (0..4usize).prop_map(Powder),
        3 => (0..15usize, 0..4usize).prop_map(|(what, at)| Service(what, at)),
        2 => Just(Sail),
        2 => Just(ComeHome),
        1 => (0..4usize).prop_map(Decide),
        1 => (0..4usize).prop_map(Rotate),
        1 => Just(Steal),
        2 => (0..4usize).prop_map(Measure),
    ]
}

/// Plays the happenings with the fixture's people; all statements that were ever signed, in an order that a carrier
/// might deliver them in, and the marks.
pub fn play(seed: u64, happenings: &[Happening]) -> (Consortium, Vec<Statement>, Vec<Mark>) {
    let spec = match seed % 3 {
        0 => DesignSpec::measured(PartClass::C),
        _ => DesignSpec::default(),
    };
    let (mut of, licence) = Consortium::licensed_as(seed, &spec, 4);
    let (mut parts, mut builds) = (Vec::new(), Vec::new());
    let mut sent = Vec::new();
    for happening in happenings {
        let pick = |at: usize| parts.get(at % parts.len().max(1)).cloned();
        match *happening {
            // A unit beyond the licence has no mark that the fixture could make.
            Happening::Make(unit) if unit <= 4 => {
                // An agent that starts without an order is dishonest, and its report is logged all the same.
                let order = of
                    .order(&licence)
                    .unwrap_or_else(|_| of.new_subject("order"));
                let build = of.start(&licence, &order, unit);
                let _ = of.complete(&build);
                builds.push(build.id);
                parts.extend(build.parts);
            }
            Happening::Make(_) => {}
            Happening::Recall => {
                let lot = text("lot:l1");
                let _ = of.recall(Who::Certifier, &[&lot]);
            }
            Happening::Service(what, at) => {
                if let Some(part) = pick(at) {
                    serve(&mut of, what, &part);
                }
            }
            Happening::Powder(what) => powder(&mut of, what, builds.last()),
            Happening::Measure(what) => measure(&mut of, what, builds.last()),
            Happening::Sail => of.set_sail(),
            Happening::ComeHome => {
                sent.extend(of.at_hand());
                of.come_home();
            }
            Happening::Inspect(at) => drop(pick(at).map(|part| of.inspect(Who::Inspector, &part))),
            Happening::HandOver(at) => drop(pick(at).map(|part| {
                let to = of.org(Who::Mechanic);
                let after = of.after(&part);
                let core = Core::PartShipped(part::Shipped { after, to });
                of.say(Who::Custodian, &part, core)
            })),
            Happening::Install(at) => drop(pick(at).map(|part| of.install(Who::Mechanic, &part))),
            Happening::Assemble(at, into) => {
                if let Some((part, into)) = pick(at).zip(pick(into)) {
                    let _ = of.assemble(Who::Mechanic, &part, &into);
                }
            }
            Happening::Destroy(at) => drop(pick(at).map(|part| of.destroy(Who::Mechanic, &part))),
            Happening::Decide(what) => of.ashore(|of| decide(of, what)),
            Happening::Rotate(at) => {
                let who = [Who::Inspector, Who::Mechanic, Who::Operator, Who::Custodian][at];
                if let Ok((next, _)) = of.rotate(who) {
                    of.people.insert(who, next);
                }
            }
            Happening::Steal => {
                let since = of.now - 600;
                let _ = of.ashore(|of| of.revoke(Who::ShopAdmin, Some(since)));
            }
            Happening::Quarantine(at) => {
                drop(pick(at).map(|part| of.quarantine(Who::Inspector, &part)));
            }
        }
    }
    sent.extend(of.at_hand());
    of.come_home();
    let own = |statement: &&Statement| statement.body.core.kind() != "log.batch";
    let mut all: Vec<_> = of
        .log
        .entries()
        .iter()
        .filter(own)
        .skip(2)
        .cloned()
        .collect();
    // The journals once more: what is known keeps its place.
    all.extend(sent);
    let marks = (1..=4).map(|unit| of.mark(&licence, unit)).collect();
    (of, all, marks)
}

fn serve(of: &mut Consortium, what: usize, part: &SubjectId) {
    let _ = match what {
        0 => of.treat(Who::Production, part),
        1 => of.test(Who::Inspector, part, 399),
        2 => of
            .fault(Who::Inspector, part)
            .and_then(|fault| of.dispose(Who::Designer, part, fault.id, Disposition::UseAsIs)),
        3 => of
            .fault(Who::Designer, part)
            .and_then(|fault| of.dispose(Who::Signatory, part, fault.id, Disposition::Rework)),
        4 => of.report_use(Who::Custodian, part, 10, 2),
        5 => of
            .give(Who::Custodian, part, of.org(Who::Mechanic))
            .and_then(|given| of.take(Who::Mechanic, part, given.id)),
        6 => of.repair(Who::Mechanic, part, false),
        7 => {
            let (label, new) = (of.new_mark(), of.new_mark());
            let labelled = of.label(Who::Custodian, part, label);
            labelled.and_then(|_| of.mark_again(Who::Custodian, part, label, new))
        }
        8 => of.enter(Who::Custodian, part),
        9 => {
            let hours = of.now.unsigned_abs() / 3600;
            let reading = of.use_asset(Who::Mechanic, hours, 3);
            let used = of.report_use(Who::Mechanic, part, 400, 2);
            let _ = used.and_then(|used| of.err(Who::Mechanic, part, used.id));
            reading
        }
        10 => {
            let declared = of.after(part).unwrap();
            of.agree(Who::Designer, part, declared)
        }
        11 => of.suspect(Who::Designer, part),
        12 => of.enrol_piece(Who::Custodian, part).and_then(|enrolment| {
            of.compare_piece(Who::Mechanic, part, enrolment.id, Match::Matched)?;
            of.compare_piece(Who::Inspector, part, enrolment.id, Match::Differs)
        }),
        13 => of.retire(Who::Production, &Who::Machine.machine()),
        _ => of.decommission(Who::Custodian, part),
    };
}

fn powder(of: &mut Consortium, what: usize, build: Option<&SubjectId>) {
    let lot = of.lot.clone();
    match (what, build) {
        (0 | 1, _) => {
            if let Ok(blend) = of.blend(Who::Production, &[(&lot, 2_000_000)]) {
                of.lot = blend;
            }
        }
        (2, Some(build)) => drop(of.use_up(Who::Operator, build, &lot, 500_000)),
        _ => drop(of.scrap(Who::Production, &lot, 3_000_000)),
    }
}

fn measure(of: &mut Consortium, what: usize, build: Option<&SubjectId>) {
    let lot = of.lot.clone();
    let _ = match (what, build) {
        (0, Some(build)) => of.test_coupon(Who::Inspector, build, "C-1", 400),
        (1, Some(build)) => of.test_coupon(Who::Inspector, build, "C-1", 300),
        (2, Some(build)) => of.use_up(Who::Operator, build, &lot, 63_000),
        _ => return of.ashore(without_a_lot),
    };
}

/// The cited value without the data of one lot.
fn without_a_lot(of: &mut Consortium) {
    let mut entries = of.log.entries().iter();
    let cited = entries.find(|entry| matches!(entry.body.core, Core::AllowablePublished(_)));
    if let Some(cited) = cited.map(|entry| entry.body.sub.clone()) {
        let _ = of.recompute(Who::Designer, &cited, &text("lot:l1"), 379_000);
    }
}

/// The founder proposes, and whoever may be a governor by then is in favour.
fn decide(of: &mut Consortium, what: usize) {
    let organisation = of.org(Who::AuthorityAdmin);
    let policy = of.log.world().founding().unwrap().clone();
    let change = match what {
        0 => Change::Functions(NewFunctions {
            organisation,
            functions: [Function::Authority, Function::Governor].into(),
        }),
        1 => Change::Policy(Box::new(Policy {
            delay_s: 3600,
            ..policy
        })),
        2 => Change::Functions(NewFunctions {
            organisation: of.org(Who::MroAdmin),
            functions: [Function::Shop].into(),
        }),
        _ => Change::Expel(Expulsion {
            organisation: of.org(Who::MroAdmin),
        }),
    };
    let (id, core) = of.proposal(change);
    if let Ok(proposed) = of.say(Who::Governor, &id, core) {
        let _ = of.vote(Who::AuthorityAdmin, &proposed, true);
    }
}
