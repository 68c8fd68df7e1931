//! What the consortium is at a place of the log: who governs, under which policy, and what is proposed.
//!
//! Owns how decisions and votes are told, the same in the service and in the tools of members. Must never decide: what is
//! in force is asked of the states ([`crate::world`]), which votes count of the rules ([`crate::lifecycle`]).

use crate::body::governance::{Function, Policy};
use crate::body::vote::Change;
use crate::lifecycle;
use crate::text::{Line, OrgId, Paragraph, SubjectId};
use crate::world::{Ballot, Data, Decided, Place, World, needed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The policy, and who decides the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Log time as of which this is told, Unix seconds.
    pub logged_at: i64,
    /// The policy in force.
    pub policy: Policy,
    /// What is decided and comes into force later, in that order.
    pub coming: Vec<Coming>,
    /// Votes that decide: more than half of the governors.
    pub needed: usize,
    /// The organisations that vote.
    pub governors: BTreeSet<OrgId>,
}

/// A policy that is decided and not in force yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coming {
    /// The policy.
    pub policy: Policy,
    /// Log time from which on it binds, Unix seconds.
    pub from: i64,
}

/// A member that was not expelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name for people.
    pub name: Line,
    /// What it may do now; nothing before it is in force.
    pub functions: BTreeSet<Function>,
}

/// How a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// Votes are gathered.
    Open,
    /// Not enough came in time.
    Expired,
    /// Enough governors were in favour.
    Decided,
    /// It was taken back, or had no effect when it was decided.
    Cancelled,
}

/// A proposal with its votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its id.
    pub proposal: SubjectId,
    /// What is to be done.
    pub change: Change,
    /// Why.
    pub reason: Paragraph,
    /// Whose proposal it is.
    pub proposed_by: OrgId,
    /// Until when votes count, Unix seconds.
    pub expires: i64,
    /// Who is in favour.
    pub in_favour: BTreeSet<OrgId>,
    /// Who is against it.
    pub against: BTreeSet<OrgId>,
    /// How it stands.
    pub stands: Stands,
    /// Votes in favour that are still needed, while it is open.
    pub missing: usize,
    /// Log time from which on what it opens binds, Unix seconds; none while nothing waits.
    pub opens: Option<i64>,
}

impl Overview {
    /// As of a log time (Unix seconds); nothing before genesis.
    pub fn of(world: &World, logged_at: i64) -> Option<Overview> {
        let place = Place::newest(logged_at);
        let governors = world.governors(place);
        let coming = Decided::live(world.policies(), place).iter();
        let coming = coming.filter_map(|decided| {
            let from = decided.from.filter(|from| logged_at < *from)?;
            let policy = decided.says.clone();
            Some(Coming { policy, from })
        });
        Some(Overview {
            logged_at,
            policy: world.policy(place)?.clone(),
            coming: coming.collect(),
            needed: needed(&governors),
            governors,
        })
    }
}

impl Member {
    /// What a state says of a member, unless it was expelled.
    pub fn of(data: &Data, logged_at: i64) -> Option<Member> {
        let Data::Member { name, standing, .. } = data else {
            return None;
        };
        let now = Decided::in_force(standing, Place::newest(logged_at));
        let functions = match now {
            Some(decided) => decided.says.clone()?,
            None => BTreeSet::new(),
        };
        let name = name.clone();
        Some(Member { name, functions })
    }
}

impl Proposal {
    /// The proposal of this id. Its votes' keys must be at hand, with everything above them.
    pub fn of(world: &World, id: &SubjectId, logged_at: i64) -> Option<Proposal> {
        let Some(Data::Proposal(ballot)) = world.get(id) else {
            return None;
        };
        let by = |in_favour: bool| {
            let votes = ballot.votes.iter();
            let alike = votes.filter(|(_, vote)| vote.in_favour == in_favour);
            alike.map(|(org, _)| org.clone()).collect()
        };
        let governors = world.governors(Place::newest(logged_at));
        let stands = stands(ballot, logged_at);
        let have = lifecycle::votes_in_favour(world, ballot, &governors);
        let opens = ballot.decided.as_ref().and_then(|decided| decided.from);
        Some(Proposal {
            proposal: id.clone(),
            change: ballot.proposal.change.clone(),
            reason: ballot.proposal.reason.clone(),
            proposed_by: ballot.source.org.clone(),
            expires: ballot.proposal.expires.unix(),
            in_favour: by(true),
            against: by(false),
            stands,
            missing: match stands {
                Stands::Open => needed(&governors).saturating_sub(have),
                _ => 0,
            },
            opens: opens.filter(|from| stands == Stands::Decided && logged_at < *from),
        })
    }
}

fn stands(ballot: &Ballot, logged_at: i64) -> Stands {
    let is_over = ballot.proposal.expires.unix() <= logged_at;
    match (&ballot.decided, &ballot.cancelled) {
        (_, Some(_)) => Stands::Cancelled,
        (Some(_), None) => Stands::Decided,
        (None, None) if is_over => Stands::Expired,
        (None, None) => Stands::Open,
    }
}
