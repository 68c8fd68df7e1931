//! Who signed what, with which key.
//!
//! Owns the list of signatures. Must never verify one: that is done before.

use super::super::Sources;
use crate::web::words;
use threadmark_protocol::body::Body;
use threadmark_protocol::bundle::part::Entry;
use threadmark_protocol::key::KeyId;
use threadmark_protocol::statement::{Envelope, StatementId};
use threadmark_protocol::world::{Data, World, key_subject};

/// One statement of the bundle.
pub struct Signature {
    /// Its place in the log.
    pub index: u64,
    /// Its kind.
    pub kind: &'static str,
    /// When it happened, Unix seconds.
    pub at: i64,
    /// The organisation.
    pub org: String,
    /// The credential.
    pub actor: String,
    /// Roles that the key was given, in words.
    pub roles: String,
    /// Where the key lives.
    pub level: &'static str,
    /// Thumbprint of the key (RFC 9679).
    pub kid: KeyId,
    /// Its id.
    pub statement: StatementId,
}

/// Of every statement of the bundle, in the order of the log.
pub fn of(sources: &Sources) -> Vec<Signature> {
    let entries = sources.bundle.entries.iter();
    let signed = entries.filter_map(|entry| one(entry, &sources.verified.world));
    signed.collect()
}

/// `None` for what is no statement, which a verified bundle does not have.
fn one(entry: &Entry, world: &World) -> Option<Signature> {
    let envelope = Envelope::parse(&entry.submission.envelope).ok()?;
    let body = Body::parse(&entry.submission.body).ok()?;
    let level = world.key(&envelope.kid).map(|(card, _)| card.level);
    Some(Signature {
        index: entry.index,
        kind: body.core.kind(),
        at: body.occurred_at.unix(),
        org: envelope.iss.to_string(),
        actor: body.actor.to_string(),
        roles: roles(world, &envelope.kid),
        level: words::key(level),
        statement: envelope.id(),
        kid: envelope.kid,
    })
}

fn roles(world: &World, kid: &KeyId) -> String {
    let Some(Data::Key { roles, .. }) = world.get(&key_subject(kid)) else {
        return String::new();
    };
    let names = roles.keys().map(words::role);
    names.collect::<Vec<_>>().join(", ")
}
