//! Owns: the PLY forms of scanners: text, and binary of both byte orders, points alone or with faces.
//! Must never know: what the points are compared with.
//!
//! A reader of its own: those that are kept build a map for each vertex, which a scan of millions of points does not allow,
//! and have no limits. Format: G. Turk, "The PLY Polygon File Format", 1994.

use super::{ScanError, ScanLimits};

/// Longest header: names of properties and comments of exporters.
const HEADER_BYTES_MAX: usize = 64 << 10;
const ELEMENTS_MAX: usize = 16;
const PROPERTIES_MAX: usize = 64;

/// What a file holds, in its own unit of length.
#[derive(Debug, PartialEq)]
pub(super) struct Ply {
    pub points: Vec<[f32; 3]>,
    pub triangles: Vec<[u32; 3]>,
}

pub(super) fn is_ply(bytes: &[u8]) -> bool {
    matches!(bytes, [b'p', b'l', b'y', b'\n' | b'\r', ..])
}

pub(super) fn parse(bytes: &[u8], limits: &ScanLimits) -> Result<Ply, ScanError> {
    let (header, body) = Header::parse(bytes, limits)?;
    let mut values = Values::new(header.format, body);
    let mut ply = Ply {
        points: Vec::new(),
        triangles: Vec::new(),
    };
    for element in &header.elements {
        match element.name {
            b"vertex" => ply.points = vertices(element, &mut values)?,
            b"face" => ply.triangles = faces(element, &mut values, limits)?,
            _ => skip(element, &mut values)?,
        }
    }
    let count = ply.points.len() as u64;
    let mut corners = ply.triangles.as_flattened().iter();
    match corners.all(|corner| u64::from(*corner) < count) {
        true => Ok(ply),
        false => Err(ScanError::Malformed(
            "a face names a vertex that is not there",
        )),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Little,
    Big,
}

/// Type of a number: its bytes, and whether it is a fraction or has a sign.
#[derive(Clone, Copy)]
enum Number {
    Unsigned(usize),
    Signed(usize),
    Float(usize),
}

#[derive(Clone, Copy)]
enum Shape {
    One(Number),
    List { count: Number, item: Number },
}

struct Property<'a> {
    name: &'a [u8],
    shape: Shape,
}

struct Element<'a> {
    name: &'a [u8],
    count: usize,
    properties: Vec<Property<'a>>,
}

struct Header<'a> {
    format: Format,
    elements: Vec<Element<'a>>,
}

impl<'a> Header<'a> {
    fn parse(bytes: &'a [u8], limits: &ScanLimits) -> Result<(Header<'a>, &'a [u8]), ScanError> {
        let mut rest = bytes;
        let mut format = None;
        let mut elements: Vec<Element> = Vec::new();
        loop {
            let line = line(&mut rest, bytes.len())?;
            let mut words = line
                .split(|byte| *byte == b' ' || *byte == b'\t')
                .filter(|word| !word.is_empty());
            let words: [Option<&[u8]>; 5] = std::array::from_fn(|_| words.next());
            match words {
                [Some(b"end_header"), ..] => break,
                [Some(b"format"), Some(name), ..] => format = Some(format_of(name)?),
                [Some(b"element"), Some(name), Some(count), ..] => {
                    elements.push(Element {
                        name,
                        count: count_of(count, limits)?,
                        properties: Vec::new(),
                    });
                }
                [Some(b"property"), ..] => {
                    let last = elements.last_mut();
                    let last = last.ok_or(ScanError::Malformed("a property of no element"))?;
                    last.properties.push(property(&words)?);
                }
                [Some(b"ply" | b"comment" | b"obj_info"), ..] | [None, ..] => {}
                _ => return Err(ScanError::Malformed("a line of the header has no meaning")),
            }
            let most = elements.iter().map(|one| one.properties.len()).max();
            if elements.len() > ELEMENTS_MAX || most > Some(PROPERTIES_MAX) {
                return Err(ScanError::Malformed("the header declares too much"));
            }
        }
        let format = format.ok_or(ScanError::Malformed("the header names no format"))?;
        Ok((Header { format, elements }, rest))
    }
}

/// Takes a line off; it ends with a line feed, and may have a carriage return before it.
fn line<'a>(rest: &mut &'a [u8], all: usize) -> Result<&'a [u8], ScanError> {
    let read = all - rest.len();
    let room = HEADER_BYTES_MAX.saturating_sub(read).min(rest.len());
    let end = rest[..room].iter().position(|byte| *byte == b'\n');
    let end = end.ok_or(ScanError::Malformed("the header has no end"))?;
    let line = &rest[..end];
    *rest = &rest[end + 1..];
    Ok(line.strip_suffix(b"\r").unwrap_or(line))
}

fn format_of(name: &[u8]) -> Result<Format, ScanError> {
    match name {
        b"ascii" => Ok(Format::Text),
        b"binary_little_endian" => Ok(Format::Little),
        b"binary_big_endian" => Ok(Format::Big),
        _ => Err(ScanError::Malformed("the format is not known")),
    }
}

fn count_of(word: &[u8], limits: &ScanLimits) -> Result<usize, ScanError> {
    let count = std::str::from_utf8(word)
        .ok()
        .and_then(|word| word.parse().ok());
    let count: usize = count.ok_or(ScanError::Malformed("a count is no number"))?;
    match count <= limits.max_points {
        true => Ok(count),
        false => Err(ScanError::TooMany {
            held: count,
            max: limits.max_points,
        }),
    }
}

fn property<'a>(words: &[Option<&'a [u8]>; 5]) -> Result<Property<'a>, ScanError> {
    let (shape, name) = match *words {
        [_, Some(b"list"), Some(count), Some(item), Some(name)] => {
            let (count, item) = (number(count)?, number(item)?);
            (Shape::List { count, item }, name)
        }
        [_, Some(one), Some(name), ..] => (Shape::One(number(one)?), name),
        _ => return Err(ScanError::Malformed("a property is not whole")),
    };
    Ok(Property { name, shape })
}

fn number(name: &[u8]) -> Result<Number, ScanError> {
    Ok(match name {
        b"uchar" | b"uint8" => Number::Unsigned(1),
        b"ushort" | b"uint16" => Number::Unsigned(2),
        b"uint" | b"uint32" => Number::Unsigned(4),
        b"char" | b"int8" => Number::Signed(1),
        b"short" | b"int16" => Number::Signed(2),
        b"int" | b"int32" => Number::Signed(4),
        b"float" | b"float32" => Number::Float(4),
        b"double" | b"float64" => Number::Float(8),
        _ => return Err(ScanError::Malformed("a type of number is not known")),
    })
}

/// The numbers of the body, one by one.
enum Values<'a> {
    Text(Box<dyn Iterator<Item = &'a [u8]> + 'a>),
    Binary { rest: &'a [u8], is_big: bool },
}

impl<'a> Values<'a> {
    fn new(format: Format, body: &'a [u8]) -> Values<'a> {
        match format {
            Format::Text => {
                let words = body.split(u8::is_ascii_whitespace);
                Values::Text(Box::new(words.filter(|word| !word.is_empty())))
            }
            _ => Values::Binary {
                rest: body,
                is_big: format == Format::Big,
            },
        }
    }

    fn next(&mut self, of: Number) -> Result<f64, ScanError> {
        match self {
            Values::Text(words) => {
                let word = words.next().ok_or(ScanError::Truncated)?;
                let number = std::str::from_utf8(word)
                    .ok()
                    .and_then(|word| word.parse().ok());
                number.ok_or(ScanError::Malformed("something in the body is no number"))
            }
            Values::Binary { rest, is_big } => {
                let (Number::Unsigned(size) | Number::Signed(size) | Number::Float(size)) = of;
                let (own, after) = rest.split_at_checked(size).ok_or(ScanError::Truncated)?;
                *rest = after;
                let mut bytes = [0; 8];
                bytes[..size].copy_from_slice(own);
                if *is_big {
                    bytes[..size].reverse();
                }
                Ok(of.value(u64::from_le_bytes(bytes)))
            }
        }
    }

    /// How many items a list has; no more than could be there.
    fn count(&mut self, of: Number) -> Result<usize, ScanError> {
        let count = self.next(of)?;
        let left = match self {
            Values::Binary { rest, .. } => rest.len(),
            Values::Text(_) => usize::MAX,
        };
        // `as` saturates: what is negative or no number becomes nothing.
        match count >= 0.0 && count.fract() == 0.0 && count as usize <= left {
            true => Ok(count as usize),
            false => Err(ScanError::Truncated),
        }
    }
}

impl Number {
    fn value(self, bits: u64) -> f64 {
        match self {
            Number::Unsigned(_) => bits as f64,
            Number::Signed(1) => f64::from(bits as u8 as i8),
            Number::Signed(2) => f64::from(bits as u16 as i16),
            Number::Signed(_) => f64::from(bits as u32 as i32),
            Number::Float(4) => f64::from(f32::from_bits(bits as u32)),
            Number::Float(_) => f64::from_bits(bits),
        }
    }
}

fn vertices(element: &Element, values: &mut Values) -> Result<Vec<[f32; 3]>, ScanError> {
    let at = |name: &[u8]| element.properties.iter().position(|one| one.name == name);
    let axes = [at(b"x"), at(b"y"), at(b"z")];
    let mut points = Vec::new();
    for _ in 0..element.count {
        let mut point = [f32::NAN; 3];
        for (index, property) in element.properties.iter().enumerate() {
            let value = read(property, values, &mut |_| {})?;
            if let Some(axis) = axes.iter().position(|axis| *axis == Some(index)) {
                point[axis] = value as f32;
            }
        }
        if element.properties.is_empty() {
            return Err(ScanError::Malformed("vertices have no coordinates"));
        }
        points.push(point);
    }
    Ok(points)
}

/// Polygons as fans.
fn faces(
    element: &Element,
    values: &mut Values,
    limits: &ScanLimits,
) -> Result<Vec<[u32; 3]>, ScanError> {
    let mut triangles = Vec::new();
    let names = [&b"vertex_indices"[..], b"vertex_index"];
    let rows = if element.properties.is_empty() {
        0
    } else {
        element.count
    };
    for _ in 0..rows {
        for property in &element.properties {
            let mut corners = Vec::new();
            let is_own = names.contains(&property.name);
            read(property, values, &mut |corner| {
                if is_own {
                    corners.push(corner as u32);
                }
            })?;
            let fan = corners.windows(2).skip(1);
            triangles.extend(fan.map(|pair| [corners[0], pair[0], pair[1]]));
            if triangles.len() > limits.max_points {
                return Err(ScanError::TooMany {
                    held: triangles.len(),
                    max: limits.max_points,
                });
            }
        }
    }
    Ok(triangles)
}

fn skip(element: &Element, values: &mut Values) -> Result<(), ScanError> {
    let rows = if element.properties.is_empty() {
        0
    } else {
        element.count
    };
    for _ in 0..rows {
        for property in &element.properties {
            read(property, values, &mut |_| {})?;
        }
    }
    Ok(())
}

/// The number; of a list its length, and each item to `item`.
fn read(
    property: &Property,
    values: &mut Values,
    item: &mut dyn FnMut(f64),
) -> Result<f64, ScanError> {
    match property.shape {
        Shape::One(number) => values.next(number),
        Shape::List { count, item: of } => {
            let count = values.count(count)?;
            for _ in 0..count {
                item(values.next(of)?);
            }
            Ok(count as f64)
        }
    }
}
