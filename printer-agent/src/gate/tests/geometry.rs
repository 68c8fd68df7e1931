//! Files that are no one part, or not what they are called: nothing is printed from them, marked or unmarked.

use super::*;
use threadmark_protocol::body::design::MarkManner;
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::relief;
use threadmark_watermark::symbol::Symbol;
use threadmark_watermark::threemf::{Item, Package};
use threadmark_watermark::zone::Zone;

const STL: &[u8] = include_bytes!("../../../../fixtures/parts/access-cover.stl");
const ZONE: &str = include_str!("../../../../fixtures/parts/access-cover.zone.json");

fn cover() -> Mesh {
    Mesh::from_stl(STL, &MeshLimits::default()).unwrap()
}

fn package(item: Item) -> Vec<u8> {
    Package::of(vec![item]).write().unwrap()
}

fn printed(geometry: (&'static str, Vec<u8>), zone_qualified: bool) -> Result<Printed, PrintError> {
    let mut ship = Ship::with(Setup {
        geometry,
        zone_qualified,
        ..Setup::default()
    });
    let order = ship.order();
    let printed = ship.print(&order);
    if printed.is_err() {
        assert_untouched(&ship);
    }
    printed
}

/// As one mesh they would be the part without its mark: each closes what the other leaves open.
#[test]
fn a_body_with_an_inlay_is_no_one_part() {
    let zone: Zone = serde_json::from_str(ZONE).unwrap();
    let symbol = Symbol::fitting(&zone, "7ZK4M9QX2RT8VWHD", "mark.example").unwrap();
    let marked = relief::embed(&cover(), &zone, &symbol).unwrap();
    let mut body = Item::of(marked.mesh);
    assert!(printed(("cover.3mf", package(body.clone())), false).is_ok());
    body.inlay = Some(marked.inlay);
    let both = package(body);
    let found = refused(printed(("cover.3mf", both.clone()), false));
    assert_eq!(found, (Check::Files, None));
    assert_eq!(
        refused(printed(("cover.3mf", both), true)),
        (Check::Mark, None)
    );
}

#[test]
fn a_file_that_is_not_what_it_is_called_is_not_printed() {
    let threemf = package(Item::of(cover()));
    for (zone_qualified, check) in [(false, Check::Files), (true, Check::Mark)] {
        assert!(printed(("cover.3mf", threemf.clone()), zone_qualified).is_ok());
        for misnamed in [("cover.stl", threemf.clone()), ("cover.3mf", STL.to_vec())] {
            assert_eq!(refused(printed(misnamed, zone_qualified)), (check, None));
        }
    }
}

#[test]
fn the_mark_is_put_there_as_the_zone_has_it() {
    let printed = |manner| -> Result<f64, PrintError> {
        let mut setup = Setup::default();
        setup.zone.manner = manner;
        let mut ship = Ship::with(setup);
        let order = ship.order();
        let printed = ship.print(&order)?;
        let stl = std::fs::read(&printed.place).unwrap();
        let mesh = Mesh::from_stl(&stl, &MeshLimits::default()).unwrap();
        Ok(mesh.check().volume_mm3 - cover().check().volume_mm3)
    };
    let (recessed, raised) = (printed(MarkManner::Recessed), printed(MarkManner::Raised));
    assert!(recessed.unwrap() < -100.0);
    assert!(raised.unwrap() > 100.0);
    // What is handed to a printer is one solid of one colour.
    let mut setup = Setup::default();
    setup.zone.manner = MarkManner::TwoColours;
    let mut ship = Ship::with(setup);
    let order = ship.order();
    assert_eq!(refused(ship.print(&order)), (Check::Mark, None));
    assert_untouched(&ship);
}
