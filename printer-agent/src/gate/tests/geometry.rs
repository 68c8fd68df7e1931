//! Files that are no one part, or not what they are called: nothing is printed from them, marked or unmarked.

use super::*;
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
