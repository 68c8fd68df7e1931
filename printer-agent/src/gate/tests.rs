//! The gate passes the good case, and refuses every other by its name.

use super::*;
use crate::fixture::{Setup, Ship};
use crate::print::{PrintError, Printed};
use threadmark_protocol::answer::Viewer;
use threadmark_protocol::body::design::Effect;
use threadmark_protocol::body::vote::{Change, Expulsion};
use threadmark_protocol::fixture::{DAY_S, Who, text};
use threadmark_protocol::world::Data;

mod allowables;
mod geometry;

fn refused(found: Result<Printed, PrintError>) -> (Check, Option<Code>) {
    match found {
        Err(PrintError::Gate(error)) => (error.check, error.code),
        other => panic!("not refused by the gate: {other:?}"),
    }
}

/// Nothing was signed and nothing written.
fn assert_untouched(ship: &Ship) {
    assert!(ship.home.own_statements().unwrap().is_empty());
    let written = std::fs::read_dir(ship.folder.path()).unwrap().count();
    assert_eq!(written, 1, "the home and nothing else");
}

#[test]
fn the_good_case_prints_three_marked_parts_and_no_fourth() {
    let mut ship = Ship::ready();
    ship.c.set_sail();
    for unit in 1..=3 {
        let order = ship.order();
        let printed = ship.print(&order).unwrap();
        assert_eq!(printed.unit, unit);
        let bytes = std::fs::read(&printed.place).unwrap();
        assert_eq!(Digest::sha3(&[&bytes]), printed.digest);
        let view = ship.home.view().unwrap();
        assert_eq!(view.refused, []);
        let viewer = Viewer::Member {
            org: ship.home.identity().org.clone(),
            asset_type: None,
        };
        let answer = view.answer(printed.mark, &viewer, ship.c.now);
        let face = answer.part.unwrap();
        assert_eq!(face.unit, Some((unit, 3)));
        assert_eq!(
            face.phase,
            threadmark_protocol::life::Phase::Built,
            "{:?}",
            answer.reasons
        );
    }
    let order = ship.order();
    let found = refused(ship.print(&order));
    assert_eq!(found, (Check::Unit, Some(Code::LicenceUnitUnknown)));
    let now = ship.c.now;
    let found = refused(ship.print_at(&order, Some(2), now));
    assert_eq!(found, (Check::Unit, Some(Code::LicenceUnitSpent)));
    let found = refused(ship.print_at(&order, Some(4), now));
    assert_eq!(found, (Check::Unit, Some(Code::LicenceUnitUnknown)));
    // What was printed at sea is taken by the log without a finding.
    let journals = ship.c.at_hand();
    ship.c.come_home();
    ship.deliver();
    for said in journals.iter().chain(&ship.home.own_statements().unwrap()) {
        assert!(ship.c.log.findings(&said.id).is_empty());
    }
}

#[test]
fn where_no_zone_is_qualified_the_geometry_is_printed_as_it_is_and_the_start_says_so() {
    let mut ship = Ship::with(Setup {
        zone_qualified: false,
        ..Setup::default()
    });
    let order = ship.order();
    let printed = ship.print(&order).unwrap();
    assert!(printed.unmarked);
    let bytes = std::fs::read(&printed.place).unwrap();
    let plain = ship.file.artifact.plain.sha3;
    assert_eq!((Digest::sha3(&[&bytes]), printed.digest), (plain, plain));
    let view = ship.home.view().unwrap();
    let answer = view.answer(printed.mark, &Viewer::Public, ship.c.now);
    let codes: Vec<_> = answer.reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(codes, [Code::MarkMissing]);
}

#[test]
fn a_retired_machine_prints_nothing() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let machine = ship.machine.clone();
    ship.c.retire(Who::Production, &machine).unwrap();
    ship.sync();
    let found = refused(ship.print(&order));
    assert_eq!(found, (Check::Restrictions, Some(Code::MachineRetired)));
    assert_untouched(&ship);
}

#[test]
fn an_order_is_good_for_its_parts_once() {
    let mut ship = Ship::ready();
    let order = ship.order();
    ship.print(&order).unwrap();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Order, Some(Code::OrderMismatch))
    );
    let now = ship.c.now + 31 * DAY_S;
    let late = ship.order();
    ship.c.now = now + DAY_S;
    assert_eq!(
        refused(ship.print(&late)),
        (Check::Order, Some(Code::OrderExpired))
    );
}

#[test]
fn one_changed_bit_in_the_sealed_geometry_is_found() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let digest = ship.file.artifact.sealed.clone();
    let good = ship.home.artifact(&digest).unwrap().unwrap();
    for at in [0, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        ship.home.keep_artifact(&digest, &bad).unwrap();
        assert_eq!(refused(ship.print(&order)), (Check::Files, None));
    }
    std::fs::remove_dir_all(ship.home.folder().join("artifacts")).unwrap();
    assert_eq!(refused(ship.print(&order)), (Check::Package, None));
    assert_untouched(&ship);
    ship.home.keep_artifact(&digest, &good).unwrap();
    ship.print(&order).unwrap();
}

#[test]
fn a_geometry_other_than_the_published_one_is_found() {
    let mut ship = Ship::with(Setup {
        other_plain: true,
        ..Setup::default()
    });
    let order = ship.order();
    assert_eq!(refused(ship.print(&order)), (Check::Files, None));
    assert_untouched(&ship);
}

#[test]
fn a_zone_that_the_part_does_not_offer_is_found_before_anything_is_spent() {
    let mut setup = Setup::default();
    setup.zone.depth_um = 500_000;
    let mut ship = Ship::with(setup);
    let order = ship.order();
    assert_eq!(refused(ship.print(&order)), (Check::Mark, None));
    assert_untouched(&ship);
}

#[test]
fn another_machine_prints_nothing() {
    let mut ship = Ship::with(Setup {
        machine: Some(Who::Machine.machine()),
        ..Setup::default()
    });
    let order = ship.order();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Licence, Some(Code::LicenceOtherMachine))
    );
    assert_untouched(&ship);
}

#[test]
fn a_withdrawn_design_is_not_built_once_that_is_known() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let design = ship.design.clone();
    ship.c.withdraw(&design, Effect::NewBuilds).unwrap();
    ship.sync();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Restrictions, Some(Code::DesignWithdrawn))
    );
    assert_untouched(&ship);
}

#[test]
fn a_recalled_lot_is_not_used() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let lot = ship.c.lot.clone();
    ship.c.recall(Who::Certifier, &[&lot]).unwrap();
    ship.sync();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Restrictions, Some(Code::Recalled))
    );
}

#[test]
fn a_signed_recall_binds_on_sight_logged_or_not() {
    let mut ship = Ship::ready();
    ship.c.set_sail();
    let order = ship.order();
    let machine = ship.machine.clone();
    ship.c.recall(Who::Certifier, &[&machine]).unwrap();
    ship.learn();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Restrictions, Some(Code::Recalled))
    );
    assert_untouched(&ship);
}

#[test]
fn stale_knowledge_prints_nothing_and_a_clock_set_back_does_not_help() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let now = ship.c.now;
    let found = refused(ship.print_at(&order, None, now + 90 * DAY_S + 1));
    assert_eq!(found, (Check::Knowledge, Some(Code::KnowledgeTooOld)));
    let found = refused(ship.print_at(&order, None, now - DAY_S));
    assert_eq!(found, (Check::Clock, None));
    assert_untouched(&ship);
}

#[test]
fn an_expired_calibration_prints_nothing() {
    let mut ship = Ship::with(Setup {
        calibrated_days: 5,
        ..Setup::default()
    });
    let order = ship.order();
    let now = ship.c.now;
    let found = refused(ship.print_at(&order, None, now + 6 * DAY_S));
    assert_eq!(
        found,
        (Check::Calibration, Some(Code::MachineNotCalibrated))
    );
    ship.print(&order).unwrap();
}

#[test]
fn a_licence_that_nobody_accepted_prints_nothing() {
    let mut ship = Ship::with(Setup {
        accepted: false,
        ..Setup::default()
    });
    ship.c.set_sail();
    let order = ship.order();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Licence, Some(Code::LicenceNotAccepted))
    );
    assert_untouched(&ship);
}

#[test]
fn an_order_that_nobody_signed_prints_nothing() {
    let mut ship = Ship::ready();
    let order = "order:never".parse().unwrap();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Record, Some(Code::OrderMissing))
    );
}

#[test]
fn an_order_by_somebody_without_the_role_says_so() {
    let mut ship = Ship::ready();
    ship.c.set_sail();
    let order = ship
        .c
        .order_by(Who::Inspector, &ship.licence.clone(), Who::Machine)
        .unwrap();
    ship.learn();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Record, Some(Code::RoleMissing))
    );
}

#[test]
fn a_lot_is_used_up_by_what_builds_set_aside() {
    let mut ship = Ship::with(Setup {
        mass_mg: 12_000_000,
        ..Setup::default()
    });
    let (first, second) = (ship.order(), ship.order());
    ship.print(&first).unwrap();
    assert_eq!(
        refused(ship.print(&second)),
        (Check::Material, Some(Code::LotInsufficient))
    );
}

#[test]
fn a_blend_is_good_for_what_is_left_of_it() {
    let mut ship = Ship::ready();
    let virgin = ship.c.lot.clone();
    let lot = ship
        .c
        .blend(Who::Production, &[(&virgin, 200_000)])
        .unwrap();
    ship.c.lot = lot.clone();
    let (first, second) = (ship.order(), ship.order());
    let scrapped = ship.c.scrap(Who::Production, &lot, 195_000).unwrap();
    assert!(ship.c.log.findings(&scrapped.id).is_empty());
    ship.sync();
    let told = refused(ship.print(&first));
    assert_eq!(told, (Check::Material, Some(Code::LotInsufficient)));
    ship.c.scrap(Who::Production, &lot, 195_000).unwrap();
    ship.sync();
    let told = refused(ship.print(&second));
    assert_eq!(told, (Check::Material, Some(Code::LotOverdrawn)));
}

#[test]
fn a_revoked_machine_key_prints_nothing() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let kid = ship.home.identity().key_id();
    let sub = threadmark_protocol::world::key_subject(&kid);
    let revoked = threadmark_protocol::body::governance::KeyRevoked {
        reason: "stolen".parse().unwrap(),
        compromised_since: None,
    };
    let core = threadmark_protocol::body::Core::KeyRevoked(revoked);
    ship.c.must(Who::ShopAdmin, &sub, core);
    ship.sync();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Licence, Some(Code::KeyRevoked))
    );
}

#[test]
fn the_machine_of_an_expelled_shop_prints_nothing() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let organisation = ship.c.org(Who::Machine);
    let expel = Change::Expel(Expulsion { organisation });
    let (id, core) = ship.c.proposal(expel);
    ship.c.must(Who::Governor, &id, core);
    ship.sync();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Licence, Some(Code::Expelled))
    );
}

#[test]
fn every_check_has_another_name() {
    let ship = Ship::ready();
    assert!(matches!(
        ship.home.view().unwrap().world.get(&ship.licence),
        Some(Data::Licence { .. })
    ));
    let error = GateError::coded(Check::Unit, Code::LicenceUnitSpent, "unit 1");
    assert_eq!(error.name(), "licence-unit-spent");
    let plain = GateError::plain(Check::Files, "x", "y");
    assert_eq!(plain.name(), "files");
    assert!(error.to_string().contains("Use the next unit"));
}

#[test]
fn what_nobody_signed_and_what_a_stranger_claims_costs_nothing() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let core = ship.claim(&order);
    ship.home
        .import(&ship.forged("build:forged", core.clone()))
        .unwrap();
    // Another member says that it used up the units, the order, and the lot by orders that do not exist.
    ship.c.must(Who::Mechanic, &text("build:claimed"), core);
    for each in 0..2 {
        let unknown = ship.claim(&text(&format!("order:unknown{each}")));
        let build = text(&format!("build:unknown{each}"));
        ship.c.must(Who::Mechanic, &build, unknown);
    }
    ship.sync();
    assert_eq!(ship.print(&order).unwrap().unit, 1);
}

#[test]
fn orders_that_are_not_known_use_up_the_lot_however_many_there_are() {
    let mut ship = Ship::ready();
    let order = ship.order();
    for each in 0..1100 {
        let unknown = ship.claim(&text(&format!("order:unknown{each}")));
        let build = text(&format!("build:unknown{each}"));
        let said = ship.c.sign(Who::SecondMachine, &build, unknown);
        ship.c
            .journals
            .entry(Who::SecondMachine)
            .or_default()
            .push(said);
    }
    ship.c.at_sea = true;
    ship.learn();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Material, Some(Code::LotInsufficient))
    );
}

#[test]
fn an_order_that_a_thief_signed_is_not_built() {
    let mut ship = Ship::ready();
    let since = ship.c.now;
    let order = ship.order();
    ship.c.revoke(Who::Operator, Some(since)).unwrap();
    ship.sync();
    assert_eq!(
        refused(ship.print(&order)),
        (Check::Restrictions, Some(Code::KeyCompromised))
    );
    assert_untouched(&ship);
}
