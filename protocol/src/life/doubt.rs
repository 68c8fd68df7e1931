//! What became known of the keys behind a statement since it was logged.
//!
//! Owns the walk from a key to the keys that granted it what it has: a thief with an administrator's key makes keys and grants
//! roles, and these are worth no more than what he signs himself. Must never know what a statement says.
//!
//! The walk only goes down in the log, so it ends, and each question is asked once. Between two decisions by votes it stays in one
//! organisation, which has [`ADMINS_MAX`](crate::world::bounds::ADMINS_MAX) administrators by another's word, each with
//! a grant, an enrolment and [`LINE_MAX`](crate::world::bounds::LINE_MAX) rotations; at a statement under rules version 1,
//! which knew no such bounds, it ends. Questions wait on the heap: no history is too long for the stack.

use crate::body::governance::{Policy, Role};
use crate::code::Code;
use crate::lifecycle::VOTES;
use crate::statement::StatementId;
use crate::text::{OrgId, SubjectId};
use crate::world::bounds::FORKS_MAX;
use crate::world::{
    Ballot, Data, Decided, Decision, Event, Report, RoleHeld, Source, Vote, World, key_subject,
};
use std::collections::{BTreeMap, BTreeSet};

/// What speaks against a statement's key, each with the log index from which on that could be seen: that the key exists
/// twice, or that it, or one that it has its rights from, was in wrong hands.
pub(crate) fn doubts(world: &World, source: &Source) -> Vec<(Code, u64)> {
    Doubts::new(world).of(source)
}

/// [`doubts`] of many statements: what they have in common is asked once.
pub(crate) struct Doubts<'a> {
    world: &'a World,
    logged: Walk<'a>,
}

impl<'a> Doubts<'a> {
    pub(crate) fn new(world: &'a World) -> Doubts<'a> {
        let logged = Walk::new(world);
        Doubts { world, logged }
    }

    pub(crate) fn of(&mut self, source: &'a Source) -> Vec<(Code, u64)> {
        let Some(Data::Key { forks, .. }) = self.world.get(&key_subject(&source.kid)) else {
            return Vec::new();
        };
        let forked = forks.iter().find(|(seq, _)| *seq == source.seq);
        // A key that did it too often to be remembered is doubted in everything.
        let often = forks.len() >= FORKS_MAX;
        let often = forks.iter().map(|(_, since)| since).filter(|_| often);
        let forked = forked.map(|(_, since)| since).or(often.max());
        let forked = forked.map(|since| (Code::KeyForked, *since));
        let asked = Asked::signed(source, Rights::All);
        let compromised = match source.index {
            Some(_) => self.logged.ask(asked),
            // It may rest on what rests on it: such a walk tells about its beginning only.
            None => Walk::new(self.world).ask(asked),
        };
        let compromised = compromised.map(|since| (Code::KeyCompromised, since));
        forked.into_iter().chain(compromised).collect()
    }
}

/// For each report, the organisations other than its author's that vouch for it.
pub(super) fn vouchers(facts: &[Report<Event>]) -> BTreeMap<StatementId, BTreeSet<&OrgId>> {
    let author: BTreeMap<_, _> = facts
        .iter()
        .map(|fact| (fact.source.statement, &fact.source.org))
        .collect();
    let mut vouchers: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for fact in facts {
        if let Event::Vouched { report, .. } = &fact.says
            && author.get(report) != Some(&&fact.source.org)
        {
            vouchers
                .entry(*report)
                .or_default()
                .insert(&fact.source.org);
        }
    }
    vouchers
}

/// Whether a key is enrolled by wrong hands.
pub(crate) fn is_planted(world: &World, key: &Data) -> bool {
    let mut walk = Walk::new(world);
    let enrolment = walk.enrolment(key);
    enrolment.is_some_and(|enrolment| walk.ask(enrolment).is_some())
}

/// Whether a role was granted or accredited by wrong hands.
pub(crate) fn is_usurped(world: &World, held: &RoleHeld) -> bool {
    let mut walk = Walk::new(world);
    let grants: Vec<_> = walk.grants(held).map(|(_, grant)| grant).collect();
    grants.into_iter().any(|grant| walk.ask(grant).is_some())
}

/// Of the roles of a key, those on which a statement rests.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rights {
    /// Any of them: what it says is not known here.
    All,
    /// One.
    Only(Role),
    /// None: it is about the key itself.
    KeyAlone,
}

/// What may be doubted.
#[derive(Clone, Copy)]
enum Asked<'a> {
    /// A statement, by what its key had up to a log index.
    Signed {
        source: &'a Source,
        rights: Rights,
        until: u64,
    },
    /// What the governors decided.
    Decided(&'a Ballot),
}

/// A question, to tell it from others.
type Id = (StatementId, Option<(Rights, u64)>);

impl<'a> Asked<'a> {
    fn signed(source: &'a Source, rights: Rights) -> Asked<'a> {
        let until = source.since();
        Asked::Signed {
            source,
            rights,
            until,
        }
    }

    fn id(&self) -> Id {
        match self {
            Asked::Signed {
                source,
                rights,
                until,
            } => (source.statement, Some((*rights, *until))),
            Asked::Decided(ballot) => (ballot.source.statement, None),
        }
    }
}

/// From which log index on something could be doubted, or what must be asked before that can be told.
type Told<'a> = Result<Option<u64>, Asked<'a>>;

struct Walk<'a> {
    world: &'a World,
    policies: &'a [Decided<Policy>],
    /// What was found, and nothing yet of what is being asked: two statements that are not logged may rest on each other.
    known: BTreeMap<Id, Option<u64>>,
}

impl<'a> Walk<'a> {
    fn new(world: &'a World) -> Walk<'a> {
        Walk {
            world,
            policies: world.policies(),
            known: BTreeMap::new(),
        }
    }

    fn ask(&mut self, root: Asked<'a>) -> Option<u64> {
        if let Some(found) = self.known.get(&root.id()) {
            return *found;
        }
        let mut open = vec![root];
        self.known.insert(root.id(), None);
        while let Some(asked) = open.last() {
            match self.tell(*asked) {
                Ok(found) => {
                    self.known.insert(asked.id(), found);
                    open.pop();
                }
                Err(first) => {
                    self.known.insert(first.id(), None);
                    open.push(first);
                }
            }
        }
        self.known.get(&root.id()).copied().flatten()
    }

    fn tell(&self, asked: Asked<'a>) -> Told<'a> {
        match asked {
            Asked::Signed {
                source,
                rights,
                until,
            } => self.statement(source, rights, until),
            Asked::Decided(ballot) => self.decision(ballot),
        }
    }

    fn known(&self, asked: Asked<'a>) -> Told<'a> {
        self.known.get(&asked.id()).copied().ok_or(asked)
    }

    fn statement(&self, source: &Source, rights: Rights, until: u64) -> Told<'a> {
        let Some(key) = self.world.get(&key_subject(&source.kid)) else {
            return Ok(None);
        };
        let Data::Key { revoked, roles, .. } = key else {
            return Ok(None);
        };
        // Log time, not the author's: a thief can write any time into a statement.
        let put_in = source.logged_at.unwrap_or(i64::MAX);
        let own = revoked.iter().find(|end| {
            let since = end.compromised_since;
            since.is_some_and(|since| put_in >= since)
        });
        let own = own.map(|end| end.source.since());
        // Before there were votes only the key itself was asked.
        let policy = Decided::in_force(self.policies, source.place());
        if policy.is_some_and(|policy| policy.says.rules_version < VOTES) {
            return Ok(own);
        }
        let mut found = own;
        if let Some(enrolment) = self.enrolment(key) {
            found = found.into_iter().chain(self.known(enrolment)?).min();
        }
        for (role, held) in roles {
            let counts = match rights {
                Rights::All => true,
                Rights::Only(only) => only == *role,
                Rights::KeyAlone => false,
            };
            let grants = self.grants(held);
            let used = grants.filter(|(granted, _)| counts && *granted <= until);
            for (_, grant) in used {
                // From the revocation on a role that a thief granted counts no more, so nothing was signed with it.
                let since = self.known(grant)?;
                let since = since.filter(|since| source.since() < *since);
                found = found.into_iter().chain(since).min();
            }
        }
        Ok(found)
    }

    /// Who enrolled a key: an administrator, the key before it, or a vote.
    fn enrolment(&self, key: &'a Data) -> Option<Asked<'a>> {
        let Data::Key {
            source,
            proposal,
            line,
            ..
        } = key
        else {
            return None;
        };
        let rights = match line {
            0 => Rights::Only(Role::Admin),
            _ => Rights::KeyAlone,
        };
        Some(self.by_votes(proposal.as_ref(), source, rights))
    }

    /// Who gave a key a role, each with the log index.
    fn grants(&self, held: &'a RoleHeld) -> impl Iterator<Item = (u64, Asked<'a>)> + use<'a> {
        let RoleHeld {
            granted,
            accredited,
            proposal,
        } = held;
        let admin = Rights::Only(Role::Admin);
        let granted = (
            granted.since(),
            self.by_votes(proposal.as_ref(), granted, admin),
        );
        let accredited = accredited.iter().map(|source| {
            let certifier = Rights::Only(Role::Certifier);
            (source.since(), Asked::signed(source, certifier))
        });
        std::iter::once(granted).chain(accredited)
    }

    fn by_votes(
        &self,
        proposal: Option<&SubjectId>,
        source: &'a Source,
        rights: Rights,
    ) -> Asked<'a> {
        match proposal.and_then(|id| self.world.get(id)) {
            Some(Data::Proposal(ballot)) => Asked::Decided(ballot),
            _ => Asked::signed(source, rights),
        }
    }

    /// A decision stands as long as enough votes for it are by keys that nobody doubts. Each vote is asked for itself, until
    /// there are enough.
    fn decision(&self, ballot: &'a Ballot) -> Told<'a> {
        let Some(decided) = &ballot.decided else {
            return Ok(None);
        };
        let (mut stand, mut doubted) = (0, Vec::new());
        for vote in ballot.votes.values() {
            let Some(vote) = self.vote(decided, vote) else {
                continue;
            };
            match self.known(vote)? {
                None => stand += 1,
                Some(since) => doubted.push(since),
            }
            if stand >= decided.needed() {
                return Ok(None);
            }
        }
        doubted.sort_unstable();
        let spare = (stand + doubted.len()).saturating_sub(decided.needed());
        Ok(doubted.get(spare).copied())
    }

    /// A vote for what was decided, by one who governed when it was. A vote that came later supports the decision only by a key
    /// that administrated before it: else those whom a thief let in would vote for their own admission.
    fn vote(&self, decided: &Decision, vote: &'a Vote) -> Option<Asked<'a>> {
        let source = &vote.source;
        if !vote.in_favour || !decided.governors.contains(&source.org) {
            return None;
        }
        let place = decided.by.since();
        let until = source.since().min(place);
        if source.since() > place {
            let Some(Data::Key { roles, source, .. }) = self.world.get(&key_subject(&source.kid))
            else {
                return None;
            };
            let held = roles.get(&Role::Admin)?;
            if source.since() >= place || held.granted.since() >= place {
                return None;
            }
        }
        Some(Asked::Signed {
            source,
            rights: Rights::Only(Role::Admin),
            until,
        })
    }
}

#[cfg(test)]
mod tests;
