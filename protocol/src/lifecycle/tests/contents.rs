//! What is in an assembly: how much of it is kept, and how much is read.

use super::assembly::entered;
use super::*;
use crate::body::governance::{PartClass, Role};
use crate::fixture::text;
use crate::life::wanted;
use crate::world::bounds::COMPONENTS_MAX;
use crate::world::{contents_subject, with_contents};

/// A door and a hull that no build made, both with the mechanic.
fn door_and_hull() -> (Consortium, SubjectId, SubjectId) {
    let (mut c, _) = Consortium::licensed(61, PartClass::C, 4);
    let [door, hull] = [entered(&mut c).0, entered(&mut c).0];
    for part in [&door, &hull] {
        c.hand_over(part).unwrap();
    }
    (c, door, hull)
}

#[test]
fn who_got_an_assembly_with_another_and_put_too_much_into_it_holds_it() {
    let (mut c, door, hull) = door_and_hull();
    for role in [Role::Custodian, Role::Mechanic] {
        c.grant(Who::Designer, role);
    }
    c.assemble(Who::Mechanic, &door, &hull).unwrap();
    let sent = c.ship(Who::Mechanic, &hull, c.org(Who::Designer)).unwrap();
    c.receive(Who::Designer, &hull, sent.id).unwrap();
    c.remove(Who::Designer, &door).unwrap();
    for n in 0..=COMPONENTS_MAX {
        let part = text(&format!("part:s{n}"));
        if n == COMPONENTS_MAX {
            assert_eq!(holds(c.log.world(), &door), set([]));
        }
        c.assemble(Who::Designer, &part, &door).unwrap();
    }
    assert_eq!(holds(c.log.world(), &door), set([Code::TooManyReports]));
}

#[test]
fn what_strangers_say_is_in_an_assembly_is_read_one_level_deep() {
    let (mut c, door, hull) = door_and_hull();
    let world = |c: &Consortium| c.log.world().clone();
    assert_eq!(wanted(&world(&c), &hull), with_contents([&hull]));
    c.assemble(Who::Mechanic, &door, &hull).unwrap();
    let both = with_contents([&door, &hull]);
    assert_eq!(wanted(&world(&c), &hull), both, "by who has it, all");
    // A tree of parts that a stranger says are in it.
    let [outer, inner]: [SubjectId; 2] = ["part:x", "part:x.y"].map(text);
    c.assemble(Who::Certifier, &inner, &outer).unwrap();
    c.assemble(Who::Certifier, &outer, &door).unwrap();
    let mut read = both;
    read.insert(outer.clone());
    assert_eq!(wanted(&world(&c), &hull), read);
    // Read step by step, from what is known so far, one comes to the same.
    let mut known = crate::world::World::default();
    loop {
        let next = wanted(&known, &hull);
        let new = next.iter().filter(|id| !known.states.contains_key(*id));
        let new: Vec<_> = new
            .filter_map(|id| Some((id.clone(), world(&c).states.get(id)?.clone())))
            .collect();
        if new.is_empty() {
            break;
        }
        known.states.extend(new);
    }
    for (id, is_read) in [(&door, true), (&outer, false)] {
        assert_eq!(known.get(&contents_subject(id)).is_some(), is_read, "{id}");
    }
}
