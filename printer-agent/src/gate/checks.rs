//! The checks of the record: everything that needs no file.

use super::{Case, Check, GateError};
use crate::home::{Home, View};
use crate::licence::{Started, builds, free_unit};
use std::collections::BTreeSet;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::Policy;
use threadmark_protocol::body::licence::LicenceIssued;
use threadmark_protocol::code::Code;
use threadmark_protocol::life::{Above, Hold, Lot, class_or_strictest};
use threadmark_protocol::lifecycle::Refusal;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{Data, Drawn, Place, World, key_subject};

/// By how much two clocks on one ship may differ.
const CLOCK_DRIFT_S: i64 = 3600;

type Checked = Result<(), GateError>;

fn refuse<T>(check: Check, code: Code, detail: impl std::fmt::Display) -> Result<T, GateError> {
    Err(GateError::coded(check, code, detail))
}

impl<'a> Case<'a> {
    /// The order, its licence and its design are known.
    pub fn of(
        home: &'a Home,
        view: &'a View,
        order_id: &'a SubjectId,
        now: i64,
    ) -> Result<Case<'a>, GateError> {
        let Some(Data::Order { order }) = view.world.get(order_id) else {
            return Err(missing_order(view, order_id, now));
        };
        let order = &order.says;
        let case = Case {
            home,
            view,
            kid: home.identity().key_id(),
            now,
            order_id,
            order,
            above: Above::under_licence(&view.world, &order.licence),
        };
        case.licensed()?;
        if case.above.design().is_none() {
            return refuse(Check::Record, Code::WaitsFor, "the design of the licence");
        }
        Ok(case)
    }

    pub fn licensed(&self) -> Result<&LicenceIssued, GateError> {
        let licence = self.above.licence();
        licence.ok_or_else(|| GateError::coded(Check::Record, Code::WaitsFor, &self.order.licence))
    }

    /// A clock that was set back would make old knowledge look fresh and what has expired look valid.
    pub fn clock(&self) -> Checked {
        let own = self.view.at_hand.iter();
        let own = own.filter(|said| said.envelope.kid == self.kid);
        let newest = own
            .map(|said| said.body.iat)
            .chain(self.view.knowledge.as_of());
        match newest.max() {
            Some(newest) if self.now < newest.saturating_sub(CLOCK_DRIFT_S) => {
                Err(GateError::plain(
                    Check::Clock,
                    format!(
                        "The clock is {} seconds behind what is known.",
                        newest - self.now
                    ),
                    "Set this machine's clock.",
                ))
            }
            _ => Ok(()),
        }
    }

    /// The policy in force by the log's time: what opens later has not opened yet, whatever this clock says.
    pub fn policy(&self) -> Option<&'a Policy> {
        let until = self.view.knowledge.logged_until.unwrap_or(i64::MIN);
        self.view.world.policy(Place::newest(until))
    }

    pub fn knowledge(&self) -> Result<u64, GateError> {
        let class = class_or_strictest(self.above.class());
        let policy = self.policy();
        let policy = policy.and_then(|policy| policy.classes.get(&class));
        let (Some(policy), Some(as_of)) = (policy, self.view.knowledge.as_of()) else {
            return refuse(Check::Knowledge, Code::KnowledgeTooOld, "Nothing is known.");
        };
        let age = self.now.saturating_sub(as_of).max(0).unsigned_abs();
        if age > policy.knowledge_age_max_s {
            let detail = format!(
                "It is {} hours old, {} are allowed for class {class:?}.",
                age / 3600,
                policy.knowledge_age_max_s / 3600
            );
            return refuse(Check::Knowledge, Code::KnowledgeTooOld, detail);
        }
        if !policy.provisional_allowed && self.leans_on_unlogged() {
            let detail = format!("For class {class:?} the order must be logged.");
            return refuse(Check::Knowledge, Code::Provisional, detail);
        }
        Ok(age)
    }

    /// Whether order, licence or acceptance are signed and not logged yet.
    fn leans_on_unlogged(&self) -> bool {
        let order = match self.world().get(self.order_id) {
            Some(Data::Order { order }) => order.source.index,
            _ => None,
        };
        let licence = match self.world().get(&self.order.licence) {
            Some(Data::Licence {
                source, accepted, ..
            }) => source
                .index
                .zip(accepted.as_ref().and_then(|accepted| accepted.index)),
            _ => None,
        };
        order.is_none() || licence.is_none()
    }

    /// Walks up from everything that the build would stand on, and asks who put it there.
    pub fn restrictions(&self) -> Checked {
        let order = self.order;
        let above = &self.above;
        let doubts = above.doubts(self.world(), self.order_id, &order.licence, &[&order.lot]);
        if let Some(hold) = doubts.first() {
            return refuse(Check::Restrictions, hold.code, &hold.subject);
        }
        let mut above = BTreeSet::new();
        for id in [self.order_id, &order.licence, &order.machine, &order.lot] {
            let Ok(upward) = self.world().upward(id) else {
                return refuse(Check::Restrictions, Code::TooManyAncestors, id);
            };
            above.extend(upward);
        }
        let mut holds: Vec<_> = above
            .iter()
            .flat_map(|id| Hold::restricting(self.world(), id))
            .collect();
        holds.sort_by_key(|hold| (hold.kind, hold.code));
        match holds.first() {
            Some(hold) => {
                let said = hold.detail.as_deref().unwrap_or_default();
                let detail = format!("{}: {said}", hold.subject);
                refuse(Check::Restrictions, hold.code, detail)
            }
            None => Ok(()),
        }
    }

    fn is_about_licence(code: Code) -> bool {
        matches!(
            code,
            Code::LicenceNotAccepted | Code::LicenceExpired | Code::WaitsFor
        )
    }

    pub fn approval(&self) -> Checked {
        let mut found = self.above.permission_problems(self.now).into_iter();
        if let Some(code) = found.find(|code| !Self::is_about_licence(*code)) {
            return refuse(Check::Approval, code, &self.licensed()?.design);
        }
        match self.above.allowable_problems().first() {
            Some(hold) => refuse(Check::Approval, hold.code, &hold.subject),
            None => Ok(()),
        }
    }

    fn machine_problem(&self, calibration: bool) -> Option<Code> {
        let machine = &self.order.machine;
        let found = self.above.machine_problems(self.world(), machine, self.now);
        let about_calibration = |code: &Code| *code == Code::MachineNotCalibrated;
        found
            .into_iter()
            .find(|code| about_calibration(code) == calibration)
    }

    pub fn qualification(&self) -> Checked {
        match self.machine_problem(false) {
            Some(code) => refuse(Check::Qualification, code, &self.order.machine),
            None => Ok(()),
        }
    }

    pub fn calibration(&self) -> Checked {
        match self.machine_problem(true) {
            Some(code) => refuse(Check::Calibration, code, &self.order.machine),
            None => Ok(()),
        }
    }

    /// Accepted, in force, for this organisation, and for the machine whose key this agent has.
    pub fn licence(&self) -> Checked {
        let licence = self.licensed()?;
        let mut found = self.above.permission_problems(self.now).into_iter();
        if let Some(code) = found.find(|code| Self::is_about_licence(*code)) {
            return refuse(Check::Licence, code, &self.order.licence);
        }
        if licence.holder != self.home.identity().org {
            return refuse(Check::Licence, Code::LicenceOtherHolder, &licence.holder);
        }
        let this_machine = match self.world().get(&licence.machine) {
            Some(Data::Machine {
                enrolled: Some((says, _)),
                ..
            }) => says.key == self.kid,
            _ => false,
        };
        if !this_machine || licence.machine != self.order.machine {
            return refuse(Check::Licence, Code::LicenceOtherMachine, &licence.machine);
        }
        let until = self.view.knowledge.logged_until.unwrap_or(i64::MIN);
        let standing = self.world().standing(&licence.holder, Place::newest(until));
        if !matches!(standing, Some(Some(_))) {
            return refuse(Check::Licence, Code::Expelled, &licence.holder);
        }
        match self.world().get(&key_subject(&self.kid)) {
            Some(Data::Key { revoked: None, .. }) => Ok(()),
            Some(Data::Key { .. }) => refuse(Check::Licence, Code::KeyRevoked, self.kid),
            _ => refuse(Check::Licence, Code::UnknownKey, self.kid),
        }
    }

    pub fn unit(&self, wanted: Option<u32>) -> Result<u32, GateError> {
        let licence = self.licensed()?;
        free_unit(self.view, &self.order.licence, licence, wanted).map_err(|code| {
            let detail = match wanted {
                Some(unit) => format!("Unit {unit} of {}.", self.order.licence),
                None => format!(
                    "All {} units of {} are spent.",
                    licence.commitments.len(),
                    self.order.licence
                ),
            };
            GateError::coded(Check::Unit, code, detail)
        })
    }

    pub fn order(&self) -> Checked {
        if let Some(Data::Order { order }) = self.world().get(self.order_id)
            && let Some(code) = order.noted.first()
        {
            return refuse(Check::Order, *code, self.order_id);
        }
        if self.now >= self.order.expires.unix() {
            return refuse(Check::Order, Code::OrderExpired, self.order_id);
        }
        let started = self.own_builds();
        let started = started.filter(|started| started.says.order == *self.order_id);
        let parts: usize = started.map(|started| started.says.parts.len()).sum();
        if parts >= self.order.parts as usize {
            let detail = format!("{} is for {parts}, all started.", self.order_id);
            return refuse(Check::Order, Code::OrderMismatch, detail);
        }
        Ok(())
    }

    /// Builds that the own organisation reports: what others say of its orders and lots uses up neither.
    fn own_builds(&self) -> impl Iterator<Item = Started<'_>> {
        let own = &self.home.identity().org;
        builds(self.view).filter(move |started| started.org == own)
    }

    /// What the lot is, where it came from, and that enough is left of it.
    pub fn material(&self) -> Checked {
        let lot = &self.order.lot;
        if let Some(code) = self.above.lot_problem(self.world(), lot) {
            return refuse(Check::Material, code, lot);
        }
        let genealogy = self.above.genealogy(self.world(), lot);
        let wanted = self.above.design().map(|design| &design.envelope.material);
        if let Some(hold) = genealogy.holds(wanted).first() {
            return refuse(Check::Material, hold.code, &hold.subject);
        }
        if let Some(code) = self.above.reuse_problem(&genealogy) {
            let detail = format!("{lot} was used {} times.", genealogy.reuses);
            return refuse(Check::Material, code, detail);
        }
        let Some(own) = genealogy.lots.first() else {
            return refuse(Check::Material, Code::LotUnknown, lot);
        };
        let left = own.on_hand_mg().saturating_sub(self.set_aside_mg(own));
        if left < self.order.mass_mg {
            let detail = format!(
                "{lot} has {left} mg left, {} mg are needed.",
                self.order.mass_mg
            );
            return refuse(Check::Material, Code::LotInsufficient, detail);
        }
        Ok(())
    }

    /// What the orders of all known builds set aside, less those of which it was reported what they took.
    fn set_aside_mg(&self, lot: &Lot) -> i64 {
        let weighed: BTreeSet<_> = lot
            .drawn
            .iter()
            .filter(|report| report.noted.is_empty())
            .filter_map(|report| match &report.says {
                Drawn::Build { build, .. } => Some(build),
                _ => None,
            })
            .collect();
        let orders: BTreeSet<_> = self
            .own_builds()
            .filter(|started| started.says.lot == lot.id && started.says.order != *self.order_id)
            .filter(|started| !weighed.contains(started.build))
            .map(|started| &started.says.order)
            .collect();
        let used = orders.iter().map(|id| mass_of(self.world(), id));
        used.fold(0, i64::saturating_add)
    }
}

/// What an order set aside; of one that is not known, all that there could be.
fn mass_of(world: &World, order: &SubjectId) -> i64 {
    match world.get(order) {
        Some(Data::Order { order }) => order.says.mass_mg,
        _ => i64::MAX,
    }
}

/// An order that is not in effect: not at hand, or refused, and then why.
fn missing_order(view: &View, id: &SubjectId, now: i64) -> GateError {
    let at_hand = view.at_hand.iter().find_map(|said| match &said.body.core {
        Core::BuildOrdered(says) if said.body.sub == *id => Some((said.id, says)),
        _ => None,
    });
    let Some((statement, says)) = at_hand else {
        return GateError::coded(Check::Record, Code::OrderMissing, id);
    };
    let above = Above::under_licence(&view.world, &says.licence);
    let mut problems = above.permission_problems(now).into_iter();
    if problems.any(|code| code == Code::LicenceNotAccepted) {
        return GateError::coded(Check::Licence, Code::LicenceNotAccepted, &says.licence);
    }
    match view.refused.iter().find(|(id, _)| *id == statement) {
        Some((_, Refusal::Refused { code, detail })) => {
            GateError::coded(Check::Record, *code, format!("{id}: {detail}"))
        }
        Some((_, Refusal::WaitsFor { what })) => GateError::coded(
            Check::Record,
            Code::WaitsFor,
            format!("{id} waits for {what}"),
        ),
        None => GateError::coded(Check::Record, Code::OrderMissing, id),
    }
}
