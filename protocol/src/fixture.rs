//! A small consortium for the tests of every crate: genesis to the life of a part, without a service.
//!
//! Owns people with keys, a log in memory that orders as the service does, and the steps of a part's life. Everything follows
//! from one seed; time is a counter. Must never be part of a product: its keys are known to everybody.

mod bundle;
mod design;
mod log;
mod marking;
mod material;
mod members;
mod people;
pub mod physical;
mod service;
mod story;

pub use design::{DesignSpec, LicenceSpec, envelope, file};
pub use log::{Lie, MemoryLog};
pub use people::{Entropy, Person, Who};
pub use service::TENSILE;
pub use story::Build;

use crate::body::governance::{Anchors, ClassPolicy, Function, PartClass, Policy, Quorum};
use crate::body::resource::{MachineCalibrated, MachineEnrolled, MachineQualified};
use crate::body::{Body, Bytes16, Core, Seen};
use crate::digest::Digest;
use crate::genesis::{Genesis, Trust};
use crate::key::Signer;
use crate::lifecycle::Refusal;
use crate::note::NoteSigner;
use crate::statement::{Statement, StatementId};
use crate::text::{Line, Moment, OrgId, Origin, SectionName, SubjectId};
use crate::world::{org_subject, policy_subject};
use std::{collections::BTreeMap, fmt::Debug, str::FromStr};

/// Origin of the fixture's log.
pub const ORIGIN: &str = "log.example/am";
/// Host of the fixture's marks.
pub const HOST: &str = "part.example";
/// The first moment, 2026-01-01 UTC.
pub const START_S: i64 = 1_767_225_600;
/// Seconds of a day.
pub const DAY_S: i64 = 86_400;
/// Material of the design and the lot.
pub const MATERIAL: &str = "AlSi10Mg AMS7035";
/// Process of the design and the qualification.
pub const PROCESS: &str = "LPBF-PS-12";
/// Class of the machines.
pub const MACHINE_CLASS: &str = "LPBF-280";

/// A text of a fixture, which is known to be good.
pub fn text<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a text of a fixture is good")
}

/// The moment of a Unix time of a fixture.
pub fn moment(unix: i64) -> Moment {
    Moment::from_unix(unix).expect("a time of a fixture is good")
}

/// Knobs of the founding.
#[derive(Clone, Debug)]
pub struct Founding {
    /// Everything that looks random follows from it.
    pub seed: u64,
    /// age recipient of the first machine, for tests with real ciphertexts.
    pub machine_recipient: Option<Line>,
    /// Unix time of the first statement, for services that read a real clock.
    pub start_s: i64,
    /// Rules that the log begins under.
    pub rules_version: u32,
}

impl Default for Founding {
    fn default() -> Founding {
        Founding {
            seed: 0,
            machine_recipient: None,
            start_s: START_S,
            rules_version: crate::lifecycle::RULES_VERSION,
        }
    }
}

/// The consortium with its log, its people and the time.
#[derive(Clone)]
pub struct Consortium {
    /// The log.
    pub log: MemoryLog,
    /// The two statements that the log begins with.
    pub genesis: Genesis,
    /// Everybody who has a key.
    pub people: BTreeMap<Who, Person>,
    /// Unix time; every signature takes a minute.
    pub now: i64,
    /// Whether statements go to journals instead of the log.
    pub at_sea: bool,
    /// What was signed at sea, by author, in the order of signing.
    pub journals: BTreeMap<Who, Vec<Statement>>,
    /// The lot that builds use.
    pub lot: SubjectId,
    /// Seeds of the marks, by licence.
    pub seeds: BTreeMap<SubjectId, [u8; 32]>,
    /// Newest statement about a part, whoever made it.
    pub newest: BTreeMap<SubjectId, StatementId>,
    /// What the log's checkpoint key is made of.
    pub checkpoint_seed: [u8; 32],
    /// Whether agents build without marks, for zones that are not qualified.
    pub unmarked: bool,
    /// What authors at sea have seen of the log.
    pub seen: Option<Seen>,
    entropy: Entropy,
    counter: u32,
}

impl Consortium {
    /// Members, people, two machines in force and a lot of powder.
    pub fn founded(seed: u64) -> Consortium {
        Consortium::founded_with(Founding {
            seed,
            ..Founding::default()
        })
    }

    /// As [`Consortium::founded`], with knobs.
    pub fn founded_with(founding: Founding) -> Consortium {
        let mut this = Consortium::genesis(&founding);
        for (who, functions) in [
            (Who::OemAdmin, [Function::Oem]),
            (Who::AuthorityAdmin, [Function::Authority]),
            (Who::ShopAdmin, [Function::Shop]),
            (Who::MroAdmin, [Function::Maintenance]),
        ] {
            this.admit(who, functions.into());
        }
        for who in Who::STAFF {
            let recipient = founding
                .machine_recipient
                .clone()
                .filter(|_| *who == Who::Machine);
            this.enrol(*who, recipient);
        }
        this.equip(Who::Machine);
        this.equip(Who::SecondMachine);
        this.receive_lot("lot:l1", MATERIAL);
        this
    }

    fn genesis(founding: &Founding) -> Consortium {
        let mut entropy = Entropy::new(founding.seed);
        let people: BTreeMap<_, _> = Who::ALL
            .iter()
            .map(|who| (*who, Person::new(*who, &mut entropy)))
            .collect();
        let checkpoint_seed = entropy.bytes();
        let checkpoint = NoteSigner::new(ORIGIN, Signer::from_seed(&checkpoint_seed))
            .expect("an origin is a name");
        let mut founder = Founder {
            people,
            entropy,
            now: founding.start_s,
        };
        let rules_version = founding.rules_version;
        let [policy, anchors] = founder.sign_genesis(&checkpoint, rules_version);
        let genesis = Genesis {
            policy: policy.submission.clone(),
            anchors: anchors.submission.clone(),
        };
        let log_person = founder.people[&Who::Log].clone();
        let log = MemoryLog::begin([policy, anchors], log_person, checkpoint, founder.now);
        Consortium {
            seen: Some(log.seen()),
            log,
            genesis,
            people: founder.people,
            now: founder.now,
            at_sea: false,
            journals: BTreeMap::new(),
            lot: text("lot:l1"),
            seeds: BTreeMap::new(),
            newest: BTreeMap::new(),
            checkpoint_seed,
            unmarked: false,
            entropy: founder.entropy,
            counter: 0,
        }
    }

    /// What a client pins.
    pub fn trust(&self) -> Trust {
        self.genesis.trust().expect("the fixture's genesis is good")
    }

    /// The log's origin.
    pub fn origin(&self) -> Origin {
        text(ORIGIN)
    }

    /// Somebody.
    pub fn person(&self, who: Who) -> &Person {
        &self.people[&who]
    }

    /// An organisation by one of its people.
    pub fn org(&self, who: Who) -> OrgId {
        self.people[&who].org.clone()
    }

    /// Random bytes of the fixture.
    pub fn entropy(&mut self) -> &mut Entropy {
        &mut self.entropy
    }

    /// A new subject: `part:p7` for `part`, `p`.
    pub fn new_subject(&mut self, kind: &str) -> SubjectId {
        self.counter += 1;
        let opaque = format!("{}{}", &kind[..1], self.counter);
        SubjectId::new(kind, opaque).expect("a subject of a fixture is good")
    }

    /// Everybody leaves: what is signed from now on goes to journals and has `seen` the log of today.
    pub fn set_sail(&mut self) {
        self.at_sea = true;
        self.seen = Some(self.log.seen());
    }

    /// Lets those who stayed ashore act while the others are at sea, who learn nothing of it.
    pub fn ashore<T>(&mut self, act: impl FnOnce(&mut Consortium) -> T) -> T {
        let (at_sea, seen) = (self.at_sea, self.seen.clone());
        let newest = self.newest.clone();
        self.at_sea = false;
        let done = act(self);
        (self.at_sea, self.seen, self.newest) = (at_sea, seen, newest);
        done
    }

    /// Everybody is back: the journals are delivered author by author, again and again while something moves.
    /// Tells what was refused.
    pub fn come_home(&mut self) -> Vec<(StatementId, Refusal)> {
        self.at_sea = false;
        self.now += 60;
        let journals = std::mem::take(&mut self.journals);
        let all: Vec<_> = journals.into_values().flatten().collect();
        self.log.deliver(&all, self.now)
    }

    /// All that was signed at sea.
    pub fn at_hand(&self) -> Vec<Statement> {
        self.journals.values().flatten().cloned().collect()
    }

    /// Signs with the right number and predecessor, a minute later. Nobody gets to see it yet.
    pub fn sign(&mut self, who: Who, sub: &SubjectId, core: Core) -> Statement {
        self.sign_with(who, sub, core, BTreeMap::new())
    }

    /// As [`Consortium::sign`], with sealed sections.
    pub fn sign_with(
        &mut self,
        who: Who,
        sub: &SubjectId,
        core: Core,
        sections: BTreeMap<SectionName, Vec<u8>>,
    ) -> Statement {
        self.now += 60;
        if !self.at_sea {
            self.seen = Some(self.log.seen());
        }
        let salt = Bytes16(self.entropy.bytes());
        let person = self.people.get_mut(&who).expect("everybody has a key");
        let mut body = person.body(sub.clone(), core, self.now, salt);
        body.seen.clone_from(&self.seen);
        person.sign(body, sections)
    }

    /// Signs and sends it to the log, or to the journal at sea.
    pub fn say(&mut self, who: Who, sub: &SubjectId, core: Core) -> Result<Statement, Refusal> {
        let statement = self.sign(who, sub, core);
        self.send(who, statement)
    }

    /// Sends a statement to the log, or to `who`'s journal at sea.
    pub fn send(&mut self, who: Who, statement: Statement) -> Result<Statement, Refusal> {
        if self.at_sea {
            self.journals
                .entry(who)
                .or_default()
                .push(statement.clone());
        } else {
            self.log.submit(&statement, self.now)?;
        }
        if statement.body.sub.kind() == "part" {
            self.newest.insert(statement.body.sub.clone(), statement.id);
        }
        Ok(statement)
    }

    /// [`Consortium::say`] of what the log must take.
    pub fn must(&mut self, who: Who, sub: &SubjectId, core: Core) -> Statement {
        let kind = core.kind();
        match self.say(who, sub, core) {
            Ok(statement) => statement,
            Err(refusal) => panic!("{kind} by {who:?}: {refusal}"),
        }
    }

    /// Enrols the machine of an agent, qualified by the authority and calibrated, for a year.
    fn equip(&mut self, who: Who) {
        let machine = who.machine();
        let expires = moment(self.now + 365 * DAY_S);
        let report = Digest::sha3(&[b"report"]);
        let enrolled = MachineEnrolled {
            model: text("Example Ember 280"),
            serial: text(machine.opaque()),
            machine_class: text(MACHINE_CLASS),
            key: self.person(who).signer.key_id(),
        };
        self.must(Who::Production, &machine, Core::MachineEnrolled(enrolled));
        let qualified = MachineQualified {
            process: text(PROCESS),
            material: text(MATERIAL),
            expires,
            report,
            equivalent_to: Default::default(),
        };
        self.must(Who::Certifier, &machine, Core::MachineQualified(qualified));
        let calibrated = Core::MachineCalibrated(MachineCalibrated {
            expires,
            certificate: report,
        });
        self.must(Who::Production, &machine, calibrated);
    }
}

/// Before there is a log.
struct Founder {
    people: BTreeMap<Who, Person>,
    entropy: Entropy,
    now: i64,
}

impl Founder {
    fn sign_genesis(&mut self, checkpoint: &NoteSigner, rules_version: u32) -> [Statement; 2] {
        let policy = self.sign(policy_subject(), Core::Policy(policy(rules_version)));
        let governor = org_subject(&self.people[&Who::Governor].org);
        let anchors = Core::Anchors(Anchors {
            name: text("The consortium"),
            governor: self.people[&Who::Governor].card(None),
            checkpoint_vkey: text(&checkpoint.verifier().to_string()),
            log: self.people[&Who::Log].card(None),
        });
        [policy, self.sign(governor, anchors)]
    }

    fn sign(&mut self, sub: SubjectId, core: Core) -> Statement {
        self.now += 60;
        let salt = Bytes16(self.entropy.bytes());
        let governor = self.people.get_mut(&Who::Governor).expect("is in ALL");
        let body: Body = governor.body(sub, core, self.now, salt);
        governor.sign(body, BTreeMap::new())
    }
}

fn policy(rules_version: u32) -> Policy {
    let class = |days: u64, provisional_allowed, strict| ClassPolicy {
        knowledge_age_max_s: days * DAY_S.unsigned_abs(),
        provisional_allowed,
        three_people: strict,
        physical_match: strict,
    };
    Policy {
        origin: text(ORIGIN),
        governor: text(Who::Governor.org()),
        host: text(HOST),
        rules_version,
        quorum: Quorum::None,
        heartbeat_s: 60,
        classes: BTreeMap::from([
            (PartClass::A, class(7, false, true)),
            (PartClass::B, class(30, false, true)),
            (PartClass::C, class(90, true, false)),
        ]),
        delay_s: 0,
    }
}

#[cfg(test)]
mod tests;
