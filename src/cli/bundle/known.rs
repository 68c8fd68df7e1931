//! What a home knows beside a bundle: the same history, or a contradiction; and often more, and newer.
//!
//! Owns which of the two answers is given. A file that was made long ago must not overrule what has been learnt since. Must
//! never decide what an answer is, nor change the home.

use crate::cli::proof::Proof;
use anyhow::Result;
use serde::Serialize;
use threadmark_agent::home::{Home, View};
use threadmark_protocol::answer::{Answer, Verdict, Viewer, Witnessing};
use threadmark_protocol::bundle::part::Verified;

/// Whose knowledge an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The statements in the bundle.
    Bundle,
    /// The log and the journals in the home.
    Home,
}

impl Source {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Source::Bundle => "the bundle",
            Source::Home => "what is known in the home, which says worse than the bundle",
        }
    }
}

/// What the home knows, and what those whom it believes have confirmed of the bundle.
pub struct Known {
    view: View,
    witnessing: Witnessing,
}

impl Known {
    /// Reads the home.
    pub fn of(home: &Home, verified: &Verified) -> Result<Known> {
        let mut view = home.view()?;
        let witnessing = home.witnessing_of(&view.replica, verified)?;
        learn(&mut view, verified, witnessing);
        Ok(Known { view, witnessing })
    }

    /// Notes whether it is the same history, and whether witnesses are missing.
    pub fn compare(&self, verified: &Verified, proof: &mut Proof) {
        compare(verified, &self.view, proof);
        super::reader::confirmed(self.witnessing, verified, proof);
    }

    /// The worse of what bundle and home say at `now` (Unix seconds).
    pub fn answer(
        &self,
        verified: &Verified,
        now: i64,
        viewer: &Viewer,
        proof: &mut Proof,
    ) -> (Answer, Source) {
        let told = verified.answer(now, viewer, self.witnessing);
        worse(told, verified.checkpoint.size, &self.view, viewer, proof)
    }
}

/// What witnesses have confirmed of the bundle's checkpoint, they have confirmed of the home's log that contains it.
fn learn(view: &mut View, verified: &Verified, witnessing: Witnessing) {
    let (size, root) = (verified.checkpoint.size, verified.checkpoint.root);
    if let Witnessing::Witnessed { since, .. } = witnessing
        && view.replica.tree().root_at(size) == Some(root)
        && view.knowledge.as_of() < Some(since)
    {
        view.knowledge.witnessing = witnessing;
    }
}

fn compare(verified: &Verified, view: &View, proof: &mut Proof) {
    let (size, root) = (verified.checkpoint.size, verified.checkpoint.root);
    match view.replica.tree().root_at(size) {
        Some(known) => {
            let same = (known == root).then_some(());
            let why = "the home has verified another history: keep both, and tell the governor";
            if proof.note("the checkpoint", same.ok_or(why.to_owned())) {
                let line = "the same history as the home has replayed whole";
                proof.rests_on.push(line.to_owned());
            }
        }
        None => proof.rests_on.push(format!(
            "the home knows {} entries, fewer than the bundle: that it is the same history was not compared",
            view.replica.size()
        )),
    }
}

/// The worse of two answers about the same part at the same time: that of a bundle up to `size` entries, and the home's own.
///
/// A home that knows fewer entries may lack what makes the part good, so there its doubt is nothing against the bundle; but
/// what it has against the part may be in a journal that the log has not seen, and counts.
fn worse(
    told: Answer,
    size: u64,
    view: &View,
    viewer: &Viewer,
    proof: &mut Proof,
) -> (Answer, Source) {
    let own = view.answer(told.mark, viewer, told.now);
    let known = view.replica.size();
    let counts = known >= size || own.verdict == Verdict::DoNotInstall;
    if !counts || rank(own.verdict) <= rank(told.verdict) {
        return (told, Source::Bundle);
    }
    let mut line = format!(
        "THE HOME SAYS WORSE: the bundle of {size} entries alone says {}; the answer is from the {known} entries and the journals in the home",
        told.verdict.words()
    );
    if known < size {
        line.push_str(", which is older: synchronise, and check again");
    }
    proof.rests_on.insert(0, line);
    (own, Source::Home)
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::EligibleByRecord => 0,
        Verdict::RecordFound => 1,
        Verdict::CannotDetermine => 2,
        Verdict::DoNotInstall => 3,
    }
}

#[cfg(test)]
mod tests;
