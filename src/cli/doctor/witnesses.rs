//! Checks of the witnesses: who answers, and whether what each shows is in the database.

use super::{Check, ok, problem, warning};
use crate::config::Config;
use crate::jobs::memory::{CheckError, Remembered, compare};
use crate::jobs::wire::Wire;
use crate::ledger::storage::Storage as _;
use crate::ledger::witnesses::{Trouble, Witnesses};
use crate::store::PgStore;
use anyhow::Result;
use threadmark_protocol::checkpoint::{Checkpoint, Cosignature};
use threadmark_protocol::genesis::Trust;
use threadmark_protocol::note::VerifierKey;
use threadmark_protocol::witness::policy::{Policy, Standing};

const NAME: &str = "witnesses";

/// Checks of the policy and of every witness in it. Nothing is asked that a witness would remember.
pub fn checks(config: &Config, trust: Option<&Trust>) -> Result<Vec<Check>> {
    let Some(trust) = trust else {
        return Ok(Vec::new());
    };
    let log = &trust.checkpoint_key;
    let policy = match config.read_witness_policy(log) {
        Ok(policy) => policy,
        Err(error) => {
            let advice = "correct the file; docs/operate.md shows one";
            return Ok(vec![problem(NAME, format!("{error:#}"), advice)]);
        }
    };
    if policy.witnesses().is_empty() {
        let found = "none is asked: knowledge of this log is shown as unwitnessed";
        return Ok(vec![ok(NAME, found)]);
    }
    let witnesses = Witnesses::new(policy);
    let mut checks: Vec<_> = quorum(&witnesses).into_iter().collect();
    let shown = shown(&witnesses, log);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = match config.running_database_url() {
            Some(url) => PgStore::open_to_examine(&url).await.ok(),
            None => None,
        };
        for (name, shown) in shown {
            checks.push(one(store.as_ref(), &name, shown).await);
        }
    });
    checks.push(audit(witnesses.policy()));
    Ok(checks)
}

type Shown = std::result::Result<Option<Checkpoint>, Trouble>;

/// What each shows, all asked at the same time.
fn shown(witnesses: &Witnesses, log: &VerifierKey) -> Vec<(String, Shown)> {
    std::thread::scope(|scope| {
        let asking = witnesses.asked().map(|(_, witness, url)| {
            let asked = scope.spawn(move || Wire::default().shown(url, log));
            (witness.name.clone(), asked)
        });
        let asking: Vec<_> = asking.collect();
        let asked = asking.into_iter();
        asked
            .filter_map(|(name, asked)| Some((name, asked.join().ok()?)))
            .collect()
    })
}

async fn one(store: Option<&PgStore>, name: &str, shown: Shown) -> Check {
    match shown {
        Err(trouble) => warning(
            NAME,
            format!("{name}: {trouble}"),
            "look at its address and at the network; statements do not wait for it",
        ),
        Ok(None) => warning(
            NAME,
            format!("{name} answers, and shows no checkpoint of this log"),
            "if it stays so while the service runs, ask its operator to add this log's key",
        ),
        Ok(Some(checkpoint)) => compared(store, name, checkpoint).await,
    }
}

/// A quorum that the witnesses with an address cannot make is never met.
fn quorum(witnesses: &Witnesses) -> Option<Check> {
    let policy = witnesses.policy();
    let all = witnesses.asked().map(|(_, witness, _)| Cosignature {
        witness: witness.key.clone(),
        time: 1,
    });
    let is_unmet = policy.standing(&all.collect::<Vec<_>>()) == Standing::Waiting;
    is_unmet.then(|| {
        let found = "the witnesses that have a URL cannot make the quorum";
        problem(
            NAME,
            found,
            "give more of them a URL in the policy file, or ask for fewer",
        )
    })
}

/// Witnesses see that history only grows; whether rules were kept is seen by those who replay it.
fn audit(policy: &Policy) -> Check {
    let told = super::super::auditors::told(policy);
    match policy.asks_for_independent_audit() {
        true => ok(NAME, told),
        false => warning(
            NAME,
            told,
            "for parts of class A and B name auditing cosigners, as docs/operate.md shows",
        ),
    }
}

async fn compared(store: Option<&PgStore>, name: &str, shown: Checkpoint) -> Check {
    let size = shown.size;
    let Some(store) = store else {
        return ok(
            NAME,
            format!("{name} has cosigned {size} entries; the database does not run"),
        );
    };
    match compare(store, name, &Remembered::Shown(shown)).await {
        Err(CheckError::Forked(forked)) => problem(
            NAME,
            forked,
            "see *Witnesses* in docs/operate.md before anything is started",
        ),
        Err(CheckError::Storage(error)) => problem(NAME, error, "see the database above"),
        Ok(()) => {
            let held = store
                .head()
                .await
                .ok()
                .flatten()
                .map_or(0, |head| head.size);
            ok(
                NAME,
                format!("{name} has cosigned {size} of {held} entries"),
            )
        }
    }
}
