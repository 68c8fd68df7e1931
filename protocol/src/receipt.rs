//! Receipts (RFC 9942, profile RFC9162_SHA256): the log's signature on a root, with the path to a leaf.
//!
//! Owns the COSE form, strictly deterministic, and its verification. Must never know what the entry
//! says, nor which keys a log has had.

use crate::{
    cbor::{self, CborError, Reader},
    digest::Digest,
    key::{self, KeyId, PublicKey, Signer},
    tree::{self, ProofError},
};
use minicbor::data::Tag;

/// Longest path: the depth of a tree of 2⁶³ leaves and more than any log will have.
const PATH_MAX: usize = 63;

/// Header labels and their values (RFC 9052, RFC 9597, RFC 9942).
mod label {
    pub const ALG: u64 = 1;
    pub const KID: u64 = 4;
    pub const CLAIMS: u64 = 15;
    /// The kind of verifiable data structure; 1 is RFC9162_SHA256.
    pub const VDS: u64 = 395;
    /// The proofs.
    pub const VDP: u64 = 396;
    pub const INCLUSION: i64 = -1;
    /// EdDSA, deprecated and understood by all; and its fully specified successor Ed25519.
    pub const ALGORITHMS: [i64; 2] = [-8, -19];
    pub const COSE_SIGN1: u64 = 18;
    pub const ISS: u64 = 1;
    pub const SUB: u64 = 2;
    pub const IAT: u64 = 6;
}

/// What the log says beside the root (RFC 9597 claims, signed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The log.
    pub iss: String,
    /// The subject of the statement.
    pub sub: String,
    /// When the log signed, in seconds since 1970.
    pub iat: Option<i64>,
}

/// Where the leaf stands: the part of a receipt that is not signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// Leaves of the tree.
    pub tree_size: u64,
    /// Place of the leaf.
    pub leaf_index: u64,
    /// Hashes from the leaf's sibling upward; at least one, so a tree of one leaf has no receipt.
    pub path: Vec<Digest>,
}

/// A receipt that is read and not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The RFC 9679 thumbprint of the key that signed.
    pub kid: KeyId,
    /// What it says.
    pub claims: Claims,
    /// Where the leaf stands.
    pub inclusion: Inclusion,
    protected: Vec<u8>,
    signature: [u8; 64],
}

/// What a verified receipt says.
///
/// The signature covers `root` and `claims`. `size` and `index` are what the path was walked with;
/// RFC 9942 leaves them unsigned, and another pair may lead to the same root. They are proven once a
/// checkpoint of this `size` has this `root`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The root that the log signed and the entry is under.
    pub root: Digest,
    /// Leaves of the tree, as the receipt says.
    pub size: u64,
    /// Place of the entry, as the receipt says.
    pub index: u64,
    /// What the log signed beside the root.
    pub claims: Claims,
}

/// Why a receipt is refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReceiptError {
    /// The form is broken.
    #[error("not a receipt: {0}")]
    Malformed(#[from] CborError),
    /// The form is right, and a header says what this reader does not know.
    #[error("a receipt of another profile: {0}")]
    Profile(&'static str),
    /// It names another key; the log may have had that key at another time.
    #[error("the receipt is by the key {0}")]
    OtherKey(KeyId),
    /// The path cannot be of that place in a tree of that size.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The signature is not over the root that the entry leads to: other entry, or forged.
    #[error("the log has not signed a root over this entry")]
    Signature,
}

/// The receipt over `root` for the leaf at `inclusion`.
pub fn issue(signer: &Signer, claims: &Claims, inclusion: &Inclusion, root: &Digest) -> Vec<u8> {
    let protected = protected(&signer.key_id(), claims);
    let signature = signer.sign(&to_be_signed(&protected, root));
    let proof = cbor::write(|out| {
        out.array(3)?
            .u64(inclusion.tree_size)?
            .u64(inclusion.leaf_index)?;
        out.array(inclusion.path.len() as u64)?;
        inclusion
            .path
            .iter()
            .try_for_each(|hash| out.bytes(&hash.0)?.ok())
    });
    cbor::write(|out| {
        out.tag(Tag::new(label::COSE_SIGN1))?
            .array(4)?
            .bytes(&protected)?;
        out.map(1)?
            .u64(label::VDP)?
            .map(1)?
            .i64(label::INCLUSION)?
            .array(1)?
            .bytes(&proof)?;
        out.null()?.bytes(&signature)?.ok()
    })
}

fn protected(kid: &KeyId, claims: &Claims) -> Vec<u8> {
    cbor::write(|out| {
        out.map(4)?.u64(label::ALG)?.i64(label::ALGORITHMS[0])?;
        out.u64(label::KID)?.bytes(&kid.0)?;
        out.u64(label::CLAIMS)?
            .map(if claims.iat.is_some() { 3 } else { 2 })?;
        out.u64(label::ISS)?
            .str(&claims.iss)?
            .u64(label::SUB)?
            .str(&claims.sub)?;
        if let Some(iat) = claims.iat {
            out.u64(label::IAT)?.i64(iat)?;
        }
        out.u64(label::VDS)?.u64(1)?.ok()
    })
}

/// The Sig_structure (RFC 9052 §4.4) with the root as the detached payload.
fn to_be_signed(protected: &[u8], root: &Digest) -> Vec<u8> {
    cbor::write(|out| {
        out.array(4)?
            .str("Signature1")?
            .bytes(protected)?
            .bytes(&[])?
            .bytes(&root.0)?
            .ok()
    })
}

impl Receipt {
    /// Reads a receipt in the one form that [`issue`] writes; of the algorithm, -19 is read as well.
    pub fn parse(bytes: &[u8]) -> Result<Receipt, ReceiptError> {
        let mut input = Reader::new(bytes);
        if input.tag()? != label::COSE_SIGN1 {
            return Err(ReceiptError::Profile("the tag is not COSE_Sign1"));
        }
        want(input.array_len()? == 4, "COSE_Sign1 has four parts")?;
        let protected = input.bytes()?;
        let (kid, claims) = read_protected(protected)?;
        want(
            input.map_len()? == 1 && input.uint()? == label::VDP,
            "one unprotected header, 396",
        )?;
        want(
            input.map_len()? == 1 && input.int()? == label::INCLUSION,
            "inclusion proofs alone",
        )?;
        want(input.array_len()? == 1, "one proof")?;
        let inclusion = read_inclusion(input.bytes()?)?;
        input.null()?;
        let signature = input.array()?;
        input.finish()?;
        Ok(Receipt {
            kid,
            claims,
            inclusion,
            protected: protected.to_vec(),
            signature,
        })
    }

    /// Verifies that the log with the key `log` signed a root over `entry`, the bytes of the leaf.
    pub fn verify(&self, entry: &[u8], log: &PublicKey) -> Result<Verified, ReceiptError> {
        if self.kid != key::key_id(log) {
            return Err(ReceiptError::OtherKey(self.kid));
        }
        let Inclusion {
            tree_size: size,
            leaf_index: index,
            path,
        } = &self.inclusion;
        let root = tree::root_from_inclusion(tree::leaf_hash(entry), *index, *size, path)?;
        if !key::verify(log, &to_be_signed(&self.protected, &root), &self.signature) {
            return Err(ReceiptError::Signature);
        }
        Ok(Verified {
            root,
            size: *size,
            index: *index,
            claims: self.claims.clone(),
        })
    }
}

fn want(is_so: bool, what: &'static str) -> Result<(), ReceiptError> {
    if is_so {
        Ok(())
    } else {
        Err(ReceiptError::Profile(what))
    }
}

fn read_protected(bytes: &[u8]) -> Result<(KeyId, Claims), ReceiptError> {
    let mut input = Reader::new(bytes);
    want(
        input.map_len()? == 4 && input.uint()? == label::ALG,
        "four protected headers",
    )?;
    want(
        label::ALGORITHMS.contains(&input.int()?),
        "the algorithm is Ed25519",
    )?;
    want(input.uint()? == label::KID, "the key is named")?;
    let kid = Digest(input.array()?);
    want(input.uint()? == label::CLAIMS, "claims are present")?;
    let claims = read_claims(&mut input)?;
    want(
        input.uint()? == label::VDS && input.uint()? == 1,
        "the tree is RFC9162_SHA256",
    )?;
    input.finish()?;
    Ok((kid, claims))
}

fn read_claims(input: &mut Reader<'_>) -> Result<Claims, ReceiptError> {
    let count = input.map_len()?;
    want(
        matches!(count, 2 | 3) && input.uint()? == label::ISS,
        "claims iss, sub and iat",
    )?;
    let iss = input.text()?.to_owned();
    want(input.uint()? == label::SUB, "claims iss, sub and iat")?;
    let sub = input.text()?.to_owned();
    let iat = if count == 3 {
        want(input.uint()? == label::IAT, "claims iss, sub and iat")?;
        Some(input.int()?)
    } else {
        None
    };
    Ok(Claims { iss, sub, iat })
}

fn read_inclusion(bytes: &[u8]) -> Result<Inclusion, ReceiptError> {
    let mut input = Reader::new(bytes);
    want(input.array_len()? == 3, "a proof has three parts")?;
    let (tree_size, leaf_index) = (input.uint()?, input.uint()?);
    let count = input.array_len()?;
    want((1..=PATH_MAX).contains(&count), "a path of 1 to 63 hashes")?;
    let path = (0..count)
        .map(|_| Ok(Digest(input.array()?)))
        .collect::<Result<_, CborError>>()?;
    input.finish()?;
    Ok(Inclusion {
        tree_size,
        leaf_index,
        path,
    })
}

#[cfg(test)]
mod tests;
