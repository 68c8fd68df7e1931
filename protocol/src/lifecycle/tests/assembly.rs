//! Parts in assemblies, and assemblies in assemblies: where they are, who has them, and what they hold.

use super::impact::{held_by, listed};
use super::*;
use crate::body::governance::PartClass;
use crate::body::quality::Disposition;
use crate::body::usage::LifeLimit;
use crate::fixture::DesignSpec;
use crate::life::{Impact, Phase, Scope};
use crate::lifecycle::Refusal;
use crate::statement::Statement;
use crate::world::bounds::COMPONENTS_MAX;
use crate::world::{Data, contents_subject};

/// A printed hinge and a door that no build made, both with the mechanic.
struct Door {
    c: Consortium,
    licence: SubjectId,
    hinge: SubjectId,
    door: SubjectId,
    mark: Mark,
}

fn door() -> Door {
    door_of(&DesignSpec::default())
}

fn door_of(spec: &DesignSpec) -> Door {
    let (mut c, licence) = Consortium::licensed_as(61, spec, 4);
    let hinge = c.make(&licence, 1);
    c.hand_over(&hinge).unwrap();
    let (door, mark) = entered(&mut c);
    c.hand_over(&door).unwrap();
    Door {
        c,
        licence,
        hinge,
        door,
        mark,
    }
}

/// A part of the ship that no build made, released.
pub(super) fn entered(c: &mut Consortium) -> (SubjectId, Mark) {
    let (part, mark) = (c.new_subject("part"), c.new_mark());
    c.enter(Who::Custodian, &part).unwrap();
    c.label(Who::Custodian, &part, mark).unwrap();
    c.verify_mark(Who::Inspector, &part, mark, crate::body::marking::Grade::B)
        .unwrap();
    let inspection = c.inspect(Who::Inspector, &part).unwrap().id;
    c.release(Who::Signatory, &part, inspection).unwrap();
    (part, mark)
}

fn held(c: &Consortium, part: &SubjectId) -> BTreeSet<Code> {
    holds(c.log.world(), part)
}

fn life(c: &Consortium, part: &SubjectId) -> Life {
    Life::of(c.log.world(), part).unwrap()
}

fn found(c: &Consortium, said: Result<Statement, Refusal>) -> BTreeSet<Code> {
    c.log.findings(&said.unwrap().id)
}

#[test]
fn what_is_in_an_assembly_goes_where_it_goes_and_comes_out_with_who_has_it() {
    let mut d = door();
    let c = &mut d.c;
    let said = c.assemble(Who::Mechanic, &d.hinge, &d.door);
    assert_eq!(found(c, said), set([]));
    let place = life(c, &d.hinge).installed.unwrap();
    assert_eq!((place.assembly, place.asset), (Some(d.door.clone()), None));
    assert_eq!(place.assembly_mark, Some(d.mark));
    let face = ask(c, d.mark, Who::Mechanic).part.unwrap();
    let inside: Vec<_> = face.contains.iter().map(|one| &one.part).collect();
    assert_eq!(inside, [&d.hinge]);
    // The asset of the assembly is the part's.
    let placed = c.install(Who::Mechanic, &d.door);
    assert_eq!(found(c, placed), set([]));
    let place = life(c, &d.hinge).installed.unwrap();
    assert_eq!(place.asset.unwrap().as_str(), "N123TM");
    c.remove(Who::Mechanic, &d.door).unwrap();
    assert_eq!(life(c, &d.hinge).installed.unwrap().asset, None);
    // Who is sent the assembly is sent the part, and who receives it has the part.
    let ship = c.org(Who::Custodian);
    let sent = c.ship(Who::Mechanic, &d.door, ship.clone()).unwrap().id;
    assert_eq!(life(c, &d.hinge).in_transit, Some((sent, ship.clone())));
    c.receive(Who::Custodian, &d.door, sent).unwrap();
    assert_eq!(life(c, &d.hinge).custodian, Some(ship));
    assert_eq!(held(c, &d.hinge), set([]));
    let wrong = c.remove(Who::Mechanic, &d.hinge);
    assert_eq!(found(c, wrong), set([Code::NotCustodian]));
    c.grant(Who::Custodian, crate::body::governance::Role::Mechanic);
    let right = c.remove(Who::Custodian, &d.hinge);
    assert_eq!(found(c, right), set([]));
    assert_eq!(life(c, &d.hinge).installed, None);
    assert_eq!(life(c, &d.door).components(c.log.world()), []);
}

#[test]
fn a_part_in_an_assembly_is_not_sent_by_itself() {
    let mut d = door();
    d.c.assemble(Who::Mechanic, &d.hinge, &d.door).unwrap();
    let to = d.c.org(Who::Custodian);
    let said = d.c.ship(Who::Mechanic, &d.hinge, to);
    assert_eq!(found(&d.c, said), set([Code::Installed]));
    let twice = d.c.install(Who::Mechanic, &d.hinge);
    assert_eq!(found(&d.c, twice), set([Code::Installed]));
}

#[test]
fn a_recalled_part_holds_the_assembly_that_it_is_in_at_any_depth_until_it_is_out() {
    let mut d = door();
    let (hull, mark) = entered(&mut d.c);
    d.c.hand_over(&hull).unwrap();
    d.c.assemble(Who::Mechanic, &d.hinge, &d.door).unwrap();
    d.c.assemble(Who::Mechanic, &d.door, &hull).unwrap();
    assert_eq!(held(&d.c, &hull), set([]));
    let lot = d.c.lot.clone();
    let before = Scope {
        anchors: [lot.clone()].into(),
        from: None,
        until: None,
        effect: None,
    };
    let before = Impact::of(d.c.log.world(), before, d.c.log.size()).parts;
    let before: BTreeSet<_> = before.into_iter().map(|reached| reached.part).collect();
    let all: BTreeSet<_> = [&d.hinge, &d.door, &hull].map(Clone::clone).into();
    assert_eq!(before, all);
    let recall = d.c.recall(Who::Production, &[&lot]).unwrap();
    assert_eq!(held(&d.c, &d.hinge), set([Code::Recalled]));
    for assembly in [&d.door, &hull] {
        assert_eq!(held(&d.c, assembly), set([Code::ComponentHeld]));
    }
    assert_eq!(held_by(d.c.log.world(), &recall), all);
    let told = codes(&ask(&d.c, mark, Who::Mechanic));
    assert_eq!(told, (Verdict::DoNotInstall, vec![Code::ComponentHeld]));
    d.c.remove(Who::Mechanic, &d.hinge).unwrap();
    assert_eq!(held(&d.c, &hull), set([]));
    let Some(Data::Recall { recall, .. }) = d.c.log.world().get(&recall) else {
        panic!("no recall")
    };
    let recalled = listed(d.c.log.world(), recall);
    assert_eq!(recalled, [d.hinge.clone()].into());
}

#[test]
fn who_has_not_the_assembly_puts_nothing_into_it_and_holds_it_by_nothing() {
    let mut d = door();
    let shipment = d.c.ship(Who::Mechanic, &d.door, d.c.org(Who::Custodian));
    d.c.receive(Who::Custodian, &d.door, shipment.unwrap().id)
        .unwrap();
    let said = d.c.assemble(Who::Mechanic, &d.hinge, &d.door);
    assert_eq!(found(&d.c, said), set([Code::AssemblyElsewhere]));
    assert_eq!(held(&d.c, &d.hinge), set([Code::AssemblyElsewhere]));
    assert_eq!(held(&d.c, &d.door), set([]));
    assert_eq!(life(&d.c, &d.door).components(d.c.log.world()), []);
    // Nor does the part follow it.
    assert_eq!(life(&d.c, &d.hinge).custodian, Some(d.c.org(Who::Mechanic)));
}

#[test]
fn an_assembly_that_nobody_knows_is_a_gap_until_it_is_known() {
    let mut d = door();
    let unknown = d.c.new_subject("part");
    let said = d.c.assemble(Who::Mechanic, &d.hinge, &unknown);
    assert_eq!(found(&d.c, said), set([Code::AssemblyMissing]));
    d.c.now -= 7200;
    d.c.grant(Who::Mechanic, crate::body::governance::Role::Production);
    d.c.enter(Who::Mechanic, &unknown).unwrap();
    assert_eq!(held(&d.c, &d.hinge), set([]));
}

#[test]
fn a_circle_of_assemblies_is_found_and_holds_all_of_it() {
    let mut d = door();
    let (hull, _) = entered(&mut d.c);
    d.c.hand_over(&hull).unwrap();
    let itself = d.c.assemble(Who::Mechanic, &d.door, &d.door).unwrap_err();
    assert_eq!(itself.code(), Code::WrongSubject);
    d.c.assemble(Who::Mechanic, &d.hinge, &d.door).unwrap();
    d.c.assemble(Who::Mechanic, &d.door, &hull).unwrap();
    let said = d.c.assemble(Who::Mechanic, &hull, &d.hinge);
    assert_eq!(found(&d.c, said), set([Code::AssemblyCircular]));
    assert!(held(&d.c, &hull).contains(&Code::AssemblyCircular));
    // What is in it one after the other is no circle.
    let mut d = door();
    let (hull, _) = entered(&mut d.c);
    d.c.hand_over(&hull).unwrap();
    d.c.assemble(Who::Mechanic, &d.door, &hull).unwrap();
    d.c.remove(Who::Mechanic, &d.door).unwrap();
    let said = d.c.assemble(Who::Mechanic, &hull, &d.door);
    assert_eq!(found(&d.c, said), set([]));
}

#[test]
fn use_of_the_assemblys_asset_counts_for_the_part() {
    let spec = DesignSpec {
        life: Some(LifeLimit {
            duration_s: Some(1000 * 3600),
            cycles: None,
            landings: None,
        }),
        ..DesignSpec::default()
    };
    let mut d = door_of(&spec);
    let c = &mut d.c;
    c.assemble(Who::Mechanic, &d.hinge, &d.door).unwrap();
    c.use_asset(Who::Mechanic, 100, 10).unwrap();
    c.install(Who::Mechanic, &d.door).unwrap();
    c.use_asset(Who::Mechanic, 400, 40).unwrap();
    assert_eq!(life(c, &d.hinge).used.total.duration_s, 300 * 3600);
    c.remove(Who::Mechanic, &d.door).unwrap();
    c.use_asset(Who::Mechanic, 400, 40).unwrap();
    // Out of the asset and on the shelf it is not used, and comes out of the assembly with what it has.
    c.use_asset(Who::Mechanic, 900, 90).unwrap();
    c.remove(Who::Mechanic, &d.hinge).unwrap();
    assert_eq!(life(c, &d.hinge).used.total.duration_s, 300 * 3600);
    assert_eq!(held(c, &d.hinge), set([]));
    let mut d = door_of(&spec);
    let c = &mut d.c;
    c.use_asset(Who::Mechanic, 100, 10).unwrap();
    c.assemble(Who::Mechanic, &d.hinge, &d.door).unwrap();
    c.install(Who::Mechanic, &d.door).unwrap();
    c.use_asset(Who::Mechanic, 1100, 10).unwrap();
    assert_eq!(held(c, &d.hinge), set([Code::LifeExpired]));
    assert_eq!(held(c, &d.door), set([Code::ComponentHeld]));
}

#[test]
fn what_is_in_a_destroyed_assembly_is_held() {
    let mut d = door();
    d.c.assemble(Who::Mechanic, &d.hinge, &d.door).unwrap();
    d.c.destroy(Who::Mechanic, &d.door).unwrap();
    assert_eq!(held(&d.c, &d.hinge), set([Code::Destroyed]));
}

#[test]
fn more_parts_than_an_assembly_keeps_hold_it() {
    let mut d = door();
    for n in 0..=COMPONENTS_MAX {
        let part = crate::fixture::text(&format!("part:s{n}"));
        // Strangers' words are kept by themselves, and hold nothing.
        d.c.assemble(Who::Custodian, &part, &d.door.clone())
            .unwrap();
    }
    let Some(Data::Contents { parts, .. }) = d.c.log.world().get(&contents_subject(&d.door)) else {
        panic!("no contents")
    };
    let kept: usize = parts.values().map(BTreeSet::len).sum();
    assert_eq!(kept, COMPONENTS_MAX);
    // The ship had the door once: what it put in then may be among what is not kept.
    assert_eq!(held(&d.c, &d.door), set([Code::TooManyReports]));
    let mut d = door();
    for n in 0..=COMPONENTS_MAX {
        let part = crate::fixture::text(&format!("part:s{n}"));
        let said = d.c.assemble(Who::Certifier, &part, &d.door.clone());
        let _ = said.unwrap();
    }
    assert_eq!(held(&d.c, &d.door), set([]));
}

#[test]
fn a_part_that_is_put_into_more_assemblies_than_are_followed_is_held() {
    let mut d = door();
    let orgs = [Who::Mechanic, Who::Custodian, Who::Certifier, Who::Designer];
    // Each assembly into many others: a fan of 64 by 64.
    'all: for n in 0..64 {
        let first: SubjectId = crate::fixture::text(&format!("part:a{n}"));
        d.c.assemble(orgs[0], &d.hinge.clone(), &first).unwrap();
        for m in 0..64 {
            let second = crate::fixture::text(&format!("part:a{n}.{m}"));
            d.c.assemble(orgs[1], &first, &second).unwrap();
            d.c.assemble(orgs[2], &second, &first).unwrap();
            if n * 64 + m > crate::life::ASSEMBLIES_MAX {
                break 'all;
            }
        }
    }
    assert!(held(&d.c, &d.hinge).contains(&Code::TooManyAncestors));
}

#[test]
fn a_part_comes_out_and_is_released_whenever_the_papers_of_its_assembly_come() {
    let mut d = door();
    d.c.assemble(Who::Mechanic, &d.hinge, &d.door).unwrap();
    d.c.grant(Who::Custodian, crate::body::governance::Role::Mechanic);
    d.c.set_sail();
    let to = d.c.org(Who::Custodian);
    let sent = d.c.ship(Who::Mechanic, &d.door, to).unwrap().id;
    let received = d.c.receive(Who::Custodian, &d.door, sent).unwrap();
    d.c.remove(Who::Custodian, &d.hinge).unwrap();
    let inspection = d.c.inspect(Who::Inspector, &d.hinge).unwrap().id;
    d.c.release(Who::Signatory, &d.hinge, inspection).unwrap();
    let (late, first): (Vec<_>, Vec<_>) =
        (d.c.at_hand().into_iter()).partition(|one| one.id == received.id);
    d.c.at_sea = false;
    assert_eq!(d.c.log.deliver(&first, d.c.now), []);
    assert!(held(&d.c, &d.hinge).contains(&Code::NotCustodian));
    assert_eq!(d.c.log.deliver(&late, d.c.now + 60), []);
    assert_eq!(held(&d.c, &d.hinge), set([]));
    let answer = ask(&d.c, d.c.mark(&d.licence, 1), Who::Custodian);
    assert_eq!(answer.verdict, Verdict::EligibleByRecord);
    let _ = PartClass::C;
}

#[test]
fn a_stranger_does_not_take_a_part_by_putting_it_into_its_own_assembly() {
    let mut d = door();
    d.c.grant(Who::Custodian, crate::body::governance::Role::Mechanic);
    let (own, _) = entered(&mut d.c);
    let before = life(&d.c, &d.hinge);
    let said = d.c.assemble(Who::Custodian, &d.hinge, &own);
    assert_eq!(found(&d.c, said), set([Code::NotCustodian]));
    let after = life(&d.c, &d.hinge);
    assert_eq!(after.custodian, Some(d.c.org(Who::Mechanic)));
    assert_eq!((after.phase, after.installed), (before.phase, None));
    assert_eq!(life(&d.c, &own).components(d.c.log.world()), []);
    // Who has it goes on with it.
    let said = d.c.assemble(Who::Mechanic, &d.hinge, &d.door);
    assert_eq!(found(&d.c, said), set([]));
    assert!(life(&d.c, &d.hinge).installed.is_some());
}

/// A hinge in a door, with something wrong that is decided so.
fn decided(disposition: Disposition) -> Door {
    let mut d = door();
    d.c.assemble(Who::Mechanic, &d.hinge, &d.door).unwrap();
    assert_eq!(held(&d.c, &d.door), set([]));
    let fault = d.c.fault(Who::Designer, &d.hinge).unwrap().id;
    d.c.dispose(Who::Certifier, &d.hinge, fault, disposition)
        .unwrap();
    d
}

#[test]
fn what_is_scrapped_or_reworked_holds_its_assembly_until_it_is_taken_out() {
    for disposition in [Disposition::Rework, Disposition::Scrap] {
        let mut d = decided(disposition);
        assert_eq!(held(&d.c, &d.door), set([Code::ComponentHeld]));
        let told = codes(&ask(&d.c, d.mark, Who::Mechanic));
        assert_eq!(told.1, [Code::ComponentHeld], "{disposition:?}");
        let out = d.c.remove(Who::Mechanic, &d.hinge);
        assert_eq!(found(&d.c, out), set([]), "{disposition:?}");
        assert_eq!(held(&d.c, &d.door), set([]));
        assert_eq!(held(&d.c, &d.hinge), set([]));
        assert_eq!(life(&d.c, &d.hinge).installed, None);
    }
    let d = decided(Disposition::UseAsIs);
    assert_eq!(held(&d.c, &d.door), set([]));
}

#[test]
fn what_is_decommissioned_in_its_assembly_holds_it_until_it_is_taken_out() {
    let mut d = door();
    d.c.assemble(Who::Mechanic, &d.hinge, &d.door).unwrap();
    d.c.decommission(Who::Mechanic, &d.hinge).unwrap();
    assert_eq!(held(&d.c, &d.door), set([Code::ComponentHeld]));
    d.c.remove(Who::Mechanic, &d.hinge).unwrap();
    assert_eq!(held(&d.c, &d.door), set([]));
    assert_eq!(life(&d.c, &d.hinge).phase, Phase::Decommissioned);
    let again = d.c.remove(Who::Mechanic, &d.hinge);
    assert_eq!(found(&d.c, again), set([Code::Decommissioned]));
}
