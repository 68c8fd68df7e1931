//! Answers of good and bad witnesses, and what their lines add up to.

use super::*;
use threadmark_protocol::checkpoint::{Checkpoint, Cosigner};
use threadmark_protocol::key::Signer;
use threadmark_protocol::note::{NoteSigner, VerifierKey};
use threadmark_protocol::tree::{Tree, leaf_hash};
use threadmark_protocol::witness::Request;

const NOW: i64 = 1_767_225_600;

fn log() -> NoteSigner {
    NoteSigner::new("log.example/am", Signer::from_seed(&[1; 32])).unwrap()
}

fn cosigner(number: u8) -> Cosigner {
    Cosigner::new(
        &format!("w{number}.example"),
        Signer::from_seed(&[number; 32]),
    )
    .unwrap()
}

fn head(size: u64) -> Head {
    let mut tree = Tree::default();
    (0..size).for_each(|index| tree.push(leaf_hash(&index.to_be_bytes())));
    let checkpoint = Checkpoint {
        origin: "log.example/am".to_owned(),
        size,
        root: tree.root(),
    };
    Head {
        size,
        root: checkpoint.root,
        note: checkpoint.sign(&log()).unwrap(),
        logged_at: NOW,
    }
}

fn text(head: &Head) -> String {
    Note::parse(&head.note).unwrap().text().to_owned()
}

/// Two of three must have cosigned.
fn witnesses() -> Witnesses {
    of_quorum("G")
}

fn of_quorum(quorum: &str) -> Witnesses {
    let mut file = String::new();
    for number in [2, 3, 4] {
        let key: VerifierKey = cosigner(number).verifier().clone();
        file += &format!("witness W{number} {key} https://w{number}.example\n");
    }
    file += &format!("group G 2 W2 W3 W4\nquorum {quorum}\n");
    Witnesses::new(Policy::parse(file.as_bytes()).unwrap())
}

fn line(head: &Head, number: u8, time: u64) -> Line {
    let signer = cosigner(number);
    Line {
        signature: signer.cosign(&text(head), time),
        cosignature: Cosignature {
            witness: signer.verifier().clone(),
            time,
        },
    }
}

fn answer(status: u16, body: &str) -> Heard {
    let witnesses = witnesses();
    let (_, witness, _) = witnesses.asked().next().unwrap();
    let request = Request::new(3, vec![], &head(5).note, log().verifier()).unwrap();
    heard(witness, &request, 9, (status, body), NOW)
}

#[test]
fn a_line_counts_when_its_key_has_signed_it_now() {
    let head = head(5);
    let good = line(&head, 2, NOW as u64);
    let alone = format!("{}\n", good.signature);
    assert_eq!(answer(200, &alone), Heard::Cosigned(good.clone()));
    // Others' lines, of known and unknown types, and nonsense, are passed over.
    let others = format!(
        "— x.example AAAAAAA=\nnonsense\n{}\n{alone}",
        line(&head, 9, 5).signature
    );
    assert_eq!(answer(200, &others), Heard::Cosigned(good.clone()));
    let older = format!("{alone}{}\n", line(&head, 2, 7).signature);
    assert_eq!(answer(200, &older), Heard::Cosigned(good));

    let trouble = |body: String| match answer(200, &body) {
        Heard::Trouble(trouble) => trouble,
        other => panic!("{other:?}"),
    };
    assert_eq!(trouble(String::new()), Trouble::NoLine);
    assert_eq!(
        trouble(format!("{}\n", line(&head, 3, 5).signature)),
        Trouble::NoLine
    );
    let of_other_tree = line(&super::tests::head(6), 2, NOW as u64);
    assert_eq!(
        trouble(format!("{}\n", of_other_tree.signature)),
        Trouble::Forged
    );
    assert_eq!(
        trouble(format!("{alone}{}\n", of_other_tree.signature)),
        Trouble::Forged
    );
    let soon = line(&head, 2, NOW as u64 + 300);
    assert_eq!(
        answer(200, &format!("{}\n", soon.signature)),
        Heard::Cosigned(soon)
    );
    let later = NOW as u64 + 301;
    assert_eq!(
        trouble(format!("{}\n", line(&head, 2, later).signature)),
        Trouble::Future(later)
    );
    assert_eq!(
        trouble(format!("{}\n", line(&head, 2, 0).signature)),
        Trouble::Future(0)
    );
}

#[test]
fn every_status_has_its_meaning() {
    assert_eq!(answer(409, "4\n"), Heard::Knows(4));
    assert_eq!(answer(409, "4"), Heard::Knows(4));
    assert_eq!(answer(409, "9\n"), Heard::Knows(9));
    assert_eq!(answer(409, "0\n"), Heard::Knows(0));
    assert_eq!(answer(409, ""), Heard::Knows(0));
    for (status, body, trouble) in [
        (409, "10\n", Trouble::Ahead(10)),
        (409, "3\n", Trouble::Conflict),
        (409, "04\n", Trouble::Conflict),
        (409, "conflict\n", Trouble::Conflict),
        (400, "", Trouble::Misunderstood),
        (403, "no\nmore", Trouble::Untrusted("no".into())),
        (404, "", Trouble::UnknownLog),
        (422, "", Trouble::Inconsistent),
        (429, "", Trouble::Busy),
        (
            503,
            "not\u{1b}yet\n",
            Trouble::NotYet("not\\u{1b}yet".into()),
        ),
        (302, "", Trouble::Status(302)),
        (500, "4\n", Trouble::Status(500)),
    ] {
        assert_eq!(
            answer(status, body),
            Heard::Trouble(trouble),
            "{status} {body:?}"
        );
    }
}

#[test]
fn the_newest_witnessed_checkpoint_is_the_quorums() {
    let witnesses = witnesses();
    let (five, seven, nine) = (head(5), head(7), head(9));
    witnesses.record(&five, 0, line(&five, 2, 100));
    assert_eq!(witnesses.witnessed(), None);
    assert_eq!(witnesses.standing(5), Standing::Waiting);
    assert!(witnesses.note_of(&five).contains("— w2.example "));
    witnesses.record(&nine, 1, line(&nine, 3, 130));
    witnesses.record(&seven, 1, line(&seven, 3, 120));
    witnesses.record(&five, 2, line(&five, 4, 110));
    let found = witnesses.witnessed().unwrap();
    assert_eq!((found.size, found.root, found.since), (5, five.root, 100));
    let opened = threadmark_protocol::checkpoint::open(&found.note, log().verifier()).unwrap();
    let keys = [2, 3, 4].map(|number| cosigner(number).verifier().clone());
    assert_eq!(opened.cosignatures(&keys).unwrap().len(), 2);
    // A third, later one: knowledge is as old as the second newest.
    witnesses.record(&five, 1, line(&five, 3, 140));
    assert_eq!(witnesses.witnessed().unwrap().since, 110);
    witnesses.record(&nine, 0, line(&nine, 2, 150));
    assert_eq!(witnesses.witnessed().unwrap().size, 9);
    // What comes late for an older one changes nothing.
    witnesses.record(&seven, 0, line(&seven, 2, 160));
    assert_eq!(witnesses.witnessed().unwrap().size, 9);
    assert_eq!(witnesses.note_of(&seven), seven.note);
}

#[test]
fn the_next_process_knows_what_was_stored_and_believes_signatures_only() {
    let witnesses = witnesses();
    let five = head(5);
    let of_stranger = line(&five, 9, 100).signature;
    let of_other_tree = line(&head(6), 3, 100).signature;
    witnesses.restore(
        &five,
        &[of_stranger, of_other_tree, line(&five, 2, 100).signature],
    );
    assert_eq!(witnesses.witnessed(), None);
    witnesses.restore(&five, &[line(&five, 4, 90).signature]);
    assert_eq!(witnesses.witnessed().unwrap().since, 90);
}

#[test]
fn lines_that_no_quorum_completes_do_not_add_up() {
    let sizes = |of: &Witnesses| of.read().collected.keys().copied().collect::<Vec<_>>();
    let most = CHECKPOINTS_MAX as u64;
    // One answers, the others are gone.
    let witnesses = witnesses();
    for size in 1..=2 * most {
        let head = head(size);
        witnesses.record(&head, 0, line(&head, 2, 100));
    }
    assert_eq!(sizes(&witnesses), (most + 1..=2 * most).collect::<Vec<_>>());
    // The second one comes back: what it cosigns late is witnessed, and stays so while it is gone again.
    let late = head(2 * most - 1);
    witnesses.record(&late, 1, line(&late, 3, 110));
    assert_eq!(witnesses.witnessed().unwrap().size, late.size);
    for size in 2 * most..=4 * most {
        let head = head(size);
        witnesses.record(&head, 0, line(&head, 2, 120));
    }
    let kept = sizes(&witnesses);
    assert_eq!((kept.len(), kept[0]), (CHECKPOINTS_MAX, late.size));
    assert_eq!(kept.last(), Some(&(4 * most)));
    assert_eq!(
        witnesses.standing(late.size),
        Standing::Witnessed { since: 100 }
    );
    // Witnesses that are asked and that nothing hangs on.
    let witnesses = of_quorum("none");
    for size in 1..=5 {
        let head = head(size);
        witnesses.record(&head, 0, line(&head, 2, 100));
        assert!(witnesses.note_of(&head).contains("— w2.example "));
        assert_eq!(sizes(&witnesses), [size]);
    }
}
