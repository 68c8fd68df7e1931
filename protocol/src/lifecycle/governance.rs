//! Rules of governance: genesis, members, keys, roles, and the log's own entries.

use super::{At, Changes, Context, Refusal, VOTES, refuse, require, waits_for};
use crate::body::governance::{
    Anchors, Function, Holder, KeyAdded, KeyCard, KeyRevoked, LogBatch, MemberAdmitted, Policy,
    Role, RoleAccredited, RoleGranted,
};
use crate::code::Code;
use crate::key;
use crate::statement::Statement;
use crate::text::{Moment, OrgId, SubjectId};
use crate::world::{Data, Decided, Revocation, RoleHeld, Source, State, World};
use crate::world::{key_subject, log_subject, org_subject, policy_subject};
use std::collections::{BTreeMap, BTreeSet};

/// Entry 0. Its author becomes known by entry 1, signed with the same key: a reader checks both and pins both.
pub fn policy(world: &World, of: &Statement, policy: &Policy, at: At) -> Result<Changes, Refusal> {
    require(
        world.founding().is_none(),
        Code::AlreadyExists,
        "the policy",
    )?;
    super::knows(policy.rules_version)?;
    let right = of.body.sub == policy_subject()
        && of.body.iss == policy.governor
        && of.envelope.aud == policy.origin
        && policy.classes.len() == 3
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
    };
    let (id, data) = new_key(&says.governor, &policy.governor, &[Role::Admin], &source);
    let (log_id, log_data) = new_key(&says.log, &policy.governor, &[], &source);
    Ok(Changes::default()
        .set(governor, member)
        .set(id, data)
        .set(log_id, log_data))
}

pub fn card_is_usable(card: &KeyCard) -> Result<(), Refusal> {
    let apart = card.session.is_none_or(|session| session != card.public);
    let usable =
        key::is_usable(&card.public) && card.session.as_ref().is_none_or(key::is_usable) && apart;
    require(
        usable,
        Code::WrongSubject,
        "A key is not usable, or serves as session key too.",
    )
}

pub fn new_key(card: &KeyCard, org: &OrgId, roles: &[Role], source: &Source) -> (SubjectId, State) {
    let held = |role: &Role| {
        (
            *role,
            RoleHeld {
                granted: source.clone(),
                accredited: None,
            },
        )
    };
    let data = Data::Key {
        card: card.clone(),
        org: org.clone(),
        roles: roles.iter().map(held).collect::<BTreeMap<_, _>>(),
        from: None,
        proposal: None,
        revoked: None,
        forks: BTreeSet::new(),
        source: source.clone(),
    };
    (key_subject(&key::key_id(&card.public)), data.into())
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
    require(
        says.admin.holder_is == Holder::Person,
        Code::WrongSubject,
        "Only a person holds a role.",
    )?;
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
    };
    Ok(Changes::default().set(id, member).set(key, state))
}

pub fn key_added(context: &Context, says: &KeyAdded) -> Result<Changes, Refusal> {
    context.require_role(&[Role::Admin])?;
    let id = context.new_subject("key")?;
    let (key, state) = new_key(&says.card, context.org, &[], &context.source);
    let right = key == id && says.card.holder_is != Holder::Log;
    require(right, Code::WrongSubject, "The subject is another key.")?;
    card_is_usable(&says.card)?;
    Ok(Changes::default().set(id, state))
}

/// By the key's organisation, or by a governor for another's, unless that is a governor too: else one could silence all others.
pub fn key_revoked(context: &Context, says: &KeyRevoked) -> Result<Changes, Refusal> {
    context.require_role(&[Role::Admin])?;
    let mut state = context.known(context.subject("key")?)?.clone();
    let Data::Key { org, revoked, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no key");
    };
    if !context.has_function(context.org, Function::Governor) {
        context.require_own(org)?;
    } else if context.rules >= VOTES && org != context.org {
        require(
            !context.has_function(org, Function::Governor),
            Code::NeedsVotes,
            "It is another governor's.",
        )?;
    }
    require(
        end_key(revoked, &context.source, says.compromised_since),
        Code::KeyRevoked,
        "It is revoked already.",
    )?;
    Ok(Changes::default().set(context.sub().clone(), state))
}

/// Revokes a key; tells whether that binds more than before. That a revoked key was in wrong hands, and since when, comes
/// out later.
pub fn end_key(
    revoked: &mut Option<Revocation>,
    source: &Source,
    compromised_since: Option<Moment>,
) -> bool {
    let compromised_since = compromised_since.map(|time| time.unix());
    let Some(known) = revoked else {
        *revoked = Some(Revocation {
            source: source.clone(),
            compromised_since,
        });
        return true;
    };
    let earlier = compromised_since
        .filter(|since| known.compromised_since.is_none_or(|known| *since < known));
    known.compromised_since = earlier.or(known.compromised_since);
    earlier.is_some()
}

pub fn role_granted(context: &Context, says: &RoleGranted) -> Result<Changes, Refusal> {
    context.require_role(&[Role::Admin])?;
    let mut state = context.known(context.subject("key")?)?.clone();
    let Data::Key {
        card, org, roles, ..
    } = &mut state.data
    else {
        return refuse(Code::WrongSubject, "no key");
    };
    context.require_own(org)?;
    require(
        card.holder_is == Holder::Person,
        Code::WrongSubject,
        "Only a person holds a role.",
    )?;
    let held = RoleHeld {
        granted: context.source.clone(),
        accredited: None,
    };
    require(
        !roles.contains_key(&says.role),
        Code::AlreadyExists,
        "The role is granted already.",
    )?;
    roles.insert(says.role, held);
    Ok(Changes::default().set(context.sub().clone(), state))
}

pub fn role_accredited(context: &Context, says: &RoleAccredited) -> Result<Changes, Refusal> {
    context.require_function(&[Function::Authority])?;
    context.require_role(&[Role::Certifier])?;
    let mut state = context.known(context.subject("key")?)?.clone();
    let Data::Key { roles, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no key");
    };
    let Some(held) = roles.get_mut(&says.role) else {
        return waits_for(format!("the grant of {:?} to {}", says.role, context.sub()));
    };
    require(
        held.accredited.is_none(),
        Code::AlreadyExists,
        "The role is accredited already.",
    )?;
    held.accredited = Some(context.source.clone());
    Ok(Changes::default().set(context.sub().clone(), state))
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
