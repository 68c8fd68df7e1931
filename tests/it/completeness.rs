//! The lists of statements by subject, and the root over them: who lies about them is found.

use crate::interop::part_is_checked;
use crate::postgres::sql;
use crate::support::logged::logged;
use crate::support::{Founded, new_database, no_witnesses};
use object_store::memory::InMemory;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use threadmark::ledger::audit;
use threadmark::ledger::bundle;
use threadmark::ledger::storage::{Batch, Head, Storage as _};
use threadmark::store::PgStore;
use threadmark_agent::home::{Draft, Home};
use threadmark_agent::system::{self, SystemEntropy};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::{Holder, PartClass, Role, RoleGranted};
use threadmark_protocol::bundle::part::PartBundle;
use threadmark_protocol::checkpoint::{self, Cosigner};
use threadmark_protocol::fixture::{Consortium, Lie, Who};
use threadmark_protocol::index::{Mention, Tally};
use threadmark_protocol::journal;
use threadmark_protocol::key::Signer;
use threadmark_protocol::world::key_subject;
use tokio::runtime::Runtime;

/// What somebody beside the service could do to the lists, what the audit calls it, and whether the writer would go on:
/// it rests on the last line of each list.
const WRONG: [(&str, &str, bool); 5] = [
    (
        "delete from mention where subject = SUBJECT and nth = 2",
        "one is missing, or one too many",
        false,
    ),
    (
        "delete from mention where subject = SUBJECT",
        "subjects of which something was said have none",
        false,
    ),
    (
        "update mention set head = sha256(head) where subject = SUBJECT and nth = 1",
        "statement 1 of",
        true,
    ),
    (
        "update mention set index = 0 where subject = SUBJECT and nth = 2",
        "statement 2 of",
        true,
    ),
    (
        "insert into mention select 'part:never', 1, index, head from mention where nth = 1 limit 1",
        "statements of part:never",
        false,
    ),
];

#[test]
fn lists_that_are_not_the_logs_are_named_stop_the_writer_and_are_made_again() {
    let runtime = Runtime::new().unwrap();
    let founded = Founded::new(runtime.block_on(new_database()));
    let service = founded.serve();
    // Of the governor's key two statements speak: genesis, and the grant of a role.
    let key = founded.governor.identity().key_id();
    let subject = key_subject(&key);
    let grant = Core::RoleGranted(RoleGranted {
        role: Role::Custodian,
    });
    let grant = Draft::new(subject.clone(), grant);
    let governor = &founded.governor;
    let grant = governor.sign(grant, system::now(), &mut SystemEntropy);
    crate::service_crash::submit(&service, &grant.unwrap()).unwrap();
    drop(service);
    let run = |words: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_threadmark"))
            .args(words)
            .args(["--home".as_ref(), founded.log_home().as_os_str()])
            .env("DATABASE_URL", &founded.database)
            .output()
            .unwrap()
    };
    let (good, told) = founded.audit();
    assert!(good, "{told}");
    for (text, name, goes_on) in WRONG {
        let text = text.replace("SUBJECT", &format!("'{subject}'"));
        runtime.block_on(sql(&founded.database, &text)).unwrap();
        let (good, told) = founded.audit();
        assert!(!good && told.contains(name), "{text}: {told}");
        if goes_on {
            drop(founded.serve());
        } else {
            let started = run(&["serve", "--listen", "127.0.0.1:0"]);
            let why = String::from_utf8_lossy(&started.stderr);
            assert!(why.contains("lists of statements"), "{text}: {why}");
        }
        assert!(run(&["rebuild"]).status.success(), "{text}");
        let (good, told) = founded.audit();
        assert!(good, "{text}: {told}");
    }
    drop(founded.serve());
}

/// The log of a fixture as a database holds it, batch by batch; of states it has none.
async fn store_log(store: &PgStore, of: &Consortium) {
    let claim = threadmark::ledger::lease::Claim {
        holder: "test".into(),
        address: None,
    };
    let fence = store.take_lease(&claim).await.unwrap().unwrap();
    let mut lines = BTreeMap::new();
    for page in of.log.pages() {
        let end = page.from + page.entries.len() as u64;
        let entries = &of.log.entries()[page.from as usize..end as usize];
        let signed =
            threadmark_protocol::checkpoint::open(&page.checkpoint, &of.trust().checkpoint_key);
        let logged_at = entries.last().map(|last| last.body.iat).unwrap();
        let checkpoint = Head {
            size: end,
            root: signed.unwrap().checkpoint().root,
            note: page.checkpoint.clone(),
            logged_at,
        };
        let subjects = of.log.world().states.keys();
        let mut mentions = Vec::new();
        for subject in subjects {
            let tally: &mut Tally = lines.entry(subject).or_default();
            let links = of.log.list(subject).iter();
            for link in links.filter(|link| (page.from..end).contains(&link.index)) {
                *tally = tally.with(link);
                mentions.push(Mention {
                    subject: subject.clone(),
                    index: link.index,
                    tally: *tally,
                });
            }
        }
        let batch = Batch {
            first: page.from,
            entries: entries.iter().cloned().map(Arc::new).collect(),
            states: BTreeMap::new(),
            edges: BTreeSet::new(),
            mentions,
            statements: of.log.statements().clone(),
            checkpoint,
            fence,
        };
        store.commit(&batch).await.unwrap();
    }
}

#[test]
fn the_audit_finds_a_root_that_hides_a_recall() {
    let (mut honest, _) = Consortium::licensed(1, PartClass::C, 1);
    let mut lying = honest.clone();
    let lot = honest.lot.clone();
    honest.recall(Who::Production, &[&lot]).unwrap();
    let recall = honest.log.list(&lot).last().unwrap();
    lying.log.lie(Lie::Hides(recall.statement, lot.clone()));
    lying.recall(Who::Production, &[&lot]).unwrap();
    let last = lying.log.size() - 1;
    let about_index = |of: Consortium| {
        Runtime::new().unwrap().block_on(async {
            let store = PgStore::open(&new_database().await).await.unwrap();
            store_log(&store, &of).await;
            let files = InMemory::new();
            let report = audit::audit(&store, &files, of.trust(), |_, _| {});
            let report = report.await.unwrap();
            let found = report.discrepancies.into_iter();
            // Of states there are none; that is another matter.
            let found = found
                .filter(|one| !one.place.starts_with("state ") && !one.place.starts_with("edge "));
            found.map(|one| one.what).collect::<Vec<_>>()
        })
    };
    assert_eq!(about_index(honest), Vec::<String>::new());
    let told = about_index(lying);
    let wanted =
        format!("the index of statements that entry {last} signs is not what the entries lead to");
    assert_eq!(told, [wanted]);
}

/// `threadmark verify bundle` on this file: exit code and document.
fn checked(bundle: &[u8], genesis: Option<&[u8]>) -> (Option<i32>, serde_json::Value) {
    checked_with(bundle, genesis, &[])
}

fn checked_with(
    bundle: &[u8],
    genesis: Option<&[u8]>,
    more: &[&str],
) -> (Option<i32>, serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadmark"));
    command
        .current_dir(folder.path())
        .env_remove("THREADMARK_HOME");
    std::fs::write(folder.path().join("part.bundle"), bundle).unwrap();
    command.args(["verify", "bundle", "part.bundle", "--json"]);
    if let Some(genesis) = genesis {
        std::fs::write(folder.path().join("genesis.cbor"), genesis).unwrap();
        command.args(["--genesis", "genesis.cbor"]);
    }
    command.args(more);
    let output = command.output().unwrap();
    let document = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(
        files,
        1 + usize::from(genesis.is_some()),
        "a check writes nothing"
    );
    (output.status.code(), document)
}

#[test]
fn the_bundle_of_a_part_answers_without_a_service() {
    let (mut of, licence) = Consortium::licensed(3, PartClass::C, 2);
    let part = of.make(&licence, 1);
    of.hand_over(&part).unwrap();
    let (made, never) = (of.mark(&licence, 1), of.mark(&licence, 2));
    let lot = of.lot.clone();
    let (before, unknown) = Runtime::new().unwrap().block_on(async {
        let (ledger, store) = logged(&of).await;
        let nobody = no_witnesses();
        let bundles = [made, never].map(|mark| bundle::of_part(&ledger, &store, &nobody, mark));
        let [made, never] = bundles;
        (made.await.unwrap(), never.await.unwrap())
    });
    let genesis = of.genesis.to_bytes();
    let (code, told) = checked(&before.to_bytes(), Some(&genesis));
    // The fixture's year is not today's: nobody can tell from knowledge that old, and the age is shown.
    assert_eq!(code, Some(5), "{told:#}");
    assert_eq!(told["answer"]["reasons"][0]["code"], "knowledge-too-old");
    assert!(told["answer"]["age_s"].as_u64().unwrap() > 0);
    let rests_on = told["proof"]["rests_on"].to_string();
    for words in [
        "genesis of log.example/am",
        "checkpoint of",
        "there are no others",
    ] {
        assert!(rests_on.contains(words), "{words}: {rests_on}");
    }
    // Anybody can make a log: on the word of the file alone nothing good is said, and what is bad still is.
    let (code, told) = checked(&before.to_bytes(), None);
    assert_eq!(code, Some(5));
    assert_eq!(told["answer"]["reasons"][0]["code"], "unpinned-log");
    let (code, told) = checked(&unknown.to_bytes(), None);
    assert_eq!(code, Some(4));
    assert_eq!(told["answer"]["reasons"][1]["code"], "unpinned-log");
    let (code, told) = checked(&unknown.to_bytes(), Some(&genesis));
    assert_eq!(code, Some(4));
    assert_eq!(told["answer"]["reasons"][0]["code"], "unknown-mark");
    of.recall(Who::Production, &[&lot]).unwrap();
    let after = Runtime::new().unwrap().block_on(async {
        let (ledger, store) = logged(&of).await;
        bundle::of_part(&ledger, &store, &no_witnesses(), made)
            .await
            .unwrap()
    });
    let (code, told) = checked(&after.to_bytes(), Some(&genesis));
    assert_eq!(code, Some(4));
    assert_eq!(told["answer"]["reasons"][0]["code"], "recalled");
    let bound = &told["bound"][0];
    assert_eq!(
        (&bound["subject"], &bound["code"]),
        (&"lot:l1".into(), &"recalled".into())
    );
    let pin = of.trust().fingerprint().to_hex();
    let by_stranger = |bundle: &PartBundle| part_is_checked(&bundle.to_bytes(), &pin, &[]);
    let (accepted, told) = by_stranger(&after);
    assert!(accepted, "{told}");
    // The recall left out of the lot's list, under the same checkpoint.
    let mut less = after.clone();
    let list = less
        .lists
        .iter_mut()
        .find(|list| list.subject == lot)
        .unwrap();
    list.links.pop();
    let (code, told) = checked(&less.to_bytes(), Some(&genesis));
    assert_eq!(code, Some(1));
    let why = told["proof"]["failed"][0]["why"].as_str().unwrap();
    assert!(why.contains("lot:l1 is not whole"), "{why}");
    let (accepted, told) = by_stranger(&less);
    assert!(!accepted && told.contains("lot:l1 is not whole"), "{told}");
    // Another log's genesis.
    let other = Consortium::founded(9).genesis.to_bytes();
    assert_eq!(checked(&after.to_bytes(), Some(&other)).0, Some(1));
}

/// A mechanic's home that has joined the fixture's log and knows its first batch.
fn home_of(of: &Consortium, at: &Path) -> Home {
    let (org, actor) = (of.org(Who::Mechanic), "mechanic".parse().unwrap());
    let home = Home::create(at, org, actor, Holder::Person, &mut SystemEntropy).unwrap();
    let (genesis, fingerprint) = (of.genesis.to_bytes(), of.trust().fingerprint());
    home.join(&genesis, "http://127.0.0.1:1/", Some(fingerprint))
        .unwrap();
    let mut replica = home.replica_to_extend().unwrap();
    home.extend(&mut replica, &of.log.pages()[0]).unwrap();
    home
}

#[test]
fn a_bundle_is_not_believed_against_what_the_home_knows_nor_about_another_piece() {
    let (mut of, licence) = Consortium::licensed(3, PartClass::C, 2);
    let part = of.make(&licence, 1);
    of.hand_over(&part).unwrap();
    let (mark, other) = (of.mark(&licence, 1), of.mark(&licence, 2));
    let old = Runtime::new().unwrap().block_on(async {
        let (ledger, store) = logged(&of).await;
        bundle::of_part(&ledger, &store, &no_witnesses(), mark)
            .await
            .unwrap()
    });
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("home");
    let home = home_of(&of, &at);
    let asked = |more: &[&str]| {
        let home = ["--home", at.to_str().unwrap()];
        checked_with(&old.to_bytes(), None, &[&home, more].concat())
    };
    // The home knows nothing of the part yet, and the fixture's year is not today's.
    let (code, told) = asked(&["--mark", &mark.to_string()]);
    assert_eq!((code, told["from"].as_str()), (Some(5), Some("bundle")));
    let (code, told) = asked(&["--mark", &other.to_string()]);
    assert_eq!(code, Some(1));
    assert_eq!(told["proof"]["failed"][0]["of"], "the mark");
    let lot = of.lot.clone();
    of.recall(Who::Production, &[&lot]).unwrap();
    let said = of.log.entries().iter();
    let said = said.filter(|said| said.body.core.kind() != "log.batch");
    let journal: Vec<u8> = said
        .flat_map(|said| journal::frame(&said.submission))
        .collect();
    home.import(&journal).unwrap();
    let (code, told) = asked(&[]);
    assert_eq!(
        (code, told["from"].as_str()),
        (Some(4), Some("home")),
        "{told:#}"
    );
    assert_eq!(told["answer"]["reasons"][0]["code"], "recalled");
}

#[test]
fn a_home_that_believes_witnesses_believes_a_bundle_that_they_have_cosigned() {
    let (mut of, licence) = Consortium::licensed(3, PartClass::C, 1);
    of.make(&licence, 1);
    let mark = of.mark(&licence, 1);
    let mut bundle = Runtime::new().unwrap().block_on(async {
        let (ledger, store) = logged(&of).await;
        bundle::of_part(&ledger, &store, &no_witnesses(), mark)
            .await
            .unwrap()
    });
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("home");
    let home = home_of(&of, &at);
    let as_of = |bundle: &PartBundle| {
        let home = ["--home", at.to_str().unwrap()];
        let (_, told) = checked_with(&bundle.to_bytes(), None, &home);
        (told["answer"]["as_of"].clone(), told["proof"].to_string())
    };
    assert!(as_of(&bundle).0.is_i64());
    let witness = Cosigner::new("w.example", Signer::from_seed(&[7; 32])).unwrap();
    let policy = format!("witness W {}\nquorum W\n", witness.verifier());
    home.set_witness_policy(policy.as_bytes()).unwrap();
    let (time, proof) = as_of(&bundle);
    assert!(
        time.is_null() && proof.contains("UNWITNESSED"),
        "{time} {proof}"
    );
    let mut note = checkpoint::open(&bundle.checkpoint, &of.trust().checkpoint_key).unwrap();
    let since = of.now.unsigned_abs() + 9;
    let line = witness.cosign(note.note().text(), since);
    note.attach(line, witness.verifier()).unwrap();
    bundle.checkpoint = note.note().to_string();
    let (time, proof) = as_of(&bundle);
    assert_eq!(time.as_u64(), Some(since));
    assert!(!proof.contains("UNWITNESSED"), "{proof}");
}
