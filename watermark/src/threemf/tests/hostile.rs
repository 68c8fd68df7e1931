//! Files that nobody made in good faith: each refused by name, none of them expensive.

use super::*;

fn refused(bytes: &[u8]) -> ThreemfError {
    read(bytes).expect_err("a hostile file was read")
}

/// The package with one file replaced or added.
fn with(name: &str, content: &[u8]) -> Vec<u8> {
    let good = model("", "", r#"<item objectid="1"/>"#);
    let mut files = vec![
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELS.as_bytes()),
        ("3D/3dmodel.model", good.as_bytes()),
    ];
    files.retain(|file| file.0 != name);
    files.push((name, content));
    zipped(&files)
}

#[test]
fn what_is_no_package_is_refused() {
    let good = with("other.txt", b"x");
    assert!(read(&good).is_ok());
    assert!(matches!(refused(b""), ThreemfError::Zip(_)));
    assert!(matches!(refused(b"PK\x03\x04"), ThreemfError::Zip(_)));
    for cut in [1, good.len() / 2, good.len() - 23, good.len() - 1] {
        read(&good[..cut]).expect_err("a cut file was read");
    }
    assert!(matches!(refused(&zipped(&[])), ThreemfError::Package(_)));
    let stl = with("_rels/.rels", &cuboid(SIDES).to_stl());
    assert!(matches!(refused(&stl), ThreemfError::Xml(_)));
}

#[test]
fn packages_that_lead_elsewhere_are_refused() {
    let target = |target: &str, more: &str| {
        let rels = RELS.replace(
            "Target=\"/3D/3dmodel.model\"",
            &format!("Target=\"{target}\" {more}"),
        );
        refused(&with("_rels/.rels", rels.as_bytes()))
    };
    assert_eq!(
        target("http://there/3D/3dmodel.model", ""),
        ThreemfError::External
    );
    assert_eq!(
        target("/3D/3dmodel.model", r#"TargetMode="External""#),
        ThreemfError::External
    );
    assert_eq!(target("../../etc/passwd", ""), ThreemfError::External);
    assert_eq!(target("file:/etc/passwd", ""), ThreemfError::External);
    assert!(matches!(
        target("/3D/none.model", ""),
        ThreemfError::Package(_)
    ));
    let no_type = TYPES.replace("3dmanufacturing-3dmodel+xml", "plain");
    assert!(matches!(
        refused(&with("[Content_Types].xml", no_type.as_bytes())),
        ThreemfError::Package(_)
    ));
    let twice = RELS.replace(
        "</Relationships>",
        &RELS[RELS.find("<Relationship T").unwrap()..],
    );
    assert!(matches!(
        refused(&with("_rels/.rels", twice.as_bytes())),
        ThreemfError::Package(_)
    ));
}

#[test]
fn bombs_cost_nothing() {
    // 64 MiB of blanks in 64 KiB.
    let blank = format!(
        "{}{}",
        model("", "", "").trim_end_matches("</model>"),
        " ".repeat(64 << 20)
    );
    assert!(matches!(refused(&package(&blank)), ThreemfError::Limit(_)));
    let limits = PackageLimits {
        max_xml_bytes: 1000,
        ..PackageLimits::default()
    };
    let good = package(&model("", "", r#"<item objectid="1"/>"#));
    assert!(matches!(
        Package::read(&good, &limits),
        Err(ThreemfError::Limit(_))
    ));
    let names: Vec<String> = (0..10_001).map(|i| i.to_string()).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (&name[..], &b""[..])).collect();
    assert!(matches!(refused(&zipped(&many)), ThreemfError::Limit(_)));
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    assert!(matches!(built("", &deep, ""), Err(ThreemfError::Limit(_))));
    let long = "x".repeat(2 << 20);
    for part in [
        format!("<!--{long}-->"),
        format!(r#"<a b="{long}"/>"#),
        long.clone(),
    ] {
        assert!(built("", &part, "").is_err(), "{}", &part[..9]);
    }
}

/// Each object twice the one before: 2^40 cubes from forty lines.
#[test]
fn components_that_multiply_are_counted_before_they_are_built() {
    let doubled = |levels: u32| {
        (2..levels + 2)
            .map(|id| {
                let one = format!(r#"<component objectid="{}"/>"#, id - 1);
                format!(r#"<object id="{id}"><components>{one}{one}</components></object>"#)
            })
            .collect::<String>()
    };
    let item = |id: u32| format!(r#"<item objectid="{id}"/>"#);
    assert!(matches!(
        built("", &doubled(40), &item(41)),
        Err(ThreemfError::Limit(_))
    ));
    // 2^7 cubes of 12 triangles, and a reader of fewer.
    let file = package(&model("", &doubled(7), &item(8)));
    assert_eq!(read(&file).unwrap().items[0].mesh.triangles.len(), 1536);
    let mut limits = PackageLimits::default();
    limits.mesh.max_triangles = 1535;
    let told = Package::read(&file, &limits).unwrap_err();
    assert!(
        matches!(told, ThreemfError::Mesh(MeshError::TooManyTriangles { .. })),
        "{told}"
    );
    let empty = doubled(40).replacen("objectid=\"1\"", "objectid=\"99\"", 2);
    let hollow = format!(r#"<object id="99"><mesh><vertices/><triangles/></mesh></object>{empty}"#);
    assert!(matches!(
        built("", &hollow, &item(41)),
        Err(ThreemfError::Limit(_))
    ));
}

#[test]
fn a_million_components_in_a_chain_or_a_circle_are_refused() {
    let chain: String = (2..1_000_002)
        .map(|id| {
            format!(
                r#"<object id="{id}"><components><component objectid="{}"/></components></object>"#,
                id - 1
            )
        })
        .collect();
    assert!(matches!(built("", &chain, ""), Err(ThreemfError::Limit(_))));
    let flat = r#"<component objectid="1"/>"#.repeat(1_000_000);
    let flat = format!(r#"<object id="2"><components>{flat}</components></object>"#);
    assert!(matches!(
        built("", &flat, r#"<item objectid="2"/>"#),
        Err(ThreemfError::Limit(_))
    ));
    let refer = |id: u32, to: u32| {
        format!(
            r#"<object id="{id}"><components><component objectid="{to}"/></components></object>"#
        )
    };
    for circle in [refer(2, 2), format!("{}{}", refer(2, 3), refer(3, 2))] {
        let told = built("", &circle, r#"<item objectid="2"/>"#).unwrap_err();
        assert!(told.to_string().contains("not defined before"), "{told}");
    }
    let long: String = (2..70).map(|id| refer(id, id - 1)).collect();
    assert!(matches!(
        built("", &long, r#"<item objectid="69"/>"#),
        Err(ThreemfError::Limit(_))
    ));
}

#[test]
fn models_that_break_the_specification_are_refused() {
    let item = r#"<item objectid="1"/>"#;
    let good = model("", "", item);
    let swaps: [(&str, &str); 22] = [
        (r#"<vertex x="0""#, r#"<vertex x="nan""#),
        (r#"<vertex x="0""#, r#"<vertex x="inf""#),
        (r#"<vertex x="0""#, r#"<vertex x="1e400""#),
        (r#"<vertex x="0""#, r#"<vertex x="zero""#),
        (r#"<vertex x="0""#, "<vertex"),
        (r#"v1="0""#, r#"v1="8""#),
        (r#"v1="0""#, r#"v1="-1""#),
        (r#"v1="0""#, r#"v1="4294967296""#),
        (r#"<object id="1""#, r#"<object id="0""#),
        (r#"<object id="1""#, r#"<object id="2147483648""#),
        (r#"<object id="1""#, r#"<object id="1" type="thing""#),
        (r#"<object id="1""#, r#"<object id="1" type="other""#),
        (r#"objectid="1""#, r#"objectid="2""#),
        (
            r#"objectid="1""#,
            r#"objectid="1" transform="1 0 0 0 1 0 0 0 1 0 0""#,
        ),
        (
            r#"objectid="1""#,
            r#"objectid="1" transform="1 0 0 0 1 0 0 0 0 0 0 0""#,
        ),
        (
            r#"objectid="1""#,
            r#"objectid="1" transform="1 0 0 0 1 0 0 0 1 0 0 nan""#,
        ),
        ("p:UUID=\"1", "p:UUID=\"x"),
        ("encoding=\"UTF-8\"", "encoding=\"ISO-8859-1\""),
        ("<resources>", "<resources></resources><resources>"),
        ("<model ", "<!DOCTYPE model [<!ENTITY a \"b\">]><model "),
        ("<model ", r#"<model requiredextensions="z" "#),
        ("</resources>", "&a;</resources>"),
    ];
    for (from, to) in swaps {
        assert!(good.contains(from), "{from}");
        let told = read(&package(&good.replacen(from, to, 1)));
        assert!(told.is_err(), "{to}");
    }
    let latin = good
        .replacen("<object ", "<object name=\"\u{e9}\" ", 1)
        .into_bytes();
    let latin: Vec<u8> = latin.into_iter().filter(|b| *b != 0xc3).collect();
    assert!(matches!(
        refused(&with("3D/3dmodel.model", &latin)),
        ThreemfError::Xml(_)
    ));
    let lattice = good.replacen(
        "<model ",
        r#"<model xmlns:b="http://schemas.microsoft.com/3dmanufacturing/beamlattice/2017/02" "#,
        1,
    );
    for change in [
        ("<model ", r#"<model requiredextensions="b" "#),
        ("</mesh>", "<b:beamlattice/></mesh>"),
    ] {
        let told = refused(&package(&lattice.replacen(change.0, change.1, 1)));
        assert!(matches!(told, ThreemfError::Extension(_)), "{told}");
    }
}

/// Readers differ in these: what one builds is not what the other does.
#[test]
fn what_others_would_read_otherwise_is_refused_or_read_as_they_do() {
    let item = r#"<item objectid="1"/>"#;
    let core = r#"xmlns:c="http://schemas.microsoft.com/3dmanufacturing/core/2015/02""#;
    let prefixed = model(core, "", item).replace(r#"<vertex x="1""#, r#"<vertex x="1" c:x="9""#);
    assert_eq!(
        read(&package(&prefixed)).unwrap(),
        built(core, "", item).unwrap()
    );
    for (tag, empty) in [("vertices", ""), ("triangles", "")] {
        let twice = model("", "", item);
        let list = twice.split_once(&format!("</{tag}>")).unwrap();
        let twice = format!("{}</{tag}><{tag}>{empty}</{tag}>{}", list.0, list.1);
        let refused = read(&package(&twice)).unwrap_err();
        assert!(
            matches!(refused, ThreemfError::Model(_)),
            "{tag}: {refused}"
        );
    }
    let slices = r#"<s:slicestack xmlns:s="http://schemas.microsoft.com/3dmanufacturing/slice/2015/07" id="7" zbottom="0"/>"#;
    let sliced = built("", slices, item).unwrap().only_part().unwrap_err();
    assert!(matches!(sliced, ThreemfError::Model(_)), "{sliced}");
    let hidden = built("", "", r#"<item objectid="1" printable="0"/>"#).unwrap_err();
    assert!(matches!(hidden, ThreemfError::Model(_)), "{hidden}");
}

/// What the strict reader says of a model whose text was changed.
fn strictly(from: &str, to: &str) -> Result<Mesh, ThreemfError> {
    let spaces = r#"xmlns:x="http://example.com/unknown" xmlns:m="http://schemas.microsoft.com/3dmanufacturing/material/2015/02" xmlns:t="http://schemas.microsoft.com/3dmanufacturing/trianglesets/2021/07""#;
    let good = model(spaces, "", r#"<item objectid="1"/>"#);
    assert!(good.contains(from), "{from}");
    let package = read(&package(&good.replacen(from, to, 1)))?;
    assert_eq!(package.items.len(), 1, "whoever prepares a file is told");
    package.only_part()
}

/// Others may know it, and build something else: refused by who builds what was signed.
#[test]
fn what_is_not_understood_in_what_is_built_is_refused_beside_the_printer() {
    let unread = [
        ("</mesh>", "<x:lattice/></mesh>"),
        ("</mesh>", "<lattice/></mesh>"),
        ("</mesh>", "</mesh><x:mesh/>"),
        ("</vertices>", "<x:vertex/></vertices>"),
        ("</triangles>", "<x:triangle/></triangles>"),
        (
            "</triangles>",
            r#"<triangle v1="0" v2="1" v3="2"><x:hole/></triangle></triangles>"#,
        ),
        ("</resources>", r#"<x:levelset id="9"/></resources>"#),
        ("</resources>", r#"<levelset id="9"/></resources>"#),
        ("</build>", "<x:item/></build>"),
        (r#"<object id="1""#, r#"<object id="1" x:negative="1""#),
        (r#"<object id="1""#, r#"<object id="1" modifier="1""#),
        (r#"<item objectid="1""#, r#"<item objectid="1" x:scale="2""#),
        ("<mesh>", r#"<mesh x:solid="0">"#),
    ];
    for (from, to) in unread {
        let told = strictly(from, to);
        assert!(
            matches!(told, Err(ThreemfError::Unread(_))),
            "{to}: {told:?}"
        );
    }
    let harmless = [
        (
            "<resources>",
            r#"<metadata name="x:tool">mill</metadata><resources>"#,
        ),
        (
            "</resources>",
            r##"<m:colorgroup id="9"><m:color color="#FFFFFF"/></m:colorgroup></resources>"##,
        ),
        (
            "</resources>",
            r#"<basematerials id="9"><base name="a" displaycolor="red"/></basematerials></resources>"#,
        ),
        ("</mesh>", "<t:trianglesets/></mesh>"),
        (
            r#"<item objectid="1"/>"#,
            r#"<item objectid="1"><metadatagroup><metadata name="x:a">b</metadata></metadatagroup></item>"#,
        ),
        (r#"v1="0""#, r#"x:paint="8" v1="0""#),
    ];
    for (from, to) in harmless {
        assert!(strictly(from, to).is_ok(), "{to}: {:?}", strictly(from, to));
    }
}

#[test]
fn placed_objects_are_counted_to_their_limit() {
    let file = |copies: usize| package(&model("", "", &r#"<item objectid="1"/>"#.repeat(copies)));
    let limits = PackageLimits {
        max_instances: 4,
        ..PackageLimits::default()
    };
    let read = |copies| Package::read(&file(copies), &limits);
    // The build itself is one.
    assert_eq!(read(3).unwrap().items.len(), 3);
    for copies in [4, 5, 50] {
        assert!(
            matches!(read(copies), Err(ThreemfError::Limit(_))),
            "{copies}"
        );
    }
    let components = |copies: usize| {
        let within = r#"<component objectid="1"/>"#.repeat(copies);
        let both = format!(r#"<object id="2"><components>{within}</components></object>"#);
        Package::read(
            &package(&model("", &both, r#"<item objectid="2"/>"#)),
            &limits,
        )
    };
    assert!(components(1).is_ok());
    assert!(matches!(components(4), Err(ThreemfError::Limit(_))));
    // Doubled three times it is eight, though no list has more than two.
    let doubled: String = (2..5)
        .map(|id| {
            let one = format!(r#"<component objectid="{}"/>"#, id - 1);
            format!(r#"<object id="{id}"><components>{one}{one}</components></object>"#)
        })
        .collect();
    let roomy = PackageLimits {
        max_instances: 20,
        ..limits
    };
    let nested = package(&model("", &doubled, r#"<item objectid="4"/>"#));
    assert!(Package::read(&nested, &roomy).is_ok());
    let tight = PackageLimits {
        max_instances: 12,
        ..limits
    };
    assert!(matches!(
        Package::read(&nested, &tight),
        Err(ThreemfError::Limit(_))
    ));
}

/// A digit that is changed behind the checksum's back, in a part that is stored as it is.
#[test]
fn the_checksum_of_a_part_is_compared() {
    let whole = Package::of(vec![Item::of(cuboid(SIDES))]).write().unwrap();
    read(&whole).unwrap();
    let at = whole.windows(4).position(|four| four == b"\"30\"").unwrap() + 1;
    let mut changed = whole;
    changed[at] = b'9';
    let refused = read(&changed).unwrap_err();
    assert!(
        !matches!(refused, ThreemfError::Model(_) | ThreemfError::Mesh(_)),
        "{refused}"
    );
}
