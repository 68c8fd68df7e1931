//! Files that survive a crash.
//!
//! Owns how bytes reach the disk: appended and synced, or written beside their place and renamed. Must never
//! know what the bytes mean.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use threadmark_protocol::journal::Durable;

/// A file that only grows. Its folder was synced when it was made, so the name survives a crash too.
#[derive(Debug)]
pub struct FileJournal {
    file: File,
}

impl FileJournal {
    /// Makes an empty file; fails where one exists.
    pub fn create(path: &Path) -> std::io::Result<FileJournal> {
        let file =
            private(OpenOptions::new().read(true).append(true).create_new(true)).open(path)?;
        file.sync_all()?;
        sync_folder_of(path)?;
        Ok(FileJournal { file })
    }

    /// Opens a file that exists; one that does not is an error, never an empty journal.
    pub fn open(path: &Path) -> std::io::Result<FileJournal> {
        let file = OpenOptions::new().read(true).append(true).open(path)?;
        Ok(FileJournal { file })
    }
}

impl Durable for FileJournal {
    fn read(&mut self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let before = self.file.metadata()?.len();
        let written = self
            .file
            .write_all(bytes)
            .and_then(|()| self.file.sync_data());
        if written.is_err() {
            // A full disk: what was half written must not stand before the next record.
            let _ = self.file.set_len(before);
        }
        written
    }

    fn truncate(&mut self, length_bytes: u64) -> std::io::Result<()> {
        self.file.set_len(length_bytes)?;
        self.file.sync_all()
    }
}

/// Puts `bytes` in the place of whatever stands at `path`: a crash leaves the old file or the new one.
pub fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // tempfile makes it readable by its owner alone.
    let mut beside = tempfile::NamedTempFile::new_in(folder_of(path))?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    sync_folder_of(path)
}

/// The bytes at `path`; `None` where there is no file.
pub fn read_if_there(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes what was made or renamed in the folder of `path` survive a crash.
pub(crate) fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    // Windows cannot open a folder as a file; there the rename itself is durable.
    if cfg!(windows) {
        return Ok(());
    }
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Only the owner reads and writes what is made.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
