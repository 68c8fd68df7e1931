//! Plays a list of small numbers as a history. Most steps are what the part in question waits for; the others
//! are anybody's mischief.

mod assemblies;
mod measures;

use crate::body::Core;
use crate::body::build::StartedPart;
use crate::body::design::Effect;
use crate::body::governance::PartClass;
use crate::body::marking::Grade;
use crate::body::physical::Match;
use crate::body::quality::Disposition;
use crate::fixture::{Build, Consortium, MATERIAL, Who, text};
use crate::mark::Mark;
use crate::statement::StatementId;
use crate::text::SubjectId;
use std::collections::BTreeMap;

/// What to do, to which part or unit, by whom.
pub type Step = (u8, u8, u8);

/// Units of the licence; one more is tried.
const UNITS: u8 = 4;

/// Anybody.
const ANYBODY: [Who; 9] = [
    Who::Custodian,
    Who::Mechanic,
    Who::Inspector,
    Who::Signatory,
    Who::Designer,
    Who::Certifier,
    Who::Operator,
    Who::Machine,
    Who::SecondMachine,
];

/// Who may say what becomes of powder, and who may not.
const ANYBODY_AND_PRODUCTION: [Who; 10] = [
    Who::Production,
    Who::Production,
    Who::Production,
    Who::Production,
    Who::Production,
    Who::Operator,
    Who::Mechanic,
    Who::Machine,
    Who::Designer,
    Who::Custodian,
];

/// A history in the making.
pub struct Player {
    pub c: Consortium,
    pub licence: SubjectId,
    pub parts: Vec<SubjectId>,
    builds: Vec<Build>,
    /// How far honest people have brought a part.
    stages: BTreeMap<SubjectId, u8>,
    inspections: BTreeMap<SubjectId, StatementId>,
    shipments: BTreeMap<SubjectId, StatementId>,
    quarantines: Vec<(SubjectId, StatementId)>,
    faults: Vec<(SubjectId, StatementId)>,
    enrolments: BTreeMap<SubjectId, StatementId>,
    gifts: Vec<(SubjectId, StatementId)>,
    recalls: Vec<SubjectId>,
    reports: Vec<(SubjectId, StatementId)>,
    /// Nobody makes mischief; shore may still recall and revoke.
    is_calm: bool,
}

impl Player {
    /// The history of a list.
    pub fn play(seed: u8, steps: &[Step]) -> Player {
        let class = if seed.is_multiple_of(4) {
            PartClass::B
        } else {
            PartClass::C
        };
        let spec = measures::spec(seed, class);
        let (c, licence) = Consortium::licensed_as(seed.into(), &spec, UNITS.into());
        let mut player = Player {
            c,
            licence,
            parts: Vec::new(),
            builds: Vec::new(),
            stages: BTreeMap::new(),
            inspections: BTreeMap::new(),
            shipments: BTreeMap::new(),
            quarantines: Vec::new(),
            faults: Vec::new(),
            enrolments: BTreeMap::new(),
            gifts: Vec::new(),
            recalls: Vec::new(),
            reports: Vec::new(),
            is_calm: !seed.is_multiple_of(3),
        };
        for step in steps {
            player.step(*step);
        }
        player
    }

    /// The marks of all units that were tried.
    pub fn marks(&self) -> Vec<Mark> {
        let units = 1..=u32::from(UNITS) + 1;
        units.map(|unit| self.c.mark(&self.licence, unit)).collect()
    }

    fn step(&mut self, (what, which, who): Step) {
        match what % 32 {
            0..=3 => self.print(which, who),
            16..=24 | 26 if self.is_calm => self.go_on(which),
            16..=24 => self.mischief(what % 32, which, who),
            26 => self.fork(who),
            4..=15 => self.go_on(which),
            25 => self.c.set_sail(),
            // Little goes wrong where all are honest.
            30 | 31 if which > 224 => self.measures(which, who),
            31 if which > 192 => self.marks_and_origins(which, who),
            30 if which > 192 => self.use_and_errors(which, who),
            31 if which > 128 => self.evidence(which, who),
            31 => self.powder(which, who),
            30 => self.service(which, who),
            29 if which % 2 == 1 => self.assemblies(which, who),
            28 | 29 if self.is_calm && which > 64 => self.go_on(which),
            27 => self.c.now += i64::from(which) * 600,
            _ => self
                .c
                .ashore(|c| shore(c, &self.licence, &self.parts, &mut self.recalls, which, who)),
        }
    }

    fn part(&self, which: u8) -> Option<SubjectId> {
        let at = usize::from(which) % self.parts.len().max(1);
        self.parts.get(at).cloned()
    }

    /// An honest build: ordered, started; a later step ends it. `who` may spend a unit again, or take one too many.
    fn print(&mut self, which: u8, who: u8) {
        let unit = match which % 8 {
            _ if self.is_calm => self.builds.len() as u32 + 1,
            0 => u32::from(UNITS) + 1,
            1 => 1,
            _ => (self.builds.len() as u32 % u32::from(UNITS)) + 1,
        };
        let Ok(order) = self.c.order(&self.licence) else {
            return;
        };
        let who = if self.is_calm { 2 } else { who % 16 };
        let agent = if who == 0 {
            Who::SecondMachine
        } else {
            Who::Machine
        };
        let mark = self.c.mark(&self.licence, unit);
        let part = match (who, self.part(which)) {
            // A second build of a part that exists.
            (1, Some(part)) => part,
            _ => self.c.new_subject("part"),
        };
        let started = StartedPart {
            part: part.clone(),
            unit,
            mark,
        };
        let build = self.c.start_as(agent, &self.licence, &order, vec![started]);
        self.reports.push((part.clone(), build.started.id));
        self.builds.push(build);
        if !self.parts.contains(&part) {
            self.parts.push(part);
        }
    }

    /// Powder is blended, used or scrapped; builds go on from the newest blend. Where all are honest the masses add up.
    fn powder(&mut self, which: u8, who: u8) {
        let who = match self.is_calm {
            true => Who::Production,
            false => ANYBODY_AND_PRODUCTION[usize::from(who) % 10],
        };
        let lot = self.c.lot.clone();
        let mass_mg = if self.is_calm { 500_000 } else { 6_000_000 };
        match which % 4 {
            0 | 1 => {
                let first = text("lot:l1");
                let shares = [(&lot, mass_mg), (&first, 1)];
                let lots = if lot == first { 1 } else { 2 };
                if let Ok(blend) = self.c.blend(who, &shares[..lots]) {
                    self.c.lot = blend;
                }
            }
            2 => {
                let build = self
                    .builds
                    .get(usize::from(which) % self.builds.len().max(1));
                let build = build.map(|build| build.id.clone());
                let lot = if self.is_calm { None } else { Some(lot) };
                for (build, lot) in build.into_iter().zip(lot) {
                    let _ = self.c.use_up(who, &build, &lot, mass_mg);
                }
            }
            _ => drop(self.c.scrap(who, &lot, mass_mg)),
        }
    }

    /// What a part goes through beside the way to its asset; where all are honest, by the right people.
    fn service(&mut self, which: u8, who: u8) {
        let Some(part) = self.part(which / 8) else {
            return;
        };
        let stranger = ANYBODY[usize::from(who) % ANYBODY.len()];
        let by = |right: Who| if self.is_calm { right } else { stranger };
        let (who, hours) = (by(Who::Mechanic), u64::from(which));
        let (maker, judge) = (by(Who::Custodian), by(Who::Certifier));
        let said = match which % 8 {
            0 => self
                .c
                .treat(if self.is_calm { Who::Production } else { who }, &part),
            1 => self
                .c
                .test(Who::Inspector, &part, 390 + i64::from(which % 32)),
            2 => self.c.fault(maker, &part),
            3 => return self.decide(judge, which),
            4 => self.c.report_use(who, &part, hours, hours / 2),
            5 => self.c.repair(who, &part, which > 128),
            6 => {
                let to = self.c.org(Who::Mechanic);
                self.c.give(maker, &part, to)
            }
            _ => match self.gifts.pop() {
                Some((part, given)) => self.c.take(who, &part, given),
                None if self.is_calm => return,
                None => self.c.decommission(who, &part),
            },
        };
        if let Ok(said) = said {
            let id = (part, said.id);
            match said.body.core {
                Core::PartTested(says) if !says.passed() => self.faults.push(id),
                Core::PartNonconforming(_) => self.faults.push(id),
                Core::PartOwnerChanged(_) => self.gifts.push(id),
                _ => {}
            }
        }
    }

    /// Readings of the asset, and errors that are declared and confirmed.
    fn use_and_errors(&mut self, which: u8, who: u8) {
        let Some(part) = self.part(which / 8) else {
            return;
        };
        let stranger = ANYBODY[usize::from(who) % ANYBODY.len()];
        let who = if self.is_calm {
            Who::Mechanic
        } else {
            stranger
        };
        let at = usize::from(which) % self.reports.len().max(1);
        let said = match (which % 4, self.reports.get(at).cloned()) {
            // Where all are honest readings do not fall.
            (0, _) => self.c.use_asset(who, self.c.now.unsigned_abs() / 3600, 3),
            (1, _) if which % 8 == 1 => self.c.suspect(stranger, &part),
            (1, _) if !self.is_calm => self.c.use_asset(who, which.into(), 3),
            (2, Some((part, error))) => self.c.err(who, &part, error),
            (3, Some((part, declared))) => self.c.agree(Who::Certifier, &part, declared),
            _ => self
                .c
                .report_use(who, &part, self.c.now.unsigned_abs() / 3600, 9),
        };
        if let Ok(said) = said
            && said.body.sub.kind() == "part"
        {
            self.reports.push((said.body.sub.clone(), said.id));
        }
    }

    /// Marks after the making, and parts that no build made. Where all are honest, by who has the part, and nothing fails.
    fn marks_and_origins(&mut self, which: u8, who: u8) {
        let stranger = ANYBODY[usize::from(who) % ANYBODY.len()];
        let who = if self.is_calm {
            Who::Custodian
        } else {
            stranger
        };
        let Some(part) = self.part(which / 8) else {
            return;
        };
        let (unit, new) = (u32::from(which % UNITS) + 1, self.c.new_mark());
        let licensed = self.c.mark(&self.licence, unit);
        let said = match which % 8 {
            0 | 1 if self.is_calm => return,
            0 => self.c.enter(who, &part),
            1 => self.c.label(who, &part, licensed),
            2 | 3 => {
                let part = self.c.new_subject("part");
                let entered = self.c.enter(who, &part);
                self.parts.push(part);
                entered
            }
            4 => self.c.mark_again(who, &part, licensed, new),
            5 => self.c.label(who, &part, new),
            6 => self
                .c
                .verify_mark(Who::Inspector, &part, licensed, Grade::C),
            _ => self
                .c
                .verify_mark(Who::Inspector, &part, licensed, Grade::F),
        };
        if let Ok(said) = said {
            self.reports.push((said.body.sub.clone(), said.id));
        }
    }

    /// A piece is enrolled, or laid beside what was; where all are honest it is the same.
    fn evidence(&mut self, which: u8, who: u8) {
        let Some(part) = self.part(which / 8) else {
            return;
        };
        let stranger = ANYBODY[usize::from(who) % ANYBODY.len()];
        let handler = [Who::Custodian, Who::Mechanic][usize::from(who) % 2];
        let who = if self.is_calm { handler } else { stranger };
        let known = self.enrolments.get(&part).copied();
        let Some(enrolment) = known.filter(|_| !which.is_multiple_of(8)) else {
            if let Ok(said) = self.c.enrol_piece(who, &part) {
                self.enrolments.insert(part, said.id);
            }
            return;
        };
        let as_it = match which % 8 {
            1 | 2 if !self.is_calm => Match::Differs,
            3 => Match::Consistent,
            4 => Match::ProvesNothing,
            _ => Match::Matched,
        };
        if let Ok(said) = self.c.compare_piece(who, &part, enrolment, as_it)
            && as_it == Match::Differs
        {
            self.faults.push((part, said.id));
        }
    }

    fn decide(&mut self, who: Who, which: u8) {
        let dispositions = [
            Disposition::UseAsIs,
            Disposition::UseAsIs,
            Disposition::Rework,
            Disposition::Scrap,
        ];
        if let Some((part, fault)) = self.faults.last().cloned() {
            let disposition = dispositions[usize::from(which / 8) % 4];
            let _ = self.c.dispose(who, &part, fault, disposition);
        }
    }

    /// What comes next in the life of a part.
    fn go_on(&mut self, which: u8) {
        let Some(part) = self.part(which) else {
            return;
        };
        let stage = self.stages.get(&part).copied().unwrap_or(0);
        let mro = self.c.org(Who::Mechanic);
        let said = match stage {
            0 => {
                let is_of = |build: &&Build| build.parts.contains(&part);
                let build = self.builds.iter().find(is_of).cloned();
                build.map(|build| self.c.complete(&build))
            }
            1 | 6 => Some(self.c.inspect(Who::Inspector, &part)),
            2 => {
                let inspection = self.inspections.get(&part).copied();
                inspection.map(|inspection| self.c.release(Who::Signatory, &part, inspection))
            }
            3 => Some(self.c.ship(Who::Custodian, &part, mro)),
            4 => {
                let shipment = self.shipments.get(&part).copied();
                shipment.map(|shipment| self.c.receive(Who::Mechanic, &part, shipment))
            }
            5 => Some(self.c.install(Who::Mechanic, &part)),
            _ => return,
        };
        if let Some(Ok(statement)) = said {
            match stage {
                1 => self.inspections.insert(part.clone(), statement.id),
                3 => self.shipments.insert(part.clone(), statement.id),
                _ => None,
            };
            self.reports.push((part.clone(), statement.id));
            self.stages.insert(part, stage + 1);
        }
    }

    /// Anybody says anything of a part.
    fn mischief(&mut self, what: u8, which: u8, who: u8) {
        let Some(part) = self.part(which / 16) else {
            return;
        };
        let who = ANYBODY[usize::from(who) % ANYBODY.len()];
        // Clocks are wrong by up to some hours, also backwards.
        let drift = (i64::from(which % 16) - 8) * 900;
        self.c.now += drift;
        let said = match what {
            16 => self.c.inspect_with(who, &part, 11 + u32::from(which % 2)),
            17 => match self.inspections.get(&part).copied() {
                Some(inspection) => self.c.release(who, &part, inspection),
                None => self.c.remove(who, &part),
            },
            18 => {
                let to = self.c.org(ANYBODY[usize::from(which) % ANYBODY.len()]);
                self.c.ship(who, &part, to)
            }
            19 => match self.shipments.get(&part).copied() {
                Some(shipment) => self.c.receive(who, &part, shipment),
                None => self.c.install(who, &part),
            },
            20 => self.c.quarantine(who, &part),
            21 => self.lift(who, which),
            22 => self.vouch(who, which),
            23 if which.is_multiple_of(4) => self.c.destroy(who, &part),
            23 => self.c.remove(who, &part),
            _ => self.abort_or_double(who, which),
        };
        self.c.now -= drift;
        if let Ok(statement) = said {
            if statement.body.sub.kind() == "part" {
                self.reports
                    .push((statement.body.sub.clone(), statement.id));
            }
            if let Core::QuarantinePlaced(_) = statement.body.core {
                self.quarantines.push((part, statement.id));
            }
        }
    }

    fn lift(&mut self, who: Who, which: u8) -> Said {
        let at = usize::from(which) % self.quarantines.len().max(1);
        match self.quarantines.get(at).cloned() {
            Some((part, placed)) => self.c.lift(who, &part, placed),
            None => self.c.receive_lot_by(Who::Production, which),
        }
    }

    fn vouch(&mut self, who: Who, which: u8) -> Said {
        let at = self
            .reports
            .len()
            .saturating_sub(1 + usize::from(which) % 4);
        match self.reports.get(at).cloned() {
            Some((part, report)) => self.c.vouch(who, &part, report),
            None => self.c.receive_lot_by(Who::Production, which),
        }
    }

    fn abort_or_double(&mut self, who: Who, which: u8) -> Said {
        let at = usize::from(which) % self.builds.len().max(1);
        match self.builds.get(at).cloned() {
            Some(build) if which.is_multiple_of(4) => self.c.abort(&build),
            // The same build, reported again.
            Some(build) if which % 4 == 1 => {
                let core = build.started.body.core.clone();
                self.c.say(who, &build.id, core)
            }
            Some(build) if which % 4 == 2 => self.c.complete(&build),
            _ => self.c.receive_lot_by(who, which),
        }
    }

    /// Two devices with one key: reports only, for of two acts the log takes the first.
    fn fork(&mut self, who: u8) {
        let who = [Who::Inspector, Who::Custodian, Who::Machine][usize::from(who) % 3];
        let clone = self.c.person(who).clone();
        for part in self.parts.clone().iter().rev().take(2) {
            let _ = self.c.quarantine(who, part);
            self.c.people.insert(who, clone.clone());
        }
        // The honest device goes on behind both.
        if let Some(person) = self.c.people.get_mut(&who) {
            person.seq += 1;
        }
    }
}

pub type Said = Result<crate::statement::Statement, crate::lifecycle::Refusal>;

/// What is done ashore, on line.
fn shore(
    c: &mut Consortium,
    licence: &SubjectId,
    parts: &[SubjectId],
    recalls: &mut Vec<SubjectId>,
    which: u8,
    who: u8,
) {
    let lot = c.lot.clone();
    match which % 12 {
        0 => recalls.extend(c.recall(Who::Certifier, &[&lot])),
        1 => recalls.extend(c.recall(Who::Designer, &[licence])),
        2 => recalls.extend(c.recall(Who::Production, &[&Who::Machine.machine()])),
        3 => {
            let part = parts.get(usize::from(who) % parts.len().max(1));
            recalls.extend(part.and_then(|part| c.recall(Who::Certifier, &[part, &lot]).ok()));
        }
        4..=6 => {
            if let Some(recall) = recalls
                .get(usize::from(who) % recalls.len().max(1))
                .cloned()
            {
                c.grant_certifier();
                let _ = c.lift_recall(Who::AuthorityAdmin, &recall);
            }
        }
        7 => {
            let effects = [Effect::NewBuilds, Effect::Unreleased, Effect::All];
            let effect = effects[usize::from(who) % 3];
            let _ = c.withdraw(&text("design:d1"), effect);
        }
        8 | 9 => {
            let who =
                [Who::Inspector, Who::Signatory, Who::Machine, Who::Mechanic][usize::from(who) % 4];
            let since = (which % 24 >= 12).then_some(c.now - 1800);
            let _ = c.revoke(who, since);
        }
        _ => {}
    }
}

impl Consortium {
    /// A second certifier, once.
    fn grant_certifier(&mut self) {
        use crate::body::governance::{Role, RoleGranted};
        let role = Role::Certifier;
        let sub = self.key_of(Who::AuthorityAdmin);
        let _ = self.say(
            Who::AuthorityAdmin,
            &sub,
            Core::RoleGranted(RoleGranted { role }),
        );
    }

    /// A lot arrives, the builds' own again or another.
    fn receive_lot_by(&mut self, who: Who, which: u8) -> Said {
        let lot = if which.is_multiple_of(16) {
            "lot:l1"
        } else {
            "lot:l9"
        };
        let core = Core::MaterialReceived(crate::body::resource::MaterialReceived {
            material: text(MATERIAL),
            lot_number: text("HEAT-9"),
            mass_mg: 1,
            certificate: crate::digest::Digest::sha3(&[b"c"]),
        });
        self.say(who, &text(lot), core)
    }
}
