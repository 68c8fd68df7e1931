//! Who signed what, with which key.
//!
//! Owns the list of signatures. Must never verify one: that is done before.

use super::super::Sources;
use crate::web::words;
use std::collections::BTreeMap;
use threadmark_protocol::body::Body;
use threadmark_protocol::bundle::part::{Entry, PartBundle};
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
    /// Log time, Unix seconds, where a list tells it.
    pub logged_at: Option<i64>,
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
    let logged_at = times(sources.bundle);
    let entries = sources.bundle.entries.iter();
    let signed = entries.filter_map(|entry| {
        let logged_at = logged_at.get(&entry.index).copied();
        one(entry, logged_at, &sources.verified.world)
    });
    signed.collect()
}

/// Log time by entry, as the lists have it.
fn times(bundle: &PartBundle) -> BTreeMap<u64, i64> {
    let links = bundle.lists.iter().flat_map(|list| &list.links);
    links.map(|link| (link.index, link.logged_at)).collect()
}

/// `None` for what is no statement, which a verified bundle does not have.
fn one(entry: &Entry, logged_at: Option<i64>, world: &World) -> Option<Signature> {
    let envelope = Envelope::parse(&entry.submission.envelope).ok()?;
    let body = Body::parse(&entry.submission.body).ok()?;
    let level = world.key(&envelope.kid).map(|(card, _)| card.level);
    Some(Signature {
        index: entry.index,
        kind: body.core.kind(),
        at: body.occurred_at.unix(),
        logged_at,
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
