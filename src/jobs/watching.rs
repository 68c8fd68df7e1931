//! Keeping what was scanned, and opening cases.
//!
//! Owns the pace, and whom a case concerns. Every process keeps what it saw and judges the marks that it saw; only the writer flags parts
//! and closes cases. A case is one row, which is the commit point: after it a crash leaves a case that is not flagged yet, and the
//! writer's next look flags it; a suspicion that was logged before the row says so is found in the part's record by its evidence. Must
//! never decide what is suspicious (`watch`), and never hold a part.

use crate::ledger::storage::StorageError;
use crate::ledger::{Clock, Ledger, Outcome};
use crate::store::PgStore;
use crate::store::part::Held;
use crate::store::sighting::{Case, NewCase};
use crate::watch::{Finding, Form, OnRecord, Seen, Sighting, USUAL_H, is_burst, judge};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;
use threadmark_protocol::answer::{Answer, Knowledge, Viewer, Witnessing};
use threadmark_protocol::digest::Digest;
use threadmark_protocol::life::{Life, Reached};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::statement::StatementId;
use threadmark_protocol::text::{OrgId, SubjectId};
use threadmark_protocol::world::{Data, Event, Report, mark_subject};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// Sightings that are kept at a time.
const KEPT_AT_ONCE: usize = 1_000;
/// Cases that the writer looks at in one look: the log grows by no more suspicions than that.
const CASES_AT_ONCE: i64 = 4;
/// Suspicions of the log itself about one part: beyond that people know.
const SUSPICIONS_MAX: usize = 64;
/// How long a scan is kept, and one of a mark that the log does not know, in hours.
const KEPT_H: i64 = 2 * 365 * 24;
const UNKNOWN_KEPT_H: i64 = 30 * 24;
/// How long a case that flags nothing stays open, in seconds.
const UNFLAGGED_OPEN_S: i64 = 30 * 86_400;
/// Between two counts of unknown marks, in seconds: they read all of a week.
const COUNT_EACH_S: i64 = 60;

/// Random bytes; none when the source fails.
pub type Salt = fn() -> Option<[u8; 16]>;

/// Keeps and judges what this process sees, for ever. What cannot be kept is dropped: nobody was promised it.
pub async fn keep_watching(
    ledger: &Ledger,
    store: &PgStore,
    seen: &Seen,
    clock: &Clock,
    salt: Salt,
) -> Infallible {
    let (mut counted_at, mut has_unknown) = (i64::MIN, false);
    loop {
        tokio::time::sleep(LOOK).await;
        let (new, now) = (seen.take(KEPT_AT_ONCE), clock());
        let watched = async {
            if !new.is_empty() {
                has_unknown |= store.keep_sightings(&new).await?;
                judge_each(ledger, store, &new, now, salt).await;
            }
            if has_unknown && now.saturating_sub(counted_at) >= COUNT_EACH_S {
                (counted_at, has_unknown) = (now, false);
                look_at_unknown(ledger, store, now, salt).await?;
            }
            Ok::<_, StorageError>(())
        };
        if let Err(error) = watched.await {
            tracing::warn!(%error, sightings = new.len(), "scans that are not kept");
        }
    }
}

/// What of one mark cannot be read keeps nobody from hearing of the others.
async fn judge_each(
    ledger: &Ledger,
    store: &PgStore,
    new: &[(Mark, Sighting)],
    now: i64,
    salt: Salt,
) {
    let marks: BTreeSet<_> = new.iter().map(|(mark, _)| *mark).collect();
    for mark in marks {
        if let Err(error) = look_at(ledger, store, mark, now, salt).await {
            tracing::warn!(%error, "the scans of a mark are not judged");
        }
    }
}

/// Opens what the sightings of one mark give reason for.
async fn look_at(
    ledger: &Ledger,
    store: &PgStore,
    mark: Mark,
    now: i64,
    salt: Salt,
) -> Result<(), StorageError> {
    let sightings = store.sightings(mark).await?;
    let held = store.part(mark).await?;
    let answer = told_to_members(ledger, &held, now);
    for finding in judge(OnRecord::of(&answer), &sightings) {
        let (Some(part), Some(salt)) = (part_of(&held, mark), salt()) else {
            continue;
        };
        let origin = ledger.trust().origin().as_str();
        let form = Form::of_mark(origin, salt, mark, &answer, &finding);
        let case = NewCase {
            suspicion: finding.suspicion,
            mark: Some(mark),
            form: form.to_text(),
            flags: finding.flags(),
            orgs: concerned(&held, &part).into_iter().collect(),
        };
        opened(store.open_case(&case, now).await?, &finding);
    }
    Ok(())
}

fn opened(is_new: bool, finding: &Finding) {
    if is_new {
        tracing::info!(suspicion = finding.suspicion.name(), "a case is opened");
    }
}

/// Opens a case when this hour has far more unknown marks than is usual. It concerns the governor: nobody else can tell whose they are.
async fn look_at_unknown(
    ledger: &Ledger,
    store: &PgStore,
    now: i64,
    salt: Salt,
) -> Result<(), StorageError> {
    let hour = now.div_euclid(3600);
    let (in_this_hour, before) = store.unknown_marks(hour, USUAL_H).await?;
    let Some(salt) = salt().filter(|_| is_burst(in_this_hour, before)) else {
        return Ok(());
    };
    let origin = ledger.trust().origin().as_str();
    let form = Form::of_unknown(
        origin,
        salt,
        hour,
        u32::try_from(in_this_hour).unwrap_or(u32::MAX),
    );
    let case = NewCase {
        suspicion: form.suspicion,
        mark: None,
        form: form.to_text(),
        flags: false,
        orgs: vec![ledger.trust().policy.governor.clone()],
    };
    if store.open_case(&case, now).await? {
        tracing::info!(marks = in_this_hour, "a case is opened: unknown marks");
    }
    Ok(())
}

/// What a form may say: as much as any member sees.
fn told_to_members(ledger: &Ledger, held: &Held, now: i64) -> Answer {
    let viewer = Viewer::Member {
        org: ledger.trust().policy.governor.clone(),
        asset_type: None,
    };
    let knowledge = Knowledge {
        logged_until: ledger.published(|log| log.head.as_ref().map(|head| head.logged_at)),
        is_whole_log: true,
        witnessing: Witnessing::Unasked,
    };
    held.record.answer(now, &viewer, knowledge)
}

fn part_of(held: &Held, mark: Mark) -> Option<SubjectId> {
    match held.world.get(&mark_subject(&mark)) {
        Some(Data::Mark { parts, .. }) => parts.first().cloned(),
        _ => None,
    }
}

/// Who has the part, was sent it, owns it, made it, designed it, approved it.
fn concerned(held: &Held, part: &SubjectId) -> BTreeSet<OrgId> {
    let Some((life, above)) = Life::with_above(&held.world, part) else {
        return BTreeSet::new();
    };
    let maker = above.licence().map(|licence| &licence.holder);
    let makers = [maker, above.design_authority(), above.approver()];
    let makers = makers.into_iter().flatten().cloned();
    let mut orgs: BTreeSet<_> = makers.collect();
    orgs.extend(Reached::from(life).concerned().into_iter().cloned());
    orgs
}

/// Flags the parts of open cases, closes what is cleared up, and forgets what is old; for ever, by the one process that writes.
pub async fn keep_flagging(ledger: &Ledger, store: &PgStore, clock: &Clock) -> Infallible {
    let (mut flagged, mut closed) = (0, 0);
    loop {
        tokio::time::sleep(LOOK).await;
        let looked = async {
            flagged = some(ledger, store, false, flagged, clock()).await?;
            closed = some(ledger, store, true, closed, clock()).await?;
            forget(store, clock()).await
        };
        if let Err(error) = looked.await {
            tracing::warn!(%error, "cases; they are looked at again");
        }
    }
}

/// Goes on with some open cases after one, those that are flagged or those that are not; where to go on. One at a time, and one that
/// cannot be read keeps nobody from the others.
async fn some(
    ledger: &Ledger,
    store: &PgStore,
    are_flagged: bool,
    after: i64,
    now: i64,
) -> Result<i64, StorageError> {
    let cases = store.open_cases(are_flagged, after, CASES_AT_ONCE).await?;
    for case in &cases {
        let looked = match are_flagged {
            true => close(store, case, now).await,
            false => flag(ledger, store, case, now).await,
        };
        if let Err(error) = looked {
            tracing::warn!(%error, case = case.id, "a case; it is looked at again");
        }
    }
    Ok(cases.last().map_or(0, |case| case.id))
}

async fn flag(ledger: &Ledger, store: &PgStore, case: &Case, now: i64) -> Result<(), StorageError> {
    let Some(mark) = case.mark else {
        return Ok(());
    };
    let held = store.part(mark).await?;
    let Some(part) = part_of(&held, mark) else {
        return Ok(());
    };
    let evidence = Digest::sha3(&[case.form.as_bytes()]);
    let own = suspicions(&held, &part, &ledger.trust().policy.governor);
    if let Some((_, statement)) = own.iter().find(|(of, _)| *of == Some(evidence)) {
        store.flagged_case(case.id, *statement).await
    } else if own.len() >= SUSPICIONS_MAX {
        store.close_case(case.id, now).await
    } else {
        say(ledger, store, case, (&part, evidence), now).await
    }
}

/// Says in the log what a case suspects. A case of which the log will not hear is closed; where it takes nothing now, the next look
/// says it.
async fn say(
    ledger: &Ledger,
    store: &PgStore,
    case: &Case,
    (part, evidence): (&SubjectId, Digest),
    now: i64,
) -> Result<(), StorageError> {
    let reason = case.suspicion.words().parse();
    let reason = reason.map_err(|_| StorageError::Inconsistent(format!("case {}", case.id)))?;
    let number = case.id.unsigned_abs();
    let statement = ledger.suspicion(part, reason, evidence, number, case.opened_at);
    let Some(statement) = statement else {
        return Ok(());
    };
    let id = statement.id;
    match ledger.submit(statement).await {
        Some(Outcome::Logged { .. }) => store.flagged_case(case.id, id).await,
        Some(Outcome::Refused(refusal)) => {
            tracing::warn!(case = case.id, code = %refusal.code().name(), "the log refuses its own suspicion");
            store.close_case(case.id, now).await
        }
        Some(Outcome::Unavailable | Outcome::NoRoom) | None => Ok(()),
    }
}

/// Evidence and statement of each suspicion that an organisation said about a part.
fn suspicions(held: &Held, part: &SubjectId, org: &OrgId) -> Vec<(Option<Digest>, StatementId)> {
    let Some(Data::Part { facts, .. }) = held.world.get(part) else {
        return Vec::new();
    };
    let said = |fact: &Report<Event>| match &fact.says {
        Event::Suspected(says) if fact.source.org == *org => {
            Some((says.evidence, fact.source.statement))
        }
        _ => None,
    };
    facts.iter().filter_map(said).collect()
}

/// Closes a case whose suspicion somebody has lifted.
async fn close(store: &PgStore, case: &Case, now: i64) -> Result<(), StorageError> {
    let (Some(mark), Some(statement)) = (case.mark, case.statement) else {
        return Ok(());
    };
    let held = store.part(mark).await?;
    let life = part_of(&held, mark).and_then(|part| Life::of(&held.world, &part));
    let is_open = life.is_some_and(|life| {
        let mut open = life.suspicions.iter();
        open.any(|one| one.statement == statement)
    });
    match is_open {
        true => Ok(()),
        false => store.close_case(case.id, now).await,
    }
}

async fn forget(store: &PgStore, now: i64) -> Result<(), StorageError> {
    let hour = now.div_euclid(3600);
    store
        .forget_sightings(hour - KEPT_H, hour - UNKNOWN_KEPT_H)
        .await?;
    store.close_unflagged(now - UNFLAGGED_OPEN_S, now).await
}
