//! Rules of keys and of the roles that they hold.

use super::{Changes, Context, Refusal, VOTES, refuse, require, waits_for};
use crate::body::governance::{
    Function, Holder, KeyAdded, KeyCard, KeyRevoked, KeyRotated, Role, RoleAccredited, RoleGranted,
};
use crate::code::Code;
use crate::key;
use crate::life::{self, Hold};
use crate::text::{Moment, OrgId, SubjectId};
use crate::world::bounds::{ADMINS_MAX, LINE_MAX};
use crate::world::{Data, Place, Revocation, RoleHeld, Source, State, World};
use crate::world::{key_subject, org_subject};
use std::collections::{BTreeMap, BTreeSet};

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

pub fn must_be_person(card: &KeyCard) -> Result<(), Refusal> {
    require(
        card.holder_is == Holder::Person,
        Code::WrongSubject,
        "Only a person holds a role.",
    )
}

pub fn new_key(card: &KeyCard, org: &OrgId, roles: &[Role], source: &Source) -> (SubjectId, State) {
    let held = |role: &Role| (*role, RoleHeld::granted(source));
    let data = Data::Key {
        card: card.clone(),
        org: org.clone(),
        roles: roles.iter().map(held).collect::<BTreeMap<_, _>>(),
        from: None,
        proposal: None,
        rotated: None,
        line: 0,
        revoked: None,
        forks: BTreeSet::new(),
        source: source.clone(),
    };
    (key_subject(&key::key_id(&card.public)), data.into())
}

/// Card and organisation of a key that may act at a place: of a member, in force, without a successor, neither revoked nor enrolled
/// by wrong hands. What stands above the key, and the policy, must be at hand.
pub fn acting<'a>(
    world: &'a World,
    key: &SubjectId,
    at: Place,
) -> Option<(&'a KeyCard, &'a OrgId)> {
    let data = world.get(key)?;
    let Data::Key {
        card,
        org,
        from,
        revoked: None,
        rotated: None,
        ..
    } = data
    else {
        return None;
    };
    let is_early = from.is_some_and(|from| at.time < from);
    let is_member = matches!(world.standing(org, at), Some(Some(_)));
    let asks_who_enrolled = world.policy(at).is_none_or(|of| of.rules_version >= VOTES);
    let is_planted = asks_who_enrolled && life::is_planted(world, data);
    (is_member && !is_early && !is_planted).then_some((card, org))
}

/// A further key of the author's organisation, without a role yet.
pub fn added(context: &Context, says: &KeyAdded) -> Result<Changes, Refusal> {
    context.require_role(&[Role::Admin])?;
    let id = context.new_subject("key")?;
    let (key, state) = new_key(&says.card, context.org, &[], &context.source);
    let right = key == id && says.card.holder_is != Holder::Log;
    require(right, Code::WrongSubject, "The subject is another key.")?;
    card_is_usable(&says.card)?;
    Ok(Changes::default().set(id, state))
}

/// By the key's organisation, or by a governor for another's, unless that is a governor too: else one could silence all others.
///
/// *Compromised since* throws doubt on everything that hangs on a key. Of another's key, and of who administrates a governor, that is
/// for a vote ([`crate::body::vote::Change::Admin`]): else one organisation could undo alone what many have decided.
pub fn revoked(context: &Context, says: &KeyRevoked) -> Result<Changes, Refusal> {
    context.require_role(&[Role::Admin])?;
    let mut state = context.known(context.subject("key")?)?.clone();
    let Data::Key {
        org,
        revoked,
        roles,
        ..
    } = &mut state.data
    else {
        return refuse(Code::WrongSubject, "no key");
    };
    let governs = context.has_function(org, Function::Governor);
    let reaches_far = org != context.org || governs && roles.contains_key(&Role::Admin);
    require(
        context.rules < VOTES || says.compromised_since.is_none() || !reaches_far,
        Code::NeedsVotes,
        "Revoke it without a time, and propose another administrator's key with one.",
    )?;
    if !context.has_function(context.org, Function::Governor) {
        context.require_own(org)?;
    } else if context.rules >= VOTES && org != context.org {
        require(!governs, Code::NeedsVotes, "It is another governor's.")?;
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
    must_be_person(card)?;
    let held = RoleHeld::granted(&context.source);
    require(
        !roles.contains_key(&says.role),
        Code::AlreadyExists,
        "The role is granted already.",
    )?;
    roles.insert(says.role, held);
    let changes = match says.role {
        Role::Admin if context.rules >= VOTES => one_more_admin(context)?,
        _ => Changes::default(),
    };
    Ok(changes.set(context.sub().clone(), state))
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

/// Counts the administrators that other administrators made.
fn one_more_admin(context: &Context) -> Result<Changes, Refusal> {
    let id = org_subject(context.org);
    let mut state = context.known(&id)?.clone();
    if let Data::Member { admins, .. } = &mut state.data {
        require(
            *admins < ADMINS_MAX,
            Code::TooManyReports,
            "It has had 64 administrators; another comes by a vote.",
        )?;
        *admins += 1;
    }
    Ok(Changes::default().set(id, state))
}

/// By the old key itself, for the same person. The organisation's word carries over, and so does the accrediting body's, unless the
/// new key is kept less well: it was given to a person with a key of that level.
pub fn rotated(context: &Context, says: &KeyRotated) -> Result<Changes, Refusal> {
    let id = context.subject("key")?.clone();
    let card = &says.card;
    must_follow(context, &id, card)?;
    let mut old = context.known(&id)?.clone();
    let (new_id, mut new) = new_key(card, context.org, &[], &context.source);
    require(
        context.world.get(&new_id).is_none(),
        Code::AlreadyExists,
        new_id.as_str(),
    )?;
    let (
        Data::Key {
            roles: held,
            rotated,
            line: before,
            ..
        },
        Data::Key { roles, line, .. },
    ) = (&mut old.data, &mut new.data)
    else {
        return refuse(Code::WrongSubject, "no key");
    };
    require(
        *before < LINE_MAX,
        Code::TooManyReports,
        "Let an administrator enrol the next one.",
    )?;
    *line = *before + 1;
    roles.clone_from(held);
    if card.level < context.card.level {
        roles.values_mut().for_each(|held| held.accredited = None);
    }
    *rotated = Some(Box::new(context.source.clone()));
    Ok(Changes::default().set(id, old).set(new_id, new))
}

/// The new key is the author's own, and the old one has nothing to shake off.
fn must_follow(context: &Context, old: &SubjectId, card: &KeyCard) -> Result<(), Refusal> {
    require(
        *old == key_subject(&context.source.kid),
        Code::NotYours,
        "A key names its own successor.",
    )?;
    // What binds below the old key does not bind below the new one.
    if let Some(hold) = Hold::restricting(context.world, old).first() {
        return refuse(hold.code, old.as_str());
    }
    let is_same = card.holder == context.card.holder
        && (card.holder_is, context.card.holder_is) == (Holder::Person, Holder::Person);
    require(
        is_same,
        Code::WrongActor,
        "The new key is of another holder, or of a machine, which is enrolled anew.",
    )?;
    card_is_usable(card)
}
