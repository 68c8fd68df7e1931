//! The subjects of what has no id of its own: keys, members, marks, assets, what is in an assembly.
//!
//! Owns how they are named. Must never know states.

use crate::digest::Digest;
use crate::key::KeyId;
use crate::mark::Mark;
use crate::text::{Line, OrgId, SubjectId};
use std::collections::BTreeSet;

/// The subject of a key.
pub fn key_subject(kid: &KeyId) -> SubjectId {
    SubjectId::of_digest("key", kid)
}

/// The subject of an organisation.
pub fn org_subject(org: &OrgId) -> SubjectId {
    // An OrgId may be longer than an opaque id; its digest is not.
    SubjectId::of_digest("org", &Digest::sha256(&[org.as_str().as_bytes()]))
}

/// The subject of a mark.
pub fn mark_subject(mark: &Mark) -> SubjectId {
    subject("mark", &mark.to_string())
}

/// The subject that makes a part number with its revision unique for its design authority.
pub fn claim_subject(org: &OrgId, part_number: &Line, revision: &Line) -> SubjectId {
    let parts = [org.as_str(), part_number.as_str(), revision.as_str()].map(str::as_bytes);
    let digest = Digest::sha256(&[parts[0], &[0], parts[1], &[0], parts[2]]);
    SubjectId::of_digest("claim", &digest)
}

/// The subject of an operator's asset.
pub fn asset_subject(operator: &OrgId, asset: &Line) -> SubjectId {
    let digest = Digest::sha256(&[
        operator.as_str().as_bytes(),
        &[0],
        asset.as_str().as_bytes(),
    ]);
    SubjectId::of_digest("asset", &digest)
}

/// The subject of what is in an assembly. It is not the assembly itself: who follows one part of it reads the assembly, and not
/// everything else that is in it.
pub fn contents_subject(assembly: &SubjectId) -> SubjectId {
    subject("contents", assembly.opaque())
}

/// Some parts, and what is in them: what must be read to know them whole.
pub fn with_contents<'a>(parts: impl IntoIterator<Item = &'a SubjectId>) -> BTreeSet<SubjectId> {
    let parts = parts.into_iter();
    parts
        .flat_map(|part| [part.clone(), contents_subject(part)])
        .collect()
}

/// The subject of the policy in force.
pub fn policy_subject() -> SubjectId {
    subject("policy", "main")
}

/// The subject of the log itself.
pub fn log_subject() -> SubjectId {
    subject("log", "main")
}

/// A subject that is named by a digest, a mark, another id or a constant.
pub(super) fn subject(kind: &str, opaque: &str) -> SubjectId {
    SubjectId::new(kind, opaque)
        .expect("made of hexadecimal digits, a mark, another id or a constant")
}
