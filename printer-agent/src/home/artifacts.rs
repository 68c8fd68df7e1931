//! Sealed files at hand, so that printing works without a network.
//!
//! Owns `artifacts/`. A file is named by the SHA3-256 of its bytes and verified when it is read. Must never know what
//! is inside.

use super::{Home, HomeError, error::At, file, make_private_folder};
use threadmark_protocol::digest::FileDigest;

const ARTIFACTS: &str = "artifacts";

impl Home {
    /// The sealed file, if it is at hand. Its bytes are whatever the disk holds; compare them with the digest.
    pub fn artifact(&self, digest: &FileDigest) -> Result<Option<Vec<u8>>, HomeError> {
        self.read(&format!("{ARTIFACTS}/{}", digest.sha3))
    }

    /// Keeps a sealed file.
    pub fn keep_artifact(&self, digest: &FileDigest, bytes: &[u8]) -> Result<(), HomeError> {
        let folder = self.path(ARTIFACTS);
        make_private_folder(&folder).at(&folder)?;
        let path = folder.join(digest.sha3.to_hex());
        file::replace(&path, bytes).at(&path)
    }
}
