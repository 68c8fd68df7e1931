//! Owns: the two STL encodings. Must never know: what makes a mesh solid.
//!
//! Strictly, where the file is signed and must be what it says; leniently, where somebody prepares a new file and is told.
//! A reader of its own, because files in the wild defeat the common one: binary files that begin with `solid`,
//! carriage returns alone as line ends, several solids in a text, count fields that lie.

use super::{MeshError, MeshLimits, Repair, normal};

type Triangle = [[f32; 3]; 3];

const HEADER_BYTES: usize = 84;
const RECORD_BYTES: usize = 50;
/// Must not begin with `solid`, which other readers take for the text form.
const HEADER: &[u8; 80] =
    b"threadmark binary STL, millimetres                                              ";

/// The triangles, or the first thing that is wrong with the file.
pub(super) fn parse(bytes: &[u8], limits: &MeshLimits) -> Result<Vec<Triangle>, MeshError> {
    let read = read(bytes, limits)?;
    match read.fault {
        None => Ok(read.triangles),
        Some((error, _)) => Err(error),
    }
}

/// The triangles, and what was passed over to get at them. Whether they are all there, only their edges tell.
pub(super) fn parse_leniently(
    bytes: &[u8],
    limits: &MeshLimits,
) -> Result<(Vec<Triangle>, Vec<Repair>), MeshError> {
    let read = read(bytes, limits)?;
    match read.fault {
        None => Ok((read.triangles, Vec::new())),
        Some((_, Some(repair))) => Ok((read.triangles, vec![repair])),
        Some((error, None)) => Err(error),
    }
}

/// What a file holds, and what is wrong with it around the triangles: as an error, and as what it takes to go on.
struct Read {
    triangles: Vec<Triangle>,
    fault: Option<(MeshError, Option<Repair>)>,
}

fn read(bytes: &[u8], limits: &MeshLimits) -> Result<Read, MeshError> {
    if bytes.len() > limits.max_bytes {
        return Err(MeshError::TooManyBytes {
            bytes: bytes.len(),
            max: limits.max_bytes,
        });
    }
    let read = match declared_count(bytes) {
        // The size settles it: some writers begin a binary header with "solid".
        Some(count) if fits(bytes, count) => Read {
            triangles: binary(&bytes[HEADER_BYTES..], limits)?,
            fault: None,
        },
        _ if looks_like_text(bytes) => text(bytes, limits)?,
        Some(count) => miscounted(bytes, count, limits)?,
        None if bytes.is_empty() => return Err(MeshError::Empty),
        None => return Err(MeshError::Truncated),
    };
    if read.triangles.is_empty() && read.fault.is_none() {
        return Err(MeshError::Empty);
    }
    Ok(read)
}

/// A binary file whose count field and size contradict each other. Exporters that do not know the number beforehand leave
/// the field at zero or at all ones; others write their own data behind the last triangle.
fn miscounted(bytes: &[u8], declared: u32, limits: &MeshLimits) -> Result<Read, MeshError> {
    let body = &bytes[HEADER_BYTES..];
    let held = body.len() / RECORD_BYTES;
    let whole = body.len().is_multiple_of(RECORD_BYTES) && held > 0;
    let unknown = declared == 0 || declared == u32::MAX;
    let (taken, repair) = match declared as usize {
        count if count < held && !unknown => {
            let taken = count * RECORD_BYTES;
            let bytes = body.len() - taken;
            (taken, Some(Repair::Trailing { bytes }))
        }
        _ if whole => (body.len(), Some(Repair::Count { declared, held })),
        count if count == held => {
            let bytes = body.len() - held * RECORD_BYTES;
            (held * RECORD_BYTES, Some(Repair::Trailing { bytes }))
        }
        _ => (0, None),
    };
    Ok(Read {
        triangles: binary(&body[..taken], limits)?,
        fault: Some((wrong_count(bytes, declared), repair)),
    })
}

fn declared_count(bytes: &[u8]) -> Option<u32> {
    let field = bytes.get(80..HEADER_BYTES)?;
    Some(u32::from_le_bytes([field[0], field[1], field[2], field[3]]))
}

/// Whether the count field says just how long the file is.
pub(super) fn is_counted(bytes: &[u8]) -> bool {
    declared_count(bytes).is_some_and(|count| count > 0 && fits(bytes, count))
}

fn fits(bytes: &[u8], count: u32) -> bool {
    bytes.len() as u64 == HEADER_BYTES as u64 + RECORD_BYTES as u64 * u64::from(count)
}

fn wrong_count(bytes: &[u8], declared: u32) -> MeshError {
    let body = bytes.len() - HEADER_BYTES;
    let held = body / RECORD_BYTES;
    if !body.is_multiple_of(RECORD_BYTES) && u64::from(declared) > held as u64 {
        MeshError::Truncated
    } else {
        MeshError::LyingCount { declared, held }
    }
}

fn binary(bytes: &[u8], limits: &MeshLimits) -> Result<Vec<Triangle>, MeshError> {
    let records = bytes.as_chunks::<RECORD_BYTES>().0;
    within(records.len(), limits)?;
    Ok(records.iter().map(record).collect())
}

/// A record is a normal, which we recompute, three corners, and two bytes that mean nothing.
fn record(bytes: &[u8; RECORD_BYTES]) -> Triangle {
    let word = |i: usize| {
        let at = 12 + 4 * i;
        f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
    };
    std::array::from_fn(|corner| std::array::from_fn(|axis| word(3 * corner + axis)))
}

fn within(triangles: usize, limits: &MeshLimits) -> Result<(), MeshError> {
    if triangles > limits.max_triangles {
        return Err(MeshError::TooManyTriangles {
            triangles,
            max: limits.max_triangles,
        });
    }
    Ok(())
}

fn looks_like_text(bytes: &[u8]) -> bool {
    let start = bytes
        .iter()
        .position(|b| !b.is_ascii_whitespace())
        .unwrap_or(bytes.len());
    bytes[start..]
        .get(..5)
        .is_some_and(|w| w.eq_ignore_ascii_case(b"solid"))
}

fn text(bytes: &[u8], limits: &MeshLimits) -> Result<Read, MeshError> {
    let mut words = Words::new(bytes);
    let mut triangles = Vec::new();
    // Names of solids are free text, so everything up to a `facet` is skipped.
    while words.skip_to_facet() {
        within(triangles.len() + 1, limits)?;
        triangles.push(words.facet()?);
    }
    let unended = (MeshError::Truncated, Some(Repair::Unended));
    let extra = words.extra.map(|error| (error, Some(Repair::Words)));
    Ok(Read {
        triangles,
        fault: extra.or((!words.ended).then_some(unended)),
    })
}

/// Whitespace-separated words of the text form, which has no other structure.
struct Words<'a> {
    words: Box<dyn Iterator<Item = &'a [u8]> + 'a>,
    read: usize,
    /// Whether the last word outside a facet that we know of was `endsolid` or its name.
    ended: bool,
    /// The first word where the grammar has none, in a place where it does no harm.
    extra: Option<MeshError>,
}

/// Most words behind `endloop`: some exporters write a name there.
const MAX_EXTRA_WORDS: usize = 4;

impl<'a> Words<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let words = bytes
            .split(u8::is_ascii_whitespace)
            .filter(|w| !w.is_empty());
        Self {
            words: Box::new(words),
            read: 0,
            ended: false,
            extra: None,
        }
    }

    fn next(&mut self) -> Option<&'a [u8]> {
        self.read += 1;
        self.words.next()
    }

    fn skip_to_facet(&mut self) -> bool {
        while let Some(word) = self.next() {
            if word.eq_ignore_ascii_case(b"facet") {
                self.ended = false;
                return true;
            }
            if word.eq_ignore_ascii_case(b"endsolid") {
                self.ended = true;
            }
        }
        false
    }

    fn facet(&mut self) -> Result<Triangle, MeshError> {
        self.expect("normal")?;
        for _ in 0..3 {
            // Recomputed on writing, so only its place is read: exporters write `nan` here for slivers.
            self.next().ok_or(MeshError::Truncated)?;
        }
        self.expect("outer")?;
        self.expect("loop")?;
        let mut corners = [[0.0; 3]; 3];
        for corner in &mut corners {
            self.expect("vertex")?;
            for coordinate in corner {
                *coordinate = self.number()?;
            }
        }
        self.expect("endloop")?;
        for _ in 0..MAX_EXTRA_WORDS {
            match self.expect("endfacet") {
                Ok(()) => return Ok(corners),
                Err(MeshError::Truncated) => return Err(MeshError::Truncated),
                Err(error) => self.extra.get_or_insert(error),
            };
        }
        Err(self.malformed("endfacet"))
    }

    fn expect(&mut self, expected: &'static str) -> Result<(), MeshError> {
        let word = self.next().ok_or(MeshError::Truncated)?;
        if word.eq_ignore_ascii_case(expected.as_bytes()) {
            return Ok(());
        }
        Err(self.malformed(expected))
    }

    fn number(&mut self) -> Result<f32, MeshError> {
        let word = self.next().ok_or(MeshError::Truncated)?;
        std::str::from_utf8(word)
            .ok()
            .and_then(|w| w.parse().ok())
            .ok_or_else(|| self.malformed("a number"))
    }

    fn malformed(&self, expected: &'static str) -> MeshError {
        MeshError::MalformedText {
            word: self.read - 1,
            expected,
        }
    }
}

pub(super) fn write(triangles: &[Triangle]) -> Vec<u8> {
    let count =
        u32::try_from(triangles.len()).expect("2^32 triangles are 200 GB: no such mesh was read");
    let mut out = Vec::with_capacity(HEADER_BYTES + RECORD_BYTES * triangles.len());
    out.extend_from_slice(HEADER);
    out.extend_from_slice(&count.to_le_bytes());
    for triangle in triangles {
        for c in normal(triangle).iter().chain(triangle.as_flattened()) {
            out.extend_from_slice(&c.to_le_bytes());
        }
        out.extend_from_slice(&[0, 0]);
    }
    out
}
