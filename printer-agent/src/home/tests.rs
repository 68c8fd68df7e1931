//! Tests of the home: what survives crashes, copies and strangers' files.

use super::*;
use crate::fixture::{Ship, draft, entropy, home};
use threadmark_protocol::answer::Witnessing;
use threadmark_protocol::body::Core;
use threadmark_protocol::bundle::ReplicaError;
use threadmark_protocol::bundle::part::Verified;
use threadmark_protocol::checkpoint;
use threadmark_protocol::fixture::{Consortium, text};
use threadmark_protocol::journal::{self, Durable, Journal};
use threadmark_protocol::statement::Statement;
use threadmark_protocol::world::World;

mod witnessed;

const NOW: i64 = threadmark_protocol::fixture::START_S + 1000;

fn person(c: &Consortium) -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = home(c, &folder.path().join("h"), "op", Holder::Person, 5);
    (folder, home)
}

/// Everything of one home in another folder.
fn copy(from: &Home, to: &Path) -> Home {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from.folder()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    Home::open(to).unwrap()
}

#[test]
fn a_home_is_private_and_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("deep/h");
    let (org, actor) = (text("ship.example"), text::<ActorId>("op"));
    let make = |seed| {
        let org: &OrgId = &org;
        Home::create(
            &at,
            org.clone(),
            actor.clone(),
            Holder::Person,
            &mut entropy(seed),
        )
    };
    assert!(matches!(Home::open(&at), Err(HomeError::NotAHome(_))));
    let made = make(1).unwrap();
    assert!(matches!(make(2), Err(HomeError::Exists(_))));
    let again = Home::open(&at).unwrap();
    assert_eq!(again.card(), made.card());
    assert!(matches!(
        again.sign(draft(), NOW, &mut entropy(3)),
        Err(HomeError::NotJoined)
    ));
    let secret = std::fs::read_to_string(at.join(IDENTITY)).unwrap();
    let shown = format!("{again:?}");
    for line in secret
        .lines()
        .filter(|line| line.contains("seed") || line.contains("SECRET"))
    {
        let value = line.split('"').nth(3).unwrap();
        assert!(!shown.contains(value));
    }
    #[cfg(unix)]
    for (name, mode) in [(IDENTITY, 0o600), (JOURNAL, 0o600), ("", 0o700)] {
        use std::os::unix::fs::PermissionsExt;
        let found = std::fs::metadata(at.join(name)).unwrap().permissions();
        assert_eq!(found.mode() & 0o777, mode, "{name}");
    }
}

#[test]
fn making_a_home_goes_on_after_a_crash_but_adopts_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let make = || {
        let (org, actor) = (text("ship.example"), text("op"));
        Home::create(folder.path(), org, actor, Holder::Person, &mut entropy(1))
    };
    std::fs::write(folder.path().join(JOURNAL), b"").unwrap();
    make().unwrap();
    std::fs::remove_file(folder.path().join(IDENTITY)).unwrap();
    std::fs::write(folder.path().join(JOURNAL), b"x").unwrap();
    assert!(matches!(make(), Err(HomeError::Exists(_))));
}

#[test]
fn a_damaged_identity_is_refused_by_name_and_without_its_content() {
    let c = Consortium::founded(1);
    let (_folder, home) = person(&c);
    let path = home.folder().join(IDENTITY);
    let good = std::fs::read_to_string(&path).unwrap();
    for bad in [
        &good[..good.len() / 2],
        &good.replace("seed\": \"", "seed\": \"zz"),
        "",
    ] {
        std::fs::write(&path, bad).unwrap();
        let error = Home::open(home.folder()).unwrap_err();
        assert!(matches!(error, HomeError::IdentityDamaged(_)));
        assert!(!error.to_string().contains("zz"));
    }
}

#[test]
fn another_log_is_never_joined() {
    let (c, other) = (Consortium::founded(1), Consortium::founded(2));
    let (folder, home) = person(&c);
    let genesis = other.genesis.to_bytes();
    let joined = home.join(&genesis, "http://x", None);
    assert!(matches!(joined, Err(HomeError::OtherLog { .. })));
    let second = folder.path().join("second");
    let (org, actor) = (text("ship.example"), text("x"));
    let second = Home::create(&second, org, actor, Holder::Person, &mut entropy(1)).unwrap();
    let joined = second.join(&genesis, "http://x", Some(c.trust().fingerprint()));
    assert!(matches!(joined, Err(HomeError::OtherLog { .. })));
    assert!(matches!(second.trust(), Err(HomeError::NotJoined)));
    // The same log at another address.
    home.join(&c.genesis.to_bytes(), "http://y/", None).unwrap();
    assert_eq!(home.service().unwrap(), "http://y");
}

#[test]
fn a_founder_goes_on_from_the_numbers_of_genesis() {
    let c = Consortium::founded(1);
    let folder = tempfile::tempdir().unwrap();
    let (org, actor) = (text("consortium.example"), text("gov"));
    let at = folder.path().join("h");
    let home = Home::create(&at, org, actor, Holder::Person, &mut entropy(1)).unwrap();
    let trust = c.trust();
    let Core::Anchors(mut anchors) = trust.anchors_statement.body.core.clone() else {
        panic!("entry 1 names anchors");
    };
    anchors.governor = home.card();
    let genesis = home
        .found(trust.policy, anchors, "http://x", NOW, &mut entropy(2))
        .unwrap();
    assert_eq!(
        genesis.trust().unwrap().fingerprint(),
        home.trust().unwrap().fingerprint()
    );
    let next = home.sign(draft(), NOW, &mut entropy(3)).unwrap();
    assert_eq!(next.body.seq, 2);
    assert!(next.body.prev.is_some());
    assert_eq!(home.undelivered().unwrap().len(), 1);
}

#[test]
fn a_crash_at_every_byte_of_an_append_leaves_whole_records_and_a_free_number() {
    let c = Consortium::founded(1);
    let (folder, home) = person(&c);
    home.sign(draft(), NOW, &mut entropy(1)).unwrap();
    let before = std::fs::read(home.path(JOURNAL)).unwrap();
    home.sign(draft(), NOW, &mut entropy(2)).unwrap();
    let after = std::fs::read(home.path(JOURNAL)).unwrap();
    let origin = c.origin();
    let path = folder.path().join("cut.cbor");
    for length in before.len()..=after.len() {
        std::fs::write(&path, &after[..length]).unwrap();
        let file = FileJournal::open(&path).unwrap();
        let mut journal = Journal::open(file, &origin).unwrap();
        let whole = if length == after.len() { 2 } else { 1 };
        assert_eq!(journal.statements().len(), whole, "at {length}");
        assert_eq!(journal.next().0, whole as u64);
        // What is signed next stands behind whole records.
        journal.append(journal.statements()[0].clone()).unwrap();
        drop(journal);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(journal::read(&bytes, &origin).unwrap().0.len(), whole + 1);
    }
}

#[test]
fn a_changed_byte_in_the_middle_of_the_journal_stops_signing() {
    let c = Consortium::founded(1);
    let (_folder, home) = person(&c);
    for seed in 0..3 {
        home.sign(draft(), NOW, &mut entropy(seed)).unwrap();
    }
    let path = home.path(JOURNAL);
    let good = std::fs::read(&path).unwrap();
    for at in (4..good.len() / 2).step_by(37) {
        let mut bad = good.clone();
        bad[at] ^= 0x40;
        std::fs::write(&path, &bad).unwrap();
        assert!(
            matches!(home.writer(), Err(HomeError::Journal(_))),
            "at {at}"
        );
        assert_eq!(
            std::fs::read(&path).unwrap(),
            bad,
            "nothing is dropped silently"
        );
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(home.writer(), Err(HomeError::JournalMissing)));
}

#[test]
fn two_processes_never_sign_at_once() {
    let c = Consortium::founded(1);
    let (_folder, home) = person(&c);
    let same = Home::open(home.folder()).unwrap();
    let mut writer = home.writer().unwrap();
    assert!(matches!(
        same.sign(draft(), NOW, &mut entropy(1)),
        Err(HomeError::Busy(_))
    ));
    writer.sign(draft(), NOW, &mut entropy(2)).unwrap();
    drop(writer);
    let next = same.sign(draft(), NOW, &mut entropy(3)).unwrap();
    assert_eq!(next.body.seq, 1);
}

#[test]
fn a_home_restored_from_a_backup_does_not_sign() {
    let mut ship = Ship::ready();
    let folder = tempfile::tempdir().unwrap();
    let order = ship.order();
    let backup = copy(&ship.home, folder.path());
    ship.print(&order).unwrap();
    ship.deliver();
    // The old copy signs, as long as it has not heard; the log finds out. Once it has synchronised it refuses.
    let mut replica = backup.replica_to_extend().unwrap();
    let page = ship.c.log.page(replica.size());
    backup.extend(&mut replica, &page).unwrap();
    let signed = backup.sign(draft(), NOW, &mut entropy(1));
    assert!(matches!(
        signed,
        Err(HomeError::JournalBehind { logged: 1 })
    ));
    ship.sync();
    ship.home.sign(draft(), NOW, &mut entropy(1)).unwrap();
}

#[test]
fn journals_are_exchanged_once_and_a_damaged_file_changes_nothing() {
    let mut ship = Ship::ready();
    ship.c.set_sail();
    ship.order();
    let (_folder, other) = person(&ship.c);
    let file = ship.home.export().unwrap();
    let mut damaged = file.clone();
    damaged[40] ^= 1;
    damaged.extend(&file);
    assert!(matches!(
        other.import(&damaged),
        Err(HomeError::Imported(_))
    ));
    assert!(other.imported_statements().unwrap().is_empty());
    assert_eq!(other.import(&file).unwrap(), 1);
    assert_eq!(other.import(&file).unwrap(), 0);
    // A crew member's statements travel on with the next file.
    other.sign(draft(), NOW, &mut entropy(1)).unwrap();
    assert_eq!(ship.home.import(&other.export().unwrap()).unwrap(), 1);
    assert_eq!(
        other.import(&ship.home.export().unwrap()).unwrap(),
        0,
        "own ones come back"
    );
    assert_eq!(other.undelivered().unwrap().len(), 2);
    assert_eq!(ship.home.import(b"").unwrap(), 0);
    assert!(matches!(
        ship.home.import(&[0xff; 40]),
        Err(HomeError::Imported(_))
    ));
}

#[test]
fn what_is_imported_has_a_bound_and_what_is_logged_makes_room() {
    let mut ship = Ship::ready();
    ship.c.set_sail();
    ship.order();
    let kept = std::fs::read(ship.home.folder().join("imported.cbor")).unwrap();
    let (_folder, other) = person(&ship.c);
    other.sign(draft(), NOW, &mut entropy(1)).unwrap();
    let file = other.export().unwrap();
    let room = (kept.len() + file.len() - 1) as u64;
    let full = ship.home.import_within(&file, room);
    assert!(matches!(full, Err(HomeError::ImportedFull(max)) if max == room));
    assert!(
        full.unwrap_err()
            .to_string()
            .contains("nothing was imported")
    );
    assert_eq!(
        std::fs::read(ship.home.folder().join("imported.cbor")).unwrap(),
        kept
    );
    // The order comes home: it stands in the replica, and its place in the file is free.
    assert_eq!(ship.c.come_home(), []);
    ship.sync();
    assert_eq!(ship.home.import_within(&file, room).unwrap(), 1);
    let ids = |all: Vec<Statement>| all.iter().map(|each| each.id).collect::<Vec<_>>();
    let imported = ids(ship.home.imported_statements().unwrap());
    assert_eq!(imported, ids(other.own_statements().unwrap()));
}

#[test]
fn a_journal_has_a_bound_and_says_so_before_anything_is_signed() {
    let ship = Ship::ready();
    ship.home.sign(draft(), NOW, &mut entropy(1)).unwrap();
    let length = std::fs::read(ship.home.folder().join(JOURNAL))
        .unwrap()
        .len() as u64;
    let writer = ship.home.writer().unwrap();
    assert!(writer.must_have_room(length + 1).is_ok());
    let full = writer.must_have_room(length).unwrap_err();
    assert!(matches!(full, HomeError::JournalFull(bytes) if bytes == length));
    assert!(full.to_string().contains("new key"));
}

#[test]
fn damage_anywhere_in_the_replica_is_found_and_a_cut_off_page_is_fetched_again() {
    let mut ship = Ship::ready();
    ship.order();
    let path = ship.home.path("replica.cbor");
    let good = std::fs::read(&path).unwrap();
    let first = u32::from_be_bytes(good[..4].try_into().unwrap()) as usize + 36;
    for at in (0..first).step_by(first / 10) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(&path, &bad).unwrap();
        let error = ship.home.replica().err().unwrap();
        let found = matches!(
            error,
            HomeError::ReplicaDamaged { .. } | HomeError::ReplicaBehind { .. }
        );
        assert!(found, "at {at}: {error}");
    }
    std::fs::write(&path, &good[..good.len() - 1]).unwrap();
    assert!(matches!(
        ship.home.view().err().unwrap(),
        HomeError::ReplicaBehind { .. }
    ));
    ship.sync();
    assert_eq!(std::fs::read(&path).unwrap(), good);
    ship.home.forget_replica().unwrap();
    assert!(matches!(
        ship.home.replica().err().unwrap(),
        HomeError::ReplicaBehind { .. }
    ));
    ship.sync();
    assert_eq!(ship.home.replica().unwrap().size(), ship.c.log.size());
}

#[test]
fn a_second_history_signed_by_the_same_log_is_never_believed() {
    let mut ship = Ship::ready();
    let mut fork = ship.c.clone();
    ship.order();
    for lot in ["lot:x1", "lot:x2", "lot:x3"] {
        fork.receive_lot(lot, "AlSi10Mg AMS7035");
    }
    let mut replica = ship.home.replica().unwrap();
    let known = ship.c.log.size();
    let page = fork.log.page(replica.size() - 2);
    assert!(ship.home.extend(&mut replica, &page).is_err());
    // Not even when everything is fetched anew.
    ship.home.forget_replica().unwrap();
    let mut replica = ship.home.replica_to_extend().unwrap();
    let found = ship.home.extend(&mut replica, &fork.log.page(0));
    assert!(matches!(found, Err(HomeError::SplitView(size)) if size == known));
    assert_eq!(replica.size(), 0);
}

#[test]
fn a_page_that_does_not_verify_is_not_stored() {
    let mut ship = Ship::ready();
    let before = std::fs::read(ship.home.path("replica.cbor")).unwrap();
    let mut replica = ship.home.replica().unwrap();
    ship.c.receive_lot("lot:l2", "AlSi10Mg AMS7035");
    let mut page = ship.c.log.page(replica.size());
    page.entries.swap(0, 1);
    let found = ship.home.extend(&mut replica, &page);
    assert!(matches!(
        found,
        Err(HomeError::Replica {
            source: ReplicaError::Batch(_) | ReplicaError::Index(_) | ReplicaError::Root,
            ..
        })
    ));
    assert_eq!(
        std::fs::read(ship.home.path("replica.cbor")).unwrap(),
        before
    );
}

#[test]
fn a_page_whose_checkpoint_cannot_be_kept_does_not_stand_there_either() {
    let mut ship = Ship::ready();
    let before = std::fs::read(ship.home.path("replica.cbor")).unwrap();
    let replica = ship.home.replica().unwrap();
    ship.c.receive_lot("lot:l2", "AlSi10Mg AMS7035");
    let page = ship.c.log.page(replica.size());
    let mut next = replica.clone();
    next.extend(&page).unwrap();
    let highest = ship.home.highest(replica.trust()).unwrap();
    let (path, size) = (ship.home.path("highest.json"), replica.size());
    let good = std::fs::read(&path).unwrap();
    // Root writes everywhere, so a folder stands in the way.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(ship.home.store(&next, size, &page, &highest).is_err());
    let after = std::fs::read(ship.home.path("replica.cbor")).unwrap();
    assert_eq!(after, before);
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, good).unwrap();
    let mut replica = ship.home.replica().unwrap();
    ship.home.extend(&mut replica, &page).unwrap();
    assert_eq!(ship.home.replica().unwrap().size(), next.size());
}

#[test]
fn a_lost_record_of_deliveries_only_means_sending_again() {
    let c = Consortium::founded(1);
    let (_folder, home) = person(&c);
    let said = home.sign(draft(), NOW, &mut entropy(1)).unwrap();
    let refused = Outcome::Refused {
        code: "x".into(),
        detail: "y".into(),
    };
    // An enrolment may come with another journal: what an unknown key signed is sent again.
    let unknown = Outcome::Refused {
        code: "unknown-key".into(),
        detail: "y".into(),
    };
    home.remember(&[(said.id, unknown)].into()).unwrap();
    assert_eq!(home.undelivered().unwrap().len(), 1);
    home.remember(&[(said.id, refused)].into()).unwrap();
    assert!(home.undelivered().unwrap().is_empty());
    std::fs::write(home.path("delivered.json"), b"{").unwrap();
    assert_eq!(home.undelivered().unwrap().len(), 1);
}

#[test]
fn a_full_disk_leaves_no_half_record_behind() {
    struct Full(FileJournal);
    impl Durable for Full {
        fn read(&mut self) -> std::io::Result<Vec<u8>> {
            self.0.read()
        }
        fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
            self.0.append(&bytes[..10])?;
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn truncate(&mut self, length_bytes: u64) -> std::io::Result<()> {
            self.0.truncate(length_bytes)
        }
    }
    let c = Consortium::founded(1);
    let (_folder, home) = person(&c);
    let said = home.sign(draft(), NOW, &mut entropy(1)).unwrap();
    let full = Full(FileJournal::open(&home.path(JOURNAL)).unwrap());
    let mut journal = Journal::open(full, &c.origin()).unwrap();
    assert!(journal.append(said).is_err());
    drop(journal);
    let next = home.sign(draft(), NOW, &mut entropy(2)).unwrap();
    assert_eq!(next.body.seq, 1);
    assert_eq!(home.own_statements().unwrap().len(), 2);
}

#[test]
fn offline_answers_come_from_what_is_known_here() {
    let ship = Ship::ready();
    let mark = threadmark_protocol::mark::Mark::derive(&[1; 32], 1);
    let viewer = threadmark_protocol::answer::Viewer::Public;
    let answer = ship.home.answer(mark, &viewer, ship.c.now).unwrap();
    assert_eq!(
        answer.verdict,
        threadmark_protocol::answer::Verdict::CannotDetermine
    );
}
