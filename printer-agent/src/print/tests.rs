//! What a crash leaves, at each step of a print.

use super::*;
use crate::fixture::Ship;
use crate::gate::Check;
use std::path::PathBuf;
use std::sync::Arc;
use threadmark_protocol::code::Code;
use threadmark_protocol::journal;
use threadmark_protocol::world::Data;

/// The home as it stands when the journal was cut to `length` bytes.
fn crashed(ship: &Ship, bytes: &[u8], length: usize) {
    std::fs::write(journal_of(ship), &bytes[..length]).unwrap();
}

fn journal_of(ship: &Ship) -> PathBuf {
    ship.home.folder().join("journal.cbor")
}

/// Lengths of the journal after each record.
fn ends(ship: &Ship, bytes: &[u8]) -> Vec<usize> {
    let own = ship.home.own_statements().unwrap();
    let frames = own
        .iter()
        .map(|said| journal::frame(&said.submission).len());
    let ends: Vec<_> = frames
        .scan(0, |end, length| {
            *end += length;
            Some(*end)
        })
        .collect();
    assert_eq!(ends.last(), Some(&bytes.len()));
    ends
}

#[test]
fn killed_anywhere_a_unit_is_free_or_spent_and_never_both() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let printed = ship.print(&order).unwrap();
    let whole = std::fs::read(journal_of(&ship)).unwrap();
    let ends = ends(&ship, &whole);
    let samples = (0..ends[0]).step_by(97).chain([ends[0] - 1]);
    for length in samples {
        crashed(&ship, &whole, length);
        let view = ship.home.view().unwrap();
        assert!(crate::licence::spent_units(&view, &ship.licence, &ship.licensed()).is_empty());
        assert!(open_builds(&view.at_hand).is_empty());
    }
    let samples = (ends[0]..ends[1]).step_by(97).chain([ends[1] - 1]);
    for length in samples {
        crashed(&ship, &whole, length);
        let view = ship.home.view().unwrap();
        let spent = crate::licence::spent_units(&view, &ship.licence, &ship.licensed());
        assert_eq!(spent, [1].into());
        let open = open_builds(&view.at_hand);
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].build, printed.build);
    }
}

#[test]
fn a_build_left_open_is_aborted_once_and_its_unit_stays_spent() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let printed = ship.print(&order).unwrap();
    let whole = std::fs::read(journal_of(&ship)).unwrap();
    let ends = ends(&ship, &whole);
    crashed(&ship, &whole, ends[0] + 5);
    let reason: Paragraph = "power failed".parse().unwrap();
    let entropy = &mut crate::fixture::entropy(7);
    let now = ship.c.now + 60;
    abort(&ship.home, &printed.build, &reason, now, entropy).unwrap();
    let again = abort(&ship.home, &printed.build, &reason, now, entropy);
    assert!(matches!(again, Err(PrintError::NotOpen(_))));
    std::fs::remove_file(&printed.place).unwrap();
    let order = ship.order();
    let wanted = ship.print_at(&order, Some(1), now);
    let Err(PrintError::Gate(refused)) = wanted else {
        panic!("unit 1 came back");
    };
    assert_eq!(refused.check, Check::Unit);
    assert_eq!(refused.code, Some(Code::LicenceUnitSpent));
    assert_eq!(ship.print_at(&order, None, now).unwrap().unit, 2);
}

#[test]
fn a_printer_that_is_not_ready_spends_nothing() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let printer = Printer::File(crate::printer::file::FilePrinter::new(
        &ship.folder.path().join("missing"),
    ));
    let request = Request { order, unit: None };
    let now = ship.c.now;
    let entropy = &mut crate::fixture::entropy(8);
    let printed = print(
        &ship.home,
        &printer,
        &request,
        &|| now,
        entropy,
        &mut |_| {},
    );
    assert!(matches!(printed, Err(PrintError::NotReady(_))));
    assert!(ship.home.own_statements().unwrap().is_empty());
}

#[test]
fn a_printer_that_fails_after_spending_is_reported_as_aborted() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let printer = Printer::File(crate::printer::file::FilePrinter::new(ship.folder.path()));
    let request = Request { order, unit: None };
    let now = ship.c.now;
    let entropy = &mut crate::fixture::entropy(8);
    let folder = ship.folder.path().to_owned();
    // Somebody puts a file in its place between the question and the writing.
    let mut disturb = |line: &str| {
        if line == "handing over" {
            let view = ship.home.view().unwrap();
            let open = open_builds(&view.at_hand);
            let mark = open[0].says.parts[0].mark;
            std::fs::write(folder.join(format!("{mark}.stl")), b"x").unwrap();
        }
    };
    let printed = print(
        &ship.home,
        &printer,
        &request,
        &|| now,
        entropy,
        &mut disturb,
    );
    assert!(matches!(printed, Err(PrintError::Aborted { unit: 1, .. })));
    let own = ship.home.own_statements().unwrap();
    assert!(matches!(own[1].body.core, Core::BuildAborted(_)));
    assert!(open_builds(&own).is_empty());
}

#[test]
fn a_second_agent_on_the_same_home_cannot_choose_the_same_unit() {
    let mut ship = Ship::ready();
    let order = ship.order();
    let writer = ship.home.writer().unwrap();
    let same = Home::open(ship.home.folder()).unwrap();
    let printer = Printer::File(crate::printer::file::FilePrinter::new(ship.folder.path()));
    let request = Request { order, unit: None };
    let now = ship.c.now;
    let entropy = &mut crate::fixture::entropy(8);
    let printed = print(&same, &printer, &request, &|| now, entropy, &mut |_| {});
    assert!(matches!(printed, Err(PrintError::Home(HomeError::Busy(_)))));
    drop(writer);
}

#[test]
fn a_unit_stays_spent_when_its_build_has_no_room_for_the_report() {
    let mut ship = Ship::ready();
    ship.c.set_sail();
    let order = ship.order();
    ship.print(&order).unwrap();
    let mut view = ship.home.view().unwrap();
    let states = view.world.states.values_mut();
    for state in states {
        // As if others had filled it before the journal came home.
        if let Data::Build { starts, .. } = &mut Arc::make_mut(state).data {
            starts.clear();
        }
    }
    let licensed = ship.licensed();
    let spent = crate::licence::spent_units(&view, &ship.licence, &licensed);
    assert_eq!(spent, [1].into());
}
