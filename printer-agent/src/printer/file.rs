//! The `file` printer: a folder from which somebody carries the file to the machine.
//!
//! Owns writing the file whole or not at all, and reading it again. Must never overwrite anything.

use super::PrinterError;
use crate::home::file::sync_folder_of;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use threadmark_protocol::digest::Digest;

/// A folder.
#[derive(Debug)]
pub struct FilePrinter {
    folder: PathBuf,
}

impl FilePrinter {
    /// Hands over into `folder`, which must exist.
    pub fn new(folder: &Path) -> FilePrinter {
        FilePrinter {
            folder: folder.to_owned(),
        }
    }

    pub(super) fn prepare(&self, name: &str) -> Result<(), PrinterError> {
        let path = self.folder.join(name);
        let not_ready = |reason: String| PrinterError::NotReady {
            place: path.display().to_string(),
            reason,
        };
        if path.exists() {
            return Err(not_ready("there is a file of that name already".into()));
        }
        // Making one here shows that the folder exists and may be written; it vanishes again.
        tempfile::NamedTempFile::new_in(&self.folder)
            .map(drop)
            .map_err(|error| not_ready(error.to_string()))
    }

    pub(super) fn hand_over(
        &self,
        name: &str,
        bytes: &[u8],
    ) -> Result<(String, Digest), PrinterError> {
        let path = self.folder.join(name);
        let place = path.display().to_string();
        let found = self.write(&path, bytes).map_err(|source| {
            let place = place.clone();
            PrinterError::Failed { place, source }
        })?;
        if found != Digest::sha3(&[bytes]) {
            return Err(PrinterError::Different { place, found });
        }
        Ok((place, found))
    }

    /// A crash before the rename leaves a nameless or temporary file, after it the whole one.
    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<Digest> {
        let mut beside = tempfile::NamedTempFile::new_in(&self.folder)?;
        beside.write_all(bytes)?;
        beside.as_file().sync_all()?;
        beside
            .persist_noclobber(path)
            .map_err(|error| error.error)?;
        sync_folder_of(path)?;
        match std::fs::read(path) {
            Ok(found) => Ok(Digest::sha3(&[&found])),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(std::io::Error::other("the file vanished"))
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_once_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let printer = FilePrinter::new(folder.path());
        printer.prepare("a.stl").unwrap();
        let (place, found) = printer.hand_over("a.stl", b"solid").unwrap();
        assert_eq!(found, Digest::sha3(&[b"solid"]));
        assert_eq!(std::fs::read(&place).unwrap(), b"solid");
        assert!(matches!(
            printer.prepare("a.stl"),
            Err(PrinterError::NotReady { .. })
        ));
        assert!(matches!(
            printer.hand_over("a.stl", b"other"),
            Err(PrinterError::Failed { .. })
        ));
        assert_eq!(std::fs::read(&place).unwrap(), b"solid");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_found_out_before_anything_is_spent() {
        let printer = FilePrinter::new(Path::new("/nowhere/at/all"));
        assert!(matches!(
            printer.prepare("a.stl"),
            Err(PrinterError::NotReady { .. })
        ));
    }
}
