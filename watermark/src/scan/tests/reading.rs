//! PLY files as exporters write them, and as nobody should.

use super::*;

fn header(format: &str, elements: &str) -> Vec<u8> {
    format!("ply\nformat {format} 1.0\ncomment made by a test\n{elements}end_header\n").into_bytes()
}

const VERTICES: &str =
    "element vertex 4\nproperty float x\nproperty double y\nproperty uchar red\nproperty float z\n";
const FACES: &str = "element face 2\nproperty list uchar int vertex_indices\n";
/// A square of 10 mm, as one triangle and one more.
const CORNERS: [[f32; 3]; 4] = [
    [0.0, 0.0, 1.5],
    [10.0, 0.0, 1.5],
    [10.0, 10.0, 1.5],
    [0.0, 10.0, 1.5],
];
const POLYGONS: [&[i32]; 2] = [&[0, 1, 2], &[0, 2, 3]];

fn binary(is_big: bool) -> Vec<u8> {
    let format = if is_big {
        "binary_big_endian"
    } else {
        "binary_little_endian"
    };
    let mut bytes = header(format, &format!("{VERTICES}{FACES}"));
    let mut put = |mut number: Vec<u8>| {
        if is_big {
            number.reverse();
        }
        bytes.extend(number);
    };
    for [x, y, z] in CORNERS {
        put(x.to_le_bytes().to_vec());
        put(f64::from(y).to_le_bytes().to_vec());
        put(vec![200]);
        put(z.to_le_bytes().to_vec());
    }
    for polygon in POLYGONS {
        put(vec![polygon.len() as u8]);
        polygon
            .iter()
            .for_each(|corner| put(corner.to_le_bytes().to_vec()));
    }
    bytes
}

fn text() -> Vec<u8> {
    let mut bytes = header("ascii", &format!("{VERTICES}{FACES}"));
    for [x, y, z] in CORNERS {
        bytes.extend(format!("{x} {y} 200 {z}\n").into_bytes());
    }
    bytes.extend(b"3 0 1 2\n3 0 2 3\n");
    bytes
}

fn read(bytes: &[u8]) -> Result<Scan, ScanError> {
    Scan::read(bytes, &ScanLimits::default())
}

#[test]
fn text_and_both_byte_orders_say_the_same() {
    let scan = read(&text()).unwrap();
    assert_eq!(scan.points, CORNERS);
    assert_eq!(scan.triangles.len(), 2);
    assert_eq!(scan.triangles[1], [CORNERS[0], CORNERS[2], CORNERS[3]]);
    for is_big in [false, true] {
        assert_eq!(read(&binary(is_big)).unwrap(), scan);
    }
    // Line ends of another system, and a polygon of four corners.
    let crlf = String::from_utf8(text()).unwrap().replace('\n', "\r\n");
    let quad = crlf
        .replace("face 2", "face 1")
        .replace("3 0 1 2\r\n3 0 2 3", "4 0 1 2 3");
    assert_eq!(read(quad.as_bytes()).unwrap(), scan);
}

#[test]
fn points_alone_and_elements_that_mean_nothing_here_are_read() {
    let elements = "element camera 1\nproperty list uchar float pose\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\n";
    let mut bytes = header("ascii", elements);
    bytes.extend(b"2 0.5 0.5\n1 2 3\n");
    let scan = read(&bytes).unwrap();
    assert_eq!((scan.points.len(), scan.triangles.len()), (1, 0));
}

#[test]
fn every_cut_is_refused() {
    for whole in [binary(false), binary(true)] {
        for end in 4..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
    }
}

#[test]
fn what_is_declared_costs_nothing() {
    let limits = ScanLimits {
        max_bytes: 100_000,
        max_points: 1000,
    };
    let declared = |count: u64| {
        let elements = format!(
            "element vertex {count}\nproperty float x\nproperty float y\nproperty float z\n"
        );
        Scan::read(&header("binary_little_endian", &elements), &limits)
    };
    assert_eq!(declared(1000), Err(ScanError::Truncated));
    assert_eq!(
        declared(1001),
        Err(ScanError::TooMany {
            held: 1001,
            max: 1000
        })
    );
    assert_eq!(
        declared(u64::MAX),
        Err(ScanError::TooMany {
            held: usize::MAX,
            max: 1000
        })
    );
    let large = vec![b' '; 100_001];
    let refused = Scan::read(&large, &limits);
    assert_eq!(
        refused,
        Err(ScanError::TooManyBytes {
            bytes: 100_001,
            max: 100_000
        })
    );
    // A list that is longer than the file.
    let mut list = header(
        "binary_little_endian",
        "element face 1\nproperty list uint uint vertex_indices\n",
    );
    list.extend(u32::MAX.to_le_bytes());
    assert_eq!(read(&list), Err(ScanError::Truncated));
}

#[test]
fn what_breaks_the_grammar_is_refused_by_name() {
    let malformed = |bytes: &[u8]| matches!(read(bytes), Err(ScanError::Malformed(_)));
    for elements in [
        "element vertex -1\n",
        "element vertex 1\nproperty half x\n",
        "property float x\n",
        "element vertex 1\nproperty list uchar\n",
        "element vertex 1\n",
        "something else\n",
    ] {
        assert!(malformed(&header("ascii", elements)), "{elements}");
    }
    assert!(malformed(&header("binary", VERTICES)));
    assert!(malformed(b"ply\nelement vertex 1\nend_header\n"));
    assert!(malformed(b"ply\nformat ascii 1.0\n"));
    let endless = [&b"ply\ncomment "[..], &vec![b'x'; 70_000]].concat();
    assert!(malformed(&endless));
    let many = "element camera 0\n".repeat(17);
    assert!(malformed(&header("ascii", &many)));
    let wide = format!("element vertex 0\n{}", "property float x\n".repeat(65));
    assert!(malformed(&header("ascii", &wide)));
    let beyond = String::from_utf8(text())
        .unwrap()
        .replace("3 0 2 3", "3 0 2 4");
    assert!(malformed(beyond.as_bytes()));
    for bad in ["nan", "inf", "10001"] {
        let text = String::from_utf8(text())
            .unwrap()
            .replace("10 0 200", &format!("{bad} 0 200"));
        assert_eq!(read(text.as_bytes()), Err(ScanError::OutOfRange), "{bad}");
    }
    assert!(matches!(read(b"solid x"), Err(ScanError::Stl(_))));
}
