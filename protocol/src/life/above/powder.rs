//! What a build was made of, as far as its parts depend on it.
//!
//! Owns which lots count for a build, and what is wrong with them and with what the build took. Must never know how a lot's
//! own account is kept: `lots`.

use super::super::lots::{Genealogy, Lot};
use super::super::{Hold, last_since};
use super::Above;
use crate::body::build::BuildStarted;
use crate::body::material::MaterialUsed;
use crate::code::{Code, HoldKind};
use crate::text::{OrgId, SubjectId};
use crate::world::{Data, Report, World};
use std::collections::BTreeSet;

impl Above {
    /// What the builder says that the build took and made, and what anybody measured on its coupons.
    pub(super) fn hear(&mut self, build: &Data, builder: &OrgId) {
        let Data::Build {
            uses, tests, made, ..
        } = build
        else {
            return;
        };
        let own = uses.iter().filter(|report| report.source.org == *builder);
        self.uses = own.cloned().collect();
        self.tests.clone_from(tests);
        self.made = made.get(builder).cloned().unwrap_or_default();
    }

    /// The lot that the build names, whatever else it took, and everything that went into them.
    pub(super) fn check_lots(
        &self,
        world: &World,
        id: &SubjectId,
        report: &Report<BuildStarted>,
        holds: &mut Vec<Hold>,
    ) {
        let wanted = self.design().map(|design| &design.envelope.material);
        for lot in self.lots(&report.says) {
            let genealogy = self.genealogy(world, lot);
            let own = genealogy.lots.first();
            let problem = own.map_or(Some(Code::LotUnknown), |own| own.problem(wanted));
            let mut found: Vec<_> = problem
                .map(|code| {
                    let came = own.map_or(0, Lot::came_since);
                    let contradicted = if code == Code::Contradicted { came } else { 0 };
                    Hold {
                        since: report.source.since().max(contradicted),
                        ..Hold::by(code, id, &report.source)
                    }
                })
                .into_iter()
                .collect();
            found.extend(genealogy.holds(wanted));
            found.extend(self.reuse_problem(&genealogy).map(|code| Hold {
                since: genealogy.since().max(report.source.since()),
                ..Hold::new(code, lot)
            }));
            if *lot != report.says.lot {
                self.as_of_account(&mut found);
            }
            holds.extend(found);
        }
        self.check_uses(id, &report.says, holds);
    }

    /// What is wrong with a lot that only the account names came to light with the account. A gap in it is none that an act
    /// waits for: it may come when the act is logged, and an act would be taken in one order of arrival and not in another.
    fn as_of_account(&self, found: &mut [Hold]) {
        let account = last_since(&self.uses);
        for hold in found {
            hold.since = hold.since.max(account);
            if hold.kind == HoldKind::DocGap {
                hold.kind = HoldKind::Suspect;
            }
        }
    }

    /// What the builder says that the build took.
    fn check_uses(&self, id: &SubjectId, build: &BuildStarted, holds: &mut Vec<Hold>) {
        let Some(account) = self.uses.first() else {
            return;
        };
        let mut codes: BTreeSet<_> = account.noted.clone();
        let mut lots = account.says.lots.iter();
        if self.uses.len() > 1 || !lots.any(|load| load.lot == build.lot) {
            codes.insert(Code::Contradicted);
        }
        if !account.says.is_balanced() {
            codes.insert(Code::MassUnbalanced);
        }
        let since = last_since(&self.uses);
        holds.extend(codes.into_iter().map(|code| Hold {
            since,
            ..Hold::by(code, id, &account.source)
        }));
    }

    /// Whether the powder was used more often than the approval allows. The gate asks the same.
    pub fn reuse_problem(&self, genealogy: &Genealogy) -> Option<Code> {
        let (_, granted) = self.approval()?;
        let most = granted?.reuse_max?;
        (genealogy.reuses > most).then_some(Code::ReuseExceeded)
    }

    /// The lot that the build names, and those that it took too.
    pub(super) fn lots<'a>(&'a self, build: &'a BuildStarted) -> Vec<&'a SubjectId> {
        let loads = self.uses.iter().flat_map(|account| &account.says.lots);
        let others = loads.map(|load| &load.lot).filter(|lot| **lot != build.lot);
        let others: BTreeSet<_> = others.collect();
        std::iter::once(&build.lot).chain(others).collect()
    }

    /// Every lot that went into the part, as who builds it reports them.
    pub fn powder<'w>(&self, world: &'w World) -> Vec<Lot<'w>> {
        let build = self.build().into_iter();
        let lots = build.flat_map(|build| self.lots(build));
        lots.flat_map(|lot| self.genealogy(world, lot).lots)
            .collect()
    }

    /// The build, where it is known.
    pub fn build_id(&self) -> Option<&SubjectId> {
        self.build.as_ref().map(|(id, ..)| id)
    }

    /// What the builder says that the build took.
    pub fn uses(&self) -> &[Report<MaterialUsed>] {
        &self.uses
    }

    /// A lot with all that went into it, as who builds from it reports them. Without a licence nobody does.
    pub fn genealogy<'w>(&self, world: &'w World, lot: &SubjectId) -> Genealogy<'w> {
        match self.licence() {
            Some(licence) => Genealogy::of(world, lot, &licence.holder),
            None => Genealogy::default(),
        }
    }

    /// Whether the lot arrived or was blended, and is what the design asks for.
    pub fn lot_problem(&self, world: &World, lot: &SubjectId) -> Option<Code> {
        let wanted = self.design().map(|design| &design.envelope.material);
        let genealogy = self.genealogy(world, lot);
        let own = genealogy.lots.first();
        own.map_or(Some(Code::LotUnknown), |own| own.problem(wanted))
    }
}
