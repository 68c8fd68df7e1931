//! Whether a part may be called eligible, once more, from nothing but the list of statements in the log. Written
//! from the design and not from the rules: slow, and without states.

use crate::body::Core;
use crate::body::design::Effect;
use crate::body::governance::{PartClass, Role};
use crate::body::licence::Purpose;
use crate::body::physical::Compared;
use crate::body::quality::Disposition;
use crate::digest::Digest;
use crate::mark::Mark;
use crate::statement::{Statement, StatementId};
use crate::text::{OrgId, SubjectId};
use crate::world::key_subject;
use std::collections::BTreeSet;

mod measures;

/// The first thing that speaks against it.
pub fn against(log: &[Statement], mark: Mark, now: i64, viewer: &OrgId) -> Option<&'static str> {
    let naive = Naive { log };
    let Some((at, part)) = naive.only_start(mark) else {
        return Some("not exactly one start of one part");
    };
    naive
        .against_build(at, &part, mark, now)
        .or_else(|| naive.against_release(&part))
        .or_else(|| naive.against_custody(&part, viewer))
        .or_else(|| naive.against_piece(&part, viewer))
        .or_else(|| naive.against_authors(at, &part))
        .or_else(|| naive.against_powder(at))
        .or_else(|| naive.against_measures(at))
        .or_else(|| naive.is_held(at, &part).then_some("held"))
}

struct Naive<'a> {
    log: &'a [Statement],
}

impl<'a> Naive<'a> {
    fn about(&self, sub: &'a SubjectId) -> impl Iterator<Item = (usize, &'a Statement)> {
        let log = self.log.iter().enumerate();
        log.filter(move |(_, statement)| statement.body.sub == *sub)
    }

    fn only_start(&self, mark: Mark) -> Option<(usize, SubjectId)> {
        let mut starts = Vec::new();
        for (at, statement) in self.log.iter().enumerate() {
            if let Core::BuildStarted(says) = &statement.body.core {
                let parts = says.parts.iter().filter(|started| started.mark == mark);
                starts.extend(parts.map(|started| (at, started.part.clone())));
            }
        }
        let [only] = &starts[..] else {
            return None;
        };
        Some(only.clone())
    }

    fn against_build(
        &self,
        at: usize,
        part: &SubjectId,
        mark: Mark,
        now: i64,
    ) -> Option<&'static str> {
        let Core::BuildStarted(build) = &self.log[at].body.core else {
            return Some("no start");
        };
        let is_agent = |(_, statement): (usize, &Statement)| {
            matches!(&statement.body.core, Core::MachineEnrolled(says)
                if says.key == self.log[at].envelope.kid)
        };
        if !self.about(&build.machine).any(is_agent) {
            return Some("not started by the machine");
        }
        let ended = self.log.iter().any(|statement| {
            statement.body.sub == self.log[at].body.sub
                && matches!(statement.body.core, Core::BuildCompleted(_))
        });
        let mut parts = build.parts.iter();
        let started = parts.find(|started| started.part == *part);
        match (ended, started) {
            (false, _) => Some("no end of the build"),
            (_, None) => Some("no part of the build"),
            (_, Some(started)) => self.against_licence(&build.licence, started.unit, mark, now),
        }
    }

    fn against_licence(
        &self,
        licence: &SubjectId,
        unit: u32,
        mark: Mark,
        now: i64,
    ) -> Option<&'static str> {
        let (mut issued, mut accepted, mut granted) = (None, false, false);
        for (_, statement) in self.about(licence) {
            match &statement.body.core {
                Core::LicenceIssued(says) => issued = Some(says),
                Core::LicenceAccepted(_) => accepted = true,
                _ => {}
            }
        }
        let Some(issued) = issued.filter(|says| says.purpose == Purpose::Production) else {
            return Some("no production licence");
        };
        let text = mark.to_string();
        let promise = [&issued.nonce.0[..], &unit.to_be_bytes(), text.as_bytes()];
        if issued.commitments.get(unit as usize - 1) != Some(&Digest::sha256(&promise)) {
            return Some("the mark is not the licence's");
        }
        let Some(approval) = &issued.approval else {
            return Some("no approval");
        };
        for (_, statement) in self.about(approval) {
            match &statement.body.core {
                Core::ApprovalGranted(says) => granted = says.expires.unix() > now,
                Core::ApprovalRevoked(_) => return Some("approval revoked"),
                _ => {}
            }
        }
        (!granted || !accepted).then_some("not granted, or not accepted")
    }

    fn against_release(&self, part: &'a SubjectId) -> Option<&'static str> {
        let passed: BTreeSet<StatementId> = self
            .about(part)
            .filter(|(at, statement)| {
                matches!(&statement.body.core, Core::PartInspected(says)
                    if says.conforming == says.required && says.mark_read)
                    && self.is_accredited(*at, statement, Role::Inspector)
            })
            .map(|(_, statement)| statement.id)
            .collect();
        let released = self.about(part).any(|(at, statement)| {
            matches!(&statement.body.core, Core::PartReleased(says)
                if passed.contains(&says.inspection))
                && self.is_accredited(at, statement, Role::ReleaseSignatory)
        });
        (!released).then_some("no release by right on a passed inspection")
    }

    fn is_accredited(&self, before: usize, author: &Statement, wanted: Role) -> bool {
        let key = key_subject(&author.envelope.kid);
        self.log[..before].iter().any(|statement| {
            statement.body.sub == key
                && matches!(&statement.body.core, Core::RoleAccredited(says) if says.role == wanted)
        })
    }

    fn against_custody(&self, part: &'a SubjectId, viewer: &OrgId) -> Option<&'static str> {
        let has = |kind: fn(&Core) -> bool, by: Option<&OrgId>| {
            self.about(part).any(|(_, statement)| {
                kind(&statement.body.core) && by.is_none_or(|by| *by == statement.body.iss)
            })
        };
        let is_maker = viewer.as_str() == crate::fixture::Who::Custodian.org();
        let received = has(|core| matches!(core, Core::PartReceived(_)), Some(viewer));
        if !is_maker && !received {
            return Some("not in the viewer's custody");
        }
        if has(|core| matches!(core, Core::PartDestroyed(_)), None) {
            return Some("destroyed");
        }
        let installed = has(|core| matches!(core, Core::PartInstalled(_)), None);
        let removed = has(|core| matches!(core, Core::PartRemoved(_)), None);
        (installed && !removed).then_some("installed")
    }

    /// Reports about the part by keys that were revoked before, without two others who vouch; or compromised.
    fn against_authors(&self, start: usize, part: &'a SubjectId) -> Option<&'static str> {
        let about = self.about(part).chain([(start, &self.log[start])]);
        for (at, statement) in about {
            let key = key_subject(&statement.envelope.kid);
            let mut revoked =
                self.log
                    .iter()
                    .enumerate()
                    .filter_map(|(at, other)| match &other.body.core {
                        Core::KeyRevoked(says) if other.body.sub == key => {
                            Some((at, says.compromised_since))
                        }
                        _ => None,
                    });
            let doubted = revoked.any(|(when, since)| {
                when < at || since.is_some_and(|since| self.logged_at(at) >= since.unix())
            });
            let vouchers: BTreeSet<&OrgId> = self
                .about(part)
                .filter(|(_, other)| {
                    matches!(&other.body.core, Core::ReportVouched(says)
                        if says.report == statement.id)
                        && other.body.iss != statement.body.iss
                })
                .map(|(_, other)| &other.body.iss)
                .collect();
            if doubted && vouchers.len() < 2 {
                return Some("a report that nobody vouches for");
            }
        }
        None
    }

    fn logged_at(&self, at: usize) -> i64 {
        let mut batches = self.log[at..].iter();
        batches
            .find_map(|statement| match &statement.body.core {
                Core::LogBatch(says) => Some(says.logged_at),
                _ => None,
            })
            .unwrap_or(i64::MAX)
    }

    /// The lots that the build names and took, and all that went into them, by who builds.
    fn lots(&self, start: usize) -> BTreeSet<&'a SubjectId> {
        let Core::BuildStarted(build) = &self.log[start].body.core else {
            return BTreeSet::new();
        };
        let builder = &self.log[start].body.iss;
        let mut lots = BTreeSet::from([&build.lot]);
        loop {
            let known = lots.len();
            for said in self.log.iter().filter(|said| said.body.iss == *builder) {
                match &said.body.core {
                    Core::MaterialUsed(says) if said.body.sub == self.log[start].body.sub => {
                        lots.extend(says.lots.iter().map(|load| &load.lot));
                    }
                    Core::MaterialBlended(says) if lots.contains(&said.body.sub) => {
                        lots.extend(says.from.iter().map(|share| &share.lot));
                    }
                    _ => {}
                }
            }
            if lots.len() == known {
                return lots;
            }
        }
    }

    /// A lot without a receipt, or out of which more was taken than was in it.
    fn against_powder(&self, start: usize) -> Option<&'static str> {
        let builder = &self.log[start].body.iss;
        for lot in self.lots(start) {
            let (mut came, mut left) = (0, 0);
            for said in self.log.iter().filter(|said| said.body.iss == *builder) {
                let is_about = said.body.sub == *lot;
                match &said.body.core {
                    Core::MaterialReceived(says) if is_about => came += says.mass_mg,
                    Core::MaterialBlended(says) if is_about => came += says.mass_mg,
                    Core::MaterialScrapped(says) if is_about => left += says.mass_mg,
                    Core::MaterialBlended(says) => {
                        let shares = says.from.iter().filter(|share| share.lot == *lot);
                        left += shares.map(|share| share.mass_mg).sum::<i64>();
                    }
                    Core::MaterialUsed(says) => {
                        let loads = says.lots.iter().filter(|load| load.lot == *lot);
                        left += loads
                            .map(|load| load.loaded_mg - load.recovered_mg)
                            .sum::<i64>();
                    }
                    _ => {}
                }
            }
            if came == 0 || left > came {
                return Some("powder that was not there");
            }
        }
        None
    }

    /// Open recalls and quarantines by right, a withdrawal that reaches the part, and a failed inspection.
    fn is_held(&self, start: usize, part: &'a SubjectId) -> bool {
        let Core::BuildStarted(build) = &self.log[start].body.core else {
            return true;
        };
        let design = self
            .log
            .iter()
            .find_map(|statement| match &statement.body.core {
                Core::LicenceIssued(says) if statement.body.sub == build.licence => {
                    Some(&says.design)
                }
                _ => None,
            });
        let above: BTreeSet<&SubjectId> = [part, &build.licence, &build.machine]
            .into_iter()
            .chain([&self.log[start].body.sub])
            .chain(design)
            .chain(self.lots(start))
            .collect();
        self.log.iter().any(|statement| match &statement.body.core {
            Core::RecallPlaced(says) => {
                says.anchors.iter().all(|anchor| above.contains(anchor))
                    && !self.is_recall_lifted(&statement.body.sub)
            }
            Core::DesignWithdrawn(says) => {
                Some(&statement.body.sub) == design && says.effect == Effect::All
            }
            Core::QuarantinePlaced(_) => {
                let by_right = ["oem.example", "authority.example"];
                statement.body.sub == *part
                    && by_right.contains(&statement.body.iss.as_str())
                    && !self.is_lifted(statement.id)
            }
            Core::PartInspected(says) => {
                let failed = says.conforming < says.required && self.concerns(start, statement);
                statement.body.sub == *part && failed && !self.is_decided(statement)
            }
            Core::PartTested(says) => {
                let failed = says.at_least.is_some_and(|least| says.value < least)
                    && self.concerns(start, statement);
                let of_build = statement.body.sub == self.log[start].body.sub
                    && self.is_accredited(self.log.len(), statement, Role::Inspector);
                (statement.body.sub == *part || of_build) && failed && !self.is_decided(statement)
            }
            Core::PartCompared(says) => {
                statement.body.sub == *part
                    && self.differs(start, part, statement, says)
                    && !self.is_decided(statement)
            }
            Core::PartNonconforming(_) => {
                let by_right = ["oem.example", "authority.example"];
                statement.body.sub == *part
                    && by_right.contains(&statement.body.iss.as_str())
                    && !self.is_decided(statement)
            }
            Core::PartDispositioned(says) => {
                statement.body.sub == *part && says.disposition == Disposition::Scrap
            }
            Core::PartDecommissioned(_) => statement.body.sub == *part,
            Core::BuildAborted(says) => says.parts.contains(part),
            _ => false,
        })
    }

    /// What the authority enrolled of the finished part weighs otherwise, as the authority or the design authority says.
    fn differs(&self, start: usize, part: &SubjectId, said: &Statement, says: &Compared) -> bool {
        let by_right = ["oem.example", "authority.example"];
        let build = &self.log[start].body.sub;
        let ended = self.log.iter().filter(|other| other.body.sub == *build);
        let ended = ended.map(|other| other.body.occurred_at.unix()).max();
        let enrolled = self.log.iter().find_map(|other| match &other.body.core {
            Core::PartEnrolled(enrolled)
                if other.id == says.enrolment
                    && other.body.sub == *part
                    && other.body.iss.as_str() == by_right[1]
                    && Some(other.body.occurred_at.unix()) > ended =>
            {
                enrolled.mass.as_ref()
            }
            _ => None,
        });
        let grams = says.mass.as_ref().zip(enrolled);
        by_right.contains(&said.body.iss.as_str())
            && grams.is_some_and(|(now, then)| then.mass_mg - now.mass_mg > 1000)
    }

    /// Class B: the piece was matched by who asks, or by an authority.
    fn against_piece(&self, part: &'a SubjectId, viewer: &OrgId) -> Option<&'static str> {
        let is_class_b = self.log.iter().any(|said| {
            matches!(&said.body.core, Core::DesignPublished(says) if says.class != PartClass::C)
        });
        let judges = [viewer.as_str(), "oem.example", "authority.example"];
        let is_matched = self.about(part).any(|(_, said)| {
            matches!(&said.body.core, Core::PartCompared(says) if !says.surfaces.is_empty())
                && judges.contains(&said.body.iss.as_str())
        });
        (is_class_b && !is_matched).then_some("nobody matched the piece")
    }

    /// By another person, for use or for work.
    fn is_decided(&self, fault: &Statement) -> bool {
        self.log.iter().any(|statement| {
            matches!(&statement.body.core, Core::PartDispositioned(says)
                if says.nonconformance == fault.id && says.disposition != Disposition::Scrap)
                && statement.body.actor != fault.body.actor
        })
    }

    fn is_recall_lifted(&self, recall: &'a SubjectId) -> bool {
        self.about(recall)
            .any(|(_, statement)| matches!(statement.body.core, Core::RecallLifted(_)))
    }

    fn is_lifted(&self, quarantine: StatementId) -> bool {
        self.log.iter().any(|statement| {
            matches!(&statement.body.core, Core::QuarantineLifted(says) if says.placed == quarantine)
        })
    }
}
