//! Rules of governance: genesis, members, and the log's own entries.

use super::keys::{card_is_usable, must_be_person, new_key};
use super::{At, Changes, Context, Refusal, VOTES, refuse, require, waits_for};
use crate::body::governance::{
    Anchors, Function, Holder, LogBatch, MemberAdmitted, Policy, QUORUM_BYTES_MAX, Quorum, Role,
};
use crate::code::Code;
use crate::key;
use crate::statement::Statement;
use crate::text::SubjectId;
use crate::witness;
use crate::world::{Data, Decided, World};
use crate::world::{log_subject, org_subject, policy_subject};
use std::collections::BTreeSet;

/// Longest delay between a decision and what it opens: 90 days.
const DELAY_MAX_S: u32 = 90 * 24 * 3600;

/// Entry 0. Its author becomes known by entry 1, signed with the same key: a reader checks both and pins both.
pub fn policy(world: &World, of: &Statement, policy: &Policy, at: At) -> Result<Changes, Refusal> {
    require(
        world.founding().is_none(),
        Code::AlreadyExists,
        "the policy",
    )?;
    must_be_sound(policy)?;
    let right = of.body.sub == policy_subject()
        && of.body.iss == policy.governor
        && of.envelope.aud == policy.origin
        && at.index.is_none_or(|index| index == 0);
    require(
        right,
        Code::WrongSubject,
        "The policy must name its own origin, governor and every class.",
    )?;
    let founding = Decided::at_once(policy.clone(), &super::source(of, at));
    let data = Data::Policy {
        policies: vec![founding],
    };
    Ok(Changes::default().set(policy_subject(), data))
}

/// What holds of every policy, at genesis and later: rules that this program knows, every class, a delay of 90 days at most, and
/// witnesses of this log, in at most 8 KiB.
pub fn must_be_sound(policy: &Policy) -> Result<(), Refusal> {
    super::knows(policy.rules_version)?;
    require(
        policy.classes.len() == 3 && policy.delay_s <= DELAY_MAX_S,
        Code::WrongSubject,
        "A policy names every class, and a delay of 90 days at most.",
    )?;
    let Quorum::TlogPolicy(file) = &policy.quorum else {
        return Ok(());
    };
    let parsed = witness::policy::Policy::parse(file.as_bytes());
    let parsed = parsed.or_else(|error| refuse(Code::WrongSubject, error.to_string()))?;
    let is_this = |log: &witness::policy::PolicyLog| log.key.name == policy.origin.as_str();
    let fits = file.len() <= QUORUM_BYTES_MAX
        && parsed.asks_for_witnesses()
        && parsed.logs().iter().all(is_this);
    require(
        fits,
        Code::WrongSubject,
        "The witnesses' policy has at most 8 KiB, a quorum, and no other log.",
    )
}

/// Entry 1: the governor with its key, and the log's key.
pub fn anchors(world: &World, of: &Statement, says: &Anchors, at: At) -> Result<Changes, Refusal> {
    let Some(policy) = world.founding() else {
        return waits_for("the policy");
    };
    let governor = org_subject(&policy.governor);
    require(
        world.get(&governor).is_none(),
        Code::AlreadyExists,
        "the trust anchors",
    )?;
    let right = of.body.sub == governor
        && of.body.iss == policy.governor
        && of.envelope.kid == key::key_id(&says.governor.public)
        && of.body.actor == says.governor.holder
        && says.log.holder_is == Holder::Log
        && says.log.public != says.governor.public
        && at.index.is_none_or(|index| index == 1);
    require(
        right,
        Code::WrongSubject,
        "The anchors must be signed by the governor's key.",
    )?;
    card_is_usable(&says.governor)?;
    card_is_usable(&says.log)?;
    let source = super::source(of, at);
    let functions = BTreeSet::from([Function::Governor]);
    let member = Data::Member {
        name: says.name.clone(),
        standing: vec![Decided::at_once(Some(functions), &source)],
        admins: 0,
    };
    let (id, data) = new_key(&says.governor, &policy.governor, &[Role::Admin], &source);
    let (log_id, log_data) = new_key(&says.log, &policy.governor, &[], &source);
    Ok(Changes::default()
        .set(governor, member)
        .set(id, data)
        .set(log_id, log_data))
}

/// By a governor alone, under rules version 1.
pub fn member_admitted(context: &Context, says: &MemberAdmitted) -> Result<Changes, Refusal> {
    context.require_function(&[Function::Governor])?;
    context.require_role(&[Role::Admin])?;
    require(
        context.rules < VOTES,
        Code::NeedsVotes,
        "Propose to admit it.",
    )?;
    require(
        *context.sub() == org_subject(&says.organisation),
        Code::WrongSubject,
        "The subject is another organisation.",
    )?;
    new_member(context, says, None, None)
}

/// A member and its first key, in force from a log time (Unix seconds) on or at once, by a proposal or without.
pub fn new_member(
    context: &Context,
    says: &MemberAdmitted,
    from: Option<i64>,
    proposal: Option<&SubjectId>,
) -> Result<Changes, Refusal> {
    card_is_usable(&says.admin)?;
    must_be_person(&says.admin)?;
    let id = org_subject(&says.organisation);
    let (key, mut state) = new_key(
        &says.admin,
        &says.organisation,
        &[Role::Admin],
        &context.source,
    );
    for new in [&id, &key] {
        let is_new = context.world.get(new).is_none();
        require(is_new, Code::AlreadyExists, new.as_str())?;
    }
    if let Some(proposal) = proposal {
        super::decide::decided_by(&mut state.data, from, proposal);
    }
    let member = Data::Member {
        name: says.name.clone(),
        standing: vec![Decided {
            says: Some(says.functions.clone()),
            by: context.source.clone(),
            from,
        }],
        admins: 0,
    };
    Ok(Changes::default().set(id, member).set(key, state))
}

/// Only the log signs this, and log time never falls.
pub fn log_batch(context: &Context, says: &LogBatch) -> Result<Changes, Refusal> {
    require(
        context.card.holder_is == Holder::Log,
        Code::RoleMissing,
        "Only the log closes a batch.",
    )?;
    require(
        *context.sub() == log_subject(),
        Code::WrongSubject,
        "not the log",
    )?;
    let before = match context.world.get(&log_subject()) {
        Some(Data::Log { logged_at, .. }) => *logged_at,
        _ => i64::MIN,
    };
    let right = says.logged_at >= before
        && context.at.logged_at == says.logged_at
        && context.at.index.is_some_and(|index| says.first <= index);
    require(
        right,
        Code::WrongSubject,
        "Log time fell, or the batch is not the log's last.",
    )?;
    let data = Data::Log {
        logged_at: says.logged_at,
        source: context.source.clone(),
    };
    Ok(Changes::default().set(log_subject(), data))
}
