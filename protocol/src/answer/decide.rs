//! The four answers' order of checks.
//!
//! Owns which check comes first, what only the custodian can be told, and expiry, which is computed here and never
//! stored. Must never know states: what they say is read before.

use super::{Known, Reason, Verdict, Viewer};
use crate::body::governance::ClassPolicy;
use crate::code::{Code, HoldKind};
use crate::life::{Hold, Phase};

/// What is decided on.
pub(super) struct Case<'a> {
    pub known: &'a Known,
    /// What the policy in force asks of the part's class.
    pub class_policy: Option<&'a ClassPolicy>,
    /// Unix seconds.
    pub now: i64,
    pub viewer: &'a Viewer,
    /// Age of the knowledge, in seconds.
    pub age_s: Option<u64>,
}

type Decision = (Verdict, Vec<Reason>);

impl Case<'_> {
    /// The checks in their order; the first that fails decides. Suspicions decide nothing, and are told last.
    pub fn decide(&self) -> Decision {
        let (verdict, mut reasons) = self.by_record();
        // Whoever has a piece with a mark that was taken off must hear of it, and a copy is seldom in its custodian's hands.
        let is_replaced = self.known.face.replaced_by.is_some();
        if is_replaced && reasons.iter().all(|one| one.code != Code::MarkReplaced) {
            reasons.push(Code::MarkReplaced.into());
        }
        let suspicions = self.known.life.suspicions.iter();
        reasons.extend(suspicions.map(|one| Reason {
            detail: Some(one.reason.to_string()),
            subject: Some(self.known.life.part.clone()),
            ..Code::Suspected.into()
        }));
        (verdict, reasons)
    }

    fn by_record(&self) -> Decision {
        let stop = |code: Code| (Verdict::DoNotInstall, vec![Reason::from(code)]);
        if self.known.life.phase == Phase::Destroyed {
            return stop(Code::Destroyed);
        }
        if let Some(decision) = self.held() {
            return decision;
        }
        let found = match self.known.life.phase {
            Phase::Installed | Phase::Released if self.known.life.entered.is_some() => {
                return self.made_otherwise();
            }
            Phase::Installed => Vec::new(),
            Phase::Released => match self.to_custodian() {
                Ok(()) => return self.fresh((Verdict::EligibleByRecord, Vec::new())),
                Err((Verdict::RecordFound, reasons)) => reasons,
                Err(decision) => return decision,
            },
            Phase::Decommissioned => return stop(Code::Decommissioned),
            _ => return stop(Code::NotReleased),
        };
        self.fresh((Verdict::RecordFound, found))
    }

    fn held(&self) -> Option<Decision> {
        let mut holds: Vec<&Hold> = self.known.life.holds.iter().collect();
        holds.sort_by_key(|hold| (hold.kind, hold.code));
        holds.dedup_by_key(|hold| (hold.code, &hold.subject));
        let reasons = holds.iter().map(|hold| Reason {
            hold: Some(hold.kind),
            subject: Some(hold.subject.clone()),
            detail: hold.detail.clone(),
            ..hold.code.into()
        });
        match holds.first()?.kind {
            HoldKind::DocGap => Some((Verdict::CannotDetermine, reasons.collect())),
            _ => Some((Verdict::DoNotInstall, reasons.collect())),
        }
    }

    /// What no licensed build made is never eligible: whether it may be installed is for its papers to say.
    fn made_otherwise(&self) -> Decision {
        let reasons = vec![Code::OriginReported.into()];
        let life = &self.known.life;
        let is_custodian = matches!(self.viewer, Viewer::Member { org, .. } if life.custodian.as_ref() == Some(org));
        match life.phase == Phase::Released && is_custodian {
            true => (Verdict::CannotDetermine, reasons),
            false => self.fresh((Verdict::RecordFound, reasons)),
        }
    }

    /// What only the custodian can be told.
    fn to_custodian(&self) -> Result<(), Decision> {
        let found = |reasons: Vec<Reason>| Err((Verdict::RecordFound, reasons));
        let Viewer::Member { org, asset_type } = self.viewer else {
            return found(Vec::new());
        };
        if self.known.life.custodian.as_ref() != Some(org) {
            return found(vec![Code::NotYourCustody.into()]);
        }
        let stop = |code: Code| Err((Verdict::DoNotInstall, vec![Reason::from(code)]));
        let missing = |code: Code| Err((Verdict::CannotDetermine, vec![Reason::from(code)]));
        // What carries a mark that was taken off may be another piece.
        if self.known.face.replaced_by.is_some() {
            return missing(Code::MarkReplaced);
        }
        let Some((request, Some(granted))) = self.known.above.approval() else {
            return stop(Code::NotApproved);
        };
        if self.now >= granted.expires.unix() {
            return stop(Code::ApprovalExpired);
        }
        match asset_type {
            _ if request.effectivity.is_empty() => {}
            None => return missing(Code::AssetNotNamed),
            Some(asset) if !request.effectivity.contains(asset) => return stop(Code::NotEffective),
            Some(_) => {}
        }
        let asks_for_match = self.class_policy.is_none_or(|class| class.physical_match);
        if asks_for_match && self.known.life.matched.is_none() {
            return missing(Code::PhysicalMatchMissing);
        }
        Ok(())
    }

    /// A good answer needs fresh knowledge, and logged where the class asks for it.
    fn fresh(&self, good: Decision) -> Decision {
        let missing = |code: Code| (Verdict::CannotDetermine, vec![Reason::from(code)]);
        let Some(class) = self.class_policy else {
            return missing(Code::BuildMissing);
        };
        if self.age_s.is_none_or(|age| age > class.knowledge_age_max_s) {
            return missing(Code::KnowledgeTooOld);
        }
        if self.known.provisional && !class.provisional_allowed {
            return missing(Code::Provisional);
        }
        good
    }
}
