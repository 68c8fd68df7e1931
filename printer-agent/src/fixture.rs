//! A machine with its agent in the protocol's fixture consortium, for the tests of this crate.
//!
//! Owns one real part, sealed and licensed to the home's own keys. Test code only.

use crate::home::{Draft, Home};
use crate::licence;
use crate::package::{self, DesignKey};
use crate::print::{self, PrintError, Printed};
use crate::printer::{Printer, file::FilePrinter};
use crate::system::Entropy;
use std::path::Path;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::allowable::AllowablePublished;
use threadmark_protocol::body::build::{
    Assurance, BuildAborted, BuildOrdered, BuildStarted, StartedPart,
};
use threadmark_protocol::body::design::{DesignFile, FileUse, MarkZone};
use threadmark_protocol::body::governance::{Holder, KeyAdded};
use threadmark_protocol::body::licence::{LicenceAccepted, LicenceIssued, Purpose};
use threadmark_protocol::body::resource::{MachineCalibrated, MachineEnrolled, MachineQualified};
use threadmark_protocol::digest::{Digest, FileDigest};
use threadmark_protocol::fixture::{
    Consortium, DAY_S, DesignSpec, Entropy as Stream, MACHINE_CLASS, MATERIAL, PROCESS, Who,
    moment, text,
};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::text::SubjectId;
use threadmark_protocol::world::{Data, key_subject};

const STL: &[u8] = include_bytes!("../../fixtures/parts/access-cover.stl");
const ZONE: &str = include_str!("../../fixtures/parts/access-cover.zone.json");

/// Bytes that follow from a seed.
pub fn entropy(seed: u64) -> impl Entropy {
    let mut stream = Stream::new(seed);
    move |bytes: &mut [u8]| bytes.fill_with(|| stream.bytes::<1>()[0])
}

/// What a test wants to be otherwise.
pub struct Setup {
    pub calibrated_days: i64,
    pub accepted: bool,
    pub mass_mg: i64,
    /// The machine that the licence names; the home's own, where nothing is said.
    pub machine: Option<SubjectId>,
    /// Digest of another plaintext than was sealed.
    pub other_plain: bool,
    /// The file that is printed, by the name that is signed.
    pub geometry: (&'static str, Vec<u8>),
    pub zone: MarkZone,
    /// Whether the approval qualifies it.
    pub zone_qualified: bool,
    /// The allowable that the approval cites; the fixture's where none is given.
    pub allowable: Option<AllowablePublished>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            calibrated_days: 365,
            accepted: true,
            mass_mg: 50_000,
            machine: None,
            other_plain: false,
            geometry: ("access-cover.stl", STL.to_vec()),
            zone: serde_json::from_str(ZONE).unwrap(),
            zone_qualified: true,
            allowable: None,
        }
    }
}

/// A machine, ready to print three units.
pub struct Ship {
    pub c: Consortium,
    pub home: Home,
    pub folder: tempfile::TempDir,
    pub machine: SubjectId,
    pub design: SubjectId,
    pub licence: SubjectId,
    pub file: DesignFile,
    pub mass_mg: i64,
    seed: u64,
}

/// A home of `org` in `folder`, joined to the consortium's log.
pub fn home(c: &Consortium, folder: &Path, actor: &str, holder: Holder, seed: u64) -> Home {
    let org = c.org(Who::Operator);
    let home = Home::create(folder, org, text(actor), holder, &mut entropy(seed)).unwrap();
    let fingerprint = c.trust().fingerprint();
    home.join(
        &c.genesis.to_bytes(),
        "http://127.0.0.1:1/",
        Some(fingerprint),
    )
    .unwrap();
    home
}

impl Ship {
    pub fn ready() -> Ship {
        Ship::with(Setup::default())
    }

    pub fn with(setup: Setup) -> Ship {
        let folder = tempfile::tempdir().unwrap();
        let mut c = Consortium::founded(1);
        let at = folder.path().join("home");
        let home = home(&c, &at, "ember-9", Holder::Machine, 2);
        let machine: SubjectId = text("machine:m9");
        equip(&mut c, &home, &machine, setup.calibrated_days);
        let key = DesignKey::generate();
        let (name, plain) = setup.geometry;
        let (mut artifact, sealed) = package::seal_file(&plain, &[key.recipient()]).unwrap();
        if setup.other_plain {
            artifact.plain = FileDigest::of(b"another part");
        }
        let file = DesignFile {
            use_as: FileUse::Geometry,
            name: text(name),
            artifact,
        };
        home.keep_artifact(&file.artifact.sealed, &sealed).unwrap();
        let spec = DesignSpec {
            files: vec![file.clone()],
            zone: setup.zone.clone(),
            zone_qualified: setup.zone_qualified,
            allowable: setup.allowable.clone(),
            ..DesignSpec::default()
        };
        let design = c.publish(&spec);
        let approval = c.approve(&design, &spec);
        let licensed = setup.machine.clone().unwrap_or_else(|| machine.clone());
        let licence = license(&mut c, &home, &design, &approval, &licensed, &key);
        if setup.accepted {
            accept(&mut c, &licence);
        }
        let mut ship = Ship {
            c,
            home,
            folder,
            machine: licensed,
            design,
            licence: licence.0,
            file,
            mass_mg: setup.mass_mg,
            seed: 100,
        };
        ship.sync();
        ship
    }

    /// The home learns what is logged.
    pub fn sync(&mut self) {
        let mut replica = self.home.replica_to_extend().unwrap();
        if replica.size() < self.c.log.size() {
            let page = self.c.log.page(replica.size());
            self.home.extend(&mut replica, &page).unwrap();
        }
    }

    /// The operator orders one part; logged, or in the journal at sea, which the home imports.
    pub fn order(&mut self) -> SubjectId {
        let sub = self.c.new_subject("order");
        let core = Core::BuildOrdered(BuildOrdered {
            licence: self.licence.clone(),
            machine: self.machine.clone(),
            lot: self.c.lot.clone(),
            parts: 1,
            mass_mg: self.mass_mg,
            expires: moment(self.c.now + 30 * DAY_S),
            coupons: Default::default(),
            laboratories: Default::default(),
        });
        self.c.must(Who::Operator, &sub, core);
        self.learn();
        sub
    }

    /// Synchronises at home, imports everybody's journals at sea.
    pub fn learn(&mut self) {
        if !self.c.at_sea {
            return self.sync();
        }
        let frames = self.c.at_hand();
        let frames = frames.iter();
        let bytes: Vec<u8> = frames
            .flat_map(|said| threadmark_protocol::journal::frame(&said.submission))
            .collect();
        self.home.import(&bytes).unwrap();
    }

    pub fn print(&mut self, order: &SubjectId) -> Result<Printed, PrintError> {
        self.print_at(order, None, self.c.now)
    }

    pub fn print_at(
        &mut self,
        order: &SubjectId,
        unit: Option<u32>,
        now: i64,
    ) -> Result<Printed, PrintError> {
        self.seed += 1;
        let printer = Printer::File(FilePrinter::new(self.folder.path()));
        let request = crate::gate::Request {
            order: order.clone(),
            unit,
        };
        let entropy = &mut entropy(self.seed);
        print::print(
            &self.home,
            &printer,
            &request,
            &|| now,
            entropy,
            &mut |_| {},
        )
    }

    /// What the licence says.
    pub fn licensed(&self) -> LicenceIssued {
        match self.c.log.world().get(&self.licence) {
            Some(Data::Licence { licence, .. }) => licence.clone(),
            other => panic!("no licence: {other:?}"),
        }
    }

    /// A journal of what nobody signed, in the name of the home's key.
    pub fn forged(&self, sub: &str, core: Core) -> Vec<u8> {
        let person = self.c.person(Who::Machine);
        let late = self.c.now + 9 * 365 * DAY_S;
        let salt = threadmark_protocol::body::Bytes16([0; 16]);
        let said = person
            .clone()
            .sign(person.body(text(sub), core, late, salt), [].into());
        let mut submission = said.submission;
        let kid = said.envelope.kid.0;
        let at = submission.envelope.windows(32).position(|at| at == kid);
        let at = at.unwrap();
        let home = self.home.identity().key_id().0;
        submission.envelope[at..at + 32].copy_from_slice(&home);
        threadmark_protocol::journal::frame(&submission)
    }

    /// A build that claims every unit under the order, with marks that nobody minted.
    pub fn claim(&self, order: &SubjectId) -> Core {
        let part = |unit| StartedPart {
            part: text(&format!("part:{}{unit}", order.opaque())),
            unit,
            mark: Mark::derive(&[66; 32], unit),
        };
        Core::BuildStarted(BuildStarted {
            order: order.clone(),
            licence: self.licence.clone(),
            machine: self.machine.clone(),
            lot: self.c.lot.clone(),
            parts: (1..=3).map(part).collect(),
            handed_over: Digest::sha3(&[b"nothing"]),
            assurance: Assurance::File,
            knowledge_age_s: 0,
            unmarked: false,
        })
    }

    /// What the home has signed arrives in the log.
    pub fn deliver(&mut self) {
        let own = self.home.own_statements().unwrap();
        assert_eq!(self.c.log.deliver(&own, self.c.now), []);
    }
}

/// A statement about nothing in particular.
pub fn draft() -> Draft {
    let reason = text("nothing in particular");
    let parts = vec![text("part:none")];
    let core = Core::BuildAborted(BuildAborted { parts, reason });
    Draft::new(text("build:none"), core)
}

fn equip(c: &mut Consortium, home: &Home, machine: &SubjectId, calibrated_days: i64) {
    let kid = home.identity().key_id();
    let card = home.card();
    c.must(
        Who::ShopAdmin,
        &key_subject(&kid),
        Core::KeyAdded(KeyAdded { card }),
    );
    let enrolled = MachineEnrolled {
        model: text("Example Ember 280"),
        serial: text("9"),
        machine_class: text(MACHINE_CLASS),
        key: kid,
    };
    c.must(Who::Production, machine, Core::MachineEnrolled(enrolled));
    let qualified = MachineQualified {
        process: text(PROCESS),
        material: text(MATERIAL),
        expires: moment(c.now + 365 * DAY_S),
        report: Digest::sha3(&[b"report"]),
        equivalent_to: Default::default(),
    };
    c.must(Who::Certifier, machine, Core::MachineQualified(qualified));
    let calibrated = MachineCalibrated {
        expires: moment(c.now + calibrated_days * DAY_S),
        certificate: Digest::sha3(&[b"certificate"]),
    };
    c.must(
        Who::Production,
        machine,
        Core::MachineCalibrated(calibrated),
    );
}

type Issued = (SubjectId, threadmark_protocol::statement::StatementId);

fn license(
    c: &mut Consortium,
    home: &Home,
    design: &SubjectId,
    approval: &SubjectId,
    machine: &SubjectId,
    key: &DesignKey,
) -> Issued {
    let recipient = package::recipient(home.card().recipient.unwrap().as_str()).unwrap();
    let prepared = licence::prepare(3, &recipient, key, &mut entropy(3)).unwrap();
    let sub = c.new_subject("licence");
    let core = Core::LicenceIssued(LicenceIssued {
        design: design.clone(),
        approval: Some(approval.clone()),
        holder: c.org(Who::Operator),
        machine: machine.clone(),
        purpose: Purpose::Production,
        nonce: prepared.nonce,
        commitments: prepared.commitments,
        expires: moment(c.now + 365 * DAY_S),
        enterprise: None,
    });
    let issued = c.sign_with(Who::Designer, &sub, core, prepared.sections);
    let issued = c.send(Who::Designer, issued).unwrap().id;
    (sub, issued)
}

fn accept(c: &mut Consortium, (licence, issued): &Issued) {
    let core = Core::LicenceAccepted(LicenceAccepted { issued: *issued });
    c.must(Who::Production, licence, core);
}
