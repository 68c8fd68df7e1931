//! Owns: the parts that the tests of this crate share. Test code only.

use crate::mesh::{Mesh, MeshLimits};
use crate::relief::{Marked, embed};
use crate::symbol::Symbol;
use crate::zone::{Manner, Zone};

pub(crate) const HOST: &str = "mark.example";
pub(crate) const TEXT: &str = "7ZK4M9QX2RT8VWHD";

/// A committed part with the zone that it declares.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) stl: &'static [u8],
    pub(crate) mesh: Mesh,
    pub(crate) zone: Zone,
}

macro_rules! part {
    ($name:literal) => {
        part(
            $name,
            include_bytes!(concat!("../../fixtures/parts/", $name, ".stl")),
            include_str!(concat!("../../fixtures/parts/", $name, ".zone.json")),
        )
    };
}

fn part(name: &'static str, stl: &'static [u8], zone: &str) -> Part {
    Part {
        name,
        stl,
        mesh: Mesh::from_stl(stl, &MeshLimits::default()).unwrap(),
        zone: serde_json::from_str(zone).unwrap(),
    }
}

pub(crate) fn hinge_bracket() -> Part {
    part!("hinge-bracket")
}

pub(crate) fn access_cover() -> Part {
    part!("access-cover")
}

pub(crate) fn sensor_clip() -> Part {
    part!("sensor-clip")
}

pub(crate) fn all() -> [Part; 4] {
    [
        access_cover(),
        part!("duct-flange"),
        hinge_bracket(),
        sensor_clip(),
    ]
}

impl Part {
    pub(crate) fn symbol(&self, text: &str) -> Symbol {
        Symbol::fitting(&self.zone, text, HOST).unwrap()
    }

    pub(crate) fn marked(&self, text: &str) -> Marked {
        embed(&self.mesh, &self.zone, &self.symbol(text)).unwrap()
    }
}

/// A box from the origin, its sides given in millimetres: twelve triangles.
pub(crate) fn cuboid([x, y, z]: [f32; 3]) -> Mesh {
    let corner = |i: usize| [[0.0, x][i & 1], [0.0, y][i >> 1 & 1], [0.0, z][i >> 2]];
    let quads = [
        [0, 2, 3, 1],
        [4, 5, 7, 6],
        [0, 1, 5, 4],
        [2, 6, 7, 3],
        [0, 4, 6, 2],
        [1, 3, 7, 5],
    ];
    let triangles = quads
        .iter()
        .flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]])
        .map(|t| t.map(corner))
        .collect();
    Mesh { triangles }
}

/// A zone in the middle of the top of `cuboid(sides)`, `size` millimetres square.
pub(crate) fn top_zone([x, y, z]: [f32; 3], size: f32) -> Zone {
    let um = |mm: f32| (mm * 1000.0).round() as i64;
    Zone {
        centre_um: [um(x / 2.0), um(y / 2.0), um(z)],
        normal_e6: [0, 0, 1_000_000],
        up_e6: [0, 1_000_000, 0],
        width_um: um(size) as u32,
        height_um: um(size) as u32,
        module_um: 800,
        depth_um: 1200,
        wall_um: 1500,
        manner: Manner::Recessed,
    }
}

/// The script makes the committed bytes again, and the list of digests is of them.
#[test]
fn the_script_makes_the_committed_parts() {
    use sha2::{Digest, Sha256};
    let folder = std::env::temp_dir().join(format!("threadmark-parts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/parts/generate.py");
    let run = std::process::Command::new("python3")
        .args([script.as_ref(), folder.as_os_str()])
        .output()
        .expect("python3 is needed to make the fixture parts");
    assert!(run.status.success(), "{run:?}");
    for part in all() {
        let made = std::fs::read(folder.join(format!("{}.stl", part.name))).unwrap();
        assert!(made == part.stl, "{} differs", part.name);
        assert!(part.stl.len() < 1_500_000);
    }
    let committed = include_str!("../../fixtures/parts/SHA256SUMS");
    assert_eq!(String::from_utf8(run.stdout).unwrap(), committed);
    for line in committed.lines() {
        let (digest, file) = line.split_once("  ").unwrap();
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let found: String = Sha256::digest(bytes)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(found, digest, "{file}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
