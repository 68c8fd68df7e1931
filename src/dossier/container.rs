//! The zip around a dossier, in one form only.
//!
//! Owns how the files stand in it: stored, in the given order, without times, comments or extra fields; so equal files give
//! equal bytes, and nothing can hide between them. Everything else that a zip can be is refused before it costs anything:
//! compression, encryption, names that lead elsewhere, the same name twice, overlapping files. Spec: PKWARE APPNOTE 6.3,
//! without ZIP64. Must never know what the files are.

use super::DOSSIER_BYTES_MAX;
use super::files::File;
use std::collections::BTreeSet;
use std::io::{Cursor, Read as _, Write as _};
use threadmark_protocol::text::shown;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

/// Most files: what a zip without ZIP64 can hold.
pub const FILES_MAX: usize = 65_534;
/// Longest name of a file, in bytes.
const NAME_BYTES_MAX: usize = 120;
/// The record that ends a zip, without a comment.
const END_BYTES: usize = 22;
const END_MAGIC: &[u8] = b"PK\x05\x06";
const ZIP64_LOCATOR_BYTES: usize = 20;
const ZIP64_LOCATOR_MAGIC: &[u8] = b"PK\x06\x07";
/// Of one file in the list at the end, without its name.
const LISTED_BYTES: usize = 46;

/// Why a zip is refused.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// More than is read or written.
    #[error("the dossier is larger than 256 MiB, or has more than {FILES_MAX} files")]
    TooLarge,
    /// Not a zip at all, or cut off.
    #[error("this is no dossier: {0}")]
    NotAZip(String),
    /// A file in it is not as dossiers have them.
    #[error("{name}: {why}")]
    File {
        /// Its name, fit to be shown.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Two files of one name.
    #[error("two files in it have the same name")]
    Doubled,
}

impl From<ZipError> for ContainerError {
    fn from(error: ZipError) -> ContainerError {
        ContainerError::NotAZip(shown(&error.to_string()))
    }
}

/// The files as one zip.
///
/// # Errors
/// [`ContainerError::TooLarge`].
pub fn write(files: &[File]) -> Result<Vec<u8>, ContainerError> {
    // Each name stands twice in it.
    let room = |file: &File| file.bytes.len() + 2 * file.path.len() + 128;
    let bytes: usize = files.iter().map(room).sum();
    if bytes > DOSSIER_BYTES_MAX || files.len() > FILES_MAX {
        return Err(ContainerError::TooLarge);
    }
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix);
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(bytes)));
    for file in files {
        zip.start_file(file.path.as_str(), options)?;
        zip.write_all(&file.bytes).map_err(ZipError::Io)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The files of a zip in its order.
///
/// # Errors
/// [`ContainerError`]: the first thing that no dossier has.
pub fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ContainerError> {
    check_end(bytes)?;
    let mut zip = ZipArchive::new(Cursor::new(bytes))?;
    if zip.has_duplicate_names() {
        return Err(ContainerError::Doubled);
    }
    let (mut files, mut names) = (Vec::new(), BTreeSet::new());
    // Stored files that do not overlap are together no larger than the zip.
    let mut room = bytes.len() as u64;
    for at in 0..zip.len() {
        let mut entry = zip.by_index_raw(at)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let bad = |why| ContainerError::File {
            name: shown(&name),
            why,
        };
        check_name(&name).map_err(bad)?;
        if entry.encrypted() || !entry.is_file() || entry.is_symlink() {
            return Err(bad("it is encrypted, or no file"));
        }
        if entry.compression() != CompressionMethod::Stored {
            return Err(bad("it is compressed, and dossiers are not"));
        }
        let size = entry.size();
        if size != entry.compressed_size() || size > room {
            return Err(bad("it is larger than the zip has room for"));
        }
        room -= size;
        let mut content = Vec::with_capacity(size as usize);
        let read = (&mut entry).take(size + 1).read_to_end(&mut content);
        if read.map_err(ZipError::Io)? as u64 != size {
            return Err(bad("it is cut off"));
        }
        if !names.insert(name.to_ascii_lowercase()) {
            return Err(ContainerError::Doubled);
        }
        files.push((name, content));
    }
    Ok(files)
}

/// Before anything is read for it: that the list at the end is of a size that a dossier has.
fn check_end(bytes: &[u8]) -> Result<(), ContainerError> {
    if bytes.len() > DOSSIER_BYTES_MAX {
        return Err(ContainerError::TooLarge);
    }
    let none = || ContainerError::NotAZip("it does not end as a zip of this form does".to_owned());
    let (front, end) = bytes.split_last_chunk::<END_BYTES>().ok_or_else(none)?;
    if !end.starts_with(END_MAGIC) {
        return Err(none());
    }
    let locator = front.len().saturating_sub(ZIP64_LOCATOR_BYTES);
    if front[locator..].starts_with(ZIP64_LOCATOR_MAGIC) {
        return Err(none());
    }
    let count = usize::from(u16::from_le_bytes([end[10], end[11]]));
    let list = u32::from_le_bytes([end[12], end[13], end[14], end[15]]) as usize;
    if count > FILES_MAX || list > count * (LISTED_BYTES + NAME_BYTES_MAX) {
        return Err(ContainerError::TooLarge);
    }
    Ok(())
}

/// Small letters, digits and `. _ - /`, never up or from the root: a name means the same on every system.
fn check_name(name: &str) -> Result<(), &'static str> {
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte);
    let leads_elsewhere = |part: &str| part.is_empty() || part.starts_with('.');
    if name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) {
        return Err("its name has characters that dossiers do not use");
    }
    match name.split('/').any(leads_elsewhere) {
        true => Err("its name leads out of the dossier"),
        false => Ok(()),
    }
}
