//! How many decisions there is room for.

use super::*;
use crate::world::{DECISIONS_MAX, Decided, POLICIES_MAX, Source};
use proptest::prelude::*;

fn policy(c: &mut Consortium, change: impl FnOnce(&mut Policy)) -> Result<Statement, Refusal> {
    let mut policy = in_force(c);
    change(&mut policy);
    propose(c, Who::Governor, Change::Policy(Box::new(policy)))
}

fn kept(c: &Consortium) -> usize {
    c.log.world().policies().len()
}

#[test]
fn a_policy_is_loosened_and_tightened_for_twenty_years_and_then_tightened_for_twenty() {
    let mut c = Consortium::founded(40);
    with_delay(&mut c);
    let mut months = 0;
    loop {
        months += 1;
        c.now += 2 * DAY_S;
        if policy(&mut c, |of| of.heartbeat_s = 600 + months).is_err() {
            break;
        }
    }
    assert_eq!(
        (kept(&c), months as usize),
        (POLICIES_MAX, POLICIES_MAX - 1)
    );
    let of_c =
        |policy: &mut Policy| policy.classes.get_mut(&PartClass::C).unwrap().three_people = true;
    policy(&mut c, of_c).unwrap();
    assert!(in_force(&c).classes[&PartClass::C].three_people);
}

#[test]
fn what_was_cancelled_takes_no_room() {
    let mut c = Consortium::founded(41);
    with_delay(&mut c);
    let before = kept(&c);
    for round in 0..DECISIONS_MAX as u32 + 8 {
        let proposed = policy(&mut c, |of| of.heartbeat_s = 700 + round).unwrap();
        let proposal = proposed.body.sub.clone();
        propose(
            &mut c,
            Who::Governor,
            Change::Cancel(Cancellation { proposal }),
        )
        .unwrap();
        // Of what is still to come the newest counts, and what it replaces takes no room either.
        policy(&mut c, |of| of.delay_s += 1).unwrap();
        c.now += 60;
    }
    let changes = DECISIONS_MAX + 8;
    assert_eq!(
        kept(&c),
        before + changes,
        "one for each delay that was in force"
    );
}

fn source(c: &Consortium, index: u64, logged_at: i64) -> Source {
    let founding = c.log.world().get(&c.key_of(Who::Governor));
    let Some(Data::Key { source, .. }) = founding else {
        unreachable!()
    };
    Source {
        index: Some(index),
        logged_at: Some(logged_at),
        ..source.clone()
    }
}

proptest! {
    /// Each decision: what, how much later, and the delay in force.
    #[test]
    fn what_was_let_go_was_never_in_force(
        steps in prop::collection::vec((0..4_u8, 0..4_i64, 0..6_i64), 1..30),
    ) {
        let c = Consortium::founded(42);
        let (mut kept, mut all, mut now) = (Vec::new(), Vec::new(), 0);
        for (index, (says, later, delay)) in (1..).zip(steps) {
            now += later;
            let new = Decided {
                says,
                by: source(&c, 10 * index, now),
                from: (delay > 0).then_some(now + delay),
            };
            all.push(new.clone());
            Decided::push(&mut kept, new, Place { since: 10 * index, time: now });
        }
        let mut places = Vec::new();
        for decided in &all {
            let (since, time) = (decided.by.since(), decided.by.logged_at.unwrap());
            places.extend([(since - 1, time), (since, time), (since + 1, time)]);
        }
        places.extend((now..now + 10).map(|time| (u64::MAX, time)));
        places.sort_unstable_by_key(|(since, _)| *since);
        for (since, time) in places {
            let at = Place { since, time };
            let says = |list| Decided::in_force(list, at).map(|decided: &Decided<u8>| decided.says);
            prop_assert_eq!(says(&kept), says(&all), "{:?} {:?}", at, all);
        }
    }
}
