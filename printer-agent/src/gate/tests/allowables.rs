//! A print under an allowable that does not carry it is refused before anything is heated.

use super::*;
use threadmark_protocol::body::allowable::AllowablePublished;
use threadmark_protocol::fixture::{Consortium, START_S, moment};
use threadmark_protocol::text::SubjectId;

fn citing(says: AllowablePublished) -> Ship {
    Ship::with(Setup {
        allowable: Some(says),
        ..Setup::default()
    })
}

#[test]
fn a_value_that_came_out_lower_since_the_order_prints_nothing() {
    let data: SubjectId = text("lot:data");
    let mut ship = citing(AllowablePublished {
        data_of: [data.clone()].into(),
        ..Consortium::allowable()
    });
    let order = ship.order();
    let mut entries = ship.c.log.entries().iter();
    let cited = entries.find(|entry| entry.body.sub.kind() == "allowable");
    let cited = cited.unwrap().body.sub.clone();
    ship.c
        .recompute(Who::Designer, &cited, &data, 379_999)
        .unwrap();
    ship.sync();
    let found = refused(ship.print(&order));
    assert_eq!(found, (Check::Approval, Some(Code::AllowableLower)));
    assert_untouched(&ship);
    ship.c
        .recompute(Who::Designer, &cited, &data, 380_000)
        .unwrap();
    ship.sync();
    ship.print(&order).unwrap();
}

#[test]
fn a_value_that_expired_since_the_order_prints_nothing() {
    let mut ship = citing(AllowablePublished {
        expires: Some(moment(START_S + 20 * DAY_S)),
        ..Consortium::allowable()
    });
    let order = ship.order();
    let late = START_S + 20 * DAY_S;
    let found = refused(ship.print_at(&order, None, late));
    assert_eq!(found, (Check::Approval, Some(Code::AllowableExpired)));
    assert_untouched(&ship);
    ship.print_at(&order, None, late - 1).unwrap();
}

#[test]
fn a_machine_that_is_not_shown_to_be_equal_prints_nothing() {
    let mut ship = citing(AllowablePublished {
        machines: [Who::SecondMachine.machine()].into(),
        ..Consortium::allowable()
    });
    let order = ship.order();
    let found = refused(ship.print(&order));
    assert_eq!(
        found,
        (Check::Qualification, Some(Code::MachineNotEquivalent))
    );
    assert_untouched(&ship);
}
