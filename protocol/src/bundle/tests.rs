use super::*;
use crate::body::governance::PartClass;
use crate::code::Code;
use crate::fixture::{Consortium, Who};
use crate::genesis::{Genesis, GenesisError};

fn consortium() -> Consortium {
    let (mut c, licence) = Consortium::licensed(1, PartClass::C, 3);
    c.make(&licence, 1);
    c
}

fn replica(c: &Consortium) -> Replica {
    Replica::new(c.trust())
}

/// Why a page is refused; the replica must be as before.
fn refused(replica: &Replica, page: &Page) -> ReplicaError {
    let mut tried = replica.clone();
    let error = tried.extend(page).unwrap_err();
    assert_eq!(tried.tree, replica.tree);
    assert_eq!(tried.world.states, replica.world.states);
    assert_eq!(tried.world.sequences, replica.world.sequences);
    assert_eq!(tried.index, replica.index);
    assert_eq!(tried.sections, replica.sections);
    assert_eq!(
        (tried.as_of, &tried.checkpoint),
        (replica.as_of, &replica.checkpoint)
    );
    error
}

#[test]
fn a_page_survives_the_journey_and_any_other_form_is_refused() {
    let c = consortium();
    let page = c.log.page(0);
    let bytes = page.to_bytes();
    assert_eq!(Page::parse(&bytes).unwrap(), page);
    for cut in (0..bytes.len()).step_by(101) {
        assert!(Page::parse(&bytes[..cut]).is_err(), "{cut}");
    }
    assert!(Page::parse(&[&bytes[..], &[0]].concat()).is_err());
    assert!(Page::parse(&[0x84]).is_err() && Page::parse(&[0x83, 0, 0x9a, 1, 0, 0, 0]).is_err());
}

#[test]
fn a_page_that_does_not_follow_is_refused() {
    let c = consortium();
    let mut replica = replica(&c);
    let pages = c.log.pages();
    assert!(matches!(
        refused(&replica, &pages[1]),
        ReplicaError::Gap { .. }
    ));
    replica.extend(&pages[0]).unwrap();
    assert!(matches!(
        refused(&replica, &pages[0]),
        ReplicaError::Gap { .. }
    ));
    replica.extend(&pages[1]).unwrap();
    assert_eq!(replica.as_of(), Some(c.log.entries()[4].body.iat));
}

#[test]
fn entries_that_are_not_what_the_log_signed_are_refused() {
    let c = consortium();
    let replica = replica(&c);
    let good = c.log.page(0);
    let with = |change: fn(&mut Page)| {
        let mut page = good.clone();
        change(&mut page);
        refused(&replica, &page)
    };
    let dropped = with(|page| drop(page.entries.remove(40)));
    assert!(
        matches!(dropped, ReplicaError::Batch(_) | ReplicaError::Rule { .. }),
        "{dropped}"
    );
    let swapped = with(|page| page.entries.swap(3, 5));
    assert!(matches!(swapped, ReplicaError::Root), "{swapped}");
    let cut = with(|page| page.entries.truncate(41));
    assert!(
        matches!(cut, ReplicaError::Root | ReplicaError::Batch(_)),
        "{cut}"
    );
    let doubled = with(|page| {
        let entry = page.entries[3].clone();
        page.entries.insert(4, entry);
    });
    assert!(matches!(doubled, ReplicaError::Doubled(4)), "{doubled}");
    let forged = with(|page| {
        let last = page.entries[3].envelope.len() - 1;
        page.entries[3].envelope[last] ^= 1;
    });
    assert!(matches!(forged, ReplicaError::Signature(3)), "{forged}");
    let genesis = with(|page| {
        let last = page.entries[0].envelope.len() - 1;
        page.entries[0].envelope[last] ^= 1;
    });
    assert!(matches!(genesis, ReplicaError::Genesis), "{genesis}");
    let old = with(|page| page.checkpoint = String::new());
    assert!(matches!(old, ReplicaError::Checkpoint(_)), "{old}");
}

#[test]
fn a_page_that_fails_at_its_end_changes_nothing_of_what_was_known() {
    let c = consortium();
    let pages = c.log.pages();
    let mut replica = replica(&c);
    for page in &pages[..pages.len() / 2] {
        replica.extend(page).unwrap();
    }
    let mut page = c.log.page(replica.size());
    page.checkpoint.clone_from(&pages[0].checkpoint);
    assert!(matches!(refused(&replica, &page), ReplicaError::Root));
    page.checkpoint = c.log.checkpoint().to_owned();
    replica.extend(&page).unwrap();
    assert_eq!(replica.world().states, c.log.world().states);
}

#[test]
fn the_log_of_another_consortium_is_refused() {
    let (c, other) = (consortium(), Consortium::founded(2));
    let replica = replica(&c);
    let error = refused(&replica, &other.log.page(0));
    assert!(matches!(error, ReplicaError::Checkpoint(_)), "{error}");
    let mut page = other.log.page(0);
    page.checkpoint = c.log.checkpoint().to_owned();
    assert!(matches!(refused(&replica, &page), ReplicaError::Genesis));
}

#[test]
fn what_nobody_enrolled_signed_is_refused_at_sea_too() {
    let mut c = consortium();
    let mut replica = replica(&c);
    replica.extend(&c.log.page(0)).unwrap();
    c.set_sail();
    let mut stranger = c.person(Who::Mechanic).clone();
    stranger.signer = c.entropy().signer();
    c.people.insert(Who::Mechanic, stranger);
    let part = "part:p6".parse().unwrap();
    let report = c.remove(Who::Mechanic, &part).unwrap();
    let (world, refused) = replica.with(std::slice::from_ref(&report));
    assert_eq!(refused[0].1.code(), Code::UnknownKey);
    assert_eq!(world.states, replica.world().states);
}

#[test]
fn sections_come_with_the_entries_or_not() {
    let c = consortium();
    let entries = c.log.entries().iter();
    let licence = entries.clone().find(|entry| !entry.body.sealed.is_empty());
    let licence = licence.unwrap();
    let mut page = c.log.page(0);
    let mut whole = replica(&c);
    whole.extend(&page).unwrap();
    assert_eq!(
        whole.section(&licence.id, "seed"),
        Some(&b"sealed seed"[..])
    );
    page.entries
        .iter_mut()
        .for_each(|entry| entry.sections.clear());
    let mut public = replica(&c);
    public.extend(&page).unwrap();
    assert_eq!(public.section(&licence.id, "seed"), None);
    assert_eq!(public.world().states, whole.world().states);
}

#[test]
fn genesis_is_two_statements_of_one_governor() {
    let (c, other) = (consortium(), Consortium::founded(2));
    let bytes = c.genesis.to_bytes();
    let read = Genesis::parse(&bytes).unwrap();
    assert_eq!(read, c.genesis);
    assert_eq!(read.trust().unwrap().fingerprint(), c.trust().fingerprint());
    for cut in (0..bytes.len()).step_by(13) {
        assert!(Genesis::parse(&bytes[..cut]).is_err(), "{cut}");
    }
    let swapped = Genesis {
        policy: c.genesis.anchors.clone(),
        anchors: c.genesis.policy.clone(),
    };
    assert!(matches!(swapped.trust(), Err(GenesisError::Apart(_))));
    let mixed = Genesis {
        policy: c.genesis.policy.clone(),
        anchors: other.genesis.anchors.clone(),
    };
    assert!(matches!(mixed.trust(), Err(GenesisError::Apart(_))));
}
