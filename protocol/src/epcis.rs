//! EPCIS 2.0 (ISO/IEC 19987) with CBV 2.0: the life of a part in the words that supply chains share.
//!
//! Owns which events a life has, and the documents around them. One statement is one event, so an event never changes:
//! its id is the hash of what it says ([`hash`]), the same before and after it is logged. What is not about a thing (a
//! design, an approval, a licence) is no event. `docs/epcis.md` has the table. Nothing here is worth more than the
//! statement that it names; whether a part may be used is [`crate::answer`]'s to say. Must never know transports.

pub mod capture;
pub mod digital_link;
pub mod hash;
mod told;
mod words;

use crate::answer::Viewer;
use crate::identity::{first_mark, part_of};
use crate::life::{Above, Life, Lot, causal_order};
use crate::mark::Mark;
use crate::text::Moment;
use crate::world::{Data, RestrictionKind, World};
use serde_json::{Map, Value, json};
use told::Teller;

/// The official JSON-LD context.
pub const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
/// Prefix of our own terms.
pub const PREFIX: &str = "threadmark";
/// What the prefix stands for.
pub const VOCABULARY: &str = "urn:threadmark:voc:";

/// An event as it stands in a document.
pub type Event = Map<String, Value>;

/// The name of a part in events, whichever of its marks leads to it: the address in the first, under the host that the log was
/// founded with. It never changes.
pub fn epc(world: &World, mark: Mark) -> Option<String> {
    let first = first_mark(world, part_of(world, mark)?)?;
    let policy = world.founding()?;
    Some(format!("https://{}/m/{first}", policy.host))
}

/// The mark that a name of [`epc`]'s form holds, under the host that the log was founded with.
pub fn mark_of(epc: &str, host: &str) -> Option<Mark> {
    Mark::from_scan(epc, host).filter(|_| epc.contains('/'))
}

/// The one form of a thing's name: a GS1 key as the canonical Digital Link, a part's as [`epc`] has it, others as they are.
pub fn name_of(text: &str, host: &str) -> String {
    match mark_of(text, host) {
        Some(mark) => format!("https://{host}/m/{mark}"),
        None => digital_link::canonical(text).unwrap_or_else(|| text.to_owned()),
    }
}

/// What happened to the part of a mark, oldest first: its material's events, then its own. Strangers get what the public
/// answer tells them.
pub fn life(world: &World, mark: Mark, viewer: &Viewer) -> Vec<Event> {
    let found = part_of(world, mark).and_then(|part| Life::with_above(world, part));
    let (Some((life, above)), Some(epc)) = (found, epc(world, mark)) else {
        return Vec::new();
    };
    let mut teller = Teller::new(epc, *viewer != Viewer::Public, life.comparisons.clone());
    if teller.is_member {
        above
            .powder(world)
            .iter()
            .for_each(|lot| tell_lot(&mut teller, lot));
    }
    if let Some(Data::Part { facts, .. }) = world.get(&life.part) {
        causal_order(facts)
            .into_iter()
            .for_each(|fact| teller.fact(fact));
    }
    if teller.is_member {
        tell_use(&mut teller, &above);
        tell_restrictions(&mut teller, world, &life);
    }
    teller.events
}

fn tell_lot(teller: &mut Teller, lot: &Lot) {
    for report in &lot.received {
        teller.received_lot(&lot.id, report);
    }
    for report in &lot.blended {
        teller.blended(&lot.id, report);
    }
}

fn tell_use(teller: &mut Teller, above: &Above) {
    if let Some(build) = above.build_id() {
        for account in above.uses() {
            teller.used(build, account);
        }
    }
}

/// Recalls and what else binds the part from above, while it does.
fn tell_restrictions(teller: &mut Teller, world: &World, life: &Life) {
    for hold in &life.holds {
        let restrictions = world.restrictions(&hold.subject).iter();
        let mut found = restrictions.filter(|one| Some(one.source.statement) == hold.statement);
        if let Some(one) = found.next() {
            teller.bound(one.kind == RestrictionKind::Recalled, &one.source);
        }
    }
}

/// When a life was last added to: the newest log time, or time of an event, in it. Documents are dated by it, so that the
/// same life has the same bytes.
fn dated(events: &[Event]) -> Value {
    let times = events
        .iter()
        .flat_map(|event| [event.get("recordTime"), event.get("eventTime")]);
    let times = times.flatten().filter_map(Value::as_str);
    let newest = times.filter_map(|time| time.parse::<Moment>().ok()).max();
    newest.map_or(json!("2000-01-01T00:00:00Z"), |time| json!(time))
}

fn context() -> Value {
    json!([CONTEXT, { PREFIX: VOCABULARY }])
}

/// The document that carries events from one system to another.
pub fn document(events: Vec<Event>) -> Value {
    json!({
        "@context": context(), "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": dated(&events), "epcisBody": { "eventList": events },
    })
}

/// The document that answers a query.
pub fn query_document(events: Vec<Event>) -> Value {
    json!({
        "@context": context(), "type": "EPCISQueryDocument", "schemaVersion": "2.0",
        "creationDate": dated(&events),
        "epcisBody": { "queryResults": {
            "queryName": "SimpleEventQuery", "resultsBody": { "eventList": events },
        } },
    })
}

#[cfg(test)]
mod tests;
