//! Rules of votes: who proposes, who votes, and when a proposal is decided.
//!
//! A vote counts for its organisation, once, and is never changed. A proposal is decided by the vote with which more than
//! half of the organisations that are governors at that place of the log are in favour; votes that come after it are kept
//! and decide nothing, so that the order of arrival leaves no trace but the place of the decision. With two governors or more no
//! organisation reaches that by itself, the operator of the log included, because its keys and administrators
//! count as one. Must never know what a change does: `decide`.

use super::{Changes, Context, Refusal, decide, refuse, require};
use crate::body::governance::Role;
use crate::body::vote::{Proposed, Voted};
use crate::code::Code;
use crate::life;
use crate::text::{OrgId, SubjectId};
use crate::world::{Ballot, Data, Decision, Vote, World, needed};
use std::collections::{BTreeMap, BTreeSet};

/// Longest time in which votes are gathered.
const OPEN_MAX_S: i64 = 366 * 24 * 3600;
/// Votes that a proposal keeps: there are 32 governors at a time, and who they are may change while it is open.
const VOTES_MAX: usize = 256;

pub fn proposed(context: &Context, says: &Proposed) -> Result<Changes, Refusal> {
    must_govern(context)?;
    let id = context.new_subject("proposal")?;
    let now = context.at.logged_at;
    let expires = says.expires.unix();
    require(
        now < expires && expires <= now.saturating_add(OPEN_MAX_S),
        Code::VoteClosed,
        "A proposal is open until a time in the next 366 days.",
    )?;
    // What cannot be done is not voted on.
    decide::effect(context, &id, &says.change)?;
    let ballot = Ballot {
        proposal: says.clone(),
        source: context.source.clone(),
        votes: BTreeMap::new(),
        decided: None,
        cancelled: None,
    };
    cast(ballot, context, &id, true)
}

pub fn voted(context: &Context, says: &Voted) -> Result<Changes, Refusal> {
    must_govern(context)?;
    let id = context.subject("proposal")?.clone();
    let Data::Proposal(ballot) = &context.known(&id)?.data else {
        return refuse(Code::WrongSubject, "no proposal");
    };
    let is_open = context.at.logged_at < ballot.proposal.expires.unix();
    let has_voted = ballot.votes.contains_key(context.org);
    let is_this = says.proposal == ballot.source.statement;
    let has_room = ballot.votes.len() < VOTES_MAX;
    for (good, code, detail) in [
        (
            is_this,
            Code::WrongSubject,
            "Another statement proposed that.",
        ),
        (is_open, Code::VoteClosed, "It has expired."),
        (
            !has_voted,
            Code::AlreadyExists,
            "Your organisation has voted.",
        ),
        (has_room, Code::TooManyReports, "It has 256 votes."),
    ] {
        require(good, code, detail)?;
    }
    cast(Ballot::clone(ballot), context, &id, says.in_favour)
}

/// The author administrates an organisation that is a governor here.
fn must_govern(context: &Context) -> Result<(), Refusal> {
    context.require_role(&[Role::Admin])?;
    require(
        decide::governors(context).contains(context.org),
        Code::FunctionMissing,
        "Governors vote.",
    )
}

/// Adds the author's vote; with the last that was needed, what was proposed is done.
fn cast(
    mut ballot: Ballot,
    context: &Context,
    id: &SubjectId,
    in_favour: bool,
) -> Result<Changes, Refusal> {
    let source = context.source.clone();
    let vote = Vote { in_favour, source };
    ballot.votes.insert(context.org.clone(), vote);
    let governors = decide::governors(context);
    let needed = needed(&governors);
    let in_favour = votes_in_favour(context.world, &ballot, &governors);
    let mut changes = decide::take_seat(context)?;
    let is_open = ballot.decided.is_none() && ballot.cancelled.is_none();
    if is_open && in_favour >= needed {
        match decide::effect(context, id, &ballot.proposal.change) {
            Ok(effect) => {
                changes.states.extend(effect.states);
                ballot.decided = Some(Decision {
                    by: context.source.clone(),
                    governors,
                    from: decide::opens_at(context),
                });
            }
            // Something else was decided since, which leaves no room for it. It stays so: else a later vote alone would do it
            // when there is room again, and nobody else wants it any more.
            Err(_) => {
                ballot.cancelled = Some(context.source.clone());
                changes.findings.insert(Code::WithoutEffect);
            }
        }
    }
    Ok(changes.set(id.clone(), Data::Proposal(Box::new(ballot))))
}

/// Votes of these governors for a proposal, by keys of which nothing is known that speaks against them.
pub fn votes_in_favour(world: &World, ballot: &Ballot, governors: &BTreeSet<OrgId>) -> usize {
    let counts = |vote: &&Vote| {
        let is_theirs = vote.in_favour && governors.contains(&vote.source.org);
        is_theirs && life::doubts(world, &vote.source).is_empty()
    };
    ballot.votes.values().filter(counts).count()
}
