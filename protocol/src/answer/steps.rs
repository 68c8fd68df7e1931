//! The life of a part as a list of steps, from design to today.
//!
//! Owns which statements stand in it, what each is called, and what of it is its title and what its detail: strangers
//! see titles. Must never know viewers.

use super::need::is_event_for_everybody;
use super::words::{Grams, compared_title, describe, with_use};
use crate::body::allowable::Analysis;
use crate::body::asset::AssetUsed;
use crate::body::governance::Holder;
use crate::body::material::MaterialUsed;
use crate::body::quality::Tested;
use crate::code::Code;
use crate::key::KeyLevel;
use crate::life::{Above, Life, Lot, causal_order};
use crate::statement::StatementId;
use crate::text::{ActorId, Line, OrgId, SubjectId};
use crate::world::{
    Data, Event, Report, RestrictionKind, Source, World, contents_subject, org_subject,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One statement in the life of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What happened, in a few words.
    pub title: String,
    /// More of it. Members see it.
    pub detail: Option<String>,
    /// When, Unix seconds.
    pub at: i64,
    /// Whose statement.
    pub org: OrgId,
    /// The organisation's name for people.
    pub org_name: Option<Line>,
    /// The credential that signed. Members see it.
    pub actor: Option<ActorId>,
    /// Where the key lives.
    pub key_level: Option<KeyLevel>,
    /// A person or a machine.
    pub signed_by: Option<Holder>,
    /// The statement, for its proof.
    pub statement: StatementId,
    /// Index in the log; `None` for what is not logged yet.
    pub index: Option<u64>,
    /// Log time, Unix seconds.
    pub logged_at: Option<i64>,
    /// What was found about it.
    pub findings: Vec<Code>,
}

/// A step, and whether strangers see it.
pub(super) struct Told {
    pub step: Step,
    pub for_everybody: bool,
}

/// The steps of a life, oldest first: what stands above the part in the order of its making, then the part's own.
pub(super) fn of(world: &World, life: &Life, above: &Above) -> Vec<Told> {
    let mut steps = Steps {
        world,
        life,
        for_everybody: true,
        list: Vec::new(),
    };
    if let Some(licence) = above.licence() {
        steps.design(&licence.design);
        licence
            .approval
            .iter()
            .for_each(|approval| steps.approval(approval));
    }
    if let Some(build) = above.build() {
        steps.licence(&build.licence);
        above.coupon_tests().for_each(|test| steps.coupon(test));
        steps.for_everybody = false;
        steps.machine(&build.machine);
        (above.powder(world).iter()).for_each(|lot| steps.lot(lot));
        (above.uses().iter()).for_each(|account| steps.used(account));
        steps.order(&build.order);
    }
    steps.list.sort_by_key(|told| told.step.at);
    if let Some(Data::Part { facts, .. }) = world.get(&life.part) {
        for fact in causal_order(facts) {
            steps.for_everybody = is_event_for_everybody(&fact.says);
            steps.fact(fact);
        }
        let assets: BTreeSet<_> = facts.iter().filter_map(|fact| fact.says.asset()).collect();
        steps.for_everybody = false;
        assets.iter().for_each(|asset| steps.asset(asset));
        steps.contents();
    }
    steps.list
}

/// Which diagnostics failed, and why the value stands all the same.
fn overrides(analysis: Option<&Analysis>) -> String {
    let all = analysis.into_iter().flat_map(Analysis::overridden);
    all.map(|(name, reason)| format!("; {name} overridden: {reason}"))
        .collect()
}

struct Steps<'a> {
    world: &'a World,
    life: &'a Life,
    /// Of the steps that are added next.
    for_everybody: bool,
    list: Vec<Told>,
}

impl Steps<'_> {
    fn add(&mut self, title: impl Into<String>, detail: Option<String>, source: &Source) {
        let card = self.world.key(&source.kid).map(|(card, _)| card);
        let org_name = match self.world.get(&org_subject(&source.org)) {
            Some(Data::Member { name, .. }) => Some(name.clone()),
            _ => None,
        };
        let holds = self.life.holds.iter();
        let own = holds.filter(|hold| hold.statement == Some(source.statement));
        let step = Step {
            title: title.into(),
            detail,
            at: source.at,
            org: source.org.clone(),
            org_name,
            actor: Some(source.actor.clone()),
            key_level: card.map(|card| card.level),
            signed_by: card.map(|card| card.holder_is),
            statement: source.statement,
            index: source.index,
            logged_at: source.logged_at,
            findings: own.map(|hold| hold.code).collect(),
        };
        let for_everybody = self.for_everybody;
        self.list.push(Told {
            step,
            for_everybody,
        });
    }

    fn design(&mut self, id: &SubjectId) {
        if let Some(Data::Design { design, source }) = self.world.get(id) {
            let title = format!(
                "Design published: {} rev {}",
                design.part_number, design.revision
            );
            self.add(title, Some(design.name.to_string()), source);
        }
    }

    fn allowable(&mut self, cited: &SubjectId) {
        if let Some(Data::Allowable {
            allowable,
            source,
            recomputed,
        }) = self.world.get(cited)
        {
            let detail = format!(
                "{} {:?}-basis {} {}, n = {}, {} batches",
                allowable.property,
                allowable.basis,
                allowable.value,
                allowable.unit,
                allowable.specimens,
                allowable.batches
            );
            let detail = detail + &overrides(allowable.analysis.as_ref());
            self.add("Design allowable published", Some(detail), source);
            for (says, source) in recomputed {
                let detail = format!("{} {}", says.value, allowable.unit);
                let detail = detail + &overrides(Some(&says.analysis));
                self.add("Design allowable computed anew", Some(detail), source);
            }
        }
    }

    fn approval(&mut self, id: &SubjectId) {
        let Some(Data::Approval {
            request,
            source,
            granted,
            limits,
        }) = self.world.get(id)
        else {
            return;
        };
        for cited in request.allowables() {
            self.allowable(cited);
        }
        self.add("Design approval requested", None, source);
        if let Some((granted, source)) = granted {
            let detail = format!("valid until {}", granted.expires);
            self.add("Design approved", Some(detail), source);
        }
        for (says, source) in limits {
            self.add("Limit of life set", Some(says.reason.to_string()), source);
        }
    }

    fn machine(&mut self, id: &SubjectId) {
        let Some(Data::Machine {
            enrolled,
            qualified,
            calibrated,
        }) = self.world.get(id)
        else {
            return;
        };
        if let Some((machine, source)) = enrolled {
            let detail = format!("{}, serial {}", machine.model, machine.serial);
            self.add("Machine enrolled", Some(detail), source);
        }
        if let Some((says, source)) = qualified.last() {
            self.add("Machine qualified", Some(says.process.to_string()), source);
        }
        let at = self.life.started_at.unwrap_or(i64::MAX);
        if let Some(report) = calibrated
            .iter()
            .rev()
            .find(|report| report.source.at <= at)
        {
            let detail = format!("valid until {}", report.says.expires);
            self.add("Machine calibrated", Some(detail), &report.source);
        }
        for one in self.world.restrictions(id) {
            if one.kind == RestrictionKind::Retired {
                self.add("Machine retired", Some(one.reason.clone()), &one.source);
            }
        }
    }

    /// The newest reading that may count, and the errors in others.
    fn asset(&mut self, id: &SubjectId) {
        let Some(Data::Asset { uses, faults, .. }) = self.world.get(id) else {
            return;
        };
        for fault in faults {
            self.add(
                "Error in the use of its asset declared",
                None,
                &fault.declared,
            );
            if let Some(confirmed) = &fault.confirmed {
                self.add("Error in the use of its asset confirmed", None, confirmed);
            }
        }
        let is_fault = |report: &Report<AssetUsed>| {
            let mut faults = faults.iter();
            faults.any(|fault| fault.error == report.source.statement)
        };
        if let Some(newest) = uses.iter().rfind(|report| !is_fault(report)) {
            let detail = with_use(&newest.says.total, &newest.says.source);
            let detail = format!("{}: {detail}", newest.says.asset);
            self.add("Use of its asset reported", Some(detail), &newest.source);
        }
    }

    /// What was put into it, by whoever says so.
    fn contents(&mut self) {
        let own = self.life.part.clone();
        let Some(Data::Contents { parts, .. }) = self.world.get(&contents_subject(&own)) else {
            return;
        };
        let parts: BTreeSet<_> = parts.values().flatten().collect();
        for part in parts {
            let Some(Data::Part { facts, .. }) = self.world.get(part) else {
                continue;
            };
            for fact in facts {
                if let Event::Installed(says) = &fact.says
                    && says.into.as_ref() == Some(&own)
                {
                    let detail = format!("{part}, {}", says.position);
                    self.add("A part was put into it", Some(detail), &fact.source);
                }
            }
        }
    }

    fn licence(&mut self, id: &SubjectId) {
        let Some(Data::Licence {
            licence,
            source,
            accepted,
        }) = self.world.get(id)
        else {
            return;
        };
        let units = format!("{} {:?} units", licence.commitments.len(), licence.purpose);
        self.add("Licensed", Some(units.to_lowercase()), source);
        if let Some(source) = accepted {
            self.add("Licence accepted", None, source);
        }
    }

    fn lot(&mut self, lot: &Lot) {
        for report in &lot.received {
            let detail = format!("{}, lot {}", report.says.material, report.says.lot_number);
            self.add("Material received", Some(detail), &report.source);
        }
        for report in &lot.blended {
            let (says, lots) = (&report.says, report.says.from.len());
            let mass = Grams(says.mass_mg);
            let detail = format!("lot {} of {lots} lots, {mass}", says.lot_number);
            self.add("Material blended", Some(detail), &report.source);
        }
    }

    fn used(&mut self, account: &Report<MaterialUsed>) {
        let lots = account.says.lots.iter();
        let loaded = lots.clone().map(|load| load.loaded_mg);
        let recovered = lots.map(|load| load.recovered_mg);
        let sum = |masses: i64, mass| masses.saturating_add(mass);
        let detail = format!(
            "{} loaded, {} fused, {} recovered",
            Grams(loaded.fold(0, sum)),
            Grams(account.says.fused_mg),
            Grams(recovered.fold(0, sum))
        );
        self.add("Material used", Some(detail), &account.source);
    }

    fn coupon(&mut self, test: &Report<Tested>) {
        let says = &test.says;
        let passed = if says.passed() { "passed" } else { "failed" };
        let coupon = says.specimen.as_ref().map_or("", |coupon| coupon.as_str());
        let detail = format!("{coupon}, {}: {} {}", says.test, says.value, says.unit);
        self.add(
            format!("Tested on a coupon: {passed}"),
            Some(detail),
            &test.source,
        );
    }

    fn order(&mut self, id: &SubjectId) {
        if let Some(Data::Order { order }) = self.world.get(id) {
            self.add("Build ordered", None, &order.source);
        }
    }

    fn fact(&mut self, fact: &Report<Event>) {
        let (mut title, detail) = describe(&fact.says);
        if let Event::Compared { .. } = &fact.says {
            let verdict = self.life.comparisons.get(&fact.source.statement);
            compared_title(verdict.copied()).clone_into(&mut title);
        }
        self.add(title, detail, &fact.source);
    }
}
