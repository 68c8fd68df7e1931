//! Every parser of bytes from outside, as a function that must end for any bytes and keep what it promises.
//!
//! Owns the list. Used by the fuzzer (`fuzz/fuzz_targets`) and by the regression test (`tests/it/corpus.rs`), which runs
//! each over `fixtures/corpus/<name>/` and mutations of it. Must never know how the bytes were found.

use std::str::from_utf8;
use std::sync::OnceLock;
use threadmark_agent::licence::Secrets;
use threadmark_agent::package;
use threadmark_protocol::answer::{Answer, Viewer, Witnessing};
use threadmark_protocol::body::Body;
use threadmark_protocol::bundle::part::PartBundle;
use threadmark_protocol::bundle::{Page, Replica};
use threadmark_protocol::checkpoint::{self, Checkpoint};
use threadmark_protocol::fixture::{Consortium, ORIGIN};
use threadmark_protocol::genesis::{Genesis, Trust};
use threadmark_protocol::index;
use threadmark_protocol::journal;
use threadmark_protocol::json;
use threadmark_protocol::mark::Mark;
use threadmark_protocol::note::{Note, VerifierKey};
use threadmark_protocol::receipt::Receipt;
use threadmark_protocol::statement::attached::Attached;
use threadmark_protocol::statement::{Envelope, Statement, Submission};
use threadmark_protocol::text::{Line, Moment, Origin, Paragraph, SubjectId, shown};
use threadmark_protocol::tile::{self, Tile};
use threadmark_protocol::tlog_proof::TlogProof;
use threadmark_protocol::tree::leaf_hash;
use threadmark_protocol::witness::Request;
use threadmark_protocol::witness::evidence::Evidence;
use threadmark_protocol::witness::policy::{Policy, Standing};
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::part::{leniently, strictly};
use threadmark_watermark::read::{ReadLimits, read};
use threadmark_watermark::relief::embed;
use threadmark_watermark::scan::{Scan, ScanLimits};
use threadmark_watermark::symbol::Symbol;
use threadmark_watermark::threemf::{ObjectKind, Package, PackageLimits};
use threadmark_watermark::zone::Zone;

/// Ends for any bytes.
pub type Target = fn(&[u8]);

/// Name, which is that of its corpus, and function.
pub const TARGETS: &[(&str, Target)] = &[
    ("answer", answer),
    ("body", body),
    ("bundle", bundle),
    ("checkpoint", checkpoint),
    ("envelope", envelope),
    ("evidence", evidence),
    ("genesis", genesis),
    ("image", image),
    ("index_proof", index_proof),
    ("journal", journal),
    ("json", strict_json),
    ("mark", mark),
    ("message", message),
    ("note", note),
    ("package", package),
    ("page", page),
    ("part", part),
    ("ply", ply),
    ("policy", policy),
    ("receipt", receipt),
    ("request", request),
    ("secrets", secrets),
    ("stl", stl),
    ("submission", submission),
    ("text", text),
    ("tile", tile),
    ("tlog_proof", tlog_proof),
    ("zone", zone),
];

fn origin() -> Origin {
    ORIGIN.parse().expect("the fixture's origin is one")
}

fn trust() -> &'static Trust {
    static TRUST: OnceLock<Trust> = OnceLock::new();
    TRUST.get_or_init(|| Consortium::founded(7).trust())
}

fn ply(bytes: &[u8]) {
    let limits = ScanLimits {
        max_bytes: 1 << 20,
        max_points: 10_000,
    };
    let _ = Scan::read(bytes, &limits);
}

fn stl(bytes: &[u8]) {
    let limits = MeshLimits {
        max_bytes: 1 << 20,
        max_triangles: 10_000,
    };
    let Ok(mesh) = Mesh::from_stl(bytes, &limits) else {
        return;
    };
    let again = Mesh::from_stl(&mesh.to_stl(), &limits);
    assert_eq!(again.as_ref(), Ok(&mesh));
    let _ = mesh.require_solid();
    // On the face of the first triangle, where there is one.
    let [x, y, z] = mesh.triangles[0][0].map(|mm| (f64::from(mm) * 1000.0) as i64);
    let flat = format!(
        r#"{{"centre_um":[{x},{y},{z}],"normal_e6":[0,0,1000000],"up_e6":[0,1000000,0],"width_um":1000,
        "height_um":1000,"module_um":10,"depth_um":10,"wall_um":10}}"#
    );
    cut(&mesh, flat.as_bytes());
}

/// STL or 3MF by content: what was mended needs no mending, and what is written reads as the same.
fn part(bytes: &[u8]) {
    let limits = MeshLimits {
        max_bytes: 1 << 20,
        max_triangles: 10_000,
    };
    let _ = strictly(bytes, None, &limits);
    let Ok(opened) = leniently(bytes, None, &limits, None) else {
        return;
    };
    let parts = opened
        .package
        .items
        .iter()
        .filter(|item| item.kind == ObjectKind::Model);
    for item in parts {
        assert_eq!(item.mesh.require_solid(), Ok(()));
        assert_eq!(
            item.mesh.clone().repaired().map(|one| one.1),
            Ok(Vec::new())
        );
    }
    let written = opened.package.write().expect("a small package");
    let again = Package::read(&written, &PackageLimits::default()).expect("what we have written");
    assert_eq!(
        (again.items, again.metadata),
        (opened.package.items, opened.package.metadata)
    );
}

fn zone(bytes: &[u8]) {
    static CLIP: OnceLock<Mesh> = OnceLock::new();
    let mesh = CLIP.get_or_init(|| {
        let stl = include_bytes!("../fixtures/parts/access-cover.stl");
        Mesh::from_stl(stl, &MeshLimits::default()).expect("the fixture is a part")
    });
    cut(mesh, bytes);
}

/// Whatever is cut is a solid again.
fn cut(mesh: &Mesh, zone: &[u8]) {
    let Ok(zone) = serde_json::from_slice::<Zone>(zone) else {
        return;
    };
    let _ = zone.check(mesh);
    let Ok(symbol) = Symbol::fitting(&zone, "7ZK4M9QX2RT8VWHD", "mark.example") else {
        return;
    };
    if let Ok(marked) = embed(mesh, &zone, &symbol) {
        assert_eq!(marked.mesh.require_solid(), Ok(()));
    }
}

fn image(bytes: &[u8]) {
    let limits = ReadLimits {
        max_bytes: 1 << 20,
        max_pixels: 250_000,
        max_alloc_bytes: 16 << 20,
        max_work_pixels: 20_000_000,
    };
    let _ = read(bytes, &limits, |text| Mark::from_scan(text, "mark.example"));
}

fn submission(bytes: &[u8]) {
    let Ok(submission) = Submission::parse(bytes) else {
        return;
    };
    assert_eq!(submission.to_bytes(), bytes);
    if let Ok(statement) = Statement::open(submission, &origin()) {
        let _ = statement.is_whole();
        let again = Body::parse(&statement.body.to_bytes());
        assert_eq!(again.ok(), Some(statement.body));
    }
}

fn message(bytes: &[u8]) {
    match Attached::parse(bytes) {
        Ok(Attached::Whole(submission)) => drop(Statement::open(submission, &origin())),
        Ok(Attached::Envelope(envelope)) => drop(Envelope::parse(&envelope)),
        Err(_) => {}
    }
}

/// A path, an end of line, and the bytes of a tile.
fn tile(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (path, bytes) = bytes.split_at(end.unwrap_or(bytes.len()));
    let bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
    if let Some(tile) = from_utf8(path)
        .ok()
        .and_then(|path| path.parse::<Tile>().ok())
    {
        assert_eq!(tile.to_string().as_bytes(), path);
        let within = tile.within(bytes);
        assert!(within.is_none_or(|within| bytes.starts_with(within)));
    }
    let entries: Result<Vec<_>, _> = tile::entries(bytes).collect();
    if let Ok(entries) = entries {
        assert_eq!(tile::bundle(entries).as_deref(), Ok(bytes));
    }
}

fn tlog_proof(bytes: &[u8]) {
    let Some(proof) = from_utf8(bytes)
        .ok()
        .and_then(|text| text.parse::<TlogProof>().ok())
    else {
        return;
    };
    assert_eq!(proof.to_string().parse().as_ref(), Ok(&proof));
    let _ = proof.verify(leaf_hash(b"entry-3"), &vector_log());
}

fn envelope(bytes: &[u8]) {
    if let Ok(stripped) = Envelope::strip_unprotected(bytes) {
        assert!(stripped.len() <= bytes.len());
    }
    if let Ok(envelope) = Envelope::parse(bytes) {
        assert_eq!(envelope.to_bytes(), bytes);
        assert!(!envelope.is_signed_by(&trust().log_key) || envelope.aud == *trust().origin());
    }
}

fn body(bytes: &[u8]) {
    match Body::parse(bytes) {
        Ok(body) => assert_eq!(Body::parse(&body.to_bytes()).ok(), Some(body)),
        Err(told) => assert!(told.to_string().len() < 8000),
    }
}

fn strict_json(bytes: &[u8]) {
    if let Ok(value) = json::parse(bytes) {
        let again = json::parse(value.to_string().as_bytes());
        assert_eq!(again.ok(), Some(value));
    }
}

fn page(bytes: &[u8]) {
    let Ok(page) = Page::parse(bytes) else {
        return;
    };
    assert_eq!(page.to_bytes(), bytes);
    let mut replica = Replica::new(trust().clone());
    let before = replica.size();
    if replica.extend(&page).is_err() {
        assert_eq!(replica.size(), before);
    }
}

fn bundle(bytes: &[u8]) {
    let Ok(bundle) = PartBundle::parse(bytes) else {
        return;
    };
    assert_eq!(bundle.to_bytes(), bytes);
    if let Ok(verified) = bundle.verify(trust()) {
        let _ = verified.answer(verified.as_of, &Viewer::Public, Witnessing::Unasked);
    }
}

fn index_proof(bytes: &[u8]) {
    if let Ok(proof) = index::Proof::parse(bytes) {
        assert_eq!(proof.to_bytes(), bytes);
    }
}

fn genesis(bytes: &[u8]) {
    if let Ok(genesis) = Genesis::parse(bytes) {
        assert_eq!(genesis.to_bytes(), bytes);
        let _ = genesis.trust().map(|trust| trust.fingerprint());
    }
}

fn journal(bytes: &[u8]) {
    if let Ok((statements, whole)) = journal::read(bytes, &origin()) {
        assert!(whole <= bytes.len());
        let frames = statements
            .iter()
            .map(|said| journal::frame(&said.submission));
        assert_eq!(frames.collect::<Vec<_>>().concat(), bytes[..whole]);
    }
}

fn note(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else {
        return;
    };
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
    if let Ok(note) = Note::parse(text) {
        let _ = note.verify(std::slice::from_ref(&trust().checkpoint_key));
        assert_eq!(Note::parse(&note.to_string()), Ok(note));
    }
}

fn checkpoint(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else {
        return;
    };
    let _ = Checkpoint::parse(text);
    if let Ok(signed) = checkpoint::open(text, &trust().checkpoint_key) {
        let _ = signed.cosignatures(&[]);
    }
}

/// The log of `fixtures/vectors/`, of which the corpus holds requests and proofs.
fn vector_log() -> VerifierKey {
    let vkey = "ledger.example/am-thread+a1e84a49+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
    vkey.parse().expect("a verifier key")
}

fn policy(bytes: &[u8]) {
    if let Ok(policy) = Policy::parse(bytes) {
        assert!(!matches!(policy.standing(&[]), Standing::Witnessed { .. }));
    }
}

fn request(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else {
        return;
    };
    if let Ok(request) = Request::parse(text) {
        // As if it were the next that this witness is asked for, so that the proof is reached.
        let last = Checkpoint {
            size: request.old(),
            ..request.checkpoint().clone()
        };
        let _ = request.judge(&[vector_log()], Some(&last));
        assert_eq!(Request::parse(&request.to_string()), Ok(request));
    }
}

fn evidence(bytes: &[u8]) {
    if let Ok(evidence) = Evidence::parse(bytes) {
        let _ = evidence.key().and_then(|key| evidence.examine(&key));
        assert_eq!(Evidence::parse(&evidence.to_bytes()), Ok(evidence));
    }
}

fn receipt(bytes: &[u8]) {
    if let Ok(receipt) = Receipt::parse(bytes) {
        let _ = receipt.verify(b"entry", &trust().log_key);
    }
}

fn mark(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else {
        return;
    };
    if let Some(mark) = Mark::from_scan(text, "part.example") {
        assert_eq!(mark.to_string().parse(), Ok(mark));
        assert_eq!(mark.grouped().parse(), Ok(mark));
    }
    let _ = text.parse::<Mark>().map_err(|error| error.to_string());
}

fn text(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else {
        return;
    };
    let _ = text.parse::<SubjectId>();
    let is_line = text.parse::<Line>().is_ok();
    assert!(!is_line || (shown(text) == text && text.parse::<Paragraph>().is_ok()));
    if let Ok(moment) = text.parse::<Moment>() {
        assert_eq!(moment.to_string().parse(), Ok(moment));
    }
}

fn package(bytes: &[u8]) {
    // The fixture's own, and of no worth.
    const IDENTITY: &str =
        "AGE-SECRET-KEY-1X4X7EAKWXR4SER4J0XNEZ087V5P3GQKAZC5D9TER8ATED40JJ6JQJSVAPU";
    let key = package::DesignKey::parse(IDENTITY).expect("an age identity");
    let _ = package::open(bytes, key.identity(), 1 << 16);
    if let Ok(text) = from_utf8(bytes) {
        let _ = package::recipient(text);
        let _ = package::DesignKey::parse(text);
    }
}

/// What a licence's sections hold when they are decrypted: the first byte says where the seed ends.
fn secrets(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first() else {
        return;
    };
    let (seed, design_key) = rest.split_at(rest.len().min((*length).into()));
    if Secrets::parse(seed, design_key).is_ok() {
        assert_eq!(seed.len(), 32, "a seed of another length");
    }
}

fn answer(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Answer>(bytes);
}
