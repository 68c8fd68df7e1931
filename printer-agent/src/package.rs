//! Design files on their way: age ciphertexts, and the digests by which a design names them.
//!
//! Owns sealing and opening (age, X25519) with limits. The service never holds what comes out of [`open`]; here it is in
//! memory only, and cleared when it is dropped. Must never know licences.

use age::secrecy::ExposeSecret;
use std::io::{Read, Write};
use threadmark_protocol::digest::{Artifact, FileDigest};
use zeroize::Zeroizing;

/// Largest plaintext of a design's file: 1 GiB, the largest whose chunk list stands in a body.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

/// Why a file cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// No age X25519 recipient.
    #[error("{0:?} is not an age X25519 recipient")]
    Recipient(String),
    /// No age X25519 identity. Deliberately without the text.
    #[error("not an age X25519 identity")]
    Identity,
    /// Damaged, or not for this key.
    #[error("the file cannot be decrypted: {0}")]
    Decrypt(String),
    /// Cannot be sealed.
    #[error("the file cannot be encrypted: {0}")]
    Encrypt(String),
    /// Larger than the limit.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// The ciphertext is another than was published.
    #[error("the sealed file {0} has other bytes than the design names")]
    OtherSealed(String),
    /// The ciphertext opened, and what came out is another file than was published.
    #[error("the file in {0} has other bytes than the design names")]
    OtherPlain(String),
}

/// Reads a recipient as key cards carry it.
pub fn recipient(text: &str) -> Result<age::x25519::Recipient, PackageError> {
    text.parse()
        .map_err(|_| PackageError::Recipient(text.to_owned()))
}

/// Encrypts to every one of `recipients`.
pub fn seal(plain: &[u8], recipients: &[age::x25519::Recipient]) -> Result<Vec<u8>, PackageError> {
    let failed = |error: &dyn std::fmt::Display| PackageError::Encrypt(error.to_string());
    let all = recipients.iter().map(|each| each as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(all).map_err(|error| failed(&error))?;
    let mut sealed = Vec::with_capacity(plain.len() + 1024);
    let write = |to: &mut Vec<u8>| -> std::io::Result<()> {
        let mut writer = encryptor.wrap_output(to)?;
        writer.write_all(plain)?;
        writer.finish()?;
        Ok(())
    };
    write(&mut sealed).map_err(|error| failed(&error))?;
    Ok(sealed)
}

/// Decrypts with `identity`, at most `max_bytes` of plaintext. Nothing is given out before all of it is authentic.
pub fn open(
    sealed: &[u8],
    identity: &age::x25519::Identity,
    max_bytes: u64,
) -> Result<Zeroizing<Vec<u8>>, PackageError> {
    let failed = |error: &dyn std::fmt::Display| PackageError::Decrypt(error.to_string());
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(|error| failed(&error))?;
    let identities = std::iter::once(identity as &dyn age::Identity);
    let reader = decryptor
        .decrypt(identities)
        .map_err(|error| failed(&error))?;
    // Plaintext is shorter than its ciphertext: with this room the vector never moves and leaves a copy behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len() + 1));
    reader
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut plain)
        .map_err(|error| failed(&error))?;
    if plain.len() as u64 > max_bytes {
        return Err(PackageError::TooLarge(max_bytes));
    }
    Ok(plain)
}

/// Seals a design's file, with the digests that the design names it by.
pub fn seal_file(
    plain: &[u8],
    recipients: &[age::x25519::Recipient],
) -> Result<(Artifact, Vec<u8>), PackageError> {
    if plain.len() as u64 > FILE_BYTES_MAX {
        return Err(PackageError::TooLarge(FILE_BYTES_MAX));
    }
    let sealed = seal(plain, recipients)?;
    let artifact = Artifact {
        plain: FileDigest::of(plain),
        sealed: FileDigest::of(&sealed),
    };
    Ok((artifact, sealed))
}

/// Opens a design's file and compares ciphertext and plaintext with what the design names. `name` is for the message.
pub fn open_file(
    name: &str,
    artifact: &Artifact,
    sealed: &[u8],
    identity: &age::x25519::Identity,
) -> Result<Zeroizing<Vec<u8>>, PackageError> {
    if !artifact.sealed.matches(sealed) || FileDigest::of(sealed).sha3 != artifact.sealed.sha3 {
        return Err(PackageError::OtherSealed(name.to_owned()));
    }
    let plain = open(sealed, identity, FILE_BYTES_MAX)?;
    if !artifact.plain.matches(&plain) || FileDigest::of(&plain).sha3 != artifact.plain.sha3 {
        return Err(PackageError::OtherPlain(name.to_owned()));
    }
    Ok(plain)
}

/// The key that a design's files are sealed to; a licence carries it, sealed to the machine.
#[derive(Clone)]
pub struct DesignKey {
    identity: age::x25519::Identity,
}

impl DesignKey {
    /// A new key, from age's own random source.
    pub fn generate() -> DesignKey {
        DesignKey {
            identity: age::x25519::Identity::generate(),
        }
    }

    /// Reads [`DesignKey::to_text`].
    pub fn parse(text: &str) -> Result<DesignKey, PackageError> {
        let identity = text.trim().parse().map_err(|_| PackageError::Identity)?;
        Ok(DesignKey { identity })
    }

    /// The secret, for its owner's file.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.identity.to_string().expose_secret().to_owned())
    }

    /// What files are sealed to.
    pub fn recipient(&self) -> age::x25519::Recipient {
        self.identity.to_public()
    }

    /// What opens them.
    pub fn identity(&self) -> &age::x25519::Identity {
        &self.identity
    }
}

impl std::fmt::Debug for DesignKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "DesignKey({})", self.recipient())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_recipient_opens_and_only_the_whole() {
        let key = DesignKey::generate();
        let (artifact, sealed) = seal_file(b"geometry", &[key.recipient()]).unwrap();
        let opened = open_file("a", &artifact, &sealed, key.identity()).unwrap();
        assert_eq!(&opened[..], b"geometry");
        let other = DesignKey::generate();
        let stranger = open_file("a", &artifact, &sealed, other.identity());
        assert!(matches!(stranger, Err(PackageError::Decrypt(_))));
        for bit in [0, sealed.len() * 4, sealed.len() * 8 - 1] {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let found = open_file("a", &artifact, &changed, key.identity());
            assert!(matches!(found, Err(PackageError::OtherSealed(_))));
            assert!(open(&changed, key.identity(), 100).is_err());
        }
        assert!(open(&sealed[..sealed.len() - 1], key.identity(), 100).is_err());
        let short = open(&sealed, key.identity(), 7);
        assert!(matches!(short, Err(PackageError::TooLarge(7))));
    }

    #[test]
    fn a_sealed_file_with_another_content_is_told_from_a_damaged_one() {
        let key = DesignKey::generate();
        let (mut artifact, sealed) = seal_file(b"geometry", &[key.recipient()]).unwrap();
        artifact.plain = FileDigest::of(b"geometrx");
        let found = open_file("a", &artifact, &sealed, key.identity());
        assert!(matches!(found, Err(PackageError::OtherPlain(_))));
    }

    #[test]
    fn a_design_key_survives_its_text_and_shows_no_secret() {
        let key = DesignKey::generate();
        let again = DesignKey::parse(&key.to_text()).unwrap();
        assert_eq!(again.recipient().to_string(), key.recipient().to_string());
        assert!(!format!("{key:?}").contains("SECRET"));
        assert!(matches!(DesignKey::parse("x"), Err(PackageError::Identity)));
    }
}
