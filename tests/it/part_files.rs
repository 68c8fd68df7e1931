//! `threadmark mark embed` and `mark tag` as a person types them: STL and 3MF in and out, what is mended and said, what is not.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::threemf::{Item, Package, PackageLimits};

const TEXT: &str = "7K3Q9XWD2M8TV0AY";

fn fixture(name: &str) -> PathBuf {
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parts");
    parts.join(name)
}

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        Desk {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn mark(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .current_dir(self.folder.path())
            .args(["mark"])
            .args(arguments)
            .args(["--host", "part.example", "--json"])
            .output()
            .unwrap()
    }

    fn embed(&self, input: &Path, output: &str, more: &[&str]) -> Output {
        let zone = fixture("access-cover.zone.json");
        let (input, zone) = (input.to_str().unwrap(), zone.to_str().unwrap());
        let all = [
            &["embed", input, output, "--zone", zone, "--text", TEXT],
            more,
        ]
        .concat();
        self.mark(&all)
    }
}

fn told(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(output: &Output, why: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && errors.contains(why),
        "{why}: {errors}"
    );
}

fn cover() -> Mesh {
    let stl = std::fs::read(fixture("access-cover.stl")).unwrap();
    Mesh::from_stl(&stl, &MeshLimits::default()).unwrap()
}

fn package(path: &Path) -> Package {
    Package::read(&std::fs::read(path).unwrap(), &PackageLimits::default()).unwrap()
}

#[test]
fn both_forms_go_in_and_come_out() {
    let desk = Desk::new();
    let stl = fixture("access-cover.stl");
    let from_stl = told(&desk.embed(&stl, "a.stl", &[]));
    assert_eq!(from_stl["way"], "local");
    assert_eq!(from_stl["repairs"], serde_json::json!([]));
    told(&desk.embed(&stl, "a.3mf", &[]));
    let from_threemf = desk.put(
        "in.3mf",
        &Package::of(vec![Item::of(cover())]).write().unwrap(),
    );
    told(&desk.embed(&from_threemf, "b.stl", &[]));
    let marked = std::fs::read(desk.path("a.stl")).unwrap();
    assert_eq!(std::fs::read(desk.path("b.stl")).unwrap(), marked);
    assert_eq!(package(&desk.path("a.3mf")).items[0].mesh.to_stl(), marked);
    let misnamed = desk.put("in.stl", &std::fs::read(from_threemf).unwrap());
    refused(
        &desk.embed(&misnamed, "c.stl", &[]),
        "is called STL and holds 3MF",
    );
    refused(
        &desk.embed(&stl, "d.obj", &[]),
        "the output is a .stl or a .3mf",
    );
}

#[test]
fn a_second_colour_is_a_second_object() {
    let desk = Desk::new();
    let stl = fixture("access-cover.stl");
    told(&desk.embed(&stl, "two.3mf", &["--inlay"]));
    let one = told(&desk.embed(&stl, "one.3mf", &[]));
    let both = package(&desk.path("two.3mf")).items.remove(0).mesh;
    let body = package(&desk.path("one.3mf")).items.remove(0).mesh;
    assert_eq!(one["triangles"], body.triangles.len());
    assert_eq!(both.triangles[..body.triangles.len()], body.triangles[..]);
    assert!(both.triangles.len() > body.triangles.len());
    refused(
        &desk.embed(&stl, "two.stl", &["--inlay"]),
        "only a .3mf can hold",
    );
    let raised = told(&desk.embed(&stl, "raised.stl", &["--raised"]));
    assert!(raised["removed_mm3"].as_f64().unwrap() < 0.0);
    refused(
        &desk.embed(&stl, "x.3mf", &["--raised", "--inlay"]),
        "cannot be used with",
    );
}

/// A plate that is too thin for a recess, and one that is flat on its build plate alone: what is found is what is made.
#[test]
fn a_thin_part_takes_the_mark_that_was_found_for_it() {
    let desk = Desk::new();
    let corner = |i: usize| {
        [
            [0.0, 40.0][i & 1],
            [0.0, 36.0][i >> 1 & 1],
            [0.0, 1.0][i >> 2],
        ]
    };
    let sides = [
        [0, 2, 3, 1],
        [4, 5, 7, 6],
        [0, 1, 5, 4],
        [2, 6, 7, 3],
        [0, 4, 6, 2],
        [1, 3, 7, 5],
    ];
    let halves = sides
        .iter()
        .flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]);
    let mut mesh = Mesh {
        triangles: halves.map(|t| t.map(corner)).collect(),
    };
    let made = |mesh: &Mesh, output: &str| {
        desk.put("thin.stl", &mesh.to_stl());
        let found = told(&desk.mark(&[
            "find-zone",
            "thin.stl",
            "thin.zone.json",
            "--process",
            "fdm",
        ]));
        let embedded = told(&desk.mark(&[
            "embed",
            "thin.stl",
            output,
            "--zone",
            "thin.zone.json",
            "--text",
            TEXT,
        ]));
        assert_eq!(embedded["manner"], found["places"][0]["manner"]);
        embedded
    };
    let raised = made(&mesh, "raised.stl");
    assert_eq!(raised["manner"], "raised");
    assert!(raised["removed_mm3"].as_f64().unwrap() < 0.0);
    // With sides that lean in, only the one on the plate is large enough.
    for corner in mesh
        .triangles
        .as_flattened_mut()
        .iter_mut()
        .filter(|v| v[2] > 0.0)
    {
        *corner = [16.0 + corner[0] / 5.0, 14.0 + corner[1] / 5.0, 1.3];
    }
    let coloured = made(&mesh, "coloured.3mf");
    assert_eq!(coloured["manner"], "two_colours");
    let items = package(&desk.path("coloured.3mf")).items;
    assert!(
        items[0].mesh.require_solid().is_err(),
        "a body and what fills its recesses"
    );
    refused(
        &desk.mark(&[
            "embed",
            "thin.stl",
            "one.stl",
            "--zone",
            "thin.zone.json",
            "--text",
            TEXT,
        ]),
        "only a .3mf can hold",
    );
}

#[test]
fn what_is_mended_is_said_and_what_is_not_is_refused() {
    let desk = Desk::new();
    let mut twice = cover();
    twice.triangles.push(twice.triangles[5]);
    twice.triangles[9].swap(0, 1);
    let broken = desk.put("broken.stl", &twice.to_stl());
    let said = told(&desk.embed(&broken, "mended.stl", &[]))["repairs"].to_string();
    assert!(
        said.contains("1 triangles that stood there twice"),
        "{said}"
    );
    assert!(said.contains("1 triangles turned outwards"), "{said}");
    let mut open = cover();
    open.triangles.pop();
    let open = desk.put("open.stl", &open.to_stl());
    refused(&desk.embed(&open, "no.stl", &[]), "the mesh is open");
    assert!(!desk.path("no.stl").exists());
    let mut metres = cover();
    for corner in metres.triangles.as_flattened_mut() {
        *corner = corner.map(|c| c / 1000.0);
    }
    let metres = desk.put("metres.stl", &metres.to_stl());
    refused(&desk.embed(&metres, "no.stl", &[]), "if that is m");
    let said = told(&desk.embed(&metres, "told.stl", &["--unit", "m"]));
    assert_eq!(said["repairs"][0], "scaled from m to millimetres, as told");
}

#[test]
fn a_tag_is_made_and_reads() {
    let desk = Desk::new();
    let said = told(&desk.mark(&["tag", "tag.stl", "--text", TEXT]));
    desk.put("zone.json", said["zone"].to_string().as_bytes());
    let render = [
        "mark",
        "render",
        "tag.stl",
        "photo.png",
        "--zone",
        "zone.json",
        "--tilt",
        "10",
    ];
    let rendered = Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .current_dir(desk.folder.path())
        .args(render)
        .output()
        .unwrap();
    assert!(rendered.status.success(), "{rendered:?}");
    let read = told(&desk.mark(&["read", "photo.png"]));
    assert_eq!(read["marks"], serde_json::json!([TEXT]));
    told(&desk.mark(&[
        "tag",
        "tag.3mf",
        "--text",
        TEXT,
        "--inlay",
        "--depth-um",
        "400",
    ]));
    refused(
        &desk.mark(&["tag", "t.stl", "--text", TEXT, "--module-um", "0"]),
        "module is out of range",
    );
}
