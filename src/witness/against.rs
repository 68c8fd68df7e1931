//! What is kept against a log that signed what this witness refuses.
//!
//! Owns which refusals are of interest, and by which key of the log they are held against it. Only lines of the log's
//! trusted keys are kept. Must never change an answer.

use super::{Cosigned, Log, Witness};
use threadmark_protocol::note::{Note, NoteError, VerifierKey};
use threadmark_protocol::witness::evidence::{Evidence, Finding};
use threadmark_protocol::witness::{Refusal, Request};

impl Witness {
    /// Keeps what was refused, if it may be held against the log: a proof of misbehaviour always, and a tree that was not
    /// shown to be consistent too. Its signatures were verified. That it cannot be kept changes no answer.
    pub(super) fn keep_refused(
        &self,
        log: &Log,
        last: Option<&Cosigned>,
        request: &Request,
        refusal: &Refusal,
    ) {
        let is_of_interest = matches!(
            refusal,
            Refusal::Conflict(_) | Refusal::Inconsistent(_) | Refusal::NotEmpty
        );
        let Some(second) = of_log(request, &log.keys).ok().filter(|_| is_of_interest) else {
            return;
        };
        let Some((evidence, finding)) = log.against(last, &second, request) else {
            return;
        };
        if finding.is_misbehaviour() || matches!(refusal, Refusal::Inconsistent(_)) {
            self.keep(&request.checkpoint().origin, &evidence, &finding);
        }
    }

    /// Keeps evidence and says where.
    pub(super) fn keep(&self, origin: &str, evidence: &Evidence, finding: &Finding) {
        let is_proof = finding.is_misbehaviour();
        match self.folder.keep(origin, evidence, is_proof) {
            Ok(Some(path)) => {
                let path = path.display().to_string();
                tracing::warn!(
                    path,
                    is_proof,
                    "refused a checkpoint, and kept the evidence"
                );
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "evidence against a log cannot be kept"),
        }
    }
}

impl Log {
    /// What two checkpoints and the proof between them show, by the one key that has signed both.
    fn against(
        &self,
        last: Option<&Cosigned>,
        second: &Note,
        request: &Request,
    ) -> Option<(Evidence, Finding)> {
        let second = second.to_string();
        let first = last.map_or_else(|| second.clone(), |last| last.note.clone());
        self.keys.iter().find_map(|key| {
            let evidence = Evidence {
                log: key.to_string(),
                first: first.clone(),
                second: second.clone(),
                proof: request.proof().to_vec(),
            };
            let finding = evidence.examine(key).ok()?;
            Some((evidence, finding))
        })
    }
}

/// The note with the lines of the log's trusted keys alone.
pub(super) fn of_log(request: &Request, keys: &[VerifierKey]) -> Result<Note, NoteError> {
    let mut note = Note::new(request.note().text().to_owned())?;
    for line in request.note().signatures() {
        if keys.iter().any(|key| key.is_named_by(line)) {
            note.add(line.clone())?;
        }
    }
    Ok(note)
}
