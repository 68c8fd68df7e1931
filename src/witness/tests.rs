//! The witness without a network: its memory, what it keeps, and what a failing disk leaves behind.

use super::*;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use threadmark_protocol::key::Signer;
use threadmark_protocol::note::Note;
use threadmark_protocol::note::NoteSigner;
use threadmark_protocol::tree::{Tree, leaf_hash};
use threadmark_protocol::witness::evidence::{Evidence, Finding};

const ORIGIN: &str = "log.example/am";

fn log() -> NoteSigner {
    NoteSigner::new(ORIGIN, Signer::from_seed(&[1; 32])).unwrap()
}

fn cosigner() -> Cosigner {
    Cosigner::new("w.example", Signer::from_seed(&[2; 32])).unwrap()
}

fn open(folder: &Path) -> Result<Witness, OpenError> {
    open_as(folder, true)
}

fn open_as(folder: &Path, may_be_new: bool) -> Result<Witness, OpenError> {
    let duty = Duty {
        logs: vec![log().verifier().clone()],
        audited: Vec::new(),
        may_be_new,
    };
    Witness::open(folder, cosigner(), duty, || 1_767_225_600)
}

/// A tree whose leaves from `fork` on are others.
fn tree(size: u64, fork: u64) -> Tree {
    let mut tree = Tree::default();
    for index in 0..size {
        let side = if index < fork { "a" } else { "b" };
        tree.push(leaf_hash(format!("{side}{index}").as_bytes()));
    }
    tree
}

fn body(old: u64, tree: &Tree) -> String {
    let checkpoint = Checkpoint {
        origin: ORIGIN.to_owned(),
        size: tree.size(),
        root: tree.root(),
    };
    let note = checkpoint.sign(&log()).unwrap();
    let proof = tree.consistency(old, tree.size()).unwrap();
    Request::new(old, proof, &note, log().verifier())
        .unwrap()
        .to_string()
}

fn status(witness: &Witness, body: &str) -> u16 {
    let answered = witness.add_checkpoint(body);
    answered.map_or_else(|failure| failure.status(), |_| 200)
}

fn evidence(folder: &Path) -> Vec<PathBuf> {
    let of_log = folder.join("evidence").join(name_of(ORIGIN).to_hex());
    let entries = std::fs::read_dir(of_log).into_iter().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn finding(path: &Path) -> Finding {
    let evidence = Evidence::parse(&std::fs::read(path).unwrap()).unwrap();
    evidence.examine(&evidence.key().unwrap()).unwrap()
}

#[test]
fn what_was_cosigned_is_remembered_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::Locked(_))));
    assert_eq!(first.checkpoint(&name_of(ORIGIN)).unwrap(), None);
    assert_eq!(status(&first, &body(0, &tree(5, 9))), 200);
    let kept = first.checkpoint(&name_of(ORIGIN)).unwrap().unwrap();
    let note = Note::parse(&kept).unwrap();
    let keys = [log().verifier().clone(), cosigner().verifier().clone()];
    assert_eq!(note.verify(&keys).unwrap().len(), 2);
    drop(first);
    // A process that was killed while it wrote leaves this.
    let torn = folder.path().join("checkpoints/.tmpAbC123");
    std::fs::write(&torn, "log.exa").unwrap();
    let second = open(folder.path()).unwrap();
    assert!(!torn.exists());
    assert_eq!(second.checkpoint(&name_of(ORIGIN)).unwrap(), Some(kept));
    assert_eq!(status(&second, &body(3, &tree(7, 9))), 409);
    assert_eq!(status(&second, &body(5, &tree(7, 9))), 200);
    assert_eq!(status(&second, &body(5, &tree(7, 9))), 409);
    assert_eq!(status(&second, &body(7, &tree(7, 9))), 200);
}

#[test]
fn a_rewritten_tree_is_refused_and_the_proof_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path()).unwrap();
    assert_eq!(status(&witness, &body(0, &tree(5, 9))), 200);
    for _ in 0..3 {
        assert_eq!(status(&witness, &body(5, &tree(8, 2))), 422);
        assert_eq!(status(&witness, &body(5, &tree(5, 2))), 422);
        // Asked from another size, it answers with its own, and keeps what two roots of one size prove.
        assert_eq!(status(&witness, &body(3, &tree(5, 1))), 409);
        assert_eq!(status(&witness, &body(5, &tree(5, 9))), 200);
    }
    let found: Vec<_> = evidence(folder.path())
        .iter()
        .map(|path| finding(path))
        .collect();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(Finding::is_misbehaviour));
    let rewritten = found
        .iter()
        .any(|of| matches!(of, Finding::Rewritten { .. }));
    assert!(rewritten && found.contains(&Finding::TwoRoots { size: 5 }));
    // What it has cosigned stays.
    assert_eq!(status(&witness, &body(5, &tree(9, 9))), 200);
}

#[test]
fn a_stranger_cannot_fill_the_disk_nor_crowd_out_a_proof() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path()).unwrap();
    assert_eq!(status(&witness, &body(0, &tree(5, 9))), 200);
    let send = |size: u64, number: u8| {
        let note = body(5, &tree(size, 99));
        let (_, note) = note.split_once("\n\n").unwrap();
        let request = Request::new(5, vec![Digest([number; 32]); 4], note, log().verifier());
        assert_eq!(status(&witness, &request.unwrap().to_string()), 422);
    };
    // However often one public checkpoint is sent with another proof, it is one case.
    (0..100).for_each(|number| send(9, number));
    assert_eq!(evidence(folder.path()).len(), 1);
    let of_first = evidence(folder.path());
    // Cases make room for each other, the oldest first.
    (10..40).for_each(|size| send(size, 0));
    let paths = evidence(folder.path());
    assert_eq!(paths.len(), 16);
    assert!(!paths.contains(&of_first[0]));
    assert!(paths.iter().all(|path| !finding(path).is_misbehaviour()));
    let sizes: Vec<u64> = (24..40).collect();
    let kept = |path: &PathBuf| match finding(path) {
        Finding::Open { new_size, .. } => new_size,
        other => panic!("{other:?}"),
    };
    let mut found: Vec<u64> = paths.iter().map(kept).collect();
    found.sort_unstable();
    assert_eq!(found, sizes);
    assert_eq!(status(&witness, &body(5, &tree(8, 2))), 422);
    (40..80).for_each(|size| send(size, 0));
    let proofs = evidence(folder.path())
        .into_iter()
        .filter(|path| finding(path).is_misbehaviour());
    assert_eq!(proofs.count(), 1);
}

#[test]
fn what_is_proved_in_the_end_is_open_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path()).unwrap();
    assert_eq!(status(&witness, &body(0, &tree(5, 9))), 200);
    let rewritten = body(5, &tree(8, 2));
    let (_, note) = rewritten.split_once("\n\n").unwrap();
    let wrong = Request::new(5, Vec::new(), note, log().verifier()).unwrap();
    assert_eq!(status(&witness, &wrong.to_string()), 422);
    assert!(!finding(&evidence(folder.path())[0]).is_misbehaviour());
    assert_eq!(status(&witness, &rewritten), 422);
    let found = evidence(folder.path());
    assert_eq!(found.len(), 1);
    assert!(finding(&found[0]).is_misbehaviour());
}

#[test]
fn a_lost_memory_is_never_taken_for_a_new_log() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let forgotten =
        |at: &Path| matches!(open_as(at, false), Err(OpenError::Forgotten(of)) if of == ORIGIN);
    assert!(forgotten(at));
    drop(open(at).unwrap());
    // Said once, it is known until there is a record.
    let witness = open_as(at, false).unwrap();
    assert_eq!(status(&witness, &body(0, &tree(5, 9))), 200);
    drop(witness);
    drop(open_as(at, false).unwrap());
    let record = at.join("checkpoints").join(name_of(ORIGIN).to_hex());
    std::fs::remove_file(record).unwrap();
    assert!(forgotten(at));
    // Nor is the whole folder, of which somebody has kept the key.
    std::fs::remove_dir_all(at.join("checkpoints")).unwrap();
    assert!(forgotten(at));
}

#[test]
fn a_record_that_is_not_its_own_ends_the_witness() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path()).unwrap();
    assert_eq!(status(&witness, &body(0, &tree(5, 9))), 200);
    drop(witness);
    let path = folder
        .path()
        .join("checkpoints")
        .join(name_of(ORIGIN).to_hex());
    let good = std::fs::read_to_string(&path).unwrap();
    let other_key = body(0, &tree(4, 9))
        .split_once("\n\n")
        .unwrap()
        .1
        .to_owned();
    for bad in [
        String::new(),
        good[..good.len() - 1].to_owned(),
        good.replacen("\n5\n", "\n4\n", 1),
        other_key,
    ] {
        std::fs::write(&path, bad).unwrap();
        let refused = open(folder.path()).err().unwrap();
        assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    }
    std::fs::write(&path, good).unwrap();
    assert!(open(folder.path()).is_ok());
}

#[test]
fn nothing_is_cosigned_that_cannot_be_written() {
    // Root writes everywhere, so the folder is taken away instead of closed.
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path()).unwrap();
    assert_eq!(status(&witness, &body(0, &tree(5, 9))), 200);
    let (there, away) = (
        folder.path().join("checkpoints"),
        folder.path().join("away"),
    );
    std::fs::rename(&there, &away).unwrap();
    assert_eq!(status(&witness, &body(5, &tree(7, 9))), 500);
    std::fs::rename(&away, &there).unwrap();
    // In doubt it asks the disk, which has the old one.
    assert_eq!(status(&witness, &body(7, &tree(8, 9))), 409);
    assert_eq!(status(&witness, &body(5, &tree(6, 9))), 200);
    let mode = std::fs::metadata(there.join(name_of(ORIGIN).to_hex()))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0);
}

#[test]
fn of_many_at_once_one_is_cosigned() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path()).unwrap();
    assert_eq!(status(&witness, &body(0, &tree(5, 9))), 200);
    // Eight forks of the same past: each is consistent with what was cosigned, and no two with each other.
    let bodies: Vec<_> = (0..8_u64)
        .map(|fork| {
            let mut tree = tree(5, 9);
            tree.push(leaf_hash(format!("fork {fork}").as_bytes()));
            body(5, &tree)
        })
        .collect();
    let answered: Vec<u16> = std::thread::scope(|scope| {
        let asking: Vec<_> = bodies
            .iter()
            .map(|body| scope.spawn(|| status(&witness, body)))
            .collect();
        asking
            .into_iter()
            .map(|asked| asked.join().unwrap())
            .collect()
    });
    let count = |wanted: u16| answered.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(200), count(409)), (1, 7), "{answered:?}");
    assert_eq!(evidence(folder.path()).len(), 7);
}
