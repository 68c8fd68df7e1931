//! What is in an assembly, at any depth, and that it is held as long as something in it is.
//!
//! Owns the walk from an assembly to its parts. A part is in it where its own life says so, by the word of who had both: what others
//! say of an assembly puts nothing into it. Nothing of this weighs on acts, because a part's journals may come later than the act;
//! the answer is asked each time. Must never know where the assembly is: `within`.

use super::within::Trails;
use super::{Above, Hold, Life, Phase, last_since};
use crate::code::Code;
use crate::mark::Mark;
use crate::text::{Line, SubjectId};
use crate::world::{
    ANCESTORS_MAX, Data, Event, Overflow, Report, World, contents_subject, with_contents,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A part in an assembly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// The part.
    pub part: SubjectId,
    /// Its mark.
    pub mark: Option<Mark>,
    /// Position in the assembly.
    pub position: Line,
}

/// The parts that are directly in an assembly, in the order of their ids.
fn direct(world: &World, assembly: &SubjectId) -> Vec<(Life, Above)> {
    let Some(Data::Contents { parts, .. }) = world.get(&contents_subject(assembly)) else {
        return Vec::new();
    };
    let ever: BTreeSet<_> = parts.values().flatten().collect();
    let lives = ever
        .into_iter()
        .filter_map(|part| Life::by_reports(world, part));
    let is_in = |life: &Life| {
        let place = life.installed.as_ref();
        let here = place.and_then(|place| place.assembly.as_ref()) == Some(assembly);
        here && life.is_carried
    };
    lives.filter(|(life, _)| is_in(life)).collect()
}

/// The parts that are in an assembly, directly or in others, each once.
///
/// # Errors
/// They are more than one walks.
pub(super) fn inside(world: &World, assembly: &SubjectId) -> Result<Vec<(Life, Above)>, Overflow> {
    let mut seen = BTreeSet::from([assembly.clone()]);
    let (mut found, mut open) = (Vec::new(), vec![assembly.clone()]);
    while let Some(next) = open.pop() {
        for (life, above) in direct(world, &next) {
            if !seen.insert(life.part.clone()) {
                continue;
            }
            if seen.len() > ANCESTORS_MAX {
                return Err(Overflow);
            }
            open.push(life.part.clone());
            found.push((life, above));
        }
    }
    Ok(found)
}

/// What holds an assembly because of what is in it.
pub(super) fn holds(world: &World, assembly: &Life) -> Vec<Hold> {
    let mut holds = Vec::new();
    match inside(world, &assembly.part) {
        Ok(parts) => holds.extend(
            parts
                .iter()
                .flat_map(|(life, above)| of_part(world, life, above)),
        ),
        Err(Overflow) => holds.push(Hold::new(Code::TooManyAncestors, &assembly.part)),
    }
    holds.extend(is_crowded(world, &assembly.part).then(|| {
        let id = contents_subject(&assembly.part);
        Hold::new(Code::TooManyReports, &id)
    }));
    holds
}

fn of_part(world: &World, life: &Life, above: &Above) -> Vec<Hold> {
    let own = life.holds.iter().cloned();
    let all = own
        .chain(above.holds(world, life))
        .chain(unfit(world, life));
    let of_assembly = all.map(|hold| Hold {
        code: Code::ComponentHeld,
        subject: life.part.clone(),
        detail: Some(hold.code.name().to_owned()),
        ..hold
    });
    of_assembly.collect()
}

/// A part that is out of use, or worked on, belongs in no assembly, though nothing is left to decide about it.
fn unfit(world: &World, life: &Life) -> Option<Hold> {
    let code = match life.phase {
        Phase::Decommissioned => Code::Decommissioned,
        _ if life.release.is_none() => Code::NotReleased,
        _ => return None,
    };
    let Some(Data::Part { facts, .. }) = world.get(&life.part) else {
        return None;
    };
    let led_here = |fact: &&Report<Event>| {
        matches!(
            fact.says,
            Event::Installed(_) | Event::Dispositioned(_) | Event::Decommissioned(_)
        )
    };
    Some(Hold {
        since: last_since(facts.iter().filter(led_here)),
        ..Hold::new(code, &life.part)
    })
}

/// Whether somebody who had the assembly put more into it than is kept: also who got it with what it was in, and took it out.
fn is_crowded(world: &World, assembly: &SubjectId) -> bool {
    let (Some(Data::Contents { crowded, .. }), Some(Data::Part { facts, .. })) =
        (world.get(&contents_subject(assembly)), world.get(assembly))
    else {
        return false;
    };
    if crowded.is_empty() {
        return false;
    }
    let trail = Life::trail(world, assembly, facts, &Trails::of(world, facts));
    let mut holders = trail
        .spans
        .iter()
        .filter_map(|span| span.custodian.as_ref());
    holders.any(|org| crowded.contains(org))
}

/// The subjects that must be at hand, with everything above them, to know a part whole, as far as `world` tells already: the part, what
/// is in it, and what is in that. Who asks storage asks until nothing is wanted any more. What others say of an assembly is read to be
/// seen through, and not what is in it in turn: so nobody makes somebody else's part long to read.
pub fn wanted(world: &World, part: &SubjectId) -> BTreeSet<SubjectId> {
    let mut wanted = with_contents([part]);
    let (mut found, mut open) = (0, vec![part.clone()]);
    while let Some(assembly) = open.pop() {
        let Some(Data::Contents { parts, .. }) = world.get(&contents_subject(&assembly)) else {
            continue;
        };
        wanted.extend(parts.values().flatten().cloned());
        for (life, _) in direct(world, &assembly) {
            found += 1;
            // Beyond these it is held, whatever they are.
            if found > ANCESTORS_MAX {
                return wanted;
            }
            if wanted.insert(contents_subject(&life.part)) {
                open.push(life.part);
            }
        }
    }
    wanted
}

impl Life {
    /// The parts that are directly in it.
    pub fn components(&self, world: &World) -> Vec<Component> {
        let direct = direct(world, &self.part).into_iter();
        let component = |(life, _): (Life, Above)| {
            let place = life.installed?;
            Some(Component {
                part: life.part,
                mark: life.mark,
                position: place.position,
            })
        };
        direct.filter_map(component).collect()
    }
}
