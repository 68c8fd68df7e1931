//! What dishonest members try, and what it gets them.

use super::*;
use crate::body::Core;
use crate::body::build::{BuildAborted, BuildCompleted};
use crate::body::governance::{
    Function, Holder, KeyAdded, KeyCard, MemberAdmitted, PartClass, Role,
};
use crate::body::resource::{MachineCalibrated, MaterialReceived};
use crate::body::safety::QuarantinePlaced;
use crate::body::vote::Change;
use crate::digest::Digest;
use crate::fixture::{DAY_S, MATERIAL, moment, text};
use crate::life::Phase;
use crate::world::key_subject;
use std::sync::Arc;

const GOOD: (Verdict, Vec<Code>) = (Verdict::EligibleByRecord, Vec::new());

fn class_c() -> (Consortium, SubjectId) {
    Consortium::licensed(1, PartClass::C, 3)
}

fn life(c: &Consortium, part: &SubjectId) -> Life {
    Life::of(c.log.world(), part).unwrap()
}

/// A new key of an organisation that has nothing to do with the parts.
fn stranger(c: &mut Consortium) {
    let mut person = c.person(Who::Mechanic).clone();
    person.signer = c.entropy().signer();
    (person.seq, person.prev) = (0, None);
    let card = person.card(None);
    let sub = key_subject(&person.signer.key_id());
    c.must(Who::MroAdmin, &sub, Core::KeyAdded(KeyAdded { card }));
    c.people.insert(Who::Mechanic, person);
}

fn received(mass_mg: i64) -> Core {
    Core::MaterialReceived(MaterialReceived {
        material: text(MATERIAL),
        lot_number: text("HEAT-0"),
        mass_mg,
        certificate: Digest::sha3(&[b"certificate"]),
    })
}

#[test]
fn powder_that_another_organisation_received_is_no_pedigree() {
    let (mut c, licence) = class_c();
    c.lot = text("lot:foreign");
    let lot = c.lot.clone();
    c.must(Who::Mechanic, &lot, received(1_000_000));
    let order = c.order(&licence).unwrap();
    let part = c.start(&licence, &order, 1).parts[0].clone();
    assert_eq!(holds(c.log.world(), &part), set([Code::LotUnknown]));
}

#[test]
fn a_stranger_cannot_ground_a_fleet_by_receiving_its_powder() {
    let (mut c, licence) = class_c();
    c.make(&licence, 1);
    let lot = c.lot.clone();
    for _ in 0..70 {
        stranger(&mut c);
        c.must(Who::Mechanic, &lot, received(1));
    }
    assert_eq!(verdict(&c, &licence, 1), GOOD);
}

#[test]
fn a_stranger_cannot_ground_a_fleet_by_calibrating_its_machine() {
    let (mut c, licence) = class_c();
    c.make(&licence, 1);
    for _ in 0..70 {
        stranger(&mut c);
        let core = Core::MachineCalibrated(MachineCalibrated {
            expires: moment(c.now + DAY_S),
            certificate: Digest::sha3(&[b"certificate"]),
        });
        c.must(Who::Mechanic, &Who::Machine.machine(), core);
    }
    assert_eq!(verdict(&c, &licence, 1), GOOD);
}

#[test]
fn another_machine_cannot_end_a_build() {
    let (mut c, licence) = class_c();
    let order = c.order(&licence).unwrap();
    let build = c.start(&licence, &order, 1);
    let core = Core::BuildCompleted(BuildCompleted {
        parts: build.parts.clone(),
        found_after: Digest::sha3(&[b"marked mesh"]),
    });
    let ended = c.must(Who::SecondMachine, &build.id, core);
    assert_eq!(c.log.findings(&ended.id), set([Code::OtherAgent]));
    let part = &build.parts[0];
    assert_eq!(life(&c, part).phase, Phase::Printing);
    assert_eq!(holds(c.log.world(), part), set([Code::OtherAgent]));
    let core = Core::BuildAborted(BuildAborted {
        parts: build.parts.clone(),
        reason: text("Because"),
    });
    c.must(Who::SecondMachine, &build.id, core);
    assert_eq!(life(&c, part).phase, Phase::Printing);
}

#[test]
fn who_has_not_the_part_does_not_destroy_it() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let destroyed = c.destroy(Who::Mechanic, &part).unwrap();
    assert_eq!(c.log.findings(&destroyed.id), set([Code::NotCustodian]));
    assert_eq!(life(&c, &part).phase, Phase::Released);
    assert_eq!(holds(c.log.world(), &part), set([Code::NotCustodian]));
}

#[test]
fn who_has_not_the_part_does_not_remove_it() {
    let (mut c, licence) = class_c();
    c.grant(Who::Custodian, Role::Mechanic);
    let part = c.make(&licence, 1);
    c.install(Who::Custodian, &part).unwrap();
    let removed = c.remove(Who::Mechanic, &part).unwrap();
    assert_eq!(c.log.findings(&removed.id), set([Code::NotCustodian]));
    assert_eq!(life(&c, &part).phase, Phase::Installed);
}

#[test]
fn the_custodian_cannot_lift_what_oem_or_authority_placed() {
    for who in [Who::Designer, Who::Certifier] {
        let (mut c, licence) = class_c();
        let part = c.make(&licence, 1);
        let placed = c.quarantine(who, &part).unwrap().id;
        let lifted = c.lift(Who::Signatory, &part, placed);
        assert_eq!(lifted.unwrap_err().code(), Code::NotYours);
        assert_eq!(verdict(&c, &licence, 1).0, Verdict::DoNotInstall);
    }
}

#[test]
fn a_custodians_quarantine_holds_also_when_its_clock_is_slow() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    let slow = c.now - 600;
    c.hand_over(&part).unwrap();
    let (after, reason) = (None, text("Dropped"));
    let core = Core::QuarantinePlaced(QuarantinePlaced { after, reason });
    let mut body = c.sign(Who::Mechanic, &part, core).body;
    body.occurred_at = moment(slow);
    body.seq += 1;
    let mechanic = c.people.get_mut(&Who::Mechanic).unwrap();
    let said = mechanic.sign(body, std::collections::BTreeMap::new());
    c.send(Who::Mechanic, said).unwrap();
    assert!(holds(c.log.world(), &part).contains(&Code::Quarantined));
}

#[test]
fn what_a_report_comes_after_must_be_there() {
    let (mut c, licence) = class_c();
    let part = c.make(&licence, 1);
    c.set_sail();
    let quarantine = c.quarantine(Who::Custodian, &part).unwrap();
    let shipment = c.ship(Who::Custodian, &part, c.org(Who::Mechanic)).unwrap();
    let receipt = c.receive(Who::Mechanic, &part, shipment.id).unwrap();
    c.at_sea = false;
    // The carrier keeps the quarantine to himself.
    for said in [&shipment, &receipt] {
        c.log.submit(said, c.now).unwrap();
    }
    let mark = c.mark(&licence, 1);
    let found = codes(&ask(&c, mark, Who::Mechanic));
    assert_eq!(found, (Verdict::CannotDetermine, vec![Code::WaitsFor]));
    c.log.submit(&quarantine, c.now).unwrap();
    assert_eq!(holds(c.log.world(), &part), set([Code::Quarantined]));
}

#[test]
fn no_member_comes_with_the_logs_kind_of_key() {
    let mut c = Consortium::founded(1);
    let mut rogue = c.person(Who::MroAdmin).clone();
    rogue.signer = c.entropy().signer();
    rogue.org = text("rogue.example");
    for holder_is in [Holder::Log, Holder::Machine] {
        let admin = KeyCard {
            holder_is,
            ..rogue.card(None)
        };
        let change = Change::Admit(MemberAdmitted {
            organisation: rogue.org.clone(),
            name: text("Rogue"),
            functions: [Function::Shop].into(),
            admin,
        });
        let (id, core) = c.proposal(change);
        let admitted = c.say(Who::Governor, &id, core);
        assert_eq!(admitted.unwrap_err().code(), Code::WrongSubject);
    }
}

#[test]
fn a_start_before_the_machine_was_qualified_is_held() {
    let (mut c, licence) = class_c();
    let order = c.order(&licence).unwrap();
    let now = c.now;
    c.now = crate::fixture::START_S - 365 * DAY_S;
    let build = c.start(&licence, &order, 1);
    c.now = now;
    let held = holds(c.log.world(), &build.parts[0]);
    assert!(held.contains(&Code::MachineNotQualified), "{held:?}");
}

#[test]
fn a_flood_of_ends_is_folded_in_time_that_grows_with_it() {
    let (mut c, licence) = class_c();
    let part = c.print(&licence, 1);
    let mut world = c.log.world().clone();
    let Some(crate::world::State {
        data: crate::world::Data::Part {
            facts,
            crowded: None,
        },
        ..
    }) = world.states.get_mut(&part).map(Arc::make_mut)
    else {
        unreachable!()
    };
    let end = facts[1].clone();
    for each in 0..20_000_u32 {
        let mut more = end.clone();
        more.source.statement = Digest::sha256(&[&each.to_be_bytes()]);
        facts.push(more);
    }
    // Looking through all facts for each end took a minute.
    let life = Life::of(&world, &part).unwrap();
    assert_eq!(life.phase, Phase::Built);
}
