//! Places that a designer has chosen.

use super::*;

#[test]
fn a_pinned_place_is_taken_or_refused_by_name() {
    let mesh = cuboid([60.0, 40.0, 5.0]);
    let forms = forms(HOST).unwrap();
    let at = |point_mm: [f64; 3], normal: [f64; 3], side_mm: Option<f64>| {
        let pin = Some(Pin {
            point_mm,
            normal,
            side_mm,
        });
        search(
            &mesh,
            &Wish {
                pin,
                ..wish(Process::Fdm, &forms)
            },
        )
    };
    let up = [0.0, 0.0, 3.0];
    let place = &at([20.0, 19.0, 5.0], up, Some(15.0)).unwrap()[0];
    assert_eq!(place.zone.centre_um, [20_000, 19_000, 5_000]);
    assert_eq!(
        (place.symbol.kind, place.zone.width_um),
        (SymbolKind::DataMatrixBare, 14_940)
    );
    let large = &at([20.0, 19.0, 5.0], up, None).unwrap()[0];
    assert_eq!(large.symbol.kind, SymbolKind::QrUrl);
    for off in [[20.0, 19.0, 4.9], [70.0, 19.0, 5.0]] {
        assert_eq!(at(off, up, None), Err(NoPlace::PinOffFace));
    }
    assert_eq!(
        at([20.0, 19.0, 5.0], [0.0, 1.0, 0.0], None),
        Err(NoPlace::PinOffFace)
    );
    assert_eq!(
        at([20.0, 19.0, 5.0], [0.0; 3], None),
        Err(NoPlace::PinOffFace)
    );
    let corner = at([58.0, 19.0, 5.0], up, None).unwrap_err();
    assert!(matches!(corner, NoPlace::PinTooSmall { side_mm, .. } if (side_mm - 4.0).abs() < 0.01));
    let wide = at([20.0, 19.0, 5.0], up, Some(39.0)).unwrap_err();
    assert!(
        matches!(
            wide,
            NoPlace::PinTooSmall {
                needed_mm: 39.0,
                ..
            }
        ),
        "{wide}"
    );
}

/// Pegs whose tops are all in the plane of the pin: each side of each top is looked at once.
#[test]
fn a_pin_among_many_faces_costs_no_more_than_the_mesh() {
    let peg = cuboid([3.0, 3.0, 5.0]).triangles;
    let at = |i: u16| [f32::from(i % 100) * 4.0, f32::from(i / 100) * 4.0, 0.0];
    let pegs = (0..6_000).flat_map(|i| {
        let [dx, dy, _] = at(i);
        peg.iter()
            .map(move |t| t.map(|[x, y, z]| [x + dx, y + dy, z]))
    });
    let mut mesh = cuboid([30.0, 30.0, 5.0]);
    for corner in mesh.triangles.as_flattened_mut() {
        corner[0] -= 40.0;
    }
    mesh.triangles.extend(pegs);
    let up = [0.0, 0.0, 1.0];
    let regions = regions::find(&mesh, &Graph::of(&mesh), up, usize::MAX);
    assert_eq!(regions.len(), 6 * 6_001);
    let (found, sides) = place::under(&regions, [-25.0, 15.0, 5.0], up);
    assert!(found.is_some());
    assert!(sides <= mesh.triangles.len(), "{sides}");
    let forms = forms(HOST).unwrap();
    let pin = |point_mm| {
        let pin = Some(Pin {
            point_mm,
            normal: up,
            side_mm: None,
        });
        search(
            &mesh,
            &Wish {
                pin,
                ..wish(Process::Fdm, &forms)
            },
        )
    };
    assert_eq!(pin([-25.0, 15.0, 5.0]).unwrap().len(), 1);
    assert!(matches!(
        pin([1.5, 1.5, 5.0]),
        Err(NoPlace::PinTooSmall { .. })
    ));
    assert_eq!(pin([3.5, 3.5, 5.0]), Err(NoPlace::PinOffFace));
}
