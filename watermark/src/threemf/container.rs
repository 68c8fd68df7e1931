//! Owns: the zip around a 3MF package, and what it may cost to open one. Must never know: what the parts say.

use super::xml::Xml;
use super::{PackageLimits, ThreemfError};
use std::collections::BTreeMap;
use std::io::{self, BufReader, Cursor, Read};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

/// Below this, a part may be as compressible as it likes.
const SMALL_BYTES: u64 = 1 << 20;

/// A package that was opened, its directory checked.
pub(super) struct Container<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Entries by their names in lower case: names of parts do not differ by case alone (ECMA-376 part 2, 6.2.2.3).
    by_name: BTreeMap<Vec<u8>, usize>,
    /// What may be asked of it.
    pub(super) limits: PackageLimits,
    bytes_left: u64,
}

/// The decompressed bytes of one part.
pub(super) type PartReader<'zip, 'a> = BufReader<Declared<ZipFile<'zip, Cursor<&'a [u8]>>>>;

/// Bytes that are just as many as the zip's directory says. Read to their very end, because only there the zip compares its checksum.
pub(super) struct Declared<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Declared<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let is_end = read == 0 && !buffer.is_empty();
        match self.left.checked_sub(read as u64) {
            Some(left) if !is_end || left == 0 => self.left = left,
            _ => {
                return Err(io::Error::other(
                    "a part is not as long as the package says",
                ));
            }
        }
        Ok(read)
    }
}

impl From<ZipError> for ThreemfError {
    fn from(error: ZipError) -> Self {
        Self::Zip(error.to_string().chars().take(200).collect())
    }
}

impl<'a> Container<'a> {
    pub(super) fn open(bytes: &'a [u8], limits: &PackageLimits) -> Result<Self, ThreemfError> {
        if bytes.len() > limits.mesh.max_bytes {
            return Err(ThreemfError::Limit("the file is too large"));
        }
        let mut archive = ZipArchive::new(Cursor::new(bytes))?;
        if archive.len() > limits.max_entries {
            return Err(ThreemfError::Limit("too many files in the zip"));
        }
        let names = archive.file_names_raw().map(<[u8]>::to_ascii_lowercase);
        let by_name: BTreeMap<Vec<u8>, usize> = names.zip(0..).collect();
        if archive.has_duplicate_names() || by_name.len() < archive.len() {
            return Err(ThreemfError::Package("two parts have the same name"));
        }
        if archive.has_overlapping_files()? {
            return Err(ThreemfError::Package("parts of the zip overlap"));
        }
        Ok(Self {
            archive,
            by_name,
            limits: *limits,
            bytes_left: limits.max_xml_bytes,
        })
    }

    fn index(&self, part: &str) -> Option<usize> {
        let name = part.strip_prefix('/').unwrap_or(part);
        self.by_name
            .get(&name.to_ascii_lowercase().into_bytes())
            .copied()
    }

    pub(super) fn has(&self, part: &str) -> bool {
        self.index(part).is_some()
    }

    /// The XML of a part, read as it comes.
    pub(super) fn xml(&mut self, part: &str) -> Result<Xml<PartReader<'_, 'a>>, ThreemfError> {
        let index = self
            .index(part)
            .ok_or(ThreemfError::Package("a part that it names is missing"))?;
        let entry = self.archive.by_index(index)?;
        if entry.encrypted() || !entry.is_file() {
            return Err(ThreemfError::Package("a part is encrypted, or no file"));
        }
        let size = entry.size();
        if size > self.bytes_left {
            return Err(ThreemfError::Limit("its models are too large"));
        }
        let most = entry
            .compressed_size()
            .saturating_mul(self.limits.max_ratio);
        if size > most.max(SMALL_BYTES) {
            return Err(ThreemfError::Limit("a part is compressed beyond belief"));
        }
        self.bytes_left -= size;
        let declared = Declared {
            inner: entry,
            left: size,
        };
        Ok(Xml::new(BufReader::new(declared), self.limits.max_depth))
    }
}
