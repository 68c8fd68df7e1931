//! What a file costs in memory, from its bytes to the marked part. A binary of its own, because every allocation of
//! the process is counted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use peak_alloc::PeakAlloc;
use threadmark_watermark::mesh::{Mesh, MeshError, MeshLimits};
use threadmark_watermark::part::leniently;
use threadmark_watermark::relief::embed;
use threadmark_watermark::symbol::Symbol;
use threadmark_watermark::threemf::{Item, Package};
use threadmark_watermark::zone::Zone;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const SIDE_MM: f32 = 60.0;

/// A cube whose six faces are grids of `across` by `across` squares.
fn cube(across: u16) -> Mesh {
    let at = |i: u16| SIDE_MM * f32::from(i) / f32::from(across);
    let mut triangles = Vec::with_capacity(12 * usize::from(across) * usize::from(across));
    for axis in 0..3 {
        for (side, is_far) in [(0, false), (across, true)] {
            for (i, j) in (0..across).flat_map(|i| (0..across).map(move |j| (i, j))) {
                let corner = |di: u16, dj: u16| {
                    let mut corner = [0.0; 3];
                    corner[axis] = at(side);
                    corner[(axis + 1) % 3] = at(i + di);
                    corner[(axis + 2) % 3] = at(j + dj);
                    corner
                };
                let [a, b, c, d] = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
                if is_far {
                    triangles.extend([[a, b, c], [a, c, d]]);
                } else {
                    triangles.extend([[a, c, b], [a, d, c]]);
                }
            }
        }
    }
    Mesh { triangles }
}

fn zone() -> Zone {
    serde_json::from_value(serde_json::json!({
        "centre_um": [30_000, 30_000, 60_000],
        "normal_e6": [0, 0, 1_000_000],
        "up_e6": [0, 1_000_000, 0],
        "width_um": 30_000, "height_um": 30_000, "module_um": 600, "depth_um": 400, "wall_um": 1_000,
    }))
    .unwrap()
}

/// Memory beyond what was held before, for each byte of the file.
fn cost(file: &[u8], work: impl FnOnce()) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    work();
    (MEMORY.peak_usage() - before).div_ceil(file.len().max(1))
}

/// One test, because two would count each other's memory. `MEMORY_GRID=645` makes it five million triangles.
#[test]
fn a_file_costs_no_more_than_twelve_times_its_size() {
    let across = std::env::var("MEMORY_GRID").map_or(160, |text| text.parse().unwrap());
    let file = cube(across).to_stl();
    let embedded = cost(&file, || {
        let mesh = Mesh::from_stl(&file, &MeshLimits::default()).unwrap();
        let symbol = Symbol::fitting(&zone(), "7ZK4M9QX2RT8VWHD", "mark.example").unwrap();
        embed(&mesh, &zone(), &symbol).unwrap().mesh.to_stl();
    });
    assert!(embedded <= 11, "{embedded} bytes for each byte of the file");

    // As whoever prepares a file does it: one triangle turned, and every one twice, so that all of the mending is done.
    let mut broken = cube(across);
    broken.triangles[7].swap(0, 1);
    broken.triangles.extend_from_within(..);
    let broken = broken.to_stl();
    let mended = cost(&broken, || {
        let opened = leniently(&broken, None, &MeshLimits::default(), None).unwrap();
        assert_eq!(opened.repairs.len(), 2);
    });
    assert!(
        mended <= 11,
        "{mended} bytes for each byte of a file that is mended"
    );

    // A 3MF of ours is not compressed; of one that is, it is the size of what it holds that counts.
    let package = Package::of(vec![Item::of(cube(across))]).write().unwrap();
    let read = cost(&package, || {
        let opened = leniently(&package, None, &MeshLimits::default(), None).unwrap();
        assert_eq!(opened.package.write().unwrap(), package);
    });
    assert!(read <= 11, "{read} bytes for each byte of a 3MF");

    let refused = |file: &[u8], expected: fn(&MeshError) -> bool| {
        let cost = cost(file, || {
            let error = Mesh::from_stl(file, &MeshLimits::default()).unwrap_err();
            assert!(expected(&error), "{error}");
        });
        assert!(cost <= 4, "{cost} bytes for each byte of a refused file");
    };
    // A count of 2^32 - 1, and a text of a thousand facets followed by one word of eight million digits.
    let mut lying = file[..1084].to_vec();
    lying[80..84].copy_from_slice(&[0xff; 4]);
    refused(&lying, |error| {
        matches!(error, MeshError::LyingCount { .. })
    });
    let facet =
        "facet normal 0 0 0 outer loop vertex 0 0 0 vertex 1 0 0 vertex 0 1 0 endloop endfacet\n";
    let digits = "9".repeat(8_000_000);
    let long = format!(
        "solid\n{}facet normal 0 0 0 outer loop vertex {digits}",
        facet.repeat(1000)
    );
    refused(long.as_bytes(), |error| {
        matches!(error, MeshError::Truncated)
    });
}
