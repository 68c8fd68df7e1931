//! What scans give away, from the first sighting to the statement in the log and back.

use crate::notices::Ground;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use threadmark::jobs::watching;
use threadmark::ledger::Outcome;
use threadmark::ledger::storage::Storage as _;
use threadmark::store::sighting::Case;
use threadmark::watch::{Seen, Sighting, Whereabouts};
use threadmark_protocol::answer::{Knowledge, Verdict, Viewer, Witnessing};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::PartClass;
use threadmark_protocol::body::safety::SuspicionLifted;
use threadmark_protocol::code::Code;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::fixture::{Consortium, Who, text};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::{Statement, StatementId};
use threadmark_protocol::text::SubjectId;

const BERLIN: (f64, f64) = (52.5, 13.4);
const SYDNEY: (f64, f64) = (-33.9, 151.2);

/// A log whose scans are watched.
struct Watched {
    ground: Ground,
    seen: Arc<Seen>,
    part: SubjectId,
    mark: Mark,
    /// Who scans from now on.
    by_member: bool,
}

impl Watched {
    /// A part that the mechanic's organisation has.
    async fn new() -> Watched {
        let (mut of, licence) = Consortium::licensed(3, PartClass::C, 2);
        let (part, mark) = (of.make(&licence, 1), of.mark(&licence, 1));
        of.hand_over(&part).unwrap();
        let ground = Ground::new(of).await;
        let seen = Arc::new(Seen::default());
        let watched = Watched {
            ground,
            seen,
            part,
            mark,
            by_member: true,
        };
        watched.watch();
        watched
    }

    /// What each process does, and what the writer does.
    fn watch(&self) {
        let (ledger, store) = (self.ground.ledger.clone(), self.ground.store.clone());
        let (clock, seen) = (self.ground.clock.clone(), self.seen.clone());
        tokio::spawn(async move {
            match watching::keep_watching(&ledger, &store, &seen, &clock, || Some([7; 16])).await {}
        });
    }

    fn flag(&self) -> tokio::task::JoinHandle<()> {
        let (ledger, store) = (self.ground.ledger.clone(), self.ground.store.clone());
        let clock = self.ground.clock.clone();
        tokio::spawn(async move { match watching::keep_flagging(&ledger, &store, &clock).await {} })
    }

    fn scan(&self, mark: Mark, place: Option<(f64, f64)>) {
        let sighting = Sighting {
            hour: (self.ground.clock)() / 3600,
            place: place
                .and_then(|(latitude, longitude)| Whereabouts::from_degrees(latitude, longitude)),
            by_member: self.by_member,
        };
        self.seen.note(mark, sighting);
    }

    async fn cases(&self, who: Who) -> Vec<Case> {
        let org = self.ground.org(who);
        self.ground.store.cases_of(&org, 0, 50).await.unwrap()
    }

    async fn until(&self, who: Who, good: impl Fn(&[Case]) -> bool) -> Vec<Case> {
        for _ in 0..600 {
            let cases = self.cases(who).await;
            if good(&cases) {
                return cases;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "not within half a minute: {} cases",
            self.cases(who).await.len()
        );
    }

    /// Verdict and codes that the custodian is told.
    async fn told(&self) -> (Verdict, BTreeSet<Code>) {
        let held = self.ground.store.part(self.mark).await.unwrap();
        let viewer = Viewer::Member {
            org: self.ground.org(Who::Mechanic),
            asset_type: None,
        };
        let knowledge = Knowledge {
            logged_until: Some((self.ground.clock)()),
            is_whole_log: true,
            witnessing: Witnessing::Unasked,
        };
        let answer = held
            .record
            .answer((self.ground.clock)(), &viewer, knowledge);
        let codes = answer.reasons.iter().map(|reason| reason.code);
        (answer.verdict, codes.collect())
    }

    async fn statement(&self, id: &StatementId) -> Statement {
        let places = self.ground.store.places(&[*id]).await.unwrap();
        let place = &places[id];
        let mut entries = self.ground.store.entries(place.index, 1).await.unwrap();
        Statement::open(entries.pop().unwrap(), &self.ground.of.origin()).unwrap()
    }

    /// Statements of the log that suspect the part.
    async fn suspicions(&self) -> Vec<Statement> {
        let size = self.ground.ledger.published(|log| log.tree.size());
        let entries = self.ground.store.entries(0, size as usize).await.unwrap();
        let opened = entries
            .into_iter()
            .map(|entry| Statement::open(entry, &self.ground.of.origin()).unwrap());
        opened
            .filter(|one| matches!(one.body.core, Core::SuspicionPlaced(_)))
            .collect()
    }
}

fn is_flagged(cases: &[Case]) -> bool {
    matches!(cases, [case] if case.statement.is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_mark_gives_itself_away_and_grounds_nothing() {
    let mut watched = Watched::new().await;
    watched.flag();
    let before = watched.told().await;
    watched.scan(watched.mark, Some(BERLIN));
    watched.scan(watched.mark, None);
    watched.scan(watched.mark, Some(SYDNEY));
    let cases = watched.until(Who::Mechanic, is_flagged).await;
    let case = &cases[0];
    let form: Value = serde_json::from_str(&case.form).unwrap();
    assert_eq!(form["suspicion"], "impossible_places");
    assert_eq!(form["serial_number"], watched.mark.to_string());
    assert_eq!(form["sightings"].as_array().unwrap().len(), 2);
    assert_eq!(form["reporter"], "anonymous");

    // The log says that it suspects the part, and nothing of where it was seen.
    let statement = watched.statement(&case.statement.unwrap()).await;
    let Core::SuspicionPlaced(says) = &statement.body.core else {
        panic!("{:?}", statement.body.core);
    };
    assert_eq!(statement.body.sub, watched.part);
    assert_eq!(says.evidence, Some(Digest::sha3(&[case.form.as_bytes()])));
    assert!(!says.reason.as_str().contains(char::is_numeric));
    let (verdict, codes) = watched.told().await;
    assert_eq!(verdict, before.0, "a flag is no hold");
    assert!(codes.contains(&Code::Suspected) && !before.1.contains(&Code::Suspected));

    // Who has, made, designed or approved it reads where; others do not.
    for who in [Who::Designer, Who::Certifier, Who::Production] {
        assert_eq!(watched.cases(who).await.len(), 1, "{who:?}");
    }
    assert_eq!(watched.cases(Who::Log).await.len(), 0);

    // The same again is the same case, and one statement.
    watched.scan(watched.mark, Some(SYDNEY));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(watched.suspicions().await.len(), 1);

    // Cleared up by a person, the case closes, and what was seen before counts no more.
    let (part, id) = (watched.part.clone(), statement.id);
    let core = Core::SuspicionLifted(SuspicionLifted {
        after: None,
        placed: id,
        disposition: text("The one in Sydney is a copy"),
    });
    let sections = BTreeMap::new();
    let cleared = watched
        .ground
        .of
        .sign_with(Who::Certifier, &part, core, sections);
    watched.ground.now.fetch_add(300, Ordering::Relaxed);
    let outcome = watched.ground.ledger.submit(cleared).await;
    assert!(
        matches!(outcome, Some(Outcome::Logged { .. })),
        "{outcome:?}"
    );
    let is_closed = |cases: &[Case]| matches!(cases, [case] if case.closed_at.is_some());
    watched.until(Who::Mechanic, is_closed).await;
    watched.scan(watched.mark, Some(BERLIN));
    tokio::time::sleep(Duration::from_secs(5)).await;
    watched.until(Who::Mechanic, is_closed).await;
    assert!(!watched.told().await.1.contains(&Code::Suspected));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_anybody_may_tell_opens_a_case_and_flags_nothing_until_a_member_tells_it_too() {
    let mut watched = Watched::new().await;
    watched.flag();
    watched.by_member = false;
    // So many places that nothing else would find room: eight of an hour are kept.
    for longitude in 0..40 {
        watched.scan(watched.mark, Some((-80.0, f64::from(longitude))));
    }
    watched.scan(watched.mark, Some(BERLIN));
    watched.scan(watched.mark, Some(SYDNEY));
    tokio::time::sleep(Duration::from_secs(5)).await;
    let kept = watched.ground.store.sightings(watched.mark).await.unwrap();
    assert_eq!(kept.len(), 8);
    assert_eq!(watched.suspicions().await.len(), 0);
    watched.by_member = true;
    watched.scan(watched.mark, Some(BERLIN));
    let cases = watched.until(Who::Mechanic, is_flagged).await;
    assert_eq!(watched.suspicions().await.len(), 1);
    let form: Value = serde_json::from_str(&cases[0].form).unwrap();
    let shown = form["sightings"].as_array().unwrap();
    assert!(shown.iter().any(|one| one["by_member"] == true), "{form}");
    assert!(form["salt"].as_str().unwrap().len() == 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspicion_that_was_logged_before_a_crash_is_found_again() {
    let watched = Watched::new().await;
    watched.scan(watched.mark, Some(BERLIN));
    watched.scan(watched.mark, Some(SYDNEY));
    watched.until(Who::Mechanic, |cases| cases.len() == 1).await;
    let writer = watched.flag();
    let cases = watched.until(Who::Mechanic, is_flagged).await;
    writer.abort();
    // As if the process had died between the log and the row.
    let pool = sqlx::PgPool::connect(&watched.ground.database)
        .await
        .unwrap();
    let forgotten = sqlx::query("update suspicion_case set statement = null");
    forgotten.execute(&pool).await.unwrap();
    watched.flag();
    let again = watched.until(Who::Mechanic, is_flagged).await;
    assert_eq!(again[0].statement, cases[0].statement);
    assert_eq!(watched.suspicions().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_that_nobody_knows_are_a_case_for_the_governor_when_they_are_many() {
    let watched = Watched::new().await;
    let unknown = |unit| Mark::derive(&[9; 32], unit);
    for unit in 0..19 {
        watched.scan(unknown(unit), None);
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(watched.cases(Who::Log).await.len(), 0);
    watched.ground.now.fetch_add(61, Ordering::Relaxed);
    for unit in 0..1_500 {
        watched.scan(unknown(unit), None);
    }
    let cases = watched.until(Who::Log, |cases| cases.len() == 1).await;
    assert_eq!(cases[0].mark, None);
    // Who invents marks fills no disk.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let hour = (watched.ground.clock)() / 3600;
    let (kept, _) = watched.ground.store.unknown_marks(hour, 1).await.unwrap();
    assert!((1_000..=2_000).contains(&kept), "{kept}");
    // After a month nobody looks any more.
    watched.ground.now.fetch_add(31 * 86_400, Ordering::Relaxed);
    watched.flag();
    watched
        .until(Who::Log, |cases| cases[0].closed_at.is_some())
        .await;
}
