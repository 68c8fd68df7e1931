//! What of an answer is checked here: each step's statement, and the answer itself where the log is known here.
//!
//! Owns which check each step gets. Must never print.

use super::Asking;
use crate::cli::output::progress;
use crate::cli::proof::{Claimed, Proof};
use anyhow::Result;
use threadmark_agent::home::View;
use threadmark_agent::sync::{Client, Session};
use threadmark_agent::system;
use threadmark_protocol::answer::{self, Answer, Knowledge, Step, Witnessing};

impl Asking {
    pub(super) fn prove_online(
        &self,
        client: &Client,
        session: Option<&Session>,
        answer: &Answer,
        view: Option<&View>,
    ) -> Result<Proof> {
        let mut proof = Proof {
            rests_on: self.rests_on(),
            ..Proof::default()
        };
        let mut tell = progress();
        for (at, step) in answer.life.iter().enumerate() {
            tell(&format!("{at} of {} proofs checked", answer.life.len()));
            let logged = client.statement(session, &step.statement)?;
            let claimed = Claimed {
                id: step.statement,
                index: logged.index,
                envelope: &logged.envelope,
                author_key: logged.author_key,
                receipt: &logged.receipt,
            };
            let done = claimed.check(&self.trust).and_then(|envelope| {
                let same = envelope.iss == step.org && step.index == Some(logged.index);
                same.then_some(())
                    .ok_or("the answer names another author or place".to_owned())
            });
            proof.note(step.statement, done.and_then(|()| as_replayed(step, view)));
        }
        match view {
            Some(view) => self.compare(&mut proof, answer, view),
            None => proof.rests_on.push(
                "the answer and what each step says are the service's word; members replay them"
                    .to_owned(),
            ),
        }
        Ok(proof)
    }

    /// Where the same of the log is known here, replaying it must lead to the same answer.
    fn compare(&self, proof: &mut Proof, told: &Answer, view: &View) {
        if told.logged_until != view.replica.as_of() {
            let how = "the log has grown in between: the answer was not compared with a replay";
            return proof.rests_on.push(how.to_owned());
        }
        let knowledge = Knowledge {
            // The replay is asked about knowledge of the same age.
            logged_until: told.as_of,
            is_whole_log: true,
            witnessing: Witnessing::Unasked,
        };
        let (world, now) = (view.replica.world(), system::now());
        let own = answer::answer(world, told.mark, now, &self.viewer(), knowledge);
        let same = (told.verdict, &told.reasons, &told.part, &told.life)
            == (own.verdict, &own.reasons, &own.part, &own.life);
        let why = || {
            let [told, own] = [told, &own].map(|answer| answer.verdict.words());
            format!("the service says {told}, replaying the log here says {own}, or another life")
        };
        if proof.note("answer", same.then_some(()).ok_or_else(why)) {
            proof
                .rests_on
                .push("replaying the log here leads to the same answer".to_owned());
        }
    }

    pub(super) fn prove_offline(&self, view: &View, answer: &Answer) -> Proof {
        let mut proof = Proof {
            rests_on: self.rests_on(),
            ..Proof::default()
        };
        for step in &answer.life {
            let known = match step.index {
                Some(index) => view.replica.index_of(&step.statement) == Some(index),
                None => view.at_hand.iter().any(|said| said.id == step.statement),
            };
            let done = known
                .then_some(())
                .ok_or("it is not in the replica".to_owned());
            proof.note(step.statement, done);
        }
        let how = "replica and journals were replayed: signatures, rules and the log's root";
        proof.rests_on.push(how.to_owned());
        proof
    }
}

/// Where the log is known here, replaying it has verified the same statement at the same place.
fn as_replayed(step: &Step, view: Option<&View>) -> Result<(), String> {
    let Some(view) = view else { return Ok(()) };
    let Some(index) = step.index.filter(|index| *index < view.replica.size()) else {
        return Ok(());
    };
    let same = view.replica.index_of(&step.statement) == Some(index);
    same.then_some(())
        .ok_or("the replica has another statement there".to_owned())
}
