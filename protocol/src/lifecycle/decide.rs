//! What a decision of the governors does to members, keys and the policy.
//!
//! Owns the split between closing and opening: what takes something away binds at the place of the decision, what adds
//! something binds when the delay of the policy is over, and can be cancelled until then. Nothing is overwritten: each
//! decision is added behind those before it, and the newest that binds is in force. Must never know who voted: `vote`.

use super::governance::{must_be_sound, new_member};
use super::keys::{card_is_usable, end_key, must_be_person, new_key};
use super::{Changes, Context, Refusal, VOTES, refuse, require, waits_for};
use crate::body::governance::{ClassPolicy, Function, MemberAdmitted, Policy, Role};
use crate::body::vote::{Cancellation, Change, NewAdmin, NewFunctions};
use crate::code::Code;
use crate::key;
use crate::text::{OrgId, SubjectId};
use crate::world::{DECISIONS_MAX, Data, Decided, GOVERNORS_MAX, POLICIES_MAX, Place, Standing};
use crate::world::{governors_subject, key_subject, org_subject, policy_subject};
use std::collections::BTreeSet;

/// What a change does when it is decided here.
///
/// # Errors
/// It cannot be done, or not any more.
pub fn effect(context: &Context, id: &SubjectId, change: &Change) -> Result<Changes, Refusal> {
    match change {
        Change::Admit(says) => admit(context, id, says),
        Change::Functions(says) => functions(context, says),
        Change::Expel(says) => stand(context, &says.organisation, None, None),
        Change::Policy(says) => policy(context, says),
        Change::Admin(says) => admin(context, id, says),
        Change::Cancel(says) => cancel(context, says),
    }
}

/// Log time at which what is decided here opens, Unix seconds; at once where there is none.
pub fn opens_at(context: &Context) -> Option<i64> {
    let policy = context.world.policy(context.at.place());
    let delay_s = policy.map_or(0, |policy| policy.delay_s);
    let from = context.at.logged_at.saturating_add(delay_s.into());
    (delay_s > 0).then_some(from)
}

/// Adds `now`, which binds at once, and `then`, which opens more and binds later, to at most so many decisions.
fn add<T: Clone + PartialEq>(
    context: &Context,
    list: &mut Vec<Decided<T>>,
    room: usize,
    now: T,
    then: T,
) -> Result<(), Refusal> {
    let (from, place) = (opens_at(context), context.at.place());
    let live = Decided::live(list, place);
    let stands = |says: &T| match live {
        [only] => only.binds(place) && only.says == *says,
        _ => false,
    };
    let opens = then != now;
    let closes = !stands(&now) && (!opens || from.is_some());
    require(
        (opens || closes) && !stands(&then),
        Code::AlreadyExists,
        "It is so already.",
    )?;
    if closes {
        Decided::push(list, Decided::at_once(now, &context.source), place);
    }
    if opens {
        let by = context.source.clone();
        let opening = Decided {
            says: then,
            by,
            from,
        };
        Decided::push(list, opening, place);
    }
    // What closes a door has more room than what opens one.
    let room = room * if opens { 1 } else { 2 };
    require(
        list.len() <= room,
        Code::TooManyReports,
        "Too much was decided of this before.",
    )
}

fn admit(context: &Context, id: &SubjectId, says: &MemberAdmitted) -> Result<Changes, Refusal> {
    must_be_some(says.functions.is_empty())?;
    let changes = new_member(context, says, opens_at(context), Some(id))?;
    if says.functions.contains(&Function::Governor) {
        return seat(context, changes, &says.organisation, true);
    }
    Ok(changes)
}

fn must_be_some(is_empty: bool) -> Result<(), Refusal> {
    require(
        !is_empty,
        Code::WrongSubject,
        "A member has one function at least.",
    )
}

/// Functions that it has and keeps stay, those that it loses go at once, new ones come later.
fn functions(context: &Context, says: &NewFunctions) -> Result<Changes, Refusal> {
    must_be_some(says.functions.is_empty())?;
    let has = context
        .world
        .standing(&says.organisation, context.at.place());
    let keeps = has.and_then(Option::as_ref);
    let keeps = keeps.map(|has| has & &says.functions);
    let functions = Some(says.functions.clone());
    stand(context, &says.organisation, keeps, functions)
}

/// What an organisation is, at once and later.
fn stand(
    context: &Context,
    org: &OrgId,
    now: Standing,
    then: Standing,
) -> Result<Changes, Refusal> {
    let id = org_subject(org);
    let mut state = context.known(&id)?.clone();
    let Data::Member { standing, .. } = &mut state.data else {
        return refuse(Code::WrongSubject, "no member");
    };
    add(context, standing, DECISIONS_MAX, now, then)?;
    let place = context.at.place();
    let governs = |standing: &Standing| {
        let functions = standing.as_ref();
        functions.is_some_and(|functions| functions.contains(&Function::Governor))
    };
    let mut governors = governors(context);
    if !Decided::in_force(standing, place).is_some_and(|decided| governs(&decided.says)) {
        governors.remove(org);
    }
    require(
        !governors.is_empty(),
        Code::WrongSubject,
        "Without a governor nothing could be decided any more.",
    )?;
    let mut live = Decided::live(standing, place).iter();
    let has_seat = live.any(|decided| governs(&decided.says));
    seat(context, Changes::default().set(id, state), org, has_seat)
}

/// Gives an organisation a seat among the governors, or takes it. Whether it governs is asked of its functions.
fn seat(
    context: &Context,
    changes: Changes,
    org: &OrgId,
    has_seat: bool,
) -> Result<Changes, Refusal> {
    let before = seats(context);
    let mut seats = before.clone();
    match has_seat {
        true => seats.insert(org.clone()),
        false => seats.remove(org),
    };
    if seats == before {
        return Ok(changes);
    }
    seated(changes, seats)
}

fn seated(changes: Changes, seats: BTreeSet<OrgId>) -> Result<Changes, Refusal> {
    require(
        seats.len() <= GOVERNORS_MAX,
        Code::TooManyReports,
        "There are 32 governors.",
    )?;
    Ok(changes.set(governors_subject(), Data::Governors { seats }))
}

/// The organisations with a seat among the governors. Under rules version 1 members were admitted as governors without one: they take
/// it with the first proposal or vote that they sign under a later version.
fn seats(context: &Context) -> BTreeSet<OrgId> {
    let mut seats = context.world.seats();
    if context.rules >= VOTES && context.has_function(context.org, Function::Governor) {
        seats.insert(context.org.clone());
    }
    seats
}

/// The author's seat, where it is not taken yet.
pub fn take_seat(context: &Context) -> Result<Changes, Refusal> {
    let seats = seats(context);
    if seats == context.world.seats() {
        return Ok(Changes::default());
    }
    seated(Changes::default(), seats)
}

/// The governors in force, the author among them if it is one.
pub fn governors(context: &Context) -> BTreeSet<OrgId> {
    let mut seats = seats(context);
    seats.retain(|org| context.has_function(org, Function::Governor));
    seats
}

/// The log's name and its founder stay; the rules only go forward.
fn policy(context: &Context, says: &Policy) -> Result<Changes, Refusal> {
    must_be_sound(says)?;
    let mut policies = context.world.policies().to_vec();
    let Some(in_force) = context.world.policy(context.at.place()).cloned() else {
        return waits_for("the policy");
    };
    let stays = says.origin == in_force.origin
        && says.governor == in_force.governor
        && says.heartbeat_s > 0
        && policies
            .iter()
            .all(|before| before.says.rules_version <= says.rules_version);
    require(
        stays,
        Code::WrongSubject,
        "A policy keeps origin and founder, has a heartbeat, and never goes back to older rules.",
    )?;
    let now = tightened(&in_force, says);
    add(context, &mut policies, POLICIES_MAX, now, says.clone())?;
    Ok(Changes::default().set(policy_subject(), Data::Policy { policies }))
}

/// The policy in force with everything of the new one that asks for more.
fn tightened(in_force: &Policy, new: &Policy) -> Policy {
    let mut tight = in_force.clone();
    tight.delay_s = tight.delay_s.max(new.delay_s);
    for (class, of) in &mut tight.classes {
        let Some(new) = new.classes.get(class) else {
            continue;
        };
        *of = ClassPolicy {
            knowledge_age_max_s: of.knowledge_age_max_s.min(new.knowledge_age_max_s),
            provisional_allowed: of.provisional_allowed && new.provisional_allowed,
            three_people: of.three_people || new.three_people,
            physical_match: of.physical_match || new.physical_match,
        };
    }
    tight
}

/// The new key comes later, the old one goes at once.
fn admin(context: &Context, id: &SubjectId, says: &NewAdmin) -> Result<Changes, Refusal> {
    context.known(&org_subject(&says.organisation))?;
    card_is_usable(&says.admin)?;
    must_be_person(&says.admin)?;
    let old_id = key_subject(&says.replaces);
    let mut old = context.known(&old_id)?.clone();
    let Data::Key { org, revoked, .. } = &mut old.data else {
        return refuse(Code::WrongSubject, "no key");
    };
    require(*org == says.organisation, Code::NotYours, org.as_str())?;
    // That it is revoked already is why the member may need another.
    end_key(revoked, &context.source, says.compromised_since);
    let new_id = key_subject(&key::key_id(&says.admin.public));
    require(
        context.world.get(&new_id).is_none(),
        Code::AlreadyExists,
        new_id.as_str(),
    )?;
    let mut state = new_key(
        &says.admin,
        &says.organisation,
        &[Role::Admin],
        &context.source,
    );
    decided_by(&mut state.1.data, opens_at(context), id);
    Ok(Changes::default().set(old_id, old).set(new_id, state.1))
}

/// The key came by a vote, and the roles that it begins with.
pub fn decided_by(key: &mut Data, opens: Option<i64>, id: &SubjectId) {
    if let Data::Key {
        from,
        proposal,
        roles,
        ..
    } = key
    {
        (*from, *proposal) = (opens, Some(id.clone()));
        let held = roles.values_mut();
        held.for_each(|held| held.proposal = Some(id.clone()));
    }
}

/// Before it is in force, and unless something newer was decided about the same.
fn cancel(context: &Context, says: &Cancellation) -> Result<Changes, Refusal> {
    let place = context.at.place();
    let mut state = context.known(&says.proposal)?.clone();
    let Data::Proposal(ballot) = &mut state.data else {
        return refuse(Code::WrongSubject, "no proposal");
    };
    let decided = ballot.decided.as_ref();
    let opens = decided.and_then(|decided| decided.from);
    require(
        opens.is_some_and(|from| place.time < from) && ballot.cancelled.is_none(),
        Code::VoteClosed,
        "Nothing of it is still to come into force.",
    )?;
    let by = decided.map(|decided| decided.by.statement);
    let newest = newest(context, &ballot.proposal.change, place);
    let Some((_, undo)) = newest.filter(|(newest, _)| Some(*newest) == by) else {
        return refuse(
            Code::VoteClosed,
            "Something newer was decided, or it opened nothing.",
        );
    };
    ballot.cancelled = Some(context.source.clone());
    Ok(undo?.set(says.proposal.clone(), state))
}

type Undo = (crate::statement::StatementId, Result<Changes, Refusal>);

/// Who decided newest about what a change is about, and what takes that back: what is in force now stays.
fn newest(context: &Context, change: &Change, place: Place) -> Option<Undo> {
    let world = context.world;
    let member = |org: &OrgId| {
        let Some(Data::Member { standing, .. }) = world.get(&org_subject(org)) else {
            return None;
        };
        let now: Standing = world.standing(org, place).cloned().flatten();
        let undo = stand(context, org, now.clone(), now);
        Some((standing.last()?.by.statement, undo))
    };
    match change {
        Change::Admit(says) => member(&says.organisation),
        Change::Functions(says) => member(&says.organisation),
        Change::Policy(_) => {
            let now = world.policy(place)?.clone();
            let mut policies = world.policies().to_vec();
            let by = policies.last()?.by.statement;
            let undo = add(context, &mut policies, POLICIES_MAX, now.clone(), now)
                .map(|()| Changes::default().set(policy_subject(), Data::Policy { policies }));
            Some((by, undo))
        }
        Change::Admin(says) => {
            let id = key_subject(&key::key_id(&says.admin.public));
            let mut state = world.copy(&id)?;
            let Data::Key {
                revoked, source, ..
            } = &mut state.data
            else {
                return None;
            };
            let by = source.statement;
            end_key(revoked, &context.source, None);
            Some((by, Ok(Changes::default().set(id, state))))
        }
        Change::Expel(_) | Change::Cancel(_) => None,
    }
}
