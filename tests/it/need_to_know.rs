//! `docs/need-to-know.md` and the service say the same: every row is asked for as every audience.

use crate::support::new_database;
use axum::http::header;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use threadmark::dossier::Opened;
use threadmark::http::quota::{Limits, Quotas};
use threadmark::http::{App, Shared, listen};
use threadmark::jobs::watching;
use threadmark::ledger::keys::LogKeys;
use threadmark::ledger::sequencer::Sequencer;
use threadmark::store::PgStore;
use threadmark::watch::{Sighting, Whereabouts};
use threadmark_protocol::answer::{Viewer, Witnessing};
use threadmark_protocol::body::Core;
use threadmark_protocol::body::governance::{
    Function, Holder, KeyCard, MemberAdmitted, Role, RoleGranted,
};
use threadmark_protocol::body::physical::Match;
use threadmark_protocol::body::usage::LifeLimit;
use threadmark_protocol::body::vote::Change;
use threadmark_protocol::bundle::Page;
use threadmark_protocol::bundle::part::PartBundle;
use threadmark_protocol::digest::Digest;
use threadmark_protocol::fixture::{Consortium, DesignSpec, HOST, ORIGIN, Who, text};
use threadmark_protocol::identity::Identity;
use threadmark_protocol::key::{KeyId, KeyLevel, Signer};
use threadmark_protocol::mark::Mark;
use threadmark_protocol::receipt::Receipt;
use threadmark_protocol::statement::{Envelope, Statement, StatementId};
use threadmark_protocol::text::SubjectId;

/// As the table's columns are headed.
const AUDIENCES: [&str; 7] = [
    "stranger",
    "member",
    "custodian",
    "licensee",
    "OEM",
    "authority",
    "auditor",
];
/// What the test stores as a certificate.
const PLAIN: &[u8] = b"a certificate";
/// A sealed file of the fixture's design.
const SEALED: &[u8] = b"sealed solid";

/// Rows of the table: the field, and whether each audience has it.
fn table() -> Vec<(String, [bool; 7])> {
    let doc = include_str!("../../docs/need-to-know.md");
    let (_, table) = doc.split_once("| what | ").unwrap();
    let (head, rows) = table.split_once('\n').unwrap();
    assert_eq!(head.trim_end_matches(" | why |"), AUDIENCES.join(" | "));
    let rows = rows
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let cell = |text: &str| match text {
        "yes" => true,
        "no" => false,
        other => panic!("{other:?} is neither yes nor no"),
    };
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 9, "{line}");
        assert!(cells[8].len() > 5, "no reason: {line}");
        let audiences = std::array::from_fn(|at| cell(cells[at + 1]));
        (cells[0].trim_matches('`').to_owned(), audiences)
    };
    rows.map(row).collect()
}

/// A history in which everything that may be withheld is there.
struct History {
    of: Consortium,
    mark: Mark,
    /// By the last word of `statement.envelope.…`.
    statements: BTreeMap<&'static str, StatementId>,
    outsider: (Signer, Signer),
}

impl History {
    fn lived() -> History {
        let spec = DesignSpec {
            life: Some(LifeLimit {
                duration_s: Some(3_600_000),
                cycles: None,
                landings: None,
            }),
            ..DesignSpec::default()
        };
        let (mut of, licence) = Consortium::licensed_as(5, &spec, 3);
        let virgin = of.lot.clone();
        of.lot = of.blend(Who::Production, &[(&virgin, 1_000_000)]).unwrap();
        let part = of.make(&licence, 1);
        let mark = of.mark(&licence, 1);
        let made = of.after(&part).unwrap();
        let held = of.hand_over(&part).unwrap().id;
        of.install(Who::Mechanic, &part).unwrap();
        go_through(&mut of, &part);
        let new = of.new_mark();
        of.mark_again(Who::Mechanic, &part, mark, new).unwrap();
        of.quarantine(Who::Designer, &part).unwrap();
        let lot = of.lot.clone();
        of.recall(Who::Production, &[&lot]).unwrap();
        // A report out of order, so that a step that strangers see has a finding.
        of.inspect_with(Who::Inspector, &part, 3).unwrap();
        let note = [(text("note"), b"for the OEM alone".to_vec())].into();
        let core = Core::RoleGranted(RoleGranted {
            role: Role::Production,
        });
        let key = of.key_of(Who::Designer);
        let noted = of.sign_with(Who::OemAdmin, &key, core, note);
        of.send(Who::OemAdmin, noted.clone()).unwrap();
        let outsider = outsider(&mut of);
        let entries = of.log.entries().iter();
        let supplied = entries
            .filter(|entry| entry.body.core.kind() == "material.received")
            .map(|entry| entry.id)
            .next_back()
            .unwrap();
        let statements = [
            ("made", made),
            ("supplied", supplied),
            ("held", held),
            ("governance", noted.id),
        ];
        History {
            of,
            mark,
            statements: statements.into(),
            outsider,
        }
    }

    /// Organisation, key and session key of an audience; strangers have none.
    fn credential(&self, audience: &str) -> Option<(String, KeyId, &Signer)> {
        let who = match audience {
            "stranger" => return None,
            "member" => {
                let (key, session) = &self.outsider;
                return Some(("outsider.example".to_owned(), key.key_id(), session));
            }
            "custodian" => Who::Mechanic,
            "licensee" => Who::Operator,
            "OEM" => Who::Designer,
            "authority" => Who::Certifier,
            "auditor" => Who::Governor,
            other => panic!("{other}"),
        };
        let person = self.of.person(who);
        Some((
            who.org().to_owned(),
            person.signer.key_id(),
            &person.session,
        ))
    }
}

/// What its makers and its users say of it besides.
fn go_through(of: &mut Consortium, part: &SubjectId) {
    let mut entries = of.log.entries().iter();
    let build = entries.find(|entry| entry.body.core.kind() == "build.started");
    let (build, lot) = (build.unwrap().body.sub.clone(), of.lot.clone());
    of.use_up(Who::Operator, &build, &lot, 500_000).unwrap();
    of.test(Who::Inspector, part, 432).unwrap();
    let enrolment = of.enrol_piece(Who::Certifier, part).unwrap().id;
    of.compare_piece(Who::Mechanic, part, enrolment, Match::Consistent)
        .unwrap();
    of.report_use(Who::Mechanic, part, 10, 4).unwrap();
    let reading = of.use_asset(Who::Mechanic, 5000, 4).unwrap().id;
    let asset = of.asset(Who::Mechanic, "N123TM");
    of.err(Who::Mechanic, &asset, reading).unwrap();
    of.fault(Who::Mechanic, part).unwrap();
    let screw = of.new_subject("part");
    of.enter(Who::Mechanic, &screw).unwrap();
    of.assemble(Who::Mechanic, &screw, part).unwrap();
    of.give(Who::Custodian, part, of.org(Who::Mechanic))
        .unwrap();
}

/// A member that has nothing to do with anything: key and session key of its administrator.
fn outsider(of: &mut Consortium) -> (Signer, Signer) {
    let (signer, session) = (of.entropy().signer(), of.entropy().signer());
    let admin = KeyCard {
        public: signer.public(),
        holder: text("admin"),
        holder_is: Holder::Person,
        level: KeyLevel::Software,
        session: Some(session.public()),
        recipient: None,
    };
    let change = Change::Admit(MemberAdmitted {
        organisation: text("outsider.example"),
        name: text("Outsider"),
        functions: [Function::Maintenance].into(),
        admin,
    });
    let (id, core) = of.proposal(change);
    of.must(Who::Governor, &id, core);
    (signer, session)
}

/// The real service over the history, and its address.
async fn serve(history: &History) -> String {
    let of = &history.of;
    let store = PgStore::open(&new_database().await).await.unwrap();
    let (checkpoint, log) = of.log.signers();
    let keys = LogKeys::from_signers(of.origin(), checkpoint, log, [7; 32]);
    let now = of.now;
    let clock: threadmark::ledger::Clock = Arc::new(move || now);
    let (ledger, task) = Sequencer::start(store.clone(), keys, &of.genesis, "test", clock.clone())
        .await
        .unwrap();
    tokio::spawn(task.run());
    for statement in of.log.entries().iter().skip(2) {
        if statement.body.core.kind() != "log.batch" {
            ledger.submit(statement.clone()).await.unwrap();
        }
    }
    let folder = Arc::new(object_store::memory::InMemory::new());
    let quotas = Quotas::new(Limits::default(), std::time::Duration::default);
    let app = App::new(
        ledger,
        store,
        folder,
        clock,
        of.genesis.to_bytes(),
        crate::support::around(quotas),
    );
    suspect(&app, history.mark).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(listen::serve(listener, app, std::future::pending()));
    url
}

/// Opens a case about the mark, as scans at two ends of the world do.
async fn suspect(app: &Shared, mark: Mark) {
    for (latitude, longitude) in [(52.5, 13.4), (-33.9, 151.2)] {
        let sighting = Sighting {
            hour: (app.clock)() / 3600,
            place: Whereabouts::from_degrees(latitude, longitude),
            by_member: true,
        };
        app.seen.note(mark, sighting);
    }
    let watched = app.clone();
    tokio::spawn(async move {
        let app = watched;
        match watching::keep_watching(&app.ledger, &app.store, &app.seen, &app.clock, || {
            Some([7; 16])
        })
        .await {}
    });
    while app.store.open_cases(false, 0, 1).await.unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// One audience in front of the service.
struct Visitor<'a> {
    url: &'a str,
    history: &'a History,
    token: Option<String>,
}

/// Status, headers but the date, and body.
type Heard = (u16, BTreeMap<String, String>, Vec<u8>);

impl Visitor<'_> {
    fn new<'a>(url: &'a str, history: &'a History, audience: &str) -> Visitor<'a> {
        let mut visitor = Visitor {
            url,
            history,
            token: None,
        };
        if let Some((org, kid, session)) = history.credential(audience) {
            let assertion = assertion(&org, &kid, session, history.of.now);
            let (status, _, body) = visitor.send("POST", "/v1/sessions", &assertion);
            assert_eq!(
                status,
                200,
                "{audience}: {}",
                String::from_utf8_lossy(&body)
            );
            let opened: Value = serde_json::from_slice(&body).unwrap();
            visitor.token = Some(opened["token"].as_str().unwrap().to_owned());
        }
        visitor
    }

    fn send(&self, method: &str, path: &str, body: &[u8]) -> Heard {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let media_type = match path {
            "/v1/sessions" => "application/json",
            "/v1/statements" => "application/cbor",
            _ => "application/octet-stream",
        };
        let mut request = axum::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::CONTENT_TYPE, media_type);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let mut told = agent.run(request.body(body).unwrap()).unwrap();
        let headers = told
            .headers()
            .iter()
            .filter(|(name, _)| *name != header::DATE);
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = headers.map(|(name, value)| (name.to_string(), text(value)));
        let headers = headers.collect();
        let body = told.body_mut().read_to_vec().unwrap();
        (told.status().as_u16(), headers, body)
    }

    fn get(&self, path: &str) -> Heard {
        self.send("GET", path, b"")
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path).2).unwrap()
    }

    fn answer(&self) -> Value {
        self.json(&format!("/v1/marks/{}", self.history.mark))
    }

    fn statement(&self, which: &str) -> Heard {
        self.get(&format!(
            "/v1/statements/{}",
            self.history.statements[which]
        ))
    }

    fn artifact(&self, bytes: &[u8]) -> Heard {
        self.get(&format!("/v1/artifacts/{}", Digest::sha3(&[bytes])))
    }

    /// Whether a section of this name comes with any entry of the log.
    fn has_section(&self, name: &str) -> bool {
        let (status, _, bytes) = self.get("/v1/sync?from=0");
        if status == 401 {
            return false;
        }
        let page = Page::parse(&bytes).unwrap();
        let mut names = page.entries.iter().flat_map(|entry| entry.sections.keys());
        names.any(|known| known.as_str() == name)
    }

    /// Whether an identifier of the part leads to its page.
    fn is_led_to_its_page(&self, key: &str) -> bool {
        let mark = self.history.mark;
        let identity = Identity::of(self.history.of.log.world(), mark);
        let (cpi, serial) = identity.cpi.unwrap();
        let path = match key {
            "giai" => format!("/8004/{}", identity.giai.unwrap()),
            _ => format!("/8010/{cpi}/8011/{serial}"),
        };
        let (status, _, page) = self.get(&path);
        status == 200 && contain(&page, &mark.grouped())
    }

    /// Whether events of the part say something.
    fn in_events(&self, field: &str) -> bool {
        let epc = format!("https://{HOST}/m/{}", self.history.mark);
        let told = self.json(&format!("/v1/epcis/events?MATCH_anyEPC={epc}"));
        let list = &told["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
        let mut events = list.as_array().unwrap().iter();
        events.any(|event| match field {
            "made" => event["bizStep"] == "commissioning",
            "held" => event["bizStep"] == "shipping",
            "papers" => event["bizTransactionList"].is_array(),
            "recalled" => event["disposition"] == "recalled",
            "captured" => event["threadmark:unsigned"].is_string(),
            name => event[format!("threadmark:{name}")].is_string(),
        })
    }

    /// Whether this audience is served what a row of the table names.
    fn has(&self, row: &str) -> bool {
        let is_ok = |(status, _, body): Heard| status == 200 && !body.is_empty();
        let size = self.history.of.log.size();
        match row.split_once('.').unwrap() {
            ("answer", field) => in_answer(&self.answer(), field),
            ("statement", "body") => {
                let (_, _, body) = self.statement("made");
                let told: Value = serde_json::from_slice(&body).unwrap();
                told["body"].is_string()
            }
            ("statement", which) => is_ok(self.statement(which.trim_start_matches("envelope."))),
            ("section", "other") => self.has_section("note"),
            ("section", name) => self.has_section(name),
            ("artifact", "design") => is_ok(self.artifact(SEALED)),
            ("artifact", "plain") => is_ok(self.artifact(PLAIN)),
            ("list", "impact") => {
                let told = self.get("/v1/impact?anchors=design:d1");
                told.0 == 200 && String::from_utf8(told.2).unwrap().contains("part:")
            }
            ("list", "cases") => {
                let told = self.json("/v1/cases");
                told["items"]
                    .as_array()
                    .is_some_and(|items| !items.is_empty())
            }
            ("list", kind) => is_ok(self.get(&format!("/v1/{kind}"))),
            ("governance", field) => {
                let told = self.json("/v1/governance");
                assert_eq!(
                    told.as_object().unwrap().len(),
                    if self.token.is_some() { 8 } else { 3 }
                );
                told.get(field)
                    .is_some_and(|of| of.as_array().is_none_or(|of| !of.is_empty()))
            }
            ("part", "bundle") => {
                is_ok(self.get(&format!("/v1/marks/{}/bundle", self.history.mark)))
            }
            ("part", "dossier") => {
                is_ok(self.get(&format!("/v1/marks/{}/dossier", self.history.mark)))
            }
            ("epcis", field) => self.in_events(field),
            ("link", key) => self.is_led_to_its_page(key),
            ("log", "entries") => is_ok(self.get("/v1/sync?from=0")),
            ("log", "checkpoint") => is_ok(self.get("/log/checkpoint")),
            ("log", "genesis") => is_ok(self.get("/v1/genesis")),
            ("log", "keys") => is_ok(self.get("/.well-known/scitt-keys")),
            ("entry", which) => {
                let id = self.history.statements[which];
                is_ok(self.get(&format!("/entries/{id}")))
            }
            ("log", "checkpoints") => is_ok(self.get("/log/checkpoints")),
            ("log", "tiles") => is_ok(self.get("/log/tile/0/000.p/2")),
            ("log", "proof") => is_ok(self.get("/log/proof/1")),
            ("log", "bundles") => is_ok(self.get("/log/tile/entries/000.p/2")),
            ("log", "inclusion") => {
                is_ok(self.get(&format!("/v1/proofs/inclusion?index=1&size={size}")))
            }
            ("log", "consistency") => {
                is_ok(self.get(&format!("/v1/proofs/consistency?old=2&new={size}")))
            }
            ("service", "metrics") => is_ok(self.get("/metrics")),
            _ => panic!("no such row: {row}"),
        }
    }
}

/// An assertion for a session (RFC 7515), as any member's tool would make it.
fn assertion(org: &str, kid: &KeyId, session: &Signer, now: i64) -> Vec<u8> {
    let header = json!({ "alg": "EdDSA", "typ": "threadmark-assertion+jwt", "kid": kid.to_hex() });
    let claims = json!({
        "iss": org, "sub": kid.to_hex(), "aud": ORIGIN, "iat": now, "exp": now + 60, "jti": format!("{kid} {now}"),
    });
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let signature = base64url(&session.sign(signed.as_bytes()));
    let body = json!({ "assertion": format!("{signed}.{signature}") });
    body.to_string().into_bytes()
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |chunk: &[u8]| {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        let digit = move |at: usize| char::from(DIGITS[(word >> (18 - 6 * at) & 63) as usize]);
        (0..=chunk.len()).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// Titles of the steps that a row names; every step of the history stands in one of them.
const MADE: [&str; 11] = [
    "Design published",
    "Design allowable published",
    "Design approv",
    "Licen",
    "Printing started",
    "Printed",
    "Build aborted",
    "Tested",
    "Physical evidence enrolled",
    "Inspected",
    "Released",
];
const SUPPLIED: [&str; 7] = [
    "Machine enrolled",
    "Machine qualified",
    "Machine calibrated",
    "Material received",
    "Material blended",
    "Material used",
    "Build ordered",
];
const HELD: [&str; 8] = [
    "Shipped",
    "Compared with",
    "Received",
    "Installed",
    "Quarantined",
    "Use reported",
    "Nonconformance",
    "Given",
];

fn in_answer(answer: &Value, field: &str) -> bool {
    let life = answer["life"].as_array().unwrap();
    let is_there = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    let has_titles = |titles: &[&str]| {
        let heads = |step: &Value, head: &str| step["title"].as_str().unwrap().starts_with(head);
        let mut shown = titles.iter();
        shown.any(|head| life.iter().any(|step| heads(step, head)))
    };
    match field.split_once('.') {
        Some(("life", "made")) => has_titles(&MADE),
        Some(("life", "supplied")) => has_titles(&SUPPLIED),
        Some(("life", "held")) => has_titles(&HELD),
        Some(("life", name)) => life.iter().any(|step| is_there(&step[name])),
        Some(("reasons", name)) => {
            let reasons = answer["reasons"].as_array().unwrap();
            reasons.iter().any(|reason| is_there(&reason[name]))
        }
        Some(("part", name)) => is_there(&answer["part"][name]),
        _ => is_there(&answer[field]),
    }
}

async fn with_service(check: impl FnOnce(&str, &History) + Send + 'static) {
    let mut history = History::lived();
    let url = serve(&history).await;
    let checked = tokio::task::spawn_blocking(move || {
        let oem = Visitor::new(&url, &history, "OEM");
        for bytes in [SEALED, PLAIN] {
            let path = format!("/v1/artifacts/{}", Digest::sha3(&[bytes]));
            assert_eq!(oem.send("PUT", &path, bytes).0, 201);
        }
        let seen = json!({
            "@context": threadmark_protocol::epcis::CONTEXT, "type": "ObjectEvent", "action": "OBSERVE",
            "eventTime": "2026-01-01T02:00:00Z", "eventTimeZoneOffset": "+00:00",
            "epcList": [format!("https://{HOST}/m/{}", history.mark)],
        });
        let captured = oem.send("POST", "/v1/epcis/capture", seen.to_string().as_bytes());
        assert_eq!(captured.0, 202);
        // An assertion opens one session.
        history.of.now += 1;
        check(&url, &history);
    });
    checked.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cell_of_the_table_is_what_the_service_does() {
    with_service(|url, history| {
        let table = table();
        assert!(table.len() > 40);
        let rows: BTreeSet<_> = table.iter().map(|(row, _)| row).collect();
        assert_eq!(rows.len(), table.len(), "a row stands twice");
        let mut wrong = Vec::new();
        for (column, audience) in AUDIENCES.iter().enumerate() {
            let visitor = Visitor::new(url, history, audience);
            for (row, cells) in &table {
                if visitor.has(row) != cells[column] {
                    wrong.push(format!(
                        "{row} for {audience}: the table says {}",
                        cells[column]
                    ));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_of_a_part_stands_alone_and_holds_no_section() {
    with_service(|url, history| {
        let visitor = Visitor::new(url, history, "licensee");
        let (_, headers, bytes) = visitor.get(&format!("/v1/marks/{}/bundle", history.mark));
        assert_eq!(headers["content-type"], "application/cbor");
        assert_eq!(headers["cache-control"], "no-store");
        // The licence of the part has sections, and this audience may have them elsewhere.
        assert!(visitor.has_section("seed"));
        let bundle = PartBundle::parse(&bytes).unwrap();
        assert!(
            bundle
                .entries
                .iter()
                .all(|entry| entry.submission.sections.is_empty())
        );
        let verified = bundle.verify(&history.of.trust()).unwrap();
        assert_eq!(verified.withheld, []);
        let told = verified.answer(verified.as_of, &Viewer::Public, Witnessing::Unasked);
        let answer = Visitor::new(url, history, "stranger").answer();
        assert_eq!(
            serde_json::to_value(told.verdict).unwrap(),
            answer["verdict"]
        );
        assert_eq!(serde_json::to_value(&told.life).unwrap(), answer["life"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_holds_what_its_asker_may_see_and_nothing_else() {
    with_service(|url, history| {
        for audience in ["member", "licensee"] {
            let visitor = Visitor::new(url, history, audience);
            let (status, headers, bytes) =
                visitor.get(&format!("/v1/marks/{}/dossier", history.mark));
            assert_eq!(status, 200);
            assert_eq!(headers["content-type"], "application/zip");
            assert_eq!(headers["cache-control"], "no-store");
            let name = format!("attachment; filename=\"{}.dossier\"", history.mark);
            assert_eq!(headers["content-disposition"], name);
            let opened = Opened::parse(&bytes).unwrap();
            let verified = opened.bundle.verify(&history.of.trust()).unwrap();
            assert_eq!(opened.compare(&verified).unwrap(), []);
            // Its report answers this audience and nobody else.
            let (org, ..) = history.credential(audience).unwrap();
            assert_eq!(opened.index.about.org.as_str(), org);
            let page = visitor.get(&format!("/m/{}", history.mark)).2;
            assert!(contain(
                &page,
                &format!("/v1/marks/{}/dossier\"", history.mark)
            ));
            // Nothing sealed is in it: neither sections nor the design's files.
            assert!(!contain(&bytes, "sealed solid"));
            let mut sections = opened.bundle.entries.iter().map(|entry| &entry.submission);
            assert!(sections.all(|submission| submission.sections.is_empty()));
        }
        let stranger = Visitor::new(url, history, "stranger");
        let (status, _, body) = stranger.get(&format!("/v1/marks/{}/dossier", history.mark));
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (status, problem["code"].as_str()),
            (401, Some("no-session"))
        );
        let page = stranger.get(&format!("/m/{}", history.mark)).2;
        assert!(!contain(&page, "/dossier\""));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_is_told_as_what_does_not_exist() {
    with_service(|url, history| {
        let nothing = "0".repeat(64);
        let mut compared = 0;
        for audience in AUDIENCES {
            let visitor = Visitor::new(url, history, audience);
            let unknown = visitor.get(&format!("/v1/statements/{nothing}"));
            assert_eq!(unknown.0, 404);
            for which in history.statements.keys() {
                let told = visitor.statement(which);
                if told.0 != 200 {
                    assert_eq!(told, unknown, "{which} for {audience}");
                    compared += 1;
                }
            }
            let unknown = visitor.get(&format!("/v1/artifacts/{nothing}"));
            for bytes in [SEALED, PLAIN] {
                let told = visitor.artifact(bytes);
                if told.0 != 200 {
                    assert_eq!(told, unknown, "an artifact for {audience}");
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 9, "withheld statements and artifacts");
    })
    .await;
}

/// Every text in a document.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_members_see_stands_nowhere_on_a_strangers_page() {
    with_service(|url, history| {
        let [mut theirs, mut ours] = [BTreeSet::new(), BTreeSet::new()];
        let stranger = Visitor::new(url, history, "stranger");
        texts(&stranger.answer(), &mut theirs);
        texts(&Visitor::new(url, history, "member").answer(), &mut ours);
        let secret: Vec<_> = ours.difference(&theirs).collect();
        for must in ["mro.example", "HEAT-4711", "Installed"] {
            assert!(
                secret.iter().any(|text| text.contains(must)),
                "{must}: {secret:?}"
            );
        }
        let page = stranger.get(&format!("/m/{}", history.mark));
        assert_eq!(page.0, 200);
        let page = String::from_utf8(page.2).unwrap();
        // The stage of a part is a word that stands alone.
        for text in secret.iter().filter(|text| text.as_str() != "Installed") {
            assert!(!page.contains(text.as_str()), "the page tells {text:?}");
        }
    })
    .await;
}

/// Whether bytes stand somewhere in others.
fn contain(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_page_admits_is_so() {
    with_service(|url, history| {
        let stranger = Visitor::new(url, history, "stranger");
        let proven: Value = serde_json::from_slice(&stranger.statement("made").2).unwrap();
        let bytes = hex::decode(proven["envelope"].as_str().unwrap()).unwrap();
        let envelope = Envelope::parse(&bytes).unwrap();
        assert_eq!(envelope.iss.as_str(), "ship.example");
        assert_eq!(envelope.sub.kind(), "part");
        assert_eq!(
            envelope.kid,
            history.of.person(Who::Signatory).signer.key_id()
        );
        assert!(envelope.iat <= history.of.now);
        // Neither the kind nor the person nor the form's number.
        for withheld in ["quality", "released", "signatory", "8130"] {
            assert!(!contain(&bytes, withheld), "an envelope tells {withheld:?}");
        }
        let receipt = hex::decode(proven["receipt"].as_str().unwrap()).unwrap();
        let receipt = Receipt::parse(&receipt).unwrap();
        let key = &history.of.trust().log_key;
        let claims = receipt.verify(&bytes, key).unwrap().claims;
        assert_eq!(
            (claims.iss.as_str(), claims.sub.as_str()),
            (ORIGIN, envelope.sub.as_str())
        );
        // Whether a key is enrolled can be asked, and nothing else of it.
        let asked = |signer: &Signer| {
            let statement = history.of.log.entries().last().unwrap().clone();
            let forged = Statement::sign(statement.body, [].into(), &history.of.origin(), signer);
            let mut submission = forged.submission;
            *submission.envelope.last_mut().unwrap() ^= 1;
            let (status, _, body) = stranger.send("POST", "/v1/statements", &submission.to_bytes());
            let problem: Value = serde_json::from_slice(&body).unwrap();
            (status, problem["code"].as_str().unwrap().to_owned())
        };
        let enrolled = &history.of.person(Who::Inspector).signer;
        assert_eq!(asked(enrolled), (422, "bad-signature".to_owned()));
        assert_eq!(
            asked(&Signer::from_seed(&[3; 32])),
            (422, "unknown-key".to_owned())
        );
        // The growth of the log is everybody's to see.
        let (_, _, note) = stranger.get("/log/checkpoint");
        let note = String::from_utf8(note).unwrap();
        assert!(note.lines().nth(1).unwrap().parse::<u64>().unwrap() > 50);
    })
    .await;
}
