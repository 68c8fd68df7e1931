use super::*;
use crate::body::governance::PartClass;
use crate::body::vote::Change;
use crate::code::Code;
use crate::fixture::{Consortium, Lie, Who};
use crate::genesis::{Genesis, GenesisError};
use crate::world::Data;

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
        (tried.statements().root(), tried.statements.is_signed),
        (replica.statements().root(), replica.statements.is_signed)
    );
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
    // Each batch signs which statements stand where; without that the checkpoint would tell.
    assert!(matches!(swapped, ReplicaError::Index(4)), "{swapped}");
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
fn a_page_that_cannot_be_stored_is_undone_with_its_checkpoint() {
    #[derive(Debug)]
    struct Full;
    impl From<ReplicaError> for Full {
        fn from(error: ReplicaError) -> Full {
            panic!("the page is good: {error}")
        }
    }
    let c = consortium();
    let pages = c.log.pages();
    let mut replica = replica(&c);
    replica.extend(&pages[0]).unwrap();
    let known = (replica.size(), replica.as_of());
    let rest = c.log.page(replica.size());
    let tried = replica.extend_if(&rest, |next| {
        assert_eq!(next.checkpoint(), Some(c.log.checkpoint()));
        assert_eq!(next.size(), c.log.size());
        Err(Full)
    });
    assert!(tried.is_err());
    assert_eq!((replica.size(), replica.as_of()), known);
    assert_eq!(replica.checkpoint(), Some(&pages[0].checkpoint[..]));
    replica.extend(&rest).unwrap();
    assert_eq!(replica.world().states, c.log.world().states);
    assert_eq!(replica.checkpoint(), Some(c.log.checkpoint()));
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

#[test]
fn every_root_of_the_index_is_recomputed() {
    let c = consortium();
    let mut replica = replica(&c);
    let told: Vec<_> = c
        .log
        .pages()
        .iter()
        .flat_map(|page| replica.extend(page).unwrap())
        .collect();
    assert_eq!(replica.statements().root(), c.log.statements().root());
    assert!(
        c.log
            .entries()
            .last()
            .is_some_and(|last| matches!(&last.body.core,
        Core::LogBatch(says) if says.index_root == Some(replica.statements().root())))
    );
    // What was told line by line are the lists, each with its chain.
    for subject in c.log.world().states.keys() {
        let mut lines = told.iter().filter(|line| line.subject == *subject);
        let indices: Vec<_> = lines.clone().map(|line| line.index).collect();
        let list = c.log.list(subject);
        assert_eq!(
            indices,
            list.iter().map(|link| link.index).collect::<Vec<_>>(),
            "{subject}"
        );
        let newest = lines.next_back().map(|line| line.tally).unwrap_or_default();
        assert_eq!(newest, crate::index::Tally::of(list));
        assert_eq!(newest, replica.statements().tally(subject));
    }
}

#[test]
fn a_statement_counts_for_what_it_changes() {
    let mut c = consortium();
    let (part, lot) = ("part:p6".parse().unwrap(), c.lot.clone());
    let kinds = |c: &Consortium, id: &SubjectId| -> Vec<&str> {
        let links = c.log.list(id).iter();
        links
            .map(|link| c.log.entries()[link.index as usize].body.core.kind())
            .collect()
    };
    let Some(Data::Part { facts, .. }) = c.log.world().get(&part) else {
        panic!("no part")
    };
    let told: Vec<_> = facts.iter().map(|fact| fact.source.statement).collect();
    let listed: Vec<_> = c
        .log
        .list(&part)
        .iter()
        .map(|link| link.statement)
        .collect();
    assert_eq!(listed, told);
    assert_eq!(kinds(&c, &lot), ["material.received"]);
    let recall = c.recall(Who::Production, &[&lot]).unwrap();
    assert_eq!(
        kinds(&c, &lot),
        ["material.received", "safety.recall_placed"]
    );
    assert_eq!(kinds(&c, &recall), ["safety.recall_placed"]);
    let first = |kind: &str| {
        let mut all = c.log.world().states.keys();
        all.find(|id| id.kind() == kind).unwrap()
    };
    // Its end says which of its parts were made.
    let build = ["build.started", "build.completed"];
    assert_eq!(kinds(&c, first("build")), build);
    // Builds name their licence, and change nothing about it.
    let licence = ["licence.issued", "licence.accepted"];
    assert_eq!(kinds(&c, first("licence")), licence);
    // The log's own entries count for nothing.
    assert!(c.log.list(&crate::world::log_subject()).is_empty());
}

#[test]
fn a_log_that_hides_a_statement_from_its_index_is_found_by_whoever_replays_it() {
    let mut c = consortium();
    let mut replica = replica(&c);
    replica.extend(&c.log.page(0)).unwrap();
    let mut honest = c.clone();
    let lot = c.lot.clone();
    honest.recall(Who::Production, &[&lot]).unwrap();
    let recall = honest.log.list(&lot).last().unwrap().statement;
    c.log.lie(Lie::Hides(recall, lot.clone()));
    c.recall(Who::Production, &[&lot]).unwrap();
    assert!(c.log.index_of(&recall).is_some());
    let last = c.log.size() - 1;
    let error = refused(&replica, &c.log.page(replica.size()));
    assert!(
        matches!(error, ReplicaError::Index(at) if at == last),
        "{error}"
    );
    replica.extend(&honest.log.page(replica.size())).unwrap();
    // Later batches cannot make good what one has hidden.
    c.log.lie(Lie::SignsNone);
    c.receive_lot("lot:l2", "AlSi10Mg");
    honest.log.lie(Lie::SignsNone);
    honest.receive_lot("lot:l2", "AlSi10Mg");
    let error = refused(&replica, &honest.log.page(replica.size()));
    assert!(
        matches!(error, ReplicaError::Index(_)),
        "once signed, always signed: {error}"
    );
}

#[test]
fn rules_of_a_newer_program_are_told_as_such_and_not_as_broken() {
    let mut c = consortium();
    let newer = crate::lifecycle::RULES_VERSION + 1;
    let mut policy = c.trust().policy;
    policy.rules_version = newer;
    let (id, core) = c.proposal(Change::Policy(Box::new(policy)));
    c.log.lie(Lie::BreaksRules);
    c.say(Who::Governor, &id, core).unwrap();
    let mut replica = replica(&c);
    let mut pages = c.log.pages();
    let last = pages.pop().unwrap();
    for page in &pages {
        replica.extend(page).unwrap();
    }
    let error = refused(&replica, &last);
    assert!(
        matches!(error, ReplicaError::RulesUnknown { index, .. } if index == last.from),
        "{error}"
    );
    let told = error.to_string();
    assert!(told.contains(&format!("version {newer}")) && told.contains("Update the program"));
}
