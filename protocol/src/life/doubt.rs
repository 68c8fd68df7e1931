//! What became known of the keys behind a statement since it was logged.
//!
//! Owns the walk from a key to the keys that granted it what it has: a thief with an administrator's key makes keys and grants
//! roles, and these are worth no more than what he signs himself. Must never know what a statement says.

use crate::code::Code;
use crate::statement::StatementId;
use crate::world::bounds::FORKS_MAX;
use crate::world::{Ballot, Data, RoleHeld, Source, World, key_subject};
use std::collections::BTreeMap;

/// Longest walk; the rules keep it far shorter, but for logs under rules version 1.
const GRANTS_MAX: usize = 1_000;

/// What speaks against a statement's key, each with the log index from which on that could be seen: that the key exists
/// twice, or that it, or one that it has its rights from, was in wrong hands.
pub(crate) fn doubts(world: &World, source: &Source) -> Vec<(Code, u64)> {
    let Some(Data::Key { forks, .. }) = world.get(&key_subject(&source.kid)) else {
        return Vec::new();
    };
    let forked = forks.iter().find(|(seq, _)| *seq == source.seq);
    // A key that did it too often to be remembered is doubted in everything.
    let often = forks.len() >= FORKS_MAX;
    let often = forks.iter().map(|(_, since)| since).filter(|_| often);
    let forked = forked.map(|(_, since)| since).or(often.max());
    let forked = forked.map(|since| (Code::KeyForked, *since));
    let compromised = compromised(world, source).map(|since| (Code::KeyCompromised, since));
    forked.into_iter().chain(compromised).collect()
}

/// Whether a statement was put in by wrong hands, and the log index from which on that could be seen.
fn compromised(world: &World, source: &Source) -> Option<u64> {
    Walk::new(world).statement(source)
}

/// Whether a key is enrolled by wrong hands.
pub(crate) fn is_planted(world: &World, key: &Data) -> bool {
    Walk::new(world).enrolment(key).is_some()
}

/// Whether a role was granted or accredited by wrong hands.
pub(crate) fn is_usurped(world: &World, held: &RoleHeld) -> bool {
    let mut walk = Walk::new(world);
    grants(held).any(|grant| walk.statement(grant).is_some())
}

fn grants(held: &RoleHeld) -> impl Iterator<Item = &Source> {
    std::iter::once(&held.granted).chain(&held.accredited)
}

/// A walk upward; each statement is asked once.
struct Walk<'a> {
    world: &'a World,
    asked: BTreeMap<StatementId, Option<u64>>,
}

impl<'a> Walk<'a> {
    fn new(world: &'a World) -> Walk<'a> {
        Walk {
            world,
            asked: BTreeMap::new(),
        }
    }

    fn statement(&mut self, source: &Source) -> Option<u64> {
        if let Some(known) = self.asked.get(&source.statement) {
            return *known;
        }
        if self.asked.len() >= GRANTS_MAX {
            return Some(source.since());
        }
        self.asked.insert(source.statement, None);
        let key = self.world.get(&key_subject(&source.kid));
        let found = key.and_then(|key| self.by(key, source));
        self.asked.insert(source.statement, found);
        found
    }

    /// What speaks against a statement by this key.
    fn by(&mut self, key: &Data, source: &Source) -> Option<u64> {
        let Data::Key { revoked, roles, .. } = key else {
            return None;
        };
        // Log time, not the author's: a thief can write any time into a statement.
        let put_in = source.logged_at.unwrap_or(i64::MAX);
        let own = revoked.iter().find(|end| {
            let since = end.compromised_since;
            since.is_some_and(|since| put_in >= since)
        });
        let own = own.map(|end| end.source.since());
        let enrolment = self.enrolment(key);
        // From the revocation on a role that a thief granted counts no more, so nothing was signed with it.
        let at = source.since();
        let used = roles.values().flat_map(grants);
        let used = used.filter(|grant| grant.since() <= at);
        let by_role = used.filter_map(|grant| self.statement(grant));
        let by_role: Vec<_> = by_role.filter(|since| at < *since).collect();
        own.into_iter().chain(enrolment).chain(by_role).min()
    }

    /// Who enrolled a key: an administrator, the key before it, or a vote.
    fn enrolment(&mut self, key: &Data) -> Option<u64> {
        let Data::Key {
            source, proposal, ..
        } = key
        else {
            return None;
        };
        let by_vote = proposal.as_ref().and_then(|id| self.world.get(id));
        match by_vote {
            Some(Data::Proposal(ballot)) => self.decision(ballot),
            _ => self.statement(source),
        }
    }

    /// A decision stands as long as enough votes for it are by keys that nobody doubts.
    fn decision(&mut self, ballot: &Ballot) -> Option<u64> {
        let votes = ballot.votes.values().filter(|vote| vote.in_favour);
        let votes: Vec<_> = votes.collect();
        let doubted = votes.iter().map(|vote| self.statement(&vote.source));
        let mut doubted: Vec<u64> = doubted.flatten().collect();
        doubted.sort_unstable();
        let needed = ballot.decided.as_ref().map_or(0, |decided| decided.needed);
        let spare = votes.len().saturating_sub(needed);
        doubted.get(spare).copied()
    }
}
